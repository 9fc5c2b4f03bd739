/* SPDX-License-Identifier: Apache-2.0 */
/* sdp: session descriptions (RFC 8866) as structs, and the arithmetic of offer and answer (RFC 3264).
 *
 * Pure functions: no I/O, clock, log or globals; any thread. A struct sdp owns one block of memory with a copy of the
 * text it was parsed from; every struct str in it points into that copy and lives until sdp_free(). Parsing is
 * lossless: every line, known or not, is kept in order, so that lines that Limen does not know can pass. */
#ifndef SDP_SDP_H
#define SDP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"
#include "base/writer.h"

/* Bounds on what one description may make us allocate; beyond them it is refused with SDP_ERR_TOO_MUCH. */
#define SDP_MAX_BYTES  65535
#define SDP_MAX_MEDIA  32
#define SDP_MAX_LINES  1024
#define SDP_MAX_CODECS 64 /* formats on one m-line */

#define SDP_ERRORS(X)                                                                                                  \
	X(SDP_ERR_NO_MEMORY, "out of memory")                                                                          \
	X(SDP_ERR_EMPTY, "no v= line")                                                                                 \
	X(SDP_ERR_TOO_MUCH, "more lines, media or formats than are accepted")                                          \
	X(SDP_ERR_LINE, "a line is not <letter>=<text>")                                                               \
	X(SDP_ERR_VERSION, "v= is not 0")                                                                              \
	X(SDP_ERR_ORIGIN, "o= is missing or malformed")                                                                \
	X(SDP_ERR_CONNECTION, "c= is missing or malformed")                                                            \
	X(SDP_ERR_MEDIA, "an m= line is malformed")                                                                    \
	X(SDP_ERR_ATTRIBUTE, "rtpmap, rtcp, ptime or another attribute that matters is malformed")

#define SDP_NO_PT 128

enum sdp_error {
	SDP_OK = 0,
#define X(name, text) name,
	SDP_ERRORS(X)
#undef X
};
const char *sdp_error_text(enum sdp_error e);

enum sdp_kind { SDP_AUDIO, SDP_VIDEO, SDP_IMAGE, SDP_APPLICATION, SDP_TEXT, SDP_MESSAGE, SDP_OTHER };

enum sdp_dir { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
const char *sdp_dir_text(enum sdp_dir d);
/* What the other side of a relayed stream is told: sendonly <-> recvonly. */
enum sdp_dir sdp_dir_reverse(enum sdp_dir d);
/* Both directions restricted: the common part, seen from one end (sendrecv & recvonly = recvonly). */
enum sdp_dir sdp_dir_intersect(enum sdp_dir a, enum sdp_dir b);

struct sdp_line {
	char type;        /* the letter before '=' */
	uint8_t attr;     /* of an a= line: what it is to this room (enum sdp_attr, internal.h) */
	uint8_t pt;       /* of one that speaks of a format: its payload type; SDP_NO_PT: "*", or no number */
	uint16_t arg;     /* of an a= line: what is behind the ':' begins here in value; value.n: there is nothing */
	struct str value; /* without CRLF; in the copy, "<type>=" stands right before it */
};

/* What a format is to a call, by its encoding name. */
enum sdp_role {
	SDP_PRIMARY,   /* a call could use it alone */
	SDP_COMPANION, /* telephone-event (RFC 4733) or CN (RFC 3389): of no use without a codec */
	SDP_RTX,       /* RFC 4588 */
	SDP_RED,       /* RFC 2198 */
	SDP_REPAIR,    /* another that repairs codecs of its m-line */
};

struct sdp_codec {
	uint8_t pt;
	uint8_t role;    /* enum sdp_role */
	struct str name; /* encoding name; static payload types (RFC 3551) without rtpmap get their registered name */
	uint32_t clock_hz;
	uint8_t channels; /* 1 when not given */
	struct str fmtp;  /* empty: none */
};

struct sdp_media {
	enum sdp_kind kind;
	struct str kind_text;
	uint16_t port; /* 0: rejected or disabled */
	struct str proto;
	bool rtp;    /* proto is one of the RTP profiles; only then are codecs filled */
	bool secure; /* of them, SAVP or SAVPF */
	bool stream; /* proto runs over TCP: not datagrams that could be relayed */
	struct str formats;
	struct sdp_codec *codecs; /* in the order of the m-line */
	size_t n_codecs;
	struct addr remote; /* effective c= address and port; AF_UNSPEC when c= is a host name */
	struct str c_host;  /* effective c= address text */
	struct addr rtcp; /* RTCP destination where rtcp-mux is not agreed: a=rtcp (RFC 3605) or port + 1; else unset */
	bool rtcp_mux;    /* offered or accepted; with it on both sides RTCP goes to remote */
	bool ice;         /* a=ice-ufrag is given; c=0.0.0.0 with port 9 is then no hold but "no candidate yet" */
	bool held_by_c;   /* c=0.0.0.0 or :: (RFC 2543 hold): dir is already folded to exclude receiving */
	enum sdp_dir dir; /* effective: media level, else session level, else sendrecv */
	unsigned ptime_ms;            /* whole milliseconds; 0: not given */
	const struct sdp_line *lines; /* after the m= line, in order, lines that the fields above came from included */
	size_t n_lines;
};

struct sdp {
	struct str text; /* the copy, whole */
	struct str o_user, o_id, o_version, o_host;
	const struct sdp_line *lines; /* session level, v= included, in order */
	size_t n_lines;
	struct sdp_media *media;
	size_t n_media;
};

/* Parses text[0..n) (RFC 8866 §5). LF and CRLF both accepted, a last line without line end and blank lines at the end
 * too; any other control character but HTAB is SDP_ERR_LINE. Of a c=, direction, rtpmap or fmtp given twice the first
 * counts. c= may be missing, and attributes may be malformed, on an m-line whose port is 0. On success *ret is the
 * caller's, to be given to sdp_free(). */
enum sdp_error sdp_parse(const char *text, size_t n, struct sdp **ret);
void sdp_free(struct sdp *s); /* NULL is allowed */

/* The description as it was parsed: same lines, same order, each ended by CRLF. */
void sdp_print(const struct sdp *s, struct writer *w);

/* First a=NAME line of a media section (s NULL-safe: then session level is not searched), else of the session. */
bool sdp_attr(const struct sdp *s, const struct sdp_media *m, struct str name, struct str *ret_value);

/* ---- codecs -------------------------------------------------------------------------------------------------- */

/* A peer's codec policy. Names are matched without case, as "PCMA", or "opus/48000", or "opus/48000/2". All arrays are
 * the caller's and NULL-terminated or NULL. */
struct sdp_codec_policy {
	const char *const *allow; /* NULL: all. With a list, telephone-event and CN too are kept only if named */
	const char *const *deny;
	const char *const *order; /* these first, in this order; the rest after them as offered */
	bool single;              /* keep one, with telephone-event and CN where their clock fits */
};

bool sdp_codec_named(const struct sdp_codec *c, const char *policy_name);
/* Indices into m->codecs that the policy keeps, in its order; at most m->n_codecs. Returns how many: 0 also when of
 * several codecs only companions would be left. An rtx (RFC 4588) or red (RFC 2198) whose codec goes, goes
 * too. */
size_t sdp_codecs_apply(const struct sdp_media *m, const struct sdp_codec_policy *p, uint8_t ret_index[SDP_MAX_CODECS]);
/* Of the codecs of `answer`, the indices of those that also are in `offer` (same name, clock and channels), in the
 * answer's order. Formats the offer did not have are left out (RFC 3264 §6.1 allows them, few survive them). */
size_t sdp_codecs_common(const struct sdp_media *offer, const struct sdp_media *answer,
			 uint8_t ret_index[SDP_MAX_CODECS]);

/* ---- writing a leg's own description -------------------------------------------------------------------------- */

enum sdp_unknown {
	SDP_UNKNOWN_PASS, /* lines and attributes that Limen does not know cross as they are, see sdp_write() */
	SDP_UNKNOWN_DROP,
};

/* One m-line of what is written. */
struct sdp_out_media {
	const struct sdp_media
		*in;           /* the far side's m-line that this one stands for: kind, proto, formats, other lines */
	struct str proto;      /* empty: as in; else written instead (the profile of this side) */
	bool rejected;         /* port 0; the line keeps its place and its formats */
	struct addr local;     /* our RTP (or UDPTL, ...) address and port */
	uint16_t rtcp_port;    /* our RTCP port; a=rtcp is written when it is not local port + 1; 0: none */
	enum sdp_dir dir;      /* as the reader of this description shall see it */
	const uint8_t *codecs; /* indices into in->codecs, in order; ignored when in is not RTP */
	size_t n_codecs;
};

struct sdp_out {
	const struct sdp *in;
	const struct sdp_out_media *media;
	size_t n_media;
	struct addr origin; /* host of o= and, when all m-lines share it, of c= */
	uint64_t session_id, version;
	enum sdp_unknown unknown;
	bool keep_session_name; /* else "s=-" */
};

/* Writes our description: own o=, s=, c=, t= as received; per m-line our port and the chosen formats with their rtpmap,
 * fmtp and rtcp-fb lines. Direction is always told by attribute, never by c=0.0.0.0. An enabled m-line without a local
 * address, or an RTP one without codecs, is written as rejected.
 *
 * Never crosses (they name the far side, or belong to a hop): i= u= e= p= o= s= c= k= and the attributes marked so in
 * attr.c: rtcp, candidate, ice-*, crypto, fingerprint, setup, msid, ssrc, group, mid, extmap, source-filter, path,
 * altc, capability negotiation, ... Attributes and lines that Limen does not know are dropped even with
 * SDP_UNKNOWN_PASS when they hold an IP or MAC address, an "@", a "://", a dotted name, or the host, user or session id
 * of the far side's o= or the host of a c= as a token; known ones when they hold such a host. Lines over 2,048 bytes,
 * and all of these when the far side names more than 8 hosts, are not searched and dropped as well. */
void sdp_write(const struct sdp_out *o, struct writer *w);

/* A leg's own identity in o= (RFC 3264 §8): id fixed, version raised by one when and only when the rest changed. */
struct sdp_origin {
	uint64_t id;      /* random, below 2^62 */
	uint64_t version; /* of the last description written */
	uint64_t digest;  /* of the last one's content without its o= line; 0: none written yet */
};
/* The first description written has version 1. */
struct sdp_origin sdp_origin_init(uint64_t random);
/* sdp_write() with this identity: o->session_id and o->version are ignored and chosen here. On overflow of w the origin
 * is left as it was. */
void sdp_write_own(struct sdp_origin *origin, const struct sdp_out *o, struct writer *w);

/* 0 when `answer` can answer `offer`: as many m-lines, each of the same kind in its place, none enabled that the offer
 * had disabled. Otherwise the number of the first bad m-line + 1. */
unsigned sdp_check_answer(const struct sdp *offer, const struct sdp *answer);

#endif
