/* SPDX-License-Identifier: Apache-2.0 */
/* answer: what leg B says to the first INVITE, told to leg A: provisional responses, forks hidden behind early dialogs
 * of our own, the answer, and the late offer. */
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/timers.h"

#define HEADERS_MAX 16384

/* ---- forks ---- */

/* The media fork of a branch, by its To tag: its place in leg B's list. Beyond the limit the last one is shared. */
static unsigned fork_of(struct leg *b, struct str tag)
{
	uint64_t digest = siphash_str(&b->call->calls->tag_key, tag);
	struct early *e;

	for (unsigned i = 0; i < b->n_early; i++)
		if (b->early[i]->remote_tag == digest)
			return i;
	if (b->n_early == LEG_MAX_EARLY || !(e = calloc(1, sizeof(*e))))
		return b->n_early ? b->n_early - 1 : 0;
	e->remote_tag = digest;
	b->early[b->n_early] = e;
	return b->n_early++;
}

/* The To tag towards the caller under which a description with this digest may stand: one early dialog never sees two
 * descriptions (RFC 3261 §13.2.1), so a fork with other codecs makes a new one; while they agree, forks stay hidden
 * behind one. */
static const char *tag_for(struct leg *a, uint64_t digest)
{
	struct early *e;
	char tag[IDENT_LEN + 1];

	if (!digest || !a->sdp_digest || a->sdp_digest == digest) {
		if (digest)
			a->sdp_digest = digest;
		return a->by_tag.text;
	}
	for (unsigned i = 0; i < a->n_early; i++)
		if (a->early[i]->sdp_digest == digest)
			return a->early[i]->by_tag.text;
	if (a->n_early == LEG_MAX_EARLY || !(e = calloc(1, sizeof(*e))))
		return a->by_tag.text;
	ident_mint(a->call->calls->worker->key, a->call->slot, tag);
	if (calls_add_tag(a->call->calls, &e->by_tag, tag, a) < 0) {
		free(e);
		return a->by_tag.text;
	}
	e->sdp_digest = digest;
	a->early[a->n_early++] = e;
	return e->by_tag.text;
}

/* ---- the media of an answer, or of the preview of one in a provisional response ---- */

/* Writes leg A's answer from leg B's into w. False: it cannot be one. No SDP: true, nothing written. */
static bool take_answer(struct call *c, const struct message *m, unsigned fork, struct writer *w)
{
	enum reject_reason why;
	struct sdp *answer = negotiate_parse(m, &why);
	bool ok;

	if (!answer)
		return why == REJECT_NONE;
	leg_forbid_message(c->a, m, answer);
	ok = sdp_check_answer(c->setup->offer, answer) == 0 && negotiate_write(c, c->a, answer, c->setup->offer, w);
	if (ok) {
		negotiate_commit(c, c->a, c->setup->offer, c->b, answer, fork);
		negotiate_select(c, fork);
	}
	sdp_free(answer);
	return ok;
}

/* ---- provisional ---- */

void answer_relay_provisional(struct call *c, const struct message *m)
{
	char headers[HEADERS_MAX], body[SDP_MAX_BYTES], phrase[64];
	struct writer h = writer_init(headers, sizeof(headers)), b = writer_init(body, sizeof(body)),
		      p = writer_init(phrase, sizeof(phrase) - 1);
	struct reply r = {.status = m->status, .guard = &c->a->forbidden};

	if (!c->setup || m->status == 199) /* RFC 6228: a branch of a fork that we hide */
		return;
	leg_forbid_message(c->a, m, NULL);
	/* a preview that cannot be used is left out; the final answer decides. An offer in an unreliable 18x is none.
	 */
	if (m->body.n && !c->late && m->to.tag.n && !take_answer(c, m, fork_of(c->b, m->to.tag), &b))
		b.n = 0;
	if (!c->ring_ns && m->status >= 180) {
		c->ring_ns = clock_ns();
		call_log(c, LOG_INFO, "call ringing", "status", m->phrase);
	}
	writer_str(&p, m->phrase);
	phrase[p.overflow ? 0 : p.n] = '\0';
	if (phrase[0])
		r.phrase = phrase;
	r.to_tag = str_z(tag_for(c->a, b.n ? c->a->origin.digest : 0));
	write_own_headers(c->a, false, true, &h);
	write_crossing(c, c->b, c->a, m, &h);
	if (h.overflow)
		return;
	r.headers = writer_result(&h);
	r.body = writer_result(&b);
	if (b.n)
		r.content_type = STR("application/sdp");
	leg_event(c->a, LEG_DO_RING, &(struct leg_arg){.reply = &r});
}

/* ---- final ---- */

static void answered(struct call *c)
{
	c->answer_ns = clock_ns();
	c->status = 200;
	call_count(&c->calls->counters.calls_answered, 1);
	call_timers_answered(c);
	call_log(c, LOG_INFO, "call answered", NULL, STR_NONE);
	checkpoint_changed(c);
}

static bool send_answer(struct call *c, const struct message *m, struct str body)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct reply r = {.status = 200, .body = body, .guard = &c->a->forbidden};
	const char *tag = tag_for(c->a, body.n ? c->a->origin.digest : 0);

	memcpy(c->a->dialog.local_tag, tag, IDENT_LEN + 1);
	if (m)
		r.status = m->status;
	write_own_headers(c->a, false, true, &h);
	if (m)
		write_crossing(c, c->b, c->a, m, &h);
	if (h.overflow)
		return false;
	r.to_tag = str_z(tag);
	r.headers = writer_result(&h);
	if (body.n)
		r.content_type = STR("application/sdp");
	if (!leg_event(c->a, LEG_DO_ANSWER, &(struct leg_arg){.reply = &r}))
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

	leg_offer_event(c->b, ANSWER_GOT);
	border_address_worked(c->calls->border, &s->addr[s->next_addr - 1].addr);
	if (c->n_attempts)
		c->attempts[c->n_attempts - 1].status = m->status;
	if (m->body.n) {
		if (!take_answer(c, m, fork_of(c->b, m->to.tag), &b))
			return false;
	} else if (c->a->sdp_sent) {
		/* no answer in the 2xx, but a preview came before it: some user agents leave it at that */
		negotiate_select(c, fork_of(c->b, m->to.tag));
		writer_put(&b, c->a->sdp_sent, c->a->sdp_sent_n);
	} else {
		return false;
	}
	leg_offer_event(c->a, ANSWER_SENT);
	return send_answer(c, m, writer_result(&b));
}

/* ---- late offer: INVITE without, offer in the 2xx, answer in the ACK ---- */

bool answer_prepare_late(struct call *c, const struct message *m)
{
	enum reject_reason why;
	struct setup *s = c->setup;
	const struct config_peer *p = &c->config->peers[c->peer_out];

	s->offer = negotiate_parse(m, &why);
	if (!s->offer)
		return false;
	message_free(s->best);
	s->best = message_ref(m); /* its headers cross with our offer */
	leg_offer_event(c->b, OFFER_GOT);
	leg_forbid_message(c->a, m, s->offer);
	border_address_worked(c->calls->border, &s->addr[s->next_addr - 1].addr);
	if (!negotiate_prepare(c, MEDIA_A, c->a->network,
			       negotiate_v6(c, c->a->network, addr_is_v6(&c->a->dialog.peer.remote)), s->offer) ||
	    !negotiate_prepare(c, MEDIA_B, p->network,
			       negotiate_v6(c, p->network, addr_is_v6(&c->b->dialog.peer.remote)), s->offer))
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
	enum reject_reason why;
	struct sdp *answer = negotiate_parse(ack, &why);
	const struct sdp *offer = c->setup ? c->setup->offer : NULL;
	bool ok = false;

	if (!answer || !offer)
		goto out;
	leg_forbid_message(c->b, ack, answer);
	if (sdp_check_answer(offer, answer) || !negotiate_write(c, c->b, answer, offer, &b))
		goto out;
	leg_offer_event(c->a, ANSWER_GOT);
	leg_offer_event(c->b, ANSWER_SENT);
	negotiate_commit(c, c->b, offer, c->a, answer, 0);
	ok = leg_event(c->b, LEG_DO_ACK, &(struct leg_arg){.body = writer_result(&b)});
out:
	sdp_free(answer);
	return ok;
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
