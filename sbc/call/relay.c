/* SPDX-License-Identifier: Apache-2.0 */
/* relay: requests within a dialog that change nothing of it (INFO, OPTIONS): carried to the other leg with their body,
 * and the response back. A few at a time a call. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/call/call.h"
#include "sbc/call/told.h"

struct relay {
	struct call *call;
	unsigned slot; /* in call.relays */
	struct leg *from, *to;
	struct server_txn *in;
	struct client_txn *out;
};

static void relay_free(struct relay *r)
{
	r->call->relays[r->slot] = NULL;
	if (r->in)
		server_txn_detach(r->in);
	if (r->out)
		client_txn_detach(r->out);
	free(r);
}

static void out_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct relay *r = arg;
	struct told told;

	if (m->status < 200 || leg_challenged(r->to, &r->out, m) == KEYRING_AGAIN)
		return;
	told_as(r->call, r->to->peer, r->from, m, told_status(r->from, r->to->peer, m), false, &told);
	told.reply.content_type = m->content_type;
	told.reply.body = m->body;
	if (r->in)
		server_txn_reply(r->in, &told.reply);
	relay_free(r);
}

static void out_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct relay *r = arg;

	/* a phone that is about to come back is not to be lost for it: 480 would end the dialog (RFC 5057 §5.1) */
	if (why == REJECT_FLOW_GONE && r->to->phone)
		why = REJECT_GLARE_RETRY;
	if (r->in)
		server_txn_reject(r->in, why);
	relay_free(r);
}

static void out_terminated(void *arg, struct client_txn *t)
{
	struct relay *r = arg;

	r->out = NULL;
}

static void in_terminated(void *arg, struct server_txn *t)
{
	struct relay *r = arg;

	r->in = NULL;
}

static const struct client_ops out_ops = {.response = out_response, .failed = out_failed, .terminated = out_terminated};
static const struct server_ops in_ops = {.terminated = in_terminated};

static struct relay *relay_new(struct call *c)
{
	for (unsigned i = 0; i < CALL_MAX_RELAYS; i++) {
		if (c->relays[i])
			continue;
		c->relays[i] = calloc(1, sizeof(struct relay));
		if (c->relays[i]) {
			c->relays[i]->call = c;
			c->relays[i]->slot = i;
		}
		return c->relays[i];
	}
	return NULL;
}

/* The dialog in which leg `to` can be told what came in m's dialog on the other leg. Before the answer that is the
 * branch behind the caller's tag that spoke last, or the tag that the branch is shown under, in *buf. NULL: the far
 * side has none. */
static const struct dialog *dialog_towards(struct leg *to, const struct message *m, struct dialog *buf)
{
	const struct call *c = to->call;
	const struct branch *branch;

	if (to->state == LEG_CONFIRMED || to->state == LEG_ANSWERED || to->state == LEG_OFFERED)
		return &to->dialog;
	if (to->state == LEG_CALLING) {
		branch = early_behind(to, m->to.tag);
		return branch ? &branch->dialog : NULL;
	}
	branch = to->state == LEG_INCOMING && c->b ? early_branch(c->b, m->from.tag) : NULL;
	if (!branch || !branch->shown || !branch->shown->leg)
		return NULL;
	*buf = to->dialog;
	memcpy(buf->local_tag, branch->shown->text, sizeof(buf->local_tag));
	return buf;
}

/* Asked of us, or of a far side that cannot be asked: not there at all (echo), not yet, no more. */
static void answer_here(struct call *c, struct leg *from, struct server_txn *t, const struct message *m)
{
	char headers[1024];
	struct writer h = writer_init(headers, sizeof(headers));
	/* RFC 5057 §5.1: 491 is about the request alone; 480 and 481 end its usage of the dialog, the call */
	enum reject_reason why = c->state == CALL_ENDING ? REJECT_NO_DIALOG : REJECT_GLARE;

	if (!c->echo && m->method != METHOD_OPTIONS) {
		call_count(&c->calls->counters.rejects[why], 1);
		server_txn_reject(t, why);
		return;
	}
	write_own_headers(from, false, true, &h);
	server_txn_reply(t, &(struct reply){.status = 200, .headers = writer_result(&h), .guard = &from->hiding.set});
}

static void carry(struct relay *r, const struct dialog *d, const struct message *m)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct client_request what = {.method = m->method, .content_type = m->content_type, .body = m->body};
	int err;

	write_own_headers(r->to, true, false, &h);
	write_crossing(r->call, r->from->peer, r->to, m, &h);
	what.headers = h.overflow ? STR_NONE : writer_result(&h);
	r->out = leg_request_in(r->to, d, &what, &out_ops, r, &err);
	if (!r->out)
		out_failed(r, NULL, client_txn_reject_of(err));
}

void relay_request(struct call *c, struct leg *from, struct server_txn *t, const struct message *m)
{
	struct leg *to = from == c->a ? c->b : c->a;
	struct dialog buf;
	const struct dialog *d = to ? dialog_towards(to, m, &buf) : NULL;
	struct relay *r;

	if (!d) {
		answer_here(c, from, t, m);
		return;
	}
	r = relay_new(c);
	if (!r) {
		call_count(&c->calls->counters.rejects[REJECT_GLARE_RETRY], 1);
		server_txn_reject(t, REJECT_GLARE_RETRY);
		return;
	}
	r->from = from;
	r->to = to;
	r->in = t;
	server_txn_own(t, &in_ops, r);
	carry(r, d, m);
}

void relay_drop(struct call *c, enum reject_reason why)
{
	for (unsigned i = 0; i < CALL_MAX_RELAYS; i++) {
		if (!c->relays[i])
			continue;
		if (c->relays[i]->in)
			server_txn_reject(c->relays[i]->in, why);
		relay_free(c->relays[i]);
	}
}
