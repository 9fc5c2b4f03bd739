/* SPDX-License-Identifier: Apache-2.0 */
/* A resolver and a name server in one loop, for the resolver's tests. Time of the loop and the cache is moved by the
 * tests; that of c-ares is real, so a test that waits for its time-outs takes seconds. */
#ifndef TESTS_UNIT_SIP_RESOLVE_BENCH_H
#define TESTS_UNIT_SIP_RESOLVE_BENCH_H

#include "../base/unit.h"

#include <stdio.h>
#include <time.h>

#include "../../fake/dns.h"
#include "base/clock.h"
#include "sbc/sip/resolve_internal.h"

static uint64_t ahead_ms;

static inline uint64_t moved_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec + ahead_ms * 1000000;
}

static const struct fake_dns_record zone[] = {
	{"_sip._udp.both.example", "SRV", 300, "20 0 5070 gw2.example"},
	{"_sip._udp.both.example", "SRV", 300, "10 0 5062 gw1.example"},
	{"_sip._tcp.both.example", "SRV", 300, "5 0 5063 gw1.example"},
	{"gw1.example", "A", 300, "192.0.2.1"},
	{"gw1.example", "AAAA", 300, "2001:db8::1"},
	{"gw2.example", "A", 300, "192.0.2.2"},
	{"gw2.example", "A", 300, "192.0.2.3"},
	{"plain.example", "A", 300, "192.0.2.9"},
	{"v6.example", "AAAA", 300, "2001:db8::6"},
	{"mapped.example", "AAAA", 300, "::ffff:192.0.2.66"},
	{"www.alias.example", "CNAME", 300, "two.alias.example"},
	{"two.alias.example", "CNAME", 300, "plain.example"},
	{"_sip._udp.srvalias.example", "CNAME", 300, "_sip._udp.both.example"},
	{"ring.example", "CNAME", 300, "gnir.example"},
	{"gnir.example", "CNAME", 300, "ring.example"},
	{"_sip._udp.none.example", "SRV", 300, "0 0 0 ."},
	{"none.example", "A", 300, "192.0.2.10"},
	{"_sip._udp.tcponly.example", "SRV", 300, "0 0 0 ."},
	{"_sip._tcp.tcponly.example", "SRV", 300, "1 1 5060 plain.example"},
	{"_sip._udp.nowhere.example", "SRV", 300, "1 1 5060 gone.example"},
	{"_sip._udp.badport.example", "SRV", 300, "1 1 0 plain.example"},
	{"_sip._udp.badhost.example", "SRV", 300, "1 1 5060 192.0.2.1"},
	{"badhost.example", "A", 300, "192.0.2.11"},
	{"any.example", "A", 300, "0.0.0.0"},
	{"group.example", "A", 300, "224.0.0.1"},
	{"silent.example", "SILENT", 0, ""},
	{"fails.example", "SERVFAIL", 0, ""},
	{"refused.example", "REFUSED", 0, ""},
	{"empty.example", "EMPTY", 0, ""},
	{"rubbish.example", "RUBBISH", 0, ""},
	{"cut.example", "CUT", 0, ""},
	{"cut.example", "A", 300, "192.0.2.12"},
	{"wrong.example", "WRONG", 0, ""},
	{"wrong.example", "A", 300, "192.0.2.13"},
	{"huge.example", "A", 0x7fffffff, "192.0.2.14"},
	{"negative.example", "A", 0xffffffff, "192.0.2.15"},
	{"zero.example", "A", 0, "192.0.2.16"},
	{"_sip._udp.srvzero.example", "SRV", 0, "1 1 5060 plain.example"},
	{"_sip._udp.srvhuge.example", "SRV", 0xfffffff, "1 1 5060 plain.example"},
	{"_sip._udp.silent2.example", "SILENT", 0, ""},
	{"silent2.example", "A", 300, "192.0.2.17"},
};

struct got {
	unsigned calls;
	size_t n;
	struct resolved v[RESOLVE_MAX];
	const char *error;
};

static inline void on_resolved(void *arg, const struct resolved *v, size_t n, const char *error)
{
	struct got *g = arg;
	g->calls++;
	g->n = n;
	memcpy(g->v, v, n * sizeof(*v));
	g->error = error;
	assert_true(n > 0 ? !error : error != NULL);
}

struct bench {
	struct loop *loop;
	struct fake_dns *dns;
	struct resolve_cache *cache;
	struct resolver *resolver;
};

static inline void bench_up(struct bench *b)
{
	assert_int_equal(loop_create(16, &b->loop), 0);
	assert_int_equal(fake_dns_create(b->loop, zone, LENGTH(zone), &b->dns), 0);
	assert_int_equal(resolve_cache_create_hosts("/nonexistent/hosts", &b->cache), 0);
	assert_int_equal(resolver_create(b->loop, b->cache, fake_dns_servers(b->dns), &b->resolver), 0);
}

static inline void bench_down(struct bench *b)
{
	resolver_destroy(b->resolver);
	resolve_cache_destroy(b->cache);
	fake_dns_destroy(b->dns);
	loop_destroy(b->loop);
}

static inline void wait_for(struct bench *b, const struct got *g)
{
	time_t end = time(NULL) + 10;
	while (g->calls == 0 && time(NULL) < end)
		loop_turn(b->loop);
	assert_int_equal(g->calls, 1);
}

static inline void nothing(void *arg)
{
}

/* The loop reads the clock after a sleep. */
static inline void pass_time(struct bench *b, uint64_t ms)
{
	ahead_ms += ms;
	assert_true(loop_post(b->loop, nothing, NULL));
	loop_turn(b->loop);
}

static inline struct resolve_what both(const char *host)
{
	return (struct resolve_what){.host = str_z(host), .v4 = true, .v6 = true};
}

static inline void look_up(struct bench *b, const struct resolve_what *what, struct got *g)
{
	struct resolve_query *q;

	*g = (struct got){0};
	assert_int_equal(resolve_start(b->resolver, what, on_resolved, g, &q), 0);
	assert_true((q == NULL) == (g->calls == 1));
	wait_for(b, g);
}

/* "udp:192.0.2.1:5060 ..." or the error. */
static inline const char *text_of(const struct got *g)
{
	static char text[1024];
	char one[ADDR_STRLEN];
	size_t n = 0;

	if (g->n == 0)
		return g->error;
	for (size_t i = 0; i < g->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s:%s", i ? " " : "",
				      config_transport_text(g->v[i].transport), addr_text(&g->v[i].addr, one));
	return text;
}

static inline const char *text_for(struct bench *b, const char *host)
{
	static struct got g;
	struct resolve_what what = both(host);
	look_up(b, &what, &g);
	return text_of(&g);
}

#endif
