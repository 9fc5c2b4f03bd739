/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings: of the configuration by itself, and on machines made up for it. */
#include "config/internal.h"
#include "helper.h"

static const struct {
	const char *text, *want;
} plain[] = {
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'routes': [{'match': {'network': 'n'}, 'deny': {}}]}",
	 "0: routes[0]: nothing can match: network 'n' has no peer, nor 'phones', and 'unknown' is not 'accept' there\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1', 'unknown': 'accept'}},"
	 "'routes': [{'match': {'network': 'n'}, 'deny': {}}]}",
	 ""},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}}", "0: routes: no route: every call is refused\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'routes': [{'deny': {}}],"
	 "'manage': {'listen': '192.0.2.1:8080'}}",
	 "0: manage.listen: whoever reaches this address may end calls; give 'token', or listen on 127.0.0.1\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'routes': [{'deny': {}}],"
	 "'manage': {'listen': '192.0.2.1:8080', 'token': '0123456789abcdef'}}",
	 ""},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'routes': [{'deny': {}}], 'manage': {'listen': '[::1]:8080'}}",
	 ""},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'routes': [{'deny': {}}, {'deny': {'code': 404}}]}",
	 "0: routes[0]: matches every request, so the routes after it are never reached\n"},
	{"{'networks': {'n': {'listen': ['udp:192.0.2.1', 'udp:[2001:db8::1]'], 'media': {'address': '192.0.2.1'}}},"
	 "'peers': {'p': {'network': 'n', 'targets': 'a.example'}}, 'routes': [{'deny': {}}]}",
	 "0: networks.n.media.address: SIP is received over IPv6, but there is no media address for it\n"
	 "0: peers.p: no route calls this peer, and no source makes a request its own\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'peers': {'p': {'network': 'n', 'targets': 'a.example'}},"
	 "'routes': [{'target': 'p'}]}",
	 "0: peers.p: its targets are names, and names are no sources: calls from it count as unknown; give 'sources'\n"
	 "0: peers.p: its network 'n' has no media, so calls with it carry none\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1', 'auth': 'limen'},"
	 "'m': {'listen': 'udp:192.0.2.2', 'auth': 'limen', 'unknown': 'accept'},"
	 "'o': {'listen': 'udp:192.0.2.3', 'auth': 'relay', 'unknown': 'accept'}},"
	 "'accounts': {'file': 'users'}, 'routes': [{'deny': {}}]}",
	 "0: networks.n.auth: nobody is asked: it is for who is no peer, there are no 'phones', and 'unknown' is not 'accept'\n"
	 "0: networks.o.auth: nobody else says 'relay', so digest crosses nowhere; say it on the other side, too\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1', 'unknown': 'accept', 'media': {'address': '192.0.2.1'}}},"
	 "'peers': {'p': {'network': 'n', 'targets': '192.0.2.9', 'auth': 'relay'}}, 'routes': [{'deny': {}}]}",
	 "0: peers.p.auth: nobody else says 'relay', so digest crosses nowhere; say it on the other side, too\n"},
	{"{'networks': {'n': {'listen': 'udp:192.0.2.1', 'unknown': 'accept', 'auth': 'relay',"
	 "'media': {'address': '192.0.2.1'}}}, 'peers': {'p': {'network': 'n', 'targets': '192.0.2.9'}},"
	 "'routes': [{'deny': {}}]}",
	 ""},
};

static void of_the_configuration(void **state)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct config *c = load_good(plain[i].text);
		struct config_faults f;
		char said[1024];
		config_warnings(c, &f);
		faults_print(&f, said, sizeof(said));
		char *want = quotes(plain[i].want);
		assert_string_equal(said, want);
		free(want);
		config_faults_finish(&f);
		config_unref(c);
	}
}

static bool only_192_0_2_1(const struct addr *a)
{
	struct addr one;
	return addr_parse(STR("192.0.2.1"), 0, &one) && addr_equal_host(a, &one);
}

static const struct {
	struct machine m;
	const char *want;
} machines[] = {
	{{32768, 60999, 100000, NULL, NULL}, ""},
	{{1024, 20000, 100000, NULL, NULL},
	 "0: networks.n.media.ports: 20000-20999 overlaps the kernel's own range 1024-20000, so other programs may take ports "
	 "of it; move it, or set net.ipv4.ip_local_port_range\n"},
	{{20999, 60999, 100000, only_192_0_2_1, NULL},
	 "0: networks.n.media.ports: 20000-20999 overlaps the kernel's own range 20999-60999, so other programs may take ports "
	 "of it; move it, or set net.ipv4.ip_local_port_range\n"
	 "0: networks.n.listen: no interface of this machine has the address 192.0.2.2\n"
	 "0: networks.n.media.address: no interface of this machine has the address 2001:db8::1\n"},
	/* 2 x 1000 ports, 4000 connections, 2 workers x 3 listeners, 64 */
	{{32768, 60999, 6070, NULL, NULL}, ""},
	{{32768, 60999, 6069, NULL, NULL},
	 "0: limits.calls: needs up to 6070 descriptors (2000 of them media ports), and this process may open 6069; raise "
	 "LimitNOFILE (ulimit -n), or lower limits or ports\n"},
};

static void of_the_machine(void **state)
{
	struct config *c = load_good(
		"{'networks': {'n': {'listen': ['udp:192.0.2.1', 'udp:192.0.2.2', 'tcp:192.0.2.2'],"
		"'media': {'address': ['192.0.2.1', '2001:db8::1'], 'ports': '20000-20999'}}}, 'workers': 2}");
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct config_faults f = {NULL, 0};
		char said[1024];
		machine_warnings(c, &machines[i].m, &f);
		faults_print(&f, said, sizeof(said));
		assert_string_equal(said, machines[i].want);
		config_faults_finish(&f);
	}
	config_unref(c);
}

/* Few calls need few ports, however wide the range. */
static void few_calls(void **state)
{
	struct config *c =
		load_good("{'networks': {'n': {'listen': 'udp:192.0.2.1', 'media': {'address': '192.0.2.1'}}},"
			  "'limits': {'calls': 10, 'connections': 100}}");
	const struct machine m = {32768, 60999, 40 + 100 + 1 + 64, NULL, NULL};
	struct config_faults f = {NULL, 0};
	machine_warnings(c, &m, &f);
	assert_int_equal(f.n, 0);
	config_faults_finish(&f);
	config_unref(c);
}

static bool only_var_log(const char *path)
{
	return strcmp(path, "/var/log") == 0;
}

/* A file that stands alone, or at the root, has a folder that is there. */
static void folders(void **state)
{
	struct config *c =
		load_good("{'networks': {'n': {'listen': 'udp:192.0.2.1'}}, 'log': {'file': '/var/log/limen.log'},"
			  "'cdr': {'file': '/var/log/limen/cdr.jsonl'}, 'store': {'file': 'limen.db'}}");
	const struct machine m = {32768, 60999, 100000, NULL, only_var_log};
	struct config_faults f = {NULL, 0};
	char said[1024];
	machine_warnings(c, &m, &f);
	faults_print(&f, said, sizeof(said));
	assert_string_equal(
		said, "0: cdr.file: there is no folder \"/var/log/limen\"; make it, for the user that Limen runs as\n");
	config_faults_finish(&f);
	config_unref(c);
}

static void this_machine(void **state)
{
	struct config *c = load_good("{'networks': {'n': {'listen': 'udp:192.0.2.1'}}}");
	struct config_faults f;
	config_machine_warnings(c, &f);
	bool found = false;
	for (size_t i = 0; i < f.n; i++)
		found |= strcmp(f.v[i].place, "networks.n.listen") == 0;
	assert_true(found); /* a documentation address */
	config_faults_finish(&f);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_configuration),
		cmocka_unit_test(of_the_machine),
		cmocka_unit_test(few_calls),
		cmocka_unit_test(folders),
		cmocka_unit_test(this_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
