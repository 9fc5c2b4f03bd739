/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "media/internal.h"

#define DEFAULT_CLOCK_HZ 8000

struct remote *remote_create(const struct media_remote *what, uint64_t window_ns)
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
	r->committed_ns = now_ns;
	for (unsigned c = 0; c < 2; c++)
		latch_init(&r->latch[c], c, &r->rules, now_ns);
	if (!before)
		return;
	take_counters(r, before);
	if (!before->used || !same_or_both_unset(&before->rules.sdp[LATCH_RTP], &r->rules.sdp[LATCH_RTP]))
		return;
	r->latch[LATCH_RTP] = before->latch[LATCH_RTP];
	if (same_or_both_unset(&before->rules.sdp[LATCH_RTCP], &r->rules.sdp[LATCH_RTCP]))
		r->latch[LATCH_RTCP] = before->latch[LATCH_RTCP];
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

void remote_stats(const struct remote *r, struct media_direction *ret)
{
	const struct latch *l = &r->latch[LATCH_RTP];

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
		.refused = l->refused,
		.rank = l->rank,
		.source_changes = l->changes,
		.receives = r->receive,
	};
	memcpy(ret->drops, r->drops, sizeof(ret->drops));
}

void session_stats(const struct session *s, struct media_stats *ret)
{
	*ret = (struct media_stats){};
	for (size_t i = 0; i < MEDIA_MAX_STREAMS; i++)
		ret->streams[i].from[MEDIA_A].rank = ret->streams[i].from[MEDIA_B].rank = MEDIA_RANK_NONE;
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
				remote_stats(r, &ret->streams[i].from[which]);
		}
	}
}
