/* SPDX-License-Identifier: Apache-2.0 */
/* What is not finished in a call, to and from its record: INVITEs in flight, a late offer, an exchange. */
#include "base/clock.h"
#include "sbc/call/checkpoint.h"
#include "sbc/call/exchange.h"

/* ---- writing ---- */

enum call_stage open_stage(const struct call *c)
{
	if (c->state == CALL_TRYING)
		return STAGE_RINGING;
	return c->state == CALL_ANSWERED && c->a->unacked.txn ? STAGE_UNACKED : STAGE_TALKING;
}

uint8_t checkpoint_oldest(const struct call *c)
{
	return c->state == CALL_TRYING || (c->state == CALL_ANSWERED && c->late) ? CHECKPOINT_PENDING
										 : CHECKPOINT_OLDEST;
}

static void put_where(struct bytes_writer *w, enum config_transport t, const struct addr *local,
		      const struct addr *remote)
{
	bytes_u64(w, INVITE_TAG_TRANSPORT, t);
	bytes_addr(w, INVITE_TAG_LOCAL, local);
	bytes_addr(w, INVITE_TAG_REMOTE, remote);
}

/* Theirs that is not over. */
static struct server_txn *in_of(const struct call *c, const struct leg *l, uint32_t *ret_cseq)
{
	const struct exchange *x = c->exchange;

	if (l->unacked.txn) {
		*ret_cseq = l->unacked.cseq;
		return l->unacked.txn;
	}
	if (x && x->from == l && x->method == METHOD_INVITE) {
		*ret_cseq = x->cseq;
		return x->in;
	}
	*ret_cseq = l->invite_cseq;
	return l->invite_in;
}

static struct client_txn *out_of(const struct call *c, const struct leg *l)
{
	const struct exchange *x = c->exchange;

	return x && x->to == l && x->out ? x->out : c->state == CALL_TRYING ? l->invite_out : NULL;
}

static void put_in(const struct call *c, const struct leg *l, struct bytes_writer *w)
{
	uint32_t cseq = 0;
	struct server_txn *t = in_of(c, l, &cseq);
	struct str text = t ? server_txn_keep(t) : STR_NONE;
	const struct flow_addr *from;
	size_t begun;

	if (!text.n)
		return;
	begun = bytes_begin(w, LEG_TAG_INVITE_IN);
	bytes_put(w, INVITE_TAG_TEXT, text);
	from = server_txn_source(t);
	put_where(w, from->transport, &from->local, &from->remote);
	bytes_u64(w, INVITE_TAG_CSEQ, cseq);
	if (l->unacked.txn)
		bytes_u64(w, INVITE_TAG_SINCE_US, clock_wall_us(l->unacked.since_ns));
	bytes_end(w, begun);
}

static void put_out(const struct call *c, const struct leg *l, struct bytes_writer *w)
{
	struct client_txn *t = out_of(c, l);
	struct client_kept k;
	struct str text = t ? client_txn_keep(t, &k) : STR_NONE;
	size_t begun;

	if (!text.n)
		return;
	begun = bytes_begin(w, LEG_TAG_INVITE_OUT);
	bytes_put(w, INVITE_TAG_TEXT, text);
	put_where(w, k.to.transport, &k.to.local, &k.to.remote);
	bytes_u64(w, INVITE_TAG_FLOW_ONLY, k.to.flow_only);
	bytes_u64(w, INVITE_TAG_PROVISIONAL, k.provisional);
	bytes_end(w, begun);
}

/* One without a body is made anew. */
static bool ack_answers(const struct leg *l)
{
	return l->ack && l->ack_n > 4 && memcmp(l->ack + l->ack_n - 4, "\r\n\r\n", 4) != 0;
}

void open_write_leg(const struct call *c, const struct leg *l, struct bytes_writer *w)
{
	put_in(c, l, w);
	put_out(c, l, w);
	if (!ack_answers(l))
		return;
	bytes_put(w, LEG_TAG_ACK, (struct str){l->ack, l->ack_n});
	bytes_u64(w, LEG_TAG_ACK_CSEQ, l->ack_cseq);
}

/* An UPDATE of theirs is asked again by whoever asked, and then refused for its number. */
static void put_exchange(const struct exchange *x, struct bytes_writer *w)
{
	size_t begun;

	if (x->method == METHOD_UPDATE && x->out_method != METHOD_INVITE)
		return;
	begun = bytes_begin(w, CALL_TAG_EXCHANGE);
	bytes_u64(w, EXCHANGE_TAG_FROM, leg_side(x->from));
	bytes_u64(w, EXCHANGE_TAG_LATE, x->state == EXCHANGE_LATE);
	if (x->state == EXCHANGE_LATE)
		bytes_put(w, EXCHANGE_TAG_SDP, x->offer->text);
	else
		bytes_z(w, EXCHANGE_TAG_SDP, x->before);
	bytes_end(w, begun);
}

void open_write_call(const struct call *c, struct bytes_writer *w)
{
	bytes_u64(w, CALL_TAG_STAGE, open_stage(c));
	if (c->state == CALL_ANSWERED && c->late && c->setup && c->setup->offer)
		bytes_put(w, CALL_TAG_LATE_OFFER, c->setup->offer->text);
	if (c->exchange)
		put_exchange(c->exchange, w);
}

/* ---- reading ---- */

static bool read_text(const struct bytes_field *f, size_t max, struct str *ret)
{
	*ret = f->value;
	return f->value.n && f->value.n <= max;
}

static bool read_sdp(const struct bytes_field *f, struct str *ret)
{
	return read_text(f, SDP_MAX_BYTES, ret) && !memchr(f->value.p, 0, f->value.n);
}

static bool invite_field(void *arg, const struct bytes_field *f)
{
	struct invite_record *r = arg;
	uint32_t v;

	switch (f->tag) {
	case INVITE_TAG_TEXT: /* header lines, a start line that may be as long, a body */
		return read_text(f, 2 * HEADERS_MAX + SDP_MAX_BYTES, &r->text);
	case INVITE_TAG_TRANSPORT:
		if (!bytes_get_u32(f, &v) || v >= CONFIG_TRANSPORTS)
			return false;
		r->transport = (enum config_transport)v;
		return true;
	case INVITE_TAG_LOCAL:
		return bytes_get_addr(f, &r->local);
	case INVITE_TAG_REMOTE:
		return bytes_get_addr(f, &r->remote) && !addr_is_unsendable(&r->remote);
	case INVITE_TAG_FLOW_ONLY:
		return bytes_get_bool(f, &r->flow_only);
	case INVITE_TAG_CSEQ:
		return bytes_get_u32(f, &r->cseq);
	case INVITE_TAG_SINCE_US:
		return bytes_get_u64(f, UINT64_MAX, &r->since_us);
	case INVITE_TAG_PROVISIONAL:
		return bytes_get_bool(f, &r->provisional);
	}
	return true;
}

static bool read_invite(struct invite_record *r, const struct bytes_field *f)
{
	if (r->present)
		return false;
	r->present = true;
	return bytes_each(bytes_inside(f), invite_field, r) && r->text.n && addr_is_set(&r->remote);
}

bool open_leg_field(struct leg_record *l, const struct bytes_field *f)
{
	switch (f->tag) {
	case LEG_TAG_INVITE_IN:
		return read_invite(&l->in, f);
	case LEG_TAG_INVITE_OUT:
		return read_invite(&l->out, f);
	case LEG_TAG_ACK:
		return read_text(f, HEADERS_MAX + SDP_MAX_BYTES, &l->ack);
	case LEG_TAG_ACK_CSEQ:
		return bytes_get_u32(f, &l->ack_cseq);
	}
	return true;
}

static bool exchange_field(void *arg, const struct bytes_field *f)
{
	struct call_record *r = arg;

	switch (f->tag) {
	case EXCHANGE_TAG_FROM:
		return bytes_get_u32(f, &r->exchange.from) && r->exchange.from < 2;
	case EXCHANGE_TAG_LATE:
		return bytes_get_bool(f, &r->exchange.late);
	case EXCHANGE_TAG_SDP:
		return read_sdp(f, &r->exchange.sdp);
	}
	return true;
}

bool open_call_field(struct call_record *r, const struct bytes_field *f)
{
	switch (f->tag) {
	case CALL_TAG_STAGE:
		return bytes_get_u32(f, &r->stage) && r->stage < STAGE_COUNT;
	case CALL_TAG_LATE_OFFER:
		return read_sdp(f, &r->late_offer);
	case CALL_TAG_EXCHANGE:
		if (r->exchange.present)
			return false;
		r->exchange.present = true;
		return bytes_each(bytes_inside(f), exchange_field, r);
	}
	return true;
}

bool open_complete(const struct call_record *r)
{
	const struct leg_record *a = &r->leg[MEDIA_A], *b = &r->leg[MEDIA_B];

	/* a late offer, or an exchange, is between two */
	if ((r->late_offer.p || r->exchange.present) && !b->present)
		return false;
	switch ((enum call_stage)r->stage) {
	case STAGE_RINGING:
		return !r->exchange.present && !r->late_offer.p && a->in.present && !a->in.since_us && b->out.present;
	case STAGE_UNACKED:
		return r->answer_us && !r->exchange.present && a->in.present && a->in.since_us;
	case STAGE_TALKING:
	case STAGE_COUNT:
		break;
	}
	if (!r->answer_us || r->late_offer.p)
		return false;
	return !r->exchange.present || !r->exchange.late ||
	       (r->exchange.sdp.p && r->leg[r->exchange.from].in.present && r->leg[r->exchange.from].in.since_us);
}
