/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/phone.h"

#include <errno.h>
#include <stdlib.h>

#include "sbc/call/call.h"
#include "sbc/location/reach.h"

struct leg_phone {
	struct hmap_node node; /* calls->by_aor */
	struct calls *calls;
	struct leg *leg;
	char alias[IDENT_LEN + 1]; /* empty: not known, the registration is another worker's */
	struct destination flow;   /* of the registration, as it was last seen */
	size_t n;
	char aor[];
};

int phone_attach(struct leg *l, struct str alias, struct str aor, const struct destination *flow)
{
	struct leg_phone *p = malloc(sizeof(*p) + aor.n);

	if (!p)
		return -ENOMEM;
	p->calls = l->call->calls;
	p->leg = l;
	if (hmap_insert(&p->calls->by_aor, &p->node, hash_str(&p->calls->tag_key, aor)) < 0) {
		free(p);
		return -ENOMEM;
	}
	memset(p->alias, 0, sizeof(p->alias));
	memcpy(p->alias, alias.n ? alias.p : "", alias.n <= IDENT_LEN ? alias.n : 0);
	p->flow = *flow;
	p->n = aor.n;
	memcpy(p->aor, aor.p, aor.n);
	phone_detach(l);
	l->phone = p;
	return 0;
}

void phone_detach(struct leg *l)
{
	if (!l->phone)
		return;
	hmap_remove(&l->phone->calls->by_aor, &l->phone->node);
	free(l->phone);
	l->phone = NULL;
}

struct str leg_aor(const struct leg *l)
{
	return l && l->phone ? (struct str){l->phone->aor, l->phone->n} : STR_NONE;
}

struct str leg_alias(const struct leg *l)
{
	return l->phone ? str_z(l->phone->alias) : STR_NONE;
}

/* ---- towards a phone ---- */

bool phone_decide(struct call *c, const struct border_request *r)
{
	struct calls *cs = c->calls;
	struct border_decision *d = &c->setup->decision;
	struct location_target found;

	if (!cs->location || !location_reach(cs->location, cs->config, r, d, &found))
		return false;
	c->to_phone = true;
	if (d->reject != REJECT_NONE)
		return true;
	c->setup->phone = malloc(sizeof(found));
	if (c->setup->phone) {
		*c->setup->phone = found;
		call_count(&cs->counters.phone_calls, 1);
	} else {
		d->reject = REJECT_NO_MEMORY;
		d->status = reject_status(d->reject);
	}
	return true;
}

enum reject_reason phone_failed(struct call *c, enum reject_reason why)
{
	const struct setup *s = c->setup;

	if (why != REJECT_FLOW_GONE && why != REJECT_TIMEOUT && why != REJECT_TARGETS_DOWN)
		return why;
	location_flow_failed(c->calls->location, s->invite->ruri.user, &s->targets.at.to);
	return REJECT_FLOW_GONE;
}

/* ---- from a phone ---- */

static void warn_of_name(struct call *c, const struct message *m)
{
	struct log_line l;

	call_count(&c->calls->counters.phone_from_differs, 1);
	if (!log_begin(&l, LOG_WARN, "phone calls under another name than it registered"))
		return;
	log_z(&l, "call", c->id);
	log_addr(&l, "source", &m->source.remote);
	log_user(&l, "from", m->from.uri.user);
	log_end(&l);
}

void phone_recognise(struct call *c, const struct message *m)
{
	struct calls *cs = c->calls;
	struct destination flow = destination_of_flow(&m->source);
	char buf[AOR_MAX];
	struct str aor;
	enum border_phone who;
	const char *alias;

	if (c->peer_in >= 0 || !cs->location || !aor_canonical(&m->from.uri, buf, &aor))
		return;
	who = border_phone_of(cs->border, m->source.network, &m->source.remote, aor);
	if (who == BORDER_PHONE_NONE)
		return;
	if (who == BORDER_PHONE_OTHER) {
		warn_of_name(c, m);
		return;
	}
	alias = location_alias_of_flow(cs->location, m->source.network, aor, &m->source);
	/* without memory the record lacks the name, and the call goes on */
	if (alias || who == BORDER_PHONE_SAME)
		phone_attach(c->a, str_z(alias), aor, &flow);
}

/* ---- the flow within a dialog ---- */

static void set_flow(struct leg *l, const struct destination *flow)
{
	struct log_line line;

	dialog_set_flow(&l->dialog, flow);
	for (struct branch *x = l->branches; x; x = x->next)
		dialog_set_flow(&x->dialog, flow);
	l->transport = l->dialog.peer.transport;
	call_count(&l->call->calls->counters.flows_moved, 1);
	checkpoint_changed(l->call);
	if (!log_begin(&line, LOG_INFO, "flow moved"))
		return;
	log_z(&line, "call", l->call->id);
	log_z(&line, "leg", l->uas ? "a" : "b");
	log_addr(&line, "remote", &flow->remote);
	log_end(&line);
}

/* What the dialog has learned since from the phone's own requests holds, until the phone registers elsewhere. A leg
 * that does not know its alias knows the flow that it came by. */
void calls_phone_moved(void *arg, const struct phones_move *m)
{
	struct calls *cs = arg;
	struct str aor = {m->aor, m->n_aor}, alias = str_z(m->alias);

	hmap_for_each_hash (n, &cs->by_aor, hash_str(&cs->tag_key, aor)) {
		struct leg_phone *p = container_of(n, struct leg_phone, node);

		if (p->leg->state == LEG_ENDED || p->leg->network != m->to.network || !str_eq(leg_aor(p->leg), aor))
			continue;
		if (p->alias[0] ? !str_eq(str_z(p->alias), alias)
				: !m->was_known || !location_same_flow(&p->flow, &m->from))
			continue;
		memcpy(p->alias, m->alias, sizeof(p->alias));
		p->flow = m->to;
		if (!location_same_flow(&p->leg->dialog.flow, &m->to))
			set_flow(p->leg, &m->to);
	}
}

void phone_moved(struct leg *l, const struct message *m)
{
	struct destination d = destination_of_flow(&m->source);

	/* which branch of a fork it is to be is not known before the answer */
	if (!l->dialog.remote_tag || !l->dialog.flow.flow_only || location_same_flow(&l->dialog.flow, &d))
		return;
	set_flow(l, &d);
}
