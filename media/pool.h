/* SPDX-License-Identifier: Apache-2.0 */
/* pool: the RTP ports of one address. A port stands for its pair (RTP even, RTCP the next). Ports are taken in random
 * order, and one that was given back rests for the cool-down, so that a former call's packets do not meet a new one.
 * Shared by signalling threads and workers under a short mutex; counted references, since sockets outlive a reload. */
#ifndef MEDIA_POOL_H
#define MEDIA_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct pool;

struct pool_gauge {
	size_t used, total; /* pairs */
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
/* A random rested port, or 0 when there is none. */
uint16_t pool_take(struct pool *p, uint64_t cooldown_ns, uint64_t now_ns);
/* This port (even), rested or not. 0, -EADDRINUSE (it is out), or -ERANGE (not of this pool). */
int pool_take_port(struct pool *p, uint16_t port);
/* Ports that were taken come back: they rest. */
void pool_give(struct pool *p, const uint16_t *ports, size_t n, uint64_t now_ns);
/* A port just taken could not be bound: it rests, and is counted. */
void pool_skip(struct pool *p, uint16_t port, uint64_t now_ns);
struct pool_gauge pool_gauge(struct pool *p);

#endif
