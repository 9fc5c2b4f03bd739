/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/message_lines.h"

#include "base/word.h"

#define VALUE (CHAR_URI | CHAR_VALUE | CHAR_USER | CHAR_PLAIN)
const uint8_t char_class[256] = {
	[0 ... ' '] = CHAR_PLAIN,
	[0x7f] = CHAR_PLAIN,
	['a' ... 'z'] = CHAR_TOKEN | CHAR_HOST | CHAR_SCHEME | VALUE,
	['A' ... 'Z'] = CHAR_TOKEN | CHAR_HOST | CHAR_SCHEME | VALUE,
	['0' ... '9'] = CHAR_TOKEN | CHAR_HOST | CHAR_SCHEME | VALUE | CHAR_DIGIT,
	['-'] = CHAR_TOKEN | CHAR_HOST | CHAR_SCHEME | VALUE,
	['.'] = CHAR_TOKEN | CHAR_HOST | CHAR_SCHEME | VALUE,
	['_'] = CHAR_TOKEN | CHAR_HOST | VALUE,
	['!'] = CHAR_TOKEN | VALUE,
	['%'] = CHAR_TOKEN | VALUE,
	['*'] = CHAR_TOKEN | VALUE,
	['+'] = CHAR_TOKEN | CHAR_SCHEME | VALUE,
	['`'] = CHAR_TOKEN | VALUE,
	['\''] = CHAR_TOKEN | VALUE,
	['~'] = CHAR_TOKEN | VALUE,
	['#'] = VALUE,
	['$'] = VALUE,
	['&'] = VALUE,
	['('] = VALUE,
	[')'] = VALUE,
	[','] = CHAR_URI | CHAR_USER,
	['/'] = VALUE,
	[':'] = CHAR_URI | CHAR_VALUE | CHAR_PLAIN,
	[';'] = CHAR_URI | CHAR_USER | CHAR_PLAIN,
	['='] = VALUE,
	['?'] = VALUE,
	['@'] = CHAR_URI | CHAR_VALUE | CHAR_PLAIN,
	['['] = VALUE,
	[']'] = VALUE,
	['\\'] = VALUE,
	['^'] = VALUE,
	['{'] = VALUE,
	['|'] = VALUE,
	['}'] = VALUE,
	/* UTF-8 that should have been escaped: phones send it in user parts */
	[0x80 ... 0xff] = VALUE,
};
#undef VALUE

static bool ends_line(char c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

/* The first CR, LF or NUL from `at` on; n: there is none. */
static size_t line_end(const char *p, size_t n, size_t at)
{
	const size_t words = n < 8 ? 0 : n - 7;
	for (; at < words; at += 8) {
		/* few lie below, and of those that do most are what is looked for */
		uint64_t below = le64toh(word_below_bits(word_load(p + at), '\r' + 1));
		for (; below; below &= below - 1) {
			size_t i = at + (unsigned)__builtin_ctzll(below) / 8;
			if (ends_line(p[i]))
				return i;
		}
	}
	while (at < n && !ends_line(p[at]))
		at++;
	return at;
}

/* Each line is looked at once: the name that it begins with, then the rest up to its end. */
enum head_result head_measure(const char *p, size_t n, struct head *ret)
{
	unsigned lines = 0;
	bool folded = false;
	for (size_t at = 0, end;; at = end + 2) {
		const size_t name = class_length((struct str){p + at, n - at}, CHAR_TOKEN);
		end = line_end(p, n, at + name);
		if (n - end < 2)
			return HEAD_NO_END;
		if (p[end] != '\r' || p[end + 1] != '\n')
			return HEAD_BROKEN;
		if (!name && is_blank(p[at])) {
			if (lines < 2) /* nothing before it to be continued */
				return HEAD_BROKEN;
			folded = true;
			continue;
		}
		if (lines == HEAD_MAX_FIELDS + 2)
			return HEAD_BROKEN;
		struct head_line *line = &ret->line[lines++];
		line->at = (uint32_t)at;
		line->name = (uint32_t)name;
		if (end > at)
			continue;
		if (lines < 2) /* no start line */
			return HEAD_BROKEN;
		ret->n = end + 2;
		ret->n_fields = lines - 2;
		ret->folded = folded;
		return HEAD_OK;
	}
}

size_t head_leading_crlf(const char *p, size_t n)
{
	size_t i = 0;
	while (n - i >= 2 && p[i] == '\r' && p[i + 1] == '\n')
		i += 2;
	return i;
}

bool field_split(struct str line, struct str *ret_name, struct str *ret_value)
{
	const size_t name = class_length(line, CHAR_TOKEN);
	if (!field_value(line, name, ret_value))
		return false;
	*ret_name = (struct str){line.p, name};
	return true;
}

/* A header that message_parse() reads, by the length of its name and its first and last letters: no two share a slot.
 */
#define NAME_SLOTS                64
#define NAME_SLOT(n, first, last) (((n) + ((first) | 0x20) + ((last) | 0x20)) % NAME_SLOTS)
static const struct {
	struct str name;
	enum header_id id;
} names[NAME_SLOTS] = {
#define N(id, name, first, last) [NAME_SLOT(sizeof(name) - 1, first, last)] = {{name, sizeof(name) - 1}, HEADER_##id}
	N(VIA, "Via", 'v', 'a'),
	N(FROM, "From", 'f', 'm'),
	N(TO, "To", 't', 'o'),
	N(CALL_ID, "Call-ID", 'c', 'd'),
	N(CSEQ, "CSeq", 'c', 'q'),
	N(CONTACT, "Contact", 'c', 't'),
	N(ROUTE, "Route", 'r', 'e'),
	N(RECORD_ROUTE, "Record-Route", 'r', 'e'),
	N(MAX_FORWARDS, "Max-Forwards", 'm', 's'),
	N(CONTENT_TYPE, "Content-Type", 'c', 'e'),
	N(CONTENT_LENGTH, "Content-Length", 'c', 'h'),
#undef N
};

static const struct {
	struct str name;
	enum header_id id;
} compact[26] = {
#define C(letter, full, id) [letter - 'a'] = {{full, sizeof(full) - 1}, id}
	C('a', "Accept-Contact", HEADER_OTHER),
	C('b', "Referred-By", HEADER_OTHER),
	C('c', "Content-Type", HEADER_CONTENT_TYPE),
	C('d', "Request-Disposition", HEADER_OTHER),
	C('e', "Content-Encoding", HEADER_OTHER),
	C('f', "From", HEADER_FROM),
	C('i', "Call-ID", HEADER_CALL_ID),
	C('j', "Reject-Contact", HEADER_OTHER),
	C('k', "Supported", HEADER_OTHER),
	C('l', "Content-Length", HEADER_CONTENT_LENGTH),
	C('m', "Contact", HEADER_CONTACT),
	C('n', "Identity-Info", HEADER_OTHER),
	C('o', "Event", HEADER_OTHER),
	C('r', "Refer-To", HEADER_OTHER),
	C('s', "Subject", HEADER_OTHER),
	C('t', "To", HEADER_TO),
	C('u', "Allow-Events", HEADER_OTHER),
	C('v', "Via", HEADER_VIA),
	C('x', "Session-Expires", HEADER_OTHER),
	C('y', "Identity", HEADER_OTHER),
#undef C
};

static enum header_id compact_id(struct str name, struct str *ret_full)
{
	const unsigned letter = (unsigned)((uint8_t)name.p[0] | 0x20) - 'a';
	if (letter >= 26 || !compact[letter].name.n)
		return HEADER_OTHER;
	*ret_full = compact[letter].name;
	return compact[letter].id;
}

enum header_id field_id(struct str name, struct str *ret_full)
{
	*ret_full = name;
	if (name.n < 2)
		return name.n ? compact_id(name, ret_full) : HEADER_OTHER;
	const unsigned slot = NAME_SLOT((unsigned)name.n, (uint8_t)name.p[0], (uint8_t)name.p[name.n - 1]);
	if (names[slot].name.n != name.n || !str_same_nocase(names[slot].name.p, name.p, name.n))
		return HEADER_OTHER;
	*ret_full = names[slot].name;
	return names[slot].id;
}

static bool is_version(struct str s)
{
	return s.n > 4 && str_starts_nocase(s, STR("SIP/"));
}

static bool status_line_split(struct str line, struct start_line *ret)
{
	struct start_line s = {.request = false};
	s.version = str_cut(&line, ' ');
	s.status = str_cut(&line, ' ');
	s.phrase = line;
	if (!s.status.n || !(char_class[(uint8_t)s.status.p[0]] & CHAR_DIGIT))
		return false;
	*ret = s;
	return true;
}

bool start_line_split(struct str line, struct start_line *ret)
{
	if (is_version(line))
		return status_line_split(line, ret);
	struct start_line s = {.request = true};
	const size_t first = class_length(line, CHAR_TOKEN);
	s.method = (struct str){line.p, first};
	if (first == 0 || first == line.n || line.p[first] != ' ')
		return false;
	/* The last word is the version. Blanks after it mean nothing (RFC 4475, trws); too many before it stay visible
	 * in uri, and are refused there. */
	size_t end = line.n;
	while (end > first && is_blank(line.p[end - 1]))
		end--;
	size_t last = end;
	while (last > first && !is_blank(line.p[last - 1]))
		last--;
	s.version = (struct str){line.p + last, end - last};
	if (last <= first + 1 || !is_version(s.version))
		return false;
	s.uri = (struct str){line.p + first + 1, last - 1 - (first + 1)};
	*ret = s;
	return true;
}

bool content_length_parse(struct str value, size_t *ret)
{
	uint64_t v;
	if (!str_to_u64(value, INT32_MAX, &v))
		return false;
	*ret = (size_t)v;
	return true;
}
