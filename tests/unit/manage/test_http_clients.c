/* SPDX-License-Identifier: Apache-2.0 */
/* What the management port does to clients that are slow, many or wrong. */
#include "http_fixture.h"

static void test_garbage(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
#define T(s) {s, sizeof(s) - 1}
		T("\0\0\0\0\0\0\0\0"),
		T("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
		T("\r\n\r\n\r\n\r\n"),
		T("GET\r\n\r\n"),
		T("GET /healthz\r\n\r\n"),
		T("GET  HTTP/1.1\r\n\r\n"),
		T("GET /healthz HTTP/9.9\r\n\r\n"),
		T("GET /%zz%00%ff HTTP/1.1\r\nHost: x\r\n\r\n"),
		T("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		T("INVITE sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP z\r\n\r\n"),
		T("GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
		  "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"),
		T("GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
		T("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
		T("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nx"),
		T("GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
#undef T
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int fd = dial();
		say(fd, cases[i].text, cases[i].n);
		char *answer = hear(fd, NULL);
		if (strstr(answer, " 101 "))
			fail_msg("case %zu was upgraded", i);
		free(answer);
	}
	assert_alive();
}

static void test_long_request(void **state)
{
	size_t n = 200000;
	char *text = malloc(n);
	static const char *const starts[] = {"GET /",
					     "GET / HTTP/1.1\r\nX: ", "GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: "};

	for (size_t i = 0; i < LENGTH(starts); i++) {
		int fd = dial();
		memset(text, 'a', n);
		memcpy(text, starts[i], strlen(starts[i]));
		say(fd, text, n);
		char *answer = hear(fd, NULL);
		assert_null(strstr(answer, " 200 "));
		free(answer);
	}
	free(text);
	assert_alive();
}

/* a byte now and then does not buy time */
static void test_slow_request(void **state)
{
	uint64_t begin = now_ms();
	int fd = dial();
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		say(fd, "G", 1);
		if (poll(&p, 1, 20) == 1)
			break;
		if (now_ms() - begin > 3000)
			fail_msg("still served");
	}
	assert_in_range(now_ms() - begin, 0, 5 * REQUEST_MS);
	close(fd);
	assert_alive();
}

static void test_silent_connection(void **state)
{
	uint64_t begin = now_ms();
	free(hear(dial(), NULL));
	assert_in_range(now_ms() - begin, REQUEST_MS / 2, 5 * REQUEST_MS);
}

/* an answer that nobody reads */
static void test_slow_reader(void **state)
{
	uint64_t begin;
	size_t n;
	int fd = dial(), small = 4096, large = 4 << 20;

	fx.metrics_bytes = 12000000;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(fd, GET_METRICS, sizeof(GET_METRICS) - 1);
	begin = now_ms();
	usleep((ANSWER_MS + 2 * REQUEST_MS) * 1000);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
	free(hear(fd, &n)); /* what the kernel had taken */
	assert_in_range(n, 1, 11000000);
	assert_in_range(now_ms() - begin, 0, 5000);
	assert_alive();
}

/* the 33rd waits until one of the others is out of time */
static void test_too_many(void **state)
{
	int fd[MANAGE_MAX_CONNECTIONS + 8];
	uint64_t begin = now_ms();

	for (size_t i = 0; i < LENGTH(fd); i++)
		fd[i] = dial();
	assert_alive();
	assert_in_range(now_ms() - begin, REQUEST_MS / 2, 4000);
	for (size_t i = 0; i < LENGTH(fd); i++)
		close(fd[i]);
	assert_alive();
}

static void test_destroyed_while_busy(void **state)
{
	int fd[20];
	fx.metrics_bytes = 12000000;
	for (size_t i = 0; i < LENGTH(fd); i++) {
		fd[i] = dial();
		if (i % 3 == 0)
			say(fd[i], GET_METRICS, sizeof(GET_METRICS) - 1);
		else if (i % 3 == 1)
			say(fd[i], "GET /met", 8);
	}
	usleep(50000);
	stop(state);
	for (size_t i = 0; i < LENGTH(fd); i++)
		close(fd[i]);
	start(state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_garbage),
		CASE(test_long_request),
		CASE(test_slow_request),
		CASE(test_silent_connection),
		CASE(test_slow_reader),
		CASE(test_too_many),
		CASE(test_destroyed_while_busy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
