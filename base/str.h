/* SPDX-License-Identifier: Apache-2.0 */
/* str: a slice of bytes owned by somebody else (never NUL-terminated by contract), and small bounded readers over it.
 * A struct str never owns: it is valid as long as the buffer it points into. Pure functions, any thread. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p; /* may be NULL only when n == 0 */
	size_t n;      /* bytes */
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
/* printf("%.*s", STR_FMT(s)) */
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_z(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII only: A to Z equal a to z, and no other byte equals another. */
bool str_same_nocase(const char *a, const char *b, size_t n);
static inline bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n || a.n == 0)
		return a.n == b.n;
	/* a short literal is mostly there as it is written, which is one comparison without a call */
	if (__builtin_constant_p(b.n) && b.n <= 8 && memcmp(a.p, b.p, b.n) == 0)
		return true;
	/* most that differ do so in their first letter */
	return ((a.p[0] ^ b.p[0]) & ~0x20) == 0 && str_same_nocase(a.p, b.p, a.n);
}

/* s with A to Z as a to z, to `to`, which has room for s.n bytes. */
void str_lower(char *to, struct str s);

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}
static inline bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq_nocase((struct str){s.p, prefix.n}, prefix);
}
bool str_contains(struct str s, struct str needle);
struct str str_trim_blanks(struct str s);
/* SP and HTAB on both ends are cut off. */
static inline struct str str_trim(struct str s)
{
	bool clean = s.n == 0 || ((unsigned char)s.p[0] > ' ' && (unsigned char)s.p[s.n - 1] > ' ');
	return clean ? s : str_trim_blanks(s);
}

/* What a hexadecimal digit counts, or -1. */
static inline int str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the %XX at s[i] stands for (RFC 3986 §2.1), or -1 when there is none. */
static inline int str_escape_at(struct str s, size_t i)
{
	if (s.p[i] != '%' || s.n - i < 3)
		return -1;
	int hi = str_hex_digit(s.p[i + 1]), lo = str_hex_digit(s.p[i + 2]);
	return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}

/* First position of c, or s.n when it is not there. */
static inline size_t str_find(struct str s, char c)
{
	const char *at = s.n ? (const char *)memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

/* Cuts *s at the first c: returns what is before it, leaves what is after it in *s. Without c, returns all and leaves
 * an empty slice. */
struct str str_cut(struct str *s, char c);

/* Decimal digits only, whole slice, no sign, no space. Returns false (and leaves *ret alone) on anything else or when
 * the number exceeds max. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *ret);

/* malloc'd NUL-terminated copy, or NULL when out of memory. The caller frees. */
char *str_dup(struct str s);

#endif
