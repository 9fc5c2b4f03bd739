/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#define ONES UINT64_C(0x0101010101010101)

static inline uint64_t rotl(uint64_t x, unsigned b)
{
	return x << b | x >> (64 - b);
}

static inline void sip_rounds(uint64_t v[4], unsigned rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[0] = rotl(v[0], 32);
		v[2] += v[3];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[2] = rotl(v[2], 32);
	}
}

/* A-Z to a-z in eight bytes at once: the high bit of each byte of `upper` tells whether that byte is one. */
static inline uint64_t fold_word(uint64_t m)
{
	uint64_t low7 = m & 0x7f * ONES;
	uint64_t from_a = low7 + (0x80 - 'A') * ONES;
	uint64_t above_z = low7 + (0x7f - 'Z') * ONES;
	uint64_t upper = (from_a ^ above_z) & ~m & 0x80 * ONES;
	return m | upper >> 2;
}

static inline uint64_t read_word(const uint8_t *p, size_t n, bool fold)
{
	uint64_t m = 0;
	if (n)
		memcpy(&m, p, n);
	m = le64toh(m);
	return fold ? fold_word(m) : m;
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", section 2. */
static inline uint64_t sip24(const struct hash_key *key, const uint8_t *p, size_t n, bool fold)
{
	uint64_t v[4] = {
		key->k[0] ^ UINT64_C(0x736f6d6570736575),
		key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		key->k[0] ^ UINT64_C(0x6c7967656e657261),
		key->k[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)n << 56;
	for (; n >= 8; p += 8, n -= 8) {
		uint64_t m = read_word(p, 8, fold);
		v[3] ^= m;
		sip_rounds(v, 2);
		v[0] ^= m;
	}
	last |= read_word(p, n, fold);
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash(const struct hash_key *key, const void *p, size_t n)
{
	return sip24(key, p, n, false);
}

uint64_t siphash_str_nocase(const struct hash_key *key, struct str s)
{
	return sip24(key, (const uint8_t *)s.p, s.n, true);
}

static _Thread_local struct {
	uint8_t bytes[512];
	size_t left; /* unused ones, at the end */
} pool;

static void pool_drop(void)
{
	explicit_bzero(&pool, sizeof(pool));
}

/* A forked child must not hand out the bytes its parent will hand out too. */
static void pool_watch_fork(void)
{
	pthread_atfork(NULL, NULL, pool_drop);
}

static void from_kernel(uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort(); /* identifiers and keys that can be guessed are worse than none */
		p += got;
		n -= (size_t)got;
	}
}

static void pool_fill(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, pool_watch_fork);
	from_kernel(pool.bytes, sizeof(pool.bytes));
	pool.left = sizeof(pool.bytes);
}

void random_bytes(void *p, size_t n)
{
	if (n > sizeof(pool.bytes) / 2) {
		from_kernel(p, n);
		return;
	}
	if (n > pool.left)
		pool_fill();
	if (n == 0)
		return;
	uint8_t *from = pool.bytes + sizeof(pool.bytes) - pool.left;
	memcpy(p, from, n);
	explicit_bzero(from, n); /* what was handed out may be a key */
	pool.left -= n;
}

uint64_t random_u64(void)
{
	uint64_t v;
	random_bytes(&v, sizeof(v));
	return v;
}

/* The high word of a 32 x 32 bit product, where the few low words that would favour some results are thrown again. */
uint32_t random_below(uint32_t bound)
{
	uint32_t unfair = -bound % bound;
	for (;;) {
		uint32_t r;
		random_bytes(&r, sizeof(r));
		uint64_t product = (uint64_t)r * bound;
		if ((uint32_t)product >= unfair)
			return (uint32_t)(product >> 32);
	}
}
