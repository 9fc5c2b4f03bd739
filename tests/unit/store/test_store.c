/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/store/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/oom.h"
#include "../base/unit.h"
#include "base/log.h"
#include "base/thread.h"

#define FLUSH_MS 10000

static char dir[64], file[128], err_text[512];
static unsigned lines_seen;

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/limen-store-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/s.db", dir);
	err_text[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct store *open_with(struct store_sqlite_params p)
{
	struct store *s = NULL;
	p.file = file;
	if (store_sqlite_create(&p, err_text, sizeof(err_text), &s) < 0)
		fail_msg("%s", err_text);
	return s;
}

static struct store *open_store(void)
{
	return open_with((struct store_sqlite_params){.gather_ms = 1});
}

static void refused(int want, const char *says)
{
	struct store *s = NULL;
	assert_int_equal(
		store_sqlite_create(&(struct store_sqlite_params){.file = file}, err_text, sizeof(err_text), &s), want);
	assert_null(s);
	if (!strstr(err_text, says) || !strstr(err_text, file))
		fail_msg("\"%s\" does not say \"%s\"", err_text, says);
}

struct seen {
	unsigned n;
	char text[4096];
};

static void on_record(void *arg, struct str key, struct str bytes)
{
	struct seen *seen = arg;
	struct writer w = writer_init(seen->text, sizeof(seen->text));
	w.n = strlen(seen->text);
	writer_fmt(&w, "%.*s=%.*s ", STR_FMT(key), STR_FMT(bytes));
	seen->n++;
}

static void holds(struct store *s, enum store_table t, const char *want)
{
	struct seen seen = {0};
	assert_int_equal(store_load(s, t, on_record, &seen), 0);
	assert_string_equal(seen.text, want);
}

static struct store_gauges gauges(struct store *s)
{
	struct store_gauges g;
	store_gauges(s, &g);
	return g;
}

/* ---- what is kept ---- */

static void test_kept(void **state)
{
	struct store *s = open_store();
	struct stat st;
	assert_true(store_put(s, STORE_CALLS, STR("k1"), STR("one")));
	assert_true(store_put(s, STORE_BINDINGS, STR("k1"), STR("other table")));
	assert_true(store_put(s, STORE_CALLS, STR("k2"), STR_NONE));
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	holds(s, STORE_CALLS, "k1=one k2= ");
	store_close(s);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	s = open_store();
	holds(s, STORE_CALLS, "k1=one k2= ");
	holds(s, STORE_BINDINGS, "k1=other table ");
	assert_true(store_put(s, STORE_CALLS, STR("k1"), STR("two")));
	assert_true(store_del(s, STORE_CALLS, STR("k2")));
	assert_true(store_del(s, STORE_CALLS, STR("never there")));
	store_close(s); /* writes what is queued */
	s = open_store();
	holds(s, STORE_CALLS, "k1=two ");
	holds(s, STORE_SECRETS, "");
	store_close(s);
}

static void test_coalesced(void **state)
{
	struct store *s = open_with((struct store_sqlite_params){.gather_ms = 60000});
	for (unsigned i = 0; i < 100; i++) {
		char text[8];
		snprintf(text, sizeof(text), "%u", i);
		assert_true(store_put(s, STORE_CALLS, STR("k"), str_z(text)));
	}
	assert_true(store_put(s, STORE_CALLS, STR("gone"), STR("x")));
	assert_true(store_del(s, STORE_CALLS, STR("gone")));
	assert_int_equal(gauges(s).queued, 2);
	assert_true(store_waits(s, STORE_CALLS, STR("k")));
	assert_false(store_waits(s, STORE_SECRETS, STR("k")));
	assert_false(store_waits(s, STORE_CALLS, STR("other")));
	assert_int_equal(gauges(s).coalesced, 100);
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	assert_int_equal(gauges(s).written, 2);
	assert_int_equal(gauges(s).queued, 0);
	assert_int_equal(gauges(s).queued_bytes, 0);
	assert_false(store_waits(s, STORE_CALLS, STR("k")));
	holds(s, STORE_CALLS, "k=99 ");
	store_close(s);
}

#define GATHER_MS 1000

static uint64_t written_after(struct store *s, const char *key)
{
	uint64_t began_ms = thread_now_ms();
	assert_true(store_put(s, STORE_CALLS, str_z(key), STR("x")));
	while (gauges(s).queued)
		usleep(1000);
	return thread_now_ms() - began_ms;
}

/* Transactions keep their distance; after a while without any, what comes does not wait for it. */
static void test_gathered(void **state)
{
	struct store *s = open_with((struct store_sqlite_params){.gather_ms = GATHER_MS});
	uint64_t until_ms;
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	assert_in_range(written_after(s, "1"), GATHER_MS - 200, 60000);
	until_ms = thread_now_ms() + GATHER_MS;
	while (thread_now_ms() < until_ms)
		usleep(10000);
	assert_in_range(written_after(s, "2"), 15, GATHER_MS - 200);
	assert_in_range(written_after(s, "3"), GATHER_MS - 200, 60000);
	store_close(s);
}

/* Others do not take it along. */
static void test_deleted_late(void **state)
{
	struct store *s = open_store();
	uint64_t began_ms;
	assert_true(store_put(s, STORE_CALLS, STR("k"), STR("x")));
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	began_ms = thread_now_ms();
	assert_true(store_del(s, STORE_CALLS, STR("k")));
	assert_true(store_put(s, STORE_CALLS, STR("l"), STR("y")));
	while (gauges(s).written == 1)
		usleep(1000);
	assert_true(store_waits(s, STORE_CALLS, STR("k")) || thread_now_ms() - began_ms >= 250);
	while (gauges(s).queued)
		usleep(1000);
	assert_in_range(thread_now_ms() - began_ms, 250, 60000);
	holds(s, STORE_CALLS, "l=y ");
	store_close(s);
}

static void test_bounds(void **state)
{
	static char large[STORE_BYTES_MAX + 1], key[STORE_KEY_MAX + 1];
	struct store *s =
		open_with((struct store_sqlite_params){.gather_ms = 60000, .queue_entries = 3, .queue_bytes = 4096});
	memset(key, 'k', sizeof(key));
	assert_false(store_put(s, STORE_CALLS, STR("k"), (struct str){large, sizeof(large)}));
	assert_false(store_put(s, STORE_CALLS, (struct str){key, sizeof(key)}, STR("x")));
	assert_false(store_put(s, STORE_CALLS, STR_NONE, STR("x")));
	assert_false(store_put(s, STORE_CALLS, STR("k"), (struct str){large, 4096})); /* bytes of the queue */
	assert_int_equal(gauges(s).overflow, 4);
	assert_true(store_put(s, STORE_CALLS, STR("1"), STR("a")));
	assert_true(store_put(s, STORE_CALLS, STR("2"), STR("b")));
	assert_true(store_put(s, STORE_CALLS, (struct str){key, STORE_KEY_MAX}, STR("c")));
	assert_false(store_put(s, STORE_CALLS, STR("4"), STR("d")));
	assert_false(store_del(s, STORE_CALLS, STR("5")));
	assert_int_equal(gauges(s).overflow, 6);
	/* what waits already may change, in its room */
	assert_true(store_put(s, STORE_CALLS, STR("1"), STR("z")));
	assert_true(store_del(s, STORE_CALLS, (struct str){key, STORE_KEY_MAX}));
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	assert_true(store_put(s, STORE_CALLS, STR("4"), STR("d")));
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	holds(s, STORE_CALLS, "2=b 1=z 4=d ");
	store_close(s);
}

static void test_none(void **state)
{
	assert_true(store_put(NULL, STORE_CALLS, STR("k"), STR("x")));
	assert_true(store_del(NULL, STORE_CALLS, STR("k")));
	assert_false(store_waits(NULL, STORE_CALLS, STR("k")));
	assert_int_equal(store_flush(NULL, 0), 0);
	assert_int_equal(gauges(NULL).written, 0);
	store_close(NULL);
}

static void *put_many(void *arg)
{
	struct store *s = arg;
	for (unsigned i = 0; i < 5000; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%u", i % 100);
		if (i % 3)
			store_put(s, STORE_CALLS, str_z(key), STR("value"));
		else
			store_del(s, STORE_CALLS, str_z(key));
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct store *s = open_store();
	pthread_t t[4];
	for (unsigned i = 0; i < LENGTH(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, put_many, s), 0);
	for (unsigned i = 0; i < LENGTH(t); i++)
		pthread_join(t[i], NULL);
	assert_int_equal(store_flush(s, FLUSH_MS), 0);
	struct store_gauges g = gauges(s);
	assert_int_equal(g.written + g.coalesced, 4 * 5000);
	assert_int_equal(g.overflow + g.errors, 0);
	store_close(s);
}

/* what was flushed is there after kill -9, and the lock is not */
static void test_killed(void **state)
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		struct store *s = open_store();
		store_put(s, STORE_CALLS, STR("k"), STR("kept"));
		if (store_flush(s, FLUSH_MS) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	struct store *s = open_store();
	holds(s, STORE_CALLS, "k=kept ");
	store_close(s);
}

/* ---- files that are refused ---- */

static void test_in_use(void **state)
{
	int up[2], down[2], status;
	char c;
	assert_int_equal(pipe(up) | pipe(down), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct store *s = open_store();
		if (write(up[1], "x", 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(1);
		store_close(s);
		_exit(0);
	}
	assert_int_equal(read(up[0], &c, 1), 1);
	refused(-EBUSY, "another process uses it");
	assert_int_equal(write(down[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	store_close(open_store());
	for (unsigned i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
}

static void fill(const char *text, size_t n, long at)
{
	FILE *f = fopen(file, at ? "r+" : "w");
	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void test_no_database(void **state)
{
	char back[64] = {0};
	fill("this is a text, and longer than a page's head: 0123456789", 57, 0);
	refused(-EBADMSG, "not a database");
	FILE *f = fopen(file, "r");
	assert_int_equal(fread(back, 1, sizeof(back), f), 57); /* as it was */
	fclose(f);
}

static void test_damaged(void **state)
{
	struct store *s = open_store();
	char zeros[4096] = {0};
	struct stat st;
	for (unsigned i = 0; i < 2000; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%u", i);
		store_put(s, STORE_CALLS, str_z(key), STR("0123456789012345678901234567890123456789"));
	}
	store_close(s);
	assert_int_equal(stat(file, &st), 0);
	for (long at = 4096; at + 4096 <= st.st_size; at += 8192)
		fill(zeros, sizeof(zeros), at);
	refused(-EBADMSG, "damaged");
}

static void alter(const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_newer(void **state)
{
	store_close(open_store());
	alter("UPDATE layout SET version = 2");
	refused(-EPROTO, "newer version (layout 2, this program knows 1)");
	alter("DELETE FROM layout");
	refused(-EBADMSG, "damaged");
}

static void test_other_program(void **state)
{
	alter("CREATE TABLE theirs (x)");
	refused(-EEXIST, "another program");
}

static void test_no_place(void **state)
{
	snprintf(file, sizeof(file), "%s/no/such", dir);
	refused(-ENOENT, "no such directory");
	snprintf(file, sizeof(file), "%s", dir);
	refused(-EISDIR, "s a directory");
	snprintf(file, sizeof(file), "/dev/null");
	refused(-EINVAL, "not a file");
}

static void test_mode_is_narrowed(void **state)
{
	struct stat st;
	store_close(open_store());
	assert_int_equal(chmod(file, 0644), 0);
	store_close(open_store());
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- a disk that refuses ---- */

static void count_lines(void *arg, enum log_level level, const char *line, size_t n)
{
	__atomic_fetch_add(&lines_seen, 1, __ATOMIC_RELAXED);
}

static void test_full_disk(void **state)
{
	static char large[100000];
	struct store *s = open_store();
	struct rlimit was, small;
	struct store_gauges g;
	memset(large, 'x', sizeof(large));
	signal(SIGXFSZ, SIG_IGN);
	log_set_sink(count_lines, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 65536;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(store_put(s, STORE_CALLS, STR("a"), (struct str){large, sizeof(large)}));
	assert_int_equal(store_flush(s, FLUSH_MS), -EIO);
	/* service goes on, and what is newer wins */
	assert_true(store_put(s, STORE_CALLS, STR("b"), STR("small")));
	assert_true(store_put(s, STORE_CALLS, STR("a"), STR("newer")));
	g = gauges(s);
	assert_true(g.errors >= 1);
	assert_int_equal(g.written, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	while (store_flush(s, FLUSH_MS) == -EIO)
		;
	holds(s, STORE_CALLS, "b=small a=newer ");
	assert_int_equal(gauges(s).queued, 0);
	store_close(s);
	assert_int_equal(lines_seen, 2); /* it failed, and it is written again */
	log_set_sink(NULL, NULL);
}

/* ---- a disk that does not answer ---- */

struct stuck {
	struct store *s;
	unsigned calls;
};

/* The thread that writes waits for the file while this runs, as it would for fsync(2). */
static void while_stuck(void *arg, struct str key, struct str bytes)
{
	struct stuck *k = arg;
	struct timespec from, to;
	unsigned n = 0;
	char name[16];

	k->calls++;
	clock_gettime(CLOCK_MONOTONIC, &from);
	do
		snprintf(name, sizeof(name), "%u", n++);
	while (store_put(k->s, STORE_CALLS, str_z(name), STR("x")) && n < 1000);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(n, 101);
	assert_int_equal(gauges(k->s).overflow, 1);
	assert_int_equal(gauges(k->s).queued, 100);
	assert_true(to.tv_sec - from.tv_sec < 5);
	/* it has what it took and what waits; a change of that has its room */
	assert_true(store_put(k->s, STORE_CALLS, STR("99"), STR("y")));
	assert_int_equal(store_flush(k->s, 10), -ETIMEDOUT);
}

static void test_stuck(void **state)
{
	struct stuck k = {.s = open_with((struct store_sqlite_params){.gather_ms = 1, .queue_entries = 100})};

	assert_true(store_put(k.s, STORE_SECRETS, STR("k"), STR("x")));
	assert_int_equal(store_flush(k.s, FLUSH_MS), 0);
	assert_int_equal(store_load(k.s, STORE_SECRETS, while_stuck, &k), 0);
	assert_int_equal(k.calls, 1);
	assert_int_equal(store_flush(k.s, FLUSH_MS), 0);
	assert_int_equal(gauges(k.s).queued, 0);
	assert_true(store_put(k.s, STORE_CALLS, STR("100"), STR("x")));
	store_close(k.s);
}

static void test_memory(void **state)
{
	for (unsigned k = 0; k < 50; k++) {
		struct store *s = NULL;
		oom_after(k);
		int err = store_sqlite_create(&(struct store_sqlite_params){.file = file, .gather_ms = 60000}, err_text,
					      sizeof(err_text), &s);
		bool ok = err == 0 && store_put(s, STORE_CALLS, STR("k"), STR("x"));
		unsigned refused_n = oom_off();
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(ok || refused_n);
		store_close(s);
		if (!refused_n)
			return;
	}
	fail();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_killed),        CASE(test_in_use),   CASE(test_kept),
		CASE(test_coalesced),     CASE(test_gathered), CASE(test_deleted_late),
		CASE(test_bounds),        CASE(test_none),     CASE(test_threads),
		CASE(test_no_database),   CASE(test_damaged),  CASE(test_newer),
		CASE(test_other_program), CASE(test_no_place), CASE(test_mode_is_narrowed),
		CASE(test_full_disk),     CASE(test_stuck),    CASE(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
