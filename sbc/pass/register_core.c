/* SPDX-License-Identifier: Apache-2.0 */
/* register_core: a REGISTER towards the core and what the registrar says to it. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/pass/outward.h"
#include "sbc/pass/register_internal.h"

/* What the core was asked in vain it may have heard: by a CSeq that it knows it would refuse what comes next. */
static void keep_order(const struct registering *g)
{
	const struct wish *w = &g->wish;
	struct location_aor *a = location_aor(g->registrar->location, w->network, w->aor);
	struct location_binding *b;

	for (unsigned i = 0; a && g->cseq && i < w->n; i++) {
		b = location_match(a, &w->v[i].contact);
		if (b)
			location_asked(b, g->call_id, g->cseq - 1);
	}
}

void registering_free(struct registering *g)
{
	keep_order(g);
	list_remove(&g->node);
	g->registrar->n--;
	location_count(g->registrar->location, pending, -1);
	targets_stop(&g->targets);
	loop_timer_stop(g->registrar->worker->loop, &g->patience);
	if (g->in)
		server_txn_detach(g->in);
	if (g->out)
		client_txn_detach(g->out);
	message_free(g->request);
	config_unref(g->config);
	free(g);
}

/* The core has failed, but its time may last: then the phone keeps what it has, and asks again before long. */
static bool outlasts(struct registering *g)
{
	struct registrar *r = g->registrar;

	if (!g->in || !wish_answered(r, g->in, &g->wish, ABSORB_CORE_FAILED))
		return false;
	location_count(r->location, absorbed_failed, 1);
	registering_free(g);
	return true;
}

static void refuse(struct registering *g, enum reject_reason why)
{
	if (g->in)
		registrar_refuse(g->registrar, g->in, g->request, why);
	registering_free(g);
}

bool registering_challenged(const struct registering *g, int peer)
{
	struct crossing x = {.config = g->config,
			     .from_peer = g->decision.peer,
			     .to_peer = peer,
			     .to_network = g->config->peers[peer].network};

	return headers_relay_auth(g->request, &x);
}

bool registering_proven(const struct registering *g, int peer)
{
	return g->logged_in || registering_challenged(g, peer);
}

/* ---- what the core is asked ---- */

static unsigned core_seconds(const struct registering *g, const struct wished *c)
{
	unsigned s = c->expires_s;

	if (!s)
		return 0;
	if (s < g->config->registrations.expires_core)
		s = g->config->registrations.expires_core;
	return s > g->min_expires_s ? s : g->min_expires_s;
}

static void write_alias(struct writer *h, const struct registering *g, const struct crossing *x, const char *alias,
			struct str q, unsigned expires_s)
{
	writer_lit(h, "Contact: <sip:");
	writer_z(h, alias);
	writer_char(h, '@');
	addr_write(h, &x->local);
	if (g->targets.at.to.transport == CONFIG_TCP)
		writer_lit(h, ";transport=tcp");
	writer_lit(h, ">;expires=");
	writer_u64(h, expires_s);
	if (q.n && q.n <= 5) {
		writer_lit(h, ";q=");
		writer_str(h, q);
	}
	writer_lit(h, "\r\n");
}

/* "*" is for who has shown the core who he is; otherwise it means what this source has registered. */
static void write_star(struct writer *h, const struct registering *g, const struct crossing *x, bool challenged)
{
	const struct wish *w = &g->wish;
	struct location_aor *a = location_aor(g->registrar->location, w->network, w->aor);

	if (challenged) {
		writer_lit(h, "Contact: *\r\n");
		return;
	}
	for (const struct location_binding *b = location_first(a); b; b = location_next(a, b))
		if (may_touch(b, w))
			write_alias(h, g, x, b->alias, STR_NONE, 0);
}

static bool wished(const struct registering *g, const char *alias)
{
	for (unsigned i = 0; i < g->wish.n; i++)
		if (str_eq(str_z(g->alias[i]), str_z(alias)))
			return true;
	return false;
}

/* Contacts that their phone has let run out are taken off the core's list along with the next REGISTER of their AoR. */
static void write_expired(struct writer *h, const struct registering *g, const struct crossing *x)
{
	const struct wish *w = &g->wish;
	struct location_aor *a = location_aor(g->registrar->location, w->network, w->aor);

	for (const struct location_binding *b = location_first(a); b; b = location_next(a, b))
		if (b->state == LOCATION_EXPIRED && !wished(g, b->alias))
			write_alias(h, g, x, b->alias, STR_NONE, 0);
}

static void write_contacts(struct writer *h, const struct registering *g, const struct crossing *x)
{
	const struct wish *w = &g->wish;

	if (w->star) {
		write_star(h, g, x, registering_proven(g, g->targets.at.peer));
		return;
	}
	for (unsigned i = 0; i < w->n; i++)
		write_alias(h, g, x, g->alias[i], w->v[i].q, core_seconds(g, &w->v[i]));
	if (w->n)
		write_expired(h, g, x);
}

/* RFC 3261 §10.2: From and To are the AoR, whose host is the registrar's domain; a third party stays one. */
static void write_parties(struct writer *h, const struct registering *g, const struct crossing *x)
{
	const struct message *m = g->request;
	char value[1024];
	struct writer v = writer_init(value, sizeof(value));
	bool self = str_eq(m->from.uri.user, m->to.uri.user) && str_eq_nocase(m->from.uri.host, m->to.uri.host);

	headers_write_to(m, x, g->decision.to_user, &v);
	header_write(h, STR("To"), writer_result(&v));
	if (!self) {
		v.n = 0;
		headers_write_from(m, x, g->decision.from_user, &v);
	}
	writer_lit(h, "From: ");
	writer_str(h, writer_result(&v));
	writer_fmt(h, ";tag=%s\r\n", g->tag);
}

/* What may cross, save what is written here: Expires would be the phone's. */
static void write_crossing(struct writer *h, const struct message *m, const struct crossing *x)
{
	char buf[HEADERS_MAX];
	struct writer all = writer_init(buf, sizeof(buf));
	struct str rest, line;

	headers_cross(m, x, &all);
	rest = writer_result(&all);
	while (!all.overflow && rest.n) {
		line = str_cut(&rest, '\n');
		if (str_starts_nocase(line, STR("Expires:")) || str_starts_nocase(line, STR("Date:")))
			continue;
		writer_str(h, line);
		writer_char(h, '\n');
	}
}

static void write_headers(struct registering *g, struct outward *o)
{
	struct writer *h = &o->headers;

	write_parties(h, g, &o->x);
	writer_fmt(h, "Call-ID: %s\r\nCSeq: %u REGISTER\r\n", g->call_id, g->cseq++);
	write_contacts(h, g, &o->x);
	if (g->wish.star)
		writer_lit(h, "Expires: 0\r\n");
	/* RFC 3327 §5.1, §5.2: the way back to this contact, should it be asked for elsewhere */
	writer_lit(h, "Supported: path\r\nPath: <sip:");
	addr_write(h, &o->x.local);
	writer_z(h, g->targets.at.to.transport == CONFIG_TCP ? ";transport=tcp;lr>\r\n" : ";lr>\r\n");
	write_crossing(h, g->request, &o->x);
}

/* ---- sending ---- */

static void core_response(void *arg, struct client_txn *t, const struct message *m);
static void core_failed(void *arg, struct client_txn *t, enum reject_reason why);

static void core_terminated(void *arg, struct client_txn *t)
{
	struct registering *g = arg;

	g->out = NULL;
}

static const struct client_ops core_ops = {
	.response = core_response, .failed = core_failed, .terminated = core_terminated};

static bool send_on(struct registering *g)
{
	const struct config_peer *p = &g->config->peers[g->targets.at.peer];
	struct outward o;
	int err;

	/* the registrar's domain, where it has one */
	outward_begin(&o, g->config, g->request, g->decision.peer, &g->targets.at, p->domain);
	if (!headers_write_auth_ruri(g->request, &o.x, STR_NONE, &o.ruri)) {
		writer_lit(&o.ruri, "sip:");
		writer_str(&o.ruri, o.x.target_host);
	}
	write_headers(g, &o);
	o.req.method = METHOD_REGISTER;
	o.req.slot = location_slot(g->registrar->location, g->wish.aor);
	o.req.guard = &g->forbidden_out;
	o.req.ops = &core_ops;
	o.req.arg = g;
	g->out = outward_send(&o, g->registrar->keyring, g->registrar->worker->txn, &err);
	if (!g->out)
		return false;
	/* timer F is as long as the phone's own: it would never hear of the next target */
	loop_timer(g->registrar->worker->loop, &g->patience, p->try_ms);
	location_count(g->registrar->location, relayed, 1);
	return true;
}

void registering_next(struct registering *g)
{
	for (;;) {
		switch (targets_next(&g->targets)) {
		case TARGETS_AT:
			if (send_on(g))
				return;
			break;
		case TARGETS_WAIT:
			return;
		case TARGETS_ECHO:
		case TARGETS_END:
			if (!outlasts(g))
				refuse(g, g->last);
			return;
		}
	}
}

static void passed_over(void *arg, int peer, enum reject_reason why, const char *cause)
{
}

static void ready(void *arg)
{
	registering_next(arg);
}

const struct targets_user registering_targets_user = {.passed_over = passed_over, .ready = ready};

static void in_terminated(void *arg, struct server_txn *t)
{
	struct registering *g = arg;

	g->in = NULL;
}

const struct server_ops registering_in_ops = {.terminated = in_terminated};

/* ---- what the registrar says ---- */

static void try_another(struct registering *g)
{
	loop_timer_stop(g->registrar->worker->loop, &g->patience);
	client_txn_detach(g->out);
	g->out = NULL;
	registering_next(g);
}

void registering_silent(struct wheel_timer *t)
{
	struct registering *g = container_of(t, struct registering, patience);

	targets_outcome(&g->targets, 0, REJECT_TIMEOUT);
	try_another(g);
}

static void core_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct registering *g = arg;

	targets_outcome(&g->targets, 0, why);
	try_another(g);
}

/* What the registrar gave to this alias (RFC 3261 §10.2.4): its own expires, else Expires, else what was asked; 0: it
 * is not among what it has. */
static unsigned granted(const struct message *m, const char *alias, unsigned asked_s)
{
	unsigned otherwise_s, others = 0;
	struct str line, item, v;
	struct name_addr a;

	otherwise_s = message_header(m, STR("Expires"), 0, &v) ? expires_read(v) : asked_s;
	for (unsigned nth = 0; message_header(m, STR("Contact"), nth, &line); nth++)
		while (list_next(&line, &item)) {
			if (name_addr_parse(item, &a) && str_eq(a.uri.user, str_z(alias)))
				return params_get(a.params, STR("expires"), &v) ? expires_read(v) : otherwise_s;
			others++;
		}
	/* contacts, and ours is not among them */
	return others ? 0 : otherwise_s;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void drop(struct location *l, struct location_binding *b)
{
	location_count(l, bindings_removed, 1);
	location_drop(b);
}

static int take_one(struct registering *g, const struct message *m, unsigned i)
{
	struct location *l = g->registrar->location;
	const struct wish *w = &g->wish;
	const struct wished *c = &w->v[i];
	struct location_binding *b = location_match(location_aor(l, w->network, w->aor), &c->contact), *old = b;
	int err;
	unsigned core_s = c->expires_s ? granted(m, g->alias[i], core_seconds(g, c)) : 0;
	unsigned phone_s = least(c->expires_s, core_s);

	if (g->config->networks[w->network].nat)
		phone_s = least(phone_s, g->config->registrations.expires_phone);
	if (!phone_s) {
		if (b)
			drop(l, b);
		return 0;
	}
	err = location_put(l,
			   &(struct location_update){.network = w->network,
						     .aor = w->aor,
						     .contact = &c->contact,
						     .alias = g->alias[i],
						     .core_call_id = g->call_id,
						     .flow = w->flow,
						     .agent = w->agent,
						     .phone_call_id = w->call_id,
						     .phone_cseq = w->cseq,
						     .core_cseq = g->cseq - 1,
						     .phone_s = phone_s,
						     .core_s = core_s},
			   &b);
	if (err == 0 && !old)
		border_contact_made(g->registrar->border, g->config->registrations.new_contacts, w->network, w->aor,
				    location_now_ms(l));
	return err;
}

/* Those that the core was told to forget: all of "*", and what had run out. */
static void take_removed(struct registering *g, bool challenged)
{
	struct location *l = g->registrar->location;
	const struct wish *w = &g->wish;
	struct location_aor *a = location_aor(l, w->network, w->aor);
	struct location_binding *b, *next;

	for (b = location_first(a); b; b = next) {
		next = location_next(a, b);
		if (w->star ? challenged || may_touch(b, w) : w->n && b->state == LOCATION_EXPIRED)
			drop(l, b);
	}
}

/* Was a live contact of another source asked for by someone whom nobody asked who he is? Checked again: it may have
 * come while the core thought. */
static bool foreign(const struct registering *g, bool challenged)
{
	const struct wish *w = &g->wish;
	struct location_aor *a = location_aor(g->registrar->location, w->network, w->aor);

	if (challenged && w->credentials)
		return false;
	for (unsigned i = 0; i < w->n; i++) {
		const struct location_binding *b = location_match(a, &w->v[i].contact);

		if (b && !may_touch(b, w))
			return true;
	}
	return false;
}

static void accepted(struct registering *g, const struct message *m)
{
	struct registrar *r = g->registrar;
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	bool challenged = registering_proven(g, g->targets.at.peer);
	enum reject_reason why = foreign(g, challenged) ? REJECT_FOREIGN_CONTACT : wish_room(r, &g->wish);
	int err = 0;

	location_count(r->location, accepted, 1);
	if (why != REJECT_NONE) {
		refuse(g, why);
		return;
	}
	take_removed(g, challenged && g->wish.credentials);
	for (unsigned i = 0; i < g->wish.n && err == 0; i++)
		err = take_one(g, m, i);
	if (err < 0) {
		/* another worker may have taken the last room */
		refuse(g, err == -ENOSPC ? REJECT_REGISTRATIONS : REJECT_NO_MEMORY);
		return;
	}
	wish_write_answer(r, &g->wish, &h);
	if (g->in)
		server_txn_reply(g->in, &(struct reply){.status = 200,
							.headers = h.overflow ? STR_NONE : writer_result(&h),
							.guard = &g->forbidden_in});
	registering_free(g);
}

/* 423: what we asked for is less than the core gives. Asked once more; a second time the phone hears of it. */
static bool ask_for_longer(struct registering *g, const struct message *m)
{
	struct client_txn *old = g->out;
	struct str v;
	unsigned s;

	if (g->min_expires_s || !message_header(m, STR("Min-Expires"), 0, &v))
		return false;
	s = expires_read(v);
	if (!s || s >= WISH_EXPIRES_MAX)
		return false;
	g->min_expires_s = s;
	if (!send_on(g)) {
		g->out = old;
		return false;
	}
	client_txn_detach(old);
	return true;
}

static void refused(struct registering *g, const struct message *m)
{
	const struct config *c = g->config;
	const struct flow_addr *f = &g->request->source;
	bool challenge = m->status == 401 || m->status == 407;
	bool cross = challenge && registering_challenged(g, g->targets.at.peer);
	int status = cross ? m->status : status_across(m->status);
	char headers[HEADERS_MAX], phrase[PHRASE_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct destination back = g->wish.flow;
	struct crossing x = {
		.config = c,
		.from_peer = g->targets.at.peer,
		.to_peer = g->decision.peer,
		.to_network = f->network,
		.local = transport_local(c, f->network, back.transport, addr_is_v6(&f->remote), &back.local),
	};
	struct str v;

	if (challenge)
		location_count(g->registrar->location, challenged, 1);
	else
		location_count(g->registrar->location, refused, 1);
	leak_set_add(&g->forbidden_in, m->to.tag);
	if (m->status == 423 && message_header(m, STR("Min-Expires"), 0, &v))
		writer_fmt(&h, "Min-Expires: %u\r\n", expires_read(v));
	write_crossing(&h, m, &x);
	if (g->in)
		server_txn_reply(g->in, &(struct reply){
						.status = status,
						.phrase = phrase_across(m, status, phrase),
						.headers = h.overflow ? STR_NONE : writer_result(&h),
						.guard = &g->forbidden_in,
					});
	registering_free(g);
}

/* The core asks us, not the phone: with our credentials for it the REGISTER goes once more. */
static bool answered_for(struct registering *g, const struct message *m)
{
	const struct config_peer *p = &g->config->peers[g->targets.at.peer];

	if (keyring_challenged(g->registrar->keyring, p, &g->out, m, g->cseq) != KEYRING_AGAIN)
		return false;
	g->cseq++;
	loop_timer(g->registrar->worker->loop, &g->patience, p->try_ms);
	return true;
}

static void core_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct registering *g = arg;

	if (m->status < 200 || answered_for(g, m))
		return;
	targets_outcome(&g->targets, m->status, REJECT_NONE);
	if (m->status < 300)
		accepted(g, m);
	else if (m->status == 503 || m->status == 504 || m->status == 408)
		try_another(g);
	else if (m->status >= 500 && m->status < 600 && outlasts(g))
		return;
	else if (m->status != 423 || !ask_for_longer(g, m))
		refused(g, m);
}
