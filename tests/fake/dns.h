/* SPDX-License-Identifier: Apache-2.0 */
/* dns: a name server for tests, on 127.0.0.1 at a port of its own, UDP and TCP, on a loop of the test. Its zone is a
 * table of text; it allocates nothing while it serves. It owns its sockets; the zone stays the caller's. One thread:
 * the loop's. */
#ifndef TESTS_FAKE_DNS_H
#define TESTS_FAKE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sbc/sip/loop.h"

/* type: "A" "192.0.2.1", "AAAA" "2001:db8::1", "CNAME" "b.example", "SRV" "priority weight port target" ("." allowed).
 * Or what happens to every question about this name: "SILENT", "SERVFAIL", "REFUSED", "EMPTY" (a datagram without
 * bytes), "CUT" (the answer without its last data bytes), "RUBBISH" (header and question, then noise), "WRONG" (the
 * answer to another question). A name that is nowhere in the zone does not exist; one without the type asked has no
 * data. Answers above 512 bytes are truncated over UDP. CNAMEs are followed, eight of them. */
struct fake_dns_record {
	const char *name;
	const char *type;
	uint32_t ttl_s;
	const char *data;
};

struct fake_dns;
int fake_dns_create(struct loop *l, const struct fake_dns_record *zone, size_t n, struct fake_dns **ret);
void fake_dns_destroy(struct fake_dns *d);
void fake_dns_set_zone(struct fake_dns *d, const struct fake_dns_record *zone, size_t n);
void fake_dns_set_silent(struct fake_dns *d, bool silent);
const char *fake_dns_servers(const struct fake_dns *d); /* "127.0.0.1:port" */
unsigned fake_dns_asked(const struct fake_dns *d);      /* questions that arrived so far */
unsigned fake_dns_asked_tcp(const struct fake_dns *d);

/* The answer to a question, as bytes: at most size of them; for tests of readers. Returns how many; 0: none is to be
 * sent. */
size_t fake_dns_answer(const struct fake_dns_record *zone, size_t n, const uint8_t *question, size_t question_bytes,
		       uint8_t *to, size_t size);
/* A question, RFC 1035 §4.1.2, type A 1, AAAA 28, SRV 33. Returns its bytes. */
size_t fake_dns_question(const char *name, uint16_t type, uint8_t *to, size_t size);

#endif
