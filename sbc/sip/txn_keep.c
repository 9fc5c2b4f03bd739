/* SPDX-License-Identifier: Apache-2.0 */
/* txn_keep: the transaction of an INVITE for a process that comes after this one: as much of what was sent as it needs,
 * and a transaction from that. What is read goes into messages of ours, so it is parsed as if a peer had sent it. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/scan.h"
#include "sbc/sip/txn_internal.h"

static int parse(struct str text, const struct flow_addr *source, struct message **ret)
{
	struct message *m = NULL;
	enum reject_reason why = message_parse((const uint8_t *)text.p, text.n, source, &m);

	if (why == REJECT_NONE && m->method == METHOD_INVITE) {
		*ret = m;
		return 0;
	}
	message_free(m);
	return why == REJECT_NO_MEMORY ? -ENOMEM : -EBADMSG;
}

/* ---- server ---- */

struct str server_txn_keep(struct server_txn *s)
{
	struct reply ringing = {.status = 180};

	if (s->t.kind != TXN_INVITE_SERVER)
		return STR_NONE;
	if (!s->final_sent)
		return s->head ? txn_write_reply(s->t.layer, s->head, &ringing, str_z(s->tag)) : STR_NONE;
	return s->t.state == INVITE_SERVER_ACCEPTED && s->t.text ? (struct str){s->t.text, s->t.text_n} : STR_NONE;
}

static int fill_server(struct server_txn *s, const struct message *m, struct str text)
{
	char *copy;

	if (m->to.tag.n <= IDENT_LEN)
		memcpy(s->tag, m->to.tag.p, m->to.tag.n);
	if (m->status < 200) {
		s->head = txn_make_head(s->t.layer, m);
		return s->head ? 0 : -ENOMEM;
	}
	copy = txn_copy(text);
	if (!copy)
		return -ENOMEM;
	txn_set_text(&s->t, copy, text.n);
	s->final_sent = true;
	s->t.state = INVITE_SERVER_ACCEPTED;
	return 0;
}

static int new_server(struct txn_layer *l, const struct message *m, struct str text, struct server_txn **ret)
{
	struct server_txn *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	txn_init(&s->t, l, TXN_INVITE_SERVER, METHOD_INVITE, transport_reliable(m->source.transport));
	s->source = m->source;
	s->slot = message_owner(l->key, m);
	err = fill_server(s, m, text);
	if (err == 0)
		err = txn_insert(&s->t, txn_id_of_request(l, m));
	if (err < 0) {
		txn_destroy(&s->t);
		return err;
	}
	if (s->final_sent)
		txn_timers_accept_sent(&s->t);
	*ret = s;
	return 0;
}

int server_txn_restore(struct txn_layer *l, const struct flow_addr *source, struct str text, struct server_txn **ret)
{
	struct message *m;
	int err = parse(text, source, &m);

	if (err < 0)
		return err;
	/* the Via of a reply is that of its request */
	err = -EBADMSG;
	if (!m->request && m->status > 100 && m->status < 300 && m->to.tag.n &&
	    str_starts(m->via.branch, STR(IDENT_BRANCH_COOKIE)))
		err = new_server(l, m, text, ret);
	message_free(m);
	return err;
}

/* ---- client ---- */

struct str client_txn_keep(struct client_txn *c, struct client_kept *ret)
{
	if (c->t.kind != TXN_INVITE_CLIENT || c->t.state >= INVITE_CLIENT_COMPLETED || !c->t.text)
		return STR_NONE;
	ret->to = c->to;
	ret->provisional = c->t.state == INVITE_CLIENT_PROCEEDING || c->t.state == INVITE_CLIENT_CANCELLING;
	if (c->t.state == INVITE_CLIENT_CALLING || c->t.state == INVITE_CLIENT_WITHDRAWN)
		return (struct str){c->t.text, c->t.text_n};
	return txn_write_derived(c->t.layer, (struct str){c->t.text, c->t.text_n}, STR("INVITE"), STR_NONE);
}

/* Without a provisional it may not be cancelled yet. Then it is whole, with a Contact (RFC 3261 §8.1.1.8), and sent
 * again. */
static int new_client(struct txn_layer *l, const struct message *m, struct str text, const struct client_kept *k,
		      struct client_txn **ret)
{
	struct client_txn *c = calloc(1, sizeof(*c));
	char *copy = txn_copy(text);
	int err = -ENOMEM;

	if (!c || !copy)
		goto fail_block;
	txn_init(&c->t, l, TXN_INVITE_CLIENT, METHOD_INVITE, transport_reliable(k->to.transport));
	c->to = k->to;
	c->t.state = k->provisional ? INVITE_CLIENT_PROCEEDING : INVITE_CLIENT_WITHDRAWN;
	memcpy(c->branch, m->via.branch.p, TXN_BRANCH_LEN);
	txn_set_text(&c->t, copy, text.n);
	err = txn_insert(&c->t, txn_id_of_client(l, c->to.network, client_txn_branch(c), METHOD_INVITE));
	if (err < 0) {
		txn_destroy(&c->t);
		return err;
	}
	if (!k->provisional)
		txn_timers_invite_restored(&c->t, m->contact.uri.text.n > 0);
	*ret = c;
	return 0;

fail_block:
	free(copy);
	free(c);
	return err;
}

int client_txn_restore(struct txn_layer *l, struct str text, const struct client_kept *k, struct client_txn **ret)
{
	struct flow_addr source = {.network = k->to.network, .transport = k->to.transport, .remote = k->to.remote};
	struct message *m;
	int err = parse(text, &source, &m);

	if (err < 0)
		return err;
	err = -EBADMSG;
	if (m->request && m->n_via == 1 && m->via.branch.n == TXN_BRANCH_LEN)
		err = new_client(l, m, text, k, ret);
	message_free(m);
	return err;
}

void client_txn_own(struct client_txn *c, const struct client_ops *ops, void *arg, void *guard)
{
	c->ops = ops;
	c->arg = arg;
	c->guard = guard;
}
