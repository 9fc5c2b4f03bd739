/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation k fails, for every k until the load goes well: -ENOMEM each time, nothing leaked, outputs untouched.
 * heap.h's malloc family goes before the C library's, so allocations inside jansson, pcre2 and stdio fail as well. */
#include <pthread.h>
#include <unistd.h>

#include "helper.h"
#include "tests/unit/base/heap.h"

/* ---- loads ---- */

static int try_load(const char *path, const struct config *old, long k, struct config **ret)
{
	struct config_faults f;
	long before = heap_held();
	heap_arm((unsigned)k, false);
	int r = old ? config_reload(old, path, ret, &f, NULL, NULL) : config_load(path, ret, &f);
	if (r == -ENOMEM)
		assert_int_equal(f.n, 0);
	config_faults_finish(&f);
	config_unref(r == 0 ? *ret : NULL);
	heap_armed = false;
	if (heap_held() != before)
		print_error("%s: allocation %ld: %ld blocks leaked\n", path, k, heap_held() - before);
	assert_int_equal(heap_held(), before);
	return r;
}

static long until_it_goes_well(const char *path, const struct config *old, int want)
{
	struct config *const untouched = (struct config *)&until_it_goes_well;
	try_load(path, old, 0, &(struct config *){NULL}); /* what is made once and kept: jansson's seed, ... */
	for (long k = 1;; k++) {
		struct config *c = untouched;
		int r = try_load(path, old, k, &c);
		if (heap_asked < k) {
			assert_int_equal(r, want);
			return k;
		}
		if (r != -ENOMEM)
			print_error("%s: allocation %ld: %d\n", path, k, r);
		assert_int_equal(r, -ENOMEM);
		assert_ptr_equal(c, untouched);
	}
}

static char folder[] = "/tmp/limen-oom-XXXXXX";
static char good[64], bad[64], key[64], syntax[64];

static void write_quoted(const char *path, const char *text)
{
	char *t = quotes(text);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(t, f);
	fclose(f);
	free(t);
}

static int set_up(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(good, sizeof(good), "%s/good.json", folder);
	snprintf(bad, sizeof(bad), "%s/bad.json", folder);
	snprintf(syntax, sizeof(syntax), "%s/syntax.json", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	setenv("LIMEN_TEST_IP", "192.0.2.1", 1);
	write_quoted(key, "0123456789abcdef");
	write_quoted(syntax, "{'networks': {'n': {'listen': [,]}}}");
	write_quoted(
		good,
		"{'networks': {'n': {'listen': 'udp:${LIMEN_TEST_IP}', 'media': {'address': '192.0.2.1'},"
		"'acl': {'deny': ['10.0.0.0/8']}}, 'm': {'listen': 'udp:192.0.2.2'}},"
		"'peers': {'p': {'network': 'n', 'targets': ['192.0.2.9', 'a.example'], 'profile': 'pbx',"
		"'codecs': ['PCMA'], 'hosts': 'b.example', 'credentials': {'user': 'u', 'password': 'file:key'}}},"
		"'accounts': {'file': 'users'},"
		"'routes': [{'match': {'ruri': 'regex:^(a|b)[cd]*$', 'from': 'prefix:+', 'header': {'X-A': 'glob:*'}},"
		"'rewrite': {'ruri': 's/^(?<x>.)/$x/'}, 'target': ['p']}, {'deny': {'reason': 'No'}}],"
		"'cluster_key': 'file:key', 'dns': {'servers': '127.0.0.1'}}");
	write_quoted(bad, "{'networks': {'n': {'listen': 'udp:${LIMEN_TEST_NONE}', 'unknwn': 1, 'unknown': 'x'}},"
			  "'peers': {'p': {'network': 'q', 'targets': ['192.0.2.300']}, 'p p': 1}, 'redis': {},"
			  "'routes': [{'match': {'ruri': 'regex:('}, 'target': 'x'}], 'cluster_key': 'file:none'}");
	return 0;
}

static int tear_down(void **state)
{
	unlink(good);
	unlink(bad);
	unlink(syntax);
	unlink(key);
	return rmdir(folder);
}

static void loads(void **state)
{
	assert_true(until_it_goes_well(good, NULL, 0) > 100);
	assert_true(until_it_goes_well(bad, NULL, -EINVAL) > 100);
	until_it_goes_well(syntax, NULL, -EINVAL);
	until_it_goes_well("/nonexistent/limen.json", NULL, -ENOENT);
	until_it_goes_well(SOURCE_ROOT "/config/quickstart.json", NULL, 0);
	until_it_goes_well(SOURCE_ROOT "/config/examples/two-carriers.json", NULL, 0);
}

static void reloads(void **state)
{
	struct config *old = NULL;
	struct config_faults f;
	assert_int_equal(config_load(SOURCE_ROOT "/config/examples/access-edge.json", &old, &f), 0);
	assert_true(until_it_goes_well(good, old, 0) > 200);
	config_unref(old);
	assert_int_equal(config_load(good, &old, &f), 0);
	until_it_goes_well(SOURCE_ROOT "/config/quickstart.json", old, 0);
	until_it_goes_well(bad, old, -EINVAL);
	config_unref(old);
}

static void diff_allocates_nothing(void **state)
{
	struct config *a = NULL, *b = NULL;
	struct config_faults f;
	assert_int_equal(config_load(SOURCE_ROOT "/config/examples/access-edge.json", &a, &f), 0);
	assert_int_equal(config_load(SOURCE_ROOT "/config/examples/two-carriers.json", &b, &f), 0);
	heap_arm(0, false);
	config_diff(a, b, NULL, NULL);
	heap_armed = false;
	assert_int_equal(heap_asked, 0);
	config_unref(a);
	config_unref(b);
}

static void warnings(void **state)
{
	struct config *c = NULL;
	struct config_faults f;
	assert_int_equal(config_load(good, &c, &f), 0);
	for (long k = 1; k < 40; k++) {
		long before = heap_held();
		heap_arm((unsigned)k, false);
		config_warnings(c, &f);
		config_faults_finish(&f);
		config_machine_warnings(c, &f);
		config_faults_finish(&f);
		heap_armed = false;
		assert_int_equal(heap_held(), before);
	}
	config_unref(c);
}

/* ---- matching in a thread that has nothing set aside yet ---- */

static void *match_under_pressure(void *arg)
{
	const struct config *c = arg;
	bool limit = false;
	heap_arm(1, false);
	bool yes = config_match(c->routes[0].ruri, STR("ac"), STR_NONE, &limit);
	bool good_so_far = !yes && limit;
	char buf[16];
	struct str out = STR("x");
	heap_arm(1, false);
	good_so_far &= !config_rewrite(&c->routes[0].rewrite_ruri, STR("ac"), buf, sizeof(buf), &out);
	heap_armed = false;
	good_so_far &= config_match(c->routes[0].ruri, STR("ac"), STR_NONE, NULL);
	heap_arm(0, false);
	for (int i = 0; i < 100; i++) {
		good_so_far &= config_match(c->routes[0].ruri, STR("ac"), STR_NONE, NULL);
		good_so_far &= config_rewrite(&c->routes[0].rewrite_ruri, STR("ac"), buf, sizeof(buf), &out);
	}
	heap_armed = false;
	good_so_far &= heap_asked == 0;
	return good_so_far ? NULL : arg;
}

static void matches(void **state)
{
	struct config *c = NULL;
	struct config_faults f;
	pthread_t t;
	void *failed;
	assert_int_equal(config_load(good, &c, &f), 0);
	assert_int_equal(pthread_create(&t, NULL, match_under_pressure, c), 0);
	pthread_join(t, &failed);
	assert_null(failed);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads),    cmocka_unit_test(reloads), cmocka_unit_test(diff_allocates_nothing),
		cmocka_unit_test(warnings), cmocka_unit_test(matches),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
