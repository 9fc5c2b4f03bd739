/* SPDX-License-Identifier: Apache-2.0 */
/* io over epoll: level triggered, and one recvfrom() for each readiness. Draining a socket costs a second system call
 * that finds nothing, and recvmmsg() gains nothing on sockets that hold one packet each. Sends go out together at the
 * end of a turn where the kernel has io_uring, else one by one. */
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "media/io.h"
#include "media/uring.h"

#define STEPS         3
#define BACKLOG_BYTES 16384 /* as the kernel counts: some 20 small packets, 0.4 s of one audio stream */
#define BACKLOG_MAX   4096
#define LEFTOVERS_MAX 64
#define AREA_BYTES    (65536 + IO_DATAGRAM_BYTES) /* a turn's small packets lie close together */

struct io {
	int epoll;
	int wake; /* eventfd, edge triggered: never read */
	int n_events;
	struct epoll_event events[IO_BATCH];
	struct io_user user;
	struct uring *uring; /* or NULL */
	size_t used;         /* bytes of `area` that wait to be sent */
	uint8_t area[AREA_BYTES];
};

int io_create(const struct io_user *user, struct io **ret)
{
	struct io *io = calloc(1, sizeof(*io));
	int r;

	if (!io)
		return -ENOMEM;
	io->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (io->epoll < 0) {
		r = -errno;
		goto fail_free;
	}
	io->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (io->wake < 0) {
		r = -errno;
		goto fail_epoll;
	}
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, io->wake, &e) < 0) {
		r = -errno;
		goto fail_wake;
	}
	io->user = *user;
	if (!user->plain_sends && uring_create(IO_BATCH, &io->uring) < 0)
		io->uring = NULL;
	*ret = io;
	return 0;

fail_wake:
	close(io->wake);
fail_epoll:
	close(io->epoll);
fail_free:
	free(io);
	return r;
}

void io_destroy(struct io *io)
{
	uring_destroy(io->uring);
	close(io->wake);
	close(io->epoll);
	free(io);
}

void io_wake(struct io *io)
{
	/* cannot fail for want of room: nobody writes 2^64 times */
	uint64_t one = 1;
	ssize_t r = write(io->wake, &one, sizeof(one));
	(void)r;
}

int io_watch(struct io *io, struct io_socket *s)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
	if (s->watched)
		return 0;
	if (s->in && s->in != io) {
		/* another worker had it */
		epoll_ctl(s->in->epoll, EPOLL_CTL_DEL, s->fd, &e);
		s->in = NULL;
	}
	if (epoll_ctl(io->epoll, s->in ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &e) < 0)
		return -errno;
	s->in = io;
	s->watched = true;
	return 0;
}

int io_rest(struct io *io, struct io_socket *s)
{
	struct epoll_event e = {.events = 0, .data.ptr = NULL};
	if (epoll_ctl(io->epoll, EPOLL_CTL_MOD, s->fd, &e) < 0)
		return -errno;
	io_forget(io, s);
	s->watched = false;
	return 0;
}

bool io_drain(const struct io_socket *s)
{
	uint8_t byte;
	unsigned n = 0;

	while (n < LEFTOVERS_MAX && recv(s->fd, &byte, 1, MSG_DONTWAIT) >= 0)
		n++;
	return n < LEFTOVERS_MAX;
}

void io_forget(struct io *io, struct io_socket *s)
{
	for (int i = 0; i < io->n_events; i++)
		if (io->events[i].data.ptr == s)
			io->events[i].data.ptr = NULL;
}

void io_wait(struct io *io, int timeout_ms)
{
	io->n_events = epoll_wait(io->epoll, io->events, IO_BATCH, timeout_ms);
}

static void sent(void *arg, void *tag, int result)
{
	struct io *io = arg;
	if (result < 0)
		io->user.failed(io->user.arg, tag);
}

static void flush(struct io *io)
{
	if (io->uring)
		uring_flush(io->uring, sent, io);
	io->used = 0;
}

/* The far side may have been sending since it was told our port, long before its description reached us: a burst of old
 * audio helps nobody. What has waited is looked at when the socket is first read: most have nothing waiting. Returns
 * how many datagrams were thrown away. */
static unsigned discard_backlog(const struct io_socket *s)
{
	uint32_t mem[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(mem);
	unsigned n = 0;
	uint8_t byte;

	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, mem, &len) < 0 || mem[SK_MEMINFO_RMEM_ALLOC] < BACKLOG_BYTES)
		return 0;
	while (n < BACKLOG_MAX && recv(s->fd, &byte, 1, MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static void begin(struct io *io, struct io_socket *s)
{
	unsigned n = discard_backlog(s);

	s->begun = true;
	if (n)
		io->user.discarded(io->user.arg, s, n);
}

static void receive_one(struct io *io, struct io_socket *s)
{
	uint8_t *p = io->area + io->used;
	struct addr from;
	socklen_t from_len = sizeof(from);

	if (!s->ready)
		return;
	if (!s->begun)
		begin(io, s);
	/* MSG_TRUNC: the true size of what did not fit */
	ssize_t n = recvfrom(s->fd, p, IO_DATAGRAM_BYTES, MSG_DONTWAIT | MSG_TRUNC, &from.sa, &from_len);
	if (n < 0)
		return;
	size_t size = (size_t)n, kept = size < IO_DATAGRAM_BYTES ? size : IO_DATAGRAM_BYTES;
	unsigned before = io->uring ? uring_waiting(io->uring) : 0;
	io->user.received(io->user.arg, s, &from, p, kept, size);
	if (!io->uring || uring_waiting(io->uring) == before)
		return; /* its place is free again */
	io->used += (kept + 63) & ~(size_t)63;
	if (io->used > AREA_BYTES - IO_DATAGRAM_BYTES)
		flush(io);
}

/* With many streams each packet's state has left the cache since the last one, and a step of the way there is known
 * only when the one before has been read: the packets of a turn overlap these waits. */
static void expect(struct io *io, int i, int step)
{
	struct io_socket *s = i >= 0 && i < io->n_events ? io->events[i].data.ptr : NULL;

	if (s)
		io->user.expected(io->user.arg, s, (unsigned)step);
}

void io_receive(struct io *io)
{
	for (int i = 1 - STEPS; i < io->n_events; i++) {
		for (int step = 0; step < STEPS; step++)
			expect(io, i + STEPS - step, step);
		if (i >= 0 && io->events[i].data.ptr)
			receive_one(io, io->events[i].data.ptr);
	}
	flush(io);
}

int io_send(struct io *io, const struct io_socket *s, const struct addr *to, const uint8_t *p, size_t n, void *tag)
{
	if (io->uring) {
		if (uring_waiting(io->uring) == IO_BATCH)
			return -EAGAIN; /* not from within io_receive(): that sends one for one */
		uring_send(io->uring, s->fd, to, p, n, tag);
		return 0;
	}
	socklen_t len = addr_is_v6(to) ? sizeof(to->in6) : sizeof(to->in4);
	return sendto(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL, &to->sa, len) < 0 ? -errno : 0;
}
