/* SPDX-License-Identifier: Apache-2.0 */
/* Whose messages get a log line, and when: a source once a minute, all of them together once a second. */
#include "sbc/call/unheard.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "tests/unit/base/unit.h"

static char said[1024];

static void sink(void *arg, enum log_level level, const char *line, size_t n)
{
	snprintf(said, sizeof(said), "%.*s", (int)n, line);
}

static void note(struct unheard *u, unsigned network, const char *host, enum reject_reason why, uint64_t now_ms)
{
	static const struct config_network networks[] = {{.name = "trunk"}};
	static const struct config c = {.networks = networks, .n_networks = 1};
	struct flow_addr from = {.network = network};

	assert_true(addr_parse(str_z(host), 5060, &from.remote));
	said[0] = '\0';
	unheard_note(u, &c, &from, why, now_ms);
}

static const struct {
	uint64_t ms;
	unsigned network;
	const char *host;
	enum reject_reason why;
	const char *want; /* "": no line */
} rows[] = {
	{5000, 0, "192.0.2.1", REJECT_UNKNOWN_DROP,
	 "INFO message dropped network=trunk source=192.0.2.1:5060 transport=udp why=unknown_source_dropped others=0"},
	{5001, 0, "192.0.2.1", REJECT_UNKNOWN_DROP, ""},
	{5002, 0, "192.0.2.2", REJECT_ACL, ""}, /* within the second */
	{6000, 0, "192.0.2.1", REJECT_UNKNOWN_DROP, ""},
	{6000, 0, "192.0.2.2", REJECT_ACL,
	 "INFO message dropped network=trunk source=192.0.2.2:5060 transport=udp why=acl others=3"},
	{64999, 0, "192.0.2.1", REJECT_UNKNOWN_DROP, ""},
	{65000, 0, "192.0.2.1", REJECT_UNKNOWN_SOURCE,
	 "INFO message refused network=trunk source=192.0.2.1:5060 transport=udp why=unknown_source others=1"},
	{66000, 0, "192.0.2.9", REJECT_NO_ROUTE, ""}, /* has a line of its own */
	/* a network that a reload took away */
	{70000, 1, "2001:db8::1", REJECT_ACL,
	 "INFO message dropped network=- source=[2001:db8::1]:5060 transport=udp why=acl others=0"},
};

static void test_rows(void **state)
{
	struct unheard u = {0};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		note(&u, rows[i].network, rows[i].host, rows[i].why, rows[i].ms);
		assert_string_equal(said, rows[i].want);
	}
}

/* So many other sources that the first is forgotten: it is named again, and nothing grows. */
static void test_many(void **state)
{
	struct unheard u = {0};
	unsigned lines = 0;

	for (unsigned i = 0; i <= UNHEARD_SOURCES; i++) {
		char host[32];

		snprintf(host, sizeof(host), "192.0.2.%u", i % UNHEARD_SOURCES);
		note(&u, 0, host, REJECT_ACL, 1000 + 1000 * i);
		lines += said[0] != '\0';
	}
	assert_int_equal(lines, UNHEARD_SOURCES);
	note(&u, 0, "198.51.100.1", REJECT_ACL, 50000);
	assert_true(said[0]);
	note(&u, 0, "192.0.2.0", REJECT_ACL, 51000);
	assert_true(said[0]);
}

static void test_quiet(void **state)
{
	struct unheard u = {0};

	log_set_level(LOG_WARN);
	note(&u, 0, "192.0.2.1", REJECT_ACL, 1000);
	assert_string_equal(said, "");
	log_set_level(LOG_INFO);
	note(&u, 0, "192.0.2.1", REJECT_ACL, 1001);
	assert_non_null(strstr(said, "others=1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_many),
					   cmocka_unit_test(test_quiet)};

	log_set_sink(sink, NULL);
	log_set_level(LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
