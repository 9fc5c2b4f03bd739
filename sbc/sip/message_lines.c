/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/message_lines.h"

#define VALUE (CHAR_URI | CHAR_VALUE)
const uint8_t char_class[256] = {
	['a' ... 'z'] = CHAR_TOKEN | CHAR_HOST | VALUE,
	['A' ... 'Z'] = CHAR_TOKEN | CHAR_HOST | VALUE,
	['0' ... '9'] = CHAR_TOKEN | CHAR_HOST | VALUE | CHAR_DIGIT,
	['-'] = CHAR_TOKEN | CHAR_HOST | VALUE,
	['.'] = CHAR_TOKEN | CHAR_HOST | VALUE,
	['_'] = CHAR_TOKEN | CHAR_HOST | VALUE,
	['!'] = CHAR_TOKEN | VALUE,
	['%'] = CHAR_TOKEN | VALUE,
	['*'] = CHAR_TOKEN | VALUE,
	['+'] = CHAR_TOKEN | VALUE,
	['`'] = CHAR_TOKEN | VALUE,
	['\''] = CHAR_TOKEN | VALUE,
	['~'] = CHAR_TOKEN | VALUE,
	['#'] = VALUE,
	['$'] = VALUE,
	['&'] = VALUE,
	['('] = VALUE,
	[')'] = VALUE,
	[','] = CHAR_URI | CHAR_LIST,
	['/'] = VALUE,
	[':'] = VALUE,
	[';'] = CHAR_URI,
	['='] = VALUE,
	['?'] = VALUE,
	['@'] = VALUE,
	['['] = VALUE,
	[']'] = VALUE,
	['\\'] = VALUE,
	['^'] = VALUE,
	['{'] = VALUE,
	['|'] = VALUE,
	['}'] = VALUE,
	['"'] = CHAR_LIST,
	['<'] = CHAR_LIST,
	['>'] = CHAR_LIST,
	/* UTF-8 that should have been escaped: phones send it in user parts */
	[0x80 ... 0xff] = VALUE,
};
#undef VALUE

enum head_result head_measure(const char *p, size_t n, struct head *ret)
{
	unsigned fields = 0;
	bool broken = false, folded = false;
	size_t at = 0;
	for (size_t line = 0;; line++) {
		const char *lf = memchr(p + at, '\n', n - at);
		if (!lf)
			return HEAD_NO_END;
		const char *cr = memchr(p + at, '\r', (size_t)(lf - p) - at);
		broken |= !cr || cr != lf - 1;
		if (is_blank(p[at])) {
			broken |= line <= 1; /* nothing before it to be continued */
			folded = true;
		} else if (line > 0) {
			if (fields <= HEAD_MAX_FIELDS)
				ret->field[fields] = (uint32_t)at;
			fields++;
		}
		size_t next = (size_t)(lf - p) + 1;
		bool blank = cr == p + at && cr == lf - 1;
		at = next;
		if (blank) {
			broken |= line == 0;
			break;
		}
	}
	if (broken || memchr(p, '\0', at))
		return HEAD_BROKEN;
	ret->n = at;
	ret->n_fields = fields - 1; /* the blank line */
	ret->folded = folded;
	return ret->n_fields <= HEAD_MAX_FIELDS ? HEAD_OK : HEAD_BROKEN;
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
	size_t name = 0;
	while (name < line.n && char_class[(uint8_t)line.p[name]] & CHAR_TOKEN)
		name++;
	size_t colon = name;
	while (colon < line.n && is_blank(line.p[colon]))
		colon++;
	if (name == 0 || colon == line.n || line.p[colon] != ':')
		return false;
	size_t value = colon + 1;
	while (value < line.n && is_blank(line.p[value])) /* one, nearly always */
		value++;
	*ret_name = (struct str){line.p, name};
	*ret_value = str_trim((struct str){line.p + value, line.n - value});
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

enum header_id field_id(struct str name, struct str *ret_full)
{
	*ret_full = name;
	if (name.n == 0)
		return HEADER_OTHER;
	if (name.n == 1) {
		unsigned letter = (unsigned)((uint8_t)name.p[0] | 0x20) - 'a';
		if (letter >= 26 || !compact[letter].name.n)
			return HEADER_OTHER;
		*ret_full = compact[letter].name;
		return compact[letter].id;
	}
	const unsigned slot = NAME_SLOT((unsigned)name.n, (uint8_t)name.p[0], (uint8_t)name.p[name.n - 1]);
	if (!str_eq_nocase(names[slot].name, name))
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
	size_t first = str_find(line, ' ');
	s.method = (struct str){line.p, first};
	if (first == 0 || first == line.n || !str_all(s.method, CHAR_TOKEN))
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
