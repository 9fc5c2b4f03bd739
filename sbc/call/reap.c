/* SPDX-License-Identifier: Apache-2.0 */
/* reap: the end of a call's life. What is over is looked for at the end of a turn, so that nothing frees itself inside
 * its own callback. */
#include <stdlib.h>

#include "sbc/call/timers.h"

void setup_free(struct call *c)
{
	struct setup *s = c->setup;

	if (!s)
		return;
	targets_stop(&s->targets);
	message_free(s->best);
	message_free(s->invite);
	sdp_free(s->offer);
	free(s->phone);
	early_forget_branches(c->b);
	free(s);
	c->setup = NULL;
}

void call_destroy(struct call *c)
{
	list_remove(&c->node);
	checkpoint_forget(c);
	snapshot_call_gone(c);
	call_count(&c->calls->counters.calls, -1);
	call_timers_over(c);
	exchange_drop(c);
	parting_drop(c);
	relay_drop(c, REJECT_NO_DIALOG);
	setup_free(c);
	attempt_release_peer(c);
	if (c->peer_in_counted)
		border_call_end(c->calls->border, c->config, c->peer_in, false);
	if (c->session && !c->media_ended)
		media_end(c->calls->port, c->session);
	leg_destroy(c->a);
	leg_destroy(c->b);
	list_for_each_safe (n, &c->old_legs) {
		list_remove(n);
		leg_destroy(list_entry(n, struct leg, old));
	}
	free(c->attempts);
	config_unref(c->config);
	free(c);
}

static bool call_over(const struct call *c)
{
	if (c->state != CALL_ENDING || (c->session && !c->media_ended))
		return false;
	return (!c->a || leg_over(c->a)) && (!c->b || leg_over(c->b));
}

static void reap_old_legs(struct call *c)
{
	list_for_each_safe (n, &c->old_legs) {
		struct leg *l = list_entry(n, struct leg, old);

		if (!leg_over(l))
			continue;
		list_remove(n);
		leg_destroy(l);
	}
}

void calls_reap(struct loop_deferred *d)
{
	struct calls *cs = container_of(d, struct calls, reaper);

	list_for_each_safe (n, &cs->ended) {
		struct call *c = list_entry(n, struct call, node);

		list_remove(n);
		list_append(&cs->all, n);
		reap_old_legs(c);
		if (call_over(c) && list_empty(&c->old_legs))
			call_destroy(c);
	}
	if (cs->draining && list_empty(&cs->all) && list_empty(&cs->ended))
		calls_drained(cs);
}

void calls_drained(struct calls *cs)
{
	void (*done)(void *arg) = cs->drained;

	if (!done)
		return;
	cs->drained = NULL;
	call_timers_drained(cs);
	done(cs->drained_arg);
}

void calls_reap_later(struct calls *cs, struct call *c)
{
	list_remove(&c->node);
	list_append(&cs->ended, &c->node);
	loop_defer(cs->worker->loop, &cs->reaper);
}
