/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: where a target is (RFC 3263 without NAPTR for now): SRV, A, AAAA through c-ares on the worker's loop, behind
 * a cache shared by all workers: TTLs with floor and ceiling, negative answers, stale answers served while servers are
 * silent. */
#ifndef SBC_SIP_RESOLVE_H
#define SBC_SIP_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "config/config.h"
#include "sbc/sip/loop.h"

#define RESOLVE_MAX 16 /* addresses of one answer that are used */

struct resolved {
	struct addr addr;
	enum config_transport transport;
	uint16_t priority, weight; /* of SRV; equal when there was none */
};

struct resolve_cache; /* shared, thread-safe */
/* Reads /etc/hosts, this once: its names are never asked for. 0, -ENOMEM or another -errno of its lock. */
int resolve_cache_create(struct resolve_cache **ret);
void resolve_cache_destroy(struct resolve_cache *c);

struct resolver; /* of one worker */
/* servers: "127.0.0.1:53,[::1]:5353" or NULL for the system's, which are read again when none of them answers; starting
 * waits for nothing, and a system without any is no error. 0, -ENOMEM, -EINVAL (servers' text), -EIO (c-ares). The
 * cache outlives the resolver. All functions below: the loop's thread. */
int resolver_create(struct loop *l, struct resolve_cache *c, const char *servers, struct resolver **ret);
void resolver_destroy(struct resolver *r); /* pending queries end without a callback; not from within one */

struct resolve_query;
/* Addresses in the order in which they shall be tried: SRV of UDP, then of TCP, each by priority, then weight by
 * chance (RFC 2782); v6 before v4 of one name. Without SRV: the name itself, by UDP unless given. No address twice,
 * none that cannot be sent to. n == 0: no address; error is then a short constant text ("no such name", "time-out"),
 * else NULL. v is valid during the call. fn may start queries and cancel others. It comes within 5 s. */
typedef void (*resolve_fn)(void *arg, const struct resolved *v, size_t n, const char *error);

struct resolve_what {
	struct str host; /* literal or name */
	uint16_t port;   /* 0: SRV first, then the transport's default */
	enum config_transport transport;
	bool transport_given; /* else both _sip._udp and _sip._tcp are asked, and without them it is UDP */
	bool v4, v6;          /* families the network has listeners for */
};
/* Literal addresses and fresh cache entries answer at once, inside the call: then *ret_query is NULL. Otherwise
 * *ret_query can be cancelled until fn has run. what is not kept. 0, -ENOMEM, -EINVAL (not a host name). On failure fn
 * is not called. RFC 3263 §4.1 (without NAPTR), §4.2. */
int resolve_start(struct resolver *r, const struct resolve_what *what, resolve_fn fn, void *arg,
		  struct resolve_query **ret_query);
void resolve_cancel(struct resolve_query *q); /* before fn has run; NULL is allowed, and q itself inside its fn */

#endif
