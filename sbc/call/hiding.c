/* SPDX-License-Identifier: Apache-2.0 */
/* hiding: what the leak checker must not find in a message of a leg: the strings of the other one. */
#include <stdlib.h>

#include "sbc/call/call.h"

static bool known(const struct leg *l, struct str s)
{
	for (unsigned i = 0; i < l->forbidden.n; i++)
		if (str_eq(l->forbidden.v[i].s, s))
			return true;
	return false;
}

/* take: leak_set_add() or leak_set_allow(), of a copy that the leg keeps. */
static void take(struct leg *l, struct str s, bool (*put)(struct leak_set *set, struct str s))
{
	unsigned held = l->forbidden.n;
	struct leg_seen *copy;

	if (!s.n || known(l, s))
		return;
	copy = malloc(sizeof(*copy) + s.n);
	if (!copy) {
		call_count(&l->call->calls->counters.leak_set_full, 1);
		return;
	}
	memcpy(copy->text, s.p, s.n);
	if (!put(&l->forbidden, (struct str){copy->text, s.n})) {
		call_count(&l->call->calls->counters.leak_set_full, 1);
		free(copy);
		return;
	}
	/* too short, too long or held already: not kept, or a far side could have us keep one a message */
	if (l->forbidden.n == held) {
		free(copy);
		return;
	}
	copy->next = l->seen;
	l->seen = copy;
}

void leg_forbid(struct leg *to, struct str needle)
{
	take(to, needle, leak_set_add);
}

static void allow_host(struct leg *l, struct str value)
{
	struct name_addr a;
	struct uri u;

	if (name_addr_parse(value, &a))
		take(l, a.uri.host, leak_set_allow);
	else if (uri_parse(value, &u))
		take(l, u.host, leak_set_allow);
}

/* What a leg's far side has said, or was addressed by, must be repeated to it: RFC 3261 §8.2.6.2, §12.2.1.1. */
void leg_allow_own(struct leg *l, const struct message *invite)
{
	allow_host(l, str_z(l->dialog.local));
	allow_host(l, str_z(l->dialog.remote));
	allow_host(l, str_z(l->dialog.remote_target));
	if (!invite)
		return;
	take(l, invite->via.host, leak_set_allow);
	take(l, invite->ruri.host, leak_set_allow);
}

void leg_forbid_restore(struct leg *to, struct str needle, bool allowed)
{
	take(to, needle, allowed ? leak_set_allow : leak_set_add);
}

void leg_forbid_reset(struct leg *to)
{
	to->forbidden = (struct leak_set){0};
	while (to->seen) {
		struct leg_seen *next = to->seen->next;

		free(to->seen);
		to->seen = next;
	}
}

void leg_forbid_leg(struct leg *to, const struct leg *other)
{
	char host[ADDR_STRLEN];

	leg_forbid(to, str_z(other->dialog.call_id));
	leg_forbid(to, str_z(other->dialog.local_tag));
	leg_forbid(to, str_z(other->dialog.remote_tag));
	leg_forbid(to, str_z(addr_text_host(&other->dialog.peer.remote, host)));
	if (other->invite_out)
		leg_forbid(to, client_txn_branch(other->invite_out));
}

void leg_forbid_message(struct leg *to, const struct message *m, const struct sdp *sdp)
{
	if (m->request) {
		leg_forbid(to, m->via.host);
		leg_forbid(to, m->via.branch);
		leg_forbid(to, m->call_id);
		leg_forbid(to, m->from.tag);
		leg_forbid(to, m->from.uri.host);
	} else {
		leg_forbid(to, m->to.tag);
	}
	leg_forbid(to, m->contact.uri.host);
	if (!sdp)
		return;
	leg_forbid(to, sdp->o_host);
	for (size_t i = 0; i < sdp->n_media && i < 2; i++)
		leg_forbid(to, sdp->media[i].c_host);
}
