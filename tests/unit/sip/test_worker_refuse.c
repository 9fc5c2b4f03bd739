/* SPDX-License-Identifier: Apache-2.0 */
/* What workers make of what is no message for anybody: malformed ones, keep-alives, what ICMP says. */
#include "tests/unit/sip/worker_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed_port),     cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_answer_rate),     cmocka_unit_test(test_stun),
		cmocka_unit_test(test_unknown_network),
	};
	return cmocka_run_group_tests_name("worker_refuse", tests, NULL, NULL);
}
