/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include <stdio.h>

#include "base/word.h"

static const char hex_digits[] = "0123456789abcdef";

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				  "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				  "8081828384858687888990919293949596979899";

static size_t digits_of(uint64_t v)
{
	size_t n = 1;
	for (; v >= 10000; v /= 10000)
		n += 4;
	return n + (v >= 10) + (v >= 100) + (v >= 1000);
}

size_t writer_digits(char *at, uint64_t v)
{
	size_t n = digits_of(v), i = n;
	for (; v >= 100; v /= 100)
		memcpy(at + (i -= 2), digit_pairs + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(at, digit_pairs + v * 2, 2);
	else
		*at = (char)('0' + v);
	return n;
}

void writer_u64(struct writer *w, uint64_t v)
{
	char text[WRITER_U64_MAX];
	if (!w->overflow && w->cap - w->n >= sizeof(text))
		w->n += writer_digits(w->p + w->n, v);
	else
		writer_put(w, text, writer_digits(text, v));
}

void writer_hex(struct writer *w, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	char *at = n <= SIZE_MAX / 2 ? writer_take(w, 2 * n) : writer_take(w, SIZE_MAX);
	for (size_t i = 0; at && i < n; i++) {
		*at++ = hex_digits[p[i] >> 4];
		*at++ = hex_digits[p[i] & 15];
	}
}

void writer_fmt(struct writer *w, const char *fmt, ...)
{
	if (w->overflow)
		return;
	size_t room = w->cap - w->n;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(room ? w->p + w->n : NULL, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (n > 0 && (size_t)n >= room))
		w->overflow = true;
	else
		w->n += (size_t)n;
}

/* Length of the well-formed UTF-8 sequence at p (Unicode's table 3-7: no overlong forms, no surrogates, nothing above
 * U+10FFFF), or 0. */
static size_t utf8_len(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf; /* what the second byte may be */
	size_t len;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	switch (p[0]) {
	case 0xe0:
		low = 0xa0;
		break;
	case 0xed:
		high = 0x9f;
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	}
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

static void json_escape(struct writer *w, uint8_t c)
{
	static const char letters[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	for (const char *l = letters; *l; l += 2) {
		if ((uint8_t)l[0] == c) {
			writer_put(w, (char[]){'\\', l[1]}, 2);
			return;
		}
	}
	writer_put(w, (char[]){'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]}, 6);
}

static bool json_word_plain(uint64_t v)
{
	return !(word_outside(v, ' ') | word_ascii_has(v, '"') | word_ascii_has(v, '\\'));
}

static bool json_byte_plain(uint8_t c)
{
	return (uint8_t)(c - 0x20) < 0x5f && c != '"' && c != '\\';
}

bool writer_json_plain(struct str s)
{
	return word_all(s.p, s.n, json_word_plain);
}

/* Bytes that may stand in a JSON string as they are: 0 when the one at p needs an escape. *ret_skip is what the escape
 * replaces, *ret_code the character it names. */
static size_t json_plain(const uint8_t *p, size_t n, size_t *ret_skip, uint8_t *ret_code)
{
	size_t len = utf8_len(p, n);
	*ret_skip = 1;
	*ret_code = p[0];
	if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0) { /* U+0080 to U+009F: the C1 controls, harm to terminals */
		*ret_skip = 2;
		*ret_code = p[1];
		return 0;
	}
	if (len == 1 && (p[0] < 0x20 || p[0] == 0x7f || p[0] == '"' || p[0] == '\\'))
		return 0;
	return len;
}

static void json_escaped(struct writer *w, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t start = 0, at = 0;

	writer_char(w, '"');
	while (at < s.n && !w->overflow) {
		while (s.n - at >= 8 && json_word_plain(word_load(p + at)))
			at += 8;
		while (at < s.n && json_byte_plain(p[at]))
			at++;
		if (at == s.n)
			break;
		size_t skip;
		uint8_t code;
		size_t len = json_plain(p + at, s.n - at, &skip, &code);
		if (len) {
			at += len;
			continue;
		}
		if (at > start)
			writer_put(w, p + start, at - start);
		json_escape(w, code);
		at += skip;
		start = at;
	}
	if (at > start)
		writer_put(w, p + start, at - start);
	writer_char(w, '"');
}

void writer_json(struct writer *w, struct str s)
{
	if (!writer_json_plain(s)) {
		json_escaped(w, s);
		return;
	}
	char *at = writer_take(w, s.n + 2);
	if (!at)
		return;
	at[0] = at[s.n + 1] = '"';
	if (s.n)
		memcpy(at + 1, s.p, s.n);
}
