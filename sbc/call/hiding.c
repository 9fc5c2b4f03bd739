/* SPDX-License-Identifier: Apache-2.0 */
/* hiding: what the leak checker must not find in a message of a leg: the strings of the other one. */
#include <stdlib.h>

#include "sbc/call/call.h"

/* A host that a leg itself uses towards its own side may be the same as on the other (one domain for both): no leak
 * there. */
static bool uses(const struct leg *l, struct str s)
{
	char host[ADDR_STRLEN];

	return str_contains(str_z(l->dialog.local), s) || str_contains(str_z(l->dialog.remote), s) ||
	       str_contains(str_z(l->dialog.remote_target), s) || str_contains(str_z(l->dialog.route_set), s) ||
	       str_eq(str_z(addr_text_host(&l->dialog.peer.remote, host)), s);
}

static bool known(const struct leg *l, struct str s)
{
	for (unsigned i = 0; i < l->forbidden.n; i++)
		if (str_eq(l->forbidden.v[i].s, s))
			return true;
	return false;
}

void leg_forbid(struct leg *to, struct str needle)
{
	struct leg_seen *copy;

	if (!needle.n || known(to, needle) || uses(to, needle))
		return;
	copy = malloc(sizeof(*copy) + needle.n);
	if (!copy) {
		to->call->calls->counters.leak_set_full++;
		return;
	}
	memcpy(copy->text, needle.p, needle.n);
	if (!leak_set_add(&to->forbidden, (struct str){copy->text, needle.n})) {
		to->call->calls->counters.leak_set_full++;
		free(copy);
		return;
	}
	copy->next = to->seen;
	to->seen = copy;
}

void leg_forbid_reset(struct leg *to)
{
	to->forbidden.n = 0;
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
