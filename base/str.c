/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdlib.h>
#include <strings.h>

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 'A' && u <= 'Z' ? u | 0x20 : u; /* not tolower(): no locale may change what a token equals */
}

/* Eight bytes that differ, if at all, in the bit that parts a letter from its capital. Most that differ do so in more.
 */
static bool word_may_be_same(const char *a, const char *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return ((x ^ y) & ~UINT64_C(0x2020202020202020)) == 0;
}

bool str_same_nocase(const char *a, const char *b, size_t n)
{
	size_t i = 0;
	if (memcmp(a, b, n) == 0) /* as they mostly are, or differ at once */
		return true;
	for (; n - i >= 8; i += 8) {
		if (!word_may_be_same(a + i, b + i))
			return false;
		for (size_t k = i; k < i + 8; k++) {
			if (lower(a[k]) != lower(b[k]))
				return false;
		}
	}
	for (; i < n; i++) {
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_same_nocase(s.p, prefix.p, prefix.n);
}

bool str_contains(struct str s, struct str needle)
{
	if (needle.n == 0)
		return true;
	return s.n >= needle.n && memmem(s.p, s.n, needle.p, needle.n) != NULL;
}

struct str str_trim_blanks(struct str s)
{
	while (s.n && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_cut(struct str *s, char c)
{
	struct str head = {s->p, str_find(*s, c)};
	size_t used = head.n < s->n ? head.n + 1 : head.n;
	if (used)
		*s = (struct str){s->p + used, s->n - used};
	return head;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - (unsigned)'0';
		if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v) || v > max)
			return false;
	}
	*ret = v;
	return true;
}

char *str_dup(struct str s)
{
	char *z = malloc(s.n + 1);
	if (!z)
		return NULL;
	if (s.n)
		memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}
