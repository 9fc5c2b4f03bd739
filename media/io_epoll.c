/* SPDX-License-Identifier: Apache-2.0 */
/* io over epoll: level triggered, and one recvfrom() for each readiness. Draining a socket costs a second system call
 * that finds nothing, and recvmmsg() gains nothing on sockets that hold one packet each. */
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "media/io.h"

#define BACKLOG_BYTES 16384 /* as the kernel counts: some 20 small packets, 0.4 s of one audio stream */
#define BACKLOG_MAX   4096

struct io {
	int epoll;
	int wake; /* eventfd, edge triggered: never read */
	int n_events;
	struct epoll_event events[IO_BATCH];
	uint8_t buffer[IO_DATAGRAM_BYTES];
};

int io_create(struct io **ret)
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
	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, s->fd, &e) < 0)
		return -errno;
	s->watched = true;
	return 0;
}

void io_wait(struct io *io, int timeout_ms)
{
	io->n_events = epoll_wait(io->epoll, io->events, IO_BATCH, timeout_ms);
}

void io_receive(struct io *io, io_fn fn, void *arg)
{
	for (int i = 0; i < io->n_events; i++) {
		struct io_socket *s = io->events[i].data.ptr;
		struct addr from;
		socklen_t from_len = sizeof(from);

		if (!s)
			continue;
		/* MSG_TRUNC: the true size of what did not fit */
		ssize_t n =
			recvfrom(s->fd, io->buffer, sizeof(io->buffer), MSG_DONTWAIT | MSG_TRUNC, &from.sa, &from_len);
		if (n < 0)
			continue;
		size_t size = (size_t)n;
		fn(arg, s, &from, io->buffer, size < sizeof(io->buffer) ? size : sizeof(io->buffer), size);
	}
}

unsigned io_discard_backlog(const struct io_socket *s)
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

int io_send(struct io *io, const struct io_socket *s, const struct addr *to, const uint8_t *p, size_t n)
{
	socklen_t len = addr_is_v6(to) ? sizeof(to->in6) : sizeof(to->in4);
	return sendto(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL, &to->sa, len) < 0 ? -errno : 0;
}
