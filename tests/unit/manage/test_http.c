/* SPDX-License-Identifier: Apache-2.0 */
/* What the management port answers, and what it does without memory. */
#include <errno.h>
#include <signal.h>
#include <uv.h>

#include "http_fixture.h"
#include "oom.h"

static void test_answers(void **state)
{
	static const struct {
		const char *request, *status, *body;
	} cases[] = {
		{"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "ok\n"},
		{"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "ready\n"},
		{"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200 ", "ok\n"},
		{"GET /healthz?verbose=1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "ok\n"},
		{"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", ""},
		{"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", ""},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "not found\n"},
		{"GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "not found\n"},
		{"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "not found\n"},
		{"GET /healthz%00x HTTP/1.1\r\nHost: x\r\n\r\n", NULL, NULL},
		{"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ",
		 "only GET and HEAD\n"},
		{"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd", "HTTP/1.1 405 ",
		 "only GET and HEAD\n"},
		{"PUT /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ",
		 "only GET and HEAD\n"},
		{"DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "only GET and HEAD\n"},
		{"OPTIONS /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "only GET and HEAD\n"},
		{"BREW /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.0 403 ", NULL},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *answer = ask(cases[i].request);
		const char *body = strstr(answer, "\r\n\r\n");
		if (cases[i].status && strncmp(answer, cases[i].status, strlen(cases[i].status)) != 0)
			fail_msg("%s: %s", cases[i].request, answer);
		if (cases[i].body && (!body || strcmp(body + 4, cases[i].body) != 0))
			fail_msg("%s: %s", cases[i].request, answer);
		if (cases[i].status && strstr(answer, "405") && !strstr(answer, "llow: GET, HEAD"))
			fail_msg("no Allow: %s", answer);
		assert_null(strstr(answer, "ibwebsockets"));
		free(answer);
	}
}

static void test_states(void **state)
{
	char *answer;
	fx.ready = false;
	answer = ask("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, " 503 "));
	free(answer);
	fx.healthy = false;
	answer = ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, " 503 "));
	free(answer);
}

/* larger than any socket buffer takes at once, and than the first room for a body */
static void test_large_body(void **state)
{
	static const size_t sizes[] = {1, 16383, 16384, 16385, 100000, 262144, 262145, 5000000};
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		char *answer, want[64];
		fx.metrics_bytes = sizes[i];
		answer = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
		snprintf(want, sizeof(want), "ontent-length: %zu\r\n", sizes[i]);
		assert_non_null(strstr(answer, want));
		assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
		assert_int_equal(body_bytes(answer), sizes[i]);
		free(answer);
	}
	fx.metrics_bytes = (size_t)MANAGE_MAX_BODY + 1;
	char *answer = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, " 503 "));
	free(answer);
}

/* one request a connection: what follows is not answered, and harms nothing */
static void test_pipelined(void **state)
{
	char *answer = ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
			   "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, "ok\n"));
	assert_null(strstr(answer, "ready\n"));
	free(answer);
	/* also while a long answer is on its way */
	fx.metrics_bytes = 5000000;
	answer = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(body_bytes(answer), 5000000);
	free(answer);
}

static void test_split(void **state)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = dial();
	char *answer;
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		say(fd, request + i, 1);
		usleep(1000);
	}
	answer = hear(fd, NULL);
	assert_non_null(strstr(answer, "ok\n"));
	free(answer);
}

static void test_address_taken(void **state)
{
	char err[256] = "";
	struct manage *second = NULL;
	struct manage_params p = params();

	assert_int_equal(manage_create(&p, err, sizeof(err), &second), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(err, "Address already in use"));
	assert_non_null(strstr(err, "127.0.0.1:"));
}

/* libwebsockets must leave the process's signals alone */
static void test_signals_untouched(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
	for (size_t i = 0; i < LENGTH(signals); i++) {
		struct sigaction s;
		sigaction(signals[i], NULL, &s);
		assert_true(s.sa_handler == SIG_DFL);
	}
}

static void test_out_of_memory(void **state)
{
	stop(state);
	for (unsigned allowed = 0;; allowed++) {
		char err[256] = "";
		struct manage *m = NULL;
		struct manage_params p;
		unsigned refused;
		int r;

		assert_int_equal(loop_create(64, &fx.loop), 0);
		p = params();
		oom_after(allowed);
		r = manage_create(&p, err, sizeof(err), &m);
		refused = oom_off();
		if (r == 0) {
			manage_destroy(m);
		} else {
			assert_null(m);
			assert_int_equal(r, -ENOMEM);
		}
		loop_destroy(fx.loop);
		assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 0);
		if (!refused)
			break;
	}
	start(state);
}

/* Turns the loop on this thread until the server closes; what it said, NUL-terminated. */
static void converse(int fd, char *text, size_t cap)
{
	uint64_t begin = now_ms();
	size_t n = 0;
	ssize_t r;

	do {
		uv_run(loop_uv(fx.loop), UV_RUN_NOWAIT);
		r = recv(fd, text + n, cap - 1 - n, MSG_DONTWAIT);
		n += r > 0 ? (size_t)r : 0;
		if (now_ms() - begin > 5000)
			fail_msg("no end");
	} while (r > 0 || (r < 0 && errno == EAGAIN));
	text[n] = '\0';
	close(fd);
}

/* No room for the connection: hung up. None for the answer: 503. Then all is well again. On one thread, as failing
 * allocations are. */
static void test_out_of_memory_serving(void **state)
{
	static const char *const want[] = {"", "HTTP/1.1 503 ", "HTTP/1.1 200 "};

	loop_stop(fx.loop);
	pthread_join(fx.thread, NULL);
	for (unsigned allowed = 0; allowed < LENGTH(want); allowed++) {
		char text[2048];
		int fd = dial();

		say(fd, GET_METRICS, sizeof(GET_METRICS) - 1);
		oom_after(allowed);
		converse(fd, text, sizeof(text));
		oom_off();
		assert_int_equal(strncmp(text, want[allowed], strlen(want[allowed])), 0);
		assert_int_equal(text[0] == '\0', allowed == 0);
	}
	assert_int_equal(pthread_create(&fx.thread, NULL, serve, NULL), 0);
	assert_alive();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_answers),           CASE(test_states),        CASE(test_large_body),
		CASE(test_pipelined),         CASE(test_split),         CASE(test_address_taken),
		CASE(test_signals_untouched), CASE(test_out_of_memory), CASE(test_out_of_memory_serving),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
