/* SPDX-License-Identifier: Apache-2.0 */
/* message_lines: the head of a raw message as lines, and the characters that the grammar of RFC 3261 §25 knows. What
 * scan.c and message.c must see alike lies here once. Nothing is allocated; pure; any thread. */
#ifndef SBC_SIP_MESSAGE_LINES_H
#define SBC_SIP_MESSAGE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Headers that message_parse() reads; X(id, full name). */
#define HEADERS_READ(X)                                                                                                \
	X(VIA, "Via")                                                                                                  \
	X(FROM, "From")                                                                                                \
	X(TO, "To")                                                                                                    \
	X(CALL_ID, "Call-ID")                                                                                          \
	X(CSEQ, "CSeq")                                                                                                \
	X(CONTACT, "Contact")                                                                                          \
	X(ROUTE, "Route")                                                                                              \
	X(RECORD_ROUTE, "Record-Route")                                                                                \
	X(MAX_FORWARDS, "Max-Forwards")                                                                                \
	X(CONTENT_TYPE, "Content-Type")                                                                                \
	X(CONTENT_LENGTH, "Content-Length")

enum header_id {
	HEADER_OTHER,
#define X(id, name) HEADER_##id,
	HEADERS_READ(X)
#undef X
		HEADER_IDS
};

#define CHAR_TOKEN  1 /* token, RFC 3261 §25.1 */
#define CHAR_HOST   2 /* letters, digits, '-', '.', and '_', which is found in service */
#define CHAR_URI    4 /* whatever may stand in a URI: no space, control, quote, '<', '>' */
#define CHAR_DIGIT  8
#define CHAR_PLAIN  32  /* all but what matters where a list is cut: quotes, ',', '<', '>' */
#define CHAR_VALUE  16  /* of a URI, but ';' and ',': what an unquoted parameter's value may be of */
#define CHAR_USER   64  /* of a URI, but ':' and '@': what a user part without a password is of */
#define CHAR_SCHEME 128 /* of a URI's scheme: letters, digits, '+', '-', '.' */
extern const uint8_t char_class[256];

/* How many of the first characters are of this class. */
static inline size_t class_length(struct str s, uint8_t cls)
{
	const size_t fours = s.n & ~(size_t)3; /* most of the time of reading a message is spent here */
	size_t i = 0;
	for (; i < fours; i += 4) {
		const uint8_t *c = (const uint8_t *)s.p + i;
		if (!(char_class[c[0]] & cls))
			return i;
		if (!(char_class[c[1]] & cls))
			return i + 1;
		if (!(char_class[c[2]] & cls))
			return i + 2;
		if (!(char_class[c[3]] & cls))
			return i + 3;
	}
	while (i < s.n && char_class[(uint8_t)s.p[i]] & cls)
		i++;
	return i;
}

static inline bool str_all(struct str s, uint8_t cls)
{
	return class_length(s, cls) == s.n;
}

#define HEAD_MAX_FIELDS 256

/* What the head of a message is like. Lines end in CR LF and in nothing else: a lone CR or LF is where two parsers see
 * different lines. */
enum head_result {
	HEAD_OK,
	HEAD_NO_END, /* no blank line */
	HEAD_BROKEN, /* lone CR or LF, NUL, a header field that begins with a continuation line, too many fields */
};
struct head {
	size_t n;          /* bytes, with the blank line */
	unsigned n_fields; /* continuation lines not counted */
	bool folded;       /* there are some */
	struct head_line {
		uint32_t at;         /* where it begins */
		uint32_t name;       /* bytes of the token that it begins with */
	} line[HEAD_MAX_FIELDS + 2]; /* the start line, n_fields fields, the blank line */
};
/* p[0..n) starts at the start line. ret is undefined unless HEAD_OK. */
enum head_result head_measure(const char *p, size_t n, struct head *ret);

/* Length of the CR LF pairs in front of a start line (RFC 3261 §7.5 has them ignored). */
size_t head_leading_crlf(const char *p, size_t n);

/* "Name : value": cuts an unfolded header field. false: no colon, or a name that is no token. */
bool field_split(struct str line, struct str *ret_name, struct str *ret_value);
/* The value of a field whose name has name_n bytes. false: no colon, or no name. */
static inline bool field_value(struct str line, size_t name_n, struct str *ret_value)
{
	size_t i = name_n;
	for (; i < line.n && line.p[i] != ':'; i++)
		if (!is_blank(line.p[i]))
			return false;
	if (name_n == 0 || i == line.n)
		return false;
	i++;
	if (i < line.n && line.p[i] == ' ') /* nearly always, and no more than one */
		i++;
	*ret_value = str_trim((struct str){line.p + i, line.n - i});
	return true;
}
/* Which header this is; full: its name in full form when the name is a compact form (RFC 3261 §7.3.3 and the registry),
 * else the name itself. */
enum header_id field_id(struct str name, struct str *ret_full);

/* "METHOD uri SIP/x.y" or "SIP/x.y code phrase", without its line end. The parts are only cut, not judged. */
struct start_line {
	bool request;
	struct str method, uri, version; /* requests */
	struct str status, phrase;       /* responses */
};
bool start_line_split(struct str line, struct start_line *ret);

/* Value of Content-Length: decimal digits below 2^31. */
bool content_length_parse(struct str value, size_t *ret);

#endif
