/* SPDX-License-Identifier: Apache-2.0 */
/* txn_machine: what runs the four tables: the one writer of state, posted events, and the end of a transaction. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

const struct txn_machine *const txn_machines[TXN_KINDS] = {
	[TXN_INVITE_SERVER] = &txn_invite_server,
	[TXN_OTHER_SERVER] = &txn_other_server,
	[TXN_INVITE_CLIENT] = &txn_invite_client,
	[TXN_OTHER_CLIENT] = &txn_other_client,
};

void txn_init(struct txn *t, struct txn_layer *l, enum txn_kind kind, enum method method, bool reliable)
{
	t->layer = l;
	t->kind = kind;
	t->method = method;
	t->reliable = reliable;
	txn_timers_init(t);
	txn_count(txn_alive(l, kind), 1);
}

bool txn_terminated(const struct txn *t)
{
	return t->state == txn_machines[t->kind]->n_states - 1;
}

/* Out of the maps, so that nothing is matched to it any more. */
static void unlink_txn(struct txn *t)
{
	struct txn_layer *l = t->layer;

	txn_timers_stop(t);
	if (t->node.hash) {
		hmap_remove(&l->by_id, &t->node);
		t->node.hash = 0;
	}
	if (!txn_is_client(t) && server_of(t)->mergeable) {
		hmap_remove(&l->merged, &server_of(t)->merge);
		server_of(t)->mergeable = false;
	}
}

/* The one writer of state. */
static void set_state(struct txn *t, unsigned next)
{
	if (t->state == next)
		return;
	t->state = next;
	if (txn_terminated(t)) {
		unlink_txn(t);
		txn_queue(t);
	}
}

void txn_dispatch(struct txn *t, unsigned event, struct txn_event *e)
{
	const struct txn_machine *m = txn_machines[t->kind];
	const struct txn_cell *c = &m->cells[t->state * m->n_events + event];

	t->layer->ran[t->kind][t->state][event]++;
	if (!c->act) {
		txn_count(&t->layer->counts.unexpected, 1);
		return;
	}
	set_state(t, c->next);
	c->act(t, e);
}

void txn_queue(struct txn *t)
{
	struct txn_layer *l = t->layer;

	if (t->pending)
		return;
	t->pending = true;
	t->next_pending = NULL;
	*l->pending_end = t;
	l->pending_end = &t->next_pending;
	l->io.later(l->io.arg, &l->deferred);
}

void txn_post_send_failed(struct txn *t, int error)
{
	t->error = error;
	t->send_failed = true;
	txn_queue(t);
}

/* Tells the user that it is over and forgets the user. The fields are cleared first: it may call back in. */
static void tell_terminated(struct txn *t)
{
	if (txn_is_client(t)) {
		struct client_txn *c = client_of(t);
		const struct client_ops *ops = c->ops;

		c->ops = NULL;
		c->guard = NULL;
		if (ops && ops->terminated)
			ops->terminated(c->arg, c);
	} else {
		struct server_txn *s = server_of(t);
		const struct server_ops *ops = s->ops;

		s->ops = NULL;
		if (ops && ops->terminated)
			ops->terminated(s->arg, s);
	}
}

void txn_run_pending(struct loop_deferred *d)
{
	struct txn_layer *l = container_of(d, struct txn_layer, deferred);
	struct txn *t;

	while ((t = l->pending)) {
		l->pending = t->next_pending;
		if (!l->pending)
			l->pending_end = &l->pending;
		/* Still marked as pending, so that it is not linked again by what runs here. */
		if (t->send_failed) {
			struct txn_event e = {0};

			t->send_failed = false;
			if (!txn_terminated(t))
				txn_dispatch(t, TXN_EV_SEND_FAILED, &e);
		}
		if (t->ended || txn_terminated(t))
			tell_terminated(t);
		t->pending = false;
		if (txn_terminated(t))
			txn_destroy(t);
		else if (t->send_failed)
			txn_queue(t);
	}
}

void txn_destroy(struct txn *t)
{
	txn_count(txn_alive(t->layer, t->kind), -1);
	unlink_txn(t);
	free(t->text);
	if (txn_is_client(t)) {
		free(client_of(t));
	} else {
		free(server_of(t)->head);
		free(server_of(t));
	}
}

void txn_set_text(struct txn *t, char *text, size_t n)
{
	free(t->text);
	t->text = text;
	t->text_n = n;
}

struct destination txn_destination(struct txn *t)
{
	if (txn_is_client(t))
		return client_of(t)->to;

	struct destination d = destination_of_flow(&server_of(t)->source);

	d.flow_only = true;
	return d;
}

int txn_send_now(struct txn *t, struct str text)
{
	struct txn_layer *l = t->layer;
	struct destination d = txn_destination(t);

	return l->io.send(l->io.arg, &d, text.p, text.n, t->node.hash);
}

void txn_send(struct txn *t, struct str text, bool first)
{
	int err;

	if (!first)
		txn_count(&t->layer->counts.retransmissions_out, 1);
	err = txn_send_now(t, text);
	/* A datagram for which there was no room is as good as lost: the timers, or the peer's, see to it. */
	if (err < 0 && (t->reliable || (err != -ENOBUFS && err != -ENOMEM && err != -EAGAIN)))
		txn_post_send_failed(t, err);
}

void txn_write_machine(const struct txn_machine *m, struct writer *w)
{
	writer_fmt(w, "%s\n", m->name);
	for (unsigned s = 0; s < m->n_states; s++) {
		writer_fmt(w, "  %s\n", m->states[s]);
		for (unsigned e = 0; e < m->n_events; e++) {
			const struct txn_cell *c = &m->cells[s * m->n_events + e];

			if (c->act)
				writer_fmt(w, "    %-18s %-20s -> %s\n", m->events[e], c->action, m->states[c->next]);
		}
	}
}
