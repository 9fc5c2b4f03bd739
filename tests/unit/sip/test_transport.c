/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams on loopback, ICMP, listeners that come and go with the configuration, and no memory. */
#include "tests/unit/base/oom.h"
#include "tests/unit/sip/transport_fixture.h"

/* ---- UDP ---- */

static void test_udp_echo(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct fix *f = begin();
		struct addr a = ours(f, v6), local = at(v6 ? "[::1]:0" : "127.0.0.1:0");
		int fd = client_socket(SOCK_DGRAM, &local);
		char b[100];

		f->echo = true;
		assert_int_equal(sendto(fd, "hello", 5, 0, &a.sa, addr_len(&a)), 5);
		read_n(f, fd, b, 5);
		assert_memory_equal(b, "hello", 5);
		local = client_addr(fd);
		assert_true(addr_equal(&f->flow.remote, &local));
		assert_int_equal(f->flow.connection, 0);
		assert_true(addr_equal(&f->flow.local, &a));
		assert_int_equal(f->flow.transport, CONFIG_UDP);
		/* empty datagrams are messages like others, here */
		assert_int_equal(sendto(fd, "", 0, 0, &a.sa, addr_len(&a)), 0);
		UNTIL(f->loop, f->got == 2);
		close(fd);
		end(f);
	}
}

static void test_udp_batch(void **state)
{
	struct fix *f = begin();
	struct addr a = ours(f, false), local = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &local);

	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(sendto(fd, &i, sizeof(i), 0, &a.sa, addr_len(&a)), sizeof(i));
	/* 64 in one turn, so that other sockets get theirs */
	loop_turn(f->loop);
	if (f->got == 0) /* the first turn only began to watch */
		loop_turn(f->loop);
	assert_int_equal(f->got, 64);
	UNTIL(f->loop, f->got == 100);
	assert_int_equal(*(unsigned *)f->last, 99);
	assert_int_equal(GAUGE(f, received), 100);
	close(fd);
	end(f);
}

static void test_udp_too_large(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"message_bytes\":1024}");
	struct addr a = ours(f, false), local = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &local);

	assert_int_equal(sendto(fd, big, 1025, 0, &a.sa, addr_len(&a)), 1025);
	assert_int_equal(sendto(fd, big, sizeof(big), 0, &a.sa, addr_len(&a)), sizeof(big));
	assert_int_equal(sendto(fd, big, 1024, 0, &a.sa, addr_len(&a)), 1024);
	UNTIL(f->loop, f->got == 1);
	assert_int_equal(f->refused[REJECT_SIZE], 2);
	assert_int_equal(f->last_n, 1024);
	close(fd);
	end(f);
}

/* An ICMP error for a datagram is told with what it quotes; neither the next send nor the ears suffer. */
static void test_udp_icmp(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct fix *f = begin();
		struct addr a = ours(f, v6), local = at(v6 ? "[::1]:0" : "127.0.0.1:0"), gone;
		int fd = client_socket(SOCK_DGRAM, &local);
		struct destination d = {.transport = CONFIG_UDP};

		gone = client_addr(fd);
		close(fd);
		d.remote = gone;
		assert_int_equal(transport_send(f->t, &d, "x", 1, 1), 0);
		UNTIL(f->loop, f->unreachable == 1);
		assert_true(addr_equal(&f->unreachable_to, &gone));
		assert_string_equal(f->quoted, "x");
		assert_int_equal(f->unreachable_error, -ECONNREFUSED);
		assert_int_equal(GAUGE(f, unreachable), 1);
		/* without a turn between them the error comes back from the next send, which is for another */
		fd = client_socket(SOCK_DGRAM, &local);
		for (unsigned i = 0; i < 40; i++) {
			struct destination other = {.transport = CONFIG_UDP, .remote = client_addr(fd)};
			char b[2];

			assert_int_equal(transport_send(f->t, &d, "no", 2, 1), 0);
			assert_int_equal(transport_send(f->t, &other, "hi", 2, 1), 0);
			assert_int_equal(recv(fd, b, 2, MSG_DONTWAIT), 2);
		}
		UNTIL(f->loop, f->unreachable == 41);
		assert_int_equal(GAUGE(f, unreachable), 1);
		assert_int_equal(GAUGE(f, icmp_ignored), 40);
		assert_int_equal(GAUGE(f, send_errors), 0);
		assert_int_equal(sendto(fd, "hello", 5, 0, &a.sa, addr_len(&a)), 5);
		UNTIL(f->loop, f->got == 1);
		close(fd);
		end(f);
	}
}

/* The socket that is bound to this address. */
static int fd_of(const struct addr *a)
{
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in6 s = {0};
		socklen_t n = sizeof(s);
		struct addr bound;
		int kind = 0;
		socklen_t m = sizeof(kind);

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &m) < 0 || kind != SOCK_DGRAM ||
		    getsockname(fd, (struct sockaddr *)&s, &n) < 0)
			continue;
		bound = addr_from_sockaddr((struct sockaddr *)&s);
		if (addr_equal(&bound, a))
			return fd;
	}
	return -1;
}

/* However many errors wait in the queue, what goes elsewhere is not lost to them. */
static void test_udp_icmp_flood(void **state)
{
	struct fix *f = begin();
	struct addr a = ours(f, false), local = at("127.0.0.1:0"), gone;
	int fd = client_socket(SOCK_DGRAM, &local), ours = fd_of(&a);
	struct destination other = {.transport = CONFIG_UDP};
	char b[2];

	gone = client_addr(fd);
	close(fd);
	fd = client_socket(SOCK_DGRAM, &local);
	other.remote = client_addr(fd);
	assert_true(ours >= 0);
	/* every second one is told of the one before */
	for (unsigned i = 0; i < 301; i++)
		assert_int_equal(sendto(ours, "x", 1, 0, &gone.sa, addr_len(&gone)), i % 2 ? -1 : 1);
	assert_int_equal(transport_send(f->t, &other, "hi", 2, 1), 0);
	assert_int_equal(recv(fd, b, 2, MSG_DONTWAIT), 2);
	assert_int_equal(GAUGE(f, send_errors), 0);
	UNTIL(f->loop, GAUGE(f, icmp_ignored) + GAUGE(f, unreachable) == 151);
	close(fd);
	end(f);
}

static void test_unsendable(void **state)
{
	static const struct {
		const char *to;
		enum config_transport transport;
		unsigned network;
		int error; /* 0: any */
	} cases[] = {
		{"127.0.0.1:0", CONFIG_UDP, 0, -EDESTADDRREQ},
		{"0.0.0.0:5060", CONFIG_UDP, 0, -EDESTADDRREQ},
		{"255.255.255.255:5060", CONFIG_UDP, 0, -EDESTADDRREQ},
		{"224.0.0.1:5060", CONFIG_UDP, 0, -EDESTADDRREQ},
		{"[ff02::1]:5060", CONFIG_UDP, 0, -EDESTADDRREQ},
		{"[::]:5060", CONFIG_UDP, 0, -EDESTADDRREQ},
		{"0.0.0.0:5060", CONFIG_TCP, 0, -EDESTADDRREQ},
		{"127.0.0.1:5060", CONFIG_UDP, 7, -EDESTADDRREQ},
		{"127.0.0.1:5060", CONFIG_TCP, 1, -EDESTADDRREQ},
		/* a subnet's broadcast address only the kernel knows */
		{"127.255.255.255:5060", CONFIG_UDP, 0, -EACCES},
		{"127.255.255.255:5060", CONFIG_TCP, 0, 0},
	};
	struct fix *f = begin();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct destination d = {
			.network = cases[i].network, .transport = cases[i].transport, .remote = at(cases[i].to)};
		int err = transport_send(f->t, &d, "x", 1, 1);

		assert_true(err < 0);
		if (cases[i].error)
			assert_int_equal(err, cases[i].error);
	}
	assert_int_equal(connections(f), 0);
	assert_int_equal(GAUGE(f, send_errors), 1);
	end(f);
}

/* ---- a new configuration ---- */

static void set_config(struct fix *f, struct config *c, bool good)
{
	char err[256] = "";
	int e = transport_set_config(f->t, c, err, sizeof(err));

	assert_int_equal(e == 0, good);
	assert_int_equal(err[0] == 0, good);
	config_unref(f->config);
	f->config = c;
}

static bool answers(struct fix *f, uint16_t port)
{
	struct addr a = at("127.0.0.1:1"), local = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &local);
	unsigned before = f->got;

	addr_set_port(&a, port);
	assert_int_equal(sendto(fd, "x", 1, 0, &a.sa, addr_len(&a)), 1);
	turn_some(f->loop);
	close(fd);
	return f->got != before;
}

/* How long a listener that was taken out still hears: until the last that came by it has rung out (timer C), and 64*T1
 * for that one's reply. */
#define RETIRE_MS (180000 + 64 * 500)

static void test_set_config(void **state)
{
	struct fix *f = begin();
	uint16_t old = f->port, new_ = free_port();
	struct addr local = at("127.0.0.1:0"), from;
	int fd, stream = connected(f);
	char b[1];

	time_stands();
	client_send(stream, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	assert_true(answers(f, old));
	set_config(f, config_with(new_, "utUT", ""), true);
	/* both, for a while; what we begin comes from the new one */
	assert_true(answers(f, old));
	assert_true(answers(f, new_));
	fd = client_socket(SOCK_DGRAM, &local);
	struct destination d = {.transport = CONFIG_UDP, .remote = client_addr(fd)};
	assert_int_equal(transport_send(f->t, &d, "x", 1, 0), 0);
	struct sockaddr_storage sa;
	socklen_t sa_n = sizeof(sa);
	UNTIL(f->loop, recvfrom(fd, b, 1, MSG_DONTWAIT, (struct sockaddr *)&sa, &sa_n) == 1);
	from = addr_from_sockaddr((struct sockaddr *)&sa);
	assert_int_equal(addr_port(&from), new_);
	close(fd);
	time_passes(f->loop, RETIRE_MS / 2);
	client_send(stream, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1); /* or it would be idle too long */
	turn_some(f->loop);
	assert_true(answers(f, old));
	time_passes(f->loop, RETIRE_MS / 2 + 1);
	assert_false(answers(f, old));
	assert_true(answers(f, new_));
	/* connections stay */
	assert_int_equal(connections(f), 1);
	client_send(stream, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	unsigned before = f->got;
	UNTIL(f->loop, f->got == before + 1);
	close(stream);

	/* taken out and put back in time */
	f->port = new_;
	set_config(f, config_with(old, "u", ""), true);
	set_config(f, config_with(new_, "u", ""), true);
	time_passes(f->loop, RETIRE_MS + 1);
	assert_false(answers(f, old));
	assert_true(answers(f, new_));
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 1);

	/* somebody else has it: told, the rest is done, the next time it works */
	addr_set_port(&local, old);
	fd = client_socket(SOCK_DGRAM, &local);
	set_config(f, config_with(old, "ut", ""), false);
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 2);
	close(fd);
	set_config(f, config_with(old, "ut", ""), true);
	assert_true(answers(f, old));
	end(f);
}

/* Sends to fd by d; the port it comes from. */
static uint16_t source_port(struct fix *f, int fd, const struct destination *d)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);
	struct addr from;
	char b[1];

	assert_int_equal(transport_send(f->t, d, "x", 1, 0), 0);
	UNTIL(f->loop, recvfrom(fd, b, 1, MSG_DONTWAIT, (struct sockaddr *)&sa, &n) == 1);
	from = addr_from_sockaddr((struct sockaddr *)&sa);
	return addr_port(&from);
}

/* A flow names its listener by address: neither another order nor a removal changes where its datagrams come from. */
static void test_reorder(void **state)
{
	struct fix *f = begin();
	uint16_t port[2] = {f->port, free_port()};
	char both[2][200];
	struct addr local = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &local);
	struct destination any = {.transport = CONFIG_UDP, .remote = client_addr(fd)}, flow[2];

	for (unsigned i = 0; i < 2; i++)
		snprintf(both[i], sizeof(both[i]),
			 "{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\",\"udp:127.0.0.1:%u\"],"
			 "\"unknown\":\"accept\"}},\"routes\":[]}",
			 port[i], port[!i]);
	set_config(f, config_of(both[0]), true);
	for (unsigned i = 0; i < 2; i++) {
		struct addr a = ours(f, false);

		addr_set_port(&a, port[i]);
		assert_int_equal(sendto(fd, "x", 1, 0, &a.sa, addr_len(&a)), 1);
		UNTIL(f->loop, f->got == i + 1);
		flow[i] = destination_of_flow(&f->flow);
	}
	for (unsigned order = 0; order < 2; order++) {
		struct addr first = transport_local(f->config, 0, CONFIG_UDP, false, NULL);

		for (unsigned i = 0; i < 2; i++) {
			struct addr named = transport_local(f->config, 0, CONFIG_UDP, false, &flow[i].local);

			assert_int_equal(source_port(f, fd, &flow[i]), port[i]);
			assert_int_equal(addr_port(&named), port[i]);
		}
		/* what begins goes out by the one that the configuration names first, and says so */
		assert_int_equal(source_port(f, fd, &any), port[order]);
		assert_int_equal(addr_port(&first), port[order]);
		set_config(f, config_of(both[1]), true);
	}

	/* the first is taken out: its own flow ends by it, everything else leaves it; then it is gone */
	time_stands();
	set_config(f, config_with(port[1], "u", ""), true);
	assert_int_equal(source_port(f, fd, &flow[0]), port[1]);
	flow[0].flow_only = true;
	assert_int_equal(source_port(f, fd, &flow[0]), port[0]);
	assert_int_equal(source_port(f, fd, &any), port[1]);
	/* what came by it just before may ring for all of timer C */
	time_passes(f->loop, RETIRE_MS - 1000);
	assert_int_equal(source_port(f, fd, &flow[0]), port[0]);
	time_passes(f->loop, 1001);
	assert_int_equal(transport_send(f->t, &flow[0], "x", 1, 0), -ENOTCONN);
	flow[0].flow_only = false;
	assert_int_equal(source_port(f, fd, &flow[0]), port[1]);
	close(fd);
	end(f);
}

/* ---- out of memory ---- */

static void try_create(struct fix *f)
{
	char err[256] = "";
	struct transport *t;

	if (transport_create(f->loop, f->config, 0, &user, f, &t, err, sizeof(err)) == 0)
		transport_destroy(t);
	else
		assert_true(err[0]);
}

/* One comes, says half a message, gets a reply that does not fit the socket's buffer, says the other half. */
static void try_accepted(struct fix *f)
{
	static const char text[] = MESSAGE("5", "hello");
	struct addr a = ours(f, false);
	int fd = client_connect(&a);

	turn_some(f->loop);
	client_send(fd, text, 20);
	turn_some(f->loop);
	(void)!send(fd, text + 20, sizeof(text) - 21, MSG_NOSIGNAL);
	turn_some(f->loop);
	close(fd);
	turn_some(f->loop);
}

static void try_opened(struct fix *f)
{
	struct destination d = {.transport = CONFIG_TCP};
	int listener = listen_at(&d.remote, 5);

	transport_send(f->t, &d, "hello", 5, 1);
	turn_some(f->loop);
	transport_send(f->t, &d, "hello", 5, 1);
	turn_some(f->loop);
	close(listener);
	turn_some(f->loop);
}

static void test_no_memory(void **state)
{
	static void (*const tries[])(struct fix * f) = {try_create, try_accepted, try_opened};

	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		unsigned k = 0, refused;

		do {
			struct fix *f = begin();

			f->echo = true;
			oom_after(k++);
			tries[i](f);
			refused = oom_off();
			end(f);
			assert_true(k < 1000);
		} while (refused);
		assert_true(k > 3);
	}
}

static void test_create_fails(void **state)
{
	uint16_t port = free_port();
	struct addr local = at("127.0.0.1:1");
	struct config *c = config_with(port, "utUT", "");
	struct transport *t;
	struct loop *loop;
	char err[256] = "";

	addr_set_port(&local, port);
	int fd = client_socket(SOCK_STREAM, &local);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, c, 0, &user, NULL, &t, err, sizeof(err)), -EADDRINUSE);
	assert_non_null(strstr(err, "network n"));
	close(fd);
	loop_destroy(loop);
	config_unref(c);
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_echo),       cmocka_unit_test(test_udp_batch),
		cmocka_unit_test(test_udp_too_large),  cmocka_unit_test(test_udp_icmp),
		cmocka_unit_test(test_udp_icmp_flood), cmocka_unit_test(test_unsendable),
		cmocka_unit_test(test_set_config),     cmocka_unit_test(test_reorder),
		cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_create_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
