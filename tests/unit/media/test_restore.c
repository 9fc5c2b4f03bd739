/* SPDX-License-Identifier: Apache-2.0 */
/* A call that goes on in another engine, as after a takeover: the same ports, latches and counters, and no door opened
 * on the way. */
#define PORT_MIN 36400
#include "fixture.h"

/* What a checkpoint holds of a call. */
struct saved {
	struct media_local local[2];
	struct media_past past[2];
};

static struct saved save(struct fixture *f, const struct call *c)
{
	struct saved s = {.local = {c->local[0], c->local[1]}};
	const struct media_stats *stats = stats_of(f, c->id);
	for (unsigned side = 0; side < 2; side++)
		media_past_of(&stats->streams[0].from[side], stats->now_ns, &s.past[side]);
	return s;
}

/* The first engine is gone, and its far ends go on. */
static struct fixture *elsewhere(struct fixture *f)
{
	media_port_close(f->port);
	media_destroy(f->media);
	free(f);
	return fixture_open();
}

static struct media_event *prepare_port(struct fixture *f, media_id id, enum media_side side, uint16_t port)
{
	const struct media_prepare what = {
		.network = (uint16_t)side, .n_streams = 1, .used = 1, .rtcp = true, .port = {port}};
	media_prepare(f->port, id, side, &what);
	struct media_event *e = next_event(f, WAIT_MS);
	assert_non_null(e);
	return e;
}

static void restore(struct fixture *f, struct call *c, const struct saved *s)
{
	c->id = media_session(f->port, 42);
	for (unsigned side = 0; side < 2; side++) {
		struct media_event *e = prepare_port(f, c->id, side, addr_port(&s->local[side].rtp));
		assert_int_equal(e->type, MEDIA_EV_PREPARED);
		assert_true(addr_equal(&e->prepared.local[0].rtp, &s->local[side].rtp));
		assert_int_equal(e->prepared.local[0].rtcp_port, s->local[side].rtcp_port);
	}
	for (unsigned side = 0; side < 2; side++) {
		c->remote[side].past = &s->past[side];
		call_commit(f, c, side);
		c->remote[side].past = NULL;
	}
}

/* A phone behind NAT at side A: what its SDP says is not where it is. */
static struct call behind_nat(struct fixture *f)
{
	struct call c = call_prepare(f, 0, 1);
	c.remote[0].rtp_addr = at("10.0.0.5:4000");
	c.remote[0].rtcp_addr = at("10.0.0.5:4001");
	c.remote[0].latch = MEDIA_LATCH_OPEN;
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	return c;
}

static void test_audio_and_counters_go_on(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = behind_nat(f);
	struct far stranger = far_open("127.0.0.66");

	c.far[0].seq = 65530;
	for (unsigned i = 0; i < 4; i++)
		call_speak(&c);
	stranger.to = c.local[0].rtp;
	pass_ms(3000);
	far_rtp(&stranger);
	call_speak(&c);
	struct saved s = save(f, &c);
	assert_int_equal(s.past[0].packets, 5);
	assert_int_equal(s.past[0].first_age_ms, 3000);
	assert_int_equal(s.past[0].last_age_ms, 0);
	assert_int_equal(s.past[0].rank[0], MEDIA_RANK_ANY);

	f = elsewhere(f);
	pass_ms(1000);
	restore(f, &c, &s);
	/* the far side is heard where it was heard last, before it has said anything */
	far_rtp(&c.far[1]);
	expect_packet(&c.far[0]);
	/* nobody else is let in, silent as the right one may be for a moment */
	far_rtp(&stranger);
	expect_nothing(&c.far[1]);
	c.far[0].seq += 7; /* lost on the way between the two engines */
	far_rtp(&c.far[0]);
	expect_packet(&c.far[1]);
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_int_equal(d->packets, 6);
	assert_int_equal(d->bytes, 6 * PACKET_SIZE);
	assert_int_equal(d->relayed, 6);
	assert_int_equal(d->lost, 7);
	assert_int_equal(d->drops[MEDIA_DROP_SOURCE], 2);
	assert_true(addr_equal(&d->refused, &stranger.addr));
	assert_int_equal(d->rank, MEDIA_RANK_ANY);
	assert_int_equal(d->first_ns, fixture_clock() - 3000 * MS);
	assert_int_equal(d->last_ns, fixture_clock());
	assert_int_equal(d->committed_ns, fixture_clock() - 3000 * MS);
	call_end(f, &c);
	far_close(&stranger);
	fixture_close(f);
}

static void test_rtcp_latch(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = behind_nat(f);
	struct far rtcp[2] = {far_open("127.0.0.11"), far_open("127.0.0.12")};

	for (unsigned i = 0; i < 2; i++) {
		rtcp[i].to = c.local[i].rtp;
		addr_set_port(&rtcp[i].to, c.local[i].rtcp_port);
	}
	c.remote[1].rtcp_addr = rtcp[1].addr;
	call_commit(f, &c, MEDIA_B);
	call_speak(&c);
	far_rtcp(&rtcp[0]);
	assert_int_equal(far_receive(&rtcp[1], WAIT_MS), 8);
	struct saved s = save(f, &c);
	assert_true(addr_equal(&s.past[0].latched[1], &rtcp[0].addr));

	f = elsewhere(f);
	restore(f, &c, &s);
	far_rtcp(&rtcp[1]); /* to a place that only the latch knows */
	assert_int_equal(far_receive(&rtcp[0], WAIT_MS), 8);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->rtcp_packets, 1);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rtcp_packets, 1);
	call_end(f, &c);
	far_close(&rtcp[0]);
	far_close(&rtcp[1]);
	fixture_close(f);
}

/* A rebinding that happens meanwhile is followed by the evidence that was carried over. */
static void test_evidence(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = behind_nat(f);
	struct far moved = far_open("127.0.0.11"), guess = far_open("127.0.0.11");

	for (unsigned i = 0; i < 3; i++)
		call_speak(&c);
	struct saved s = save(f, &c);
	f = elsewhere(f);
	restore(f, &c, &s);
	moved.to = guess.to = c.local[0].rtp;
	moved.ssrc = c.far[0].ssrc;
	moved.seq = c.far[0].seq;
	guess.ssrc = 99;
	far_rtp(&moved);
	expect_nothing(&c.far[1]); /* the old port has not been silent since */
	pass_ms(200);
	far_rtp(&guess);
	far_rtp(&moved);
	expect_packet(&c.far[1]);
	expect_nothing(&c.far[1]);
	assert_int_equal(expect_event(f, MEDIA_EV_SOURCE)->source.evidence, MEDIA_EVIDENCE_RTP_CONTINUED);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->source_changes, 1);
	call_end(f, &c);
	far_close(&moved);
	far_close(&guess);
	fixture_close(f);
}

/* Nothing latched yet: what was left of the window, and no more. */
static void test_window_is_not_opened(void **state)
{
	static const struct {
		unsigned age_ms; /* of the commit, when it is saved */
		bool heard;
	} cases[] = {{1500, true}, {2100, false}};

	for (unsigned i = 0; i < 2; i++) {
		struct fixture *f = fixture_open();
		struct call c = behind_nat(f);
		pass_ms(cases[i].age_ms);
		struct saved s = save(f, &c);
		assert_int_equal(s.past[0].window_ms, cases[i].heard ? 500 : 0);
		assert_int_equal(s.past[0].first_age_ms, MEDIA_NEVER);
		f = elsewhere(f);
		restore(f, &c, &s);
		pass_ms(400);
		far_rtp(&c.far[0]);
		if (cases[i].heard)
			expect_packet(&c.far[1]);
		else
			expect_nothing(&c.far[1]);
		/* a commit that is news opens one, as in any call */
		pass_ms(3000);
		call_commit(f, &c, MEDIA_A);
		call_speak(&c);
		call_end(f, &c);
		fixture_close(f);
	}
}

static void test_inactivity_counts_from_now(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = behind_nat(f);
	call_speak(&c);
	struct saved s = save(f, &c);
	s.past[0].first_age_ms = s.past[0].last_age_ms = s.past[0].committed_age_ms = 50000;
	f = elsewhere(f);
	c.remote[0].silence_ms = 1000;
	restore(f, &c, &s);
	pass_ms(999);
	assert_null(next_event(f, NOTHING_MS));
	pass_ms(100);
	struct media_event *e = expect_event(f, MEDIA_EV_SILENT);
	assert_in_range(e->silent.silent_ms, 1000, 1100);
	call_end(f, &c);
	fixture_close(f);
}

/* Fork 1 answered; what came from it is what is restored. */
static void test_a_selected_fork(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	call_commit(f, &c, MEDIA_A);
	media_select(f->port, c.id, MEDIA_B, 1);
	media_commit(f->port, c.id, MEDIA_B, 1, &c.remote[1], 1);
	settle(f, c.id);
	call_speak(&c);
	struct saved s = save(f, &c);
	f = elsewhere(f);
	c.id = media_session(f->port, 42);
	for (unsigned side = 0; side < 2; side++)
		prepare_port(f, c.id, side, addr_port(&s.local[side].rtp));
	media_select(f->port, c.id, MEDIA_B, 1);
	for (unsigned side = 0; side < 2; side++) {
		c.remote[side].past = &s.past[side];
		media_commit(f->port, c.id, side, side, &c.remote[side], 1);
	}
	call_speak(&c);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->packets, 2);
	call_end(f, &c);
	fixture_close(f);
}

static void expect_refused(struct fixture *f, media_id id, uint16_t port)
{
	struct media_event *e = prepare_port(f, id, MEDIA_A, port);
	assert_int_equal(e->type, MEDIA_EV_FAILED);
	assert_int_equal(e->error, MEDIA_ERR_PORT);
}

static void test_ports_that_cannot_be_had(void **state)
{
	struct fixture *f = fixture_open();
	struct addr taken[] = {at("127.0.0.1:36410"), at("127.0.0.1:36421")};
	struct media_gauges g;
	int fds[2];

	for (unsigned i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fds[i], &taken[i].sa, addr_len(&taken[i])), 0);
	}
	media_id one = media_session(f->port, 1), two = media_session(f->port, 2);
	expect_refused(f, one, 36410); /* another program's RTP port */
	expect_refused(f, one, 36420); /* and RTCP port */
	expect_refused(f, one, 36413); /* odd */
	expect_refused(f, one, PORT_MIN - 2);
	expect_refused(f, one, PORT_MAX + 1);
	assert_int_equal(prepare_port(f, one, MEDIA_A, 36414)->type, MEDIA_EV_PREPARED);
	expect_refused(f, two, 36414); /* another call's */
	media_end(f->port, one);
	expect_event(f, MEDIA_EV_ENDED);
	/* that it rests is for others */
	assert_int_equal(prepare_port(f, two, MEDIA_A, 36414)->type, MEDIA_EV_PREPARED);
	media_gauges(f->media, &g);
	assert_int_equal(g.ports_used, 1);
	assert_int_equal(g.ports_skipped, 2);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 2);
	close(fds[0]);
	close(fds[1]);
	fixture_close(f);
}

/* Named ports come out of the middle of what rests, and the others are still found, once each. */
static void test_every_port_once(void **state)
{
	struct fixture *f = fixture_open_range(1, 36800, 36819);
	media_id ids[10];
	unsigned seen = 0;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 10; i++) {
			ids[i] = media_session(f->port, i);
			uint16_t port = i < 4 ? (uint16_t)(36804 + 4 * i) : 0;
			if (i == 4)
				pass_ms(100);
			struct media_event *e = prepare_port(f, ids[i], MEDIA_A, port);
			assert_int_equal(e->type, MEDIA_EV_PREPARED);
			seen ^= 1u << (addr_port(&e->prepared.local[0].rtp) - 36800) / 2;
		}
		assert_int_equal(seen, round % 2 ? 0 : 0x3ff);
		for (unsigned i = 0; i < 10; i++) {
			media_end(f->port, ids[i]);
			expect_event(f, MEDIA_EV_ENDED);
		}
	}
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audio_and_counters_go_on),
		cmocka_unit_test(test_rtcp_latch),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_window_is_not_opened),
		cmocka_unit_test(test_inactivity_counts_from_now),
		cmocka_unit_test(test_a_selected_fork),
		cmocka_unit_test(test_ports_that_cannot_be_had),
		cmocka_unit_test(test_every_port_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
