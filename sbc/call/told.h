/* SPDX-License-Identifier: Apache-2.0 */
/* told: the headers of what a leg sends: our own, and what crosses of what the other side said; and a whole reply that
 * says what the other side did. Worker's thread. */
#ifndef SBC_CALL_TOLD_H
#define SBC_CALL_TOLD_H

#include "sbc/border/across.h"
#include "sbc/sip/transaction.h"

struct call;
struct leg;

/* Our address as the leg's far side must see it; host:port for Via, and the whole Contact line, on this leg. */
struct addr leg_local_addr(const struct leg *l);
struct str leg_via_host(const struct leg *l);
void leg_write_contact(const struct leg *l, struct writer *w);
/* Lines that every request or reply of a leg carries: Contact (with_contact), Allow, Supported, Server or User-Agent.
 */
void write_own_headers(const struct leg *l, bool request, bool with_contact, struct writer *w);
/* What a reply that makes a dialog repeats: the proxies that want to stay in its way (RFC 3261 §12.1.1). */
void write_routes_back(const struct leg *l, struct writer *w);
/* The headers of m, from a side whose peer is from_peer, that may cross to leg `to`. */
void write_crossing(struct call *c, int from_peer, struct leg *to, const struct message *m, struct writer *w);
/* The status of m for leg `to`: a challenge crosses where both ends relay them, else as status_across(). */
int told_status(const struct leg *to, int from_peer, const struct message *m);
/* A reply for leg `to` that says what m does: its phrase if `status` is its own, our headers and those of m that may
 * cross. The body is the caller's to add. False: the headers do not fit, and there are none. ret points into itself. */
struct told {
	struct reply reply;
	char headers[HEADERS_MAX], phrase[PHRASE_MAX];
};
bool told_as(struct call *c, int from_peer, struct leg *to, const struct message *m, int status, bool with_contact,
	     struct told *ret);

#endif
