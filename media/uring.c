/* SPDX-License-Identifier: Apache-2.0 */
/* The two rings of io_uring_setup(2), by hand: only sends that finish inside the submitting call are ever put in. */
#include "media/uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct uring {
	int fd;
	unsigned depth, waiting;
	/* submission: ours to write; the kernel reads while it is called */
	unsigned *sq_tail, sq_mask, *sq_array;
	struct io_uring_sqe *sqes;
	/* completion: the kernel writes */
	unsigned *cq_head, *cq_tail, cq_mask;
	struct io_uring_cqe *cqes;
	void *rings;
	size_t rings_bytes, sqes_bytes;
	struct slot {
		struct addr to;
		void *tag;
	} slots[];
};

static void *map(int fd, size_t n, off_t what)
{
	return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

static int map_rings(struct uring *u, const struct io_uring_params *p)
{
	size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned);
	size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);

	u->rings_bytes = sq > cq ? sq : cq;
	u->sqes_bytes = p->sq_entries * sizeof(*u->sqes);
	u->rings = map(u->fd, u->rings_bytes, IORING_OFF_SQ_RING);
	if (u->rings == MAP_FAILED)
		return -errno;
	u->sqes = map(u->fd, u->sqes_bytes, IORING_OFF_SQES);
	if (u->sqes == MAP_FAILED) {
		int r = -errno;
		munmap(u->rings, u->rings_bytes);
		return r;
	}
	char *base = u->rings;
	u->sq_tail = (unsigned *)(void *)(base + p->sq_off.tail);
	u->sq_array = (unsigned *)(void *)(base + p->sq_off.array);
	u->sq_mask = p->sq_entries - 1;
	u->cq_head = (unsigned *)(void *)(base + p->cq_off.head);
	u->cq_tail = (unsigned *)(void *)(base + p->cq_off.tail);
	u->cqes = (struct io_uring_cqe *)(void *)(base + p->cq_off.cqes);
	u->cq_mask = p->cq_entries - 1;
	return 0;
}

int uring_create(unsigned depth, struct uring **ret)
{
	/* one datagram that fails must not hold up those behind it */
	struct io_uring_params p = {.flags = IORING_SETUP_SUBMIT_ALL};
	struct uring *u = calloc(1, sizeof(*u) + depth * sizeof(*u->slots));
	int r;

	if (!u)
		return -ENOMEM;
	u->depth = depth;
	u->fd = (int)syscall(SYS_io_uring_setup, depth, &p);
	if (u->fd < 0) {
		r = -errno;
		goto fail_free;
	}
	r = p.features & IORING_FEAT_SINGLE_MMAP ? map_rings(u, &p) : -ENOSYS;
	if (r < 0)
		goto fail_close;
	*ret = u;
	return 0;

fail_close:
	close(u->fd);
fail_free:
	free(u);
	return r;
}

void uring_destroy(struct uring *u)
{
	if (!u)
		return;
	munmap(u->sqes, u->sqes_bytes);
	munmap(u->rings, u->rings_bytes);
	close(u->fd);
	free(u);
}

unsigned uring_waiting(const struct uring *u)
{
	return u->waiting;
}

void uring_send(struct uring *u, int fd, const struct addr *to, const uint8_t *p, size_t n, void *tag)
{
	unsigned i = u->waiting++;
	struct io_uring_sqe *e = &u->sqes[i];

	u->slots[i].to = *to;
	u->slots[i].tag = tag;
	memset(e, 0, sizeof(*e));
	e->opcode = IORING_OP_SEND;
	e->fd = fd;
	e->addr = (uintptr_t)p;
	e->len = (uint32_t)n;
	e->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	e->addr2 = (uintptr_t)&u->slots[i].to;
	e->addr_len = (uint16_t)(addr_is_v6(to) ? sizeof(to->in6) : sizeof(to->in4));
	e->user_data = i;
}

static unsigned load(unsigned *p)
{
	return atomic_load_explicit((_Atomic unsigned *)p, memory_order_acquire);
}
static void store(unsigned *p, unsigned v)
{
	atomic_store_explicit((_Atomic unsigned *)p, v, memory_order_release);
}

void uring_flush(struct uring *u, uring_sent_fn fn, void *arg)
{
	unsigned n = u->waiting, tail = *u->sq_tail, head = *u->cq_head;
	int r;

	if (!n)
		return;
	for (unsigned i = 0; i < n; i++)
		u->sq_array[(tail + i) & u->sq_mask] = i;
	store(u->sq_tail, tail + n);
	/* nothing in it waits, so all that were taken have finished on return */
	r = (int)syscall(SYS_io_uring_enter, u->fd, n, n, IORING_ENTER_GETEVENTS, NULL, 0);
	unsigned taken = r < 0 ? 0 : (unsigned)r;
	for (; head != load(u->cq_tail); head++) {
		const struct io_uring_cqe *c = &u->cqes[head & u->cq_mask];
		fn(arg, u->slots[c->user_data].tag, c->res < 0 ? c->res : 0);
	}
	store(u->cq_head, head);
	/* the kernel was short of memory: what it left in line would be stale the next time */
	store(u->sq_tail, tail + taken);
	for (unsigned i = taken; i < n; i++)
		fn(arg, u->slots[i].tag, -EAGAIN);
	u->waiting = 0;
}
