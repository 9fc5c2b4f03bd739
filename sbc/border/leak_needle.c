/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/leak_internal.h"

#define W LEAK_WORD
#define E (LEAK_WORD | LEAK_EDGE)
#define H (LEAK_WORD | LEAK_HEX)
const uint8_t leak_class[256] = {
	['0' ... '9'] = H, ['a' ... 'f'] = H, ['A' ... 'F'] = H, ['g' ... 'z'] = W, ['G' ... 'Z'] = W, ['_'] = W,
	['.'] = E,         ['-'] = E,         ['+'] = E,         ['*'] = E,         ['!'] = E,         ['~'] = E,
};
#undef W
#undef E
#undef H

static uint64_t load(const char *p, size_t n)
{
	uint64_t v = 0;
	memcpy(&v, p, n);
	return v;
}

/* Length, first eight and last eight bytes, with the bit set that parts a letter from its capital. */
uint32_t leak_token_hash(const char *p, size_t n)
{
	uint64_t a, b;
	if (n >= 8) {
		a = load(p, 8);
		b = load(p + n - 8, 8);
	} else if (n >= 4) {
		a = load(p, 4);
		b = load(p + n - 4, 4);
	} else if (n) {
		a = (uint8_t)p[0];
		b = (uint64_t)(uint8_t)p[n / 2] << 8 | (uint8_t)p[n - 1];
	} else {
		return 0;
	}
	a |= 0x2020202020202020u;
	b |= 0x2020202020202020u;
	uint64_t h = (a ^ (b << 29 | b >> 35) ^ n) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

uint32_t leak_addr_hash(const struct addr *v6)
{
	uint64_t a, b;
	memcpy(&a, &v6->in6.sin6_addr, 8);
	memcpy(&b, (const char *)&v6->in6.sin6_addr + 8, 8);
	return (uint32_t)(((a ^ (b << 29 | b >> 35)) * 0x9e3779b97f4a7c15u) >> 32);
}

static bool is(struct str s, const char *word)
{
	return str_eq_nocase(s, str_z(word));
}

/* What any message may say and what tells of nobody. */
static bool common(struct str s)
{
	switch (s.n) {
	case 7:
		return is(s, "invalid") || is(s, "unknown") || is(s, "0.0.0.0");
	case 9:
		return is(s, "localhost") || is(s, "anonymous");
	case 11:
		return is(s, "unavailable");
	case 15:
		return is(s, "255.255.255.255");
	case 17:
		return is(s, "anonymous.invalid");
	case 21:
		return is(s, "localhost.localdomain");
	}
	return false;
}

static bool digits_only(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool as_v6(struct str s, struct addr *ret)
{
	return (addr_parse(s, 0, ret) || addr_parse_hostport(s, ret)) && addr_is_v6(ret);
}

/* Where the longest token of n->s begins and how long it is; tells whether there is a colon in it all. */
static bool longest_token(struct leak_needle *n)
{
	const char *p = n->s.p, *end = p + n->s.n;
	bool colon = false;
	while (p < end) {
		const char *a = p, *z;
		while (p < end && (leak_class[(uint8_t)*p] & LEAK_WORD))
			p++;
		for (z = p; z > a && (leak_class[(uint8_t)z[-1]] & LEAK_EDGE); z--)
			;
		while (a < z && (leak_class[(uint8_t)*a] & LEAK_EDGE))
			a++;
		if (z - a > n->len) {
			n->at = (uint16_t)(a - n->s.p);
			n->len = (uint16_t)(z - a);
		}
		if (p < end) {
			size_t e = leak_escape(p, (size_t)(end - p));
			colon |= *p == ':';
			p += e ? e : 1;
		}
	}
	return colon;
}

bool leak_needle_init(struct leak_needle *n, struct str s)
{
	struct addr a;
	if (s.n < 2 || s.n > LEAK_NEEDLE_MAX)
		return false;
	struct leak_needle v = {.s = s};
	if (longest_token(&v) && as_v6(s, &a)) { /* "::1" and its kind are short, and yet addresses */
		if (addr_is_any(&a))
			return false;
		*n = (struct leak_needle){.s = s, .hash = leak_addr_hash(&a)};
		return true;
	}
	if (s.n < 5)
		return false;
	if (s.p[s.n - 1] == '.') /* a host name with its root */
		v.s.n--;
	if (!v.len || common(v.s) || (v.s.n < 8 && digits_only(v.s)))
		return false;
	v.hash = leak_token_hash(s.p + v.at, v.len);
	*n = v;
	return true;
}

void leak_gram_note(uint8_t latest[LEAK_GRAMS], const struct leak_needle *n)
{
	const char *token = n->s.p + n->at;
	size_t window = n->len < LEAK_WINDOW ? n->len : LEAK_WINDOW;
	for (size_t i = 0; i + LEAK_GRAM <= window; i++) {
		uint8_t *at = &latest[leak_gram(token + i)];
		if (*at <= i)
			*at = (uint8_t)(i + 1);
	}
}

struct addr leak_needle_addr(const struct leak_needle *n)
{
	struct addr a = {0};
	as_v6(n->s, &a);
	return a;
}

bool leak_needle_equal(const struct leak_needle *a, const struct leak_needle *b)
{
	if (a->hash != b->hash || a->len != b->len)
		return false;
	if (a->len)
		return str_eq_nocase(a->s, b->s);
	struct addr x = leak_needle_addr(a), y = leak_needle_addr(b);
	return addr_equal_host(&x, &y);
}

/* ---- comparing in the text ------------------------------------------------------------------------------------ */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static char unescaped(const char *p)
{
	char v = 0;
	for (int i = 1; i <= 2; i++)
		v = (char)(v << 4 | (p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10));
	return v;
}

static bool word(char c)
{
	return leak_class[(uint8_t)c] & LEAK_WORD;
}

/* No word goes on to the right of text[i]. */
static bool ends_at(struct str text, size_t i)
{
	while (i < text.n && (leak_class[(uint8_t)text.p[i]] & LEAK_EDGE))
		i++;
	return i == text.n || !word(text.p[i]);
}

static bool begins_at(struct str text, size_t i)
{
	while (i > 0 && (leak_class[(uint8_t)text.p[i - 1]] & LEAK_EDGE))
		i--;
	return i == 0 || !word(text.p[i - 1]) || (i >= 3 && leak_escape(text.p + i - 3, 3));
}

/* as_is: escapes of the text mean nothing, for the needle has some of its own ("%25"). */
static bool right_of_token(const struct leak_needle *n, struct str text, size_t i, bool as_is)
{
	for (size_t k = (size_t)n->at + n->len; k < n->s.n; k++) {
		if (i == text.n)
			return false;
		size_t e = as_is ? 0 : leak_escape(text.p + i, text.n - i);
		if (e && fold(unescaped(text.p + i)) == fold(n->s.p[k])) {
			i += e;
			continue;
		}
		if (fold(text.p[i++]) != fold(n->s.p[k]))
			return false;
	}
	return !word(n->s.p[n->s.n - 1]) || ends_at(text, i);
}

static bool left_of_token(const struct leak_needle *n, struct str text, size_t i, bool as_is)
{
	for (size_t k = n->at; k > 0; k--) {
		if (!as_is && i >= 3 && leak_escape(text.p + i - 3, 3) &&
		    fold(unescaped(text.p + i - 3)) == fold(n->s.p[k - 1])) {
			i -= 3;
			continue;
		}
		if (i == 0 || fold(text.p[--i]) != fold(n->s.p[k - 1]))
			return false;
	}
	return !word(n->s.p[0]) || begins_at(text, i);
}

bool leak_needle_at(const struct leak_needle *n, struct str text, size_t start, size_t end)
{
	const struct str token = {text.p + start, end - start};
	return end - start == n->len && str_eq_nocase(token, (struct str){n->s.p + n->at, n->len}) &&
	       (right_of_token(n, text, end, true) || right_of_token(n, text, end, false)) &&
	       (left_of_token(n, text, start, true) || left_of_token(n, text, start, false));
}
