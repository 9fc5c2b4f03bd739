/* SPDX-License-Identifier: Apache-2.0 */
/* A location on a loop whose time stands still until a test moves it. */
#ifndef TESTS_UNIT_LOCATION_FIXTURE_H
#define TESTS_UNIT_LOCATION_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "sbc/location/location.h"
#include "tests/unit/config/config_of.h"

static uint64_t fixture_ns = 1000000000;
static inline uint64_t fixture_clock(void)
{
	return fixture_ns;
}

struct fixture {
	struct loop *loop;
	struct config *config;
	struct ident_key key;
	atomic_uint_fast64_t shared;
	struct location *l;
	unsigned kept_alive, changed, removed;
	int known;
};

static inline void fixture_keepalive(void *arg, struct location_binding *b)
{
	((struct fixture *)arg)->kept_alive++;
}

static inline void fixture_changed(void *arg, const struct location_binding *b)
{
	((struct fixture *)arg)->changed++;
}

static inline void fixture_removed(void *arg, const struct location_binding *b)
{
	((struct fixture *)arg)->removed++;
}

static inline void fixture_source(void *arg, const struct location_binding *b, bool known)
{
	((struct fixture *)arg)->known += known ? 1 : -1;
}

static inline struct config *fixture_config(const char *network, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"networks\":{\"access\":{\"listen\":[\"udp:127.0.0.1:5060\"]%s}}%s}", network,
		 more);

	return config_of(text);
}

static inline void fixture_init(struct fixture *f, const char *network, const char *more)
{
	*f = (struct fixture){.key = ident_key_init(STR("a secret of sixteen"), 1, 7)};
	log_set_level(LOG_ERROR);
	clock_set_source(fixture_clock);
	f->config = fixture_config(network, more);
	assert_int_equal(loop_create(16, &f->loop), 0);
	assert_int_equal(location_create(&(struct location_params){.loop = f->loop,
								   .key = &f->key,
								   .config = f->config,
								   .shared = &f->shared,
								   .user = {.keepalive = fixture_keepalive,
									    .changed = fixture_changed,
									    .removed = fixture_removed,
									    .source = fixture_source,
									    .arg = f}},
					 &f->l),
			 0);
}

static inline void fixture_finish(struct fixture *f)
{
	location_destroy(f->l);
	assert_int_equal(atomic_load(&f->shared), 0);
	loop_destroy(f->loop);
	config_unref(f->config);
	clock_set_source(NULL);
}

static inline void fixture_nothing(void *arg)
{
}

/* Time goes on, and what is due runs. */
static inline void pass_ms(struct fixture *f, uint64_t ms)
{
	for (uint64_t step; ms; ms -= step) {
		step = ms < 100 ? ms : 100;
		fixture_ns += step * 1000000;
		loop_post(f->loop, fixture_nothing, NULL); /* so that the turn does not sleep */
		loop_turn(f->loop);
	}
}

static inline struct destination flow_of(const char *hostport, uint64_t connection)
{
	struct destination d = {.transport = connection ? CONFIG_TCP : CONFIG_UDP, .connection = connection};

	assert_true(addr_parse_hostport(str_z(hostport), &d.remote));
	return d;
}

struct phone {
	const char *aor, *uri, *instance;
	unsigned reg_id;
	const char *flow;
	uint64_t connection;
	unsigned phone_s, core_s;
};

static inline int try_put(struct fixture *f, const struct phone *p, struct location_binding **ret)
{
	struct location_contact c = {.uri = str_z(p->uri), .instance = str_z(p->instance), .reg_id = p->reg_id};
	char alias[IDENT_LEN + 1], call_id[IDENT_LEN + 1];
	struct location_update u = {.aor = str_z(p->aor),
				    .contact = &c,
				    .alias = alias,
				    .core_call_id = call_id,
				    .flow = flow_of(p->flow ? p->flow : "192.0.2.1:5060", p->connection),
				    .agent = STR("Test Phone/1.0"),
				    .phone_call_id = 1,
				    .phone_cseq = 1,
				    .core_cseq = 1,
				    .phone_s = p->phone_s ? p->phone_s : 60,
				    .core_s = p->core_s ? p->core_s : 3600};

	location_alias(f->l, 9, 0, u.aor, &c, alias);
	ident_mint(&f->key, 9, call_id);
	return location_put(f->l, &u, ret);
}

static inline struct location_binding *put(struct fixture *f, const struct phone *p)
{
	struct location_binding *b = NULL;

	assert_int_equal(try_put(f, p, &b), 0);
	return b;
}

static inline struct location_counters counters_of(struct fixture *f)
{
	struct location_counters c;

	location_counters(f->l, &c);
	return c;
}

#endif
