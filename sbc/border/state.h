/* SPDX-License-Identifier: Apache-2.0 */
/* state: what the border remembers between messages and calls: source rates, calls and calls per second of each peer,
 * health of addresses. One object for the process, shared by all workers; it owns everything in it and keeps no pointer
 * into a configuration. Functions are for any thread unless they say otherwise, and none of them allocates, save
 * border_state_create() and border_state_set_config(). */
#ifndef SBC_BORDER_STATE_H
#define SBC_BORDER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "sbc/sip/message.h"
#include "sbc/sip/reject.h"
#include "sbc/sip/resolve.h"

#define BORDER_NO_PEER (-1)

struct border_state;
/* 0 or -ENOMEM. */
int border_state_create(const struct config *c, struct border_state **ret);
void border_state_destroy(struct border_state *s); /* NULL is allowed; no other thread may use it any more */
/* Reload: counters of peers that stay (by name) stay; those of removed peers are kept for their live calls. Main
 * thread, while workers run, and before any of them is given c (border_screen() knows the sources of its peers from
 * here). 0, or -ENOMEM with the peers known before still known:
 * the reload is then to be refused. */
int border_state_set_config(struct border_state *s, const struct config *c);

/* ---- screen: before the parse --------------------------------------------------------------------------------- */

/* ACL of the network, size, unknown sources (network.unknown == drop and no peer there has this source), rate per
 * source that is no peer (IPv4 address or IPv6 /64). REJECT_NONE lets it in. Responses from sources that a request of
 * ours went to must pass: only the ACL and size are asked for datagrams that start with "SIP/2.0 ". */
enum reject_reason border_screen(struct border_state *s, const struct config *c, const struct flow_addr *from,
				 const uint8_t *p, size_t n, uint64_t now_ms);
/* After it, for a request outside of any dialog: REJECT_UNKNOWN_SOURCE where the network refuses strangers
 * (network.unknown == reject) and a datagram came from one. Such a refusal is to be sent without a transaction: an
 * INVITE's would repeat it (RFC 3261 §17.2.1, timer G) towards whomever the datagram named. */
enum reject_reason border_screen_parsed(struct border_state *s, const struct config *c, const struct flow_addr *from,
					enum method method);
/* The same for an INVITE while transactions run short, whatever it came by: strangers, and a source of whose peers each
 * has as many calls, or calls per second, as it may have, are to be refused without one. What refusing them costs must
 * not be taken from the others. */
enum reject_reason border_screen_pressed(struct border_state *s, const struct config *c, const struct flow_addr *from,
					 uint64_t now_ms);
/* May a request that is refused before there is a transaction be answered? Whoever forges a source makes us send such
 * an answer to somebody else, so there are so many a second over UDP: to one source (of a peer more), to each peer, and
 * to all who are neither peers nor registered phones together. Takes one of them. Any thread. */
bool border_may_answer(struct border_state *s, const struct config *c, const struct flow_addr *to, uint64_t now_ms);

/* A phone's source begins or ends to be registered under this AoR; counted, so each begin needs its end. Networks with
 * `phones` let its requests in like a peer's. */
void border_phone_known(struct border_state *s, unsigned network, const struct addr *a, struct str aor, bool known);
bool border_phone_is_known(struct border_state *s, unsigned network, const struct addr *a);
/* How many of these begins at this host (IPv6: /64) have not ended. */
unsigned border_phones_at(struct border_state *s, unsigned network, const struct addr *a);
/* Is this who has registered from there? */
enum border_phone {
	BORDER_PHONE_NONE,   /* nobody has */
	BORDER_PHONE_SAME,   /* this AoR, and no other */
	BORDER_PHONE_OTHER,  /* one other */
	BORDER_PHONE_SEVERAL /* several have, or had a moment ago; this one may be among them */
};
enum border_phone border_phone_of(struct border_state *s, unsigned network, const struct addr *a, struct str aor);

/* ---- admission: limits per peer ------------------------------------------------------------------------------- */

/* A call from (or towards) a peer begins: REJECT_NONE and counted, or the reason and nothing counted. Each success is
 * paired with one border_call_end() with the same peer (by name) and direction. The incoming side of a call counts for
 * the whole (limits.calls), so a call counts once there; peer BORDER_NO_PEER, which echo is too, counts for the whole
 * only. Calls per second are a bucket of one second's worth: that many at once, and that rate after. */
enum reject_reason border_call_begin(struct border_state *s, const struct config *c, int peer, bool outgoing,
				     uint64_t now_ms);
/* A call that began in another process, and goes on whatever the limits say: counted alone. */
void border_call_restore(struct border_state *s, const struct config *c, int peer, bool outgoing);
void border_call_end(struct border_state *s, const struct config *c, int peer, bool outgoing);

/* ---- admission: registrations (registers.c) -------------------------------------------------------------------- */

/* A REGISTER towards the core: false when per_second of them, over all workers, have gone already; a tenth of
 * that may go at once. 0: no limit. Strangers leave a part of the bucket alone, which only `known` ones get: whoever
 * floods takes what those leave over. */
bool border_register_take(struct border_state *s, unsigned per_second, bool known, uint64_t now_ms);
/* May this phone be `known` once more? A few times in a row, then every five seconds: so much somebody gets who forges
 * the very flow of a registered phone. from without a port: any at that address; NULL: it has logged in here, wherever
 * it is. Each has its own count. */
bool border_register_vouch(struct border_state *s, unsigned network, struct str aor, const struct addr *from,
			   uint64_t now_ms);
/* Is there room for n contacts more that are new to this AoR, of per_hour (an hour's worth at once; 0: no limit)? */
bool border_contacts_left(struct border_state *s, unsigned per_hour, unsigned network, struct str aor, unsigned n,
			  uint64_t now_ms);
/* One has been made. */
void border_contact_made(struct border_state *s, unsigned per_hour, unsigned network, struct str aor, uint64_t now_ms);
/* Is there room for n more at this source (limits.registrations_source)? A peer's has always. */
bool border_phone_room(struct border_state *s, const struct config *c, const struct flow_addr *from, unsigned n);

/* Health of an address, learned from calls: a failed address is tried last for a while (30 s, doubling to 5 min with
 * each failure after that while, back to 30 s when it works or stayed out of trouble for 5 min), never left out. */
void border_address_failed(struct border_state *s, const struct addr *a, uint64_t now_ms);
void border_address_worked(struct border_state *s, const struct addr *a);
/* Moves addresses that are held down to the end, stable otherwise. */
void border_order(struct border_state *s, struct resolved *v, size_t n, uint64_t now_ms);

struct border_peer_gauges {
	uint64_t calls_in, calls_out, rejected_calls, rejected_cps;
};
/* false: no peer of that name was ever configured; *ret untouched. */
bool border_peer_gauges(struct border_state *s, const char *peer, struct border_peer_gauges *ret);
/* Calls alive, for the whole. */
uint64_t border_calls(struct border_state *s);

#endif
