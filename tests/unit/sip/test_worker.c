/* SPDX-License-Identifier: Apache-2.0 */
/* Three workers on threads of their own, or one that the test turns: whose message is it, how it gets there, what is
 * answered when it is none. */
#include <pthread.h>
#include <stdatomic.h>

#include "sbc/sip/worker_internal.h"
#include "tests/unit/sip/net.h"

#include "sbc/sip/scan.h"

#define WORKERS 3

static struct {
	struct worker_group *g;
	struct config *config;
	struct ident_key key;
	uint16_t port;
	atomic_uint requests, acks, stray, refused[REJECT_COUNT];
	atomic_uint closed[WORKERS]; /* connections, as each worker was told */
	atomic_uint wrong_thread;    /* a message that another worker owns */
	bool mute;                   /* nothing refused is answered */
} f;

static enum reject_reason on_screen(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	return REJECT_NONE;
}

static void on_refused(void *arg, const struct flow_addr *from, enum reject_reason why)
{
	atomic_fetch_add(&f.refused[why], 1);
}

static bool on_may_answer(void *arg, const struct flow_addr *to)
{
	return !f.mute;
}

static bool on_outgoing(void *arg, void *guard, const struct destination *d, struct str text)
{
	return true;
}

static void check_owner(void *arg, const struct message *m)
{
	struct worker *w = arg;

	if (worker_of_slot(worker_count(f.g), message_owner(&f.key, m)) != w->index)
		atomic_fetch_add(&f.wrong_thread, 1);
}

static void on_request(void *arg, struct server_txn *t, const struct message *m)
{
	check_owner(arg, m);
	atomic_fetch_add(&f.requests, 1);
	server_txn_reply(t, &(struct reply){.status = 200});
}

static void on_ack(void *arg, const struct message *m)
{
	check_owner(arg, m);
	atomic_fetch_add(&f.acks, 1);
}

static void on_stray(void *arg, const struct message *m)
{
	check_owner(arg, m);
	atomic_fetch_add(&f.stray, 1);
}

static void on_connection_closed(void *arg, unsigned network, uint64_t connection)
{
	const struct worker *w = arg;

	if (connection)
		atomic_fetch_add(&f.closed[w->index], 1);
}

static const struct worker_user user = {.screen = on_screen,
					.refused = on_refused,
					.may_answer = on_may_answer,
					.connection_closed = on_connection_closed,
					.outgoing = on_outgoing,
					.request = on_request,
					.ack = on_ack,
					.stray_response = on_stray};

static void begin_more(unsigned n, bool random_delivery, unsigned queue, const char *network)
{
	char text[1000], err[256] = "";

	f.port = free_port();
	snprintf(
		text, sizeof(text),
		"{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\",\"tcp:127.0.0.1:%u\"],\"unknown\":\"accept\"%s}},"
		"\"routes\":[],\"limits\":{\"queue\":%u,\"connections_source\":1000}}",
		f.port, f.port, network, queue);
	f.mute = false;
	f.config = config_text(text);
	f.key = ident_key_init(str_z("a key for this test"), 1, 1);
	f.requests = f.acks = f.stray = f.wrong_thread = 0;
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		f.refused[i] = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		f.closed[i] = 0;
	if (worker_group_create(&(struct worker_group_params){.config = f.config,
							      .n = n,
							      .key = &f.key,
							      .dns_servers = "127.0.0.1:9",
							      .user = &user,
							      .random_delivery = random_delivery},
				err, sizeof(err), &f.g) < 0)
		fail_msg("%s", err);
	for (unsigned i = 0; i < n; i++)
		worker_set_arg(f.g, i, worker_get(f.g, i));
}

static void begin(unsigned n, bool random_delivery, unsigned queue)
{
	begin_more(n, random_delivery, queue, "");
}

static void end(void)
{
	worker_group_stop(f.g);
	worker_group_destroy(f.g);
	config_unref(f.config);
	assert_int_equal(f.wrong_thread, 0);
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 0);
	assert_int_equal(sock_count(SOCK_KIND_STREAM), 0);
}

static struct addr ours(void)
{
	struct addr a = at("127.0.0.1:1");

	addr_set_port(&a, f.port);
	return a;
}

static int client(void)
{
	struct addr a = ours(), local = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &local);

	assert_int_equal(connect(fd, &a.sa, addr_len(&a)), 0);
	return fd;
}

static size_t request(char *buf, size_t cap, const char *method, unsigned i, const char *more)
{
	return (size_t)snprintf(buf, cap,
				"%s sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK%s%u\r\n"
				"From: <sip:b@c>;tag=%u\r\nTo: <sip:a@d>\r\nCall-ID: call-%u\r\nCSeq: 1 %s\r\n%s"
				"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
				method, method, i, i, i, method, more);
}

/* Waits for bytes: workers run by themselves. */
static ssize_t wait_for(int fd, char *buf, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (poll(&p, 1, DEADLINE_S * 1000) != 1)
		fail_msg("no answer");
	ssize_t n = recv(fd, buf, cap - 1, MSG_DONTWAIT);
	if (n >= 0)
		buf[n] = 0;
	return n;
}

static uint64_t handed_over(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < worker_count(f.g); i++) {
		struct worker_gauges g;

		worker_gauges(worker_get(f.g, i), &g);
		n += g.handed_over;
	}
	return n;
}

/* One socket is one worker's by the kernel's choice; two of three messages belong elsewhere. */
static void test_hand_over_udp(void **state)
{
	for (int random = 0; random < 2; random++) {
		char b[2000];
		int fd;

		begin(WORKERS, random, 4096);
		fd = client();
		assert_int_equal(worker_group_start(f.g), 0);
		for (unsigned i = 0; i < 300; i++) {
			size_t n = request(b, sizeof(b), "OPTIONS", i, "");

			assert_int_equal(send(fd, b, n, 0), n);
			assert_true(wait_for(fd, b, sizeof(b)) > 0);
			assert_memory_equal(b, "SIP/2.0 200", 11);
		}
		assert_int_equal(f.requests, 300);
		assert_in_range(handed_over(), 100, random ? 500 : 270);
		close(fd);
		end();
	}
}

/* Replies go by the connection that another worker holds. */
static void test_hand_over_tcp(void **state)
{
	for (int random = 0; random < 2; random++) {
		char b[2000];
		struct addr a;
		int fd;

		begin(WORKERS, random, 4096);
		assert_int_equal(worker_group_start(f.g), 0);
		a = ours();
		fd = client_connect(&a);
		for (unsigned i = 0; i < 100; i++) {
			size_t n = request(b, sizeof(b), "OPTIONS", i, ""), have = 0;

			client_send(fd, b, n);
			do {
				have += (size_t)wait_for(fd, b + have, sizeof(b) - have);
				b[have] = 0;
			} while (!strstr(b, "\r\n\r\n"));
			assert_memory_equal(b, "SIP/2.0 200", 11);
		}
		/* pipelined, and never read: replies meet a dead connection, or one that dies */
		for (unsigned i = 100; i < 200; i++) {
			size_t n = request(b, sizeof(b), "OPTIONS", i, "");

			client_send(fd, b, n);
		}
		close(fd);
		end();
		assert_in_range(f.requests, 100, 200);
	}
}

/* A connection's end is every worker's to know. */
static void test_closed(void **state)
{
	struct addr a;
	int fds[10];

	begin(WORKERS, false, 64);
	assert_int_equal(worker_group_start(f.g), 0);
	a = ours();
	for (unsigned i = 0; i < 10; i++)
		fds[i] = client_connect(&a);
	for (unsigned i = 0; i < 10; i++)
		close(fds[i]);
	for (uint64_t until = real_ms() + DEADLINE_S * 1000; f.closed[0] + f.closed[1] + f.closed[2] < 10 * WORKERS;) {
		assert_true(real_ms() < until);
		poll(NULL, 0, 1);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(f.closed[i], 10);
	end();
}

static void turn_all(void)
{
	for (unsigned i = 0; i < worker_count(f.g); i++)
		turn_some(worker_get(f.g, i)->loop);
}

#define UNTIL_ALL(cond) UNTIL(worker_get(f.g, 0)->loop, (turn_all(), cond))

/* ---- a closed port ---- */

static struct {
	enum reject_reason why;
	unsigned failed, terminated;
} g_client;

static void client_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	g_client.failed++;
	g_client.why = why;
}

static void client_terminated(void *arg, struct client_txn *t)
{
	g_client.terminated++;
}

static const struct client_ops client_ops = {.failed = client_failed, .terminated = client_terminated};

static uint64_t icmp_ignored(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < worker_count(f.g); i++) {
		struct worker_gauges g;

		worker_gauges(worker_get(f.g, i), &g);
		n += g.transport.icmp_ignored;
	}
	return n;
}

/* A request to a closed port fails at once, whichever worker's socket the kernel gives the ICMP message to; what is not
 * proven to be about a request of ours is counted and nothing else. */
static void test_closed_port(void **state)
{
	struct addr gone = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &gone), err = 0;
	struct client_request r = {
		.ruri = STR("sip:a@b"),
		.headers = STR("From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"),
		.via_host = STR("127.0.0.1:5060"),
		.ops = &client_ops,
	};

	begin(WORKERS, false, 64);
	gone = client_addr(fd);
	close(fd);
	r.to.remote = gone;
	memset(&g_client, 0, sizeof(g_client));
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *w = worker_get(f.g, i);

		r.method = i % 2 ? METHOD_OPTIONS : METHOD_INVITE;
		r.slot = worker_random_slot(w);
		assert_non_null(client_txn_start(w->txn, &r, &err));
		uint64_t began = real_ms();
		UNTIL_ALL(g_client.terminated == i + 1);
		assert_true(real_ms() - began < 10000); /* B and F are 32 s */
		assert_int_equal(g_client.failed, i + 1);
		assert_int_equal(g_client.why, REJECT_TARGETS_DOWN);
	}
	assert_int_equal(icmp_ignored(), 0);

	/* quotations without our MAC, of a branch that is over, and of a reply */
	static const char *const texts[] = {
		"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;rport\r\n\r\n",
		"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK\r\n\r\n",
		"SIP/2.0 200 OK\r\n\r\n", "x", "OPTIONS"};
	struct destination d = {.transport = CONFIG_UDP, .remote = gone};
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(transport_send(worker_get(f.g, 0)->transport, &d, texts[i], strlen(texts[i]), 1), 0);
		UNTIL_ALL(icmp_ignored() == i + 1);
	}
	end();
}

/* Stopped with queues full of everything. */
static void test_stop_busy(void **state)
{
	char b[2000];

	begin(WORKERS, true, 4096);
	int fd = client();
	for (unsigned i = 0; i < 400; i++) {
		size_t n = request(b, sizeof(b), i % 3 ? "OPTIONS" : "ACK", i, "");

		assert_int_equal(send(fd, b, n, 0), n);
	}
	assert_int_equal(worker_group_start(f.g), 0);
	assert_int_equal(worker_group_set_config(f.g, f.config), 0);
	end();
	close(fd);
}

/* ---- turned by the test ---- */

static void test_queue_full(void **state)
{
	char b[2000];
	int fd, answers = 0;

	begin(WORKERS, false, 16);
	fd = client();
	for (unsigned i = 0; i < 60; i++) {
		size_t n = request(b, sizeof(b), "OPTIONS", i, "");

		assert_int_equal(send(fd, b, n, 0), n);
	}
	/* whoever has the socket takes all 60 in one turn; some 20 go to each of the others, who have room for 16 */
	UNTIL_ALL(f.requests + f.refused[REJECT_QUEUE] == 60);
	assert_in_range(f.refused[REJECT_QUEUE], 1, 30);
	uint64_t counted = 0;
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker_gauges g;

		worker_gauges(worker_get(f.g, i), &g);
		counted += g.queue_refused;
	}
	assert_int_equal(counted, f.refused[REJECT_QUEUE]);
	while (recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
		answers++;
	assert_int_equal(answers, f.requests);
	close(fd);
	end();
}

/* The same by a stream: nothing is lost, its worker waits with reading. */
static void test_queue_full_tcp(void **state)
{
	char b[2000], *all = malloc(200 * 400), *back = malloc(200 * 400);
	size_t n = 0, have = 0;
	unsigned answers = 0;
	struct addr a;

	begin(WORKERS, false, 16);
	a = ours();
	int fd = client_connect(&a);
	for (unsigned i = 0; i < 200; i++) {
		size_t one = request(b, sizeof(b), "OPTIONS", i, "");

		memcpy(all + n, b, one);
		n += one;
	}
	client_send(fd, all, n);
	UNTIL_ALL(({
		ssize_t r = recv(fd, back + have, 200 * 400 - have, MSG_DONTWAIT);
		have += r > 0 ? (size_t)r : 0;
		f.requests == 200 && r < 0;
	}));
	for (char *at_ = back; (at_ = memmem(at_, have - (size_t)(at_ - back), "SIP/2.0 200", 11)); at_++)
		answers++;
	/* answers that found a queue full are lost with their count; requests never are */
	assert_in_range(answers, 60, 200);
	assert_int_equal(f.refused[REJECT_QUEUE], 0);
	uint64_t pauses = 0;
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker_gauges g;

		worker_gauges(worker_get(f.g, i), &g);
		pauses += g.transport.pauses;
		assert_int_equal(g.queue_refused, 0);
	}
	assert_in_range(pauses, 1, 200);
	free(all);
	free(back);
	close(fd);
	end();
}

/* What one look cannot tell the parser can: a folded Call-ID. */
static void test_unsure(void **state)
{
	char b[2000];
	int fd;

	begin(WORKERS, false, 64);
	fd = client();
	for (unsigned i = 0; i < 30; i++) {
		char call[100];
		size_t n = request(b, sizeof(b), "OPTIONS", i, "");
		char *at_ = strstr(b, "Call-ID: ");

		snprintf(call, sizeof(call), "Call-ID:\r\n %s", at_ + 9);
		/* one more CR LF in front of the value, the rest moves */
		memmove(at_ + 10 + 1, at_ + 9, n - (size_t)(at_ + 9 - b) + 1);
		memcpy(at_, "Call-ID:\r\n ", 11);
		n += 2;
		uint8_t slot;
		assert_int_equal(scan_owner(&f.key, (uint8_t *)b, n, &slot), SCAN_UNSURE);
		assert_int_equal(send(fd, b, n, 0), n);
	}
	UNTIL_ALL(f.requests == 30);
	assert_in_range(handed_over(), 8, 29);
	close(fd);
	end();
}

/* Answered 400 once, or not at all. */
static void test_malformed(void **state)
{
	static const struct {
		const char *text;
		bool answered;
		enum reject_reason why;
	} cases[] = {
#define HEAD(m)                                                                                                        \
	"Via: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK1\r\nFrom: <sip:b@c>;tag=1\r\nTo: <sip:a@d>\r\n"                   \
	"Call-ID: c\r\nCSeq: 1 " m "\r\n"
		{"OPTIONS sip:a@b SIP/2.0\r\n" HEAD("OPTIONS") "Content-Length: 5\r\n\r\nabc", true, REJECT_MALFORMED},
		{"OPTIONS sip:a@b SIP/2.0\r\n" HEAD("INVITE") "\r\n", true, REJECT_MALFORMED},
		{"OPTIONS sip:a@b SIP/2.0\r\n" HEAD("OPTIONS") "Max-Forwards: x\r\n\r\n", true, REJECT_MALFORMED},
		{"OPTIONS sip:a@b SIP/3.0\r\n" HEAD("OPTIONS") "\r\n", true, REJECT_VERSION},
		{"ACK sip:a@b SIP/2.0\r\n" HEAD("ACK") "Max-Forwards: x\r\n\r\n", false, REJECT_MALFORMED_DROP},
		{"SIP/2.0 200 OK\r\n" HEAD("OPTIONS") "Max-Forwards: x\r\nContent-Length: 9\r\n\r\n", false,
		 REJECT_MALFORMED_DROP},
		{"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: c\r\n\r\n", false, REJECT_MALFORMED_DROP},
		{"OPTIONS sip:a@b SIP/2.0\r\n" HEAD("OPTIONS"), false, REJECT_FRAMING},
		{"hello\r\n\r\n", false, REJECT_FRAMING},
		{"", false, REJECT_NONE},
		{"\r\n\r\n", false, REJECT_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char b[2000];
		int fd;

		begin(1, false, 64);
		fd = client();
		send(fd, cases[i].text, strlen(cases[i].text), 0);
		if (cases[i].why != REJECT_NONE)
			UNTIL_ALL(f.refused[cases[i].why] == 1);
		turn_all();
		ssize_t n = recv(fd, b, sizeof(b) - 1, MSG_DONTWAIT);
		assert_int_equal(n > 0, cases[i].answered);
		if (n > 0)
			assert_memory_equal(b, reject_status(cases[i].why) == 400 ? "SIP/2.0 400" : "SIP/2.0 505", 11);
		assert_int_equal(recv(fd, b, sizeof(b), MSG_DONTWAIT), -1);
		assert_int_equal(f.requests + f.acks + f.stray, 0);
		close(fd);
		end();
	}
}

/* Neither a malformed request nor STUN once the rate is used up. */
static void test_answer_rate(void **state)
{
	static const char text[] = "OPTIONS sip:a@b SIP/2.0\r\n" HEAD("OPTIONS") "Max-Forwards: x\r\n\r\n";
	char b[2000];

	begin(1, false, 64);
	int fd = client();
	f.mute = true;
	send(fd, text, sizeof(text) - 1, 0);
	UNTIL_ALL(f.refused[REJECT_ANSWER_RATE] == 1);
	assert_int_equal(f.refused[REJECT_MALFORMED], 0);
	assert_int_equal(recv(fd, b, sizeof(b), MSG_DONTWAIT), -1);
	f.mute = false;
	send(fd, text, sizeof(text) - 1, 0);
	UNTIL_ALL(f.refused[REJECT_MALFORMED] == 1);
	assert_true(recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0);
	close(fd);
	end();
}

/* A keep-alive is answered on a network with NAT, whichever worker gets it, and is nothing known on another one. */
static void test_stun(void **state)
{
	static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	uint8_t b[200];

	begin(1, false, 64);
	int fd = client();
	send(fd, binding, sizeof(binding), 0);
	UNTIL_ALL(f.refused[REJECT_FRAMING] == 1);
	assert_int_equal(recv(fd, b, sizeof(b), MSG_DONTWAIT), -1);
	close(fd);
	end();

	begin_more(WORKERS, true, 64, ",\"nat\":true");
	fd = client();
	struct addr from = client_addr(fd);
	for (unsigned i = 0; i < 10; i++) {
		ssize_t n = -1;

		send(fd, binding, sizeof(binding), 0);
		UNTIL_ALL((n = recv(fd, b, sizeof(b), MSG_DONTWAIT)) > 0);
		assert_int_equal(n, 32);
		assert_memory_equal(b, "\x01\x01\x00\x0c", 4);
		assert_memory_equal(b + 4, binding + 4, 16);
		assert_int_equal((b[26] << 8 | b[27]) ^ 0x2112, addr_port(&from));
	}
	f.mute = true;
	send(fd, binding, sizeof(binding), 0);
	UNTIL_ALL(f.refused[REJECT_ANSWER_RATE] == 1);
	/* over TCP it is no frame */
	struct addr a = ours();
	int tcp = client_connect(&a);
	client_send(tcp, binding, sizeof(binding));
	UNTIL_ALL(f.refused[REJECT_FRAMING] == 1);
	close(tcp);
	close(fd);
	end();
}

/* Made with a network that the receiving worker does not know yet: refused, not looked up. */
static void test_unknown_network(void **state)
{
	char b[2000];

	begin(2, false, 64);
	struct flow_addr from = {.network = 1, .remote = at("127.0.0.1:9")};
	for (unsigned i = 0; i < 10; i++) {
		size_t n = request(b, sizeof(b), "OPTIONS", i, "");
		uint8_t slot = 0;

		assert_int_equal(scan_owner(&f.key, (uint8_t *)b, n, &slot), SCAN_OWNER);
		worker_transport_user.received(worker_get(f.g, !(worker_of_slot(2, slot))), &from, (uint8_t *)b, n,
					       false);
	}
	UNTIL_ALL(f.refused[REJECT_QUEUE] == 10);
	end();
}

static void test_create_fails(void **state)
{
	struct worker_group *g;
	char err[256] = "";
	struct addr a;

	begin(1, false, 64);
	end();
	f.config = NULL;
	begin(1, false, 64);
	worker_group_destroy(f.g);
	a = ours();
	int fd = client_socket(SOCK_STREAM, &a);
	assert_int_equal(listen(fd, 1), 0);
	static const unsigned counts[] = {0, 3, WORKER_MAX + 1};
	for (unsigned i = 0; i < 3; i++) {
		struct worker_group_params p = {
			.config = f.config, .n = counts[i], .key = &f.key, .user = &user, .dns_servers = "127.0.0.1:9"};

		assert_true(worker_group_create(&p, err, sizeof(err), &g) < 0);
		assert_true(err[0]);
	}
	close(fd);
	config_unref(f.config);
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hand_over_udp),  cmocka_unit_test(test_hand_over_tcp),
		cmocka_unit_test(test_closed),         cmocka_unit_test(test_closed_port),
		cmocka_unit_test(test_stop_busy),      cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_queue_full_tcp), cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_malformed),      cmocka_unit_test(test_answer_rate),
		cmocka_unit_test(test_stun),           cmocka_unit_test(test_unknown_network),
		cmocka_unit_test(test_create_fails),
	};
	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
