/* SPDX-License-Identifier: Apache-2.0 */
/* The management port against raw sockets: what it answers, and what it does to clients that are slow, many or wrong.
 * The server's loop runs on a thread of its own; each case is a client. */
#include "sbc/manage/http.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/sock.h"
#include "oom.h"
#include "unit.h"

#define REQUEST_MS 300
#define ANSWER_MS  600

static struct {
	struct loop *loop;
	struct manage *manage;
	struct addr addr;
	pthread_t thread;
	_Atomic size_t metrics_bytes;
	atomic_bool ready, healthy;
	struct config config;
	struct rpc_sources rpc;
	atomic_int log_lines;
} fx;

static void write_metrics(void *arg, struct writer *w)
{
	static char block[4096];
	size_t left = fx.metrics_bytes;

	memset(block, 'm', sizeof(block));
	for (; left > sizeof(block); left -= sizeof(block))
		writer_put(w, block, sizeof(block));
	writer_put(w, block, left);
}

static bool is_ready(void *arg)
{
	return fx.ready;
}

static bool is_healthy(void *arg)
{
	return fx.healthy;
}

static void count_line(void *arg, enum log_level level, const char *line, size_t n)
{
	atomic_fetch_add(&fx.log_lines, 1);
}

static void *serve(void *arg)
{
	loop_run(fx.loop);
	return NULL;
}

static const struct config *config_of(void *arg)
{
	return &fx.config;
}

static struct manage_params params(void)
{
	fx.rpc = (struct rpc_sources){
		.door = {.loop = fx.loop}, .config = config_of, .metrics = write_metrics, .ready = is_ready};
	return (struct manage_params){.rpc = &fx.rpc,
				      .listen = fx.addr,
				      .loop = fx.loop,
				      .metrics = write_metrics,
				      .ready = is_ready,
				      .healthy = is_healthy,
				      .request_ms = REQUEST_MS,
				      .answer_ms = ANSWER_MS};
}

/* A port that was free a moment ago. */
static struct addr free_port(void)
{
	struct addr a;
	socklen_t n = sizeof(a);
	int fd;

	assert_true(addr_parse_hostport(STR("127.0.0.1:0"), &a));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, &a.sa, addr_len(&a)), 0);
	assert_int_equal(getsockname(fd, &a.sa, &n), 0);
	close(fd);
	return a;
}

static int start(void **state)
{
	char err[256] = "";
	struct manage_params p;

	log_set_sink(count_line, NULL);
	fx.addr = free_port();
	fx.metrics_bytes = 1000;
	fx.ready = fx.healthy = true;
	assert_int_equal(loop_create(64, &fx.loop), 0);
	p = params();
	assert_int_equal(manage_create(&p, err, sizeof(err), &fx.manage), 0);
	assert_int_equal(pthread_create(&fx.thread, NULL, serve, NULL), 0);
	return 0;
}

static int stop(void **state)
{
	loop_stop(fx.loop);
	pthread_join(fx.thread, NULL);
	manage_destroy(fx.manage);
	loop_destroy(fx.loop);
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 0);
	log_set_sink(NULL, NULL);
	return 0;
}

/* ---- a client ---- */

static uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, &fx.addr.sa, addr_len(&fx.addr)), 0);
	return fd;
}

static void say(int fd, const char *text, size_t n)
{
	/* a server that has hung up already is no failure of the client */
	ssize_t r = send(fd, text, n, MSG_NOSIGNAL);
	(void)r;
}

/* Everything until the server closes; the caller frees. *ret_n may be NULL. Fails after 5 s. */
static char *hear(int fd, size_t *ret_n)
{
	size_t n = 0, cap = 1u << 16;
	char *text = malloc(cap + 1);

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t r;
		if (poll(&p, 1, 5000) != 1)
			fail_msg("no end of the answer after %zu bytes", n);
		if (n == cap)
			text = realloc(text, (cap *= 2) + 1);
		r = recv(fd, text + n, cap - n, 0);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	text[n] = '\0';
	close(fd);
	if (ret_n)
		*ret_n = n;
	return text;
}

static char *ask(const char *text)
{
	int fd = dial();
	say(fd, text, strlen(text));
	return hear(fd, NULL);
}

static size_t body_bytes(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	return body ? strlen(body + 4) : 0;
}

/* ---- cases ---- */

static const char get_metrics[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

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

static void assert_alive(void)
{
	char *answer = ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, "ok\n"));
	free(answer);
}

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
	say(fd, get_metrics, sizeof(get_metrics) - 1);
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
			say(fd[i], get_metrics, sizeof(get_metrics) - 1);
		else if (i % 3 == 1)
			say(fd[i], "GET /met", 8);
	}
	usleep(50000);
	stop(state);
	for (size_t i = 0; i < LENGTH(fd); i++)
		close(fd[i]);
	start(state);
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

		say(fd, get_metrics, sizeof(get_metrics) - 1);
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
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
	static const struct CMUnitTest tests[] = {
		CASE(test_answers),
		CASE(test_rpc),
		CASE(test_rpc_pipelined),
		CASE(test_rpc_slow),
		CASE(test_states),
		CASE(test_large_body),
		CASE(test_pipelined),
		CASE(test_split),
		CASE(test_garbage),
		CASE(test_long_request),
		CASE(test_slow_request),
		CASE(test_silent_connection),
		CASE(test_slow_reader),
		CASE(test_too_many),
		CASE(test_destroyed_while_busy),
		CASE(test_address_taken),
		CASE(test_signals_untouched),
		CASE(test_out_of_memory),
		CASE(test_out_of_memory_serving),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
