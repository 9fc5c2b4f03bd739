/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/early.h"

#include <stdlib.h>

#include "sbc/call/call.h"
#include "sbc/call/negotiate.h"
#include "sbc/call/told.h"

/* ---- branches of leg B ---- */

static uint64_t digest_of(const struct leg *b, struct str tag)
{
	return siphash_str(&b->call->calls->tag_key, tag);
}

static struct branch *find(const struct leg *b, uint64_t digest)
{
	struct branch *x = b->branches;

	while (x && x->tag != digest)
		x = x->next;
	return x;
}

struct branch *early_branch(const struct leg *b, struct str tag)
{
	return b->branches ? find(b, digest_of(b, tag)) : NULL;
}

static void to_front(struct leg *b, struct branch *branch)
{
	struct branch **at = &b->branches;

	while (*at != branch)
		at = &(*at)->next;
	*at = branch->next;
	branch->next = b->branches;
	b->branches = branch;
}

struct branch *early_heard(struct leg *b, const struct message *m)
{
	struct branch *x;
	uint64_t tag;

	if (!m->to.tag.n)
		return NULL;
	tag = digest_of(b, m->to.tag);
	x = find(b, tag);
	if (x) {
		to_front(b, x);
		(void)dialog_on_response(&x->dialog, m); /* without memory it stays as it was */
		return x;
	}
	x = b->n_branches < EARLY_MAX_BRANCHES ? calloc(1, sizeof(*x)) : NULL;
	if (!x || dialog_fork(&x->dialog, &b->dialog, m) < 0)
		goto fail_branch;
	x->tag = tag;
	x->fork = -1;
	x->next = b->branches;
	b->branches = x;
	b->n_branches++;
	return x;

fail_branch:
	free(x);
	call_count(&b->call->calls->counters.early_full, 1);
	return NULL;
}

int early_fork(struct leg *b, struct branch *branch, bool answer)
{
	if (branch && branch->fork >= 0)
		return branch->fork;
	if (b->n_forks == MEDIA_MAX_FORKS)
		return answer ? MEDIA_MAX_FORKS - 1 : -1;
	if (branch)
		branch->fork = (int)b->n_forks;
	return (int)b->n_forks++;
}

void early_forget_branches(struct leg *b)
{
	while (b && b->branches) {
		struct branch *x = b->branches;

		b->branches = x->next;
		dialog_finish(&x->dialog);
		free(x->preview.text);
		free(x);
	}
	if (b)
		b->n_branches = 0;
}

struct branch *early_behind(const struct leg *b, struct str tag)
{
	for (struct branch *x = b->branches; x; x = x->next)
		if (x->shown && !x->left && str_eq(str_z(x->shown->text), tag))
			return x;
	return NULL;
}

/* ---- previews ---- */

void early_keep_preview(struct leg *a, struct leg *b, struct branch *branch)
{
	struct preview *p = &branch->preview;

	free(p->text);
	*p = (struct preview){.text = str_dup((struct str){a->sdp_sent, a->sdp_sent_n}),
			      .n = a->sdp_sent_n,
			      .origin = a->origin,
			      .got_digest = b->sdp_got_digest};
}

bool early_take_preview(struct leg *a, struct leg *b, struct branch *branch)
{
	struct preview *p = branch ? &branch->preview : NULL;

	if (!p || !p->text)
		return false;
	free(a->sdp_sent);
	a->sdp_sent = p->text;
	a->sdp_sent_n = p->n;
	a->origin = p->origin;
	b->sdp_got_digest = p->got_digest;
	*p = (struct preview){0};
	return true;
}

/* ---- a BYE for one of them ---- */

bool early_one_of_several(const struct leg *l, const struct message *bye)
{
	uint64_t tag;

	if (l->uas)
		return l->state == LEG_INCOMING && tags_live(l) > 1;
	if (l->state != LEG_CALLING)
		return false;
	tag = digest_of(l, bye->from.tag);
	for (const struct branch *x = l->branches; x; x = x->next)
		if (!x->left && x->tag != tag)
			return true;
	return false;
}

static void send_bye(struct call *c, struct branch *branch, const struct message *bye)
{
	char buf[4096];
	struct writer w = writer_init(buf, sizeof(buf));
	struct client_request r = {.method = METHOD_BYE};
	struct client_txn *t;
	int err;

	write_own_headers(c->b, true, false, &w);
	write_crossing(c, c->a->peer, c->b, bye, &w);
	r.headers = w.overflow ? STR_NONE : writer_result(&w);
	t = leg_request_in(c->b, &branch->dialog, &r, NULL, NULL, &err);
	if (t)
		client_txn_detach(t);
	else /* it is told by ACK and BYE, should it answer */
		call_count(&c->calls->counters.rejects[client_txn_reject_of(err)], 1);
}

void early_leave(struct call *c, const struct message *bye)
{
	struct leg_tag *tag = tags_named(c->a, bye->to.tag);

	for (struct branch *x = c->b ? c->b->branches : NULL; x; x = x->next) {
		if (x->shown != tag || x->left)
			continue;
		x->left = true;
		if (c->b->state == LEG_CALLING)
			send_bye(c, x, bye);
	}
	tags_forget(c->calls, tag);
}

void early_gone(struct leg *b, const struct message *bye)
{
	struct branch *gone = early_branch(b, bye->from.tag);

	if (!gone || gone->left)
		return;
	gone->left = true;
	if (gone->fork < 0 || b->fork != (unsigned)gone->fork)
		return;
	for (const struct branch *x = b->branches; x; x = x->next)
		if (!x->left && x->fork >= 0) {
			negotiate_select(b->call, (unsigned)x->fork);
			return;
		}
}
