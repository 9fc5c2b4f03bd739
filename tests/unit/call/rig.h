/* SPDX-License-Identifier: Apache-2.0 */
/* rig: what the tests of this folder put a struct calls on: a worker and a relay on loopback, one thread that the test
 * turns itself, time that stands. */
#ifndef TESTS_UNIT_CALL_RIG_H
#define TESTS_UNIT_CALL_RIG_H

#include "base/log.h"
#include "sbc/call/calls.h"
#include "sbc/media_networks.h"
#include "tests/unit/sip/net.h"

static struct {
	struct config *config;
	struct ident_key key;
	struct media *media;
	struct border_state *border;
	struct worker_group *group;
	struct worker *worker;
	struct calls *calls;
} e;

static inline bool rig_pass(void *arg, struct server_txn *t, const struct message *m)
{
	server_txn_reject(t, REJECT_METHOD);
	return true;
}

/* All but the calls. config: text. */
static inline void rig_open(const char *config)
{
	char err[256] = "";

	e.config = config_of(config);
	e.key = ident_key_init(str_z("a key for this test"), 1, 1);
	assert_int_equal(media_networks_create(e.config, &e.media), 0);
	assert_int_equal(border_state_create(e.config, &e.border), 0);
	if (worker_group_create(&(struct worker_group_params){.config = e.config,
							      .n = 1,
							      .key = &e.key,
							      .dns_servers = "127.0.0.1:9",
							      .user = &calls_worker_user},
				err, sizeof(err), &e.group) < 0)
		fail_msg("%s", err);
	e.worker = worker_get(e.group, 0);
}

/* more: what is not the rig's own. */
static inline void rig_open_calls(const struct calls_params *more)
{
	struct calls_params p = *more;

	p.worker = e.worker;
	p.media = e.media;
	p.border = e.border;
	p.pass = rig_pass;
	assert_int_equal(calls_create(&p, &e.calls), 0);
	worker_set_arg(e.group, 0, e.calls);
}

/* between: closes what stands between calls and worker; NULL: nothing does. */
static inline void rig_close(void (*between)(void))
{
	worker_group_stop(e.group);
	calls_destroy(e.calls);
	if (between)
		between();
	worker_group_destroy(e.group);
	media_destroy(e.media);
	border_state_destroy(e.border);
	config_unref(e.config);
	for (int k = 0; k < SOCK_KIND_COUNT; k++)
		assert_int_equal(sock_count((enum sock_kind)k), 0);
}

static inline struct call_counters rig_counters(void)
{
	struct call_counters c;

	calls_counters(e.calls, &c);
	return c;
}

#endif
