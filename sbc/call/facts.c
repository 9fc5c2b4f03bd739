/* SPDX-License-Identifier: Apache-2.0 */
/* facts: what a reload changes in calls that are under way. Their shape stays as they began; whose media they may take
 * is a fact of security and holds at once. */
#include <string.h>

#include "sbc/call/call.h"

#define CALLS_PER_ROUND 16 /* a list for each side goes to the relay; the loop makes a few rounds a turn */

/* Peers are the same by name. A removed one's calls go on as they were. */
const struct config_peer *facts_peer(const struct call *c, int peer)
{
	const struct config *now = c->calls->config;
	const struct config_peer *was;

	if (peer < 0)
		return NULL;
	was = &c->config->peers[peer];
	if (now == c->config)
		return was;
	if ((size_t)peer < now->n_peers && strcmp(now->peers[peer].name, was->name) == 0)
		return &now->peers[peer];
	for (size_t i = 0; i < now->n_peers; i++)
		if (strcmp(now->peers[i].name, was->name) == 0)
			return &now->peers[i];
	return was;
}

static void tell_relay(struct call *c, const struct leg *l)
{
	const struct config_peer *p = l ? facts_peer(c, l->peer) : NULL;

	if (p)
		media_set_acl(c->calls->port, c->session, leg_side(l), p->media_acl, p->n_media_acl);
}

/* Calls that have been told go to the end of the list, where new ones are, too: who is in front has not. */
static void walk(struct loop_deferred *d)
{
	struct calls *cs = container_of(d, struct calls, facts_walk);

	for (unsigned n = 0; n < CALLS_PER_ROUND && !list_empty(&cs->all); n++) {
		struct call *c = list_first(&cs->all, struct call, node);

		if (c->facts == cs->facts)
			return;
		c->facts = cs->facts;
		list_remove(&c->node);
		list_append(&cs->all, &c->node);
		if (!c->session || c->state == CALL_ENDING)
			continue;
		tell_relay(c, c->a);
		tell_relay(c, c->b);
	}
	if (!list_empty(&cs->all))
		loop_defer(cs->worker->loop, d);
}

void facts_changed(struct calls *cs)
{
	cs->facts++;
	cs->facts_walk.fn = walk;
	loop_defer(cs->worker->loop, &cs->facts_walk);
}
