/* SPDX-License-Identifier: Apache-2.0 */
/* The ids that a CDR file has at its end. */
#include "sbc/manage/cdr_tail.h"

#include "../base/oom.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

/* ---- rotated ---- */

static char moved[2][80];

static void move_away(unsigned i, const char *ending)
{
	snprintf(moved[i], sizeof(moved[i]), "%s%s", path, ending);
	assert_int_equal(rename(path, moved[i]), 0);
}

static void aged(const char *name, unsigned s)
{
	struct timespec t[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &t[1]), 0);
	t[1].tv_sec -= s;
	assert_int_equal(utimensat(AT_FDCWD, name, t, 0), 0);
}

static int tear_down_moved(void **state)
{
	for (unsigned i = 0; i < 2; i++)
		unlink(moved[i]);
	return tear_down(state);
}

/* Of what was moved away the newest, whatever its name; its line that was cut off is none. */
static void test_moved_away(void **state)
{
	struct cdr_tail t;

	add(0, 5, false);
	move_away(0, ".2");
	aged(moved[0], 60);
	add(10, 15, true);
	move_away(1, "-20260130");
	/* not opened anew yet */
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_int_equal(t.n, 4);
	cdr_tail_finish(&t);
	add(20, 25, false);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_int_equal(t.n, 9);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(has(&t, i), (i >= 10 && i < 14) || (i >= 20 && i < 25));
	cdr_tail_finish(&t);
	aged(moved[1], 120);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_true(has(&t, 0) && has(&t, 20) && !has(&t, 10));
	cdr_tail_finish(&t);
}

/* A name alone is one of this folder; what is no file is passed over. */
static void test_moved_in_this_folder(void **state)
{
	char here[256];
	struct cdr_tail t;

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir("/tmp"), 0);
	add(0, 5, false);
	move_away(0, ".1");
	aged(moved[0], 60);
	snprintf(moved[1], sizeof(moved[1]), "%s.2", path);
	assert_int_equal(symlink(moved[0], moved[1]), 0);
	assert_int_equal(cdr_tail_read(path + strlen("/tmp/"), &t), 0);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(t.n, 5);
	cdr_tail_finish(&t);
}

/* All that may be read is in the file itself. */
static void test_moved_and_no_bytes_left(void **state)
{
	struct cdr_tail t;

	add(0, 5, false);
	move_away(0, ".1");
	for (unsigned n = 10; n < 30010; n += 5000)
		add(n, n + 5000, false);
	assert_int_equal(cdr_tail_read(path, &t), 0);
	assert_true(has(&t, 30009) && !has(&t, 0));
	cdr_tail_finish(&t);
}

static void test_memory(void **state)
{
	struct cdr_tail t = {0};
	unsigned k = 0;
	bool refused;

	add(0, 3, false);
	move_away(0, ".1");
	add(3, 5, false);
	do {
		int err;

		oom_after(k++);
		err = cdr_tail_read(path, &t);
		refused = oom_off();
		assert_int_equal(err, refused ? -ENOMEM : 0);
		assert_true(!refused || !t.n);
	} while (refused);
	assert_true(k > 4 && has(&t, 2) && has(&t, 4));
	cdr_tail_finish(&t);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_moved)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_whole_lines), CASE(test_end_of_a_long_file),   CASE(test_no_lines),
		CASE(test_moved_away),  CASE(test_moved_in_this_folder), CASE(test_moved_and_no_bytes_left),
		CASE(test_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
