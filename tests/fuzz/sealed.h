/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record under a good checksum (base/bytes.h), so that what lies behind it is reached. */
#ifndef TESTS_FUZZ_SEALED_H
#define TESTS_FUZZ_SEALED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define SEAL 8 /* bytes more */

/* A copy of n + SEAL bytes, to be freed; NULL out of memory. */
static inline uint8_t *sealed_copy(const uint8_t *p, size_t n)
{
	static const struct hash_key key = {{0x6c696d656e207265, 0x636f726473756d31}};
	uint8_t *copy = malloc(n + SEAL);
	uint64_t sum;

	if (!copy)
		return NULL;
	memcpy(copy, p, n);
	sum = siphash(&key, copy, n);
	for (unsigned i = 0; i < SEAL; i++)
		copy[n + i] = (uint8_t)(sum >> 8 * i);
	return copy;
}

#endif
