/* SPDX-License-Identifier: Apache-2.0 */
/* The management port on a loop with a thread of its own, and a raw socket as its client. */
#ifndef TESTS_UNIT_MANAGE_HTTP_FIXTURE_H
#define TESTS_UNIT_MANAGE_HTTP_FIXTURE_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sock.h"
#include "sbc/manage/http.h"
#include "tests/unit/base/unit.h"

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

static inline void write_metrics(void *arg, struct writer *w)
{
	static char block[4096];
	size_t left = fx.metrics_bytes;

	memset(block, 'm', sizeof(block));
	for (; left > sizeof(block); left -= sizeof(block))
		writer_put(w, block, sizeof(block));
	writer_put(w, block, left);
}

static inline bool is_ready(void *arg)
{
	return fx.ready;
}

static inline bool is_healthy(void *arg)
{
	return fx.healthy;
}

static inline void count_line(void *arg, enum log_level level, const char *line, size_t n)
{
	atomic_fetch_add(&fx.log_lines, 1);
}

static inline void *serve(void *arg)
{
	loop_run(fx.loop);
	return NULL;
}

static inline const struct config *config_of(void *arg)
{
	return &fx.config;
}

static inline struct manage_params params(void)
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
static inline struct addr free_port(void)
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

static inline int start(void **state)
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

static inline int stop(void **state)
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

static inline uint64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, &fx.addr.sa, addr_len(&fx.addr)), 0);
	return fd;
}

static inline void say(int fd, const char *text, size_t n)
{
	/* a server that has hung up already is no failure of the client */
	ssize_t r = send(fd, text, n, MSG_NOSIGNAL);
	(void)r;
}

/* Everything until the server closes; the caller frees. *ret_n may be NULL. Fails after 5 s. */
static inline char *hear(int fd, size_t *ret_n)
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

static inline char *ask(const char *text)
{
	int fd = dial();
	say(fd, text, strlen(text));
	return hear(fd, NULL);
}

static inline size_t body_bytes(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	return body ? strlen(body + 4) : 0;
}

#define GET_METRICS "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

static inline void assert_alive(void)
{
	char *answer = ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, "ok\n"));
	free(answer);
}

/* Each case has a server of its own. */
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)

#endif
