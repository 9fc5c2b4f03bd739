/* SPDX-License-Identifier: Apache-2.0 */
/* A transport on a loop that the test turns, and what it told its user. */
#ifndef TESTS_UNIT_SIP_TRANSPORT_FIXTURE_H
#define TESTS_UNIT_SIP_TRANSPORT_FIXTURE_H

#include "sbc/sip/transport_internal.h"
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

static inline bool on_received(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n, bool again)
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

static inline void on_lost(void *arg, uint64_t cookie, int error)
{
	struct fix *f = arg;

	f->lost++;
	f->lost_sum += cookie;
	f->lost_error = error;
}

static inline void on_refused(void *arg, unsigned network, const struct addr *from, enum reject_reason why)
{
	struct fix *f = arg;

	f->refused[why]++;
}

static inline void on_closed(void *arg, unsigned network, uint64_t connection)
{
	struct fix *f = arg;

	assert_int_equal(network, 0);
	f->closed++;
	f->closed_id = connection;
}

static inline bool on_unreachable(void *arg, unsigned network, const struct addr *to, const uint8_t *quoted, size_t n,
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
static inline struct config *config_with(uint16_t port, const char *kinds, const char *more)
{
	char text[2000], listen[300] = "";

	for (const char *k = kinds; *k; k++)
		snprintf(listen + strlen(listen), sizeof(listen) - strlen(listen), "%s\"%s:%s:%u\"", *listen ? "," : "",
			 (*k | 32) == 'u' ? "udp" : "tcp", *k >= 'a' ? "127.0.0.1" : "[::1]", port);
	snprintf(text, sizeof(text),
		 "{\"networks\":{\"n\":{\"listen\":[%s],\"unknown\":\"accept\"}},"
		 "\"routes\":[]%s}",
		 listen, more);
	return config_of(text);
}

static inline struct fix *begin_with(const char *more)
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

static inline struct fix *begin(void)
{
	return begin_with("");
}

static inline void end(struct fix *f)
{
	transport_destroy(f->t);
	loop_destroy(f->loop);
	config_unref(f->config);
	free(f);
	time_runs();
	for (int k = 0; k < SOCK_KIND_COUNT; k++)
		assert_int_equal(sock_count((enum sock_kind)k), 0);
}

static inline struct addr ours(const struct fix *f, bool v6)
{
	struct addr a = at(v6 ? "[::1]:1" : "127.0.0.1:1");

	addr_set_port(&a, f->port);
	return a;
}

static inline uint64_t connections(const struct fix *f)
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

static inline int connected(struct fix *f)
{
	struct addr a = ours(f, false);
	uint64_t before = connections(f);
	int fd = client_connect(&a);

	UNTIL(f->loop, connections(f) == before + 1);
	return fd;
}

/* What there is to read now: bytes, 0 at the end, -1 nothing. */
static inline ssize_t peek(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 && errno == ECONNRESET ? 0 : n;
}

/* Reads n bytes, turning the loop. */
static inline void read_n(struct fix *f, int fd, char *p, size_t n)
{
	size_t have = 0;

	UNTIL(f->loop, ({
		      ssize_t r = recv(fd, p + have, n - have, MSG_DONTWAIT);
		      have += r > 0 ? (size_t)r : 0;
		      have == n;
	      }));
}

static inline bool is_closed(int fd)
{
	char b[4096];
	ssize_t n;

	while ((n = recv(fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno == ECONNRESET || errno == EPIPE;
}

static inline int listen_at(struct addr *ret, int backlog)
{
	struct addr a = at("127.0.0.1:0");
	int fd = client_socket(SOCK_STREAM, &a);

	assert_int_equal(listen(fd, backlog), 0);
	*ret = client_addr(fd);
	return fd;
}

#endif
