/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to packets: sources, forks, hold, echo, inactivity. */
#include "fixture.h"

/* ---- sources ----------------------------------------------------------------------------------------------------- */

static void test_injection_is_refused(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	struct far stranger = far_open("127.0.0.66");

	call_speak(&c);
	stranger.to = c.local[0].rtp;
	stranger.ssrc = c.far[0].ssrc;
	stranger.seq = c.far[0].seq;
	pass_ms(10000);
	far_rtp(&stranger);
	far_rtp(&stranger);
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_int_equal(d->drops[MEDIA_DROP_SOURCE], 2);
	assert_true(addr_equal(&d->refused, &stranger.addr));
	assert_int_equal(d->packets, 1);
	expect_nothing(&c.far[1]);
	/* and what B says still goes to A alone */
	far_rtp(&c.far[1]);
	expect_packet(&c.far[0]);
	assert_int_equal(far_receive(&stranger, 0), -1);
	call_end(f, &c);
	far_close(&stranger);
	fixture_close(f);
}

static void test_before_a_latch_the_sdp_address_is_sent_to(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	far_rtp(&c.far[0]);
	expect_packet(&c.far[1]); /* B has not said a word */
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rank, MEDIA_RANK_NONE);
	call_end(f, &c);
	fixture_close(f);
}

static void test_nat_rebinding_is_followed(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far moved = far_open("127.0.0.11");
	struct addr before = c.far[0].addr;

	/* a phone behind NAT: its SDP has an address that nothing comes from */
	c.remote[0].rtp_addr = at("10.0.0.5:4000");
	c.remote[0].signalling = before;
	c.remote[0].latch = MEDIA_LATCH_OPEN;
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	call_speak(&c);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->rank, MEDIA_RANK_SIGNALLING);
	moved.to = c.far[0].to;
	moved.ssrc = c.far[0].ssrc;
	moved.seq = c.far[0].seq;
	far_rtp(&moved); /* the old port is not silent yet */
	expect_nothing(&c.far[1]);
	pass_ms(200);
	far_rtp(&moved);
	expect_packet(&c.far[1]);
	struct media_event *e = expect_event(f, MEDIA_EV_SOURCE);
	assert_true(addr_equal(&e->source.from, &before) && addr_equal(&e->source.to, &moved.addr));
	assert_true(e->side == MEDIA_A && e->stream == 0 && e->fork == 0 && e->cookie == 42);
	assert_int_equal(e->source.evidence, MEDIA_EVIDENCE_RTP_CONTINUED);
	far_rtp(&c.far[1]);
	expect_packet(&moved); /* and is spoken to there */
	assert_int_equal(from_of(f, c.id, MEDIA_A)->source_changes, 1);
	call_end(f, &c);
	far_close(&moved);
	fixture_close(f);
}

static void test_gateway_moves_inside_the_acl(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far moved = far_open("127.0.0.77");
	struct cidr acl;

	assert_true(cidr_parse(STR("127.0.0.64/26"), &acl));
	c.remote[0].acl = &acl;
	c.remote[0].n_acl = 1;
	call_commit(f, &c, MEDIA_A);
	memset(&acl, 0, sizeof(acl)); /* it was copied */
	call_commit(f, &c, MEDIA_B);
	call_speak(&c);
	moved.to = c.far[0].to;
	pass_ms(499);
	far_rtp(&moved);
	expect_nothing(&c.far[1]);
	pass_ms(1);
	far_rtp(&moved);
	expect_packet(&c.far[1]);
	assert_int_equal(expect_event(f, MEDIA_EV_SOURCE)->source.evidence, MEDIA_EVIDENCE_ACL_SILENT);
	struct media_gauges g;
	media_gauges(f->media, &g);
	assert_int_equal(g.source_changes[MEDIA_EVIDENCE_ACL_SILENT], 1);
	assert_int_equal(g.latches[MEDIA_RANK_SDP], 2);
	call_end(f, &c);
	far_close(&moved);
	fixture_close(f);
}

static void test_better_source_replaces_worse(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far other = far_open("127.0.0.66");
	struct media_gauges g;

	c.remote[0].latch = MEDIA_LATCH_OPEN;
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	other.to = c.far[0].to;
	far_rtp(&other);
	expect_packet(&c.far[1]);
	far_rtp(&c.far[0]);
	expect_packet(&c.far[1]);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->rank, MEDIA_RANK_SDP);
	far_rtp(&other);
	expect_nothing(&c.far[1]);
	media_gauges(f->media, &g);
	assert_int_equal(g.races, 2);
	assert_int_equal(g.latches[MEDIA_RANK_ANY], 1);
	call_end(f, &c);
	far_close(&other);
	fixture_close(f);
}

static void test_open_window_opens_again_with_signalling(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far phone = far_open("127.0.0.66"); /* neither where the SDP nor where the signalling says */

	c.remote[0].rtp_addr = at("10.0.0.5:4000");
	c.remote[0].latch = MEDIA_LATCH_OPEN;
	call_commit(f, &c, MEDIA_A);
	pass_ms(20000); /* it rings */
	phone.to = c.far[0].to;
	far_rtp(&phone);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->drops[MEDIA_DROP_SOURCE], 1);
	call_commit(f, &c, MEDIA_B); /* answered */
	pass_ms(1500);
	far_rtp(&phone);
	expect_packet(&c.far[1]);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->rank, MEDIA_RANK_ANY);
	call_end(f, &c);
	far_close(&phone);
	fixture_close(f);
}

static void test_recommit_keeps_or_renews_the_latch(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	struct far other = far_open("127.0.0.13");

	call_speak(&c);
	uint64_t committed = from_of(f, c.id, MEDIA_A)->committed_ns;
	pass_ms(5000);
	call_commit(f, &c, MEDIA_A); /* a session refresh: the same address */
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_true(addr_equal(&d->latched, &c.far[0].addr));
	assert_int_equal(d->committed_ns, committed);
	c.remote[0].rtp_addr = other.addr; /* a re-INVITE: another one */
	call_commit(f, &c, MEDIA_A);
	d = from_of(f, c.id, MEDIA_A);
	assert_false(addr_is_set(&d->latched));
	assert_int_equal(d->packets, 1); /* the counters go on */
	assert_int_equal(d->committed_ns, fixture_clock());
	far_rtp(&c.far[1]);
	expect_packet(&other);
	far_rtp(&c.far[0]); /* the old address is nobody now */
	expect_nothing(&c.far[1]);
	call_end(f, &c);
	far_close(&other);
	fixture_close(f);
}

/* ---- forks ------------------------------------------------------------------------------------------------------- */

static void test_forks(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	struct far two = far_open("127.0.0.13");
	struct media_remote r = remote_at(&two.addr);

	two.to = c.local[1].rtp;
	media_commit(f->port, c.id, MEDIA_B, 1, &r, 1);
	settle(f, c.id);
	call_speak(&c); /* fork 0 is heard */
	far_rtp(&two);  /* fork 1 is counted and latched, not heard */
	expect_nothing(&c.far[0]);
	media_select(f->port, c.id, MEDIA_B, 1);
	settle(f, c.id);
	const struct media_direction *d = from_of(f, c.id, MEDIA_B);
	assert_int_equal(d->packets, 1); /* of fork 1 now */
	assert_int_equal(d->drops[MEDIA_DROP_UNSELECTED], 1);
	assert_true(addr_equal(&d->latched, &two.addr));
	far_rtp(&two);
	expect_packet(&c.far[0]);
	far_rtp(&c.far[0]);
	expect_packet(&two);
	assert_int_equal(far_receive(&c.far[1], 0), -1);
	far_rtp(&c.far[1]);
	expect_nothing(&c.far[0]);
	call_end(f, &c);
	far_close(&two);
	fixture_close(f);
}

static void test_forks_of_one_media_server(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	call_speak(&c);
	/* the 200 has another To tag than the 183, but the same address and port */
	media_commit(f->port, c.id, MEDIA_B, 1, &c.remote[1], 1);
	media_select(f->port, c.id, MEDIA_B, 1);
	settle(f, c.id);
	call_speak(&c);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->packets, 1);
	call_end(f, &c);
	fixture_close(f);
}

static void test_forks_behind_one_nat(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far two = far_open("127.0.0.12");

	/* two phones, private addresses in their SDP, one public address */
	c.remote[1].signalling = c.far[1].addr;
	struct media_remote r[2] = {c.remote[1], c.remote[1]};
	r[0].rtp_addr = at("10.0.0.5:4000");
	r[1].rtp_addr = at("10.0.0.6:4000");
	two.to = c.local[1].rtp;
	call_commit(f, &c, MEDIA_A);
	media_commit(f->port, c.id, MEDIA_B, 0, &r[0], 1);
	settle(f, c.id);
	far_rtp(&c.far[1]); /* phone 0 rings with early media */
	expect_packet(&c.far[0]);
	media_commit(f->port, c.id, MEDIA_B, 1, &r[1], 1);
	media_select(f->port, c.id, MEDIA_B, 1); /* phone 1 answers */
	settle(f, c.id);
	far_rtp(&c.far[1]); /* what phone 0 still says is its own */
	expect_nothing(&c.far[0]);
	far_rtp(&two);
	expect_packet(&c.far[0]);
	far_rtp(&c.far[0]);
	expect_packet(&two);
	call_end(f, &c);
	far_close(&two);
	fixture_close(f);
}

/* RFC 3550 §6.5.1: a CNAME is user@host, the inside of a network; §6.7: an APP may be anything. */
static void test_rtcp_names(void **state)
{
	static const char name[] = "sip:1@10.0.0.5";
	uint8_t p[28] = {0x81, 202, 0, 6, 0, 0, 0, 1, 1, sizeof(name) - 1}, got[64];
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	call_speak(&c);
	memcpy(p + 10, name, sizeof(name) - 1);
	c.remote[0].rtcp_mux = c.remote[1].rtcp_mux = true;
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	far_send(&c.far[0], p, sizeof(p));
	assert_int_equal(far_receive_from(&c.far[1], got, sizeof(got), WAIT_MS, NULL), sizeof(p));
	assert_memory_equal(got, p, 10);
	assert_memory_not_equal(got + 10, name, sizeof(name) - 1);
	/* of an APP behind it nothing is left, and of one alone nothing is sent */
	uint8_t app[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 204, 0, 2, 0, 0, 0, 1, 'h', 'o', 's', 't'};
	far_send(&c.far[0], app, sizeof(app));
	assert_int_equal(far_receive_from(&c.far[1], got, sizeof(got), WAIT_MS, NULL), 8);
	far_send(&c.far[0], app + 8, sizeof(app) - 8);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->drops[MEDIA_DROP_HIDDEN], 1);
	expect_nothing(&c.far[1]);
	call_end(f, &c);
	fixture_close(f);
}

/* ---- hold, echo, inactivity ---------------------------------------------------------------------------------------
 */

static void test_hold(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	call_speak(&c);
	c.remote[0].receive = false; /* A is recvonly: it may not send */
	call_commit(f, &c, MEDIA_A);
	far_rtp(&c.far[0]);
	expect_nothing(&c.far[1]);
	far_rtp(&c.far[1]);
	expect_packet(&c.far[0]);
	c.remote[0].send = false; /* inactive */
	call_commit(f, &c, MEDIA_A);
	far_rtp(&c.far[1]);
	expect_nothing(&c.far[0]);
	const struct media_stats *s = stats_of(f, c.id);
	assert_int_equal(s->streams[0].from[MEDIA_A].drops[MEDIA_DROP_DIRECTION], 1);
	assert_int_equal(s->streams[0].from[MEDIA_B].drops[MEDIA_DROP_DIRECTION], 1);
	assert_false(s->streams[0].from[MEDIA_A].receives);
	c.remote[0].send = c.remote[0].receive = true;
	pass_ms(1000);
	call_commit(f, &c, MEDIA_A);
	call_speak(&c);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->committed_ns, fixture_clock()); /* expected since it was resumed */
	/* RFC 2543 hold: nowhere to send */
	c.remote[1].rtp_addr = at("0.0.0.0:4000");
	call_commit(f, &c, MEDIA_B);
	far_rtp(&c.far[0]);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->drops[MEDIA_DROP_NO_TARGET], 1);
	call_end(f, &c);
	fixture_close(f);
}

static void test_stream_switched_off(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	call_speak(&c);
	media_commit(f->port, c.id, MEDIA_A, 0, NULL, 0); /* m=audio 0 */
	settle(f, c.id);
	far_rtp(&c.far[0]);
	far_rtp(&c.far[1]);
	const struct media_stats *s = stats_of(f, c.id);
	assert_int_equal(s->streams[0].from[MEDIA_A].packets, 1);
	assert_int_equal(s->streams[0].from[MEDIA_A].drops[MEDIA_DROP_SOURCE], 1);
	assert_int_equal(s->streams[0].from[MEDIA_B].drops[MEDIA_DROP_NO_TARGET], 1);
	call_commit(f, &c, MEDIA_A);
	call_speak(&c);
	call_end(f, &c);
	assert_int_equal(f->stats.streams[0].from[MEDIA_A].packets, 2);
	fixture_close(f);
}

static void test_echo(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	media_set_echo(f->port, c.id, MEDIA_A, true); /* may be said before the commit */
	call_commit(f, &c, MEDIA_A);
	far_rtp(&c.far[0]);
	expect_packet(&c.far[0]);
	far_send(&c.far[0], "short", 5);
	expect_nothing(&c.far[0]);
	media_set_echo(f->port, c.id, MEDIA_A, false);
	call_commit(f, &c, MEDIA_B);
	call_speak(&c);
	call_end(f, &c);
	fixture_close(f);
}

/* Virtual time moved on: something must make the worker look. */
static void nudge(struct fixture *f, media_id id)
{
	media_query(f->port, id);
}

static struct media_event *event_besides_stats(struct fixture *f, int ms)
{
	struct media_event *e;
	while ((e = next_event(f, ms)) && e->type == MEDIA_EV_STATS)
		;
	return e;
}

static struct media_event *after_nudges(struct fixture *f, media_id id)
{
	struct media_event *e = NULL;
	for (unsigned i = 0; i < 3 && !e; i++) {
		nudge(f, id);
		e = event_besides_stats(f, 20);
	}
	return e;
}

static void test_inactivity_is_told_once(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	c.remote[0].silence_ms = 10000;
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	pass_ms(9999);
	assert_null(after_nudges(f, c.id));
	call_speak(&c);
	pass_ms(9999);
	assert_null(after_nudges(f, c.id));
	pass_ms(1);
	struct media_event *e = after_nudges(f, c.id);
	assert_non_null(e);
	assert_int_equal(e->type, MEDIA_EV_SILENT);
	assert_true(e->side == MEDIA_A && e->stream == 0 && e->silent.silent_ms == 10000);
	pass_ms(60000);
	assert_null(after_nudges(f, c.id));
	call_speak(&c); /* it was alive after all; and falls silent again */
	pass_ms(10000);
	e = after_nudges(f, c.id);
	assert_true(e && e->type == MEDIA_EV_SILENT);
	/* on hold nothing is expected */
	c.remote[0].receive = false;
	media_commit(f->port, c.id, MEDIA_A, 0, &c.remote[0], 1);
	pass_ms(60000);
	assert_null(after_nudges(f, c.id));
	/* resumed: the time counts from then */
	c.remote[0].receive = true;
	media_commit(f->port, c.id, MEDIA_A, 0, &c.remote[0], 1);
	assert_null(after_nudges(f, c.id));
	pass_ms(10000);
	e = after_nudges(f, c.id);
	assert_true(e && e->type == MEDIA_EV_SILENT);
	/* a selection, of whichever side: told, and once more after the whole time */
	media_select(f->port, c.id, MEDIA_B, 0);
	assert_null(after_nudges(f, c.id));
	pass_ms(9999);
	assert_null(after_nudges(f, c.id));
	pass_ms(1);
	e = after_nudges(f, c.id);
	assert_true(e && e->type == MEDIA_EV_SILENT && e->side == MEDIA_A);
	media_end(f->port, c.id);
	e = event_besides_stats(f, WAIT_MS);
	assert_true(e && e->type == MEDIA_EV_ENDED);
	far_close(&c.far[0]);
	far_close(&c.far[1]);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_injection_is_refused),
		cmocka_unit_test(test_before_a_latch_the_sdp_address_is_sent_to),
		cmocka_unit_test(test_nat_rebinding_is_followed),
		cmocka_unit_test(test_gateway_moves_inside_the_acl),
		cmocka_unit_test(test_better_source_replaces_worse),
		cmocka_unit_test(test_open_window_opens_again_with_signalling),
		cmocka_unit_test(test_recommit_keeps_or_renews_the_latch),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_forks_of_one_media_server),
		cmocka_unit_test(test_forks_behind_one_nat),
		cmocka_unit_test(test_rtcp_names),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_stream_switched_off),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_inactivity_is_told_once),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_plain_sends = true;
	return failed + cmocka_run_group_tests_name("plain sends", tests, NULL, NULL);
}
