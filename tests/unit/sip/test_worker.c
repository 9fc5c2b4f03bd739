/* SPDX-License-Identifier: Apache-2.0 */
/* Whose message is it, and how it gets there. */
#include "tests/unit/sip/worker_fixture.h"

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
	end();
	close(fd);
}

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

static unsigned count(const char *p, size_t n, const char *what)
{
	unsigned found = 0;

	for (const char *at_ = p; (at_ = memmem(at_, n - (size_t)(at_ - p), what, strlen(what))); at_++)
		found++;
	return found;
}

/* The same by a stream: no request is lost, its worker waits with reading; and no answer, whose worker holds it. */
static void test_queue_full_tcp(void **state)
{
	char b[2000], *all = malloc(200 * 400), *back = malloc(200 * 400);
	size_t n = 0, have = 0;
	uint64_t pauses = 0, held = 0;
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
		count(back, have, "SIP/2.0 200") == 200;
	}));
	assert_int_equal(f.requests, 200);
	assert_int_equal(f.refused[REJECT_QUEUE], 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker_gauges g;

		worker_gauges(worker_get(f.g, i), &g);
		pauses += g.transport.pauses;
		held += g.transport.held;
		assert_int_equal(g.queue_refused, 0);
	}
	assert_in_range(pauses, 1, 200);
	assert_in_range(held, 0, 200);
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
		cmocka_unit_test(test_hand_over_udp), cmocka_unit_test(test_hand_over_tcp),
		cmocka_unit_test(test_closed),        cmocka_unit_test(test_stop_busy),
		cmocka_unit_test(test_queue_full),    cmocka_unit_test(test_queue_full_tcp),
		cmocka_unit_test(test_unsure),        cmocka_unit_test(test_create_fails),
	};
	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
