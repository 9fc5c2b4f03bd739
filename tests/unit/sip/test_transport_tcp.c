/* SPDX-License-Identifier: Apache-2.0 */
/* Connections on loopback, hostile ones among them: framing, limits, ends, time. */
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "tests/unit/sip/transport_fixture.h"

/* ---- TCP: framing ---- */

static void test_tcp_split(void **state)
{
	static const char text[] = MESSAGE("5", "hello");
	struct fix *f = begin();
	int fd = connected(f);

	f->echo = true;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(f->got, 0);
		client_send(fd, text + i, 1);
		loop_turn(f->loop);
	}
	UNTIL(f->loop, f->got == 1);
	assert_string_equal(f->last, text);
	assert_int_not_equal(f->flow.connection, 0);
	assert_int_equal(f->flow.transport, CONFIG_TCP);
	assert_int_equal(addr_port(&f->flow.local), f->port);
	char back[sizeof(text)];
	read_n(f, fd, back, sizeof(text) - 1);
	assert_memory_equal(back, text, sizeof(text) - 1);
	close(fd);
	UNTIL(f->loop, connections(f) == 0);
	end(f);
}

static void test_tcp_joined(void **state)
{
	static const char text[] = MESSAGE("5", "hello");
	char all[200 * (sizeof(text) + 2)];
	struct fix *f = begin();
	int fd = connected(f);
	size_t n = 0;

	/* pipelined, pongs between them; the last one's tail comes later */
	for (unsigned i = 0; i < 200; i++) {
		memcpy(all + n, text, sizeof(text) - 1);
		n += sizeof(text) - 1;
		if (i % 3 == 0) {
			memcpy(all + n, "\r\n", 2);
			n += 2;
		}
	}
	client_send(fd, all, n - 3);
	UNTIL(f->loop, f->got == 199);
	client_send(fd, all + n - 3, 3);
	UNTIL(f->loop, f->got == 200);
	assert_int_equal(f->got_bytes, 200 * (sizeof(text) - 1));
	close(fd);
	end(f);
}

static void test_tcp_large(void **state)
{
	static const char head[] = "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: %u\r\n\r\n";
	static char text[2 * 65535 + 200];
	struct fix *f = begin();
	int fd = connected(f);
	int head_n = snprintf(text, sizeof(text), head, 65535u - 50);

	/* one of exactly the limit, another begun in the same segment */
	assert_int_equal(head_n, 50);
	memset(text + head_n, 'y', 65535 - 50);
	memcpy(text + 65535, text, 65535);
	client_send(fd, text, 65535 + 100);
	UNTIL(f->loop, f->got == 1);
	assert_int_equal(f->last_n, 65535);
	client_send(fd, text + 65535 + 100, 65535 - 100);
	UNTIL(f->loop, f->got == 2);
	assert_int_equal(f->last_n, 65535);
	close(fd);
	end(f);
}

static void test_tcp_broken(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
#define CASE(s) {s, sizeof(s) - 1}
		CASE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), /* TLS */
		CASE(" OPTIONS"),
		CASE("\r\r\n"),
		CASE("OPTIONS sip:a@b SIP/2.0\r\n\r\n"), /* without Content-Length nobody knows where it ends */
		CASE("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 5\r\nl: 6\r\n\r\n"),
		CASE("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n"),
		CASE("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4294967296\r\n\r\n"),
		CASE("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 65536\r\n\r\n"),
		CASE("OPTIONS sip:a@b SIP/2.0\r\nX: a\0b"),
		CASE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	};
	struct fix *f = begin();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = connected(f);

		client_send(fd, cases[i].text, cases[i].n);
		UNTIL(f->loop, is_closed(fd));
		assert_int_equal(f->refused[REJECT_FRAMING], i + 1);
		assert_int_equal(connections(f), 0);
		close(fd);
	}
	assert_int_equal(f->got, 0);

	/* what was whole before the garbage counts */
	int fd = connected(f);
	client_send(fd, MESSAGE("0", "") "\x01", sizeof(MESSAGE("0", "")));
	UNTIL(f->loop, is_closed(fd));
	assert_int_equal(f->got, 1);
	close(fd);

	/* a head without an end */
	fd = connected(f);
	client_send(fd, "OPTIONS sip:a@b SIP/2.0\r\n", 25);
	for (unsigned sent = 0; sent < 1000 && connections(f); sent++) {
		(void)!send(
			fd,
			"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
			92, MSG_NOSIGNAL | MSG_DONTWAIT);
		turn_some(f->loop);
	}
	assert_int_equal(connections(f), 0);
	close(fd);
	end(f);
}

static void test_tcp_pong(void **state)
{
	struct fix *f = begin();
	int fd = connected(f);
	char b[2];

	client_send(fd, "\r\n", 2);
	turn_some(f->loop);
	assert_int_equal(peek(fd), -1);
	client_send(fd, "\r\n\r\n", 4);
	read_n(f, fd, b, 2);
	assert_memory_equal(b, "\r\n", 2);
	/* many at once ask for one */
	char many[4000];
	for (unsigned i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? '\n' : '\r';
	uint64_t sent = GAUGE(f, sent);
	client_send(fd, many, sizeof(many));
	UNTIL(f->loop, GAUGE(f, bytes_in) == 6 + sizeof(many));
	assert_true(GAUGE(f, sent) - sent < 10);
	assert_int_equal(connections(f), 1);
	close(fd);
	end(f);
}

/* ---- TCP: limits and ends ---- */

static void test_tcp_limits(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"connections\":5,\"connections_source\":3}");
	struct addr v4 = ours(f, false), v6 = ours(f, true);
	int fds[9], n = 0;

	for (; n < 4; n++)
		fds[n] = client_connect(&v4);
	UNTIL(f->loop, f->refused[REJECT_CONNECTIONS] == 1);
	assert_int_equal(connections(f), 3);
	for (; n < 7; n++)
		fds[n] = client_connect(&v6);
	UNTIL(f->loop, f->refused[REJECT_CONNECTIONS] == 2);
	assert_int_equal(connections(f), 5);
	/* nor do we open more */
	struct destination d = {.transport = CONFIG_TCP, .remote = at("127.0.0.1:9")};
	assert_int_equal(transport_send(f->t, &d, "x", 1, 1), -ENOBUFS);
	while (n)
		close(fds[--n]);
	UNTIL(f->loop, connections(f) == 0);
	/* and the source may come again */
	fds[0] = connected(f);
	close(fds[0]);
	end(f);
}

static void test_tcp_ends(void **state)
{
	struct fix *f = begin();

	/* half-closed, reset, gone with a message half said */
	int fd = connected(f);
	shutdown(fd, SHUT_WR);
	UNTIL(f->loop, connections(f) == 0);
	close(fd);
	fd = connected(f);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
	client_send(fd, "OPTI", 4);
	close(fd);
	UNTIL(f->loop, connections(f) == 0);

	/* what died cannot be answered */
	fd = connected(f);
	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	close(fd);
	UNTIL(f->loop, connections(f) == 0);
	struct destination d = destination_of_flow(&f->flow);
	d.flow_only = true;
	assert_int_equal(transport_send(f->t, &d, "x", 1, 5), -ENOTCONN);
	/* nor is its successor in the same place of the table taken for it */
	fd = connected(f);
	assert_int_equal(transport_send(f->t, &d, "x", 1, 5), -ENOTCONN);
	assert_int_equal(peek(fd), -1);
	close(fd);
	end(f);
}

/* The stream dies while it hands up the first of three messages. */
static void test_tcp_dies_inside(void **state)
{
	struct fix *f = begin();
	int fd = connected(f);

	f->flood = 200;
	client_send(fd, MESSAGE("0", "") MESSAGE("0", "") MESSAGE("0", ""), 3 * (sizeof(MESSAGE("0", "")) - 1));
	UNTIL(f->loop, connections(f) == 0);
	assert_int_equal(f->got, 1);
	assert_int_equal(GAUGE(f, closed_slow), 1);
	close(fd);
	end(f);

	/* and the transport right after it, before anybody was buried */
	f = begin();
	fd = connected(f);
	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	struct destination d = destination_of_flow(&f->flow);
	while (transport_send(f->t, &d, big, sizeof(big), 9) == 0)
		;
	assert_int_equal(connections(f), 0);
	close(fd);
	end(f);
}

static void test_tcp_backlog(void **state)
{
	struct fix *f = begin();
	int fd = connected(f);
	uint64_t cookie = 0, sum = 0;
	int err;

	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	struct destination d = destination_of_flow(&f->flow);
	while ((err = transport_send(f->t, &d, big, sizeof(big), ++cookie)) == 0)
		assert_true(cookie < 1000);
	assert_int_equal(err, -ENOBUFS);
	turn_some(f->loop);
	/* the last ones waited, and each is told */
	assert_in_range(f->lost, 1, 6);
	for (unsigned i = 1; i <= f->lost; i++)
		sum += cookie - i;
	assert_int_equal(f->lost_sum, sum);
	assert_int_equal(f->lost_error, -ENOBUFS);
	UNTIL(f->loop, is_closed(fd));
	close(fd);
	end(f);
}

/* No room: the connection is not read, nothing is lost, nothing changes its place, and others are served. */
static void test_tcp_paused(void **state)
{
	static char many[3000 * 60];
	struct fix *f = begin_with(",\"timers\":{\"tcp_header\":5000,\"tcp_idle\":60000}");
	struct addr a = ours(f, false), local = at("127.0.0.1:0");
	int fd = connected(f), udp = client_socket(SOCK_DGRAM, &local);
	size_t n = 0, sent = 0;
	unsigned i;

	time_stands();
	for (i = 0; i < 3000; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "A b SIP/2.0\r\nContent-Length: 4\r\n\r\n%04u", i);
	f->full = true;
	/* as much as the kernel takes and not one read more */
	UNTIL(f->loop, ({
		      ssize_t r = send(fd, many + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		      sent += r > 0 ? (size_t)r : 0;
		      f->asked > 0;
	      }));
	uint64_t in = GAUGE(f, bytes_in);
	assert_in_range(in, 1, STREAM_CHUNK);
	for (unsigned k = 0; k < 20; k++) {
		ssize_t r = send(fd, many + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		sent += r > 0 ? (size_t)r : 0;
		time_passes(f->loop, 5);
	}
	assert_in_range(f->asked, 10, 60);
	assert_int_equal(GAUGE(f, bytes_in), in);
	assert_int_equal(GAUGE(f, pauses), 1);
	assert_int_equal(f->got, 0);
	/* others are heard, and it is not closed for its silence */
	assert_int_equal(sendto(udp, "x", 1, 0, &a.sa, addr_len(&a)), 1);
	UNTIL(f->loop, f->got == 1);
	for (unsigned k = 0; k < 30; k++)
		time_passes(f->loop, 4000);
	assert_int_equal(connections(f), 1);
	/* room again, now and then */
	for (i = 0; i < 3000; f->full = !f->full && f->got % 7 == 0) {
		unsigned before = f->got;
		ssize_t r = send(fd, many + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += r > 0 ? (size_t)r : 0;
		time_passes(f->loop, 5);
		i = f->got - 1;
		if (f->got != before)
			assert_int_equal(atoi(f->last + f->last_n - 4), i - 1);
	}
	assert_int_equal(sent, n);
	assert_int_equal(GAUGE(f, received), 3001);

	/* dies while it waits */
	f->full = true;
	client_send(fd, many, n / 100);
	UNTIL(f->loop, !list_empty(&f->t->paused));
	close(fd);
	end(f);
	close(udp);
}

/* ---- TCP: ours ---- */

static void test_tcp_reuse(void **state)
{
	struct fix *f = begin();
	struct destination d = {.transport = CONFIG_TCP};
	int listener = listen_at(&d.remote, 5), fd = -1;
	char b[4];

	/* while it is being made, once it is, and by a connection that nobody knows any more */
	assert_int_equal(transport_send(f->t, &d, "ab", 2, 1), 0);
	assert_int_equal(transport_send(f->t, &d, "c", 1, 2), 0);
	UNTIL(f->loop, (fd = accept(listener, NULL, NULL)) >= 0);
	d.connection = UINT64_C(1) << 56 | 77;
	assert_int_equal(transport_send(f->t, &d, "d", 1, 3), 0);
	read_n(f, fd, b, 4);
	assert_memory_equal(b, "abcd", 4);
	assert_int_equal(connections(f), 1);
	/* messages come that way, too */
	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	assert_true(addr_equal(&f->flow.remote, &d.remote));
	assert_int_equal(f->lost, 0);
	close(fd);
	close(listener);
	UNTIL(f->loop, connections(f) == 0);
	end(f);
}

static void test_tcp_refused(void **state)
{
	struct fix *f = begin();
	struct destination d = {.transport = CONFIG_TCP};

	close(listen_at(&d.remote, 5));
	int err = transport_send(f->t, &d, "ab", 2, 41);
	if (err == 0) {
		assert_int_equal(transport_send(f->t, &d, "ab", 2, 42), 0);
		UNTIL(f->loop, f->lost == 2);
		assert_int_equal(f->lost_sum, 83);
		err = f->lost_error;
	}
	assert_int_equal(err, -ECONNREFUSED);
	assert_int_equal(connections(f), 0);
	end(f);
}

/* ---- TCP: time ---- */

static void test_tcp_time(void **state)
{
	struct fix *f = begin_with(",\"timers\":{\"tcp_header\":5000,\"tcp_idle\":60000}");
	int silent, slow, idle, stuck;

	time_stands();
	silent = connected(f);
	slow = connected(f);
	client_send(slow, MESSAGE("0", "") "O", sizeof(MESSAGE("0", "")));
	UNTIL(f->loop, f->got == 1);
	idle = connected(f);
	client_send(idle, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 2);
	stuck = connected(f);
	client_send(stuck, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 3);
	/* more than the kernel takes: the rest waits */
	struct destination d = destination_of_flow(&f->flow);
	uint64_t cookie = 0, n = 0;
	while (GAUGE(f, sent) == cookie)
		assert_int_equal(transport_send(f->t, &d, big, sizeof(big), ++cookie), 0);
	assert_int_equal(connections(f), 4);

	time_passes(f->loop, 4999);
	client_send(slow, "P", 1); /* a byte now and then does not help */
	turn_some(f->loop);
	(void)!recv(stuck, big, 100, 0);
	turn_some(f->loop);
	assert_int_equal(connections(f), 4);
	time_passes(f->loop, 1);
	time_passes(f->loop, 1);
	assert_int_equal(connections(f), 1);
	assert_true(is_closed(silent));
	assert_true(is_closed(slow));
	UNTIL(f->loop, is_closed(stuck));
	assert_int_equal(f->lost, 1);
	assert_int_equal(f->lost_sum, cookie);
	assert_int_equal(f->lost_error, -ETIMEDOUT);
	assert_int_equal(GAUGE(f, closed_slow), 2);
	assert_int_equal(GAUGE(f, closed_idle), 1);

	/* a keep-alive is a sign of life */
	time_passes(f->loop, 50000);
	n = GAUGE(f, bytes_in);
	client_send(idle, "\r\n", 2);
	UNTIL(f->loop, GAUGE(f, bytes_in) == n + 2);
	time_passes(f->loop, 59000);
	assert_int_equal(connections(f), 1);
	time_passes(f->loop, 1001);
	assert_int_equal(connections(f), 0);
	assert_true(is_closed(idle));
	close(silent);
	close(slow);
	close(idle);
	close(stuck);
	end(f);
}

/* Nobody answers our SYN: the far backlog is full. */
static void test_tcp_connect_time(void **state)
{
	struct fix *f = begin();
	struct destination d = {.transport = CONFIG_TCP};
	int listener = listen_at(&d.remote, 0), fds[4];

	for (unsigned i = 0; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], &d.remote.sa, addr_len(&d.remote));
	}
	time_stands();
	assert_int_equal(transport_send(f->t, &d, "ab", 2, 6), 0);
	turn_some(f->loop);
	assert_int_equal(f->lost, 0);
	time_passes(f->loop, 5001);
	assert_int_equal(f->lost, 1);
	assert_int_equal(f->lost_error, -ETIMEDOUT);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
	close(listener);
	end(f);
}

/* ---- storms ---- */

static void test_tcp_thousand(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"connections_source\":1000}");
	struct addr a = ours(f, false);
	int fds[250];

	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 250; i++) {
			fds[i] = client_connect(&a);
			if (i % 2)
				client_send(fds[i], MESSAGE("0", "") "OP", sizeof(MESSAGE("0", "")) + 1);
		}
		UNTIL(f->loop, connections(f) == 250 && f->got == (round + 1) * 125);
		for (unsigned i = 0; i < 250; i++)
			close(fds[i]);
		UNTIL(f->loop, connections(f) == 0);
	}
	assert_int_equal(source_table_count(f->t->sources), 0);
	assert_int_equal(f->t->by_remote.n, 0);
	assert_int_equal(sock_count(SOCK_KIND_STREAM), 0);
	end(f);
}

/* No descriptors: what waits is left alone for a while, and taken afterwards. */
static void test_tcp_no_descriptors(void **state)
{
	struct fix *f = begin();
	struct addr a = ours(f, false);
	struct rlimit was, none;
	int fd = client_connect(&a);

	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = 3;
	time_stands();
	setrlimit(RLIMIT_NOFILE, &none);
	turn_some(f->loop);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(GAUGE(f, refused_limit), 1);
	turn_some(f->loop);
	assert_int_equal(connections(f), 0);
	time_passes(f->loop, 101);
	UNTIL(f->loop, connections(f) == 1);
	close(fd);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_split),    cmocka_unit_test(test_tcp_joined),
		cmocka_unit_test(test_tcp_large),    cmocka_unit_test(test_tcp_broken),
		cmocka_unit_test(test_tcp_pong),     cmocka_unit_test(test_tcp_limits),
		cmocka_unit_test(test_tcp_ends),     cmocka_unit_test(test_tcp_dies_inside),
		cmocka_unit_test(test_tcp_backlog),  cmocka_unit_test(test_tcp_paused),
		cmocka_unit_test(test_tcp_reuse),    cmocka_unit_test(test_tcp_refused),
		cmocka_unit_test(test_tcp_time),     cmocka_unit_test(test_tcp_connect_time),
		cmocka_unit_test(test_tcp_thousand), cmocka_unit_test(test_tcp_no_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
