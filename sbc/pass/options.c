/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "sbc/location/reach.h"
#include "sbc/pass/internal.h"
#include "sbc/pass/outward.h"
#include "sbc/sip/scan.h"

/* One request on its way: an incoming and an outgoing transaction. */
struct passing {
	struct list node;
	struct pass *pass;
	struct config *config;
	struct message *request;
	struct server_txn *in;
	struct client_txn *out;
	struct border_decision decision;
	struct targets targets;
	struct location_target phone; /* targets.phone: to a registered phone */
	enum reject_reason last;
	struct leak_set forbidden_out, forbidden_in;
	uint32_t cseq;
	char call_id[IDENT_LEN + 1], tag[IDENT_LEN + 1];
};

static void passing_free(struct passing *g)
{
	list_remove(&g->node);
	g->pass->n--;
	targets_stop(&g->targets);
	if (g->in)
		server_txn_detach(g->in);
	if (g->out)
		client_txn_detach(g->out);
	message_free(g->request);
	config_unref(g->config);
	free(g);
}

static void refuse(struct passing *g, enum reject_reason why)
{
	if (g->in)
		server_txn_reject(g->in, why);
	passing_free(g);
}

/* As the decision says: a route that denies may have a status and words of its own. */
static void deny(struct passing *g)
{
	const struct border_decision *d = &g->decision;
	char buf[256];
	struct writer w = writer_init(buf, sizeof(buf));

	if (!border_own_words(d)) {
		refuse(g, d->reject);
		return;
	}
	if (g->config->server_name)
		header_write(&w, STR("Server"), str_z(g->config->server_name));
	server_txn_reply(g->in,
			 &(struct reply){.status = d->status, .phrase = d->phrase, .headers = writer_result(&w)});
	passing_free(g);
}

/* Its phone cannot be reached: a status that the sender's proxy knows what to do with. */
static void gone(struct passing *g)
{
	struct border_decision *d = &g->decision;

	d->reject = REJECT_FLOW_GONE;
	d->status = location_gone_status(g->request, &d->phrase);
	deny(g);
}

static void next(struct passing *g);

/* ---- our own answer ---- */

static void answer(struct pass *p, struct server_txn *t)
{
	char buf[512];
	struct writer w = writer_init(buf, sizeof(buf));

	txn_write_allow(&w);
	writer_lit(&w, "Accept: application/sdp\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\n");
	if (p->config->server_name)
		header_write(&w, STR("Server"), str_z(p->config->server_name));
	server_txn_reply(t, &(struct reply){.status = 200, .headers = writer_result(&w)});
}

/* ---- the far side ---- */

static struct crossing crossing_back(struct passing *g)
{
	const struct flow_addr *f = &g->request->source;

	return (struct crossing){
		.config = g->config,
		.from_peer = g->targets.at.peer,
		.to_peer = g->decision.peer,
		.to_network = f->network,
		.local = transport_local(g->config, f->network, f->transport, addr_is_v6(&f->remote), &f->local),
	};
}

static void try_another(struct passing *g, enum reject_reason why)
{
	g->last = why;
	client_txn_detach(g->out);
	g->out = NULL;
	next(g);
}

static void out_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct passing *g = arg;
	char headers[HEADERS_MAX], phrase[PHRASE_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct crossing x = crossing_back(g);
	bool relayed = (m->status == 401 || m->status == 407) && headers_relay_auth(m, &x);
	int status = relayed ? m->status : status_across(m->status);

	if (m->status < 200)
		return;
	if (keyring_challenged(g->pass->keyring, outward_peer(g->config, &g->targets.at), &g->out, m, g->cseq + 1) ==
	    KEYRING_AGAIN) {
		g->cseq++;
		return;
	}
	targets_outcome(&g->targets, m->status, REJECT_NONE);
	if (m->status == 503) {
		try_another(g, REJECT_TARGETS_DOWN);
		return;
	}
	leak_set_add(&g->forbidden_in, m->to.tag);
	leak_set_add(&g->forbidden_in, m->contact.uri.host);
	txn_write_allow(&h);
	writer_lit(&h, "Accept: application/sdp\r\n");
	headers_cross(m, &x, &h);
	if (g->in)
		server_txn_reply(g->in, &(struct reply){
						.status = status,
						.phrase = phrase_across(m, status, phrase),
						.headers = h.overflow ? STR_NONE : writer_result(&h),
						.guard = &g->forbidden_in,
					});
	passing_free(g);
}

static void out_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct passing *g = arg;

	if (g->targets.phone) {
		location_flow_failed(g->pass->location, g->request->ruri.user, &g->phone.to);
		gone(g);
		return;
	}
	targets_outcome(&g->targets, 0, why);
	try_another(g, why);
}

static void out_terminated(void *arg, struct client_txn *t)
{
	struct passing *g = arg;

	g->out = NULL;
}

static const struct client_ops out_ops = {.response = out_response, .failed = out_failed, .terminated = out_terminated};

static void write_head(struct passing *g, struct outward *o)
{
	struct writer *h = &o->headers;
	char value[1024];
	struct writer v = writer_init(value, sizeof(value));

	headers_write_from(g->request, &o->x, g->decision.from_user, &v);
	writer_lit(h, "From: ");
	writer_str(h, writer_result(&v));
	writer_fmt(h, ";tag=%s\r\n", g->tag);
	v.n = 0;
	headers_write_to(g->request, &o->x, g->decision.to_user, &v);
	header_write(h, STR("To"), writer_result(&v));
	g->cseq = 1;
	writer_fmt(h, "Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nAccept: application/sdp\r\n", g->call_id);
}

static bool send_on(struct passing *g, int *ret_error)
{
	uint8_t slot = message_owner(g->pass->worker->key, g->request);
	struct outward o;

	outward_begin(&o, g->config, g->request, g->decision.peer, &g->targets.at, NULL);
	ident_mint(g->pass->worker->key, slot, g->call_id);
	ident_mint(g->pass->worker->key, slot, g->tag);
	if (g->targets.phone)
		writer_z(&o.ruri, g->phone.uri);
	else if (!headers_write_auth_ruri(g->request, &o.x, g->decision.ruri_user, &o.ruri))
		headers_write_ruri(g->request, &o.x, g->decision.ruri_user, &o.ruri);
	write_head(g, &o);
	headers_cross(g->request, &o.x, &o.headers);
	g->forbidden_out.auth_relay = g->forbidden_in.auth_relay = headers_relay_auth(g->request, &o.x);
	o.req.method = METHOD_OPTIONS;
	o.req.slot = slot;
	o.req.guard = &g->forbidden_out;
	o.req.ops = &out_ops;
	o.req.arg = g;
	g->out = outward_send(&o, g->pass->keyring, g->pass->worker->txn, ret_error);
	return g->out != NULL;
}

static void passed_over(void *arg, int peer, enum reject_reason why, const char *cause)
{
	struct passing *g = arg;

	g->last = why;
}

static void ready(void *arg)
{
	next(arg);
}

static const struct targets_user targets_user = {.passed_over = passed_over, .ready = ready};

static void next(struct passing *g)
{
	int err;

	for (;;) {
		switch (targets_next(&g->targets)) {
		case TARGETS_AT:
			if (send_on(g, &err))
				return;
			if (g->targets.phone && client_txn_reject_of(err) == REJECT_FLOW_GONE) {
				location_flow_failed(g->pass->location, g->request->ruri.user, &g->phone.to);
				gone(g);
				return;
			}
			g->last = REJECT_TARGETS_DOWN;
			break;
		case TARGETS_WAIT:
			return;
		case TARGETS_ECHO: /* after others that failed; asked first, it has answered */
		case TARGETS_END:
			refuse(g, g->last);
			return;
		}
	}
}

/* ---- the way in ---- */

static void in_terminated(void *arg, struct server_txn *t)
{
	struct passing *g = arg;

	g->in = NULL;
}

static const struct server_ops in_ops = {.terminated = in_terminated};

bool pass_options(void *arg, struct server_txn *t, const struct message *m)
{
	struct pass *p = arg;
	struct border_request r = border_request_of(p->config, m, (uint32_t)random_u64());
	struct passing *g;

	r.registered = border_phone_is_known(p->border, m->source.network, &m->source.remote);
	if (!m->ruri.user.n || m->max_forwards == 0) {
		answer(p, t);
		return true;
	}
	if (p->n == PASS_MAX) {
		server_txn_reject(t, REJECT_TRANSACTIONS);
		return false;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		server_txn_reject(t, REJECT_NO_MEMORY);
		return false;
	}
	g->pass = p;
	g->config = config_ref(p->config);
	g->request = message_ref(m);
	g->last = REJECT_TARGETS_DOWN;
	g->in = t;
	g->targets = (struct targets){.config = g->config,
				      .decision = &g->decision,
				      .state = p->border,
				      .resolver = p->worker->resolver,
				      .loop = p->worker->loop,
				      .user = &targets_user,
				      .arg = g};
	list_append(&p->requests, &g->node);
	p->n++;
	server_txn_own(t, &in_ops, g);
	if (!location_reach(p->location, g->config, &r, &g->decision, &g->phone))
		border_decide(g->config, &r, NULL, NULL, &g->decision);
	else if (g->decision.reject == REJECT_NONE)
		g->targets.phone = &g->phone.to;
	if (g->decision.reject != REJECT_NONE) {
		deny(g);
		return false;
	}
	if (g->decision.n_targets && g->decision.target[0] == CONFIG_TARGET_ECHO) {
		answer(p, t);
		passing_free(g);
		return true;
	}
	leak_set_add(&g->forbidden_out, g->request->call_id);
	leak_set_add(&g->forbidden_out, g->request->from.tag);
	leak_set_add(&g->forbidden_out, g->request->via.branch);
	leak_set_add(&g->forbidden_out, g->request->via.host);
	leak_set_add(&g->forbidden_out, g->request->contact.uri.host);
	next(g);
	return false;
}

void pass_options_end(struct pass *p)
{
	list_for_each_safe (n, &p->requests)
		passing_free(list_entry(n, struct passing, node));
}
