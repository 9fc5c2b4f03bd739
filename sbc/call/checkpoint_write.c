/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/checkpoint.h"
#include "sbc/call/phone.h"

static const char *peer_name(const struct call *c, int peer)
{
	return call_peer_name(c, peer, NULL);
}

static const char *network_name(const struct call *c, unsigned network)
{
	return c->config->networks[network].name;
}

/* Nothing for what did not happen. */
static void put_time(struct bytes_writer *w, unsigned tag, uint64_t ns)
{
	if (ns)
		bytes_u64(w, tag, clock_wall_us(ns));
}

static void put_attempts(const struct call *c, struct bytes_writer *w)
{
	for (unsigned i = 0; i < c->n_attempts; i++) {
		size_t begun = bytes_begin(w, CALL_TAG_ATTEMPT);

		bytes_z(w, ATTEMPT_TAG_PEER, call_peer_name(c, c->attempts[i].peer, c->attempts[i].was));
		bytes_addr(w, ATTEMPT_TAG_REMOTE, &c->attempts[i].remote);
		bytes_u64(w, ATTEMPT_TAG_STATUS, (uint64_t)c->attempts[i].status);
		bytes_z(w, ATTEMPT_TAG_CAUSE, c->attempts[i].cause);
		bytes_end(w, begun);
	}
}

static void put_agreed(const struct media_remote *r, unsigned stream, struct bytes_writer *w)
{
	size_t begun = bytes_begin(w, LEG_TAG_AGREED);

	bytes_u64(w, AGREED_TAG_STREAM, stream);
	bytes_u64(w, AGREED_TAG_RTP, r->rtp);
	bytes_addr(w, AGREED_TAG_RTP_ADDR, &r->rtp_addr);
	bytes_addr(w, AGREED_TAG_RTCP_ADDR, &r->rtcp_addr);
	bytes_u64(w, AGREED_TAG_RTCP_MUX, r->rtcp_mux);
	bytes_u64(w, AGREED_TAG_LATCH, r->latch);
	bytes_addr(w, AGREED_TAG_SIGNALLING, &r->signalling);
	bytes_u64(w, AGREED_TAG_SEND, r->send);
	bytes_u64(w, AGREED_TAG_RECEIVE, r->receive);
	bytes_u64(w, AGREED_TAG_CLOCK_HZ, r->clock_hz);
	bytes_u64(w, AGREED_TAG_SILENCE_MS, r->silence_ms);
	bytes_end(w, begun);
}

static void put_leg(const struct call *c, unsigned tag, const struct leg *l, struct bytes_writer *w)
{
	size_t begun;

	if (!l)
		return;
	begun = bytes_begin(w, tag);
	bytes_z(w, LEG_TAG_NETWORK, network_name(c, l->network));
	bytes_z(w, LEG_TAG_PEER, call_peer_name(c, l->peer, l->was));
	if (leg_aor(l).n)
		bytes_put(w, LEG_TAG_AOR, leg_aor(l));
	if (leg_alias(l).n)
		bytes_put(w, LEG_TAG_ALIAS, leg_alias(l));
	dialog_write(&l->dialog, w, LEG_TAG_DIALOG);
	bytes_u64(w, LEG_TAG_MAX_FORWARDS, l->max_forwards);
	bytes_u64(w, LEG_TAG_INVITE_CSEQ, l->invite_cseq);
	bytes_u64(w, LEG_TAG_FAR_UPDATE, l->far_update);
	bytes_u64(w, LEG_TAG_ORIGIN_ID, l->origin.id);
	bytes_u64(w, LEG_TAG_ORIGIN_VERSION, l->origin.version);
	bytes_u64(w, LEG_TAG_ORIGIN_DIGEST, l->origin.digest);
	if (l->sdp_sent)
		bytes_put(w, LEG_TAG_SDP_SENT, (struct str){l->sdp_sent, l->sdp_sent_n});
	/* an exchange under way will be as if it had never been: what was said last is then not what is agreed, and no
	 * offer is answered by it */
	bytes_u64(w, LEG_TAG_SDP_GOT_DIGEST, c->exchange ? 0 : l->sdp_got_digest);
	bytes_u64(w, LEG_TAG_FORK, l->fork);
	for (unsigned i = 0; i < l->hiding.set.n; i++)
		bytes_put(w, l->hiding.set.v[i].allowed ? LEG_TAG_ALLOWED : LEG_TAG_FORBIDDEN, l->hiding.set.v[i].s);
	for (unsigned i = 0; i < l->n_agreed; i++)
		if (l->agreed[i].used)
			put_agreed(&l->agreed[i], i, w);
	open_write_leg(c, l, w);
	bytes_end(w, begun);
}

static void put_side(const struct call *c, unsigned tag, const struct side *s, struct bytes_writer *w)
{
	size_t begun;

	if (!c->session || !s->used || c->state == CALL_TRYING)
		return;
	begun = bytes_begin(w, tag);
	bytes_z(w, SIDE_TAG_NETWORK, network_name(c, s->network));
	bytes_u64(w, SIDE_TAG_V6, s->v6);
	for (unsigned i = 0; i < s->n_local; i++) {
		size_t stream;

		if (!(s->used & 1u << i) || !addr_is_set(&s->local[i].rtp))
			continue;
		stream = bytes_begin(w, SIDE_TAG_STREAM);
		bytes_u64(w, STREAM_TAG_INDEX, i);
		bytes_addr(w, STREAM_TAG_RTP, &s->local[i].rtp);
		bytes_u64(w, STREAM_TAG_RTCP_PORT, s->local[i].rtcp_port);
		bytes_end(w, stream);
	}
	bytes_end(w, begun);
}

/* ---- what the relay has seen ---- */

static void put_drops(const struct media_past *p, struct bytes_writer *w)
{
	for (unsigned i = 0; i < MEDIA_DROP_COUNT; i++) {
		size_t begun;

		if (!p->drops[i])
			continue;
		begun = bytes_begin(w, PAST_TAG_DROP);
		bytes_z(w, DROP_TAG_KEY, media_drop_key((enum media_drop)i));
		bytes_u64(w, DROP_TAG_COUNT, p->drops[i]);
		bytes_end(w, begun);
	}
}

static void put_age(struct bytes_writer *w, unsigned tag, uint64_t age_ms)
{
	if (age_ms != MEDIA_NEVER)
		bytes_u64(w, tag, age_ms);
}

static void put_past(const struct media_past *p, enum media_side side, unsigned stream, struct bytes_writer *w)
{
	size_t begun = bytes_begin(w, CALL_TAG_PAST);

	bytes_u64(w, PAST_TAG_SIDE, side);
	bytes_u64(w, PAST_TAG_STREAM, stream);
	bytes_u64(w, PAST_TAG_PACKETS, p->packets);
	bytes_u64(w, PAST_TAG_BYTES, p->bytes);
	bytes_u64(w, PAST_TAG_RELAYED, p->relayed);
	bytes_u64(w, PAST_TAG_RTCP_PACKETS, p->rtcp_packets);
	bytes_u64(w, PAST_TAG_LOST, p->lost);
	bytes_u64(w, PAST_TAG_REORDERED, p->reordered);
	bytes_u64(w, PAST_TAG_DUPLICATED, p->duplicated);
	put_drops(p, w);
	put_age(w, PAST_TAG_FIRST_AGE_MS, p->first_age_ms);
	put_age(w, PAST_TAG_LAST_AGE_MS, p->last_age_ms);
	put_age(w, PAST_TAG_COMMITTED_AGE_MS, p->committed_age_ms);
	bytes_u64(w, PAST_TAG_JITTER_US, p->jitter_us);
	bytes_u64(w, PAST_TAG_SOURCE_CHANGES, p->source_changes);
	bytes_u64(w, PAST_TAG_WINDOW_MS, p->window_ms);
	bytes_addr(w, PAST_TAG_LATCHED_RTP, &p->latched[0]);
	bytes_addr(w, PAST_TAG_LATCHED_RTCP, &p->latched[1]);
	bytes_u64(w, PAST_TAG_RANK_RTP, p->rank[0]);
	bytes_u64(w, PAST_TAG_RANK_RTCP, p->rank[1]);
	bytes_addr(w, PAST_TAG_REFUSED, &p->refused);
	if (p->has_rtp) {
		bytes_u64(w, PAST_TAG_SSRC, p->ssrc);
		bytes_u64(w, PAST_TAG_SEQ, p->seq);
	}
	bytes_end(w, begun);
}

static void put_media(const struct media_stats *stats, struct bytes_writer *w)
{
	for (unsigned i = 0; i < stats->n_streams; i++)
		for (unsigned side = 0; stats->streams[i].used && side < 2; side++) {
			struct media_past p;

			media_past_of(&stats->streams[i].from[side], stats->now_ns, &p);
			put_past(&p, (enum media_side)side, i, w);
		}
}

void checkpoint_write(const struct call *c, const struct media_stats *stats, struct bytes_writer *w)
{
	bytes_z(w, CALL_TAG_ID, c->id);
	bytes_u64(w, CALL_TAG_WRITTEN_US, clock_wall_us(stats ? stats->now_ns : clock_ns()));
	put_time(w, CALL_TAG_START_US, c->start_ns);
	put_time(w, CALL_TAG_RING_US, c->ring_ns);
	put_time(w, CALL_TAG_ANSWER_US, c->answer_ns);
	bytes_u64(w, CALL_TAG_STATUS, (uint64_t)c->status);
	bytes_u64(w, CALL_TAG_ECHO, c->echo);
	bytes_u64(w, CALL_TAG_TO_PHONE, c->to_phone);
	bytes_z(w, CALL_TAG_ROUTE, call_route_name(c));
	bytes_z(w, CALL_TAG_PEER_IN, peer_name(c, c->peer_in));
	bytes_z(w, CALL_TAG_PEER_OUT, peer_name(c, c->peer_out));
	bytes_u64(w, CALL_TAG_COUNTED_IN, c->peer_in_counted);
	bytes_u64(w, CALL_TAG_COUNTED_OUT, c->peer_out_counted);
	put_attempts(c, w);
	open_write_call(c, w);
	put_leg(c, CALL_TAG_A, c->a, w);
	put_leg(c, CALL_TAG_B, c->b, w);
	put_side(c, CALL_TAG_SIDE_A, &c->side[MEDIA_A], w);
	put_side(c, CALL_TAG_SIDE_B, &c->side[MEDIA_B], w);
	if (stats)
		put_media(stats, w);
}
