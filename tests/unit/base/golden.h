/* SPDX-License-Identifier: Apache-2.0 */
/* golden: text that is checked in, and what a test makes of it today. With LIMEN_GOLDEN_WRITE set it is written anew;
 * read the difference before you commit it. */
#ifndef TESTS_UNIT_BASE_GOLDEN_H
#define TESTS_UNIT_BASE_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/unit/base/unit.h"

/* The whole of a file, NUL-terminated; the caller frees. ret_n may be NULL. */
static inline char *golden_read(const char *path, size_t *ret_n)
{
	size_t n = 0, cap = 1u << 16;
	char *text = malloc(cap + 1);
	FILE *f = fopen(path, "rb");

	if (!f)
		fail_msg("%s is not there; LIMEN_GOLDEN_WRITE=1 makes it", path);
	while ((n += fread(text + n, 1, cap - n, f)) == cap)
		text = realloc(text, (cap *= 2) + 1);
	fclose(f);
	text[n] = '\0';
	if (ret_n)
		*ret_n = n;
	return text;
}

static inline void golden_check(const char *path, struct str got)
{
	char *want;
	size_t n;

	if (getenv("LIMEN_GOLDEN_WRITE")) {
		FILE *f = fopen(path, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(got.p, 1, got.n, f), got.n);
		assert_int_equal(fclose(f), 0);
	}
	want = golden_read(path, &n);
	if (n != got.n || memcmp(want, got.p, n) != 0)
		fail_msg("%s differs (LIMEN_GOLDEN_WRITE=1 writes it); got:\n%.*s", path, STR_FMT(got));
	free(want);
}

#endif
