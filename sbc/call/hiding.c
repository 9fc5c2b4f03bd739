/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/hiding.h"

#include <stdlib.h>

#include "sbc/call/call.h"

/* A leg's strings live and die together, so they share blocks; one holds those of most calls. */
#define SEEN_BYTES 384
struct leg_seen {
	struct leg_seen *next;
	unsigned size, used;
	char text[];
};

/* What is seen of a leg is mostly seen again. Hosts and tags differ in their last byte rather than in the first. */
static bool known(const struct hiding *h, struct str s)
{
	for (unsigned i = 0; i < h->set.n; i++) {
		const struct str held = h->set.v[i].s;

		if (held.n == s.n && held.p[s.n - 1] == s.p[s.n - 1] && memcmp(held.p, s.p, s.n) == 0)
			return true;
	}
	return false;
}

/* Room for n more bytes in h->seen; false: no memory. */
static bool make_room(struct hiding *h, size_t n)
{
	size_t size = n > SEEN_BYTES ? n : SEEN_BYTES;
	struct leg_seen *more;

	if (h->seen && h->seen->size - h->seen->used >= n)
		return true;
	more = malloc(sizeof(*more) + size);
	if (!more)
		return false;
	*more = (struct leg_seen){.next = h->seen, .size = (unsigned)size};
	h->seen = more;
	return true;
}

/* put: leak_set_add() or leak_set_allow(). What is too short, too common or held already is not kept, or a far side
 * could have us keep one a message. */
static void take(struct leg *l, struct str s, bool (*put)(struct leak_set *set, struct str s))
{
	struct hiding *h = &l->hiding;
	const unsigned held = h->set.n;

	if (!s.n || known(h, s) || (put(&h->set, s) && h->set.n == held))
		return;
	if (h->set.n > held && make_room(h, s.n)) {
		char *copy = h->seen->text + h->seen->used;

		memcpy(copy, s.p, s.n);
		h->seen->used += (unsigned)s.n;
		h->set.v[held].s.p = copy;
		return;
	}
	leak_set_cut(&h->set, held);
	call_count(&l->call->calls->counters.leak_set_full, 1);
}

void leg_forbid(struct leg *to, struct str needle)
{
	take(to, needle, leak_set_add);
}

static void allow_host(struct leg *l, struct str value)
{
	struct name_addr a;

	if (name_addr_parse(value, &a))
		take(l, a.uri.host, leak_set_allow);
}

static void allow_target(struct leg *l)
{
	struct uri u;

	if (uri_parse(str_z(l->dialog.remote_target), &u))
		take(l, u.host, leak_set_allow);
}

/* What a leg's far side has said, or was addressed by, must be repeated to it: RFC 3261 §8.2.6.2, §12.2.1.1. */
void leg_allow_own(struct leg *l, const struct message *invite)
{
	struct hiding *h = &l->hiding;

	if (invite) { /* which the dialog's identities are of */
		take(l, invite->to.uri.host, leak_set_allow);
		take(l, invite->from.uri.host, leak_set_allow);
		take(l, invite->via.host, leak_set_allow);
		take(l, invite->ruri.host, leak_set_allow);
	} else {
		allow_host(l, str_z(l->dialog.local));
		allow_host(l, str_z(l->dialog.remote));
	}
	allow_target(l);
	h->own.n = h->set.n;
	h->own.seen = h->seen;
	h->own.used = h->seen ? h->seen->used : 0;
}

static void drop_seen(struct hiding *h, const struct leg_seen *until)
{
	while (h->seen != until) {
		struct leg_seen *next = h->seen->next;

		free(h->seen);
		h->seen = next;
	}
}

void leg_forbid_restore(struct leg *to, struct str needle, bool allowed)
{
	take(to, needle, allowed ? leak_set_allow : leak_set_add);
}

void leg_forbid_reset(struct leg *to)
{
	struct hiding *h = &to->hiding;

	h->set.auth_relay = false;
	if (h->set.n == h->own.n) /* nothing yet, and it is where it was */
		return;
	drop_seen(h, h->own.seen);
	if (h->seen)
		h->seen->used = h->own.used;
	leak_set_cut(&h->set, h->own.n);
	allow_target(to); /* it may have moved since */
}

void leg_hiding_finish(struct leg *l)
{
	drop_seen(&l->hiding, NULL);
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
