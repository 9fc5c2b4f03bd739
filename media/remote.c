/* SPDX-License-Identifier: Apache-2.0 */
/* remote: what is known and counted of one far end, from its commit on, and across commits and processes. */
#include <stdlib.h>
#include <string.h>

#include "media/internal.h"

#define DEFAULT_CLOCK_HZ 8000

/* 0 stands for never; a machine that has run for less than that has the time since its start. */
static uint64_t ago(uint64_t now_ns, uint64_t age_ms)
{
	if (age_ms == MEDIA_NEVER)
		return 0;
	return age_ms < now_ns / NS_PER_MS ? now_ns - age_ms * NS_PER_MS : 1;
}

static void restore_latches(struct remote *r, const struct media_past *past, uint64_t now_ns)
{
	for (unsigned c = 0; c < 2; c++) {
		const bool rtp = c == LATCH_RTP && past->has_rtp;
		uint64_t window_ns = past->window_ms * NS_PER_MS;
		struct latch *l = &r->latch[c];

		*l = (struct latch){.component = c, .rank = MEDIA_RANK_NONE};
		if (!addr_is_set(&past->latched[c])) {
			l->open_until_ns = now_ns + (window_ns < r->rules.window_ns ? window_ns : r->rules.window_ns);
			l->window_until_ns = l->open_until_ns;
			continue;
		}
		l->source = past->latched[c];
		l->rank = past->rank[c];
		/* nobody has had a chance to be heard since: the silence that lets others in begins now */
		l->last_ns = now_ns;
		l->has_rtp = rtp;
		l->ssrc = rtp ? past->ssrc : 0;
		l->seq = rtp ? past->seq : 0;
	}
	r->latch[LATCH_RTP].refused = past->refused;
	r->latch[LATCH_RTP].changes = past->source_changes;
}

static void restore(struct remote *r, const struct media_past *past, uint64_t now_ns)
{
	r->packets = past->packets;
	r->bytes = past->bytes;
	r->relayed = past->relayed;
	r->rtcp_packets = past->rtcp_packets;
	memcpy(r->drops, past->drops, sizeof(r->drops));
	r->first_ns = ago(now_ns, past->first_age_ms);
	r->alive_ns = r->last_ns = ago(now_ns, past->last_age_ms);
	r->committed_ns = ago(now_ns, past->committed_age_ms);
	r->selected_ns = now_ns;
	if (past->has_rtp)
		rtp_source_resume(&r->source, past->ssrc, past->seq, past->jitter_us, r->clock_hz, now_ns);
	r->source.lost_before = past->lost;
	r->source.reordered = past->reordered;
	r->source.duplicated = past->duplicated;
	restore_latches(r, past, now_ns);
	r->restored = true;
}

struct remote *remote_create(const struct media_remote *what, uint64_t window_ns, uint64_t now_ns)
{
	size_t n_acl = what->n_acl < MEDIA_MAX_ACL ? what->n_acl : MEDIA_MAX_ACL;
	struct remote *r = calloc(1, sizeof(*r) + n_acl * sizeof(*r->acl));
	if (!r)
		return NULL;
	if (n_acl)
		memcpy(r->acl, what->acl, n_acl * sizeof(*r->acl));
	r->used = true;
	r->rtp = what->rtp;
	r->send = what->send;
	r->receive = what->receive;
	r->rtcp_mux = what->rtcp_mux;
	r->clock_hz = what->clock_hz ? what->clock_hz : DEFAULT_CLOCK_HZ;
	r->silence_ms = what->silence_ms;
	r->rules = (struct latch_rules){
		.policy = what->latch,
		.sdp = {what->rtp_addr, what->rtcp_addr},
		.signalling = what->signalling,
		.acl = r->acl,
		.n_acl = n_acl,
		.window_ns = window_ns,
	};
	if (what->past)
		restore(r, what->past, now_ns);
	return r;
}

static void take_counters(struct remote *r, const struct remote *before)
{
	r->packets = before->packets;
	r->bytes = before->bytes;
	r->relayed = before->relayed;
	r->rtcp_packets = before->rtcp_packets;
	r->first_ns = before->first_ns;
	r->last_ns = before->last_ns;
	r->alive_ns = before->alive_ns;
	r->selected_ns = before->selected_ns;
	r->source = before->source;
	memcpy(r->drops, before->drops, sizeof(r->drops));
	for (unsigned c = 0; c < 2; c++) {
		r->latch[c].changes = before->latch[c].changes;
		r->latch[c].refused = before->latch[c].refused;
	}
}

static bool same_or_both_unset(const struct addr *a, const struct addr *b)
{
	return addr_is_set(a) && addr_is_set(b) ? addr_equal(a, b) : addr_is_set(a) == addr_is_set(b);
}

void remote_begin(struct remote *r, const struct remote *before, uint64_t now_ns)
{
	if (r->restored && !before) {
		r->restored = false;
		return;
	}
	r->restored = false;
	r->committed_ns = now_ns;
	for (unsigned c = 0; c < 2; c++)
		latch_init(&r->latch[c], c, &r->rules, now_ns);
	if (!before)
		return;
	take_counters(r, before);
	if (!before->used)
		return;
	if (!same_or_both_unset(&before->rules.sdp[LATCH_RTP], &r->rules.sdp[LATCH_RTP])) {
		for (unsigned c = 0; c < 2; c++)
			latch_leave(&r->latch[c], &r->rules, &before->latch[c], false, now_ns);
		return;
	}
	r->latch[LATCH_RTP] = before->latch[LATCH_RTP];
	if (same_or_both_unset(&before->rules.sdp[LATCH_RTCP], &r->rules.sdp[LATCH_RTCP]))
		r->latch[LATCH_RTCP] = before->latch[LATCH_RTCP];
	/* a phone that comes from elsewhere and says the same private address there */
	if (addr_is_set(&before->rules.signalling) && addr_is_set(&r->rules.signalling) &&
	    !addr_equal_host(&before->rules.signalling, &r->rules.signalling))
		for (unsigned c = 0; c < 2; c++)
			latch_leave(&r->latch[c], &r->rules, &before->latch[c], true, now_ns);
	/* a policy made stricter by a reload or re-INVITE: `strict` holds for what is latched, too */
	if (r->rules.policy == MEDIA_LATCH_STRICT)
		for (unsigned c = 0; c < 2; c++)
			if (addr_is_set(&r->latch[c].source) &&
			    latch_rank(&r->rules, c, &r->latch[c].source) != MEDIA_RANK_SDP)
				latch_init(&r->latch[c], c, &r->rules, now_ns);
	/* resumed after hold: media is expected from now, and silence told anew */
	if (before->receive || !r->receive) {
		r->committed_ns = before->committed_ns;
		r->silent = before->silent;
	}
}

/* A port of this very session. Two far ends that name the session's own ports as theirs would make packets run in a
 * circle; that the two sides of one session meet at its own ports has no honest reason. */
static bool is_own_port(const struct session *s, const struct addr *to)
{
	for (unsigned which = 0; which < 2; which++) {
		const struct side *d = s->live[which];
		if (!d || !(addr_equal_host(&d->advertise, to) || addr_equal_host(pool_address(d->pool), to)))
			continue;
		for (size_t i = 0; i < MEDIA_MAX_STREAMS; i++)
			if (d->live[i] && (addr_port(to) & ~1) == d->live[i]->port)
				return true;
	}
	return false;
}

/* Never to multicast, to port 0, to ourselves, or with the other family's socket. */
static void aim(struct addr *target, const struct addr *to, const struct side *d)
{
	if (!addr_is_set(to) || addr_is_unsendable(to) || addr_is_v6(to) != d->v6 || is_own_port(d->session, to))
		*target = (struct addr){};
	else
		*target = *to;
}

void remote_aim(struct remote *r, const struct side *d)
{
	const struct addr *rtp = &r->latch[LATCH_RTP].source, *rtcp = &r->latch[LATCH_RTCP].source;
	struct addr guess = r->rules.sdp[LATCH_RTCP];

	aim(&r->target[LATCH_RTP], addr_is_set(rtp) ? rtp : &r->rules.sdp[LATCH_RTP], d);
	/* The description's RTCP address is of no use when RTP has shown that the host is another one (NAT). */
	if (!addr_is_set(rtcp) && addr_is_set(&guess) && addr_is_set(rtp) && !addr_equal_host(rtp, &guess)) {
		uint16_t port = addr_port(&guess);
		guess = *rtp;
		addr_set_port(&guess, port);
	}
	aim(&r->target[LATCH_RTCP], addr_is_set(rtcp) ? rtcp : &guess, d);
}

void remote_set_acl(struct remote *r, const struct acl *acl, const struct side *d)
{
	r->rules.acl = acl->list;
	r->rules.n_acl = acl->n;
	latch_recheck(&r->latch[LATCH_RTP], &r->rules, NULL);
	latch_recheck(&r->latch[LATCH_RTCP], &r->rules, &r->latch[LATCH_RTP].source);
	remote_aim(r, d);
}

static uint32_t window_left_ms(const struct latch *l, uint64_t now_ns)
{
	return addr_is_set(&l->source) || l->open_until_ns <= now_ns
		       ? 0
		       : (uint32_t)((l->open_until_ns - now_ns) / NS_PER_MS);
}

void remote_stats(const struct remote *r, uint64_t now_ns, struct media_direction *ret)
{
	const struct latch *l = &r->latch[LATCH_RTP], *rtcp = &r->latch[LATCH_RTCP];

	*ret = (struct media_direction){
		.packets = r->packets,
		.bytes = r->bytes,
		.relayed = r->relayed,
		.rtcp_packets = r->rtcp_packets,
		.lost = rtp_source_lost(&r->source),
		.reordered = r->source.reordered,
		.duplicated = r->source.duplicated,
		.jitter_us = rtp_source_jitter_us(&r->source, r->clock_hz),
		.first_ns = r->first_ns,
		.last_ns = r->last_ns,
		.committed_ns = r->committed_ns,
		.expected = r->rules.sdp[LATCH_RTP],
		.latched = l->source,
		.latched_rtcp = rtcp->source,
		.refused = l->refused,
		.rank = l->rank,
		.rank_rtcp = rtcp->rank,
		.source_changes = l->changes,
		.ssrc = l->ssrc,
		.seq = l->seq,
		.has_rtp = l->has_rtp,
		.receives = r->receive,
		.window_ms = window_left_ms(l, now_ns),
	};
	memcpy(ret->drops, r->drops, sizeof(ret->drops));
}

void session_stats(const struct session *s, uint64_t now_ns, struct media_stats *ret)
{
	*ret = (struct media_stats){.now_ns = now_ns};
	for (size_t i = 0; i < MEDIA_MAX_STREAMS; i++)
		for (unsigned which = 0; which < 2; which++)
			ret->streams[i].from[which].rank = ret->streams[i].from[which].rank_rtcp = MEDIA_RANK_NONE;
	for (unsigned which = 0; which < 2; which++) {
		const struct side *d = s->live[which];
		for (size_t i = 0; d && i < MEDIA_MAX_STREAMS; i++) {
			const struct stream *st = d->live[i];
			const struct remote *r = st ? st->remotes[d->selected] : NULL;
			if (!st)
				continue;
			if (i >= ret->n_streams)
				ret->n_streams = i + 1;
			ret->streams[i].used = true;
			if (r)
				remote_stats(r, now_ns, &ret->streams[i].from[which]);
		}
	}
}

static uint64_t age_ms(uint64_t now_ns, uint64_t then_ns)
{
	return !then_ns ? MEDIA_NEVER : then_ns < now_ns ? (now_ns - then_ns) / NS_PER_MS : 0;
}

void media_past_of(const struct media_direction *d, uint64_t now_ns, struct media_past *ret)
{
	*ret = (struct media_past){
		.packets = d->packets,
		.bytes = d->bytes,
		.relayed = d->relayed,
		.rtcp_packets = d->rtcp_packets,
		.lost = d->lost,
		.reordered = d->reordered,
		.duplicated = d->duplicated,
		.first_age_ms = age_ms(now_ns, d->first_ns),
		.last_age_ms = age_ms(now_ns, d->last_ns),
		.committed_age_ms = age_ms(now_ns, d->committed_ns),
		.jitter_us = d->jitter_us,
		.source_changes = d->source_changes,
		.window_ms = d->window_ms,
		.latched = {d->latched, d->latched_rtcp},
		.rank = {d->rank, d->rank_rtcp},
		.refused = d->refused,
		.ssrc = d->ssrc,
		.seq = d->seq,
		.has_rtp = d->has_rtp,
	};
	memcpy(ret->drops, d->drops, sizeof(ret->drops));
}
