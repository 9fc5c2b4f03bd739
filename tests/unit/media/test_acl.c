/* SPDX-License-Identifier: Apache-2.0 */
/* The media ACL of a call under way is replaced, as by a reload: who is outside now is dropped, who is inside now is
 * let in, and nobody else gains by it. The gateway of side B is at 127.0.0.22, its SDP names 127.0.0.12. */
#include "fixture.h"

#define GATEWAY "127.0.0.22"

static struct cidr net(const char *text)
{
	struct cidr c;
	assert_true(cidr_parse(str_z(text), &c));
	return c;
}

static void set_acl(struct fixture *f, const struct call *c, const char *text)
{
	struct cidr one = net(text ? text : "0.0.0.0/0");
	media_set_acl(f->port, c->id, MEDIA_B, &one, text ? 1 : 0);
	settle(f, c->id);
}

/* A call whose side B speaks from the gateway, and what its SDP names stays silent. */
static struct call begin(struct fixture *f, enum media_latch policy, const char *acl, struct far *ret_gateway)
{
	struct cidr list[] = {net(acl ? acl : "192.0.2.0/24")};
	struct call c = call_prepare(f, 0, 1);

	c.remote[1].latch = policy;
	c.remote[1].acl = list;
	c.remote[1].n_acl = 1;
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	*ret_gateway = far_open(GATEWAY);
	ret_gateway->to = c.local[1].rtp;
	return c;
}

static void finish(struct fixture *f, struct call *c, struct far *gateway)
{
	call_end(f, c);
	far_close(gateway);
	fixture_close(f);
}

static void test_taken_out(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway;
	struct call c = begin(f, MEDIA_LATCH_RESTRICTED, "127.0.0.22/32", &gateway);

	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	far_rtp(&c.far[0]);
	expect_packet(&gateway);
	/* another list that still has it: nothing happens */
	set_acl(f, &c, "127.0.0.16/28");
	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	set_acl(f, &c, NULL);
	far_rtp(&gateway);
	expect_nothing(&c.far[0]);
	const struct media_direction *d = from_of(f, c.id, MEDIA_B);
	assert_false(addr_is_set(&d->latched));
	assert_int_equal(d->rank, MEDIA_RANK_NONE);
	assert_true(addr_equal(&d->refused, &gateway.addr));
	assert_int_equal(d->drops[MEDIA_DROP_SOURCE], 1);
	assert_int_equal(d->packets, 2);
	/* and is not sent to any more: the description's address is */
	far_rtp(&c.far[0]);
	expect_packet(&c.far[1]);
	expect_nothing(&gateway);
	call_speak(&c);
	finish(f, &c, &gateway);
}

static void test_taken_out_before_it_spoke(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway;
	struct call c = begin(f, MEDIA_LATCH_RESTRICTED, "127.0.0.22/32", &gateway);

	set_acl(f, &c, "127.0.0.23/32");
	far_rtp(&gateway);
	expect_nothing(&c.far[0]);
	finish(f, &c, &gateway);
}

static void test_added(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway;
	struct call c = begin(f, MEDIA_LATCH_RESTRICTED, NULL, &gateway);

	pass_ms(60000);
	far_rtp(&gateway);
	expect_nothing(&c.far[0]);
	set_acl(f, &c, "127.0.0.22/32");
	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rank, MEDIA_RANK_ACL);
	finish(f, &c, &gateway);
}

/* A latch that the description vouches for is not the list's. */
static void test_others_stay(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway;
	struct call c = begin(f, MEDIA_LATCH_RESTRICTED, "127.0.0.0/8", &gateway);

	call_speak(&c);
	set_acl(f, &c, NULL);
	call_speak(&c);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rank, MEDIA_RANK_SDP);
	/* nor may the gateway move in by it any more */
	pass_ms(5000);
	far_rtp(&gateway);
	expect_nothing(&c.far[0]);
	finish(f, &c, &gateway);
}

/* `open` takes anybody for a while: dropping one must not begin such a while. */
static void test_no_window_opens(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway, stranger = far_open("127.0.0.66");
	struct call c = begin(f, MEDIA_LATCH_RESTRICTED, "127.0.0.22/32", &gateway);

	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	set_acl(f, &c, NULL);
	stranger.to = c.local[1].rtp;
	far_rtp(&stranger);
	expect_nothing(&c.far[0]);
	far_close(&stranger);
	finish(f, &c, &gateway);
}

/* What `open` would take anyway goes on without the list's word; its rank says so. */
static void test_open(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway;
	struct call c = begin(f, MEDIA_LATCH_OPEN, "127.0.0.22/32", &gateway);

	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rank, MEDIA_RANK_ACL);
	set_acl(f, &c, NULL);
	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rank, MEDIA_RANK_ANY);
	finish(f, &c, &gateway);
}

/* RTCP came in behind RTP, and goes with it. */
static void test_rtcp_goes_with_rtp(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway, rtcp = far_open(GATEWAY);
	struct call c = begin(f, MEDIA_LATCH_RESTRICTED, "127.0.0.22/32", &gateway);

	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	rtcp.to = c.local[1].rtp;
	addr_set_port(&rtcp.to, c.local[1].rtcp_port);
	far_rtcp(&rtcp);
	assert_int_equal(from_of(f, c.id, MEDIA_B)->rtcp_packets, 1);
	set_acl(f, &c, NULL);
	far_rtcp(&rtcp);
	const struct media_direction *d = from_of(f, c.id, MEDIA_B);
	assert_int_equal(d->rtcp_packets, 1);
	assert_false(addr_is_set(&d->latched_rtcp));
	far_close(&rtcp);
	finish(f, &c, &gateway);
}

/* The next commit brings a list of its own; one that is not there yet is given with it. */
static void test_commits_and_stale_ids(void **state)
{
	struct fixture *f = fixture_open();
	struct far gateway;
	struct cidr list[] = {net("127.0.0.22/32")};
	struct call c = call_prepare(f, 0, 1);

	media_set_acl(f->port, c.id, MEDIA_B, list, 1); /* not committed */
	media_set_acl(f->port, 12345, MEDIA_B, list, 1);
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	gateway = far_open(GATEWAY);
	gateway.to = c.local[1].rtp;
	far_rtp(&gateway);
	expect_nothing(&c.far[0]);
	set_acl(f, &c, "127.0.0.22/32");
	set_acl(f, &c, "127.0.0.22/32");
	c.remote[1].rtp_addr = at("127.0.0.13:4000");
	call_commit(f, &c, MEDIA_B);
	far_rtp(&gateway);
	expect_nothing(&c.far[0]);
	set_acl(f, &c, "127.0.0.22/32");
	far_rtp(&gateway);
	expect_packet(&c.far[0]);
	finish(f, &c, &gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_out),
		cmocka_unit_test(test_taken_out_before_it_spoke),
		cmocka_unit_test(test_added),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_no_window_opens),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_rtcp_goes_with_rtp),
		cmocka_unit_test(test_commits_and_stale_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
