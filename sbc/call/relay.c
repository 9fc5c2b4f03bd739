/* SPDX-License-Identifier: Apache-2.0 */
/* relay: requests within a dialog that change nothing of it (INFO, OPTIONS): carried to the other leg with their body,
 * and the response back. A few at a time a call. */
#include <stdlib.h>

#include "sbc/call/call.h"

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

	if (m->status < 200)
		return;
	told_as(r->call, r->to->peer, r->from, m, status_across(m->status), false, &told);
	told.reply.content_type = m->content_type;
	told.reply.body = m->body;
	if (r->in)
		server_txn_reply(r->in, &told.reply);
	relay_free(r);
}

static void out_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct relay *r = arg;

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

void relay_request(struct call *c, struct leg *from, struct server_txn *t, const struct message *m)
{
	struct leg *to = from == c->a ? c->b : c->a;
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct client_request what = {.method = m->method, .content_type = m->content_type, .body = m->body};
	struct relay *r;
	int err;

	/* asked of us, or of a far side that is not there (yet, or at all: echo) */
	if (!to || !leg_talking(to)) {
		write_own_headers(from, false, true, &h);
		server_txn_reply(
			t, &(struct reply){.status = 200, .headers = writer_result(&h), .guard = &from->forbidden});
		return;
	}
	r = relay_new(c);
	if (!r) {
		call_count(&c->calls->counters.rejects[REJECT_GLARE_RETRY], 1);
		server_txn_reject(t, REJECT_GLARE_RETRY);
		return;
	}
	write_own_headers(to, true, false, &h);
	write_crossing(c, from->peer, to, m, &h);
	what.headers = h.overflow ? STR_NONE : writer_result(&h);
	r->from = from;
	r->to = to;
	r->in = t;
	server_txn_own(t, &in_ops, r);
	r->out = leg_request(to, &what, &out_ops, r, &err);
	if (!r->out) {
		server_txn_reject(t, REJECT_TARGETS_DOWN);
		relay_free(r);
	}
}

void relay_drop(struct call *c)
{
	for (unsigned i = 0; i < CALL_MAX_RELAYS; i++) {
		if (!c->relays[i])
			continue;
		if (c->relays[i]->in)
			server_txn_reject(c->relays[i]->in, REJECT_NO_DIALOG);
		relay_free(c->relays[i]);
	}
}
