/* SPDX-License-Identifier: Apache-2.0 */
/* stray: a 2xx to an INVITE of ours that no leg waits for: another branch of a fork, or one whose call is over. It is
 * ACKed and ended by BYE (RFC 3261 §13.2.2.4) from the response alone, which carries all that a dialog needs. */
#include <errno.h>

#include "sbc/call/call.h"

/* A From or To value without its parameters. None: it does not fit. */
static struct str without_params(const struct name_addr *a, char *buf, size_t cap)
{
	struct writer w = writer_init(buf, cap);

	writer_str(&w, a->display);
	if (a->display.n)
		writer_char(&w, ' ');
	writer_char(&w, '<');
	writer_str(&w, a->uri.text);
	writer_char(&w, '>');
	return w.overflow ? STR_NONE : writer_result(&w);
}

static int make_dialog(struct calls *cs, const struct message *m, struct dialog *d)
{
	char local[2048], remote[2048], tag[IDENT_LEN + 1];
	struct dialog_uac p = {
		.call_id = m->call_id,
		.local = without_params(&m->from, local, sizeof(local)),
		.remote = without_params(&m->to, remote, sizeof(remote)),
		.target = m->contact.uri.text,
		.local_tag = tag,
		.peer = destination_of_flow(&m->source),
	};
	int err;

	if (!p.local.n || !p.remote.n)
		return -EMSGSIZE;
	memcpy(tag, m->from.tag.p, IDENT_LEN); /* ours: ident_parse() has looked at it */
	tag[IDENT_LEN] = '\0';
	err = dialog_init_uac(d, &p);
	if (err < 0)
		return err;
	if (cs->config->networks[m->source.network].nat)
		d->flow.flow_only = d->peer.flow_only = true;
	else
		dialog_follow(d, NULL);
	err = dialog_on_response(d, m);
	if (err < 0)
		dialog_finish(d);
	return err;
}

void stray_answer_end(struct calls *cs, const struct message *m, uint32_t bye_cseq, struct leg *l)
{
	char buf[8192];
	struct writer w = writer_init(buf, sizeof(buf));
	struct client_request r = {.method = METHOD_ACK};
	struct client_txn *t;
	struct dialog d = {0};
	struct ident id;
	int err;

	if (!m->contact.uri.text.n || !ident_parse(cs->worker->key, m->from.tag, &id))
		return;
	err = make_dialog(cs, m, &d);
	if (err < 0) {
		call_count(&cs->counters.rejects[err == -ENOMEM ? REJECT_NO_MEMORY : REJECT_TOO_LARGE], 1);
		return;
	}
	r.via_host = transport_local_text(cs->config, d.peer.network, d.peer.transport, addr_is_v6(&d.peer.remote),
					  &d.peer.local);
	r.slot = id.slot;
	r.to = d.peer;
	r.guard = l ? &l->hiding.set : NULL;
	r.ruri = dialog_ruri(&d);
	dialog_write_head(&d, &w, "ACK", m->cseq, 70);
	r.headers = writer_result(&w);
	if (!w.overflow)
		txn_send_ack(cs->worker->txn, &r, NULL);
	w = writer_init(buf, sizeof(buf));
	r.method = METHOD_BYE;
	dialog_write_head(&d, &w, "BYE", bye_cseq, 70);
	if (l) /* who asked for credentials at the INVITE would refuse it without */
		keyring_write(cs->keyring, facts_peer(l->call, l->peer), STR("BYE"), r.ruri, STR_NONE, &w);
	r.headers = writer_result(&w);
	t = w.overflow ? NULL : client_txn_start(cs->worker->txn, &r, &err);
	if (t)
		client_txn_detach(t);
	dialog_finish(&d);
}
