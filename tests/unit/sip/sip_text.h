/* SPDX-License-Identifier: Apache-2.0 */
/* Short ways to make messages for the tests of this folder. */
#ifndef TESTS_UNIT_SIP_TEXT_H
#define TESTS_UNIT_SIP_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sbc/sip/message.h"

/* The five that every message needs, to be followed by more header fields and "\r\n". */
#define VIA_LINE  "Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK776asdhds;rport\r\n"
#define FROM_LINE "From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n"
#define TO_LINE   "To: <sip:bob@example.net>\r\n"
#define CALL_LINE "Call-ID: a84b4c76e66710@pc33.example.com\r\n"
#define CSEQ_LINE "CSeq: 314159 INVITE\r\n"
#define FIVE      VIA_LINE FROM_LINE TO_LINE CALL_LINE CSEQ_LINE
#define INVITE    "INVITE sip:bob@192.0.2.1 SIP/2.0\r\n"

static inline struct flow_addr flow_from(const char *hostport)
{
	struct flow_addr f = {.network = 1};
	assert_true(addr_parse_hostport(str_z(hostport), &f.remote));
	return f;
}

/* Parses a copy that is exactly n bytes long, so that a sanitizer sees one byte too far. */
static inline enum reject_reason parse_n(const char *p, size_t n, struct message **ret)
{
	struct flow_addr source = flow_from("203.0.113.9:5064");
	uint8_t *copy = malloc(n ? n : 1);
	memcpy(copy, p, n);
	enum reject_reason why = message_parse(copy, n, &source, ret);
	free(copy);
	return why;
}

static inline enum reject_reason parse_z(const char *text, struct message **ret)
{
	return parse_n(text, strlen(text), ret);
}

/* A message that must be good. */
static inline struct message *must_parse(const char *text)
{
	struct message *m;
	enum reject_reason why = parse_z(text, &m);
	if (why != REJECT_NONE)
		fail_msg("refused as %s: %s", reject_key(why), text);
	return m;
}

static inline void assert_str(struct str s, const char *want)
{
	if (!str_eq(s, str_z(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_FMT(s), want);
}

#endif
