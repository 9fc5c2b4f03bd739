/* SPDX-License-Identifier: Apache-2.0 */
/* Every value is looked at: what is out of its range makes the whole record a bad one. */
#include <errno.h>

#include "sbc/call/checkpoint.h"

/* ---- values ---- */

static bool number(const struct bytes_field *f, uint64_t *ret)
{
	return bytes_get_u64(f, UINT64_MAX, ret);
}

static bool below(const struct bytes_field *f, uint32_t bound, uint32_t *ret)
{
	return bytes_get_u32(f, ret) && *ret < bound;
}

/* A name or a cause: printable, and not without end. */
static bool name(const struct bytes_field *f, struct str *ret)
{
	if (!f->value.n || f->value.n > 255)
		return false;
	for (size_t i = 0; i < f->value.n; i++)
		if ((uint8_t)f->value.p[i] < ' ')
			return false;
	*ret = f->value;
	return true;
}

/* Something to be sent to. */
static bool sendable(const struct bytes_field *f, struct addr *ret)
{
	return bytes_get_addr(f, ret) && !addr_is_unsendable(ret);
}

/* ---- attempts ---- */

static bool attempt_field(void *arg, const struct bytes_field *f)
{
	struct call_record *r = arg;

	switch (f->tag) {
	case ATTEMPT_TAG_PEER:
		return name(f, &r->attempt[r->n_attempts].peer);
	case ATTEMPT_TAG_REMOTE:
		return bytes_get_addr(f, &r->attempt[r->n_attempts].remote);
	case ATTEMPT_TAG_STATUS:
		return below(f, 700, &r->attempt[r->n_attempts].status);
	case ATTEMPT_TAG_CAUSE:
		return name(f, &r->attempt[r->n_attempts].cause);
	}
	return true;
}

static bool read_attempt(struct call_record *r, const struct bytes_field *f)
{
	if (r->n_attempts == CDR_MAX_ATTEMPTS || !bytes_each(bytes_inside(f), attempt_field, r))
		return false;
	r->n_attempts++;
	return true;
}

/* ---- legs ---- */

struct agreed_reading {
	struct media_remote r;
	uint32_t stream;
};

static bool agreed_field(void *arg, const struct bytes_field *f)
{
	struct agreed_reading *a = arg;
	uint32_t v;

	switch (f->tag) {
	case AGREED_TAG_STREAM:
		return below(f, MEDIA_MAX_STREAMS, &a->stream);
	case AGREED_TAG_RTP:
		return bytes_get_bool(f, &a->r.rtp);
	case AGREED_TAG_RTP_ADDR:
		return sendable(f, &a->r.rtp_addr);
	case AGREED_TAG_RTCP_ADDR:
		return sendable(f, &a->r.rtcp_addr);
	case AGREED_TAG_RTCP_MUX:
		return bytes_get_bool(f, &a->r.rtcp_mux);
	case AGREED_TAG_LATCH:
		if (!below(f, MEDIA_LATCH_OPEN + 1, &v))
			return false;
		a->r.latch = (enum media_latch)v;
		return true;
	case AGREED_TAG_SIGNALLING:
		return bytes_get_addr(f, &a->r.signalling);
	case AGREED_TAG_SEND:
		return bytes_get_bool(f, &a->r.send);
	case AGREED_TAG_RECEIVE:
		return bytes_get_bool(f, &a->r.receive);
	case AGREED_TAG_CLOCK_HZ:
		return bytes_get_u32(f, &a->r.clock_hz);
	case AGREED_TAG_SILENCE_MS:
		return bytes_get_u32(f, &a->r.silence_ms);
	}
	return true;
}

static bool read_agreed(struct leg_record *l, const struct bytes_field *f)
{
	struct agreed_reading a = {.r.used = true, .stream = MEDIA_MAX_STREAMS};

	if (!bytes_each(bytes_inside(f), agreed_field, &a) || a.stream == MEDIA_MAX_STREAMS)
		return false;
	l->agreed[a.stream] = a.r;
	if (l->n_agreed <= a.stream)
		l->n_agreed = a.stream + 1;
	return true;
}

static bool read_needle(struct leg_record *l, const struct bytes_field *f, bool allowed)
{
	if (l->n_needles == LEAK_SET_MAX || !f->value.n || f->value.n > LEAK_NEEDLE_MAX)
		return false;
	l->needle[l->n_needles].s = f->value;
	l->needle[l->n_needles++].allowed = allowed;
	return true;
}

static bool read_sdp(struct leg_record *l, const struct bytes_field *f)
{
	l->sdp_sent = f->value;
	return f->value.n && f->value.n <= SDP_MAX_BYTES && !memchr(f->value.p, 0, f->value.n);
}

static bool leg_field(void *arg, const struct bytes_field *f)
{
	struct leg_record *l = arg;

	switch (f->tag) {
	case LEG_TAG_NETWORK:
		return name(f, &l->network);
	case LEG_TAG_PEER:
		return name(f, &l->peer);
	case LEG_TAG_AOR:
		l->aor = f->value;
		return f->value.n && f->value.n <= AOR_MAX;
	case LEG_TAG_ALIAS:
		l->alias = f->value;
		return f->value.n == IDENT_LEN;
	case LEG_TAG_DIALOG:
		l->dialog = *f;
		return true;
	case LEG_TAG_MAX_FORWARDS:
		return below(f, 256, &l->max_forwards);
	case LEG_TAG_INVITE_CSEQ:
		return bytes_get_u32(f, &l->invite_cseq);
	case LEG_TAG_FAR_UPDATE:
		return bytes_get_bool(f, &l->far_update);
	case LEG_TAG_ORIGIN_ID:
		return number(f, &l->origin_id);
	case LEG_TAG_ORIGIN_VERSION:
		return number(f, &l->origin_version);
	case LEG_TAG_ORIGIN_DIGEST:
		return number(f, &l->origin_digest);
	case LEG_TAG_SDP_SENT:
		return read_sdp(l, f);
	case LEG_TAG_SDP_GOT_DIGEST:
		return number(f, &l->sdp_got_digest);
	case LEG_TAG_FORK:
		return below(f, MEDIA_MAX_FORKS, &l->fork);
	case LEG_TAG_FORBIDDEN:
		return read_needle(l, f, false);
	case LEG_TAG_ALLOWED:
		return read_needle(l, f, true);
	case LEG_TAG_AGREED:
		return read_agreed(l, f);
	}
	return open_leg_field(l, f);
}

static bool read_leg(struct leg_record *l, const struct bytes_field *f)
{
	if (l->present)
		return false;
	l->present = true;
	l->max_forwards = 70;
	return bytes_each(bytes_inside(f), leg_field, l) && l->network.n && l->dialog.value.n;
}

/* ---- sides ---- */

struct stream_reading {
	struct media_local local;
	uint32_t index;
};

static bool stream_field(void *arg, const struct bytes_field *f)
{
	struct stream_reading *s = arg;
	uint32_t v;

	switch (f->tag) {
	case STREAM_TAG_INDEX:
		return below(f, MEDIA_MAX_STREAMS, &s->index);
	case STREAM_TAG_RTP:
		return sendable(f, &s->local.rtp);
	case STREAM_TAG_RTCP_PORT:
		if (!below(f, 65536, &v))
			return false;
		s->local.rtcp_port = (uint16_t)v;
		return true;
	}
	return true;
}

static bool read_stream(struct side_record *s, const struct bytes_field *f)
{
	struct stream_reading r = {.index = MEDIA_MAX_STREAMS};

	if (!bytes_each(bytes_inside(f), stream_field, &r) || r.index == MEDIA_MAX_STREAMS ||
	    !addr_is_set(&r.local.rtp))
		return false;
	s->local[r.index] = r.local;
	s->used |= 1u << r.index;
	if (s->n_local <= r.index)
		s->n_local = r.index + 1;
	return true;
}

static bool side_field(void *arg, const struct bytes_field *f)
{
	struct side_record *s = arg;

	switch (f->tag) {
	case SIDE_TAG_NETWORK:
		return name(f, &s->network);
	case SIDE_TAG_V6:
		return bytes_get_bool(f, &s->v6);
	case SIDE_TAG_STREAM:
		return read_stream(s, f);
	}
	return true;
}

static bool read_side(struct side_record *s, const struct bytes_field *f)
{
	if (s->present)
		return false;
	s->present = true;
	return bytes_each(bytes_inside(f), side_field, s) && s->network.n;
}

/* ---- what the relay has seen ---- */

struct drop_reading {
	struct str key;
	uint64_t n;
};

static bool drop_field(void *arg, const struct bytes_field *f)
{
	struct drop_reading *d = arg;

	switch (f->tag) {
	case DROP_TAG_KEY:
		return name(f, &d->key);
	case DROP_TAG_COUNT:
		return number(f, &d->n);
	}
	return true;
}

/* A reason that this program does not know is passed over. */
static bool read_drop(struct media_past *p, const struct bytes_field *f)
{
	struct drop_reading d = {0};

	if (!bytes_each(bytes_inside(f), drop_field, &d))
		return false;
	for (unsigned i = 0; i < MEDIA_DROP_COUNT; i++)
		if (str_eq(d.key, str_z(media_drop_key((enum media_drop)i))))
			p->drops[i] = d.n;
	return true;
}

struct past_reading {
	struct media_past p;
	uint32_t side, stream;
};

static bool read_rank(const struct bytes_field *f, enum media_rank *ret)
{
	uint32_t v;

	if (!below(f, MEDIA_RANK_NONE + 1, &v))
		return false;
	*ret = (enum media_rank)v;
	return true;
}

/* Never so long that adding to it would turn round. */
static bool read_age(const struct bytes_field *f, uint64_t *ret)
{
	return bytes_get_u64(f, UINT64_MAX >> 24, ret);
}

static bool past_latch_field(struct past_reading *r, const struct bytes_field *f)
{
	uint32_t seq;

	switch (f->tag) {
	case PAST_TAG_SOURCE_CHANGES:
		return bytes_get_u32(f, &r->p.source_changes);
	case PAST_TAG_WINDOW_MS:
		return bytes_get_u32(f, &r->p.window_ms);
	case PAST_TAG_LATCHED_RTP:
		return sendable(f, &r->p.latched[0]);
	case PAST_TAG_LATCHED_RTCP:
		return sendable(f, &r->p.latched[1]);
	case PAST_TAG_RANK_RTP:
		return read_rank(f, &r->p.rank[0]);
	case PAST_TAG_RANK_RTCP:
		return read_rank(f, &r->p.rank[1]);
	case PAST_TAG_REFUSED:
		return bytes_get_addr(f, &r->p.refused);
	case PAST_TAG_SSRC:
		return bytes_get_u32(f, &r->p.ssrc);
	case PAST_TAG_SEQ:
		if (!below(f, 65536, &seq))
			return false;
		r->p.seq = (uint16_t)seq;
		r->p.has_rtp = true;
		return true;
	}
	return true;
}

static bool past_field(void *arg, const struct bytes_field *f)
{
	struct past_reading *r = arg;

	switch (f->tag) {
	case PAST_TAG_SIDE:
		return below(f, 2, &r->side);
	case PAST_TAG_STREAM:
		return below(f, MEDIA_MAX_STREAMS, &r->stream);
	case PAST_TAG_PACKETS:
		return number(f, &r->p.packets);
	case PAST_TAG_BYTES:
		return number(f, &r->p.bytes);
	case PAST_TAG_RELAYED:
		return number(f, &r->p.relayed);
	case PAST_TAG_RTCP_PACKETS:
		return number(f, &r->p.rtcp_packets);
	case PAST_TAG_LOST:
		return number(f, &r->p.lost);
	case PAST_TAG_REORDERED:
		return number(f, &r->p.reordered);
	case PAST_TAG_DUPLICATED:
		return number(f, &r->p.duplicated);
	case PAST_TAG_DROP:
		return read_drop(&r->p, f);
	case PAST_TAG_FIRST_AGE_MS:
		return read_age(f, &r->p.first_age_ms);
	case PAST_TAG_LAST_AGE_MS:
		return read_age(f, &r->p.last_age_ms);
	case PAST_TAG_COMMITTED_AGE_MS:
		return read_age(f, &r->p.committed_age_ms);
	case PAST_TAG_JITTER_US:
		return bytes_get_u32(f, &r->p.jitter_us);
	}
	return past_latch_field(r, f);
}

static bool read_past(struct call_record *c, const struct bytes_field *f)
{
	struct past_reading r = {
		.p = {.first_age_ms = MEDIA_NEVER,
		      .last_age_ms = MEDIA_NEVER,
		      .committed_age_ms = MEDIA_NEVER,
		      .rank = {MEDIA_RANK_NONE, MEDIA_RANK_NONE}},
		.side = 2,
		.stream = MEDIA_MAX_STREAMS,
	};

	if (!bytes_each(bytes_inside(f), past_field, &r) || r.side == 2 || r.stream == MEDIA_MAX_STREAMS)
		return false;
	c->past[r.side][r.stream] = r.p;
	c->has_past[r.side] |= 1u << r.stream;
	return true;
}

/* ---- the call ---- */

static bool call_field(void *arg, const struct bytes_field *f)
{
	struct call_record *r = arg;

	switch (f->tag) {
	case CALL_TAG_ID:
		return name(f, &r->id);
	case CALL_TAG_WRITTEN_US:
		return number(f, &r->written_us);
	case CALL_TAG_START_US:
		return number(f, &r->start_us);
	case CALL_TAG_RING_US:
		return number(f, &r->ring_us);
	case CALL_TAG_ANSWER_US:
		return number(f, &r->answer_us);
	case CALL_TAG_STATUS:
		return below(f, 700, &r->status);
	case CALL_TAG_ECHO:
		return bytes_get_bool(f, &r->echo);
	case CALL_TAG_ROUTE:
		return name(f, &r->route);
	case CALL_TAG_TO_PHONE:
		return bytes_get_bool(f, &r->to_phone);
	case CALL_TAG_PEER_IN:
		return name(f, &r->peer_in);
	case CALL_TAG_PEER_OUT:
		return name(f, &r->peer_out);
	case CALL_TAG_COUNTED_IN:
		return bytes_get_bool(f, &r->counted_in);
	case CALL_TAG_COUNTED_OUT:
		return bytes_get_bool(f, &r->counted_out);
	case CALL_TAG_ATTEMPT:
		return read_attempt(r, f);
	case CALL_TAG_A:
		return read_leg(&r->leg[MEDIA_A], f);
	case CALL_TAG_B:
		return read_leg(&r->leg[MEDIA_B], f);
	case CALL_TAG_SIDE_A:
		return read_side(&r->side[MEDIA_A], f);
	case CALL_TAG_SIDE_B:
		return read_side(&r->side[MEDIA_B], f);
	case CALL_TAG_PAST:
		return read_past(r, f);
	}
	return open_call_field(r, f);
}

static bool complete(const struct call_record *r)
{
	return r->id.n == IDENT_LEN && r->written_us && r->start_us && r->leg[MEDIA_A].present &&
	       r->leg[MEDIA_B].present != r->echo && open_complete(r);
}

int checkpoint_read(struct str bytes, struct call_record *ret)
{
	struct bytes_reader in;
	int err = bytes_open(&in, bytes, CHECKPOINT_VERSION);

	if (err < 0)
		return err;
	memset(ret, 0, sizeof(*ret));
	return bytes_each(in, call_field, ret) && complete(ret) ? 0 : -EBADMSG;
}
