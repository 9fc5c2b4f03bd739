/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions through the door: set-up, ids, ports, forks, hold, echo, inactivity, end. */
#include "fixture.h"

static void test_relays_both_ways(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	uint8_t p[200];
	struct addr from;

	call_speak(&c);
	far_rtp(&c.far[0]);
	assert_int_equal(far_receive_from(&c.far[1], p, sizeof(p), WAIT_MS, &from), PACKET_SIZE);
	assert_true(addr_equal(&from, &c.local[1].rtp)); /* from the port that B was told */
	assert_int_equal(p[3], 1);                       /* the second packet, as it was sent */
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_int_equal(d->packets, 2);
	assert_int_equal(d->relayed, 2);
	assert_int_equal(d->bytes, 2 * PACKET_SIZE);
	assert_int_equal(d->rank, MEDIA_RANK_SDP);
	assert_true(addr_equal(&d->latched, &c.far[0].addr) && addr_equal(&d->expected, &c.far[0].addr));
	assert_int_equal(d->first_ns, fixture_clock());
	call_end(f, &c);
	assert_int_equal(f->stats.streams[0].from[MEDIA_A].packets, 2);
	assert_int_equal(f->stats.streams[0].from[MEDIA_B].packets, 1);
	fixture_close(f);
}

static void test_rtcp_takes_its_own_way(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far rtcp[2] = {far_open("127.0.0.11"), far_open("127.0.0.12")};

	for (unsigned s = 0; s < 2; s++) {
		assert_int_equal(c.local[s].rtcp_port, addr_port(&c.local[s].rtp) + 1);
		assert_int_equal(addr_port(&c.local[s].rtp) % 2, 0);
		c.remote[s].rtcp_addr = rtcp[s].addr;
		rtcp[s].to = c.local[s].rtp;
		addr_set_port(&rtcp[s].to, c.local[s].rtcp_port);
		call_commit(f, &c, s);
	}
	far_rtcp(&rtcp[0]);
	assert_int_equal(far_receive(&rtcp[1], WAIT_MS), 8);
	/* RTP on the RTCP port and RTCP on the RTP port are not taken */
	rtcp[0].seq = 1;
	far_rtp(&rtcp[0]);
	far_rtcp(&c.far[0]);
	const struct media_direction *d = from_of(f, c.id, MEDIA_A);
	assert_int_equal(d->rtcp_packets, 1);
	assert_int_equal(d->packets, 0);
	assert_int_equal(d->drops[MEDIA_DROP_KIND], 2);
	call_end(f, &c);
	far_close(&rtcp[0]);
	far_close(&rtcp[1]);
	fixture_close(f);
}

static void test_rtcp_mux_meets_two_ports(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 1);
	struct far rtcp = far_open("127.0.0.12");

	c.remote[0].rtcp_mux = true;
	c.remote[0].rtcp_addr = (struct addr){0};
	c.remote[1].rtcp_addr = rtcp.addr;
	rtcp.to = c.local[1].rtp;
	addr_set_port(&rtcp.to, c.local[1].rtcp_port);
	call_commit(f, &c, 0);
	call_commit(f, &c, 1);
	far_rtcp(&c.far[0]);
	assert_int_equal(far_receive(&rtcp, WAIT_MS), 8);
	far_rtcp(&rtcp);
	assert_int_equal(far_receive(&c.far[0], WAIT_MS), 8);
	call_end(f, &c);
	far_close(&rtcp);
	fixture_close(f);
}

static void test_ipv4_to_ipv6(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_prepare(f, 0, 2);
	assert_true(addr_is_v6(&c.local[1].rtp));
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	call_speak(&c);
	/* an address of the other family cannot be sent to; nothing breaks */
	c.remote[1].rtp_addr = at("192.0.2.1:4000");
	call_commit(f, &c, MEDIA_B);
	far_rtp(&c.far[0]);
	assert_int_equal(from_of(f, c.id, MEDIA_A)->drops[MEDIA_DROP_NO_TARGET], 1);
	call_end(f, &c);
	fixture_close(f);
}

/* ---- errors and ids ---------------------------------------------------------------------------------------------- */

static void expect_failed(struct fixture *f, media_id id, enum media_error want)
{
	struct media_event *e = expect_event(f, MEDIA_EV_FAILED);
	assert_true(e->session == id);
	assert_int_equal(e->error, want);
}

static void test_stale_ids(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	const struct media_prepare what = {.n_streams = 1, .used = 1};
	media_id ids[] = {0, 0, 12345, UINT64_MAX, 1ull << 24 | 0xffffff};

	ids[0] = c.id;
	call_end(f, &c);
	media_id again = media_session(f->port, 1); /* the same slot, another generation */
	assert_true(again != c.id);
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		media_commit(f->port, ids[i], MEDIA_A, 0, &c.remote[0], 1);
		media_select(f->port, ids[i], MEDIA_A, 0);
		media_set_echo(f->port, ids[i], MEDIA_A, true);
		assert_null(next_event(f, 0));
		media_prepare(f->port, ids[i], MEDIA_A, &what);
		expect_failed(f, ids[i], MEDIA_ERR_GONE);
		media_query(f->port, ids[i]);
		expect_failed(f, ids[i], MEDIA_ERR_GONE);
		media_end(f->port, ids[i]);
		expect_failed(f, ids[i], MEDIA_ERR_GONE);
	}
	fixture_close(f);
}

static void test_asked_too_much(void **state)
{
	struct fixture *f = fixture_open();
	media_id id = media_session(f->port, 1);
	struct media_prepare what = {.network = 3, .n_streams = 1, .used = 1};

	media_prepare(f->port, id, MEDIA_A, &what);
	expect_failed(f, id, MEDIA_ERR_NO_ADDRESS); /* no such network */
	what = (struct media_prepare){.network = 0, .v6 = true, .n_streams = 1, .used = 1};
	media_prepare(f->port, id, MEDIA_A, &what);
	expect_failed(f, id, MEDIA_ERR_NO_ADDRESS); /* it has no IPv6 */
	what = (struct media_prepare){.n_streams = MEDIA_MAX_STREAMS + 1, .used = 1};
	media_prepare(f->port, id, MEDIA_A, &what);
	expect_failed(f, id, MEDIA_ERR_LIMIT);
	/* commits to what is not there are ignored */
	struct media_remote r = {.used = true};
	media_commit(f->port, id, MEDIA_A, 0, &r, 1);
	prepare_side(f, id, MEDIA_A, 0);
	media_commit(f->port, id, MEDIA_A, MEDIA_MAX_FORKS, &r, 1);
	media_commit(f->port, id, MEDIA_A, 0, NULL, 0);
	media_end(f->port, id);
	media_end(f->port, id); /* twice: one answer */
	expect_event(f, MEDIA_EV_ENDED);
	assert_null(next_event(f, NOTHING_MS));
	fixture_close(f);
}

static void test_session_limit(void **state)
{
	struct fixture *f = fixture_open();
	media_id ids[100];
	for (unsigned i = 0; i < 100; i++)
		assert_true((ids[i] = media_session(f->port, i)) != 0);
	assert_true(media_session(f->port, 100) == 0);
	media_end(f->port, ids[50]);
	expect_event(f, MEDIA_EV_ENDED);
	assert_true(media_session(f->port, 100) != 0);
	fixture_close(f);
}

/* ---- ports ------------------------------------------------------------------------------------------------------- */

static struct media_gauges gauges(struct fixture *f)
{
	struct media_gauges g;
	media_gauges(f->media, &g);
	return g;
}

static void test_ports_run_out_and_rest(void **state)
{
	struct fixture *f = fixture_open_range(1, 35001, 35008); /* whole pairs: 35002, 35004, 35006 */
	media_id ids[4];
	struct media_prepare what = {.n_streams = 1, .used = 1, .rtcp = true};
	unsigned seen = 0;

	for (unsigned i = 0; i < 3; i++) {
		ids[i] = media_session(f->port, i);
		seen |= 1u << (addr_port(&(struct addr[]){prepare_side(f, ids[i], MEDIA_A, 0).rtp}[0]) - 35000) / 2;
	}
	assert_int_equal(seen, 1 << 1 | 1 << 2 | 1 << 3);
	assert_int_equal(gauges(f).ports_used, 3);
	assert_int_equal(gauges(f).ports_total, 9); /* three networks */
	ids[3] = media_session(f->port, 3);
	media_prepare(f->port, ids[3], MEDIA_A, &what);
	expect_failed(f, ids[3], MEDIA_ERR_NO_PORT);
	media_end(f->port, ids[1]);
	expect_event(f, MEDIA_EV_ENDED);
	assert_int_equal(gauges(f).ports_used, 2);
	pass_ms(99);
	media_prepare(f->port, ids[3], MEDIA_A, &what);
	expect_failed(f, ids[3], MEDIA_ERR_NO_PORT); /* it rests */
	pass_ms(1);
	prepare_side(f, ids[3], MEDIA_A, 0);
	/* more than there are: all or nothing */
	media_end(f->port, ids[3]);
	expect_event(f, MEDIA_EV_ENDED);
	pass_ms(100);
	what.n_streams = 2;
	what.used = 3;
	media_prepare(f->port, ids[0], MEDIA_B, &what);
	expect_failed(f, ids[0], MEDIA_ERR_NO_PORT);
	assert_int_equal(gauges(f).ports_used, 2);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 4);
	fixture_close(f);
}

static void test_foreign_ports_are_skipped(void **state)
{
	struct fixture *f = fixture_open_range(1, 35000, 35005);
	struct addr taken[] = {at("127.0.0.1:35000"), at("127.0.0.1:35003")};
	int fds[2];
	for (unsigned i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fds[i], &taken[i].sa, addr_len(&taken[i])), 0);
	}
	media_id id = media_session(f->port, 1), two = media_session(f->port, 2);
	/* an RTP port and an RTCP port of others: the third pair is found, sooner or later */
	assert_int_equal(addr_port(&(struct addr[]){prepare_side(f, id, MEDIA_A, 0).rtp}[0]), 35004);
	media_prepare(f->port, two, MEDIA_A, &(struct media_prepare){.n_streams = 1, .used = 1, .rtcp = true});
	expect_failed(f, two, MEDIA_ERR_NO_PORT);
	assert_int_equal(gauges(f).ports_skipped, 2);
	assert_int_equal(gauges(f).ports_used, 1);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 2);
	close(fds[0]);
	close(fds[1]);
	fixture_close(f);
}

static void test_prepare_adds_streams(void **state)
{
	struct fixture *f = fixture_open();
	media_id id = media_session(f->port, 1);
	struct media_prepare what = {.n_streams = 2, .used = 2, .rtcp = true};

	media_prepare(f->port, id, MEDIA_A, &what);
	struct media_event e = *expect_event(f, MEDIA_EV_PREPARED);
	assert_int_equal(e.prepared.n_streams, 2);
	assert_false(addr_is_set(&e.prepared.local[0].rtp));
	what = (struct media_prepare){.n_streams = 3, .used = 7};
	media_prepare(f->port, id, MEDIA_A, &what);
	struct media_event more = *expect_event(f, MEDIA_EV_PREPARED);
	assert_int_equal(more.prepared.n_streams, 3);
	assert_true(addr_equal(&more.prepared.local[1].rtp, &e.prepared.local[1].rtp));
	assert_int_equal(more.prepared.local[1].rtcp_port, e.prepared.local[1].rtcp_port);
	assert_true(addr_is_set(&more.prepared.local[0].rtp) && addr_is_set(&more.prepared.local[2].rtp));
	/* without RTCP of its own, the RTP port is named */
	assert_int_equal(more.prepared.local[2].rtcp_port, addr_port(&more.prepared.local[2].rtp));
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 4);
	/* the same again changes nothing */
	media_prepare(f->port, id, MEDIA_A, &what);
	expect_event(f, MEDIA_EV_PREPARED);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 4);
	media_end(f->port, id);
	expect_event(f, MEDIA_EV_ENDED);
	fixture_close(f);
}

static void test_failover_to_another_network(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	call_speak(&c);
	/* side B moves; side A stays as it is */
	c.local[1] = prepare_side(f, c.id, MEDIA_B, 2);
	far_close(&c.far[1]);
	c.far[1] = far_open("::1");
	c.far[1].to = c.local[1].rtp;
	c.remote[1] = remote_at(&c.far[1].addr);
	call_commit(f, &c, MEDIA_B);
	call_speak(&c);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 4);
	/* a move that fails leaves everything */
	media_prepare(f->port, c.id, MEDIA_B, &(struct media_prepare){.network = 9, .n_streams = 1, .used = 1});
	expect_failed(f, c.id, MEDIA_ERR_NO_ADDRESS);
	call_speak(&c);
	call_end(f, &c);
	fixture_close(f);
}

static void test_reload(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f);
	struct media_network nets[] = {
		{.name = "a",
		 .address = {host("127.0.0.1")},
		 .n_addresses = 1,
		 .port_min = PORT_MIN,
		 .port_max = PORT_MAX},
		{.name = "b", .address = {host("127.0.0.3")}, .n_addresses = 1, .port_min = 35000, .port_max = 35099},
	};
	assert_int_equal(media_set_networks(f->media, nets, 2), 0);
	assert_int_equal(gauges(f).ports_total, 200 + 50);
	assert_int_equal(gauges(f).ports_used, 1); /* of those that are still configured: the same pool goes on */
	call_speak(&c);                            /* live sockets stay */
	media_id id = media_session(f->port, 1);
	assert_true(addr_equal_host(&(struct addr[]){prepare_side(f, id, MEDIA_A, 1).rtp}[0], &nets[1].address[0]));
	nets[1].port_max = 35000;
	assert_int_equal(media_set_networks(f->media, nets, 2), -EINVAL); /* not one pair */
	call_end(f, &c);
	fixture_close(f);
}

static void test_advertised_address(void **state)
{
	const struct media_network net = {.name = "n",
					  .address = {host("127.0.0.1"), host("::1")},
					  .advertise = {host("198.51.100.10")},
					  .n_addresses = 2,
					  .port_min = PORT_MIN,
					  .port_max = PORT_MAX};
	struct media_config c = fixture_config(&net, 1);
	struct fixture f = {0};
	clock_set_source(fixture_clock);
	assert_int_equal(media_create(&c, &f.media), 0);
	assert_int_equal(media_port_open(f.media, fixture_event, &f, &f.port), 0);
	media_id id = media_session(f.port, 1);
	struct media_local four = prepare_side(&f, id, MEDIA_A, 0);
	assert_true(addr_equal_host(&four.rtp, &net.advertise[0]));
	media_prepare(f.port, id, MEDIA_B, &(struct media_prepare){.v6 = true, .n_streams = 1, .used = 1});
	assert_true(addr_equal_host(&expect_event(&f, MEDIA_EV_PREPARED)->prepared.local[0].rtp, &net.address[1]));
	media_port_close(f.port);
	media_destroy(f.media);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

static void test_descriptor_alone(void **state)
{
	struct fixture *f = fixture_open();
	f->by_fd = true;
	for (unsigned i = 0; i < 20; i++) {
		struct call c = call_open(f);
		call_speak(&c);
		call_end(f, &c);
		struct pollfd p = {.fd = media_port_fd(f->port), .events = POLLIN};
		media_port_dispatch(f->port);
		assert_int_equal(poll(&p, 1, 0), 0); /* read empty */
	}
	fixture_close(f);
}

static void test_close_ends_all_silently(void **state)
{
	struct fixture *f = fixture_open();
	struct call c = call_open(f), d = call_prepare(f, 0, 1);
	media_end(f->port, c.id);
	media_query(f->port, d.id);
	size_t before = f->n_events;
	far_close(&c.far[0]);
	far_close(&c.far[1]);
	far_close(&d.far[0]);
	far_close(&d.far[1]);
	media_port_close(f->port);
	assert_int_equal(f->n_events, before);
	assert_int_equal(gauges(f).sessions, 0);
	/* and the place is free again */
	assert_int_equal(media_port_open(f->media, fixture_event, f, &f->port), 0);
	struct call e = call_open(f);
	call_speak(&e);
	call_end(f, &e);
	fixture_close(f);
}

static void test_bad_configuration(void **state)
{
	struct media *m = NULL;
	const struct media_network none = {
		.name = "x", .address = {host("127.0.0.1")}, .n_addresses = 1, .port_min = 10001, .port_max = 10001};
	struct media_config c = fixture_config(&none, 1);
	assert_int_equal(media_create(&c, &m), -EINVAL);
	assert_null(m);
}

static void test_texts(void **state)
{
	for (unsigned i = 0; i <= MEDIA_ERR_SOCKET; i++)
		assert_true(strlen(media_error_text(i)) > 3);
	for (unsigned i = 0; i < MEDIA_DROP_COUNT; i++)
		assert_true(strlen(media_drop_key(i)) > 1);
	assert_string_equal(media_drop_key(999), "unknown");
	assert_string_equal(media_error_text(999), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relays_both_ways),
		cmocka_unit_test(test_rtcp_takes_its_own_way),
		cmocka_unit_test(test_rtcp_mux_meets_two_ports),
		cmocka_unit_test(test_ipv4_to_ipv6),
		cmocka_unit_test(test_stale_ids),
		cmocka_unit_test(test_asked_too_much),
		cmocka_unit_test(test_session_limit),
		cmocka_unit_test(test_ports_run_out_and_rest),
		cmocka_unit_test(test_foreign_ports_are_skipped),
		cmocka_unit_test(test_prepare_adds_streams),
		cmocka_unit_test(test_failover_to_another_network),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_advertised_address),
		cmocka_unit_test(test_descriptor_alone),
		cmocka_unit_test(test_close_ends_all_silently),
		cmocka_unit_test(test_bad_configuration),
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
