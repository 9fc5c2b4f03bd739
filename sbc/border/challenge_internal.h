/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by challenge.c (the decision), challenge_nonce.c (nonces and their counts) and challenge_lock.c (failures). */
#ifndef SBC_BORDER_CHALLENGE_INTERNAL_H
#define SBC_BORDER_CHALLENGE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "sbc/border/challenge.h"

#define CHALLENGE_SHARDS 16
#define CHALLENGE_WAYS   8 /* entries of a bucket */

struct challenge_count {
#define X(name, text) _Atomic uint64_t name;
	CHALLENGE_COUNTERS(X)
#undef X
};
static inline void challenge_count_up(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* ---- challenge_nonce.c ------------------------------------------------------------------------------------------ */

#define NONCE_MAC_BYTES 16
#define NONCE_BYTES     (1 + 6 + 8 + NONCE_MAC_BYTES) /* version, time, random, MAC */
#define NONCE_HEX       (2 * NONCE_BYTES)
#define NONCE_KEY_BYTES 32
#define NONCE_SKEW_MS   2000 /* that the clocks of nodes and the turns of workers may differ by */

/* 0, or -EIO. */
int nonce_key_derive(struct str secret, uint8_t ret[NONCE_KEY_BYTES]);
int nonce_mint(const uint8_t key[NONCE_KEY_BYTES], const struct challenge_facts *f, char ret[NONCE_HEX + 1]);

struct nonce {
	uint64_t made_ms;
	uint64_t id; /* the first bytes of its MAC: no peer chooses it */
};
enum nonce_state { NONCE_GOOD, NONCE_FOREIGN, NONCE_EXPIRED, NONCE_FUTURE, NONCE_ERROR };
/* Constant time in the MAC. *ret is set for NONCE_GOOD. */
enum nonce_state nonce_read(const uint8_t key[NONCE_KEY_BYTES], struct str text, const struct challenge_facts *f,
			    unsigned life_ms, struct nonce *ret);

/* Which counts of which nonces were used. */
struct nonce_counts;
struct nonce_counts *nonce_counts_create(unsigned entries, uint64_t now_ms); /* NULL: no memory */
void nonce_counts_destroy(struct nonce_counts *t);
enum nonce_use { NONCE_FRESH, NONCE_REPLAYED, NONCE_FORGOTTEN };
/* Uses count nc (not 0) of a nonce. Counts may come out of order by up to 63. */
enum nonce_use nonce_use(struct nonce_counts *t, const struct nonce *n, uint32_t nc);

/* ---- challenge_lock.c ------------------------------------------------------------------------------------------- */

struct lock_table;
struct lock_table *lock_table_create(unsigned entries); /* NULL: no memory */
void lock_table_destroy(struct lock_table *t);
/* Keys of an account (as it was named, there or not) at a source, and of the source alone. */
struct lock_keys {
	uint64_t account, source;
};
struct lock_keys lock_keys_of(const struct lock_table *t, const struct challenge_facts *f, struct str user);
bool lock_held(struct lock_table *t, const struct lock_keys *k, const struct config_accounts *c, uint64_t now_ms);
/* One more failure. Returns how many of the two it has locked now (0 to 2); *ret_forgotten counts entries that were
 * pushed out while they still said something. */
unsigned lock_failed(struct lock_table *t, const struct lock_keys *k, const struct config_accounts *c, uint64_t now_ms,
		     unsigned *ret_forgotten);
/* The account's failures at this source are forgotten; those of the source over all accounts are not: who owns one
 * account could else go on guessing others. */
void lock_worked(struct lock_table *t, const struct lock_keys *k);

#endif
