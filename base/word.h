/* SPDX-License-Identifier: Apache-2.0 */
/* word: eight bytes of text looked at in one step. What tests for a byte may be wrong about which of the eight it is,
 * never about whether there is one. Any thread. */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t word_load(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* The last n < 8 bytes of a text as a number, its first byte the lowest; by reads that overlap: a memcpy() of so few is
 * a call. */
static inline uint64_t word_load_tail(const void *from, size_t n)
{
	const uint8_t *p = from;
	if (n >= 4) {
		uint32_t low, high;
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return le32toh(low) | (uint64_t)le32toh(high) << 8 * (n - 4);
	}
	if (n == 0)
		return 0;
	return p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1);
}

/* The top bit of each byte less than c (at most 0x80), and perhaps of some beside them. */
static inline uint64_t word_below_bits(uint64_t v, uint8_t c)
{
	return (v - WORD_EACH(c)) & ~v & WORD_EACH(0x80);
}

/* Is any byte less than c (at most 0x80)? */
static inline bool word_below(uint64_t v, uint8_t c)
{
	return word_below_bits(v, c);
}

/* A to Z become a to z, and no other byte changes: no sum of two such halves of a byte carries into the next. */
static inline uint64_t word_lower(uint64_t v)
{
	const uint64_t low = v & WORD_EACH(0x7f);
	const uint64_t from_a = low + WORD_EACH(0x80 - 'A'), above_z = low + WORD_EACH(0x7f - 'Z');
	return v | ((from_a & ~above_z & ~v & WORD_EACH(0x80)) >> 2);
}

static inline bool word_has(uint64_t v, uint8_t c)
{
	return word_below(v ^ WORD_EACH(c), 1);
}

/* Is any byte a control character of ASCII, or none of ASCII's? */
static inline bool word_unprintable(uint64_t v)
{
	return v & WORD_EACH(0x80) || word_below(v, ' ') || word_has(v, 0x7f);
}

#endif
