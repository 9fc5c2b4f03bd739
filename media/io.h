/* SPDX-License-Identifier: Apache-2.0 */
/* io: how a media worker waits, receives and sends; everything that knows epoll is behind it, so that a better way
 * (io_uring, one receiving socket, batched sends) replaces one file. One struct io a worker, used on that worker's
 * thread alone except io_wake() and io_watch(). Sockets come bound and non-blocking from base/sock and stay owned by
 * their holder. */
#ifndef MEDIA_IO_H
#define MEDIA_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define IO_DATAGRAM_BYTES 4096 /* largest that is relayed */
#define IO_BATCH          64   /* datagrams of one turn: bounds the work between two looks at the commands */

struct io;

struct io_socket {
	int fd;        /* -1: none */
	struct io *in; /* in whose set it is, watched or not; NULL: in none */
	bool watched;  /* of the thread that watches */
	bool ready;    /* may be read; of the io's thread, as what follows */
	bool begun;    /* has been read */
};

struct io_user {
	/* p: n bytes, writable, valid until io_receive() returns. size > n: the datagram was larger and has been cut.
	 * Must not close sockets. */
	void (*received)(void *arg, struct io_socket *s, const struct addr *from, uint8_t *p, size_t n, size_t size);
	/* A datagram of s comes soon: time to ask for what received() will read. Called with step 0, then 1, 2, a
	 * datagram or so apart. */
	void (*expected)(void *arg, struct io_socket *s, unsigned step);
	/* Before the first datagram of a socket: so many were thrown away, because they had waited for too long. */
	void (*discarded)(void *arg, struct io_socket *s, unsigned n);
	/* A send that io_send() had put in line has failed; tag: as given there. */
	void (*failed)(void *arg, void *tag);
	void *arg;
	bool plain_sends; /* one by one, even where the kernel could do better */
};

/* 0 or -errno */
int io_create(const struct io_user *user, struct io **ret);
void io_destroy(struct io *io);
/* From any thread: the io_wait() under way, or else the next one, returns. */
void io_wake(struct io *io);

/* 0 or -errno; watching twice is allowed. Any thread: io_wait() returns when something is there, and io_receive()
 * leaves it there until the socket is `ready`. */
int io_watch(struct io *io, struct io_socket *s);
/* On the io's thread: a watched socket is not looked at any more, but stays in the set, where another struct may watch
 * its descriptor again at half the price. What comes in waits in the kernel. 0 or -errno. */
int io_rest(struct io *io, struct io_socket *s);
/* Throws away what has come in. False: more than somebody's leftovers. Any thread, while nobody watches. */
bool io_drain(const struct io_socket *s);
/* Before closing a socket: io_receive() does not look at it any more. The kernel forgets it with its descriptor. */
void io_forget(struct io *io, struct io_socket *s);
/* Waits for datagrams or io_wake(), timeout_ms < 0: for ever. */
void io_wait(struct io *io, int timeout_ms);
/* Hands over what the last io_wait() found: one datagram from each socket that had any. All sends have been made, and
 * failures told, when it returns. */
void io_receive(struct io *io);
/* From within received(), and of its bytes only: p may be sent at once or at the end of io_receive(), so they must not
 * be changed any more. 0: sent or in line; or -errno (-EAGAIN: the kernel's buffer is full). */
int io_send(struct io *io, const struct io_socket *s, const struct addr *to, const uint8_t *p, size_t n, void *tag);

#endif
