/* SPDX-License-Identifier: Apache-2.0 */
/* begin: from a new INVITE to a call that looks for its target: checks, decision, admission; and a call's end of life.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sbc/call/timers.h"

static const char *route_name(const struct call *c)
{
	return c->route >= 0 ? c->config->routes[c->route].name : c->to_phone ? "registration" : "-";
}

static void log_aor(const struct call *c, struct log_line *l)
{
	if (leg_aor(c->a).n)
		log_user(l, "a_aor", leg_aor(c->a));
	if (leg_aor(c->b).n)
		log_user(l, "b_aor", leg_aor(c->b));
}

void call_log(struct call *c, enum log_level level, const char *msg, const char *key, struct str value)
{
	struct log_line l;

	if (!log_begin(&l, level, msg))
		return;
	log_z(&l, "call", c->id);
	if (c->a) {
		const char *peer = call_peer_name(c, c->a->peer, c->a->was);

		log_z(&l, "a", peer ? peer : c->config->networks[c->a->network].name);
	}
	if (c->b) {
		const char *peer = call_peer_name(c, c->b->peer, c->b->was);

		log_z(&l, "b", peer ? peer : c->to_phone ? "registration" : "-");
	}
	log_aor(c, &l);
	if (c->echo)
		log_z(&l, "b", "echo");
	if (key)
		log_str(&l, key, value);
	if (c->end_ns) {
		log_u64(&l, "status", (uint64_t)c->status);
		log_z(&l, "by", c->ended_by == CDR_SIDE_A ? "A" : c->ended_by == CDR_SIDE_B ? "B" : "limen");
		log_u64(&l, "talk_ms", c->answer_ns ? (c->end_ns - c->answer_ns) / 1000000 : 0);
	}
	log_end(&l);
}

static void log_begun(struct call *c, const struct message *m)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "call begun"))
		return;
	log_z(&l, "call", c->id);
	log_z(&l, "network", c->config->networks[m->source.network].name);
	log_z(&l, "peer", c->peer_in >= 0 ? c->config->peers[c->peer_in].name : "-");
	log_addr(&l, "source", &m->source.remote);
	log_user(&l, "from", m->from.uri.user);
	log_user(&l, "to", m->ruri.user);
	log_z(&l, "route", route_name(c));
	if (c->setup->phone)
		log_user(&l, "aor", str_z(c->setup->phone->aor));
	log_str(&l, "call_id", m->call_id);
	log_end(&l);
}

/* No record is written of what never was a call: this line is all there is. */
static void log_call_refused(struct calls *cs, const struct message *m, const struct call *c, enum reject_reason why,
			     int status)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "call refused"))
		return;
	log_z(&l, "network", cs->config->networks[m->source.network].name);
	log_z(&l, "peer", c && c->peer_in >= 0 ? cs->config->peers[c->peer_in].name : "-");
	log_addr(&l, "source", &m->source.remote);
	log_user(&l, "from", m->from.uri.user);
	log_user(&l, "to", m->ruri.user);
	log_z(&l, "route", c ? route_name(c) : "-");
	log_u64(&l, "status", (uint64_t)status);
	log_z(&l, "why", reject_key(why));
	log_str(&l, "call_id", m->call_id);
	log_end(&l);
}

/* c: what was found out before it was refused, or NULL. */
static void refuse(struct calls *cs, struct server_txn *t, const struct message *m, const struct call *c,
		   enum reject_reason why)
{
	const struct border_decision *d = c && why == c->setup->decision.reject ? &c->setup->decision : NULL;
	bool own = d && border_own_words(d);
	char buf[256];
	struct writer w = writer_init(buf, sizeof(buf));

	call_count(&cs->counters.rejects[why], 1);
	if (own) {
		if (cs->config->server_name)
			header_write(&w, STR("Server"), str_z(cs->config->server_name));
		server_txn_reply(
			t, &(struct reply){.status = d->status, .phrase = d->phrase, .headers = writer_result(&w)});
	} else {
		server_txn_reject(t, why);
	}
	log_call_refused(cs, m, c, why, own ? d->status : reject_status(why));
}

static struct call *call_new(struct calls *cs, uint8_t slot)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->setup = calloc(1, sizeof(*c->setup));
	if (!c->setup) {
		free(c);
		return NULL;
	}
	c->calls = cs;
	c->config = config_ref(cs->config);
	c->facts = cs->facts;
	c->start_ns = clock_ns();
	c->slot = slot;
	ident_mint(cs->worker->key, c->slot, c->id);
	c->peer_in = c->peer_out = BORDER_NO_PEER;
	c->route = -1;
	list_init(&c->old_legs);
	list_append(&cs->all, &c->node);
	list_append(&cs->by_age, &c->age);
	call_count(&cs->counters.calls, 1);
	return c;
}

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

/* Scheme, content: what can be said before any policy is asked. */
static enum reject_reason check(const struct message *m)
{
	if (!m->ruri.sip && !m->ruri.sips && !m->ruri.tel)
		return REJECT_SCHEME;
	if (m->body.n && !str_eq_nocase(m->content_type, STR("application/sdp")))
		return REJECT_MEDIA_TYPE;
	if (!m->contact.uri.text.n || m->contact_star)
		return REJECT_MALFORMED;
	return REJECT_NONE;
}

static enum reject_reason admit(struct calls *cs, struct call *c)
{
	enum reject_reason why;

	if (cs->draining)
		return REJECT_DRAINING;
	why = border_call_begin(cs->border, cs->config, c->peer_in, false, loop_now_ms(cs->worker->loop));
	if (why == REJECT_NONE)
		c->peer_in_counted = true;
	return why;
}

/* Leg A and its media. The call answers for the request from here on. */
static enum reject_reason take(struct call *c, struct server_txn *t, const struct message *m)
{
	const struct sdp *offer = c->setup->offer;

	c->a = leg_create_uas(c, t, m);
	if (!c->a)
		return REJECT_NO_MEMORY;
	c->a->max_forwards = 70;
	phone_recognise(c, m);
	if (!offer) {
		c->late = true;
		return REJECT_NONE;
	}
	leg_offer_event(c->a, OFFER_GOT);
	if (!negotiate_prepare(c, MEDIA_A, c->a->network,
			       negotiate_v6(c, c->a->network, offer->n_media && addr_is_v6(&offer->media[0].remote)),
			       offer))
		return REJECT_NO_PORT;
	return REJECT_NONE;
}

/* Has this request been through us already, and would it go where it has just come back from? The leg that sent it
 * asked for the same user, at the same peer. Otherwise it is a spiral: forwarded, or a PBX that is a proxy and sends
 * what its phone asks for on to a carrier. Those are carried; Max-Forwards bounds them. */
static bool loops(struct calls *cs, const struct message *m, const struct border_decision *d)
{
	const struct leg *l = calls_find_leg(cs, m->from.tag);
	struct uri sent;
	const char *peer;

	if (!l || l->uas || l->peer < 0 || !str_eq(m->call_id, str_z(l->dialog.call_id)) ||
	    !uri_parse(str_z(l->dialog.remote_target), &sent) || !str_eq(sent.user, m->ruri.user))
		return false;
	peer = l->call->config->peers[l->peer].name;
	for (size_t i = 0; i < d->n_targets; i++)
		if (d->target[i] != CONFIG_TARGET_ECHO && !strcmp(cs->config->peers[d->target[i]].name, peer))
			return true;
	return false;
}

void call_begin(struct calls *cs, struct server_txn *t, const struct message *m)
{
	struct border_request r = border_request_of(cs->config, m, (uint32_t)random_u64());
	enum reject_reason why = check(m);
	struct border_decision *d;
	struct call *c;

	if (why != REJECT_NONE) {
		refuse(cs, t, m, NULL, why);
		return;
	}
	c = call_new(cs, server_txn_slot(t));
	if (!c) {
		refuse(cs, t, m, NULL, REJECT_NO_MEMORY);
		return;
	}
	d = &c->setup->decision;
	r.registered = border_phone_is_known(cs->border, r.network, &r.source);
	if (!phone_decide(c, &r))
		border_decide(cs->config, &r, NULL, NULL, d);
	c->peer_in = d->peer;
	c->route = d->route;
	why = d->reject;
	if (why == REJECT_NONE && loops(cs, m, d))
		why = REJECT_LOOP;
	if (why == REJECT_NONE)
		why = admit(cs, c);
	if (why == REJECT_NONE)
		c->setup->offer = negotiate_parse(m, &why);
	if (why != REJECT_NONE) {
		refuse(cs, t, m, c, why);
		call_destroy(c);
		return;
	}
	c->setup->invite = message_ref(m);
	call_count(&cs->counters.calls_total, 1);
	log_begun(c, m);
	why = take(c, t, m);
	if (why != REJECT_NONE) {
		if (!c->a) {
			refuse(cs, t, m, c, why);
			call_destroy(c);
			return;
		}
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = why, .cause = reject_key(why)});
	} else {
		call_timers_begun(c);
		attempt_begin(c);
	}
	call_run(c);
}
