/* SPDX-License-Identifier: Apache-2.0 */
/* answer: what leg B says to the first INVITE, told to leg A: provisional responses, the answer, and the late offer. */
#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/negotiate.h"
#include "sbc/call/timers.h"
#include "sbc/call/told.h"

/* ---- provisional ---- */

/* The preview of an answer, written for the caller; from now on its branch is heard. Returns the tag that it may be
 * shown under. NULL, with nothing written: there is none, it cannot be used (the final answer decides), or it would be
 * one early dialog too many. */
static struct leg_tag *take_preview(struct call *c, const struct message *m, struct branch *branch, struct writer *w)
{
	struct sdp_origin before = c->a->origin;
	struct leg_tag *tag = NULL;
	struct sdp *answer;
	int fork = early_fork(c->b, branch, false);

	if (fork >= 0) {
		if (!negotiate_write_answer(c, m, c->a, c->setup->offer, w, &answer)) {
			w->n = 0;
			return NULL;
		}
		tag = tags_for(c->a, c->a->origin.digest, false);
		if (tag) {
			negotiate_commit(c, c->a, c->setup->offer, c->b, answer, (unsigned)fork);
			negotiate_select(c, (unsigned)fork);
			early_keep_preview(c->a, c->b, branch);
		}
		sdp_free(answer);
	}
	if (!tag) {
		call_count(&c->calls->counters.early_full, 1);
		c->a->origin = before;
		w->n = 0;
	}
	return tag;
}

void answer_relay_provisional(struct call *c, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	struct leg_tag *tag = NULL;
	struct branch *branch;
	struct told t;

	if (!c->setup || m->status == 199) /* RFC 6228: a branch of a fork that we hide */
		return;
	branch = early_heard(c->b, m);
	if (branch && branch->left)
		return;
	leg_forbid_message(c->a, m, NULL);
	/* an offer in an unreliable 18x is none */
	if (m->body.n && !c->late && branch)
		tag = take_preview(c, m, branch, &b);
	if (!c->ring_ns && m->status >= 180) {
		c->ring_ns = clock_ns();
		call_log(c, LOG_INFO, "call ringing", "phrase", m->phrase);
	}
	if (!tag)
		tag = branch && branch->shown && branch->shown->leg ? branch->shown : tags_for(c->a, 0, false);
	if (!tag || !told_as(c, c->b->peer, c->a, m, m->status, true, &t))
		return;
	if (branch)
		branch->shown = tag;
	t.reply.to_tag = str_z(tag->text);
	t.reply.body = writer_result(&b);
	if (b.n)
		t.reply.content_type = STR("application/sdp");
	/* before it is sent: who sees that may take what is kept for whole */
	if (!c->b->kept_ringing) {
		c->b->kept_ringing = true;
		checkpoint_changed(c);
	}
	leg_event(c->a, LEG_DO_RING, &(struct leg_arg){.reply = &t.reply});
}

/* ---- final ---- */

static void answered(struct call *c)
{
	c->answer_ns = clock_ns();
	c->status = 200;
	call_count(&c->calls->counters.calls_answered, 1);
	call_timers_answered(c);
	call_log(c, LOG_INFO, "call answered", NULL, STR_NONE);
}

/* Our own 200 to the caller; the built-in target's words are ours alone. */
static bool write_own_answer(struct leg *a, struct told *t)
{
	struct writer h = writer_init(t->headers, sizeof(t->headers));

	write_own_headers(a, false, true, &h);
	write_routes_back(a, &h);
	t->reply = (struct reply){.status = 200, .headers = writer_result(&h), .guard = &a->hiding.set};
	return !h.overflow;
}

static bool send_answer(struct call *c, const struct message *m, struct str body)
{
	struct leg_tag *tag = tags_for(c->a, body.n ? c->a->origin.digest : 0, true);
	struct told t;

	if (!tag)
		return false;
	memcpy(c->a->dialog.local_tag, tag->text, IDENT_LEN + 1);
	if (m ? !told_as(c, c->b->peer, c->a, m, m->status, true, &t) : !write_own_answer(c->a, &t))
		return false;
	t.reply.phrase = NULL;
	t.reply.to_tag = str_z(tag->text);
	t.reply.body = body;
	if (body.n)
		t.reply.content_type = STR("application/sdp");
	checkpoint_answered(c); /* before it is sent */
	if (!leg_event(c->a, LEG_DO_ANSWER, &(struct leg_arg){.reply = &t.reply}))
		return false;
	/* one that could not be sent is no answer; the leg has said so */
	if (c->a->state != LEG_ENDED)
		answered(c);
	return true;
}

bool answer_caller(struct call *c, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	struct setup *s = c->setup;
	struct branch *branch = early_branch(c->b, m->to.tag);
	unsigned fork = (unsigned)early_fork(c->b, branch, true);

	leg_offer_event(c->b, ANSWER_GOT);
	targets_outcome(&s->targets, m->status, REJECT_NONE);
	if (c->n_attempts)
		c->attempts[c->n_attempts - 1].status = m->status;
	if (m->body.n) {
		if (!negotiate_answer(c, m, c->b, c->a, s->offer, fork, &b))
			return false;
	} else if (early_take_preview(c->a, c->b, branch)) {
		/* no answer in the 2xx, but this branch's preview came before it: some user agents leave it at that */
		writer_put(&b, c->a->sdp_sent, c->a->sdp_sent_n);
	} else {
		return false;
	}
	negotiate_select(c, fork);
	leg_offer_event(c->a, ANSWER_SENT);
	return send_answer(c, m, writer_result(&b));
}

/* ---- late offer: INVITE without, offer in the 2xx, answer in the ACK ---- */

bool answer_prepare_late(struct call *c, const struct message *m)
{
	enum reject_reason why;
	struct setup *s = c->setup;

	s->offer = negotiate_parse(m, &why);
	if (!s->offer)
		return false;
	message_free(s->best);
	s->best = message_ref(m); /* its headers cross with our offer */
	leg_offer_event(c->b, OFFER_GOT);
	if (c->n_attempts)
		c->attempts[c->n_attempts - 1].status = m->status;
	leg_forbid_message(c->a, m, s->offer);
	targets_outcome(&s->targets, m->status, REJECT_NONE);
	if (!negotiate_prepare(c, MEDIA_A, c->a->network,
			       negotiate_v6(c, c->a->network, addr_is_v6(&c->a->dialog.peer.remote)), s->offer) ||
	    !negotiate_prepare(c, MEDIA_B, c->b->network,
			       negotiate_v6(c, c->b->network, addr_is_v6(&c->b->dialog.peer.remote)), s->offer))
		return false;
	if (!c->media_pending)
		call_post(c, CALL_EV_MEDIA_READY, &(struct call_arg){0});
	return true;
}

void answer_offer_caller(struct call *c)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	bool ok = negotiate_write(c, c->a, c->setup->offer, NULL, &b);

	leg_offer_event(c->a, OFFER_SENT);
	if (!ok || !send_answer(c, c->setup->best, writer_result(&b)))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_SDP, .cause = "unusable offer"});
}

bool answer_late(struct call *c, const struct message *ack)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));

	if (!c->setup || !c->setup->offer || !negotiate_answer(c, ack, c->a, c->b, c->setup->offer, 0, &b))
		return false;
	leg_offer_event(c->a, ANSWER_GOT);
	leg_offer_event(c->b, ANSWER_SENT);
	return leg_event(c->b, LEG_DO_ACK, &(struct leg_arg){.body = writer_result(&b)});
}

/* ---- the built-in target ---- */

void answer_echo(struct call *c)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	const struct sdp *offer = c->setup->offer;

	if (!negotiate_write(c, c->a, offer, offer, &b)) {
		call_post(c, CALL_EV_BROKEN,
			  &(struct call_arg){.reject = REJECT_NO_CODEC, .cause = "no codec in common"});
		return;
	}
	negotiate_commit_echo(c, c->a, offer);
	leg_offer_event(c->a, ANSWER_SENT);
	if (!send_answer(c, NULL, writer_result(&b)))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_LEAK, .cause = "answer not sent"});
}
