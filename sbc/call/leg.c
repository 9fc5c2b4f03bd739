/* SPDX-License-Identifier: Apache-2.0 */
/* leg: a leg's life, its identities, and the requests and replies it sends. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/call/phone.h"
#include "sbc/call/timers.h"
#include "sbc/call/told.h"
#include "sbc/sip/digest.h"

/* ---- life ---- */

static struct leg *leg_new(struct call *c, bool uas, unsigned network, int peer)
{
	struct leg *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->call = c;
	l->uas = uas;
	l->state = uas ? LEG_INCOMING : LEG_IDLE;
	l->network = network;
	l->peer = peer;
	l->max_forwards = 70;
	l->origin = sdp_origin_init(random_u64());
	return l;
}

struct leg *leg_create_uas(struct call *c, struct server_txn *t, const struct message *invite)
{
	struct leg *l = leg_new(c, true, invite->source.network, c->peer_in);
	char tag[IDENT_LEN + 1];

	if (!l)
		return NULL;
	ident_mint(c->calls->worker->key, c->slot, tag);
	if (dialog_init_uas(&l->dialog, invite, tag) < 0)
		goto fail_leg;
	if (tags_add(c->calls, &l->by_tag, l->dialog.local_tag, l) < 0)
		goto fail_dialog;
	/* behind NAT only the flow that the far side has opened goes through: we never open one */
	if (c->config->networks[l->network].nat)
		l->dialog.flow.flow_only = l->dialog.peer.flow_only = true;
	else
		dialog_follow(&l->dialog, invite);
	l->transport = l->dialog.peer.transport;
	l->invite_cseq = invite->cseq;
	l->far_update = message_lists(invite, STR("Allow"), STR("UPDATE"));
	leg_own_invite_in(l, t);
	call_count(&c->calls->counters.legs, 1);
	leg_allow_own(l, invite);
	return l;

fail_dialog:
	dialog_finish(&l->dialog);
fail_leg:
	free(l);
	return NULL;
}

struct leg *leg_create_uac(struct call *c, const struct leg_uac *p)
{
	struct leg *l = leg_new(c, false, p->peer.network, p->peer_index);
	char tag[IDENT_LEN + 1], call_id[IDENT_LEN + 1];

	if (!l)
		return NULL;
	ident_mint(c->calls->worker->key, c->slot, tag);
	ident_mint(c->calls->worker->key, c->slot, call_id);
	if (dialog_init_uac(&l->dialog, &(struct dialog_uac){.call_id = str_z(call_id),
							     .local = p->from,
							     .remote = p->to,
							     .target = p->ruri,
							     .local_tag = tag,
							     .peer = p->peer}) < 0)
		goto fail_leg;
	if (tags_add(c->calls, &l->by_tag, l->dialog.local_tag, l) < 0)
		goto fail_dialog;
	if (!c->config->networks[l->network].nat && !p->peer.flow_only)
		dialog_follow(&l->dialog, NULL);
	l->transport = p->peer.transport;
	call_count(&c->calls->counters.legs, 1);
	return l;

fail_dialog:
	dialog_finish(&l->dialog);
fail_leg:
	free(l);
	return NULL;
}

int leg_restore(struct call *c, bool uas, unsigned network, int peer, const struct bytes_field *dialog,
		struct leg **ret)
{
	struct leg *l = leg_new(c, uas, network, peer);
	int err;

	if (!l)
		return -ENOMEM;
	err = dialog_read(&l->dialog, dialog, network, LEG_CSEQ_SKIP);
	if (err < 0)
		goto fail_leg;
	err = tags_add(c->calls, &l->by_tag, l->dialog.local_tag, l);
	if (err < 0)
		goto fail_dialog;
	l->state = LEG_CONFIRMED;
	l->offer = OFFER_AGREED;
	l->transport = l->dialog.peer.transport;
	l->kept_cseq = l->dialog.local_cseq;
	call_count(&c->calls->counters.legs, 1);
	*ret = l;
	return 0;

fail_dialog:
	dialog_finish(&l->dialog);
fail_leg:
	free(l);
	return err;
}

void leg_destroy(struct leg *l)
{
	if (!l)
		return;
	call_count(&l->call->calls->counters.legs, -1);
	call_timers_acked(l);
	call_timers_unsent_over(l->call, &l->bye_unsent);
	if (l->unacked.txn && l->unacked.txn != l->invite_in)
		server_txn_detach(l->unacked.txn);
	if (l->invite_in)
		server_txn_detach(l->invite_in);
	if (l->invite_out)
		client_txn_detach(l->invite_out);
	if (l->bye_out)
		client_txn_detach(l->bye_out);
	early_forget_branches(l);
	tags_forget_all(l);
	leg_hiding_finish(l);
	dialog_finish(&l->dialog);
	phone_detach(l);
	free(l->sdp_sent);
	free(l->agreed);
	free(l->ack);
	free(l->credentials);
	free(l);
}

/* A leg whose INVITE lingers for 2xx of further branches need not stay: those are ended from the response alone. */
bool leg_over(const struct leg *l)
{
	return l->state == LEG_ENDED;
}

bool leg_talking(const struct leg *l)
{
	return l->state == LEG_CONFIRMED;
}

/* ---- sending ---- */

static void used_cseq(struct leg *l)
{
	l->dialog.local_cseq++;
	if (l->dialog.local_cseq - l->kept_cseq >= LEG_CSEQ_SKIP / 2)
		checkpoint_changed(l->call);
}

struct client_txn *leg_request(struct leg *l, const struct client_request *what, const struct client_ops *ops,
			       void *arg, int *ret_error)
{
	return leg_request_in(l, &l->dialog, what, ops, arg, ret_error);
}

struct client_txn *leg_request_in(struct leg *l, const struct dialog *d, const struct client_request *what,
				  const struct client_ops *ops, void *arg, int *ret_error)
{
	char head[HEADERS_MAX];
	struct writer w = writer_init(head, sizeof(head));
	struct client_request r = *what;
	struct client_txn *t;
	size_t own;

	dialog_write_head(d, &w, what->method ? method_text(what->method) : "", l->dialog.local_cseq + 1,
			  l->max_forwards);
	writer_str(&w, what->headers);
	own = w.n;
	keyring_write(l->call->calls->keyring, facts_peer(l->call, l->peer), str_z(method_text(what->method)),
		      dialog_ruri(d), what->body, &w);
	if (w.overflow) {
		*ret_error = -EMSGSIZE;
		return NULL;
	}
	r.ruri = dialog_ruri(d);
	r.headers = writer_result(&w);
	r.to = d->peer;
	r.via_host = leg_via_host(l);
	r.slot = l->call->slot;
	r.guard = &l->hiding.set;
	r.ops = ops;
	r.arg = arg;
	t = client_txn_start(l->call->calls->worker->txn, &r, ret_error);
	if (!t)
		return NULL;
	if (what->method == METHOD_INVITE)
		l->may_carry = w.n > own || l->hiding.set.auth_relay;
	used_cseq(l);
	return t;
}

enum keyring_verdict leg_challenged(struct leg *l, struct client_txn **txn, const struct message *m)
{
	enum keyring_verdict v = keyring_challenged(l->call->calls->keyring, facts_peer(l->call, l->peer), txn, m,
						    l->dialog.local_cseq + 1);

	if (v == KEYRING_REFUSED)
		call_count(&l->call->calls->counters.rejects[REJECT_PEER_CREDENTIALS], 1);
	if (v != KEYRING_AGAIN)
		return v;
	used_cseq(l);
	if (m->method == METHOD_INVITE) {
		l->invite_cseq = l->dialog.local_cseq;
		l->may_carry = true;
	}
	return v;
}

int leg_reply_2xx(struct leg *l, struct server_txn *t, uint32_t cseq, const struct reply *r)
{
	int err = server_txn_reply(t, r);

	if (err < 0)
		return err;
	if (l->unacked.txn && l->unacked.txn != t && l->unacked.txn != l->invite_in)
		server_txn_detach(l->unacked.txn);
	l->unacked.txn = t;
	l->unacked.cseq = cseq;
	call_timers_2xx_sent(l);
	return 0;
}

void leg_keep_credentials(struct leg *l, const struct client_txn *invite)
{
	char buf[2 * DIGEST_VALUE_MAX];
	struct writer w = writer_init(buf, sizeof(buf));
	struct str sent = client_txn_sent(invite);

	if (!sent.n)
		return; /* the 2xx once more */
	if (l->may_carry)
		sent_credentials_write(sent, &w);
	free(l->credentials);
	l->credentials = w.n && !w.overflow ? str_dup(writer_result(&w)) : NULL;
}

static int send_ack(struct leg *l, uint32_t cseq, struct str body, struct writer *ret_text)
{
	char head[HEADERS_MAX];
	struct writer w = writer_init(head, sizeof(head));
	struct client_request r = {
		.method = METHOD_ACK,
		.content_type = body.n ? STR("application/sdp") : STR_NONE,
		.body = body,
		.slot = l->call->slot,
		.guard = &l->hiding.set,
	};

	r.to = l->dialog.peer;
	dialog_write_head(&l->dialog, &w, "ACK", cseq, 70);
	write_own_headers(l, true, false, &w);
	if (l->credentials && cseq == l->invite_cseq)
		writer_z(&w, l->credentials);
	if (w.overflow)
		return -EMSGSIZE;
	r.ruri = dialog_ruri(&l->dialog);
	r.headers = writer_result(&w);
	r.via_host = leg_via_host(l);
	return txn_send_ack(l->call->calls->worker->txn, &r, ret_text);
}

int leg_send_ack(struct leg *l, struct str body)
{
	char text[HEADERS_MAX + SDP_MAX_BYTES];
	struct writer sent = writer_init(text, sizeof(text));
	int err = send_ack(l, l->invite_cseq, body, &sent);

	if (err < 0)
		return err;
	free(l->credentials);
	l->credentials = NULL;
	free(l->ack);
	/* it was sent; only a repetition would need the copy */
	l->ack = sent.overflow ? NULL : str_dup(writer_result(&sent));
	l->ack_n = l->ack ? sent.n : 0;
	l->ack_cseq = l->invite_cseq;
	return 0;
}

int leg_send_ack_of(struct leg *l, uint32_t cseq)
{
	return send_ack(l, cseq, STR_NONE, NULL);
}
