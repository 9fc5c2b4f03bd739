/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread with good and bad files. Whatever happens to the file, a producer is never held up. */
#include "sbc/manage/line_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "oom.h"
#include "sbc/manage/records.h"
#include "unit.h"

static char dir[] = "/tmp/test_line_writer.XXXXXX";
static char path[64], old_path[64];

static int setup(void **state)
{
	unlink(path);
	unlink(old_path);
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Whole file, NUL-terminated; the caller frees. */
static char *slurp(const char *name, size_t *ret_n)
{
	FILE *f = fopen(name, "r");
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;

	assert_non_null(f);
	n = getdelim(&text, &cap, '\0', f);
	fclose(f);
	if (n < 0) {
		free(text);
		text = calloc(1, 1);
		n = 0;
	}
	if (ret_n)
		*ret_n = (size_t)n;
	return text;
}

static void put(struct line_writer *w, const char *fmt, unsigned a, unsigned b)
{
	char text[64];
	struct writer t = writer_init(text, sizeof(text));
	writer_z(&t, fmt);
	writer_char(&t, ' ');
	writer_u64(&t, a);
	writer_char(&t, ' ');
	writer_u64(&t, b);
	line_writer_put(w, text, t.n);
}

static void wait_empty(struct line_writer *w)
{
	uint64_t begin = now_us();
	while (line_writer_queued(w)) {
		if (now_us() - begin > 5000000)
			fail_msg("%llu bytes still queued", (unsigned long long)line_writer_queued(w));
		usleep(1000);
	}
}

static void test_order(void **state)
{
	struct line_writer *w;
	char *text, *at;

	assert_int_equal(line_writer_create(path, 1u << 20, 50, &w), 0);
	for (unsigned i = 0; i < 10000; i++)
		put(w, "line", i, 0);
	line_writer_put(w, "", 0);
	line_writer_put_parts(w, (const struct str[]){STR("a"), STR_NONE, STR("bc")}, 3);
	line_writer_destroy(w);
	text = at = slurp(path, NULL);
	for (unsigned i = 0; i < 10000; i++) {
		unsigned seen;
		assert_int_equal(sscanf(at, "line %u 0", &seen), 1);
		assert_int_equal(seen, i);
		at = strchr(at, '\n') + 1;
	}
	assert_string_equal(at, "\nabc\n");
	free(text);
}

/* a ring that is not a multiple of anything, gone round many times */
static void test_wrapped(void **state)
{
	struct line_writer *w;
	char *text, *at;
	unsigned taken = 0, seen, last = 0;

	assert_int_equal(line_writer_create(path, 997, 50, &w), 0);
	for (unsigned i = 1; i <= 20000; i++) {
		uint64_t before = line_writer_dropped(w);
		put(w, "line", i, i * i);
		taken += line_writer_dropped(w) == before;
		if (i % 20 == 0)
			usleep(100);
	}
	line_writer_destroy(w);
	text = at = slurp(path, NULL);
	for (; *at; at = strchr(at, '\n') + 1, taken--) {
		unsigned square;
		assert_int_equal(sscanf(at, "line %u %u\n", &seen, &square), 2);
		assert_true(seen > last);
		assert_int_equal(square, seen * seen);
		last = seen;
	}
	assert_int_equal(taken, 0);
	free(text);
}

struct producer {
	struct line_writer *w;
	unsigned number;
};

#define PRODUCED 20000

static void *produce(void *arg)
{
	const struct producer *p = arg;
	for (unsigned i = 0; i < PRODUCED; i++)
		put(p->w, "by", p->number, i);
	return NULL;
}

static void test_two_producers(void **state)
{
	struct producer p[2] = {{.number = 0}, {.number = 1}};
	pthread_t thread[2];
	unsigned next[2] = {0}, number, i;
	struct line_writer *w;
	char *text;

	assert_int_equal(line_writer_create(path, 1u << 20, 50, &w), 0);
	for (i = 0; i < 2; i++) {
		p[i].w = w;
		assert_int_equal(pthread_create(&thread[i], NULL, produce, &p[i]), 0);
	}
	for (i = 0; i < 50; i++) {
		line_writer_reopen(w);
		usleep(100);
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(line_writer_dropped(w), 0);
	line_writer_destroy(w);
	text = slurp(path, NULL);
	for (char *at = text; *at; at = strchr(at, '\n') + 1) {
		assert_int_equal(sscanf(at, "by %u %u\n", &number, &i), 2);
		assert_int_equal(i, next[number]++);
	}
	assert_int_equal(next[0] + next[1], 2 * PRODUCED);
	free(text);
}

static void test_too_large(void **state)
{
	char line[101] = {0};
	struct line_writer *w;
	char *text;
	size_t n;

	memset(line, 'x', 100);
	assert_int_equal(line_writer_create(path, 100, 50, &w), 0);
	line_writer_put(w, line, 100);
	assert_int_equal(line_writer_dropped(w), 1);
	line_writer_put(w, line, 99);
	wait_empty(w);
	line_writer_put(w, line, 98);
	line_writer_destroy(w);
	text = slurp(path, &n);
	assert_int_equal(n, 100 + 99);
	free(text);
}

static void test_rotation(void **state)
{
	struct line_writer *w;
	char *text;

	assert_int_equal(line_writer_create(path, 4096, 50, &w), 0);
	line_writer_put(w, "one", 3);
	wait_empty(w);
	assert_int_equal(rename(path, old_path), 0);
	line_writer_put(w, "still the old file", 18);
	wait_empty(w);
	line_writer_reopen(w);
	line_writer_put(w, "two", 3);
	line_writer_destroy(w);
	text = slurp(old_path, NULL);
	assert_string_equal(text, "one\nstill the old file\n");
	free(text);
	text = slurp(path, NULL);
	assert_string_equal(text, "two\n");
	free(text);
}

/* the old file stays in use when the new one cannot be had */
static void test_rotation_fails(void **state)
{
	struct line_writer *w;
	char *text;

	assert_int_equal(line_writer_create(path, 4096, 50, &w), 0);
	assert_int_equal(rename(path, old_path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	line_writer_reopen(w);
	line_writer_put(w, "kept", 4);
	wait_empty(w);
	assert_int_equal(line_writer_errors(w), 1);
	line_writer_destroy(w);
	rmdir(path);
	text = slurp(old_path, NULL);
	assert_string_equal(text, "kept\n");
	free(text);
}

static void test_bad_paths(void **state)
{
	struct line_writer *w = NULL;
	assert_int_equal(line_writer_create("/nonexistent/x", 4096, 50, &w), -ENOENT);
	assert_int_equal(line_writer_create("/tmp", 4096, 50, &w), -EISDIR);
	assert_null(w);
	line_writer_destroy(NULL);
}

/* /dev/full: every write fails with ENOSPC */
static void test_full_disk(void **state)
{
	struct line_writer *w;
	uint64_t begin;

	assert_int_equal(line_writer_create("/dev/full", 4096, 50, &w), 0);
	for (unsigned i = 0; i < 1000; i++)
		put(w, "line", i, 0);
	assert_true(line_writer_dropped(w) > 0);
	usleep(300000);
	assert_in_range(line_writer_errors(w), 1, 2); /* tried once a second, not in a loop */
	begin = now_us();
	line_writer_destroy(w);
	assert_in_range(now_us() - begin, 0, 1000000);
}

/* a file that stops taking in the middle of a line: after a rotation the line is written from its beginning */
static void test_rotation_in_a_line(void **state)
{
	char line[3000], *text;
	struct line_writer *w;
	size_t n;
	int reader;

	memset(line, 'x', sizeof(line));
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(line_writer_create(path, 1u << 20, 50, &w), 0);
	for (unsigned i = 0; i < 40; i++) /* 120 kB: more than the pipe takes, so that it stops inside a line */
		line_writer_put(w, line, sizeof(line));
	usleep(200000);
	assert_int_equal(rename(path, old_path), 0);
	line_writer_reopen(w);
	line_writer_destroy(w);
	close(reader);
	text = slurp(path, &n);
	assert_in_range(n, 3001, 119999);
	assert_int_equal(n % 3001, 0);
	free(text);
}

/* a pipe that nobody reads: no producer waits, the rest is dropped and counted, and the end comes in time */
static void test_stalled_pipe(void **state)
{
	struct line_writer *w;
	uint64_t begin, worst = 0;
	char line[200];
	int reader;

	memset(line, 'x', sizeof(line));
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(line_writer_create(path, 1u << 16, 50, &w), 0);
	for (unsigned i = 0; i < 20000; i++) {
		begin = now_us();
		line_writer_put(w, line, sizeof(line));
		if (now_us() - begin > worst)
			worst = now_us() - begin;
		if (i % 1000 == 0)
			usleep(1000);
	}
	assert_in_range(worst, 0, 100000); /* a machine that is busy elsewhere is allowed for */
	assert_in_range(line_writer_dropped(w), 10000, 20000);
	assert_int_equal(line_writer_errors(w), 0);
	begin = now_us();
	line_writer_destroy(w);
	assert_in_range(now_us() - begin, 1900000, 3000000);
	close(reader);
}

/* a reader that comes late gets everything that was taken */
static void test_late_reader(void **state)
{
	struct line_writer *w;
	char text[64] = "";
	int reader;

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(line_writer_create(path, 4096, 50, &w), 0); /* nobody reads yet */
	line_writer_put(w, "early", 5);
	usleep(120000);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(reader, text, sizeof(text)), 6);
	assert_string_equal(text, "early\n");
	line_writer_destroy(w);
	close(reader);
}

/* standard error is a pipe that nobody reads, and blocking: it is everybody's, so it stays as it is */
static void test_stalled_standard_error(void **state)
{
	int p[2], saved = dup(STDERR_FILENO);
	struct line_writer *w;
	char line[200];
	uint64_t begin;

	memset(line, 'x', sizeof(line));
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	dup2(p[1], STDERR_FILENO);
	assert_int_equal(line_writer_create(NULL, 1u << 20, 50, &w), 0);
	for (unsigned i = 0; i < 2000; i++)
		line_writer_put(w, line, sizeof(line));
	usleep(200000);
	line_writer_reopen(w); /* does nothing */
	begin = now_us();
	line_writer_destroy(w);
	dup2(saved, STDERR_FILENO);
	assert_in_range(now_us() - begin, 1900000, 3000000);
	assert_int_equal(fcntl(p[1], F_GETFL) & O_NONBLOCK, 0);
	close(p[0]);
	close(p[1]);
	close(saved);
}

/* one line every 0.5 ms for half a second: the thread wakes 20 times a second, not for each */
static void test_wakeups(void **state)
{
	struct line_writer *w;
	uint64_t begin = now_us(), took;

	assert_int_equal(line_writer_create(path, 1u << 20, 50, &w), 0);
	for (unsigned i = 0; now_us() - begin < 500000; i++) {
		put(w, "line", i, 0);
		usleep(500);
	}
	took = now_us() - begin;
	assert_in_range(line_writer_wakeups(w), 2, took / 50000 + 3);
	line_writer_destroy(w);
}

/* a patient writer gathers longer and longer under a steady stream, and writes all the same when half of the queue is
 * taken */
static void test_patience(void **state)
{
	uint64_t begin = now_us(), took;
	struct line_writer *w;
	char line[500] = {0};

	memset(line, 'x', sizeof(line));
	assert_int_equal(line_writer_create(path, 1u << 20, 10000, &w), 0);
	for (unsigned i = 0; i < 900; i++) {
		line_writer_put(w, line, 20);
		usleep(1000);
	}
	took = now_us() - begin;
	/* 50, 100, 200, 400 ms ... */
	for (begin = 0; took > 50000u << begin; begin++)
		;
	assert_in_range(line_writer_wakeups(w), 2, begin + 2);
	for (unsigned i = 0; i < 1100; i++)
		line_writer_put(w, line, sizeof(line));
	begin = now_us();
	while (line_writer_queued(w) > 1u << 19 && now_us() - begin < 5000000)
		usleep(1000);
	assert_in_range(line_writer_queued(w), 0, 1u << 19);
	assert_int_equal(line_writer_dropped(w), 0);
	line_writer_destroy(w);
}

static void test_log_and_time(void **state)
{
	struct log_line l;
	struct line_writer *w;
	char *text;

	assert_int_equal(line_writer_create(path, 4096, 50, &w), 0);
	log_set_sink(log_to_writer, w);
	assert_true(log_begin(&l, LOG_INFO, "call begun"));
	log_z(&l, "call", "x");
	log_end(&l);
	log_set_sink(NULL, NULL);
	line_writer_destroy(w);
	text = slurp(path, NULL);
	assert_string_equal(text + 26, "Z INFO call begun call=x\n");
	assert_int_equal(text[10], 'T');
	free(text);
}

static void test_out_of_memory(void **state)
{
	for (unsigned allowed = 0;; allowed++) {
		struct line_writer *w = NULL;
		int r;
		oom_after(allowed);
		r = line_writer_create(path, 4096, 50, &w);
		if (oom_off() == 0) {
			line_writer_destroy(w);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_null(w);
	}
}

static int group_setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/lines", dir);
	snprintf(old_path, sizeof(old_path), "%s/old", dir);
	return 0;
}

static int group_teardown(void **state)
{
	setup(state);
	return rmdir(dir);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, setup)
	static const struct CMUnitTest tests[] = {
		CASE(test_order),         CASE(test_wrapped),     CASE(test_two_producers),
		CASE(test_too_large),     CASE(test_rotation),    CASE(test_rotation_fails),
		CASE(test_bad_paths),     CASE(test_full_disk),   CASE(test_rotation_in_a_line),
		CASE(test_stalled_pipe),  CASE(test_late_reader), CASE(test_stalled_standard_error),
		CASE(test_wakeups),       CASE(test_patience),    CASE(test_log_and_time),
		CASE(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
