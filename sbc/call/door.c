/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/door.h"

#include "base/clock.h"

static uint64_t wall_ms(void)
{
	return clock_wall_us(clock_ns()) / 1000;
}

static bool wanted(struct calls *cs, const struct message *m)
{
	return cs->config->networks[m->source.network].auth == CONFIG_AUTH_LIMEN &&
	       login_wanted(cs->config, m, border_phone_is_known(cs->border, m->source.network, &m->source.remote));
}

/* Nobody can be let in by a process that cannot check. */
static bool check(struct calls *cs, const struct message *m, bool first, struct login_answer *a)
{
	if (!cs->logins) {
		a->reject = REJECT_LOGIN_ERROR;
		return false;
	}
	if (first)
		return !login_glance(cs->logins, cs->config, m, wall_ms(), a);
	return login_check(cs->logins, cs->config, m, wall_ms(), a);
}

static void tell(struct calls *cs, const struct message *m, const char *why, enum log_level level)
{
	struct log_line l;

	if (!log_begin(&l, level, "login"))
		return;
	log_z(&l, "network", cs->config->networks[m->source.network].name);
	log_addr(&l, "source", &m->source.remote);
	log_str(&l, "method", m->method_text);
	log_user(&l, "user", m->method == METHOD_REGISTER ? m->to.uri.user : m->from.uri.user);
	log_z(&l, "why", why);
	log_end(&l);
}

bool door_glance(struct calls *cs, const struct message *m)
{
	uint64_t now_ms = loop_now_ms(cs->worker->loop);
	struct login_answer a;

	if (!wanted(cs, m) || check(cs, m, true, &a))
		return false;
	if (a.reject != REJECT_NONE)
		txn_layer_refuse(cs->worker->txn, m, a.reject);
	else if (login_amplifies(m, &a) && !border_may_answer(cs->border, cs->config, &m->source, now_ms))
		call_count(&cs->counters.rejects[REJECT_ANSWER_RATE], 1);
	else
		txn_layer_answer(cs->worker->txn, m, &a.reply);
	return true;
}

bool door_open(struct calls *cs, struct server_txn *t, const struct message *m)
{
	struct login_answer a;

	if (!wanted(cs, m) || check(cs, m, false, &a))
		return true;
	if (a.reject == REJECT_NONE) {
		server_txn_reply(t, &a.reply);
		tell(cs, m, "challenged again", LOG_DEBUG);
		return false;
	}
	call_count(&cs->counters.rejects[a.reject], 1);
	server_txn_reject(t, a.reject);
	tell(cs, m, reject_key(a.reject), LOG_INFO);
	return false;
}
