/* SPDX-License-Identifier: Apache-2.0 */
/* txn_layer: the layer itself: its life, what is received and to which transaction it goes, and the replies that need
 * none. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

#define REFUSAL_HEADERS_BYTES 1024

int txn_layer_create(const struct txn_io *io, const struct txn_user *user, const struct ident_key *key,
		     struct txn_layer **ret)
{
	struct txn_layer *l = malloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	memset(l, 0, offsetof(struct txn_layer, scratch));
	l->io = *io;
	l->user = *user;
	l->key = key;
	l->pending_end = &l->pending;
	l->deferred.fn = txn_run_pending;
	random_bytes(&l->id_key, sizeof(l->id_key));
	random_bytes(&l->client_key, sizeof(l->client_key));
	random_bytes(&l->merge_key, sizeof(l->merge_key));
	random_bytes(&l->tag_key, sizeof(l->tag_key));
	*ret = l;
	return 0;
}

void txn_layer_destroy(struct txn_layer *l)
{
	if (!l)
		return;
	/* Terminated ones are in no map any more, only in this list. */
	for (struct txn *t = l->pending, *next; t; t = next) {
		next = t->next_pending;
		if (txn_terminated(t))
			txn_destroy(t);
	}
	hmap_for_each_safe (n, &l->by_id)
		txn_destroy(container_of(n, struct txn, node));
	list_remove(&l->deferred.node);
	hmap_finish(&l->by_id);
	hmap_finish(&l->merged);
	explicit_bzero(&l->id_key, sizeof(l->id_key));
	explicit_bzero(&l->client_key, sizeof(l->client_key));
	explicit_bzero(&l->merge_key, sizeof(l->merge_key));
	explicit_bzero(&l->tag_key, sizeof(l->tag_key));
	free(l);
}

void txn_layer_configure(struct txn_layer *l, struct config *c)
{
	l->config = c;
}

void txn_gauges(const struct txn_layer *l, struct txn_gauges *ret)
{
	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "nothing but counters");
	const uint64_t *from = (const uint64_t *)&l->counts;
	uint64_t *to = (uint64_t *)ret;

	for (size_t i = 0; i < sizeof(*ret) / sizeof(*to); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

uint64_t *txn_alive(struct txn_layer *l, enum txn_kind kind)
{
	switch (kind) {
	case TXN_INVITE_SERVER:
		return &l->counts.server_invite;
	case TXN_OTHER_SERVER:
		return &l->counts.server_other;
	case TXN_INVITE_CLIENT:
		return &l->counts.client_invite;
	case TXN_OTHER_CLIENT:
	case TXN_KINDS:
		break;
	}
	return &l->counts.client_other;
}

static uint64_t alive(const struct txn_layer *l)
{
	const struct txn_gauges *g = &l->counts;

	return g->server_invite + g->server_other + g->client_invite + g->client_other;
}

bool txn_full(const struct txn_layer *l)
{
	return alive(l) >= l->config->limits.transactions;
}

bool txn_layer_is_pressed(const struct txn_layer *l)
{
	return 2 * alive(l) >= l->config->limits.transactions;
}

bool txn_outgoing(struct txn_layer *l, void *guard, const struct destination *d, struct str text)
{
	if (!l->io.outgoing || l->io.outgoing(l->io.arg, guard, d, text))
		return true;
	txn_count(&l->counts.leak_blocked, 1);
	return false;
}

/* ---- replies without a transaction ---- */

bool txn_send_stateless(struct txn_layer *l, const struct message *m, const struct reply *r, struct str tag)
{
	struct destination d = destination_of_flow(&m->source);
	struct str text = txn_write_stateless(l, m, r, tag);

	d.flow_only = true;
	return text.n && txn_outgoing(l, r->guard, &d, text) && l->io.send(l->io.arg, &d, text.p, text.n, 0) >= 0;
}

void txn_layer_refuse(struct txn_layer *l, const struct message *m, enum reject_reason why)
{
	char headers[REFUSAL_HEADERS_BYTES], tag[17];
	struct writer w = writer_init(headers, sizeof(headers));
	struct reply r = {.status = reject_status(why), .phrase = reject_phrase(why)};

	if (!m->request || m->method == METHOD_ACK || !r.status) {
		; /* dropped */
	} else if (l->user.may_answer && !l->user.may_answer(l->user.arg, &m->source)) {
		why = REJECT_ANSWER_RATE;
	} else {
		txn_write_refusal_headers(l, why, m, &w);
		if (!w.overflow)
			r.headers = writer_result(&w);
		txn_stateless_tag(l, m, tag);
		txn_send_stateless(l, m, &r, str_z(tag));
	}
	if (l->user.refused)
		l->user.refused(l->user.arg, m, why);
}

bool txn_layer_answer(struct txn_layer *l, const struct message *m, const struct reply *r)
{
	char tag[17];

	txn_stateless_tag(l, m, tag);
	return txn_send_stateless(l, m, r, str_z(tag));
}

/* ---- what is received ---- */

/* A BYE that its sender repeats while it has no answer (RFC 3261 §17.1.2, timer E). */
static bool is_repeated_end(const struct message *m)
{
	return m->method == METHOD_BYE && m->to.tag.n && !transport_reliable(m->source.transport);
}

static void receive_new(struct txn_layer *l, const struct message *m, struct txn_id id)
{
	enum reject_reason why = l->user.judge ? l->user.judge(l->user.arg, m) : REJECT_NONE;
	uint64_t merge = 0;
	struct server_txn *s;

	if (why != REJECT_NONE) {
		txn_layer_refuse(l, m, why);
		return;
	}
	/* RFC 3261 §8.2.2.2: the same request by another way. Only requests without a To tag can be such. */
	if (!m->to.tag.n) {
		merge = txn_merge_hash(l, m);
		if (txn_is_merged(l, merge))
			why = REJECT_LOOP;
	}
	if (why == REJECT_NONE && txn_full(l)) {
		txn_count(&l->counts.limit_refused, 1);
		why = REJECT_TRANSACTIONS;
	}
	if (why == REJECT_NONE && server_txn_create(l, m, id, &s) < 0)
		why = REJECT_NO_MEMORY;
	if (why == REJECT_NONE && !m->to.tag.n && txn_insert_mergeable(s, merge) < 0) {
		txn_destroy(&s->t);
		why = REJECT_NO_MEMORY;
	}
	if (why == REJECT_NONE)
		server_txn_offer(s, m);
	else if (!is_repeated_end(m))
		txn_layer_refuse(l, m, why);
	else if (l->user.refused)
		/* a refusal would end the call for its sender alone, and we would never hear of it */
		l->user.refused(l->user.arg, m, why);
}

static bool glanced(struct txn_layer *l, const struct message *m)
{
	return l->user.glance && !m->to.tag.n && l->user.glance(l->user.arg, m);
}

static void receive_request(struct txn_layer *l, const struct message *m)
{
	struct txn_event e = {.m = m};
	enum reject_reason why;
	struct server_txn *s;
	struct txn_id id;

	if (glanced(l, m))
		return;
	why = message_judge(m);
	if (why != REJECT_NONE) {
		txn_layer_refuse(l, m, why);
		return;
	}
	id = txn_id_of_request(l, m);
	s = txn_find_server(l, id, m->method);
	if (!s) {
		receive_new(l, m, id);
		return;
	}
	txn_count(&l->counts.retransmissions_in, 1);
	txn_dispatch(&s->t,
		     s->t.kind == TXN_INVITE_SERVER ? (unsigned)INVITE_SERVER_EV_INVITE : OTHER_SERVER_EV_REQUEST, &e);
}

static bool is_ack_of_refusal(struct txn_layer *l, const struct message *m)
{
	char tag[17];

	if (m->to.tag.n != sizeof(tag) - 1)
		return false;
	txn_stateless_tag(l, m, tag);
	return str_eq(m->to.tag, str_z(tag));
}

static void receive_ack(struct txn_layer *l, const struct message *m)
{
	struct server_txn *s = txn_find_server(l, txn_id_of_request(l, m), METHOD_INVITE);
	struct txn_event e = {.m = m};

	if (s) {
		txn_dispatch(&s->t, INVITE_SERVER_EV_ACK, &e);
	} else if (!is_ack_of_refusal(l, m)) {
		txn_count(&l->counts.stray_acks, 1);
		if (l->user.ack)
			l->user.ack(l->user.arg, m);
	}
}

/* RFC 3261 §9.2. CANCEL is answered at once and always alike, so it needs no transaction of its own: a retransmitted
 * one finds the request again. Its To tag is the one of the request's replies. */
static void receive_cancel(struct txn_layer *l, const struct message *m)
{
	struct server_txn *s = txn_find_cancelled(l, txn_id_of_request(l, m));
	struct reply ok = {.status = 200};
	struct txn_event e = {.m = m};

	if (!s) {
		txn_layer_refuse(l, m, REJECT_NO_DIALOG);
		return;
	}
	if (!s->tag[0])
		ident_mint(l->key, s->slot, s->tag);
	txn_send_stateless(l, m, &ok, str_z(s->tag));
	if (s->t.kind == TXN_INVITE_SERVER)
		txn_dispatch(&s->t, INVITE_SERVER_EV_CANCEL, &e);
}

static unsigned response_event(const struct txn *t, int status)
{
	if (t->kind == TXN_OTHER_CLIENT)
		return status < 200 ? OTHER_CLIENT_EV_RESPONSE_1XX : OTHER_CLIENT_EV_RESPONSE_FINAL;
	if (status < 200)
		return INVITE_CLIENT_EV_RESPONSE_1XX;
	return status < 300 ? INVITE_CLIENT_EV_RESPONSE_2XX : INVITE_CLIENT_EV_RESPONSE_3XX_6XX;
}

static void receive_response(struct txn_layer *l, const struct message *m)
{
	struct txn_event e = {.m = m};
	struct client_txn *c = NULL;

	/* RFC 3261 §8.1.3.3: we put one Via on, so there is one. */
	if (m->n_via == 1 && m->via.branch.n == TXN_BRANCH_LEN)
		c = txn_find_client(l, m->source.network, m->via.branch, m->method);
	if (c) {
		txn_dispatch(&c->t, response_event(&c->t, m->status), &e);
		return;
	}
	txn_count(&l->counts.stray_responses, 1);
	if (l->user.stray_response)
		l->user.stray_response(l->user.arg, m);
}

void txn_layer_receive(struct txn_layer *l, const struct message *m)
{
	if (!m->request)
		receive_response(l, m);
	else if (m->method == METHOD_ACK)
		receive_ack(l, m);
	else if (m->method == METHOD_CANCEL)
		receive_cancel(l, m);
	else
		receive_request(l, m);
}

void txn_layer_send_failed(struct txn_layer *l, uint64_t cookie, int error)
{
	struct txn *t = txn_find_cookie(l, cookie);

	if (t)
		txn_post_send_failed(t, error);
}

bool txn_layer_unreachable(struct txn_layer *l, unsigned network, const struct addr *to, struct str branch,
			   enum method method, int error)
{
	struct client_txn *c = txn_find_client(l, network, branch, method);

	if (!c || c->t.reliable || !addr_equal(&c->to.remote, to))
		return false;
	txn_post_send_failed(&c->t, error);
	return true;
}
