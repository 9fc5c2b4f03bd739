/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/word.h"

static inline uint64_t rotl(uint64_t x, unsigned b)
{
	return x << b | x >> (64 - b);
}

static inline void sip_round(uint64_t v[4])
{
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

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", section 2: `per_word` rounds after each word, `at_end`
 * ones at the end of each half of the result. */
struct sip {
	uint64_t v[4];
	unsigned per_word, at_end;
};

static inline struct sip sip_init(const struct hash_key *key, unsigned per_word, unsigned at_end)
{
	return (struct sip){
		.v = {key->k[0] ^ UINT64_C(0x736f6d6570736575), key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		      key->k[0] ^ UINT64_C(0x6c7967656e657261), key->k[1] ^ UINT64_C(0x7465646279746573)},
		.per_word = per_word,
		.at_end = at_end,
	};
}

/* Each use is a copy of its own, so that the state lies in registers and no round is counted. */
#define COPIED static inline __attribute__((always_inline))

COPIED void sip_rounds(struct sip *s, unsigned rounds)
{
#pragma GCC unroll 4
	while (rounds--)
		sip_round(s->v);
}

COPIED void sip_word(struct sip *s, uint64_t m)
{
	s->v[3] ^= m;
	sip_rounds(s, s->per_word);
	s->v[0] ^= m;
}

COPIED void sip_text(struct sip *s, const uint8_t *p, size_t n)
{
	const uint64_t length = (uint64_t)n << 56;
	for (; n >= 8; p += 8, n -= 8)
		sip_word(s, le64toh(word_load(p)));
	sip_word(s, length | word_load_tail(p, n));
}

COPIED uint64_t sip_half(struct sip *s)
{
	sip_rounds(s, s->at_end);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

uint64_t siphash(const struct hash_key *key, const void *p, size_t n)
{
	struct sip s = sip_init(key, 2, 4);
	sip_text(&s, p, n);
	s.v[2] ^= 0xff;
	return sip_half(&s);
}

struct hash_128 siphash_128(const struct hash_key *key, const void *p, size_t n)
{
	struct sip s = sip_init(key, 2, 4);
	struct hash_128 out;
	s.v[1] ^= 0xee;
	sip_text(&s, p, n);
	s.v[2] ^= 0xee;
	out.half[0] = sip_half(&s);
	s.v[1] ^= 0xdd;
	out.half[1] = sip_half(&s);
	return out;
}

uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n)
{
	struct sip s = sip_init(key, 1, 3);
	sip_text(&s, p, n);
	s.v[2] ^= 0xff;
	return sip_half(&s);
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
