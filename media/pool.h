/* SPDX-License-Identifier: Apache-2.0 */
/* pool: the RTP ports of one address. A port stands for its pair (RTP even, RTCP the next). Ports are taken in random
 * order, and one that was given back rests for the cool-down, so that a former call's packets do not meet a new one.
 * Shared by signalling threads and workers under a short mutex; counted references, since sockets outlive a reload.
 *
 * Opening, binding, watching and closing a socket costs more than all else that a call asks of the relay. While many
 * ports rest (a busy hour) more that come back rest with their sockets open, and a call is given one of those; never
 * fewer than POOL_CHOICE of them to choose from, so that a port stays a guess. */
#ifndef MEDIA_POOL_H
#define MEDIA_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct pool;
struct io;

#define POOL_BUSY   128 /* resting ports from which on those that come back keep their sockets */
#define POOL_CHOICE 64

/* What a former call has left open. */
struct pool_sockets {
	int fd[2];        /* RTP, RTCP; -1: none */
	struct io *in[2]; /* the set that each is in, unwatched; or NULL */
	uint8_t dscp;
};

struct pool_gauge {
	size_t used, total; /* pairs */
	size_t open;        /* of those not used, pairs whose sockets are */
	uint64_t skipped;   /* found taken by somebody else */
};

/* Ports from port_min to port_max inclusive, of which whole pairs are used. 0, -EINVAL (no pair in the range), or
 * -ENOMEM. One reference. */
int pool_create(const struct addr *address, const char *device, uint16_t port_min, uint16_t port_max,
		struct pool **ret);
struct pool *pool_ref(struct pool *p);
void pool_unref(struct pool *p);
bool pool_is(const struct pool *p, const struct addr *address, const char *device, uint16_t port_min,
	     uint16_t port_max);

const struct addr *pool_address(const struct pool *p); /* port 0 */
/* A random rested port, or 0 when there is none. Its sockets, if any are open (fd[0] >= 0), are the caller's; what has
 * come in on them meanwhile is a former call's. */
uint16_t pool_take(struct pool *p, uint64_t cooldown_ns, uint64_t now_ns, struct pool_sockets *ret);
/* This port (even), rested or not, alike. 0, -EADDRINUSE (it is out), or -ERANGE (not of this pool). */
int pool_take_port(struct pool *p, uint16_t port, struct pool_sockets *ret);
/* Would a port that comes back now better come with its sockets? */
bool pool_keeps(struct pool *p);
/* A port that was taken comes back to rest with its sockets, which are the pool's from here. */
void pool_leave(struct pool *p, uint16_t port, const struct pool_sockets *s, uint64_t now_ns);
/* Descriptors have run out: closes some of those left open. How many pairs. */
size_t pool_close_some(struct pool *p);
/* Ports that were taken come back: they rest. */
void pool_give(struct pool *p, const uint16_t *ports, size_t n, uint64_t now_ns);
/* A port just taken could not be bound: it rests, and is counted. */
void pool_skip(struct pool *p, uint16_t port, uint64_t now_ns);
struct pool_gauge pool_gauge(struct pool *p);

#endif
