/* SPDX-License-Identifier: Apache-2.0 */
/* hash: SipHash-2-4, for every table whose keys a peer chooses and for the short MAC in our identifiers, and random
 * bytes. Any thread. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct hash_key {
	uint64_t k[2];
};

uint64_t siphash(const struct hash_key *key, const void *p, size_t n);
static inline uint64_t siphash_str(const struct hash_key *key, struct str s)
{
	return siphash(key, s.p, s.n);
}
/* ASCII case folded while hashing. */
uint64_t siphash_str_nocase(const struct hash_key *key, struct str s);

/* Cryptographically strong bytes, buffered per thread from getrandom(2) (a forked child starts its own); aborts only if
 * the kernel has none at all. */
void random_bytes(void *p, size_t n);
uint64_t random_u64(void);
/* Uniform in [0, bound), bound > 0. */
uint32_t random_below(uint32_t bound);

#endif
