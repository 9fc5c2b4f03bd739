/* SPDX-License-Identifier: Apache-2.0 */
/* word: eight bytes of text looked at in one step. What tests for a byte may be wrong about which of the eight it is,
 * never about whether there is one. Any thread. */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t word_load(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* Is any byte less than c (at most 0x80)? */
static inline bool word_below(uint64_t v, uint8_t c)
{
	return (v - WORD_EACH(c)) & ~v & WORD_EACH(0x80);
}

static inline bool word_has(uint64_t v, uint8_t c)
{
	return word_below(v ^ WORD_EACH(c), 1);
}

/* Not 0 where any byte is below c (at most 0x80), is DEL or is not of ASCII. */
static inline uint64_t word_outside(uint64_t v, uint8_t c)
{
	return (v | (v - WORD_EACH(c)) | (v + WORD_EACH(1))) & WORD_EACH(0x80);
}

/* Not 0 where any byte is c, in a word of ASCII alone: to be asked together with word_outside(). */
static inline uint64_t word_ascii_has(uint64_t v, uint8_t c)
{
	return ((v ^ WORD_EACH(c)) - WORD_EACH(1)) & WORD_EACH(0x80);
}

/* Does the test hold for all of n bytes? It is asked of words that are made of them, some twice. */
static inline bool word_all(const char *p, size_t n, bool (*test)(uint64_t v))
{
	uint32_t low, high;
	if (n >= 8) {
		for (size_t i = 0; i < n - 8; i += 8)
			if (!test(word_load(p + i)))
				return false;
		return test(word_load(p + n - 8));
	}
	if (n >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return test((uint64_t)high << 32 | low);
	}
	return n == 0 || test(WORD_EACH((uint8_t)p[0]) ^ (uint64_t)(uint8_t)(p[0] ^ p[n / 2]) << 8 ^
			      (uint64_t)(uint8_t)(p[0] ^ p[n - 1]) << 16);
}

#endif
