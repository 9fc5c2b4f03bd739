/* SPDX-License-Identifier: Apache-2.0 */
/* attempt: the targets of a call in turn, leg B's INVITE to each, and the best of their refusals. */
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/call.h"
#include "sbc/call/negotiate.h"
#include "sbc/call/phone.h"
#include "sbc/call/told.h"
#include "sbc/location/reach.h"

/* ---- what was tried ---- */

static void note_attempt(struct call *c, int peer, const struct addr *remote)
{
	struct cdr_attempt_own *grown;

	if (c->n_attempts == CDR_MAX_ATTEMPTS)
		return;
	/* by fours: nearly every call has one */
	if (c->n_attempts % 4 == 0) {
		grown = realloc(c->attempts, (c->n_attempts + 4) * sizeof(*grown));
		if (!grown)
			return; /* the record will lack it; the call goes on */
		c->attempts = grown;
	}
	c->attempts[c->n_attempts++] = (struct cdr_attempt_own){.peer = peer, .remote = *remote};
}

static void note_outcome(struct call *c, int status, const char *cause)
{
	if (!c->n_attempts)
		return;
	c->attempts[c->n_attempts - 1].status = status;
	c->attempts[c->n_attempts - 1].cause = cause;
}

/* RFC 3261 §16.7 step 6, shortened: a 6xx, else the lowest class; among equals the first. */
static bool better(int status, int than)
{
	if (!than || (status >= 600 && than < 600))
		return true;
	return than < 600 && status / 100 < than / 100;
}

static void note_best(struct call *c, int status, enum reject_reason reject, const struct message *m)
{
	struct setup *s = c->setup;

	if (status < 300 || !better(status, s->best_status))
		return;
	s->best_status = status;
	s->best_reject = reject;
	s->best_peer = c->peer_out;
	message_free(s->best);
	s->best = m ? message_ref(m) : NULL;
}

void attempt_release_peer(struct call *c)
{
	if (!c->peer_out_counted)
		return;
	c->peer_out_counted = false;
	border_call_end(c->calls->border, c->config, c->peer_out, true);
}

void attempt_stop(struct call *c)
{
	if (c->setup)
		targets_stop(&c->setup->targets);
}

/* ---- finding the next address ---- */

/* A peer that takes one more call takes the place of the one before. */
static enum reject_reason on_admit(void *arg, int peer)
{
	struct call *c = arg;
	enum reject_reason why;

	attempt_release_peer(c);
	why = border_call_begin(c->calls->border, c->config, peer, true, loop_now_ms(c->calls->worker->loop));
	if (why == REJECT_NONE) {
		c->peer_out = peer;
		c->peer_out_counted = true;
	} else {
		call_count(&c->calls->counters.rejects[why], 1);
	}
	return why;
}

static void on_passed_over(void *arg, int peer, enum reject_reason why, const char *cause)
{
	struct call *c = arg;

	note_attempt(c, peer, &(struct addr){0});
	note_outcome(c, 0, cause);
	note_best(c, reject_status(why), why, NULL);
}

static void on_ready(void *arg)
{
	struct call *c = arg;

	attempt_next(c);
	call_run(c);
}

static const struct targets_user targets_user = {.admit = on_admit, .passed_over = on_passed_over, .ready = on_ready};

void attempt_begin(struct call *c)
{
	struct setup *s = c->setup;

	s->targets = (struct targets){.config = c->config,
				      .decision = &s->decision,
				      .state = c->calls->border,
				      .resolver = c->calls->worker->resolver,
				      .loop = c->calls->worker->loop,
				      .user = &targets_user,
				      .arg = c,
				      .phone = s->phone ? &s->phone->to : NULL};
	attempt_next(c);
}

/* Ports towards this address, unless they are there already. */
static void prepare(struct call *c)
{
	const struct destination *to = &c->setup->targets.at.to;
	struct side *side = &c->side[MEDIA_B];
	bool v6 = negotiate_v6(c, to->network, addr_is_v6(&to->remote));

	if (c->late || ((side->state == LEG_MEDIA_READY || side->state == LEG_MEDIA_FLOWING) &&
			side->network == to->network && side->v6 == v6)) {
		if (!c->media_pending)
			call_post(c, CALL_EV_MEDIA_READY, &(struct call_arg){0});
		return;
	}
	if (!negotiate_prepare(c, MEDIA_B, to->network, v6, c->setup->offer))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_NO_PORT, .cause = "no media"});
	else if (!c->media_pending)
		call_post(c, CALL_EV_MEDIA_READY, &(struct call_arg){0});
}

/* The leg of an attempt that failed lives on until its transactions are done. */
static void retire_b(struct call *c)
{
	if (!c->b)
		return;
	/* not 481: the caller's dialogs live on */
	relay_drop(c, REJECT_GLARE);
	early_forget_branches(c->b);
	list_append(&c->old_legs, &c->b->old);
	c->b = NULL;
}

/* The built-in target answers by itself; its ports are leg A's. */
static void next_is_echo(struct call *c)
{
	c->echo = true;
	attempt_release_peer(c);
	retire_b(c);
	if (c->late || !c->media_pending)
		call_post(c, c->late ? CALL_EV_BROKEN : CALL_EV_ECHO_READY,
			  &(struct call_arg){.reject = REJECT_SDP, .cause = "echo without an offer"});
}

void attempt_next(struct call *c)
{
	enum targets_step step = targets_next(&c->setup->targets);

	c->setup->target_found = step == TARGETS_AT;
	switch (step) {
	case TARGETS_AT:
		prepare(c);
		return;
	case TARGETS_ECHO:
		next_is_echo(c);
		return;
	case TARGETS_WAIT:
		return;
	case TARGETS_END:
		call_post(c, CALL_EV_NO_TARGET, &(struct call_arg){0});
	}
}

/* ---- the INVITE of leg B ---- */

/* A phone is asked by the URI that it gave us itself; To names who it is, here. */
static struct leg *make_leg_to(struct call *c, struct str from, struct str to, struct str ruri)
{
	const struct target *at = &c->setup->targets.at;
	const struct location_target *phone = c->setup->phone;
	struct leg *l = leg_create_uac(c, &(struct leg_uac){.from = from,
							    .to = to,
							    .ruri = phone ? str_z(phone->uri) : ruri,
							    .peer = at->to,
							    .peer_index = at->peer});

	if (!l || !phone)
		return l;
	if (phone_attach(l, c->setup->invite->ruri.user, str_z(phone->aor), &phone->to) < 0) {
		leg_destroy(l);
		return NULL;
	}
	return l;
}

static struct leg *make_leg(struct call *c)
{
	const struct target *at = &c->setup->targets.at;
	const struct border_decision *d = &c->setup->decision;
	const struct message *invite = c->setup->invite;
	char text[3][1024], host[300];
	struct writer from = writer_init(text[0], sizeof(text[0])), wto = writer_init(text[1], sizeof(text[1])),
		      ruri = writer_init(text[2], sizeof(text[2])), h = writer_init(host, sizeof(host));
	struct crossing x = {
		.config = c->config,
		.from_peer = c->peer_in,
		.to_peer = at->peer,
		.to_network = at->to.network,
		.local = transport_local(c->config, at->to.network, at->to.transport, addr_is_v6(&at->to.remote), NULL),
	};

	if (at->configured)
		headers_write_target_host(at->configured, &h);
	else
		addr_write(&h, &x.local);
	x.target_host = writer_result(&h);
	headers_write_from(invite, &x, d->from_user, &from);
	headers_write_to(invite, &x, d->to_user, &wto);
	if (!headers_write_auth_ruri(invite, &x, d->ruri_user, &ruri))
		headers_write_ruri(invite, &x, d->ruri_user, &ruri);
	if (from.overflow || wto.overflow || ruri.overflow)
		return NULL;
	return make_leg_to(c, writer_result(&from), writer_result(&wto), writer_result(&ruri));
}

static void hide_legs(struct call *c)
{
	leg_forbid_reset(c->a);
	leg_allow_own(c->b, NULL);
	leg_forbid_leg(c->b, c->a);
	leg_forbid_message(c->b, c->setup->invite, c->setup->offer);
}

void attempt_invite(struct call *c)
{
	struct setup *s = c->setup;
	char headers[HEADERS_MAX], body[SDP_MAX_BYTES];
	struct writer h = writer_init(headers, sizeof(headers)), b = writer_init(body, sizeof(body));
	struct client_request r = {.method = METHOD_INVITE};

	retire_b(c);
	note_attempt(c, c->peer_out, &s->targets.at.to.remote);
	c->b = make_leg(c);
	if (!c->b) {
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_NO_MEMORY, .cause = "out of memory"});
		return;
	}
	if (s->invite->max_forwards >= 0)
		c->b->max_forwards = (unsigned)s->invite->max_forwards - 1;
	hide_legs(c);
	if (s->offer) {
		if (!negotiate_write(c, c->b, s->offer, NULL, &b)) {
			call_post(c, CALL_EV_BROKEN,
				  &(struct call_arg){.reject = REJECT_NO_CODEC, .cause = "no codec in common"});
			return;
		}
		r.content_type = STR("application/sdp");
		r.body = writer_result(&b);
		leg_offer_event(c->b, OFFER_SENT);
	}
	write_own_headers(c->b, true, true, &h);
	write_crossing(c, c->a->peer, c->b, s->invite, &h);
	/* what did not fit ends in the middle of a line */
	if (h.overflow) {
		call_post(c, CALL_EV_BROKEN,
			  &(struct call_arg){.reject = REJECT_TOO_LARGE, .cause = "headers too large"});
		return;
	}
	r.headers = writer_result(&h);
	if (s->phone)
		r.try_ms = c->config->peers[c->peer_in].try_ms;
	else if (targets_more(&s->targets))
		r.try_ms = c->config->peers[c->peer_out].try_ms;
	leg_event(c->b, LEG_DO_INVITE, &(struct leg_arg){.request = &r});
	leg_forbid_leg(c->a, c->b);
	if (s->targets.tried > 1)
		call_count(&c->calls->counters.failovers, 1);
}

/* ---- after a failure ---- */

static bool code_fails_over(const struct call *c, int status)
{
	const struct config_peer *p = c->peer_out >= 0 ? &c->config->peers[c->peer_out] : NULL;

	for (size_t i = 0; p && i < p->n_failover; i++)
		if (p->failover[i] == status)
			return true;
	return false;
}

bool attempt_failed(struct call *c, int status, enum reject_reason reject, const struct message *m)
{
	struct setup *s = c->setup;
	const char *cause;
	struct log_line l;

	if (!s)
		return false;
	if (s->phone && !status)
		reject = phone_failed(c, reject);
	targets_outcome(&s->targets, status, reject);
	cause = reject == REJECT_PEER_CREDENTIALS ? "credentials refused" : status ? "rejected" : reject_key(reject);
	note_outcome(c, status, cause);
	note_best(c, status ? status : reject_status(reject), reject, m);
	if (log_begin(&l, LOG_INFO, "target failed")) {
		log_z(&l, "call", c->id);
		log_z(&l, "peer", c->peer_out >= 0 ? c->config->peers[c->peer_out].name : "registration");
		log_addr(&l, "address", &s->targets.at.to.remote);
		log_u64(&l, "status", (uint64_t)status);
		log_z(&l, "why", cause);
		log_end(&l);
	}
	/* a leak or a lack of memory is ours: another target would not mend it */
	if (!status)
		return reject == REJECT_TIMEOUT || reject == REJECT_TARGETS_DOWN || reject == REJECT_FLOW_GONE;
	return code_fails_over(c, status);
}

/* Redone by a message alone: whoever said it may be a peer that was tried before the last one. */
static void forbid_sayer(struct call *c, const struct message *m)
{
	char host[ADDR_STRLEN];

	leg_forbid_reset(c->a);
	leg_forbid(c->a, m->call_id);
	leg_forbid(c->a, m->from.tag);
	leg_forbid(c->a, m->via.branch);
	leg_forbid(c->a, str_z(addr_text_host(&m->source.remote, host)));
	leg_forbid_message(c->a, m, NULL);
	if (c->b)
		leg_forbid_leg(c->a, c->b);
}

/* Its phone cannot be reached: a status that the caller's proxy knows what to do with. */
static void refuse_for_phone(struct call *c)
{
	char buf[256];
	struct writer w = writer_init(buf, sizeof(buf));
	struct reply r = {.to_tag = str_z(c->a->dialog.local_tag)};

	if (c->config->server_name)
		header_write(&w, STR("Server"), str_z(c->config->server_name));
	r.headers = writer_result(&w);
	r.status = c->status = location_gone_status(c->setup->invite, &r.phrase);
	call_count(&c->calls->counters.rejects[REJECT_FLOW_GONE], 1);
	leg_event(c->a, LEG_DO_REJECT, &(struct leg_arg){.reply = &r});
}

void attempt_refuse_caller(struct call *c, enum reject_reason reject)
{
	struct setup *s = c->setup;

	if (reject == REJECT_NONE && s && s->best) {
		struct told t;

		forbid_sayer(c, s->best);
		told_as(c, s->best_peer, c->a, s->best,
			s->best_reject ? status_across(s->best->status) : told_status(c->a, s->best_peer, s->best),
			false, &t);
		t.reply.to_tag = str_z(c->a->dialog.local_tag);
		c->status = t.reply.status;
		leg_event(c->a, LEG_DO_REJECT, &(struct leg_arg){.reply = &t.reply});
		return;
	}
	if (reject == REJECT_NONE)
		reject = s && s->best_reject ? s->best_reject : REJECT_TARGETS_DOWN;
	if (reject == REJECT_FLOW_GONE && s && s->phone) {
		refuse_for_phone(c);
		return;
	}
	c->status = reject_status(reject);
	call_count(&c->calls->counters.rejects[reject], 1);
	leg_event(c->a, LEG_DO_REJECT, &(struct leg_arg){.reject = reject});
}
