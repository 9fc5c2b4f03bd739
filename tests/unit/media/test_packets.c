/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of packets, what becomes of bad ones, and several threads at once. */
#include "fixture.h"
#include <pthread.h>

/* ---- statistics ----------------------------------------------------------------------------------------------------
 */

static void test_statistics(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	static const uint16_t seqs[] = {65533, 65534, 0, 65535, 0, 3, 4};

	for (size_t i = 0; i < sizeof(seqs) / sizeof(*seqs); i++) {
		c.far[0].seq = seqs[i];
		far_rtp(&c.far[0]);
		expect_packet(&c.far[1]);
	}
	c.far[0].ssrc++;
	c.far[0].seq = 777;
	far_rtp(&c.far[0]);
	expect_packet(&c.far[1]);
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_int_equal(d->packets, 8);
	assert_int_equal(d->lost, 2);
	assert_int_equal(d->reordered, 1);
	assert_int_equal(d->duplicated, 1);
	struct media_gauges g;
	media_gauges(f->media, &g);
	assert_int_equal(g.packets, 8);
	assert_int_equal(g.bytes, 8 * PACKET_SIZE);
	assert_int_equal(g.sessions, 1);
	call_end(f, &c);
	fixture_close(f);
}

/* ---- bad input ------------------------------------------------------------------------------------------------------
 */

static void test_bad_packets(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum media_drop want;
	} rows[] = {
		{"", 0, MEDIA_DROP_SHORT},
		{"\x80", 1, MEDIA_DROP_SHORT},
		{"\x80\x08\0\1\0\0\0\0\0\0\0", 11, MEDIA_DROP_SHORT},
		{"\0\1\0\0\x21\x12\xa4\x42............", 20, MEDIA_DROP_KIND}, /* STUN */
		{"\x16\xfe\xfd.............", 16, MEDIA_DROP_KIND},            /* DTLS */
		{"REGISTER sip:x SIP/2.0", 22, MEDIA_DROP_KIND},
		{"\x8f\x08\0\1\0\0\0\0\0\0\0\0", 12, MEDIA_DROP_RTP},
		{"\xa0\x08\0\1\0\0\0\0\0\0\0\0\x09", 13, MEDIA_DROP_RTP},
		{"\x80\xc9\0\1\0\0\0", 7, MEDIA_DROP_SHORT},
		{"\x80\xc9\0\2\0\0\0\1", 8, MEDIA_DROP_RTCP},
	};
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	uint8_t big[5000] = {0x80, 8};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t before = from_of(f, c.id, MEDIA_A)->drops[rows[i].want];
		far_send(&c.far[0], rows[i].bytes, rows[i].n);
		if (from_of(f, c.id, MEDIA_A)->drops[rows[i].want] != before + 1)
			fail_msg("row %zu", i);
	}
	far_send(&c.far[0], big, sizeof(big));
	assert_int_equal(from_of(f, c.id, MEDIA_A)->drops[MEDIA_DROP_SIZE], 1);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->packets, 0);
	assert_false(addr_is_set(&from_of(f, c.id, MEDIA_A)->latched)); /* none of them latched */
	far_send(&c.far[0], big, 4096);
	assert_int_equal(far_receive(&c.far[1], WAIT_MS), 4096); /* the largest */
	call_end(f, &c);
	fixture_close(f);
}

/* Both far ends name the session's own ports as theirs: a packet must not run in a circle. */
static void test_no_circle(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);

	c.remote[0].signalling = c.far[0].addr;
	for (unsigned twist = 0; twist < 2; twist++) {
		for (unsigned s = 0; s < 2; s++) {
			c.remote[s].rtp_addr = c.local[s ^ twist].rtp;
			call_commit(f, &c, s);
		}
		far_rtp(&c.far[0]);
		usleep(10000);
		assert_in_range(from_of(f, c.id, MEDIA_A)->packets, 1, 4);
		assert_in_range(from_of(f, c.id, MEDIA_B)->packets, 0, 2);
	}
	call_end(f, &c);
	fixture_close(f);
}

/* Loopback has no way to a host outside: the kernel says so at once. */
static void test_refused_by_the_kernel(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct media_gauges g;

	c.remote[1].rtp_addr = at("255.255.255.254:4000");
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	far_rtp(&c.far[0]);
	far_rtp(&c.far[0]);
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_int_equal(d->packets, 2);
	assert_int_equal(d->relayed, 0);
	assert_int_equal(d->drops[MEDIA_DROP_SEND], 2);
	media_gauges(f->media, &g);
	assert_int_equal(g.drops[MEDIA_DROP_SEND], 2);
	call_end(f, &c);
	fixture_close(f);
}

static void test_plain_datagrams(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	c.remote[0].rtp = c.remote[1].rtp = false; /* m=image udptl t38 */
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	far_send(&c.far[0], "\0\1fax", 5);
	assert_int_equal(far_receive(&c.far[1], WAIT_MS), 5);
	far_send(&c.far[0], "", 0);
	c.remote[1].rtp = true; /* one side has switched, the other not yet */
	call_commit(f, &c, MEDIA_B);
	far_send(&c.far[0], "\0\1fax", 5);
	far_rtp(&c.far[1]);
	const struct media_stats *s = stats_of(f, c.id);
	assert_int_equal(s->streams[0].from[MEDIA_A].drops[MEDIA_DROP_SHORT], 1);
	assert_int_equal(s->streams[0].from[MEDIA_A].drops[MEDIA_DROP_NO_TARGET], 1);
	assert_int_equal(s->streams[0].from[MEDIA_B].drops[MEDIA_DROP_NO_TARGET], 1);
	assert_int_equal(s->streams[0].from[MEDIA_A].packets, 2);
	call_end(f, &c);
	fixture_close(f);
}

static void test_old_backlog_is_thrown_away(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	call_commit(f, &c, MEDIA_A);
	for (unsigned i = 0; i < 100; i++)
		far_rtp(&c.far[1]); /* two seconds of early media before its SDP arrives */
	call_commit(f, &c, MEDIA_B);
	expect_nothing(&c.far[0]);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->drops[MEDIA_DROP_STALE], 100);
	call_speak(&c);
	call_end(f, &c);
	/* a packet or two that overtook the answer are not old */
	c = call_prepare(f, 0, 1);
	call_commit(f, &c, MEDIA_A);
	far_rtp(&c.far[1]);
	call_commit(f, &c, MEDIA_B);
	expect_packet(&c.far[0]);
	call_end(f, &c);
	fixture_close(f);
}

/* ---- several threads
 * -------------------------------------------------------------------------------------------------- */

struct door {
	struct media *media;
	int failures;
};

static void *use_door(void *arg)
{
	struct door *d = arg;
	struct fixture f = {.media = d->media};
	if (media_port_open(d->media, fixture_event, &f, &f.port) < 0)
		return NULL;
	for (unsigned i = 0; i < 60; i++) {
		struct call c = call_open(&f);
		call_speak(&c);
		media_select(f.port, c.id, MEDIA_B, i % MEDIA_MAX_FORKS);
		media_set_echo(f.port, c.id, MEDIA_A, true);
		far_rtp(&c.far[1]);
		if (i % 3 == 0)
			c.local[1] = prepare_side(&f, c.id, MEDIA_B, 2); /* gives the ports before back */
		if (i % 4 == 0)
			call_commit(&f, &c, MEDIA_A);
		call_end(&f, &c);
		f.n_events = f.next = 0;
		pass_ms(10);
	}
	struct call last = call_open(&f); /* left to the closing */
	media_port_close(f.port);
	far_close(&last.far[0]);
	far_close(&last.far[1]);
	d->failures = 0;
	return NULL;
}

static void test_two_doors_at_once(void **state)
{
	struct fixture *f = fixture_open_range(3, PORT_MIN, PORT_MAX);
	struct door doors[2];
	pthread_t threads[2];
	for (unsigned i = 0; i < 2; i++) {
		doors[i] = (struct door){.media = f->media, .failures = 1};
		assert_int_equal(pthread_create(&threads[i], NULL, use_door, &doors[i]), 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		struct media_gauges g;
		media_gauges(f->media, &g);
		usleep(1000);
	}
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(doors[i].failures, 0);
	}
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statistics),        cmocka_unit_test(test_bad_packets),
		cmocka_unit_test(test_no_circle),         cmocka_unit_test(test_refused_by_the_kernel),
		cmocka_unit_test(test_plain_datagrams),   cmocka_unit_test(test_old_backlog_is_thrown_away),
		cmocka_unit_test(test_two_doors_at_once),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_plain_sends = true;
	return failed + cmocka_run_group_tests_name("plain sends", tests, NULL, NULL);
}
