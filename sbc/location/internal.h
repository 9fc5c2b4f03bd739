/* SPDX-License-Identifier: Apache-2.0 */
/* internal: what the files of this room share among themselves. */
#ifndef SBC_LOCATION_INTERNAL_H
#define SBC_LOCATION_INTERNAL_H

#include "base/hash.h"
#include "sbc/location/location.h"

struct location_aor {
	struct hmap_node node;
	struct list bindings; /* oldest first; never empty */
	unsigned network;
	uint16_t n, n_text;
	char text[];
};

struct location {
	struct loop *loop;
	const struct ident_key *key;
	struct config *config;
	atomic_uint_fast64_t *shared, own;
	struct location_user user;
	struct hash_key aor_key;   /* of the table: this start's own */
	struct hash_key alias_key; /* from the cluster key */
	struct hmap aors, aliases, connections;
	struct location_counters counts;
};

/* ---- find.c ---- */
uint64_t location_aor_hash(const struct location *l, unsigned network, struct str aor);
uint64_t location_alias_hash(const struct ident *id);
/* NULL: nobody has it. */
struct location_binding *location_by_alias(struct location *l, struct str alias);

/* Monotonic; a past that is before the clock's beginning wraps, so that differences are right. */
struct location_times {
	uint64_t since_ms, seen_ms, phone_until_ms, core_until_ms, core_half_ms;
};
/* A binding of the process before, silently: not counted, not told to `changed`. Of u, the seconds are not looked at.
 * 0; -ENOMEM, -ENOSPC, -EMFILE, -EMSGSIZE as location_put(); -EEXIST: that contact is there already. */
int location_take_over(struct location *l, const struct location_update *u, const struct location_times *t,
		       enum location_state s);

/* ---- text.c ---- */
struct hash_key location_alias_key(const struct ident_key *k);

#endif
