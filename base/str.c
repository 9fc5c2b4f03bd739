/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdlib.h>

#include "base/word.h"

/* not tolower(): no locale may change what a token equals */
static bool word_same_nocase(uint64_t a, uint64_t b)
{
	return a == b || word_lower(a) == word_lower(b);
}

bool str_same_nocase(const char *a, const char *b, size_t n)
{
	if (n < 8)
		return word_same_nocase(word_load_tail(a, n), word_load_tail(b, n));
	for (size_t i = 0; i < n - 8; i += 8)
		if (!word_same_nocase(word_load(a + i), word_load(b + i)))
			return false;
	return word_same_nocase(word_load(a + n - 8), word_load(b + n - 8)); /* with some of those before */
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
	const size_t fit = s.n < 19 ? s.n : 19; /* 10^19 - 1 does */
	uint64_t v = 0;
	size_t i = 0;
	for (unsigned d; i < fit; i++, v = v * 10 + d)
		if ((d = (unsigned char)s.p[i] - (unsigned)'0') > 9)
			return false;
	for (; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - (unsigned)'0';
		if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	if (s.n == 0 || v > max)
		return false;
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
