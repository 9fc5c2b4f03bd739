/* SPDX-License-Identifier: Apache-2.0 */
/* record: the facts of an ended call, as a CDR. */
#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/phone.h"

static void fill_leg(const struct call *c, const struct leg *l, struct cdr_leg *ret)
{
	if (!l)
		return;
	*ret = (struct cdr_leg){
		.network = str_z(c->config->networks[l->network].name),
		.peer = str_z(call_peer_name(c, l->peer, l->was)),
		.aor = leg_aor(l),
		.call_id = str_z(l->dialog.call_id),
		.local_tag = str_z(l->dialog.local_tag),
		.remote_tag = str_z(l->dialog.remote_tag),
		.from = str_z(l->uas ? l->dialog.remote : l->dialog.local),
		.to = str_z(l->uas ? l->dialog.local : l->dialog.remote),
		.ruri = str_z(l->uas ? l->dialog.local : l->dialog.remote),
		.remote = l->dialog.peer.remote,
		.transport = l->transport,
	};
}

static uint64_t wall(uint64_t ns)
{
	return ns ? clock_wall_us(ns) : 0;
}

void record_fill(const struct call *c, const struct media_stats *stats, uint64_t until_ns,
		 struct cdr_attempt attempts[CDR_MAX_ATTEMPTS], char text[2][VERDICT_MAX], struct cdr *ret)
{
	struct verdict_facts facts = {.stats = stats, .answer_ns = c->answer_ns, .end_ns = until_ns};

	*ret = (struct cdr){
		.start_us = wall(c->start_ns),
		.ring_us = wall(c->ring_ns),
		.answer_us = wall(c->answer_ns),
		.end_us = wall(c->end_ns),
		.route = call_route_name(c) ? str_z(call_route_name(c))
			 : c->to_phone      ? STR("registration")
					    : STR_NONE,
		.attempts = attempts,
		.n_attempts = c->n_attempts,
		.status = c->status,
		.ended_by = c->ended_by,
		.cause = c->cause,
		.reason = str_z(c->reason),
		.media = stats,
	};
	memcpy(ret->id, c->id, sizeof(c->id));
	fill_leg(c, c->a, &ret->a);
	fill_leg(c, c->b, &ret->b);
	if (c->echo)
		ret->b.peer = STR("echo");
	for (unsigned i = 0; i < c->n_attempts; i++)
		attempts[i] = (struct cdr_attempt){
			.peer = c->to_phone ? STR("registration")
					    : str_z(call_peer_name(c, c->attempts[i].peer, c->attempts[i].was)),
			.remote = c->attempts[i].remote,
			.status = c->attempts[i].status,
			.cause = c->attempts[i].cause};
	ret->verdict[0] = verdict(&facts, MEDIA_A, text[0]);
	/* nobody is behind an echo */
	ret->verdict[1] = c->echo ? NULL : verdict(&facts, MEDIA_B, text[1]);
}

void record_send(struct call *c, const struct media_stats *stats)
{
	struct cdr_attempt attempts[CDR_MAX_ATTEMPTS];
	char text[2][VERDICT_MAX];
	struct cdr r;

	if (c->record_sent)
		return;
	c->record_sent = true;
	if (c->challenged) {
		checkpoint_over(c);
		return;
	}
	record_fill(c, stats, c->end_ns, attempts, text, &r);
	for (unsigned i = 0; i < 2; i++)
		if (r.verdict[i])
			call_log(c, LOG_WARN, "media verdict", i ? "from_b" : "from_a", str_z(r.verdict[i]));
	if (c->calls->cdr)
		c->calls->cdr(c->calls->cdr_arg, &r);
	checkpoint_over(c);
}
