/* SPDX-License-Identifier: Apache-2.0 */
/* txn_client: what the user does with a client transaction of either kind, and requests outside of any. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

static void mint_branch(struct txn_layer *l, uint8_t slot, char branch[TXN_BRANCH_LEN + 1])
{
	memcpy(branch, IDENT_BRANCH_COOKIE, sizeof(IDENT_BRANCH_COOKIE) - 1);
	ident_mint(l->key, slot, branch + sizeof(IDENT_BRANCH_COOKIE) - 1);
}

/* Writes the request and has it looked at. 0 or -errno; *ret_text is in the scratch buffer. */
static int compose(struct txn_layer *l, const struct client_request *r, const char *branch, struct str *ret_text)
{
	struct str text = txn_write_request(l, r, branch);

	if (!text.n)
		return -EMSGSIZE;
	if (r->max_udp_bytes && text.n > r->max_udp_bytes && !transport_reliable(r->to.transport))
		return -EMSGSIZE;
	if (!txn_outgoing(l, r->guard, &r->to, text))
		return -EPERM;
	*ret_text = text;
	return 0;
}

/* Keeps text, sends it. 0, or -errno with nothing left behind but the caller's c. */
static int launch(struct client_txn *c, struct str text)
{
	struct str branch = client_txn_branch(c);
	char *copy = txn_copy(text);
	int err;

	if (!copy)
		return -ENOMEM;
	txn_set_text(&c->t, copy, text.n);
	err = txn_insert(&c->t, txn_id_of_client(c->t.layer, c->to.network, branch, (enum method)c->t.method));
	if (err < 0)
		return err;
	return txn_send_now(&c->t, (struct str){copy, text.n});
}

static struct client_txn *client_new(struct txn_layer *l, enum method method, const struct destination *to)
{
	struct client_txn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	txn_init(&c->t, l, method == METHOD_INVITE ? TXN_INVITE_CLIENT : TXN_OTHER_CLIENT, method,
		 transport_reliable(to->transport));
	c->to = *to;
	return c;
}

static int start(struct txn_layer *l, const struct client_request *r, struct client_txn **ret)
{
	struct client_txn *c;
	struct str text;
	int err;

	if (txn_full(l)) {
		txn_count(&l->counts.limit_refused, 1);
		return -ENOSPC;
	}
	c = client_new(l, r->method, &r->to);
	if (!c)
		return -ENOMEM;
	c->ops = r->ops;
	c->arg = r->arg;
	c->guard = r->guard;
	c->try_ms = r->try_ms;
	mint_branch(l, r->slot, c->branch);
	err = compose(l, r, c->branch, &text);
	if (err >= 0)
		err = launch(c, text);
	if (err < 0) {
		txn_destroy(&c->t);
		return err;
	}
	if (r->method == METHOD_INVITE)
		txn_timers_invite_sent(&c->t, r->try_ms);
	else
		txn_timers_request_sent(&c->t);
	*ret = c;
	return 0;
}

struct client_txn *client_txn_start(struct txn_layer *l, const struct client_request *r, int *ret_error)
{
	struct client_txn *c;
	int err = start(l, r, &c);

	if (err < 0) {
		*ret_error = err;
		return NULL;
	}
	return c;
}

/* RFC 3261 §9.1: the INVITE's branch, and its destination. */
void client_txn_launch_cancel(struct client_txn *invite)
{
	struct txn_layer *l = invite->t.layer;
	struct str text = txn_write_cancel(l, (struct str){invite->t.text, invite->t.text_n});
	struct client_txn *c;

	if (!text.n || !txn_outgoing(l, invite->guard, &invite->to, text))
		return;
	/* It is one more for each INVITE at most, so the limit does not count here. */
	c = client_new(l, METHOD_CANCEL, &invite->to);
	if (!c) {
		l->io.send(l->io.arg, &invite->to, text.p, text.n, 0);
		return;
	}
	memcpy(c->branch, invite->branch, sizeof(c->branch));
	if (launch(c, text) < 0) {
		/* The text is still in the scratch buffer. Timer CANCEL ends what this did not. */
		l->io.send(l->io.arg, &invite->to, text.p, text.n, 0);
		txn_destroy(&c->t);
		return;
	}
	txn_timers_request_sent(&c->t);
}

static bool is_invite(const struct client_txn *c)
{
	return c->t.kind == TXN_INVITE_CLIENT;
}

void client_txn_cancel(struct client_txn *c)
{
	struct txn_event e = {0};

	c->withdrawn = true;
	if (is_invite(c) && !txn_terminated(&c->t) && !c->t.ended)
		txn_dispatch(&c->t, INVITE_CLIENT_EV_CANCEL, &e);
}

void client_txn_detach(struct client_txn *c)
{
	struct txn_event e = {0};

	c->withdrawn = true;
	c->ops = NULL;
	c->guard = NULL;
	if (is_invite(c) && !txn_terminated(&c->t) && !c->t.ended)
		txn_dispatch(&c->t, INVITE_CLIENT_EV_CANCEL, &e);
}

struct str client_txn_branch(const struct client_txn *c)
{
	return (struct str){c->branch, TXN_BRANCH_LEN};
}

void client_txn_say_response(struct client_txn *c, const struct message *m)
{
	if (c->ops && !c->t.ended && c->ops->response)
		c->ops->response(c->arg, c, m);
}

void client_txn_say_final(struct client_txn *c, const struct message *m, char *replacement, size_t n)
{
	char *text = c->t.text;

	c->sent = (struct str){text, text ? c->t.text_n : 0};
	c->t.text = replacement;
	c->t.text_n = (uint32_t)n;
	client_txn_say_response(c, m);
	c->sent = STR_NONE;
	free(text);
}

void client_txn_say_failed(struct client_txn *c, enum reject_reason why)
{
	bool tell = c->ops && !c->t.ended && c->ops->failed;

	c->t.ended = true;
	if (why == REJECT_TIMEOUT)
		txn_count(&c->t.layer->counts.timeouts, 1);
	if (tell)
		c->ops->failed(c->arg, c, why);
}

enum reject_reason client_txn_reject_of(int error)
{
	switch (-error) {
	case EPERM:
		return REJECT_LEAK;
	case ENOMEM:
		return REJECT_NO_MEMORY;
	case ENOSPC:
		return REJECT_TRANSACTIONS;
	case EMSGSIZE:
		return REJECT_TOO_LARGE;
	case ENOTCONN:
		return REJECT_FLOW_GONE;
	default:
		return REJECT_TARGETS_DOWN;
	}
}

/* A flow that died with our request in it is as gone as one that had died before. */
void client_txn_say_down(struct client_txn *c)
{
	client_txn_say_failed(c, c->to.flow_only ? REJECT_FLOW_GONE : REJECT_TARGETS_DOWN);
}

/* ---- outside of transactions ---- */

int txn_send_ack(struct txn_layer *l, const struct client_request *r, struct writer *ret_text)
{
	char branch[TXN_BRANCH_LEN + 1];
	struct str text;
	int err;

	mint_branch(l, r->slot, branch);
	err = compose(l, r, branch, &text);
	if (err < 0)
		return err;
	if (ret_text)
		writer_str(ret_text, text);
	err = l->io.send(l->io.arg, &r->to, text.p, text.n, 0);
	return err < 0 ? err : 0;
}

int txn_send_again(struct txn_layer *l, const struct destination *d, struct str text)
{
	int err = l->io.send(l->io.arg, d, text.p, text.n, 0);

	txn_count(&l->counts.retransmissions_out, 1);
	return err < 0 ? err : 0;
}
