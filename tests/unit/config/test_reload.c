/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two configs, and what a reload keeps. */
#include <unistd.h>

#include "helper.h"

#define NET  "'networks': {'n': {'listen': 'udp:192.0.2.1', 'media': {'address': '192.0.2.1'}}}"
#define PEER "'peers': {'p': {'network': 'n', 'targets': '198.51.100.1'}}"

struct said {
	char text[2048];
	size_t n;
};

static void say(void *arg, enum config_change what, const char *place)
{
	static const char *const words[] = {"added", "removed", "changed", "restart"};
	struct said *s = arg;
	s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n, "%s %s\n", words[what], place);
}

static const struct {
	const char *old, *new_, *diff;
	unsigned restarts;
} cases[] = {
	{"{" NET "}", "{" NET "}", "", 0},
	/* a default that is written out, other units, other order of keys: no difference */
	{"{" NET "}", "{" NET ", 'workers': 1, 'timers': {'t1': '500ms'}, 'log': {'mask': false}}", "", 0},
	{"{" NET ", 'leak': 'off', 'workers': 2}", "{'workers': 2, 'leak': 'off', " NET "}", "", 0},
	{"{" NET "}", "{" NET ", 'workers': 2}", "restart workers\n", 1},
	{"{" NET "}", "{" NET ", 'media': {'workers': 2}, 'cdr': {'file': 'x'}}",
	 "restart media.workers\nrestart cdr.file\n", 2},
	{"{" NET ", 'cluster_key': '0123456789abcdef'}", "{" NET "}", "restart cluster_key\n", 1},
	{"{" NET "}", "{" NET ", 'timers': {'t1': 250}, 'log': {'level': 'debug'}}",
	 "changed timers.t1\nchanged log.level\n", 0},
	{"{" NET "}", "{" NET ", " PEER "}", "added peers.p\n", 0},
	{"{" NET ", " PEER "}", "{" NET "}", "removed peers.p\n", 0},
	{"{" NET ", " PEER "}",
	 "{" NET
	 ", 'peers': {'p': {'network': 'n', 'targets': '198.51.100.2', 'limits': {'calls': 5}, 'latch': 'open'}}}",
	 "changed peers.p.targets\nadded peers.p.latch\nchanged peers.p.limits.calls\n", 0},
	{"{" NET ", " PEER "}",
	 "{" NET
	 ", 'peers': {'p': {'network': 'n', 'targets': '198.51.100.1', 'profile': 'pbx', 'codecs': {'allow': ['PCMA']}}}}",
	 "added peers.p.profile\nadded peers.p.latch\nadded peers.p.codecs\n"
	 "changed peers.p.identity\nchanged peers.p.try_ms\n",
	 0},
	{"{" NET "}",
	 "{'networks': {'n': {'listen': ['udp:192.0.2.1', 'tcp:192.0.2.1'], 'device': 'eth0',"
	 "'media': {'address': '192.0.2.1', 'ports': '30000-30999'}}}}",
	 "changed networks.n.listen\nrestart networks.n.device\n"
	 "changed networks.n.media.ports\n",
	 1},
	{"{" NET "}", "{'networks': {'n': {'listen': 'udp:192.0.2.1'}, 'm': {'listen': 'udp:192.0.2.2'}}}",
	 "removed networks.n.media\nadded networks.m\n", 0},
	{"{" NET ", " PEER ", 'accounts': {'file': 'a'}}",
	 "{'networks': {'n': {'listen': 'udp:192.0.2.1', 'auth': 'limen', 'realm': 'r', 'media': {'address': '192.0.2.1'}}},"
	 "'peers': {'p': {'network': 'n', 'targets': '198.51.100.1', 'auth': 'relay', 'credentials': {'user': 'u', 'password': 'p'}}},"
	 "'accounts': {'file': 'b', 'failures': 6}, 'limits': {'nonces': 1024}}",
	 "changed networks.n.auth\nadded networks.n.realm\nadded peers.p.auth\n"
	 "added peers.p.credentials\nrestart limits.nonces\n"
	 "changed accounts.file\nchanged accounts.failures\n",
	 1},
	{"{" NET
	 ", 'peers': {'p': {'network': 'n', 'targets': '198.51.100.1', 'credentials': {'user': 'u', 'password': 'p'}}}}",
	 "{" NET
	 ", 'peers': {'p': {'network': 'n', 'targets': '198.51.100.1', 'credentials': {'user': 'u', 'password': 'q'}}}}",
	 "changed peers.p.credentials.password\n", 0},
	{"{" NET ", 'routes': [{'target': 'echo'}]}",
	 "{" NET ", 'routes': [{'deny': {}}, {'target': 'echo', 'match': {'ruri': '1'}}]}",
	 "changed routes[0]\nadded routes[1]\n", 0},
	{"{" NET ", 'routes': [{'target': 'echo'}, {'deny': {'code': 404}}]}",
	 "{" NET ", 'routes': [{'target': 'echo'}]}", "removed routes[1]\n", 0},
};

static void differences(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *a = load_good(cases[i].old), *b = load_good(cases[i].new_);
		struct said s = {.n = 0};
		unsigned restarts = config_diff(a, b, say, &s);
		assert_string_equal(s.text, cases[i].diff);
		assert_int_equal(restarts, cases[i].restarts);
		assert_int_equal(config_diff(a, b, NULL, NULL), cases[i].restarts);
		config_unref(a);
		config_unref(b);
	}
}

static void a_secret_behind_the_same_name(void **state)
{
	setenv("LIMEN_TEST_KEY", "0123456789abcdef", 1);
	struct config *a = load_good("{" NET ", 'cluster_key': '${LIMEN_TEST_KEY}'}");
	setenv("LIMEN_TEST_KEY", "0123456789abcdeF", 1);
	struct config *b = load_good("{" NET ", 'cluster_key': '${LIMEN_TEST_KEY}'}");
	assert_int_equal(config_diff(a, b, NULL, NULL), 1);
	config_unref(a);
	config_unref(b);
}

/* ---- reload ---- */

static char path[] = "/tmp/limen-reload-XXXXXX";

static int reload(const struct config *old, const char *text, struct config **ret, struct said *s)
{
	struct config_faults f;
	char *t = quotes(text);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(t, file);
	fclose(file);
	free(t);
	int r = config_reload(old, path, ret, &f, say, s);
	config_faults_finish(&f);
	return r;
}

static void keeps_what_needs_a_restart(void **state)
{
	struct config *a = load_good("{" NET ", 'workers': 2, 'cluster_key': '0123456789abcdef'}"), *b, *c;
	struct said s = {.n = 0};
	assert_int_equal(reload(a,
				"{" NET ", 'workers': 4, 'limits': {'calls': 7}, 'manage': {'listen': '127.0.0.1:1'}}",
				&b, &s),
			 0);
	assert_string_equal(s.text, "changed limits.calls\nrestart workers\n"
				    "restart manage.listen\nrestart cluster_key\n");
	assert_int_equal(b->workers, 2);
	assert_int_equal(b->limits.calls, 7);
	assert_false(addr_is_set(&b->manage.listen));
	config_unref(a); /* the kept secret is b's own */
	assert_string_equal(b->cluster_key, "0123456789abcdef");
	s.n = 0;
	assert_int_equal(reload(b, "{" NET ", 'workers': 2, 'limits': {'calls': 7}}", &c, &s), 0);
	assert_string_equal(s.text, "restart cluster_key\n");
	config_unref(b);
	config_unref(c);
}

/* Flows and calls hold indices of networks. */
static void networks_keep_their_index(void **state)
{
	struct config *a =
		load_good("{'networks': {'x': {'listen': 'udp:192.0.2.1'}, 'y': {'listen': 'udp:192.0.2.2'}}}");
	struct config *b, *c;
	struct said s = {.n = 0};
	assert_int_equal(
		reload(a,
		       "{'networks': {'z': {'listen': 'udp:192.0.2.3'}, 'y': {'listen': 'udp:192.0.2.4'}},"
		       "'peers': {'p': {'network': 'z', 'targets': '192.0.2.9'}}, 'routes': [{'target': 'p'}]}",
		       &b, &s),
		0);
	assert_string_equal(s.text, "removed networks.x\nadded networks.z\n"
				    "changed networks.y.listen\nadded peers.p\nadded routes[0]\n");
	assert_int_equal(b->n_networks, 3);
	assert_string_equal(b->networks[0].name, "x");
	assert_int_equal(b->networks[0].n_listen, 0);
	assert_string_equal(b->networks[1].name, "y");
	assert_string_equal(b->networks[2].name, "z");
	assert_int_equal(b->peers[0].network, 2);
	s.n = 0;
	s.text[0] = '\0';
	assert_int_equal(
		reload(b, "{'networks': {'x': {'listen': 'udp:192.0.2.1'}, 'z': {'listen': 'udp:192.0.2.3'}}}", &c, &s),
		0);
	assert_string_equal(s.text, "removed networks.y\nadded networks.x\nremoved peers.p\n"
				    "removed routes[0]\n");
	assert_int_equal(c->networks[0].n_listen, 1);
	assert_int_equal(c->networks[1].n_listen, 0);
	config_unref(a);
	config_unref(b);
	config_unref(c);
}

static void a_bad_file_changes_nothing(void **state)
{
	struct config *a = load_good("{" NET "}"), *b = NULL;
	struct said s = {.n = 0};
	assert_int_equal(reload(a, "{" NET ", 'workers': 0}", &b, &s), -EINVAL);
	assert_int_equal(reload(a, "[]", &b, &s), -EINVAL);
	assert_int_equal(reload(a, "{'networks': 1}", &b, &s), -EINVAL);
	assert_null(b);
	assert_int_equal(s.n, 0);
	config_unref(a);
}

static int make_file(void **state)
{
	return mkstemp(path) < 0;
}

static int remove_file(void **state)
{
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences),
		cmocka_unit_test(a_secret_behind_the_same_name),
		cmocka_unit_test(keeps_what_needs_a_restart),
		cmocka_unit_test(networks_keep_their_index),
		cmocka_unit_test(a_bad_file_changes_nothing),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
