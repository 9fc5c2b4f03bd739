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
