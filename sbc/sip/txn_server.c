/* SPDX-License-Identifier: Apache-2.0 */
/* txn_server: what the user does with a server transaction of either kind. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/scan.h"
#include "sbc/sip/txn_internal.h"

#define REFUSAL_HEADERS_BYTES 1024

int server_txn_create(struct txn_layer *l, const struct message *m, struct txn_id id, struct server_txn **ret)
{
	bool invite = m->method == METHOD_INVITE;
	struct server_txn *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	txn_init(&s->t, l, invite ? TXN_INVITE_SERVER : TXN_OTHER_SERVER, m->method,
		 transport_reliable(m->source.transport));
	s->source = m->source;
	s->slot = message_owner(l->key, m);
	s->head = txn_make_head(l, m);
	if (!s->head || txn_insert(&s->t, id) < 0) {
		txn_destroy(&s->t);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

static bool is_invite(const struct server_txn *s)
{
	return s->t.kind == TXN_INVITE_SERVER;
}

static bool is_over(const struct server_txn *s)
{
	return s->final_sent || txn_terminated(&s->t);
}

void server_txn_offer(struct server_txn *s, const struct message *m)
{
	struct txn_layer *l = s->t.layer;

	s->request = m;
	l->user.request(l->user.arg, s, m);
	s->request = NULL;
	if (is_over(s))
		return;
	if (!s->owned)
		server_txn_give_500(s);
	else if (!is_invite(s))
		txn_timers_request_received(&s->t);
	else if (!s->t.text)
		server_txn_send_trying(s, m);
}

void server_txn_own(struct server_txn *s, const struct server_ops *ops, void *arg)
{
	s->ops = ops;
	s->arg = arg;
	s->owned = true;
}

void server_txn_detach(struct server_txn *s)
{
	s->ops = NULL;
	s->owned = false;
	/* While request() runs, what follows it sees to the answer. */
	if (!is_over(s) && !s->request)
		server_txn_give_500(s);
}

void server_txn_say_failed(struct server_txn *s, int error)
{
	if (s->ops && s->ops->failed)
		s->ops->failed(s->arg, s, error);
}

/* ---- replies ---- */

static void drop(struct server_txn *s)
{
	struct txn_event e = {0};

	txn_dispatch(&s->t, is_invite(s) ? (unsigned)INVITE_SERVER_EV_DROP : OTHER_SERVER_EV_DROP, &e);
}

static unsigned reply_event(const struct server_txn *s, int status)
{
	if (!is_invite(s))
		return OTHER_SERVER_EV_REPLY_FINAL;
	if (status < 200)
		return INVITE_SERVER_EV_REPLY_1XX;
	return status < 300 ? INVITE_SERVER_EV_REPLY_2XX : INVITE_SERVER_EV_REPLY_3XX_6XX;
}

/* The tag of this reply; the first that is used is remembered for replies that name none. */
static struct str choose_tag(struct server_txn *s, const struct reply *r)
{
	if (r->to_tag.n) {
		if (!s->tag[0] && r->to_tag.n <= IDENT_LEN)
			memcpy(s->tag, r->to_tag.p, r->to_tag.n);
		return r->to_tag;
	}
	if (r->status == 100 || s->head->to_tagged)
		return STR_NONE;
	if (!s->tag[0])
		ident_mint(s->t.layer->key, s->slot, s->tag);
	return str_z(s->tag);
}

/* Copies what was written into the transaction's own block and lets the machine send it. */
static int hand_over(struct server_txn *s, int status, struct str text)
{
	struct txn_event e = {.text = txn_copy(text), .text_n = text.n};

	if (!e.text)
		return -ENOMEM;
	if (status >= 200)
		s->final_sent = true;
	txn_dispatch(&s->t, reply_event(s, status), &e);
	free(e.text);
	return 0;
}

static int blocked(struct server_txn *s, const struct reply *r)
{
	struct reply bare = {.status = reject_status(REJECT_LEAK), .phrase = reject_phrase(REJECT_LEAK)};
	struct str text;

	if (r->status < 200)
		return -EPERM;
	text = txn_write_reply(s->t.layer, s->head, &bare, choose_tag(s, &bare));
	if (text.n)
		hand_over(s, bare.status, text);
	return -EPERM;
}

int server_txn_reply(struct server_txn *s, const struct reply *r)
{
	struct destination d = txn_destination(&s->t);
	struct str text;

	if (is_over(s))
		return -EALREADY;
	if (r->status < 100 || r->status > 699 || (r->status < 200 && !is_invite(s)))
		return -EINVAL;
	/* RFC 4320 §4.2: who asks gave up when we did; a 408 only adds to the load. */
	if (r->status == 408 && !is_invite(s)) {
		drop(s);
		return 0;
	}
	text = txn_write_reply(s->t.layer, s->head, r, choose_tag(s, r));
	if (!text.n)
		return -EMSGSIZE;
	if (!txn_outgoing(s->t.layer, r->guard, &d, text))
		return blocked(s, r);
	return hand_over(s, r->status, text);
}

int server_txn_reject_with(struct server_txn *s, enum reject_reason why, struct str headers)
{
	char buf[REFUSAL_HEADERS_BYTES];
	struct writer w = writer_init(buf, sizeof(buf));
	struct reply r = {.status = reject_status(why), .phrase = reject_phrase(why)};

	if (is_over(s))
		return -EALREADY;
	if (!r.status) {
		drop(s);
		return 0;
	}
	txn_write_refusal_headers(s->t.layer, why, s->request, &w);
	writer_str(&w, headers);
	if (!w.overflow)
		r.headers = writer_result(&w);
	return server_txn_reply(s, &r);
}

int server_txn_reject(struct server_txn *s, enum reject_reason why)
{
	return server_txn_reject_with(s, why, STR_NONE);
}

/* For a request that nobody answers. Without memory for a reply it is sent once, and the transaction ends. */
void server_txn_give_500(struct server_txn *s)
{
	struct reply r = {.status = 500};
	struct str text;

	if (server_txn_reply(s, &r) == 0 || is_over(s))
		return;
	text = txn_write_reply(s->t.layer, s->head, &r, choose_tag(s, &r));
	if (text.n)
		txn_send_now(&s->t, text);
	drop(s);
}

void server_txn_send_trying(struct server_txn *s, const struct message *m)
{
	struct txn_layer *l = s->t.layer;
	struct destination d = txn_destination(&s->t);
	struct reply r = {.status = 100};
	char buf[128];
	struct writer w = writer_init(buf, sizeof(buf));
	struct str value, text;

	/* RFC 3261 §8.2.6.1; left out when the 100 is sent again. */
	if (m && message_header(m, STR("Timestamp"), 0, &value)) {
		header_write(&w, STR("Timestamp"), value);
		if (!w.overflow)
			r.headers = writer_result(&w);
	}
	text = txn_write_reply(l, s->head, &r, STR_NONE);
	if (text.n && (!m || txn_outgoing(l, NULL, &d, text)))
		txn_send(&s->t, text, m != NULL);
}

int server_txn_resend(struct server_txn *s)
{
	struct txn_event e = {0};

	if (!s->t.text || txn_terminated(&s->t))
		return -ENOENT;
	txn_dispatch(&s->t, is_invite(s) ? (unsigned)INVITE_SERVER_EV_RESEND : OTHER_SERVER_EV_RESEND, &e);
	return 0;
}

bool server_txn_final_sent(const struct server_txn *s)
{
	return s->final_sent;
}

uint8_t server_txn_slot(const struct server_txn *s)
{
	return s->slot;
}

const struct flow_addr *server_txn_source(const struct server_txn *s)
{
	return &s->source;
}
