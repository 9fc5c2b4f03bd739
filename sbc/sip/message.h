/* SPDX-License-Identifier: Apache-2.0 */
/* message: a received SIP message as a plain struct of slices, and small writers for what we send.
 *
 * message*.c are the only files that see sofia-sip. A struct message owns one block with the parsed
 * text; every slice in it lives until message_free(). It is only read after parsing. One thread at a time. */
#ifndef SBC_SIP_MESSAGE_H
#define SBC_SIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"
#include "base/writer.h"
#include "config/config.h"
#include "sbc/sip/reject.h"

#define METHODS(X)                                                                                                     \
	X(INVITE)                                                                                                      \
	X(ACK)                                                                                                         \
	X(BYE)                                                                                                         \
	X(CANCEL)                                                                                                      \
	X(OPTIONS)                                                                                                     \
	X(REGISTER)                                                                                                    \
	X(INFO)                                                                                                        \
	X(UPDATE)                                                                                                      \
	X(PRACK)                                                                                                       \
	X(SUBSCRIBE)                                                                                                   \
	X(NOTIFY)                                                                                                      \
	X(REFER)                                                                                                       \
	X(MESSAGE)                                                                                                     \
	X(PUBLISH)

enum method {
	METHOD_UNKNOWN,
#define X(name) METHOD_##name,
	METHODS(X)
#undef X
		METHOD_COUNT
};
enum method method_find(struct str text); /* METHOD_UNKNOWN */
const char *method_text(enum method m);   /* "" for METHOD_UNKNOWN */

struct uri {
	struct str text;   /* whole, without <> */
	struct str scheme; /* as written: "sip", "sips", "tel", ... */
	struct str user;   /* still escaped; without password. For tel: the number, without parameters */
	struct str host;   /* without brackets for IPv6 */
	uint16_t port;     /* 0: not given */
	struct str params; /* after the first ';', without it */
	bool sip, sips, tel;
};
/* A parameter of uri.params or name_addr.params; false when absent. A flag parameter has an empty value. */
bool params_get(struct str params, struct str name, struct str *ret_value);

struct name_addr {
	struct str text;    /* the whole value */
	struct str display; /* with its quotes when quoted */
	struct uri uri;
	struct str params; /* header parameters, without the leading ';' */
	struct str tag;
};

struct via {
	struct str text;      /* the whole value of this Via */
	struct str transport; /* "UDP" */
	struct str host;
	uint16_t port; /* 0: not given */
	struct str branch;
	bool rport; /* asked for (RFC 3581) */
};

/* Where a message came from, which is where replies go. */
struct flow_addr {
	unsigned network; /* index in config.networks */
	enum config_transport transport;
	struct addr local; /* the listener's, as configured: says which one whatever a reload does to their order */
	struct addr remote;
	uint64_t connection; /* streams: id of the connection, naming the worker that holds it; 0: UDP, or any */
};

struct message {
	bool request;
	enum method method; /* of the request line, or of CSeq in a response */
	struct str method_text;
	struct uri ruri; /* requests */
	int status;      /* responses, else 0 */
	struct str phrase;
	struct via via; /* topmost */
	unsigned n_via;
	struct name_addr from, to;
	struct name_addr contact; /* first; text empty when there is none */
	unsigned n_contact;
	bool contact_star;
	struct str call_id;
	uint32_t cseq;
	int max_forwards;        /* -1: none */
	struct str content_type; /* "application/sdp", without parameters; empty: none */
	struct str body;
	struct flow_addr source;
	unsigned refs; /* references beyond the first */
};

/* Parses one whole message, p[0..n) (a datagram, or what stream framing cut). Checked here, so that all later code may
 * rely on it: start line, at least one Via, From, To, Call-ID and CSeq with matching method, at most one of each that
 * must be single, Content-Length within the datagram (body cut to it), ports and numbers in range, Contact, Route and
 * Record-Route readable, no NUL and no lone CR or LF in the head, and bounds: 256 kB, 256 header fields, 70 Vias, 70
 * Contacts, 70 routes, 64 parameters a value. Leading CR LF are skipped.
 *
 * REJECT_NONE and *ret (to be freed by the caller), or the reason. Even when refused as REJECT_MALFORMED or
 * REJECT_VERSION, *ret is set (and to be freed): a 400 or 505 can safely be sent, for it is a request, no ACK, and Via,
 * From, To, Call-ID and CSeq were all readable (of repeated ones, the first). Everything else refused is
 * REJECT_MALFORMED_DROP, REJECT_SIZE or REJECT_NO_MEMORY, with *ret NULL. RFC 3261 §7, §18.3, §20. */
enum reject_reason message_parse(const uint8_t *p, size_t n, const struct flow_addr *source, struct message **ret);
/* The rest of message_parse() for a REGISTER outside of any dialog, which is to be judged before it starts anything:
 * REJECT_NONE, REJECT_MALFORMED (it may be answered) or REJECT_NO_MEMORY. REJECT_NONE for all others. */
enum reject_reason message_judge(const struct message *m);
void message_free(struct message *m); /* drops a reference; NULL is allowed */
/* One more reference, for who must keep a message beyond the callback that brought it. */
struct message *message_ref(const struct message *m);

/* Walks all header fields in order: name as written in full form ("Call-ID" also for "i:"), raw value, unfolded, one
 * entry per header line (a comma list is one entry). *it starts as NULL; returns false at the end. */
struct header {
	struct str name, value;
};
bool message_next_header(const struct message *m, const void **it, struct header *ret);
/* The same without those of HEADERS_READ (message_lines.h), which message_parse() has looked into. */
bool message_next_other(const struct message *m, const void **it, struct header *ret);
/* The nth (0-based) line of this header; compact forms are found by their full name. */
bool message_header(const struct message *m, struct str name, unsigned nth, struct str *ret_value);
/* Splits a comma list outside quotes and <>: cuts the next element off *list; false when it is empty. */
bool list_next(struct str *list, struct str *ret_item);
/* Is this token, without case, one of a comma list of option tags or methods? */
bool list_has(struct str list, struct str token);
/* list_has() of any line of header `name`. */
bool message_lists(const struct message *m, struct str name, struct str token);

/* Parsing of single values, for configuration and tests too. */
bool uri_parse(struct str text, struct uri *ret);
bool name_addr_parse(struct str text, struct name_addr *ret);

/* ---- writing ---------------------------------------------------------------------------------------------------
 * What we send is written as text, line by line, into a caller's buffer. Values from the net go through header_write(),
 * which refuses (drops the whole line) what holds CR, LF or NUL. */

/* "Name: value\r\n" */
void header_write(struct writer *w, struct str name, struct str value);
/* The Via lines of a request as they go into its responses: in order, the top one with received and rport filled in
 * from where it came (RFC 3261 §18.2.1, RFC 3581 §4), then From, Call-ID, CSeq. To is written apart. */
void message_write_response_head(struct writer *w, const struct message *request);
/* "To: ...\r\n" as received, with ;tag=to_tag added when it had none and to_tag is not empty. */
void message_write_to(struct writer *w, const struct message *request, struct str to_tag);

#endif
