/* SPDX-License-Identifier: Apache-2.0 */
/* ident: the one format of every identifier that Limen mints (tags, branches, Contact users, Call-IDs of our legs,
 * later aliases): version, node, epoch, slot, random, and a short MAC under the cluster key; the fields before the
 * random are masked, so that an outsider learns nothing. 64 virtual slots are mapped to workers, so another process
 * with another number of workers can still route them. Text: IDENT_LEN characters of [a-z2-7]. Pure; any thread once
 * the key is set. */
#ifndef SBC_SIP_IDENT_H
#define SBC_SIP_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

#define IDENT_SLOTS         64
#define IDENT_LEN           29
#define IDENT_BRANCH_COOKIE "z9hG4bK"

struct ident_key {
	struct hash_key mac, mask, call_id; /* three sub-keys of the cluster key */
	uint8_t node;
	uint16_t epoch; /* of this start */
};

struct ident {
	uint8_t slot;
	uint8_t node;
	uint16_t epoch;
	uint64_t random;
};

/* From secret bytes (a configured cluster key, or random ones). */
struct ident_key ident_key_init(struct str secret, uint8_t node, uint16_t epoch);
/* A fresh identifier of this slot into buf, NUL-terminated. */
void ident_mint(const struct ident_key *k, uint8_t slot, char buf[IDENT_LEN + 1]);
/* The same with random bits of the caller's, which nobody else may be able to guess: an alias is a keyed hash of what
 * it stands for. */
void ident_mint_as(const struct ident_key *k, uint8_t slot, uint64_t random, char buf[IDENT_LEN + 1]);
/* False: not ours (length, alphabet or MAC). Constant time in the MAC. */
bool ident_parse(const struct ident_key *k, struct str text, struct ident *ret);
/* The slot of a message that carries no identifier of ours: keyed hash of its Call-ID. */
uint8_t ident_slot_of_call_id(const struct ident_key *k, struct str call_id);
/* The slot of an address of record in canonical form (aor.h): all that is registered under it is one worker's. */
uint8_t ident_slot_of_aor(const struct ident_key *k, struct str aor);

#endif
