/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/call_log.h"

#include "sbc/call/phone.h"

const char *call_peer_name(const struct call *c, int peer, const char *was)
{
	return peer >= 0 ? c->config->peers[peer].name : was;
}

const char *call_route_name(const struct call *c)
{
	return c->route >= 0 ? c->config->routes[c->route].name : c->route_was;
}

static const char *route_name(const struct call *c)
{
	return c->route >= 0 ? c->config->routes[c->route].name : c->to_phone ? "registration" : "-";
}

static void log_aor(const struct call *c, struct log_line *l)
{
	if (leg_aor(c->a).n)
		log_user(l, "a_aor", leg_aor(c->a));
	if (leg_aor(c->b).n)
		log_user(l, "b_aor", leg_aor(c->b));
}

void call_log(struct call *c, enum log_level level, const char *msg, const char *key, struct str value)
{
	struct log_line l;

	if (!log_begin(&l, level, msg))
		return;
	log_z(&l, "call", c->id);
	if (c->a) {
		const char *peer = call_peer_name(c, c->a->peer, c->a->was);

		log_z(&l, "a", peer ? peer : c->config->networks[c->a->network].name);
	}
	if (c->b) {
		const char *peer = call_peer_name(c, c->b->peer, c->b->was);

		log_z(&l, "b", peer ? peer : c->to_phone ? "registration" : "-");
	}
	log_aor(c, &l);
	if (c->echo)
		log_z(&l, "b", "echo");
	if (key)
		log_str(&l, key, value);
	if (c->end_ns) {
		log_u64(&l, "status", (uint64_t)c->status);
		log_z(&l, "by", c->ended_by == CDR_SIDE_A ? "A" : c->ended_by == CDR_SIDE_B ? "B" : "limen");
		log_u64(&l, "talk_ms", c->answer_ns ? (c->end_ns - c->answer_ns) / 1000000 : 0);
	}
	log_end(&l);
}

/* Who asked for what, and what was found out of it; c: NULL when that is nothing. */
static void log_asked(struct log_line *l, const struct config *config, const struct message *m, const struct call *c)
{
	log_z(l, "network", config->networks[m->source.network].name);
	log_z(l, "peer", c && c->peer_in >= 0 ? config->peers[c->peer_in].name : "-");
	log_addr(l, "source", &m->source.remote);
	log_user(l, "from", m->from.uri.user);
	log_user(l, "to", m->ruri.user);
	log_z(l, "route", c ? route_name(c) : "-");
}

void call_log_begun(const struct call *c, const struct message *m)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "call begun"))
		return;
	log_z(&l, "call", c->id);
	log_asked(&l, c->config, m, c);
	if (c->setup->phone)
		log_user(&l, "aor", str_z(c->setup->phone->aor));
	log_str(&l, "call_id", m->call_id);
	log_end(&l);
}

void call_log_refused(struct calls *cs, const struct message *m, const struct call *c, enum reject_reason why,
		      int status)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "call refused"))
		return;
	log_asked(&l, cs->config, m, c);
	log_u64(&l, "status", (uint64_t)status);
	log_z(&l, "why", reject_key(why));
	log_str(&l, "call_id", m->call_id);
	log_end(&l);
}
