/* SPDX-License-Identifier: Apache-2.0 */
/* sdp/internal: what the files of this room share. Nothing here is for callers. */
#ifndef SDP_INTERNAL_H
#define SDP_INTERNAL_H

#include <endian.h>

#include "base/word.h"
#include "sdp/sdp.h"

#define SDP_MAX_NAME 255 /* bytes of a host name (RFC 1035 §2.3.4); more of a user or id is nobody's either */

/* What an attribute is to us; decided once, when it is parsed, and kept in struct sdp_line. */
enum sdp_attr {
	SDP_ATTR_UNKNOWN,
	SDP_ATTR_CROSS,   /* known to describe media: crosses as it is */
	SDP_ATTR_NUMBERS, /* of conferences and floors: crosses when it is numbers, as all use it */
	SDP_ATTR_HIDE,    /* names the far side or belongs to a hop: never crosses */
	SDP_ATTR_FORMAT,  /* "<payload type or *> ...": crosses with its format */
	SDP_ATTR_RTCP_FB,
	SDP_ATTR_RTCP_RSIZE,
	SDP_ATTR_FMTP,
	SDP_ATTR_RTPMAP,
	SDP_ATTR_PTIME,
	SDP_ATTR_RTCP,
	SDP_ATTR_RTCP_MUX,
	SDP_ATTR_ICE_UFRAG,
	/* in the order of enum sdp_dir */
	SDP_ATTR_SENDRECV,
	SDP_ATTR_SENDONLY,
	SDP_ATTR_RECVONLY,
	SDP_ATTR_INACTIVE,
};

/* Of the name before the ':' of an a= line; case is ignored, so that no spelling slips through. */
enum sdp_attr sdp_attr_of(struct str name);

/* A description cut into lines, before any memory is taken for it. */
struct scan {
	struct {
		uint16_t at, n; /* offset of the letter; bytes without line end, at least 2 */
	} line[SDP_MAX_LINES];
	size_t n_lines;
	size_t n_media;
	size_t n_formats; /* of all m-lines together */
};

/* Cuts and counts; *ret is only partly written. */
enum sdp_error sdp_scan(const char *text, size_t n, struct scan *ret);

/* Memory and defaults that parsing an m-line draws on. */
struct sdp_conn {
	bool set;
	bool v6;
	struct str host;
	struct addr addr; /* unset: host is a name */
};

struct sdp_parser {
	struct sdp_codec *free_codecs; /* enough for all formats of all m-lines that are left */
	struct sdp_conn conn;          /* session level c= */
	enum sdp_dir dir;
	unsigned ptime_ms;
	bool ice;
};

enum sdp_error sdp_parse_conn(struct str value, struct sdp_conn *ret);
bool sdp_parse_ptime(struct str value, unsigned *ret_ms);
/* m->lines is set, lines[-1] is the m= line itself. */
enum sdp_error sdp_parse_media(struct sdp_parser *p, struct sdp_media *m);

/* RFC 3551 §6: name, clock and channels of a static payload type. false: it has none. */
bool sdp_static_codec(uint8_t pt, struct sdp_codec *c);
enum sdp_role sdp_role_of(struct str name);

/* Whether a line would tell the reader of our description who the far side is. */
bool sdp_line_names(const struct sdp *far, const struct sdp_line *l); /* of a known kind */
bool sdp_dotted_name(struct str value);                               /* a host name that nobody told of */
/* "12", "1 mstrm:12 13": RFC 4574 leaves room for any token as a label, and RFC 8856 §6 refers to it. */
bool sdp_only_numbers(const struct sdp_line *l);
bool sdp_unknown_line_names(const struct sdp *far, struct str value); /* of a kind we know nothing of */

void sdp_write_line(struct writer *w, const struct sdp_line *l);
void sdp_write_origin(struct writer *w, const struct sdp_out *o);

/* ---- readers --------------------------------------------------------------------------------------------------- */

/* These read words of eight bytes, for nearly all that they look for is within the next eight: only for slices of a
 * parsed description, whose copy has SDP_PAD bytes behind it. */
#define SDP_PAD 8

/* First position of c, or s.n. */
static inline size_t sdp_find(struct str s, char c)
{
	for (size_t i = 0; i < s.n; i += 8) {
		uint64_t bits = word_below_bits(le64toh(word_load(s.p + i)) ^ WORD_EACH((uint8_t)c), 1);
		if (bits) {
			size_t at = i + (size_t)__builtin_ctzll(bits) / 8;
			return at < s.n ? at : s.n;
		}
	}
	return s.n;
}

/* Next run of anything but SP; empty at the end. */
static inline struct str sdp_token(struct str *s)
{
	while (s->n && *s->p == ' ') {
		s->p++;
		s->n--;
	}
	struct str token = {s->p, sdp_find(*s, ' ')};
	s->p += token.n;
	s->n -= token.n;
	return token;
}

static inline struct str sdp_cut(struct str *s, char c)
{
	size_t n = sdp_find(*s, c), skip = n < s->n ? n + 1 : n;
	struct str before = {s->p, n};
	s->p += skip;
	s->n -= skip;
	return before;
}

/* What is behind the ':' of an attribute. */
static inline struct str sdp_line_arg(const struct sdp_line *l)
{
	return (struct str){l->value.p + l->arg, l->value.n - l->arg};
}

/* Decimal digits up to max, whole slice; small and inline because it is done for every format of every line. */
static inline bool sdp_u32(struct str s, uint32_t max, uint32_t *ret)
{
	uint64_t v = 0;
	if (!s.n || s.n > 10)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';
		if (digit > 9)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*ret = (uint32_t)v;
	return true;
}

#endif
