/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/inbound.h"

#include "sbc/call/door.h"
#include "sbc/call/phone.h"

static void log_refused(struct calls *cs, const struct message *m, enum reject_reason why)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "request refused"))
		return;
	log_z(&l, "network", cs->config->networks[m->source.network].name);
	log_addr(&l, "source", &m->source.remote);
	log_str(&l, "method", m->method_text);
	log_u64(&l, "status", (uint64_t)reject_status(why));
	log_z(&l, "why", reject_key(why));
	log_str(&l, "call_id", m->call_id);
	log_end(&l);
}

static void refuse(struct calls *cs, struct server_txn *t, const struct message *m, enum reject_reason why)
{
	call_count(&cs->counters.rejects[why], 1);
	server_txn_reject(t, why);
	log_refused(cs, m, why);
}

/* The leg of a request within a dialog: our tag in To, and everything else as the dialog has it, so that a tag
 * alone opens nothing. */
static struct leg *find_leg(struct calls *cs, const struct message *m)
{
	struct leg *l = tags_find(cs, m->to.tag);

	if (!l || m->source.network != l->network || !str_eq(m->call_id, str_z(l->dialog.call_id)))
		return NULL;
	/* of the early dialogs that we gave a caller, the answer left one */
	if (l->uas && l->state != LEG_INCOMING && !str_eq(m->to.tag, str_z(l->dialog.local_tag)))
		return NULL;
	/* a branch of a fork that was not chosen may still speak (BYE); its tag is not the dialog's */
	if (l->dialog.remote_tag && !str_eq(m->from.tag, str_z(l->dialog.remote_tag)))
		return NULL;
	return l;
}

static void within_dialog(struct calls *cs, struct server_txn *t, const struct message *m)
{
	struct leg *l = cs->asked;

	cs->asked = NULL;
	if (!l) {
		refuse(cs, t, m, REJECT_NO_DIALOG);
		return;
	}
	/* RFC 3261 §12.2.1.2, §15.1.2: after its BYE a dialog is no more */
	if (m->method != METHOD_BYE && (l->state == LEG_ENDING || l->state == LEG_ENDED)) {
		refuse(cs, t, m, REJECT_NO_DIALOG);
		return;
	}
	/* before the answer several branches of a fork may speak, each with numbers of its own */
	if (l->dialog.remote_tag && !dialog_accept_cseq(&l->dialog, m)) {
		refuse(cs, t, m, REJECT_CSEQ);
		return;
	}
	if (m->method != METHOD_BYE)
		phone_moved(l, m);
	switch (m->method) {
	case METHOD_BYE:
		if (parting_begin(l->call, l, t, m))
			break;
		leg_event(l, early_one_of_several(l, m) ? LEG_EV_BYE_EARLY : LEG_EV_BYE,
			  &(struct leg_arg){.m = m, .txn = t});
		break;
	case METHOD_INVITE:
	case METHOD_UPDATE:
		reoffer_request(l->call, l, t, m);
		break;
	case METHOD_INFO:
	case METHOD_OPTIONS:
		relay_request(l->call, l, t, m);
		break;
	default:
		refuse(cs, t, m, m->method == METHOD_UNKNOWN ? REJECT_METHOD_UNKNOWN : REJECT_METHOD);
	}
	call_run(l->call);
}

/* A transaction would repeat the refusal of an INVITE for 64*T1 (RFC 3261 §17.2.1, timer G) towards a source that may
 * be forged, and nothing would bound how many of other requests are refused. The layer counts what is refused here. */
static enum reject_reason judge(struct calls *cs, const struct message *m)
{
	enum reject_reason why = REJECT_NONE;

	if (m->method == METHOD_INVITE && !m->to.tag.n && txn_layer_is_pressed(cs->worker->txn))
		why = border_screen_pressed(cs->border, cs->config, &m->source, loop_now_ms(cs->worker->loop));
	if (why != REJECT_NONE || m->source.transport != CONFIG_UDP)
		return why;
	if (!m->to.tag.n)
		return border_screen_parsed(cs->border, cs->config, &m->source, m->method);
	return cs->asked ? REJECT_NONE : REJECT_NO_DIALOG;
}

enum reject_reason inbound_judge(struct calls *cs, const struct message *m)
{
	enum reject_reason why;

	cs->asked = m->to.tag.n ? find_leg(cs, m) : NULL;
	why = judge(cs, m);
	if (why != REJECT_NONE)
		log_refused(cs, m, why);
	return why;
}

void inbound_request(struct calls *cs, struct server_txn *t, const struct message *m)
{
	struct str required;

	/* RFC 3261 §8.2: method, headers, extensions, content, in this order */
	if (m->method == METHOD_UNKNOWN) {
		refuse(cs, t, m, REJECT_METHOD_UNKNOWN);
		return;
	}
	if (m->method != METHOD_BYE && message_header(m, STR("Require"), 0, &required)) {
		refuse(cs, t, m, REJECT_EXTENSION);
		return;
	}
	if (m->to.tag.n) {
		within_dialog(cs, t, m);
		return;
	}
	if (m->max_forwards == 0 && m->method != METHOD_OPTIONS) {
		refuse(cs, t, m, REJECT_HOPS);
		return;
	}
	if (txn_method_allowed(m->method) && !door_open(cs, t, m))
		return;
	switch (m->method) {
	case METHOD_INVITE:
		call_begin(cs, t, m);
		break;
	case METHOD_OPTIONS:
		if (cs->pass(cs->pass_arg, t, m))
			call_count(&cs->counters.options_answered, 1);
		break;
	case METHOD_REGISTER:
		cs->pass(cs->pass_arg, t, m);
		break;
	case METHOD_BYE:
	case METHOD_UPDATE:
	case METHOD_INFO:
		refuse(cs, t, m, REJECT_NO_DIALOG);
		break;
	default:
		refuse(cs, t, m, REJECT_METHOD);
	}
}

void inbound_ack(struct calls *cs, const struct message *m)
{
	struct leg *l = m->to.tag.n ? find_leg(cs, m) : NULL;

	if (!l) {
		call_count(&cs->counters.rejects[REJECT_STRAY_ACK], 1);
		return;
	}
	phone_moved(l, m);
	if (l->unacked.txn && l->unacked.cseq == m->cseq && l->unacked.txn != l->invite_in)
		exchange_ack(l->call, l, m);
	else if (m->cseq == l->invite_cseq && l->uas)
		leg_event(l, LEG_EV_ACK, &(struct leg_arg){.m = m});
	call_run(l->call);
}
