/* SPDX-License-Identifier: Apache-2.0 */
/* registry: the calls of one worker: what the relay says, the hooks of the worker, their life. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/door.h"
#include "sbc/call/inbound.h"
#include "sbc/call/timers.h"
#include "sbc/sip/scan.h"

/* ---- what the relay says ---- */

static void on_prepared(struct call *c, const struct media_event *e)
{
	struct side *s = &c->side[e->side];

	c->media_pending--;
	if (!side_event(c, e->side, LEG_MEDIA_PREPARED))
		return;
	s->n_local = (unsigned)e->prepared.n_streams;
	memcpy(s->local, e->prepared.local, sizeof(s->local));
}

static void on_failed(struct call *c, const struct media_event *e)
{
	enum leg_media_state state = c->side[e->side].state;

	/* no ports were being waited for: a commit found no memory, and the relay does not do what was agreed */
	if (!c->media_pending || (state != LEG_MEDIA_PREPARING && state != LEG_MEDIA_GROWING)) {
		/* or its counters were asked for, and it is too busy to tell: nothing is wrong with the call */
		bool shown = snapshot_stats(c, NULL), kept = checkpoint_stats(c, NULL); /* both are to hear */

		if (shown || kept)
			return;
		call_post(c, CALL_EV_BROKEN,
			  &(struct call_arg){.reject = REJECT_NO_MEMORY, .cause = media_error_text(e->error)});
		return;
	}
	c->media_pending--;
	c->media_failed = true;
	c->media_error = e->error;
	side_event(c, e->side, LEG_MEDIA_FAILED);
}

static void tell_ready(struct call *c)
{
	if (c->media_pending)
		return;
	/* leg A's ports are there before the target's name is resolved: attempt_next() goes on from there */
	if (c->state == CALL_SETUP && !c->media_failed && !c->echo && !c->setup->target_found)
		return;
	if (c->media_failed) {
		c->media_failed = false;
		call_post(c, CALL_EV_MEDIA_FAILED,
			  &(struct call_arg){.reject = REJECT_NO_PORT, .cause = media_error_text(c->media_error)});
	} else {
		call_post(c, c->echo && c->state == CALL_SETUP ? CALL_EV_ECHO_READY : CALL_EV_MEDIA_READY,
			  &(struct call_arg){0});
	}
}

static void on_source(struct call *c, const struct media_event *e)
{
	struct log_line l;

	call_count(&c->calls->counters.media_source_changes, 1);
	if (!log_begin(&l, LOG_INFO, "media source moved"))
		return;
	log_z(&l, "call", c->id);
	log_z(&l, "leg", e->side == MEDIA_A ? "A" : "B");
	log_u64(&l, "stream", e->stream);
	log_addr(&l, "from", &e->source.from);
	log_addr(&l, "to", &e->source.to);
	log_z(&l, "evidence",
	      e->source.evidence == MEDIA_EVIDENCE_RTP_CONTINUED ? "rtp continued"
	      : e->source.evidence == MEDIA_EVIDENCE_ACL_SILENT  ? "media acl, old source silent"
								 : "srtp");
	log_end(&l);
}

/* While it rings nobody has to send; the answer selects its fork, from when the relay counts anew. A notice that was on
 * its way when the answer came is about the time before. */
static void on_silent(struct call *c, const struct media_event *e)
{
	if (!c->answer_ns || clock_ns() - c->answer_ns < e->silent.silent_ms * 500000ull)
		return;
	call_count(&c->calls->counters.media_silent, 1);
	call_post(c, CALL_EV_SILENT,
		  &(struct call_arg){.cause = e->side == MEDIA_A ? "no media from A" : "no media from B"});
}

static void on_media(void *arg, const struct media_event *e)
{
	struct call *c = (struct call *)(uintptr_t)e->cookie;

	switch (e->type) {
	case MEDIA_EV_PREPARED:
		if (c->keep.prepares) { /* a restored call's: the ports are the ones it had */
			c->keep.prepares--;
			break;
		}
		on_prepared(c, e);
		tell_ready(c);
		break;
	case MEDIA_EV_FAILED:
		on_failed(c, e);
		if (c->media_failed)
			tell_ready(c);
		break;
	case MEDIA_EV_SOURCE:
		on_source(c, e);
		checkpoint_changed(c);
		break;
	case MEDIA_EV_SILENT:
		on_silent(c, e);
		break;
	case MEDIA_EV_STATS:
		checkpoint_stats(c, e->stats);
		snapshot_stats(c, e->stats);
		break;
	case MEDIA_EV_ENDED:
		c->media_ended = true;
		record_send(c, e->stats);
		call_post(c, CALL_EV_MEDIA_ENDED, &(struct call_arg){0});
		break;
	}
	call_run(c);
}

static bool look_at_media(void *arg)
{
	struct calls *cs = arg;

	if (!media_port_pending(cs->port))
		return false;
	media_port_dispatch(cs->port);
	return true;
}

static void on_media_fd(void *arg, int events)
{
	struct calls *cs = arg;

	media_port_dispatch(cs->port);
}

/* ---- hooks of the worker ---- */

static enum reject_reason on_screen(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	struct calls *cs = arg;

	return border_screen(cs->border, cs->config, from, p, n, loop_now_ms(cs->worker->loop));
}

static bool on_may_answer(void *arg, const struct flow_addr *to)
{
	struct calls *cs = arg;

	return border_may_answer(cs->border, cs->config, to, loop_now_ms(cs->worker->loop));
}

static void on_refused(void *arg, const struct flow_addr *from, enum reject_reason why)
{
	struct calls *cs = arg;

	call_count(&cs->counters.rejects[why], 1);
	unheard_note(&cs->unheard, cs->config, from, why, loop_now_ms(cs->worker->loop));
}

static bool on_outgoing(void *arg, void *guard, const struct destination *d, struct str text)
{
	struct calls *cs = arg;
	struct leak_finding found;
	struct log_line l;

	/* a reply outside of any call holds nothing but what its receiver said, and our own words */
	if (cs->config->leak == CONFIG_LEAK_OFF || (!guard && str_starts(text, STR("SIP/2.0 "))))
		return true;
	if (!leak_check(cs->leaks, d->network, guard, text, &found))
		return true;
	call_count(&cs->counters.leaks, 1);
	if (log_begin(&l, LOG_ERROR, "leak")) {
		log_z(&l, "network", cs->config->networks[d->network].name);
		log_str(&l, "found", found.needle);
		log_str(&l, "line", found.line);
		log_z(&l, "done", cs->config->leak == CONFIG_LEAK_BLOCK ? "blocked" : "sent");
		log_end(&l);
	}
	return cs->config->leak != CONFIG_LEAK_BLOCK;
}

static void on_connection_closed(void *arg, unsigned network, uint64_t connection)
{
	struct calls *cs = arg;

	if (cs->location)
		location_connection_closed(cs->location, connection);
}

static bool on_glance(void *arg, const struct message *m)
{
	struct calls *cs = arg;
	struct str required;

	if (cs->config->networks[m->source.network].auth == CONFIG_AUTH_LIMEN)
		return door_glance(cs, m); /* a refresh is absorbed when it has shown who it is */
	return m->method == METHOD_REGISTER && cs->glance && m->max_forwards != 0 &&
	       !message_header(m, STR("Require"), 0, &required) && cs->glance(cs->pass_arg, m);
}

static enum reject_reason on_judge(void *arg, const struct message *m)
{
	return inbound_judge(arg, m);
}

static void on_request(void *arg, struct server_txn *t, const struct message *m)
{
	inbound_request(arg, t, m);
}

static void on_ack(void *arg, const struct message *m)
{
	inbound_ack(arg, m);
}

/* A 2xx of no leg makes us send an ACK and a BYE, repeated, to where it says: a forged one would make of us an
 * amplifier. Real ones come one by one. */
#define STRAY_PER_SECOND 20

static bool may_end_stray(struct calls *cs)
{
	uint64_t now = loop_now_ms(cs->worker->loop);

	if (now - cs->stray_since_ms >= 1000) {
		cs->stray_since_ms = now;
		cs->stray_n = 0;
	}
	return cs->stray_n++ < STRAY_PER_SECOND;
}

static void on_stray_response(void *arg, const struct message *m)
{
	struct calls *cs = arg;
	struct ident id;

	/* a 2xx to an INVITE of ours whose leg is gone (RFC 3261 §13.2.2.4); only what carries a From tag of ours */
	if (m->method == METHOD_INVITE && m->status >= 200 && m->status < 300 && m->to.tag.n &&
	    ident_parse(cs->worker->key, m->from.tag, &id)) {
		struct leg *l = tags_find(cs, m->from.tag);

		/* a re-INVITE's, whose exchange is over: its ACK was lost */
		if (l && l->dialog.remote_tag && str_eq(m->to.tag, str_z(l->dialog.remote_tag))) {
			leg_event(l, LEG_EV_ANSWER_AGAIN, &(struct leg_arg){.m = m});
			call_run(l->call);
			return;
		}
		if (!may_end_stray(cs)) {
			call_count(&cs->counters.rejects[REJECT_RATE], 1);
			return;
		}
		call_count(&cs->counters.forks_second_2xx, 1);
		stray_answer_end(cs, m, m->cseq + 1, NULL);
		return;
	}
	call_count(&cs->counters.rejects[REJECT_STRAY_RESPONSE], 1);
}

const struct worker_user calls_worker_user = {
	.screen = on_screen,
	.may_answer = on_may_answer,
	.connection_closed = on_connection_closed,
	.refused = on_refused,
	.outgoing = on_outgoing,
	.glance = on_glance,
	.judge = on_judge,
	.request = on_request,
	.ack = on_ack,
	.stray_response = on_stray_response,
};

/* ---- life ---- */

int calls_create(const struct calls_params *p, struct calls **ret)
{
	struct calls *cs = calloc(1, sizeof(*cs));
	int err = -ENOMEM;

	if (!cs)
		return -ENOMEM;
	cs->worker = p->worker;
	cs->media = p->media;
	cs->border = p->border;
	cs->store = p->store;
	cs->cdr = p->cdr;
	cs->cdr_arg = p->cdr_arg;
	cs->pass = p->pass;
	cs->glance = p->glance;
	cs->location = p->location;
	cs->keyring = p->keyring;
	cs->logins = p->logins;
	cs->pass_arg = p->pass_arg;
	cs->config = config_ref(p->worker->config);
	random_bytes(&cs->tag_key, sizeof(cs->tag_key));
	list_init(&cs->all);
	list_init(&cs->ended);
	list_init(&cs->by_age);
	list_init(&cs->asks);
	cs->reaper.fn = calls_reap;
	call_timers_checkpoint_init(cs);
	err = leak_table_create(cs->config, &cs->leaks);
	if (err < 0)
		goto fail_calls;
	err = media_port_open(p->media, on_media, cs, &cs->port);
	if (err < 0)
		goto fail_leaks;
	cs->port_poll = loop_poll_open(cs->worker->loop, media_port_fd(cs->port), on_media_fd, cs);
	if (!cs->port_poll) {
		err = -ENOMEM;
		goto fail_port;
	}
	loop_poll_set(cs->port_poll, LOOP_READABLE);
	loop_add_idle_check(cs->worker->loop, look_at_media, cs);
	*ret = cs;
	return 0;

fail_port:
	media_port_close(cs->port);
fail_leaks:
	leak_table_destroy(cs->leaks);
fail_calls:
	config_unref(cs->config);
	free(cs);
	return err;
}

void calls_destroy(struct calls *cs)
{
	if (!cs)
		return;
	snapshot_cancel(cs);
	list_for_each_safe (n, &cs->ended)
		call_destroy(list_entry(n, struct call, node));
	list_for_each_safe (n, &cs->all)
		call_destroy(list_entry(n, struct call, node));
	call_timers_checkpoint_stop(cs);
	loop_defer_cancel(&cs->reaper);
	loop_defer_cancel(&cs->facts_walk);
	loop_poll_close(cs->port_poll);
	media_port_close(cs->port);
	leak_table_destroy(cs->leaks);
	hmap_finish(&cs->by_tag);
	hmap_finish(&cs->by_aor);
	config_unref(cs->config);
	free(cs);
}

int calls_set_config(struct calls *cs, struct config *config)
{
	struct leak_table *leaks;
	int err = leak_table_create(config, &leaks);

	if (err < 0)
		return err;
	leak_table_destroy(cs->leaks);
	cs->leaks = leaks;
	config_unref(cs->config);
	cs->config = config_ref(config);
	facts_changed(cs);
	return 0;
}

void calls_drain(struct calls *cs, unsigned timeout_ms, void (*done)(void *arg), void *arg)
{
	if (cs->draining && !cs->drained)
		return; /* it is done, and was told */
	cs->draining = true;
	cs->drained = done;
	cs->drained_arg = arg;
	call_timers_drain(cs, timeout_ms);
	loop_defer(cs->worker->loop, &cs->reaper); /* there may be none */
}

void calls_counters(const struct calls *cs, struct call_counters *ret)
{
	const uint64_t *from = (const uint64_t *)&cs->counters;
	uint64_t *to = (uint64_t *)ret;

	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(*ret) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}
