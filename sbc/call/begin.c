/* SPDX-License-Identifier: Apache-2.0 */
/* begin: from a new INVITE to a call that looks for its target: checks, decision, admission. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/negotiate.h"
#include "sbc/call/phone.h"
#include "sbc/call/timers.h"

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
	call_log_refused(cs, m, c, why, own ? d->status : reject_status(why));
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
	const struct leg *l = tags_find(cs, m->from.tag);
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
	call_log_begun(c, m);
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
