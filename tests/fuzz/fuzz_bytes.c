/* SPDX-License-Identifier: Apache-2.0 */
/* Records of any bytes, as they are and under a good checksum: read to the end without a byte too far; what was read,
 * written again, is read the same. */
#include <stdlib.h>

#include "base/bytes.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/sealed.h"

#define VERSION 3
#define DEEPEST 6

static void copy_fields(struct bytes_reader r, struct bytes_writer *w, unsigned depth)
{
	struct bytes_field f;
	while (bytes_next(&r, &f)) {
		struct bytes_reader in = bytes_inside(&f);
		struct bytes_field first;
		uint64_t v;
		struct addr a;
		if (bytes_get_addr(&f, &a)) {
			bytes_addr(w, f.tag, &a);
		} else if (bytes_get_u64(&f, UINT64_MAX, &v)) {
			bytes_u64(w, f.tag, v);
		} else if (depth < DEEPEST && bytes_next(&in, &first)) {
			size_t begun = bytes_begin(w, f.tag);
			copy_fields(bytes_inside(&f), w, depth + 1);
			bytes_end(w, begun);
		} else {
			bytes_put(w, f.tag, f.value);
		}
	}
}

/* Twice: the second copy is of what we wrote ourselves, and loses nothing. */
static void use(struct bytes_reader r)
{
	struct bytes_writer w[2];
	struct str record[2];
	struct bytes_reader again;
	bytes_writer_grow(&w[0], 1 << 20, VERSION, VERSION);
	copy_fields(r, &w[0], 0);
	bytes_writer_grow(&w[1], 1 << 20, VERSION, VERSION);
	if (bytes_seal(&w[0], &record[0]) == 0) {
		if (bytes_open(&again, record[0], VERSION) < 0)
			abort();
		copy_fields(again, &w[1], 0);
		if (bytes_seal(&w[1], &record[1]) < 0 || !str_eq(record[0], record[1]))
			abort();
	}
	bytes_writer_finish(&w[0]);
	bytes_writer_finish(&w[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes_reader r;
	uint8_t *copy;
	if (bytes_open(&r, (struct str){(const char *)p, n}, VERSION) == 0)
		use(r);
	if (n < 3)
		return 0;
	copy = sealed_copy(p, n);
	if (copy && bytes_open(&r, (struct str){(const char *)copy, n + SEAL}, VERSION) == 0)
		use(r);
	free(copy);
	return 0;
}
