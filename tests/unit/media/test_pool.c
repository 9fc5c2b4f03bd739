/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that rest with their sockets open, and calls that are given them. */
#define PORT_MIN 36900
#include "fixture.h"

#include "media/io.h"
#include "media/pool.h"

#define CALLS 99

static struct media_gauges gauges(struct fixture *f)
{
	struct media_gauges g;
	media_gauges(f->media, &g);
	return g;
}

/* One wait for all of them: a worker that was given orders looks every 20 ms. */
static void open_all(struct fixture *f, struct call *calls)
{
	for (unsigned i = 0; i < CALLS; i++) {
		calls[i] = call_prepare(f, 0, 1);
		for (unsigned s = 0; s < 2; s++)
			media_commit(f->port, calls[i].id, s, 0, &calls[i].remote[s], 1);
		f->n_events = f->next = 0;
	}
	for (unsigned i = 0; i < CALLS; i += CALLS - 1)
		settle(f, calls[i].id);
}

static void end_all(struct fixture *f, const struct call *calls)
{
	for (unsigned i = 0; i < CALLS; i++)
		media_end(f->port, calls[i].id);
	for (unsigned i = 0; i < CALLS; i++) {
		expect_event(f, MEDIA_EV_ENDED);
	}
	f->n_events = f->next = 0;
}

static void close_fars(struct call *calls)
{
	for (unsigned i = 0; i < CALLS; i++) {
		far_close(&calls[i].far[0]);
		far_close(&calls[i].far[1]);
	}
}

/* Two rounds of calls, the second while the first's ports rest: its sockets stay open. Ends them all, and their far
 * ends go on talking. */
static void busy_hour(struct fixture *f)
{
	static struct call calls[2][CALLS];

	for (unsigned round = 0; round < 2; round++) {
		open_all(f, calls[round]);
		for (unsigned i = 0; i < CALLS; i++)
			call_speak(&calls[round][i]);
		end_all(f, calls[round]);
	}
	for (unsigned i = 0; i < CALLS; i++)
		for (unsigned s = 0; s < 2; s++)
			for (unsigned n = 0; n < 3; n++)
				far_rtp(&calls[1][i].far[s]);
	close_fars(calls[0]);
	close_fars(calls[1]);
}

static void test_a_call_gets_open_sockets(void **state)
{
	struct fixture *f = fixture_open();
	static struct call calls[CALLS];

	busy_hour(f);
	uint64_t open = gauges(f).ports_open;
	assert_int_equal(open, 2 * (2 * CALLS - POOL_BUSY));
	assert_int_equal(gauges(f).ports_used, 0);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 2 * open);
	pass_ms(100);
	/* nothing of the former calls is heard, though their far ends have the same address */
	open_all(f, calls);
	assert_int_equal(gauges(f).ports_open, 2 * (POOL_CHOICE - 1));
	for (unsigned i = 0; i < CALLS; i++)
		for (unsigned s = 0; s < 2; s++) {
			uint8_t p[8];
			assert_int_equal(recv(calls[i].far[s].fd, p, sizeof(p), MSG_DONTWAIT), -1);
		}
	for (unsigned i = 0; i < CALLS; i++) {
		call_speak(&calls[i]);
		call_speak(&calls[i]);
	}
	assert_int_equal(gauges(f).drops[MEDIA_DROP_STALE], 0);
	assert_int_equal(gauges(f).drops[MEDIA_DROP_SOURCE], 0);
	close_fars(calls);
	fixture_close(f); /* which looks that none is left */
}

static void on_datagram(void *arg, struct io_socket *s, const struct addr *from, uint8_t *p, size_t n, size_t size)
{
	*(struct io_socket **)arg = s;
}
static void on_expected(void *arg, struct io_socket *s, unsigned step)
{
}

/* Who is told of a datagram that is there within a moment. */
static struct io_socket *heard_by(struct io *io, struct io_socket **told)
{
	*told = NULL;
	io_wait(io, NOTHING_MS);
	io_receive(io);
	return *told;
}

/* The next call's worker is another one, or the same: it alone hears what comes, and of what came before nothing. */
static void test_another_worker(void **state)
{
	struct io_socket *told = NULL;
	const struct io_user user = {
		.received = on_datagram, .expected = on_expected, .arg = &told, .plain_sends = true};
	struct io *ios[2];
	struct addr local = at("127.0.0.1:36898");
	struct far x = far_open("127.0.0.11");
	struct io_socket s = {.fd = sock_udp(SOCK_KIND_MEDIA, &local, NULL)};

	assert_true(s.fd >= 0);
	x.to = local;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(io_create(&user, &ios[i]), 0);
	for (unsigned turn = 0; turn < 5; turn++) {
		struct io *now = ios[turn / 2 % 2], *other = ios[!(turn / 2 % 2)];
		struct io_socket next = {.fd = s.fd, .in = s.in};
		assert_int_equal(io_watch(now, &next), 0);
		assert_int_equal(io_watch(now, &next), 0); /* twice is once */
		next.ready = true;
		far_rtp(&x);
		assert_ptr_equal(heard_by(now, &told), &next);
		assert_null(heard_by(other, &told));
		assert_int_equal(io_rest(now, &next), 0);
		far_rtp(&x);
		assert_null(heard_by(now, &told));
		assert_true(io_drain(&next));
		s = next;
	}
	for (unsigned i = 0; i < 64; i++)
		far_rtp(&x);
	assert_false(io_drain(&s)); /* a flood, not leftovers */
	io_destroy(ios[0]);
	io_destroy(ios[1]);
	sock_close(SOCK_KIND_MEDIA, s.fd);
	far_close(&x);
}

/* A handful of calls leaves nothing behind. */
static void test_few_calls_close_theirs(void **state)
{
	struct fixture *f = fixture_open();

	for (unsigned i = 0; i < 3; i++) {
		struct call c = call_open(f);
		call_speak(&c);
		call_end(f, &c);
	}
	assert_int_equal(gauges(f).ports_open, 0);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
	fixture_close(f);
}

/* ---- the pool alone: sockets that are none, but bound to the table ------------------------------------------------
 */

#define PAIRS 1000

static struct pool *pool_open(void)
{
	struct addr a = host("127.0.0.1");
	struct pool *p = NULL;
	assert_int_equal(pool_create(&a, NULL, 40000, 40000 + 2 * PAIRS - 1, &p), 0);
	return p;
}

static struct pool_sockets some_sockets(void)
{
	struct pool_sockets s = {.dscp = 7};
	struct addr any = host("127.0.0.1");
	for (unsigned c = 0; c < 2; c++)
		assert_true((s.fd[c] = sock_udp(SOCK_KIND_MEDIA, &any, NULL)) >= 0);
	return s;
}

static void leave_or_give(struct pool *p, uint16_t port, uint64_t now_ns)
{
	struct pool_sockets s;
	if (!pool_keeps(p)) {
		pool_give(p, &port, 1, now_ns);
		return;
	}
	s = some_sockets();
	pool_leave(p, port, &s, now_ns);
}

/* n ports come back at once: POOL_BUSY of them closed. */
static void leave_many(struct pool *p, unsigned n)
{
	uint16_t ports[PAIRS];
	struct pool_sockets s;
	for (unsigned i = 0; i < n; i++) {
		assert_true((ports[i] = pool_take(p, 100, 1, &s)) != 0);
		assert_int_equal(s.fd[0], -1);
	}
	for (unsigned i = 0; i < n; i++)
		leave_or_give(p, ports[i], 1);
	assert_int_equal(pool_gauge(p).open, n - POOL_BUSY);
}

static void close_pair(const struct pool_sockets *s)
{
	sock_close(SOCK_KIND_MEDIA, s->fd[0]);
	sock_close(SOCK_KIND_MEDIA, s->fd[1]);
}

static void test_choice(void **state)
{
	struct pool *p = pool_open();
	struct pool_sockets s;

	leave_many(p, 240);
	pool_take(p, 100, 100, &s);
	assert_int_equal(s.fd[0], -1); /* they rest */
	/* open ones until there are too few to choose from, then closed ones */
	for (unsigned i = 0; i < 100; i++) {
		assert_true(pool_take(p, 100, 101, &s) != 0);
		assert_true((s.fd[0] >= 0) == (i < 240 - POOL_BUSY - POOL_CHOICE + 1));
		assert_true(s.fd[0] < 0 || s.dscp == 7);
		close_pair(&s);
	}
	pool_unref(p);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
}

static void test_surplus_is_closed(void **state)
{
	struct pool *p = pool_open();
	struct pool_sockets s;

	leave_many(p, 400);
	size_t open = pool_gauge(p).open;
	for (unsigned i = 0; i < 300; i++) {
		uint16_t port = pool_take(p, 100, 200 + i, &s);
		close_pair(&s);
		pool_give(p, &port, 1, 0); /* at once rested again */
	}
	assert_int_equal(pool_gauge(p).open, POOL_CHOICE - 1);
	assert_true(open > 2 * POOL_CHOICE);
	assert_int_equal(pool_gauge(p).used, 0);
	pool_unref(p);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
}

static void test_close_some(void **state)
{
	struct pool *p = pool_open();
	struct pool_sockets s;
	uint16_t named;

	leave_many(p, 300);
	named = 0;
	for (uint16_t port = 40000; !named; port = (uint16_t)(port + 2)) {
		assert_int_equal(pool_take_port(p, port, &s), 0);
		if (s.fd[0] >= 0)
			named = port;
		close_pair(&s);
	}
	assert_int_equal(pool_gauge(p).open, 300 - POOL_BUSY - 1);
	assert_int_equal(pool_close_some(p), 64); /* while they rest */
	pool_take(p, 100, 101, &s);
	close_pair(&s);
	while (pool_close_some(p))
		;
	assert_int_equal(pool_gauge(p).open, 0);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
	pool_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_gets_open_sockets), cmocka_unit_test(test_another_worker),
		cmocka_unit_test(test_few_calls_close_theirs),   cmocka_unit_test(test_choice),
		cmocka_unit_test(test_surplus_is_closed),        cmocka_unit_test(test_close_some),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
