/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdlib.h>

#include "base/word.h"

/* A word_lower() of both, not tolower(): no locale may change what a token equals. */
static bool word_same_nocase(const char *a, const char *b)
{
	return word_lower(word_load(a)) == word_lower(word_load(b));
}

/* At least 8 bytes. Apart from its caller, which mostly does without, and so without its registers. */
static __attribute__((noinline)) bool same_but_case(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n - 8; i += 8)
		if (!word_same_nocase(a + i, b + i))
			return false;
	return word_same_nocase(a + n - 8, b + n - 8);
}

bool str_same_nocase(const char *a, const char *b, size_t n)
{
	if (n < 8) {
		const uint64_t x = word_load_tail(a, n), y = word_load_tail(b, n);
		return x == y || word_lower(x) == word_lower(y);
	}
	/* most are the same letter for letter, or differ in their first few */
	const size_t last = n - 8;
	size_t i = 0;
	while (i < last && word_load(a + i) == word_load(b + i))
		i += 8;
	if (i > last)
		i = last; /* with some of those before */
	return (i == last && word_load(a + i) == word_load(b + i)) || same_but_case(a + i, b + i, n - i);
}

void str_lower(char *to, struct str s)
{
	size_t i = 0;
	for (; s.n - i >= 8; i += 8) {
		const uint64_t v = word_lower(word_load(s.p + i));
		memcpy(to + i, &v, 8);
	}
	for (; i < s.n; i++)
		to[i] = (char)word_lower((uint8_t)s.p[i]);
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
