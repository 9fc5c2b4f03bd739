/* SPDX-License-Identifier: Apache-2.0 */
/* parting: a BYE that its far side may challenge. Where digest is relayed it goes on before it is answered, and a
 * challenge crosses back, so that who hangs up can show who he is (RFC 3261 §22.1); until he has, the call goes on.
 * Anything else that the far side says, or its silence, is 200: who hangs up has hung up (§15.1.1). */
#include <stdlib.h>

#include "sbc/call/timers.h"
#include "sbc/call/told.h"

struct parting {
	struct call *call;
	struct leg *from, *to;
	struct message *bye; /* a reference of our own; NULL: it was challenged, and another is awaited */
	struct server_txn *in;
	struct client_txn *out;
	bool challenged;
	struct wheel_timer bound;
};

static void parting_free(struct parting *p)
{
	p->call->parting = NULL;
	call_timers_parting_over(p->call, &p->bound);
	if (p->in)
		server_txn_detach(p->in);
	if (p->out)
		client_txn_detach(p->out);
	message_free(p->bye);
	free(p);
}

/* Both legs have had their BYE; told: with what it said. */
static void end_legs(struct parting *p, const struct message *told)
{
	if (leg_talking(p->to))
		leg_event(p->to, LEG_EV_BYE_DONE, &(struct leg_arg){0});
	leg_event(p->from, LEG_EV_BYE, &(struct leg_arg){.m = told, .txn = p->in});
}

static void over(struct parting *p)
{
	struct call *c = p->call;
	struct message *bye = p->bye;

	if (bye)
		/* a connection that dies under what another event sends: that one's run takes what is posted, later */
		end_legs(p, c->in_queue ? NULL : bye);
	else
		/* who was asked never came again: the far side is ended as by ourselves */
		leg_event(p->from, LEG_EV_BYE, &(struct leg_arg){0});
	p->bye = NULL; /* what was posted points to it */
	parting_free(p);
	call_run(c);
	message_free(bye);
}

static void on_bound(struct wheel_timer *t)
{
	over(container_of(t, struct parting, bound));
}

static void challenged(struct parting *p, const struct message *m)
{
	struct told told;

	told_as(p->call, p->to->peer, p->from, m, m->status, false, &told);
	if (p->in) {
		server_txn_reply(p->in, &told.reply);
		server_txn_detach(p->in);
	}
	client_txn_detach(p->out);
	message_free(p->bye);
	p->in = NULL;
	p->out = NULL;
	p->bye = NULL;
	/* from the first on: who guesses does not hold the call up */
	if (!p->challenged)
		call_timers_parting_challenged(p->call, &p->bound, on_bound);
	p->challenged = true;
}

static void out_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct parting *p = arg;

	if (m->status < 200 || leg_challenged(p->to, &p->out, m) == KEYRING_AGAIN)
		return;
	if ((m->status == 401 || m->status == 407) && told_status(p->from, p->to->peer, m) == m->status)
		challenged(p, m);
	else
		over(p);
}

static void out_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	over(arg);
}

static void out_terminated(void *arg, struct client_txn *t)
{
	struct parting *p = arg;

	p->out = NULL;
}

static void in_terminated(void *arg, struct server_txn *t)
{
	struct parting *p = arg;

	p->in = NULL;
}

static const struct client_ops out_ops = {.response = out_response, .failed = out_failed, .terminated = out_terminated};
static const struct server_ops in_ops = {.terminated = in_terminated};

/* A phone does not ask, and may be gone: its BYE is not waited for. */
static bool may_be_challenged(const struct call *c, const struct leg *from, const struct leg *to,
			      const struct message *m)
{
	const struct crossing x = {
		.config = c->config, .from_peer = from->peer, .to_peer = to->peer, .to_network = to->network};

	return to->peer >= 0 && headers_relay_auth(m, &x);
}

static struct parting *parting_of(struct call *c, struct leg *from, struct leg *to)
{
	struct parting *p = c->parting;

	if (p)
		return p->from == from && !p->bye ? p : NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->call = c;
	p->from = from;
	p->to = to;
	c->parting = p;
	return p;
}

static bool send_on(struct parting *p, const struct message *m)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct client_request what = {.method = METHOD_BYE};
	int err;

	write_own_headers(p->to, true, false, &h);
	write_crossing(p->call, p->from->peer, p->to, m, &h);
	if (h.overflow)
		return false;
	what.headers = writer_result(&h);
	p->out = leg_request(p->to, &what, &out_ops, p, &err);
	return p->out != NULL;
}

bool parting_begin(struct call *c, struct leg *from, struct server_txn *t, const struct message *m)
{
	struct leg *to = from == c->a ? c->b : c->a;
	struct parting *p;

	if (c->state != CALL_TALKING || !leg_talking(from) || !to || !leg_talking(to) ||
	    !may_be_challenged(c, from, to, m))
		return false;
	p = parting_of(c, from, to);
	if (!p)
		return false;
	if (!send_on(p, m)) {
		parting_free(p);
		return false;
	}
	p->bye = message_ref(m);
	p->in = t;
	server_txn_own(t, &in_ops, p);
	if (!p->challenged)
		call_timers_parting_sent(c, &p->bound, on_bound);
	return true;
}

void parting_drop(struct call *c)
{
	struct parting *p = c->parting;

	if (!p)
		return;
	/* what is posted by it outlives the message */
	if (p->bye)
		end_legs(p, NULL);
	parting_free(p);
}
