/* SPDX-License-Identifier: Apache-2.0 */
/* register: a phone's REGISTER from its arrival to the decision what becomes of it. */
#include "sbc/pass/register.h"

#include <errno.h>
#include <stdlib.h>

#include "sbc/border/login.h"
#include "sbc/pass/register_internal.h"

/* ---- a REGISTER for the core ---- */

/* It came by `auth: limen`, so its sender is who To says. */
static bool logged_in(const struct registrar *r, const struct message *m)
{
	return login_wanted(r->config, m, border_phone_is_known(r->border, m->source.network, &m->source.remote));
}

static struct registering *registering_new(struct registrar *r, struct server_txn *t, const struct message *m)
{
	struct registering *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->registrar = r;
	g->config = config_ref(r->config);
	g->logged_in = logged_in(r, m);
	g->request = message_ref(m);
	g->in = t;
	g->last = REJECT_REGISTRAR_SILENT;
	g->patience.fn = registering_silent;
	g->targets = (struct targets){.config = g->config,
				      .decision = &g->decision,
				      .state = r->border,
				      .resolver = r->worker->resolver,
				      .loop = r->worker->loop,
				      .user = &registering_targets_user,
				      .arg = g};
	list_append(&r->requests, &g->node);
	r->n++;
	location_count(r->location, pending, 1);
	server_txn_own(t, &registering_in_ops, g);
	return g;
}

/* A peer's REGISTER is relayed only where a route says so by name: a trunk that may call may not take over extensions.
 */
static enum reject_reason route(struct registering *g)
{
	struct border_request q = border_request_of(g->config, g->request, (uint32_t)random_u64());
	const struct border_decision *d = &g->decision;

	q.registered = border_phone_is_known(g->registrar->border, q.network, &q.source);
	border_decide(g->config, &q, NULL, NULL, &g->decision);
	if (d->reject == REJECT_NO_ROUTE)
		return REJECT_METHOD;
	if (d->reject != REJECT_NONE)
		return d->reject;
	if (d->peer != BORDER_NO_PEER && !g->config->routes[d->route].method)
		return REJECT_METHOD;
	return d->target[0] == CONFIG_TARGET_ECHO ? REJECT_METHOD : REJECT_NONE;
}

static void forbid(struct registering *g)
{
	const struct message *m = g->request;

	leak_set_add(&g->forbidden_out, m->call_id);
	leak_set_add(&g->forbidden_out, m->from.tag);
	leak_set_add(&g->forbidden_out, m->via.branch);
	leak_set_add(&g->forbidden_out, m->via.host);
	leak_set_add(&g->forbidden_out, m->contact.uri.host);
	leak_set_allow(&g->forbidden_in, m->contact.uri.host);
	g->forbidden_out.auth_relay = g->forbidden_in.auth_relay =
		registering_challenged(g, (int)g->decision.target[0]);
}

/* Call-ID and CSeq of ours go on from what the core has of one of these contacts (RFC 3261 §10.2.4). */
static void continue_dialogue(struct registering *g)
{
	const struct wish *w = &g->wish;
	struct location *l = g->registrar->location;
	struct location_aor *a = location_aor(l, w->network, w->aor);
	uint8_t slot = location_slot(l, w->aor);

	ident_mint(g->registrar->worker->key, slot, g->tag);
	ident_mint(g->registrar->worker->key, slot, g->call_id);
	g->cseq = 1;
	for (unsigned i = 0; i < w->n; i++) {
		const struct location_binding *b = location_match(a, &w->v[i].contact);

		if (!b) {
			location_alias(l, slot, w->network, w->aor, &w->v[i].contact, g->alias[i]);
			continue;
		}
		memcpy(g->alias[i], b->alias, sizeof(g->alias[i]));
		memcpy(g->call_id, b->core_call_id, sizeof(g->call_id));
		if (b->core_cseq >= g->cseq)
			g->cseq = b->core_cseq + 1;
	}
}

static void finish_refused(struct registering *g, enum reject_reason why)
{
	registrar_refuse(g->registrar, g->in, g->request, why);
	registering_free(g);
}

/* A route that denies may have a status and words of its own. */
static void deny(struct registering *g)
{
	const struct border_decision *d = &g->decision;
	struct registrar *r = g->registrar;

	r->worker->user->refused(r->worker->arg, &g->request->source, d->reject);
	registrar_tell_refused(r, g->request, d->reject, d->status);
	server_txn_reply(g->in, &(struct reply){.status = d->status, .phrase = d->phrase});
	registering_free(g);
}

/* ---- the way in ---- */

static bool brief(const struct registrar *r, const struct wish *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->v[i].expires_s && w->v[i].expires_s < r->config->registrations.expires_min)
			return true;
	return false;
}

bool wish_answered(struct registrar *r, struct server_txn *t, const struct wish *w, enum absorb why)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));

	if (!wish_absorb(r, w, why, &h))
		return false;
	server_txn_reply(t, &(struct reply){.status = 200, .headers = h.overflow ? STR_NONE : writer_result(&h)});
	return true;
}

/* The core has no room; what it gave before may last. */
static bool spare(struct registering *g)
{
	if (!wish_answered(g->registrar, g->in, &g->wish, ABSORB_NO_ROOM))
		return false;
	location_count(g->registrar->location, absorbed_late, 1);
	registering_free(g);
	return true;
}

static void relay(struct registrar *r, struct server_txn *t, const struct message *m, const struct wish *w)
{
	struct registering *g = registering_new(r, t, m);
	enum reject_reason why;

	if (!g) {
		registrar_refuse(r, t, m, REJECT_NO_MEMORY);
		return;
	}
	g->wish.flow = w->flow;
	wish_read(r->location, g->request, &g->wish); /* again: its slices are those of the message that we keep */
	why = route(g);
	if (border_own_words(&g->decision)) {
		deny(g);
		return;
	}
	if (why == REJECT_NONE)
		why = wish_check(r, w, registering_proven(g, (int)g->decision.target[0]));
	if (why == REJECT_NONE)
		why = registering_admit(g);
	if ((why == REJECT_REGISTER_PENDING || why == REJECT_REGISTER_RATE) && spare(g))
		return;
	if (why != REJECT_NONE) {
		finish_refused(g, why);
		return;
	}
	forbid(g);
	continue_dialogue(g);
	registering_next(g);
}

/* What registrar_glance() does for those who need not log in. */
static bool absorb(struct registrar *r, struct server_txn *t, const struct message *m, const struct wish *w)
{
	return logged_in(r, m) && wish_answered(r, t, w, ABSORB_REFRESH);
}

void registrar_request(struct registrar *r, struct server_txn *t, const struct message *m)
{
	struct wish w;
	enum reject_reason why;

	w.flow = destination_of_flow(&m->source);
	why = wish_read(r->location, m, &w);
	if (why == REJECT_NONE && brief(r, &w))
		why = REJECT_BRIEF;
	if (why == REJECT_NONE && absorb(r, t, m, &w))
		return;
	location_count(r->location, received, 1);
	if (why != REJECT_NONE)
		registrar_refuse(r, t, m, why);
	else
		relay(r, t, m, &w);
}

bool registrar_glance(struct registrar *r, const struct message *m)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct wish w;

	w.flow = destination_of_flow(&m->source);
	if (wish_read(r->location, m, &w) != REJECT_NONE || brief(r, &w) || !wish_absorb(r, &w, ABSORB_REFRESH, &h))
		return false;
	txn_layer_answer(r->worker->txn, m, &(struct reply){.status = 200, .headers = writer_result(&h)});
	return true;
}

/* ---- life ---- */

int registrar_create(struct worker *w, struct border_state *border, struct location *location, struct keyring *keyring,
		     struct registrar **ret)
{
	struct registrar *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->worker = w;
	r->border = border;
	r->location = location;
	r->keyring = keyring;
	r->config = config_ref(w->config);
	list_init(&r->requests);
	*ret = r;
	return 0;
}

void registrar_destroy(struct registrar *r)
{
	if (!r)
		return;
	list_for_each_safe (n, &r->requests)
		registering_free(list_entry(n, struct registering, node));
	config_unref(r->config);
	free(r);
}

void registrar_set_config(struct registrar *r, struct config *c)
{
	config_ref(c);
	config_unref(r->config);
	r->config = c;
}
