/* SPDX-License-Identifier: Apache-2.0 */
/* The ids that a CDR file has at its end. */
#include "sbc/manage/cdr_tail.h"

#include "../base/oom.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sbc/manage/records.h"

static char path[64];

static int set_up(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/limen-cdr-tail-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	return 0;
}

static struct str id_of(char buf[CDR_ID_LEN + 1], unsigned i)
{
	snprintf(buf, CDR_ID_LEN + 1, "%0*u", CDR_ID_LEN, i);
	return (struct str){buf, CDR_ID_LEN};
}

/* As a process writes them; and as one that dies leaves the last. */
static void add(unsigned from, unsigned to, bool cut_off)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	for (unsigned i = from; i < to; i++) {
		char text[CDR_LINE_MAX], id[CDR_ID_LEN + 1];
		struct writer w = writer_init(text, sizeof(text));
		struct cdr r = {.cause = "bye", .status = 200};

		memcpy(r.id, id_of(id, i).p, CDR_ID_LEN);
		cdr_write_json(&w, &r);
		assert_false(w.overflow);
		fwrite(text, 1, w.n, f);
		if (i + 1 < to || !cut_off)
			fputc('\n', f);
	}
	fclose(f);
}

static bool has(const struct cdr_tail *t, unsigned i)
{
	char id[CDR_ID_LEN + 1];

	return cdr_tail_has(t, id_of(id, i));
}

static void test_whole_lines(void **state)
{
	struct cdr_tail t;

	add(10, 20, false);
	add(5, 8, true);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_int_equal(t.n, 12);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(has(&t, i), (i >= 10 && i < 20) || i == 5 || i == 6);
	assert_false(cdr_tail_has(&t, STR("10")));
	cdr_tail_finish(&t);
	assert_false(has(&t, 10));
}

static void test_end_of_a_long_file(void **state)
{
	struct cdr_tail t;
	struct stat st;
	unsigned n = 0;

	do {
		add(n, n + 5000, false);
		n += 5000;
		assert_int_equal(stat(path, &st), 0);
	} while (st.st_size < 10 << 20);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_true(t.n < n && t.n > n / 2);
	assert_false(has(&t, 0));
	for (unsigned i = n - (unsigned)t.n; i < n; i++)
		assert_true(has(&t, i));
	cdr_tail_finish(&t);
}

static void test_no_lines(void **state)
{
	struct cdr_tail t = {0};
	FILE *f;

	assert_int_equal(cdr_tail_read(NULL, &t), 0);
	assert_int_equal(cdr_tail_read("/nonexistent/cdr", &t), 0);
	assert_int_equal(cdr_tail_read("/dev/null", &t), 0);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_int_equal(t.n, 0);
	f = fopen(path, "w");
	fputs("\n{}\n{\"id\":\"short\"}\nnot a record at all, but as long as one would have to be\n", f);
	fclose(f);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_int_equal(t.n, 0);
	assert_false(has(&t, 0));
}

static void test_memory(void **state)
{
	struct cdr_tail t = {0};
	unsigned k = 0;
	bool refused;

	add(0, 3, false);
	do {
		int err;

		oom_after(k++);
		err = cdr_tail_read(path, &t);
		refused = oom_off();
		assert_int_equal(err, refused ? -ENOMEM : 0);
		assert_true(!refused || !t.n);
	} while (refused);
	assert_true(k > 2 && has(&t, 2));
	cdr_tail_finish(&t);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {CASE(test_whole_lines), CASE(test_end_of_a_long_file), CASE(test_no_lines),
					   CASE(test_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
