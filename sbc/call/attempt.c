/* SPDX-License-Identifier: Apache-2.0 */
/* attempt: the targets of a call in turn: peers by the route's order, their configured targets, the addresses those
 * resolve to. */
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/call.h"

#define HEADERS_MAX 16384

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
	if (!c->setup || !c->setup->query)
		return;
	resolve_cancel(c->setup->query);
	c->setup->query = NULL;
}

/* ---- finding the next address ---- */

static bool has_listener(const struct call *c, unsigned network, enum config_transport t, bool v6)
{
	const struct config_network *n = &c->config->networks[network];

	for (size_t i = 0; i < n->n_listen; i++)
		if (n->listen[i].transport == t && addr_is_v6(&n->listen[i].addr) == v6)
			return true;
	return false;
}

static void on_resolved(void *arg, const struct resolved *v, size_t n, const char *error)
{
	struct call *c = arg;
	struct setup *s = c->setup;
	bool waited = s->query != NULL;

	s->query = NULL;
	s->next_addr = 0;
	s->n_addr = 0;
	for (size_t i = 0; i < n && s->n_addr < RESOLVE_MAX; i++)
		if (has_listener(c, c->config->peers[c->peer_out].network, v[i].transport, addr_is_v6(&v[i].addr)))
			s->addr[s->n_addr++] = v[i];
	border_order(c->calls->border, s->addr, s->n_addr, loop_now_ms(c->calls->worker->loop));
	if (!s->n_addr) {
		note_attempt(c, c->peer_out, &(struct addr){0});
		note_outcome(c, 0, "no address");
		note_best(c, 503, REJECT_RESOLVE, NULL);
	}
	if (waited) {
		attempt_next(c);
		call_run(c);
	}
}

/* The next configured target of the peer at hand. False: it has no more. Waiting for DNS leaves setup->query set. */
static bool next_peer_target(struct call *c)
{
	struct setup *s = c->setup;
	const struct config_peer *p;
	const struct config_target *t;
	struct resolve_what what;

	if (!c->peer_out_counted)
		return false;
	p = &c->config->peers[c->peer_out];
	if (s->peer_target == p->n_targets)
		return false;
	t = s->config_target = &p->targets[s->peer_target++];
	what = (struct resolve_what){
		.host = str_z(t->host),
		.port = t->port,
		.transport = t->transport,
		.transport_given = t->transport_given,
		.v4 = has_listener(c, p->network, CONFIG_UDP, false) || has_listener(c, p->network, CONFIG_TCP, false),
		.v6 = has_listener(c, p->network, CONFIG_UDP, true) || has_listener(c, p->network, CONFIG_TCP, true),
	};
	if (resolve_start(c->calls->worker->resolver, &what, on_resolved, c, &s->query) < 0)
		note_best(c, 503, REJECT_RESOLVE, NULL);
	return true;
}

/* The next peer of the decision that admits one more call. False: there is none. */
static bool next_peer(struct call *c)
{
	struct setup *s = c->setup;

	attempt_release_peer(c);
	while (s->target < s->decision.n_targets) {
		unsigned peer = s->decision.target[s->target++];
		enum reject_reason why;

		if (peer == CONFIG_TARGET_ECHO) {
			c->echo = true;
			return true;
		}
		why = border_call_begin(c->calls->border, c->config, (int)peer, true,
					loop_now_ms(c->calls->worker->loop));
		if (why == REJECT_NONE) {
			c->peer_out = (int)peer;
			c->peer_out_counted = true;
			s->peer_target = 0;
			return true;
		}
		call_count(&c->calls->counters.rejects[why], 1);
		note_attempt(c, (int)peer, &(struct addr){0});
		note_outcome(c, 0, reject_key(why));
		note_best(c, reject_status(why), why, NULL);
	}
	return false;
}

/* Ports towards this address, unless they are there already. */
static void prepare(struct call *c, const struct resolved *to)
{
	const struct config_peer *p = &c->config->peers[c->peer_out];
	struct side *side = &c->side[MEDIA_B];
	bool v6 = negotiate_v6(c, p->network, addr_is_v6(&to->addr));

	if (c->late || ((side->state == LEG_MEDIA_READY || side->state == LEG_MEDIA_FLOWING) &&
			side->network == p->network && side->v6 == v6)) {
		if (!c->media_pending)
			call_post(c, CALL_EV_MEDIA_READY, &(struct call_arg){0});
		return;
	}
	if (!negotiate_prepare(c, MEDIA_B, p->network, v6, c->setup->offer))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_NO_PORT, .cause = "no media"});
	else if (!c->media_pending)
		call_post(c, CALL_EV_MEDIA_READY, &(struct call_arg){0});
}

/* The leg of an attempt that failed lives on until its transactions are done. */
static void retire_b(struct call *c)
{
	if (!c->b)
		return;
	list_append(&c->old_legs, &c->b->old);
	c->b = NULL;
}

void attempt_next(struct call *c)
{
	struct setup *s = c->setup;

	for (;;) {
		if (s->next_addr < s->n_addr && s->tried < c->config->limits.targets) {
			s->tried++;
			prepare(c, &s->addr[s->next_addr++]);
			return;
		}
		s->n_addr = s->next_addr = 0;
		if (s->tried < c->config->limits.targets && (next_peer_target(c) || next_peer(c))) {
			if (c->echo) {
				retire_b(c);
				/* the built-in target answers by itself; its ports are leg A's */
				if (c->late || !c->media_pending)
					call_post(c, c->late ? CALL_EV_BROKEN : CALL_EV_ECHO_READY,
						  &(struct call_arg){.reject = REJECT_SDP,
								     .cause = "echo without an offer"});
				return;
			}
			if (s->query)
				return;
			continue;
		}
		call_post(c, CALL_EV_NO_TARGET, &(struct call_arg){0});
		return;
	}
}

static bool more_to_try(const struct call *c)
{
	const struct setup *s = c->setup;

	return s->tried < c->config->limits.targets &&
	       (s->next_addr < s->n_addr || s->peer_target < c->config->peers[c->peer_out].n_targets ||
		s->target < s->decision.n_targets);
}

/* ---- the INVITE of leg B ---- */

static struct leg *make_leg(struct call *c, const struct resolved *to)
{
	const struct config_peer *p = &c->config->peers[c->peer_out];
	const struct border_decision *d = &c->setup->decision;
	const struct message *invite = c->setup->invite;
	char text[3][1024], host[300];
	struct writer from = writer_init(text[0], sizeof(text[0])), wto = writer_init(text[1], sizeof(text[1])),
		      ruri = writer_init(text[2], sizeof(text[2])), h = writer_init(host, sizeof(host));
	struct destination dest = {.network = p->network, .transport = to->transport, .remote = to->addr};
	const struct config_target *t = c->setup->config_target;
	bool v6_literal = strchr(t->host, ':') != NULL;
	struct crossing x = {
		.config = c->config,
		.from_peer = c->peer_in,
		.to_peer = c->peer_out,
		.to_network = p->network,
		.local = transport_local(c->config, p->network, to->transport, addr_is_v6(&to->addr), NULL),
	};

	if (v6_literal)
		writer_char(&h, '[');
	writer_z(&h, t->host);
	if (v6_literal)
		writer_char(&h, ']');
	if (t->port)
		writer_fmt(&h, ":%u", t->port);
	x.target_host = writer_result(&h);
	headers_write_from(invite, &x, d->from_user, &from);
	headers_write_to(invite, &x, d->to_user, &wto);
	headers_write_ruri(invite, &x, d->ruri_user, &ruri);
	if (from.overflow || wto.overflow || ruri.overflow)
		return NULL;
	return leg_create_uac(c, &(struct leg_uac){
					 .from = writer_result(&from),
					 .to = writer_result(&wto),
					 .ruri = writer_result(&ruri),
					 .peer = dest,
					 .peer_index = c->peer_out,
				 });
}

static void hide_legs(struct call *c)
{
	leg_forbid_reset(c->a);
	leg_allow_own(c->a, c->setup->invite);
	leg_allow_own(c->b, NULL);
	leg_forbid_leg(c->b, c->a);
	leg_forbid_message(c->b, c->setup->invite, c->setup->offer);
}

void attempt_invite(struct call *c)
{
	struct setup *s = c->setup;
	const struct resolved *to = &s->addr[s->next_addr - 1];
	char headers[HEADERS_MAX], body[SDP_MAX_BYTES];
	struct writer h = writer_init(headers, sizeof(headers)), b = writer_init(body, sizeof(body));
	struct client_request r = {.method = METHOD_INVITE};

	retire_b(c);
	note_attempt(c, c->peer_out, &to->addr);
	c->b = make_leg(c, to);
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
	write_crossing(c, c->a, c->b, s->invite, &h);
	/* what did not fit ends in the middle of a line */
	if (h.overflow) {
		call_post(c, CALL_EV_BROKEN,
			  &(struct call_arg){.reject = REJECT_TOO_LARGE, .cause = "headers too large"});
		return;
	}
	r.headers = writer_result(&h);
	if (more_to_try(c))
		r.try_ms = c->config->peers[c->peer_out].try_ms;
	leg_event(c->b, LEG_DO_INVITE, &(struct leg_arg){.request = &r});
	leg_forbid_leg(c->a, c->b);
	if (s->tried > 1)
		call_count(&c->calls->counters.failovers, 1);
}

/* ---- after a failure ---- */

static bool code_fails_over(const struct call *c, int status)
{
	const struct config_peer *p = &c->config->peers[c->peer_out];

	for (size_t i = 0; i < p->n_failover; i++)
		if (p->failover[i] == status)
			return true;
	return false;
}

bool attempt_failed(struct call *c, int status, enum reject_reason reject, const struct message *m)
{
	struct setup *s = c->setup;
	uint64_t now = loop_now_ms(c->calls->worker->loop);
	struct log_line l;

	if (!s)
		return false;
	/* a request that we would not send (too large, leak, memory, limits) says nothing of the address */
	if (status == 503 || (!status && (reject == REJECT_TIMEOUT || reject == REJECT_TARGETS_DOWN)))
		border_address_failed(c->calls->border, &s->addr[s->next_addr - 1].addr, now);
	else if (status)
		border_address_worked(c->calls->border, &s->addr[s->next_addr - 1].addr);
	note_outcome(c, status, status ? "rejected" : reject_key(reject));
	note_best(c, status ? status : reject_status(reject), reject, m);
	if (log_begin(&l, LOG_INFO, "target failed")) {
		log_z(&l, "call", c->id);
		log_z(&l, "peer", c->config->peers[c->peer_out].name);
		log_addr(&l, "address", &s->addr[s->next_addr - 1].addr);
		log_u64(&l, "status", (uint64_t)status);
		log_z(&l, "why", status ? "rejected" : reject_key(reject));
		log_end(&l);
	}
	/* a leak or a lack of memory is ours: another target would not mend it */
	if (!status)
		return reject == REJECT_TIMEOUT || reject == REJECT_TARGETS_DOWN || reject == REJECT_FLOW_GONE;
	return code_fails_over(c, status);
}

int status_across(int status)
{
	if (status >= 300 && status < 400)
		return 480;
	if (status == 401 || status == 407)
		return 403;
	return status;
}

void attempt_refuse_caller(struct call *c, enum reject_reason reject)
{
	struct setup *s = c->setup;
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	char phrase[64] = "";
	struct reply r = {0};

	if (reject == REJECT_NONE && s && s->best) {
		struct str far = s->best->phrase;

		r.status = status_across(s->best->status);
		if (r.status == s->best->status && far.n && far.n < sizeof(phrase)) {
			memcpy(phrase, far.p, far.n);
			phrase[far.n] = '\0';
			r.phrase = phrase;
		}
		write_own_headers(c->a, false, false, &h);
		if (c->b)
			write_crossing(c, c->b, c->a, s->best, &h);
		r.to_tag = str_z(c->a->dialog.local_tag);
		r.headers = h.overflow ? STR_NONE : writer_result(&h);
		r.guard = &c->a->forbidden;
		c->status = r.status;
		leg_event(c->a, LEG_DO_REJECT, &(struct leg_arg){.reply = &r});
		return;
	}
	if (reject == REJECT_NONE)
		reject = s && s->best_reject ? s->best_reject : REJECT_TARGETS_DOWN;
	c->status = reject_status(reject);
	call_count(&c->calls->counters.rejects[reject], 1);
	leg_event(c->a, LEG_DO_REJECT, &(struct leg_arg){.reject = reject});
}
