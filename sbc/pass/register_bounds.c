/* SPDX-License-Identifier: Apache-2.0 */
/* register_bounds: how many registrations there may be, and how many REGISTERs the core is asked to bear. */
#include <errno.h>

#include "sbc/pass/register_internal.h"

/* ---- contacts that are new ---- */

static unsigned count_new(const struct registrar *r, const struct wish *w)
{
	const struct location_aor *a = location_aor(r->location, w->network, w->aor);
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++)
		n += w->v[i].expires_s && !location_match(a, &w->v[i].contact);
	return n;
}

/* Who shares its address with somebody who took all the room is let in as soon as there is some again; a 403 would tell
 * it not to ask again (RFC 3261 §21.4.4). What an AoR may have at one time is its own matter. */
enum reject_reason wish_room(const struct registrar *r, const struct wish *w)
{
	const struct config *c = r->config;
	const struct flow_addr from = {.network = w->network,
				       .transport = w->flow.transport,
				       .local = w->flow.local,
				       .remote = w->flow.remote};
	unsigned more = count_new(r, w);

	if (!more)
		return REJECT_NONE;
	switch (location_room(r->location, location_aor(r->location, w->network, w->aor), more)) {
	case -EMFILE:
		return REJECT_CONTACTS;
	case -ENOSPC:
		return REJECT_REGISTRATIONS;
	}
	if (!border_phone_room(r->border, c, &from, more))
		return REJECT_REGISTRATIONS_SOURCE;
	if (!border_contacts_left(r->border, c->registrations.new_contacts, w->network, w->aor, more,
				  location_now_ms(r->location)))
		return REJECT_NEW_CONTACTS;
	return REJECT_NONE;
}

/* ---- what the core is asked ---- */

static bool by_its_flow(const struct location_aor *a, const struct wish *w)
{
	for (const struct location_binding *b = location_first(a); b; b = location_next(a, b))
		if (b->state == LOCATION_LIVE && same_flow(&b->flow, &w->flow))
			return true;
	return false;
}

static bool is_phone_of(const struct location_binding *b, const struct location_contact *c)
{
	return c->instance.n ? str_eq(location_instance(b), c->instance) : location_same_uri(location_uri(b), c->uri);
}

/* A NAT gives new ports, and connections break: the phone is at its address still, and knows what it has registered. */
static bool from_its_address(const struct location_aor *a, const struct wish *w)
{
	for (const struct location_binding *b = location_first(a); b; b = location_next(a, b)) {
		if (!addr_equal_host(&b->flow.remote, &w->flow.remote))
			continue;
		for (unsigned i = 0; i < w->n; i++)
			if (is_phone_of(b, &w->v[i].contact))
				return true;
	}
	return false;
}

/* It says that it is a registered phone, and nobody who only knows its name can say so: it came by that phone's own
 * flow, or from its address with its contact, or has logged in here. Over UDP the first can be forged by who knows
 * address and port, the second by a neighbour; therefore each is heard a few times only, then asks like a stranger.
 * Where a stranger names the AoR of a phone, nothing of the phone's is spent; what a neighbour forges spends what this
 * AoR has for another port, and neither what it has for its own flow nor anybody else's. */
static bool vouched(const struct registering *g)
{
	struct addr from = g->wish.flow.remote;
	const struct registrar *r = g->registrar;
	const struct wish *w = &g->wish;
	const struct location_aor *a = location_aor(r->location, w->network, w->aor);
	uint64_t now_ms = location_now_ms(r->location);

	if (g->logged_in)
		return border_register_vouch(r->border, w->network, w->aor, NULL, now_ms);
	if (!by_its_flow(a, w)) {
		if (!from_its_address(a, w))
			return false;
		addr_set_port(&from, 0);
	}
	return border_register_vouch(r->border, w->network, w->aor, &from, now_ms);
}

/* Among those that are under way this one is counted already. */
enum reject_reason registering_admit(struct registering *g)
{
	struct registrar *r = g->registrar;
	const struct config_registrations *c = &r->config->registrations;
	uint64_t now_ms = location_now_ms(r->location);
	bool crowded = r->n > c->pending - (c->pending + 2) / 4, known = crowded && vouched(g);

	if (r->n > c->pending || (crowded && !known))
		return REJECT_REGISTER_PENDING;
	if (!border_register_take(r->border, c->core_rate, known, now_ms)) {
		if (known || !vouched(g) || !border_register_take(r->border, c->core_rate, true, now_ms))
			return REJECT_REGISTER_RATE;
		known = true;
	}
	location_count(r->location, kept_share, known);
	return REJECT_NONE;
}
