/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/unit.h"

#include <errno.h>

#include "base/sock.h"
#include "sbc/sip/resolve_internal.h"

struct got {
	unsigned calls;
	size_t n;
	struct resolved v[RESOLVE_MAX];
	const char *error;
};

static void on_resolved(void *arg, const struct resolved *v, size_t n, const char *error)
{
	struct got *g = arg;
	g->calls++;
	g->n = n;
	memcpy(g->v, v, n * sizeof(*v));
	g->error = error;
}

struct bench {
	struct loop *loop;
	struct resolve_cache *cache;
	struct resolver *resolver;
};

static void bench_up(struct bench *b, const char *servers)
{
	assert_int_equal(loop_create(16, &b->loop), 0);
	assert_int_equal(resolve_cache_create(&b->cache), 0);
	assert_int_equal(resolver_create(b->loop, b->cache, servers, &b->resolver), 0);
}

static void bench_down(struct bench *b)
{
	resolver_destroy(b->resolver);
	resolve_cache_destroy(b->cache);
	loop_destroy(b->loop);
}

static void names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} t[] = {
		{"example.com", true}, {"example.com.", true}, {"a", true},     {"_sip._udp.x", true},
		{"", false},           {".", false},           {"a..b", false}, {".a", false},
		{"a b", false},        {"192.0.2.300", false}, {"a/b", false},  {"xn--bcher-kva.example", true},
	};
	for (size_t i = 0; i < LENGTH(t); i++)
		assert_int_equal(resolve_name_ok(str_z(t[i].name)), t[i].ok);
}

static void literals_answer_at_once(void **state)
{
	struct bench b;
	struct got g = {0};
	struct resolve_query *q = (void *)&b;
	char text[ADDR_STRLEN];

	bench_up(&b, NULL);
	struct resolve_what what = {.host = STR("[2001:db8::1]"), .v4 = true, .v6 = true};
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	assert_null(q);
	assert_int_equal(g.n, 1);
	assert_string_equal(addr_text(&g.v[0].addr, text), "[2001:db8::1]:5060");
	what.v6 = false;
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	assert_int_equal(g.n, 0);
	assert_non_null(g.error);
	what.host = STR("no name");
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), -EINVAL);
	assert_int_equal(g.calls, 2);
	bench_down(&b);
}

static void nobody_listens(void **state)
{
	struct bench b;
	struct got g = {0};
	struct resolve_query *q;

	bench_up(&b, "127.0.0.1:9");
	struct resolve_what what = {.host = STR("a.example"), .v4 = true, .v6 = true};
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	while (g.calls == 0)
		loop_turn(b.loop);
	assert_int_equal(g.n, 0);
	assert_string_equal(g.error, "name server unreachable");
	bench_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(literals_answer_at_once),
		cmocka_unit_test(nobody_listens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
