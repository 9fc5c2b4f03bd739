/* SPDX-License-Identifier: Apache-2.0 */
/* What a target is to libFuzzer or replay.c, and how it says that something does not hold. */
#ifndef TESTS_FUZZ_CHECK_H
#define TESTS_FUZZ_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define CHECK(ok)                                                                                                      \
	do {                                                                                                           \
		if (!(ok)) {                                                                                           \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);                                       \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

#endif
