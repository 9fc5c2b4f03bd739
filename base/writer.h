/* SPDX-License-Identifier: Apache-2.0 */
/* writer: appends text to a caller's fixed buffer and remembers whether all of it fitted. Nothing is allocated; once a
 * write does not fit, the writer is overflowed and every later write is ignored, so callers check once, at the end. */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct writer {
	char *p;
	size_t n;   /* bytes written so far */
	size_t cap; /* bytes available at p */
	bool overflow;
};

static inline struct writer writer_init(char *p, size_t cap)
{
	return (struct writer){.p = p, .cap = cap};
}

/* Room for n bytes at the end, already counted as written; NULL, and overflowed from then on, when there is none. */
static inline char *writer_take(struct writer *w, size_t n)
{
	if (__builtin_expect(w->overflow || n > w->cap - w->n, 0)) {
		w->overflow = true;
		return NULL;
	}
	char *at = w->p + w->n;
	w->n += n;
	return at;
}

static inline void writer_put(struct writer *w, const void *p, size_t n)
{
	if (n == 0)
		return;
	char *at = writer_take(w, n);
	if (at)
		memcpy(at, p, n);
}

static inline void writer_char(struct writer *w, char c)
{
	char *at = writer_take(w, 1);
	if (at)
		*at = c;
}

void writer_u64(struct writer *w, uint64_t v);
/* The digits of v at `at`, which has room for WRITER_U64_MAX; how many they are. */
#define WRITER_U64_MAX 20
size_t writer_digits(char *at, uint64_t v);
void writer_hex(struct writer *w, const uint8_t *p, size_t n);
/* Needs room for its text and for one byte more, which is not counted. */
void writer_fmt(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void writer_str(struct writer *w, struct str s)
{
	writer_put(w, s.p, s.n);
}

#define writer_lit(w, literal) writer_put((w), (literal), sizeof(literal) - 1)

static inline void writer_z(struct writer *w, const char *z)
{
	writer_str(w, str_z(z));
}

/* JSON string with its quotes (RFC 8259 §7); every control character (C0, DEL, C1), quote and backslash escaped, bytes
 * that are not UTF-8 as \u00XX, so that the output is always valid JSON and harmless on a terminal. */
void writer_json(struct writer *w, struct str s);
/* Nothing in it needs an escape: it may be put between quotes as it is. */
bool writer_json_plain(struct str s);

static inline struct str writer_result(const struct writer *w)
{
	return (struct str){w->p, w->n};
}

#endif
