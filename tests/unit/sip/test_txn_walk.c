/* SPDX-License-Identifier: Apache-2.0 */
/* Random walks: whatever comes in whatever order, with users that call back at random, the layer tells each user what
 * it promises (`failed` at most once, `terminated` once, nothing after it or after detach), and everything ends. */
#include "test_txn_fake.h"

#define HELD  32
#define STEPS 20000

/* One user of one transaction. It lives as long as the program, so that a callback that comes too late is seen. */
struct holder {
	struct walk *walk;
	struct server_txn *server;
	struct client_txn *client;
	bool failed, over;
};

struct walk {
	struct fake *f;
	uint64_t seed;
	struct holder *held[HELD];
	struct holder *all[STEPS * 4];
	unsigned n_all, depth;
	char branches[HELD][TXN_BRANCH_LEN + 1]; /* of requests that were started */
	unsigned n_branches;
};

static unsigned pick(struct walk *w, unsigned below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(w->seed >> 33) % below;
}

static void act_at_random(struct walk *w);

static void from_callback(struct walk *w)
{
	if (w->depth > 2)
		return;
	w->depth++;
	while (pick(w, 3) == 0)
		act_at_random(w);
	w->depth--;
}

static void walk_cancelled(void *arg, struct server_txn *t, const struct message *cancel)
{
	struct holder *h = arg;

	assert_ptr_equal(h->server, t);
	assert_false(h->over);
	from_callback(h->walk);
}

static void walk_server_failed(void *arg, struct server_txn *t, int error)
{
	struct holder *h = arg;

	assert_ptr_equal(h->server, t);
	assert_false(h->over);
	from_callback(h->walk);
}

static void let_go(struct holder *h)
{
	for (unsigned i = 0; i < HELD; i++) {
		if (h->walk->held[i] == h)
			h->walk->held[i] = NULL;
	}
	h->over = true;
}

static void walk_server_terminated(void *arg, struct server_txn *t)
{
	struct holder *h = arg;

	assert_ptr_equal(h->server, t);
	assert_false(h->over);
	let_go(h);
	from_callback(h->walk);
}

static const struct server_ops walk_server_ops = {walk_cancelled, walk_server_failed, walk_server_terminated};

static void walk_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct holder *h = arg;

	assert_ptr_equal(h->client, t);
	assert_false(h->over);
	assert_false(h->failed);
	from_callback(h->walk);
}

static void walk_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct holder *h = arg;

	assert_ptr_equal(h->client, t);
	assert_false(h->over);
	assert_false(h->failed);
	h->failed = true;
	from_callback(h->walk);
}

static void walk_client_terminated(void *arg, struct client_txn *t)
{
	struct holder *h = arg;

	assert_ptr_equal(h->client, t);
	assert_false(h->over);
	let_go(h);
	from_callback(h->walk);
}

static const struct client_ops walk_client_ops = {walk_response, walk_failed, walk_client_terminated};

/* NULL: no room. */
static struct holder *hold(struct walk *w)
{
	unsigned i = pick(w, HELD);

	if (w->held[i] || w->n_all == sizeof(w->all) / sizeof(*w->all))
		return NULL;
	w->held[i] = w->all[w->n_all++] = calloc(1, sizeof(struct holder));
	w->held[i]->walk = w;
	return w->held[i];
}

static struct walk *walk_now;

static void walk_request(struct fake *f, struct server_txn *t, const struct message *m)
{
	struct walk *w = walk_now;
	struct holder *h;

	if (pick(w, 6) == 0) {
		server_txn_reject(t, (enum reject_reason)(1 + pick(w, REJECT_COUNT - 1)));
		return;
	}
	h = hold(w);
	if (!h)
		return;
	h->server = t;
	server_txn_own(t, &walk_server_ops, h);
	from_callback(w);
}

static void walk_receive_request(struct walk *w)
{
	static const char *const methods[] = {"INVITE", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "FOO"};
	static const char *const branches[] = {"z9hG4bK1", "z9hG4bK2", "z9hG4bK3", "z9hG4bK4", "-", "old"};
	struct in in = {
		.method = methods[pick(w, 7)],
		.branch = branches[pick(w, 6)],
		.to_tag = pick(w, 2) ? "x" : NULL,
		.cseq = 1 + pick(w, 4),
		.network = pick(w, 2),
		.transport = pick(w, 2),
	};
	struct message *m = fake_request_message(&in);

	txn_layer_receive(w->f->layer, m);
	message_free(m);
}

static void walk_receive_response(struct walk *w)
{
	static const char *const methods[] = {"INVITE", "INVITE", "CANCEL", "BYE"};
	static const int statuses[] = {100, 180, 200, 202, 302, 486, 487, 503};
	char text[512];
	struct in in = {.network = pick(w, 8) != 0, .transport = pick(w, 2)};
	struct message *m;

	if (!w->n_branches)
		return;
	snprintf(text, sizeof(text),
		 "SIP/2.0 %d X\r\nVia: SIP/2.0/UDP h;branch=%s\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
		 "Call-ID: x\r\nCSeq: 7 %s\r\nContent-Length: 0\r\n\r\n",
		 statuses[pick(w, 8)], w->branches[pick(w, w->n_branches)], methods[pick(w, 4)]);
	m = fake_parse(text, &in);
	txn_layer_receive(w->f->layer, m);
	message_free(m);
}

static void walk_start(struct walk *w)
{
	struct client_request r = fake_client_request(w->f, pick(w, 3) ? METHOD_INVITE : METHOD_BYE, pick(w, 2));
	struct holder *h = hold(w);
	int err = 0;

	if (!h)
		return;
	r.try_ms = pick(w, 2) ? pick(w, 6000) : 0;
	r.ops = &walk_client_ops;
	r.arg = h;
	h->client = client_txn_start(w->f->layer, &r, &err);
	if (!h->client) {
		assert_true(err == -ENOSPC || err == w->f->send_error);
		let_go(h);
		return;
	}
	unsigned i = w->n_branches < HELD ? w->n_branches++ : pick(w, HELD);
	struct str branch = client_txn_branch(h->client);
	memcpy(w->branches[i], branch.p, branch.n);
}

static void walk_use(struct walk *w)
{
	struct holder *h = w->held[pick(w, HELD)];
	static const int statuses[] = {100, 180, 183, 200, 302, 408, 486, 500};
	struct reply r = {.status = statuses[pick(w, 8)]};

	if (!h || h->over)
		return;
	switch (pick(w, 6)) {
	case 0:
		let_go(h);
		if (h->server)
			server_txn_detach(h->server);
		else
			client_txn_detach(h->client);
		break;
	case 1:
	case 2:
		if (h->server)
			server_txn_resend(h->server);
		else
			client_txn_cancel(h->client);
		break;
	case 3:
		if (h->server)
			server_txn_reject(h->server, (enum reject_reason)(1 + pick(w, REJECT_COUNT - 1)));
		break;
	default:
		if (h->server)
			server_txn_reply(h->server, &r);
	}
}

static void act_at_random(struct walk *w)
{
	struct fake *f = w->f;

	switch (pick(w, 8)) {
	case 0:
	case 1:
		walk_receive_request(w);
		break;
	case 2:
	case 3:
		walk_receive_response(w);
		break;
	case 4:
		walk_start(w);
		break;
	case 5:
		/* The id of some transaction, as the cookie of a failed send. */
		if (f->layer->by_id.n) {
			uint64_t last, place = (uint64_t)pick(w, UINT32_MAX) << 32;
			struct hmap_node *n = hmap_bucket_at(&f->layer->by_id, place, &last);
			txn_layer_send_failed(f->layer, n ? n->hash : 1, -ECONNREFUSED);
		}
		f->send_error = pick(w, 10) ? 0 : pick(w, 2) ? -ENOBUFS : -ENOTCONN;
		break;
	default:
		walk_use(w);
	}
}

static void walk(void **state)
{
	for (unsigned seed = 1; seed <= 8; seed++) {
		static struct walk w;

		memset(&w, 0, sizeof(w));
		walk_now = &w;
		w.seed = seed;
		w.f = fake_open();
		w.f->quiet = true;
		w.f->on_request = walk_request;
		w.f->config.limits.transactions = 60;
		for (unsigned i = 0; i < STEPS; i++) {
			act_at_random(&w);
			if (pick(&w, 4) == 0)
				fake_turn(w.f);
			if (pick(&w, 4) == 0)
				fake_until(w.f, w.f->wheel.now_ms - w.f->start_ms + pick(&w, 3000));
		}
		for (unsigned i = 0; i < w.n_all; i++) {
			struct holder *h = w.all[i];

			if (h->over)
				continue;
			let_go(h);
			if (h->server)
				server_txn_detach(h->server);
			else
				client_txn_detach(h->client);
		}
		w.depth = 3;
		fake_finish(w.f);
		for (unsigned i = 0; i < w.n_all; i++)
			free(w.all[i]);
	}
}

/* The walks are worth something only if they get about. */
static void reached(void **state)
{
	unsigned filled = 0, ran = 0;

	for (unsigned k = 0; k < TXN_KINDS; k++) {
		const struct txn_machine *m = txn_machines[k];

		for (unsigned i = 0; i < m->n_states * m->n_events; i++) {
			if (!m->cells[i].act)
				continue;
			filled++;
			ran += fake_ran[k][i / m->n_events][i % m->n_events] > 0;
		}
	}
	print_message("%u of %u filled cells reached\n", ran, filled);
	assert_in_range(ran, filled * 9 / 10, filled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(walk), cmocka_unit_test(reached)};

	return cmocka_run_group_tests_name("random walks over transactions", tests, NULL, NULL);
}
