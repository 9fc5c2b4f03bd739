/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams and connections on loopback, hostile ones among them, through one transport on a loop that the test turns.
 */
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "sbc/sip/transport_internal.h"
#include "tests/unit/base/oom.h"
#include "tests/unit/sip/net.h"

#define MESSAGE(cl, body) "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\nContent-Length: " cl "\r\n\r\n" body

struct fix {
	struct loop *loop;
	struct transport *t;
	struct config *config;
	uint16_t port;
	unsigned got; /* messages */
	size_t got_bytes;
	char last[70000];
	size_t last_n;
	struct flow_addr flow; /* of the last */
	bool echo;             /* each message goes back where it came from */
	unsigned flood;        /* so many large messages go back for each: the stream dies inside its own callback */
	unsigned lost;
	uint64_t lost_sum; /* of cookies */
	int lost_error;
	unsigned unreachable; /* told, and what */
	struct addr unreachable_to;
	char quoted[100];
	int unreachable_error;
	bool full;         /* no room for what streams bring */
	uint64_t full_for; /* the connection that was told so */
	unsigned asked;
	unsigned closed; /* connections */
	uint64_t closed_id;
	unsigned refused[REJECT_COUNT];
};

static char big[60000];

static bool on_received(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n, bool again)
{
	struct fix *f = arg;
	struct destination d = destination_of_flow(from);

	if (from->connection) {
		assert_int_equal(again, f->full_for == from->connection);
		f->full_for = f->full ? from->connection : 0;
		f->asked++;
		if (f->full)
			return false;
	}
	f->got++;
	f->got_bytes += n;
	memcpy(f->last, p, n);
	f->last[n] = 0;
	f->last_n = n;
	f->flow = *from;
	d.flow_only = true;
	if (f->echo)
		transport_send(f->t, &d, f->last, n, 0);
	for (unsigned i = 0; i < f->flood; i++)
		transport_send(f->t, &d, big, sizeof(big), 0);
	/* still ours to read */
	assert_memory_equal(f->last, p, n);
	return true;
}

static void on_lost(void *arg, uint64_t cookie, int error)
{
	struct fix *f = arg;

	f->lost++;
	f->lost_sum += cookie;
	f->lost_error = error;
}

static void on_refused(void *arg, unsigned network, const struct addr *from, enum reject_reason why)
{
	struct fix *f = arg;

	f->refused[why]++;
}

static void on_closed(void *arg, unsigned network, uint64_t connection)
{
	struct fix *f = arg;

	assert_int_equal(network, 0);
	f->closed++;
	f->closed_id = connection;
}

static bool on_unreachable(void *arg, unsigned network, const struct addr *to, const uint8_t *quoted, size_t n,
			   int error)
{
	struct fix *f = arg;

	f->unreachable++;
	f->unreachable_to = *to;
	f->unreachable_error = error;
	snprintf(f->quoted, sizeof(f->quoted), "%.*s", (int)n, (const char *)quoted);
	return str_eq(str_z(f->quoted), STR("x"));
}

static const struct transport_user user = {.unreachable = on_unreachable,
					   .received = on_received,
					   .send_failed = on_lost,
					   .closed = on_closed,
					   .refused = on_refused};

/* kinds: "ut" UDP and TCP over IPv4, "UT" the same over IPv6. */
static struct config *config_with(uint16_t port, const char *kinds, const char *more)
{
	char text[2000], listen[300] = "";

	for (const char *k = kinds; *k; k++)
		snprintf(listen + strlen(listen), sizeof(listen) - strlen(listen), "%s\"%s:%s:%u\"", *listen ? "," : "",
			 (*k | 32) == 'u' ? "udp" : "tcp", *k >= 'a' ? "127.0.0.1" : "[::1]", port);
	snprintf(text, sizeof(text),
		 "{\"networks\":{\"n\":{\"listen\":[%s],\"unknown\":\"accept\"}},"
		 "\"routes\":[]%s}",
		 listen, more);
	return config_text(text);
}

static struct fix *begin_with(const char *more)
{
	struct fix *f = calloc(1, sizeof(*f));
	char err[256] = "";

	memset(big, 'x', sizeof(big));
	f->port = free_port();
	f->config = config_with(f->port, "utUT", more);
	assert_int_equal(loop_create(64, &f->loop), 0);
	if (transport_create(f->loop, f->config, 0, &user, f, &f->t, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	return f;
}

static struct fix *begin(void)
{
	return begin_with("");
}

static void end(struct fix *f)
{
	transport_destroy(f->t);
	loop_destroy(f->loop);
	config_unref(f->config);
	free(f);
	time_runs();
	for (int k = 0; k < SOCK_KIND_COUNT; k++)
		assert_int_equal(sock_count((enum sock_kind)k), 0);
}

static struct addr ours(const struct fix *f, bool v6)
{
	struct addr a = at(v6 ? "[::1]:1" : "127.0.0.1:1");

	addr_set_port(&a, f->port);
	return a;
}

static uint64_t connections(const struct fix *f)
{
	struct transport_gauges g;

	transport_gauges(f->t, &g);
	return g.connections;
}

#define GAUGE(f, name)                                                                                                 \
	({                                                                                                             \
		struct transport_gauges g_;                                                                            \
		transport_gauges((f)->t, &g_);                                                                         \
		g_.name;                                                                                               \
	})

static int connected(struct fix *f)
{
	struct addr a = ours(f, false);
	uint64_t before = connections(f);
	int fd = client_connect(&a);

	UNTIL(f->loop, connections(f) == before + 1);
	return fd;
}

/* What there is to read now: bytes, 0 at the end, -1 nothing. */
static ssize_t peek(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 && errno == ECONNRESET ? 0 : n;
}

/* Reads n bytes, turning the loop. */
static void read_n(struct fix *f, int fd, char *p, size_t n)
{
	size_t have = 0;

	UNTIL(f->loop, ({
		      ssize_t r = recv(fd, p + have, n - have, MSG_DONTWAIT);
		      have += r > 0 ? (size_t)r : 0;
		      have == n;
	      }));
}

static bool is_closed(int fd)
{
	char b[4096];
	ssize_t n;

	while ((n = recv(fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno == ECONNRESET || errno == EPIPE;
}

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

static int listen_at(struct addr *ret, int backlog)
{
	struct addr a = at("127.0.0.1:0");
	int fd = client_socket(SOCK_STREAM, &a);

	assert_int_equal(listen(fd, backlog), 0);
	*ret = client_addr(fd);
	return fd;
}

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
	set_config(f, config_text(both[0]), true);
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
		set_config(f, config_text(both[1]), true);
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

/* ---- only by a flow that exists ---- */

/* A phone behind NAT: no other connection, none opened to it, no other listener. */
static void test_flow_only(void **state)
{
	struct fix *f = begin();
	struct addr local = at("127.0.0.1:0");
	int fd = connected(f), listener, udp = client_socket(SOCK_DGRAM, &local);
	char b[2];

	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	struct destination d = destination_of_flow(&f->flow);
	assert_false(d.flow_only);
	d.flow_only = true;
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), 0);
	read_n(f, fd, b, 2);
	close(fd);
	UNTIL(f->loop, f->closed == 1);
	assert_int_equal(f->closed_id, d.connection);
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), -ENOTCONN);

	/* somebody listens there, and there is even a connection to it: not the one that it registered on */
	listener = listen_at(&d.remote, 5);
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), -ENOTCONN);
	struct destination other = d;
	other.flow_only = false;
	assert_int_equal(transport_send(f->t, &other, "hi", 2, 1), 0);
	UNTIL(f->loop, (fd = accept(listener, NULL, NULL)) >= 0);
	assert_int_equal(connections(f), 1);
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), -ENOTCONN);
	close(fd);
	close(listener);
	/* nothing waited on it, and still its end is told */
	UNTIL(f->loop, f->closed == 2);
	assert_int_equal(f->lost, 0);

	/* over UDP: the listener it sent to */
	struct addr a = ours(f, false);
	assert_int_equal(sendto(udp, "hello", 5, 0, &a.sa, addr_len(&a)), 5);
	UNTIL(f->loop, f->got == 2);
	d = destination_of_flow(&f->flow);
	d.flow_only = true;
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), 0);
	read_n(f, udp, b, 2);
	close(udp);
	end(f);
}

/* ---- another worker's connection ---- */

static void test_sibling(void **state)
{
	struct fix *f = begin();
	struct loop *loop;
	struct transport *all[2] = {f->t};
	struct fix *g = calloc(1, sizeof(*g));
	char err[256] = "", b[2];

	g->config = config_ref(f->config);
	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, g->config, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);

	/* the kernel chooses who gets it */
	struct addr a = ours(f, false);
	int fd = client_connect(&a);
	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, (turn_some(loop), f->got + g->got == 1));
	struct fix *holder = f->got ? f : g, *other = f->got ? g : f;
	struct transport *t = holder == f ? all[1] : all[0];
	struct loop *of_holder = holder == f ? f->loop : loop, *of_other = holder == f ? loop : f->loop;
	struct destination d = destination_of_flow(&holder->flow);

	d.flow_only = true;
	assert_int_equal(transport_send(t, &d, "hi", 2, 1), 0);
	UNTIL(of_holder, recv(fd, b, 2, MSG_DONTWAIT) == 2);
	/* lost in its backlog: told where it was sent from */
	uint64_t cookie = 0;
	while (connections(f) + (holder == g) && cookie < 2000 && other->lost == 0) {
		transport_send(t, &d, big, sizeof(big), ++cookie);
		turn_some(of_holder);
		turn_some(of_other);
	}
	assert_true(other->lost >= 1);
	assert_int_equal(holder->lost, 0);
	/* its end is told to both */
	UNTIL(of_other, other->closed == 1);
	assert_int_equal(holder->closed, 1);
	assert_int_equal(holder->closed_id, d.connection);
	assert_int_equal(other->closed_id, d.connection);
	/* gone */
	other->lost = 0;
	assert_int_equal(transport_send(t, &d, "hi", 2, 7), 0);
	turn_some(of_holder);
	turn_some(of_other);
	assert_int_equal(other->lost_error, -ENOTCONN);
	/* its queue full */
	int e = 0;
	for (unsigned i = 0; i < 100 && e == 0; i++)
		e = transport_send(t, &d, "hi", 2, 0);
	assert_int_equal(e, -ENOBUFS);
	loop_drain(of_holder);
	loop_drain(of_other);
	close(fd);
	transport_destroy(all[1]);
	loop_destroy(loop);
	config_unref(g->config);
	free(g);
	transport_set_siblings(all[0], all, 1);
	end(f);
}

/* Whoever the kernel gives a connection to: a source has so many in all. */
static void test_sources_of_all(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"connections_source\":10}");
	struct fix *g = calloc(1, sizeof(*g));
	struct transport *all[2] = {f->t};
	struct addr a = ours(f, false);
	struct loop *loop;
	char err[256] = "";
	int fds[40];

	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, f->config, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);
	for (unsigned i = 0; i < 40; i++)
		fds[i] = client_connect(&a);
	UNTIL(f->loop, (turn_some(loop), f->refused[REJECT_CONNECTIONS] + g->refused[REJECT_CONNECTIONS] == 30));
	assert_int_equal(transport_connections(all[0]), 10);
	/* another source, IPv6, is another count */
	a = ours(f, true);
	int other = client_connect(&a);
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 11));
	/* places that come free can be taken by either */
	for (unsigned i = 0; i < 40; i++)
		close(fds[i]);
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 1));
	assert_int_equal(source_table_count(f->t->sources), 1);
	a = ours(f, false);
	for (unsigned i = 0; i < 10; i++)
		fds[i] = client_connect(&a);
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 11));
	for (unsigned i = 0; i < 10; i++)
		close(fds[i]);
	close(other);
	/* the first to go leaves the counts to the other */
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 0));
	transport_destroy(all[1]);
	loop_destroy(loop);
	free(g);
	end(f);
}

static void post_nothing(void *arg)
{
}

/* The others' queue is full while twenty connections die: told later, each once; until then they count as connections.
 */
static void test_closed_late(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"connections\":30,\"connections_source\":30}");
	struct fix *g = calloc(1, sizeof(*g));
	struct config *elsewhere = config_with(free_port(), "u", "");
	struct transport *all[2] = {f->t};
	struct loop *loop;
	char err[256] = "";
	int fds[20];

	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, elsewhere, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);
	for (unsigned i = 0; i < 20; i++)
		fds[i] = connected(f);
	while (loop_post(loop, post_nothing, NULL))
		;
	for (unsigned i = 0; i < 20; i++)
		close(fds[i]);
	UNTIL(f->loop, f->closed == 20);
	assert_int_equal(connections(f), 0);
	assert_int_equal(transport_connections(all[0]), 20);
	assert_int_equal(transport_connections(all[1]), 20);
	turn_some(f->loop);
	assert_int_equal(g->closed, 0);
	UNTIL(f->loop, (turn_some(loop), g->closed == 20));
	assert_int_equal(g->closed_id, f->closed_id);
	assert_int_equal(f->closed, 20);
	assert_int_equal(transport_connections(all[0]), 0);

	/* and the end of all with some not told yet */
	fds[0] = connected(f);
	while (loop_post(loop, post_nothing, NULL))
		;
	close(fds[0]);
	UNTIL(f->loop, f->closed == 21);
	loop_drain(loop);
	transport_destroy(all[1]);
	loop_destroy(loop);
	config_unref(elsewhere);
	assert_int_equal(g->closed, 20);
	free(g);
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
		cmocka_unit_test(test_udp_echo),        cmocka_unit_test(test_udp_batch),
		cmocka_unit_test(test_udp_too_large),   cmocka_unit_test(test_udp_icmp),
		cmocka_unit_test(test_unsendable),      cmocka_unit_test(test_tcp_split),
		cmocka_unit_test(test_tcp_joined),      cmocka_unit_test(test_tcp_large),
		cmocka_unit_test(test_tcp_broken),      cmocka_unit_test(test_tcp_pong),
		cmocka_unit_test(test_tcp_limits),      cmocka_unit_test(test_tcp_ends),
		cmocka_unit_test(test_tcp_dies_inside), cmocka_unit_test(test_tcp_backlog),
		cmocka_unit_test(test_tcp_reuse),       cmocka_unit_test(test_tcp_refused),
		cmocka_unit_test(test_tcp_time),        cmocka_unit_test(test_tcp_connect_time),
		cmocka_unit_test(test_tcp_thousand),    cmocka_unit_test(test_tcp_no_descriptors),
		cmocka_unit_test(test_set_config),      cmocka_unit_test(test_sibling),
		cmocka_unit_test(test_reorder),         cmocka_unit_test(test_tcp_paused),
		cmocka_unit_test(test_sources_of_all),  cmocka_unit_test(test_flow_only),
		cmocka_unit_test(test_closed_late),     cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_create_fails),
	};
	return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
