/* SPDX-License-Identifier: Apache-2.0 */
/* hash: keyed hashes and random bytes. Any thread.
 *
 * SipHash-2-4 is a MAC: for what others see or may guess at (identifiers, tags), and, with 128 bits, for keys that
 * stand for the text they were made of. SipHash-1-3, half the work, is for the places in tables whose keys a peer
 * chooses: nobody sees the result, and what is found there is compared. */
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
struct hash_128 {
	uint64_t half[2];
};
struct hash_128 siphash_128(const struct hash_key *key, const void *p, size_t n);

uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n);
static inline uint64_t hash_str(const struct hash_key *key, struct str s)
{
	return hash_bytes(key, s.p, s.n);
}

/* Cryptographically strong bytes, buffered per thread from getrandom(2) (a forked child starts its own); aborts only if
 * the kernel has none at all. */
void random_bytes(void *p, size_t n);
uint64_t random_u64(void);
/* Uniform in [0, bound), bound > 0. */
uint32_t random_below(uint32_t bound);

#endif
