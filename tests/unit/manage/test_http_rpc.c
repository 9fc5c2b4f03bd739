/* SPDX-License-Identifier: Apache-2.0 */
/* /rpc as HTTP: which requests reach it, and how they come in. What is asked and answered there is test_rpc.c. */
#include "http_fixture.h"

#define V            "\"jsonrpc\":\"2.0\""
#define CALL         "{" V ",\"id\":1,\"method\":\"core.version\"}"
#define HEAD(length) "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " length "\r\n"
#define JSON         "Content-Type: application/json\r\n"
#define VERSION      "{" V ",\"result\":\"Limen " LIMEN_VERSION "\",\"id\":1}"

static void test_rpc(void **state)
{
	static const struct {
		const char *request, *status, *body;
	} cases[] = {
		{HEAD("48") JSON "\r\n" CALL, "HTTP/1.1 200 ", VERSION},
		{HEAD("2") JSON "\r\n[]", "HTTP/1.1 200 ", NULL},
		{HEAD("41") JSON "\r\n{" V ",\"method\":\"core.version\"}", "HTTP/1.1 204 ", ""},
		{HEAD("48") "\r\n" CALL, "HTTP/1.1 415 ", NULL},
		{HEAD("48") JSON "Origin: http://x.example\r\n\r\n" CALL, "HTTP/1.1 403 ", NULL},
		{"POST /rpc HTTP/1.1\r\nHost: x.example\r\nContent-Length: 48\r\n" JSON "\r\n" CALL, "HTTP/1.1 403 ",
		 NULL},
		{"POST /rpc HTTP/1.0\r\nContent-Length: 48\r\n" JSON "\r\n" CALL, "HTTP/1.0 403 ", NULL},
		{HEAD("0") JSON "\r\n", "HTTP/1.1 400 ", NULL},
		{HEAD("x") JSON "\r\n" CALL, "HTTP/1.1 411 ", NULL},
		{HEAD("-1") JSON "\r\n" CALL, "HTTP/1.1 411 ", NULL},
		{HEAD("65537") JSON "\r\n" CALL, "HTTP/1.1 413 ", NULL},
		{HEAD("99999999999999999999") JSON "\r\n" CALL, "HTTP/1.1 411 ", NULL},
		{"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\n" JSON "\r\n" CALL, "HTTP/1.1 411 ", NULL},
		{"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		 "HTTP/1.1 411 ", NULL},
		{"GET /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 405 ", "only POST\n"},
		{"PUT /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ", "only POST\n"},
	};
	assert_int_equal(sizeof(CALL) - 1, 48);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *answer = ask(cases[i].request);
		const char *body = strstr(answer, "\r\n\r\n");

		if (strncmp(answer, cases[i].status, strlen(cases[i].status)) != 0 || !body ||
		    (cases[i].body && strcmp(body + 4, cases[i].body) != 0))
			fail_msg("%s: %s", cases[i].request, answer);
		if (strstr(answer, " 405 ") && !strstr(answer, "llow: POST"))
			fail_msg("no Allow: %s", answer);
		free(answer);
	}
	assert_alive();
}

/* one request a connection: what follows is not answered, keeps nobody from the answer to the first, and nothing is
 * freed twice or forgotten */
static void test_rpc_pipelined(void **state)
{
	static const char *const more[] = {"GET / HTTP/1.1\r\n\r\n",
					   "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
					   HEAD("48") JSON "\r\n" CALL,
					   HEAD("48") JSON "\r\n",
					   "x",
					   "\r\n\r\n",
					   HEAD("48") JSON "\r\n" CALL HEAD("48") JSON "\r\n" CALL};

	for (size_t i = 0; i < LENGTH(more); i++) {
		char text[1024], *answer;

		snprintf(text, sizeof(text), "%s%s", HEAD("48") JSON "\r\n" CALL, more[i]);
		answer = ask(text);
		if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || body_bytes(answer) != sizeof(VERSION) - 1)
			fail_msg("%s: %s", more[i], answer);
		free(answer);
	}
	assert_alive();
}

/* byte by byte, and with a body that never becomes whole */
static void test_rpc_slow(void **state)
{
	static const char request[] = HEAD("48") JSON "\r\n" CALL;
	uint64_t begin;
	int fd = dial();
	char *answer;

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		say(fd, request + i, 1);
		usleep(500);
	}
	answer = hear(fd, NULL);
	assert_non_null(strstr(answer, VERSION));
	free(answer);
	begin = now_ms();
	fd = dial();
	say(fd, request, sizeof(request) - 10);
	free(hear(fd, NULL));
	assert_in_range(now_ms() - begin, REQUEST_MS / 2, 5 * REQUEST_MS);
	assert_alive();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_rpc),
		CASE(test_rpc_pipelined),
		CASE(test_rpc_slow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
