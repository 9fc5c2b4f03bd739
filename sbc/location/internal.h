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
	struct list all; /* location_link.node */
	struct location_counters counts;
};

/* ---- find.c ---- */
uint64_t location_aor_hash(const struct location *l, unsigned network, struct str aor);
uint64_t location_alias_hash(const struct ident *id);
/* NULL: nobody has it. */
struct location_binding *location_by_alias(struct location *l, struct str alias);

/* ---- text.c ---- */
struct hash_key location_alias_key(const struct ident_key *k);

#endif
