/* SPDX-License-Identifier: Apache-2.0 */
/* The first look at a datagram or framed message, before any parsing: a few compares and, for sources that are no
 * peer's, one table entry. */
#include "sbc/border/internal.h"

static const struct cidr *first_of(const struct cidr *v, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (cidr_contains(&v[i], a))
			return &v[i];
	return NULL;
}

const struct cidr *screen_acl(const struct config_acl *acl, const struct addr *a)
{
	const struct cidr *denied = first_of(acl->deny, acl->n_deny, a);
	if (denied)
		return denied;
	return acl->n_allow && !first_of(acl->allow, acl->n_allow, a) ? acl->allow : NULL;
}

/* The first peer that has this source, or BORDER_NO_PEER. */
static int peer_at(struct border_state *s, const struct config *c, const struct flow_addr *from)
{
	bool stream = from->transport != CONFIG_UDP;

	if (!known_may_hold(&s->known, from->network, &from->remote))
		return BORDER_NO_PEER;
	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].network == from->network && source_of_peer(&c->peers[i], &from->remote, stream) >= 0)
			return (int)i;
	return BORDER_NO_PEER;
}

static bool is_peer(struct border_state *s, const struct config *c, const struct flow_addr *from)
{
	return peer_at(s, c, from) != BORDER_NO_PEER;
}

static bool is_phone(struct border_state *s, const struct config *c, const struct flow_addr *from)
{
	return c->networks[from->network].phones && border_phone_is_known(s, from->network, &from->remote);
}

/* One leg of ours to another: a PBX that records no route takes itself out of the way once it has coupled them (RFC
 * 3261 §16.6 step 4). The kernel takes nothing from outside that has an address of this machine for its source. What
 * begins a call is still nobody's. */
static bool is_ourselves(const struct config_network *net, const struct flow_addr *from)
{
	for (size_t i = 0; i < net->n_listen; i++) {
		const struct config_listen *l = &net->listen[i];

		if (l->transport == from->transport &&
		    (l->transport == CONFIG_UDP ? addr_equal(&l->addr, &from->remote)
						: addr_equal_host(&l->addr, &from->remote)))
			return true;
	}
	return false;
}

enum reject_reason border_screen(struct border_state *s, const struct config *c, const struct flow_addr *from,
				 const uint8_t *p, size_t n, uint64_t now_ms)
{
	/* A network that the configuration no longer has: nothing lets its messages in. */
	if (from->network >= c->n_networks)
		return REJECT_ACL;
	const struct config_network *net = &c->networks[from->network];

	if (c->limits.message_bytes && n > c->limits.message_bytes)
		return REJECT_SIZE;
	if (screen_acl(&net->acl, &from->remote))
		return REJECT_ACL;
	if (n >= 8 && memcmp(p, "SIP/2.0 ", 8) == 0)
		return REJECT_NONE;
	if (is_peer(s, c, from))
		return REJECT_NONE;
	if (is_phone(s, c, from) || is_ourselves(net, from))
		return REJECT_NONE;
	/* who is nobody yet may say who he is */
	if (net->unknown == CONFIG_UNKNOWN_DROP && !(net->phones && n >= 9 && memcmp(p, "REGISTER ", 9) == 0))
		return REJECT_UNKNOWN_DROP;
	if (net->source_rate && !sources_take(s->sources, from->network, &from->remote, net->source_rate, now_ms))
		return REJECT_RATE;
	return REJECT_NONE;
}

/* A peer is not held to the rate of strangers: what it sends may well be wrong a hundred times a second. */
#define PEER_SHARE 10

bool border_phone_room(struct border_state *s, const struct config *c, const struct flow_addr *from, unsigned n)
{
	return border_phones_at(s, from->network, &from->remote) + n <= c->limits.registrations_source ||
	       is_peer(s, c, from);
}

/* Whoever forges the sources of strangers can use up what strangers get, and nobody else's: each peer has as many of
 * its own, and a registered phone is bounded by its own source alone, of which the forger would have to know the port.
 */
bool border_may_answer(struct border_state *s, const struct config *c, const struct flow_addr *to, uint64_t now_ms)
{
	const unsigned rate = c->limits.answers_source;
	struct gcra *all = &s->answers_rate;
	int peer;

	if (to->network >= c->n_networks)
		return false;
	/* a stream's source has shown that it is there */
	if (to->transport != CONFIG_UDP)
		return true;
	peer = peer_at(s, c, to);
	if (peer != BORDER_NO_PEER)
		all = border_peer_answers(s, c, peer);
	else if (is_phone(s, c, to))
		all = NULL;
	return sources_take(s->answers, to->network, &to->remote, peer != BORDER_NO_PEER ? rate * PEER_SHARE : rate,
			    now_ms) &&
	       (!all || gcra_take(all, c->limits.answers, now_ms));
}

enum reject_reason border_screen_parsed(struct border_state *s, const struct config *c, const struct flow_addr *from,
					enum method method)
{
	const struct config_network *net;

	if (from->network >= c->n_networks)
		return REJECT_ACL;
	net = &c->networks[from->network];
	/* a stream's source is no victim; and who is nobody yet may say who he is */
	if (net->unknown != CONFIG_UNKNOWN_REJECT || from->transport != CONFIG_UDP ||
	    (net->phones && method == METHOD_REGISTER))
		return REJECT_NONE;
	return is_peer(s, c, from) || is_phone(s, c, from) || is_ourselves(net, from) ? REJECT_NONE
										      : REJECT_UNKNOWN_SOURCE;
}

static bool is_refused_stranger(struct border_state *s, const struct config *c, const struct flow_addr *from)
{
	const struct config_network *net = &c->networks[from->network];

	return net->unknown == CONFIG_UNKNOWN_REJECT && !is_phone(s, c, from) && !is_ourselves(net, from);
}

enum reject_reason border_screen_pressed(struct border_state *s, const struct config *c, const struct flow_addr *from,
					 uint64_t now_ms)
{
	enum reject_reason why = REJECT_NONE;
	int last = BORDER_NO_PEER;

	if (from->network >= c->n_networks)
		return REJECT_ACL;
	if (!is_peer(s, c, from))
		return is_refused_stranger(s, c, from) ? REJECT_UNKNOWN_SOURCE : REJECT_NONE;
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct config_peer *p = &c->peers[i];

		if (p->network != from->network || source_of_peer(p, &from->remote, from->transport != CONFIG_UDP) < 0)
			continue;
		last = (int)i;
		why = call_without_room(s, c, last, now_ms);
		if (why == REJECT_NONE)
			return REJECT_NONE; /* which of them it is, is not known yet */
	}
	if (why != REJECT_NONE)
		call_refused(s, c, last, why);
	return why;
}
