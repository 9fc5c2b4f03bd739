/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and rewrites, as routes use them. */
#include <pthread.h>
#include <time.h>

#include "helper.h"
#include "tests/unit/config/config_of.h"

static struct config *route_config(const char *key, const char *pattern)
{
	char text[1024];
	snprintf(
		text, sizeof(text),
		"{\"networks\": {\"n\": {\"listen\": \"udp:192.0.2.1\"}}, \"routes\": [{%s: \"%s\"}, \"target\": \"echo\"}]}",
		key, pattern);
	return config_of(text);
}

static const struct {
	const char *pattern, *user, *host;
	bool match;
} matches[] = {
	{"prefix:+49", "+4930", "example.org", true},
	{"prefix:+49", "+49", "", true},
	{"prefix:+49", "+4", "", false},
	{"prefix:+49", "0049", "", false},
	{"prefix:+49", "", "", false},
	{"prefix:Ab", "ab", "", false}, /* user parts have case */
	{"exact:100", "100", "x", true},
	{"exact:100", "1000", "x", false},
	{"100", "100", "x", true},
	{"100", "10", "x", false},
	{"glob:*@example.org", "100", "example.org", true},
	{"glob:*@example.org", "100", "EXAMPLE.org", true},
	{"glob:*@example.org", "", "example.org", true},
	{"glob:*@example.org", "100", "example.orgx", false},
	{"glob:+49*", "+4930", "x", true},
	{"glob:10?@*", "105", "x", true},
	{"glob:10?@*", "10", "x", false},
	{"glob:A*@x", "a1", "x", false},
	{"glob:*a*b*@*", "xxaxxbxx", "x", true},
	{"glob:*a*b*@*.z", "xxbxxaxx", "x.z", false},
	{"glob:***@*", "", "x", true},
	{"regex:^\\\\+49", "+4930", "x", true},
	{"regex:^\\\\+49", "0049", "x", false},
	{"regex:@example\\\\.org$", "1", "example.org", true},
	{"regex:@example\\\\.org$", "1", "example-org", false},
	{"regex:^$", "", "", true},
	{"regex:^1$", "1\n", "", false},  /* $ is the very end */
	{"regex:^.@", "\xff", "x", true}, /* bytes, not UTF-8 */
};

static void matching(void **state)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct config *c = route_config("\"match\": {\"ruri\"", matches[i].pattern);
		bool limit = false;
		bool yes = config_match(c->routes[0].ruri, str_z(matches[i].user), str_z(matches[i].host), &limit);
		if (yes != matches[i].match)
			print_error("%s against %s@%s\n", matches[i].pattern, matches[i].user, matches[i].host);
		assert_int_equal(yes, matches[i].match);
		assert_false(limit);
		config_unref(c);
	}
}

static void no_slices(void **state)
{
	struct config *c = route_config("\"match\": {\"ruri\"", "regex:^x*$");
	assert_true(config_match(c->routes[0].ruri, STR_NONE, STR_NONE, NULL));
	config_unref(c);
	c = route_config("\"match\": {\"ruri\"", "prefix:a");
	assert_false(config_match(c->routes[0].ruri, STR_NONE, STR_NONE, NULL));
	config_unref(c);
}

static void long_subjects(void **state)
{
	static char user[70000];
	bool limit = false;
	memset(user, 'a', sizeof(user));
	struct config *c = route_config("\"match\": {\"ruri\"", "regex:^a");
	struct str s = {user, sizeof(user)};
	assert_true(config_match(c->routes[0].ruri, s, STR_NONE, &limit)); /* a header's value: any length */
	assert_false(limit);
	assert_false(config_match(c->routes[0].ruri, s, STR("x"), &limit));
	assert_true(limit);
	config_unref(c);
	c = route_config("\"match\": {\"ruri\"", "glob:a*a*a*a*a*a*a*b@*");
	limit = false;
	s.n = 1000;
	assert_false(config_match(c->routes[0].ruri, s, STR("x"), &limit));
	assert_false(limit);
	config_unref(c);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each of these would run for hours on the right subject without limits. */
static const char *const evil[] = {"regex:^(a+)+$",
				   "regex:^(a|a)*$",
				   "regex:^(a*)*b$",
				   "regex:^(?:a?){30}a{30}$",
				   "regex:(.*)(.*)(.*)(.*)(.*)(.*)x$",
				   "regex:^(?:(a)|b|(?1))*c"};

static void catastrophes_hit_the_limit(void **state)
{
	char user[64];
	memset(user, 'a', sizeof(user));
	/* the host has every letter that pcre2 would look for before it starts */
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		struct config *c = route_config("\"match\": {\"ruri\"", evil[i]);
		bool limit = false;
		double start = seconds();
		/* the fourth one matches 30 to 60 letters, so it gets too few */
		struct str s = {user, i == 3 ? 29 : sizeof(user)};
		assert_false(config_match(c->routes[0].ruri, s, STR("bcx!"), &limit));
		assert_true(limit);
		assert_true(seconds() - start < 1); /* a millisecond, but machines stall */
		assert_false(config_match(c->routes[0].ruri, s, STR("bcx!"), NULL));
		config_unref(c);
	}
}

static const struct {
	const char *rewrite, *user, *want; /* NULL: stays */
} rewrites[] = {
	{"s/^\\\\+49/0/", "+4930", "030"},
	{"s/^\\\\+49/0/", "0049", NULL},
	{"s/^0([1-9].*)$/+49$1/", "0301", "+49301"},
	{"s/^0([1-9].*)$/+49${1}/", "0301", "+49301"},
	{"s/^(?<area>..)(.*)$/$2$area/", "30123", "12330"},
	{"s/a\\\\/b/c\\\\/d/", "xa/bx", "xc/dx"},
	{"s/1/$$/", "1", "$"},
	{"s/1//", "12", "2"},
	{"s/^.*$//", "12", ""},
	{"s/(a)|(b)/($2$1)/", "b", "(b)"}, /* a group that took no part is empty */
	{"s/a\\\\\\\\/b/", "a\\", "b"},
	{"s/x/0/", "xx", "0x"}, /* the first only */
};

static void rewriting(void **state)
{
	for (size_t i = 0; i < sizeof(rewrites) / sizeof(rewrites[0]); i++) {
		char buf[64];
		struct str out = STR("untouched");
		struct config *c = route_config("\"rewrite\": {\"ruri\"", rewrites[i].rewrite);
		bool done = config_rewrite(&c->routes[0].rewrite_ruri, str_z(rewrites[i].user), buf, sizeof(buf), &out);
		assert_int_equal(done, rewrites[i].want != NULL);
		const char *want = rewrites[i].want ? rewrites[i].want : "untouched";
		assert_int_equal(out.n, strlen(want));
		assert_memory_equal(out.p, want, out.n);
		config_unref(c);
	}
}

static void rewriting_into_too_little(void **state)
{
	char buf[8];
	struct str out = STR("untouched");
	struct config *c = route_config("\"rewrite\": {\"ruri\"", "s/1/1234567890/");
	const struct config_rewrite none = {0};
	assert_false(config_rewrite(&c->routes[0].rewrite_ruri, STR("1"), buf, sizeof(buf), &out));
	assert_false(config_rewrite(&c->routes[0].rewrite_ruri, STR("1"), buf, 0, &out));
	assert_false(config_rewrite(&none, STR("1"), buf, sizeof(buf), &out));
	assert_true(str_eq(out, STR("untouched")));
	config_unref(c);
	char user[64], large[256];
	memset(user, 'a', sizeof(user));
	c = route_config("\"rewrite\": {\"ruri\"", "s/^(a+)+!/x/");
	assert_false(config_rewrite(&c->routes[0].rewrite_ruri, (struct str){user, sizeof(user)}, large, sizeof(large),
				    &out));
	config_unref(c);
}

static void *other_thread(void *arg)
{
	const struct config *c = arg;
	for (int i = 0; i < 1000; i++)
		if (!config_match(c->routes[0].ruri, STR("+4930"), STR("x"), NULL))
			return arg;
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[4];
	struct config *c = route_config("\"match\": {\"ruri\"", "regex:^(\\\\+|00)(49)");
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, other_thread, c), 0);
	for (int i = 0; i < 4; i++) {
		void *failed;
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matching),      cmocka_unit_test(no_slices),
		cmocka_unit_test(long_subjects), cmocka_unit_test(catastrophes_hit_the_limit),
		cmocka_unit_test(rewriting),     cmocka_unit_test(rewriting_into_too_little),
		cmocka_unit_test(threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
