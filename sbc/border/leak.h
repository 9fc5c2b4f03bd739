/* SPDX-License-Identifier: Apache-2.0 */
/* leak: looks through a message that is about to be sent for anything that belongs to the other side. The table of a
 * configuration owns copies of its strings and is only read after it was made: any thread. A leak_set belongs to one
 * leg and its thread. Checking allocates nothing. */
#ifndef SBC_BORDER_LEAK_H
#define SBC_BORDER_LEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "config/config.h"

/* Forbidden on a network: addresses and names that the configuration gives to other networks (listen, advertise, media,
 * targets, hosts, domains), unless also advertised on this one. Built once per configuration; may outlive it. 0 or
 * -ENOMEM. */
struct leak_table;
int leak_table_create(const struct config *c, struct leak_table **ret);
void leak_table_destroy(struct leak_table *t); /* NULL is allowed */

/* Forbidden towards one leg: what was seen on, or minted for, the other one. Small and fixed; slices must outlive it
 * (they are the legs' own strings). Zeroed: empty. When full, further ones are not taken and leak_set_add() returns
 * false (counted by the caller). */
#define LEAK_SET_MAX 24
#define LEAK_GRAMS   256
struct leak_set {
	unsigned n;
	struct leak_needle {
		struct str s;
		uint32_t hash;    /* of its longest token; of an IPv6 address its 16 bytes' */
		uint16_t at, len; /* where that token is in s; len 0: an IPv6 address, found in any spelling */
		bool allowed;     /* by leak_set_allow() */
	} v[LEAK_SET_MAX];
	uint64_t lengths; /* bit n: some needle's longest token has n bytes (63: or more) */
	bool v6;
	uint8_t latest[LEAK_GRAMS]; /* where in those tokens a group of bytes is: leak_internal.h */
	/* Digest is relayed between the two ends (headers_relay_auth()): realm, nonce and uri within its headers, and a
	 * Request-URI that is the uri of credentials in the same message, or stands in an ACK or CANCEL, are not looked
	 * at. */
	bool auth_relay;
};
/* Too short (under 5 bytes, or under 8 and only digits) or too common ("localhost", "anonymous.invalid", "0.0.0.0",
 * ...) ones are ignored, as are those above LEAK_NEEDLE_MAX bytes; that and one already held counts as taken. Letters
 * compare without case. Brackets around an IPv6 address are not needed. Where set->n grew, the last of v is the new
 * one: its s.p may be turned to a copy of the same bytes. */
#define LEAK_NEEDLE_MAX 512
bool leak_set_add(struct leak_set *set, struct str needle);
/* The leg that is sent to has said this itself (host of its From, To or Request-URI, which replies must repeat): it is
 * allowed towards it, whether the set or the configuration forbids it. Takes a place in the set; slices as above. */
bool leak_set_allow(struct leak_set *set, struct str said);
void leak_set_remove(struct leak_set *set, struct str needle);
/* Leaves the first n of them (what was added first). */
void leak_set_cut(struct leak_set *set, unsigned n);

struct leak_finding {
	struct str needle; /* what was found: in the set or in the table */
	struct str line;   /* start line, header or SDP line that holds it, in the message */
};
/* Looks through start line, headers, SDP, XML and sipfrag bodies (also as parts of multipart) of a message about to be
 * sent on `network`, at token boundaries; other bodies, text among them, are not looked at. set may be NULL. Needles
 * that this network advertises itself are allowed. false: nothing found, *ret untouched. A %XX escape in the message
 * parts tokens and compares as what it stands for. */
bool leak_check(const struct leak_table *t, unsigned network, const struct leak_set *set, struct str message,
		struct leak_finding *ret);

#endif
