/* SPDX-License-Identifier: Apache-2.0 */
#include "media/latch.h"

#define NS_PER_MS 1000000ull

void latch_init(struct latch *l, enum latch_component c, const struct latch_rules *r, uint64_t now_ns)
{
	*l = (struct latch){.component = c, .rank = MEDIA_RANK_NONE};
	latch_reopen(l, r, now_ns);
}

void latch_reopen(struct latch *l, const struct latch_rules *r, uint64_t now_ns)
{
	if (!addr_is_set(&l->source))
		l->open_until_ns = l->window_until_ns = now_ns + r->window_ns;
}

void latch_leave(struct latch *l, const struct latch_rules *r, const struct latch *was, bool keep, uint64_t now_ns)
{
	/* it moves once more, and nobody has been heard in between */
	l->left = addr_is_set(&was->source) ? was->source : was->left;
	if (!keep)
		return;
	l->open_until_ns = l->window_until_ns = now_ns + r->window_ns;
}

static bool in_acl(const struct latch_rules *r, const struct addr *from)
{
	for (size_t i = 0; i < r->n_acl; i++)
		if (cidr_contains(&r->acl[i], from))
			return true;
	return false;
}

static bool same_host(const struct addr *a, const struct addr *b)
{
	return addr_is_set(a) && addr_equal_host(a, b);
}

enum media_rank latch_rank(const struct latch_rules *r, enum latch_component c, const struct addr *from)
{
	const struct addr *sdp = &r->sdp[c];

	if (addr_is_set(sdp) && addr_equal(sdp, from))
		return MEDIA_RANK_SDP;
	if (r->policy == MEDIA_LATCH_STRICT)
		return MEDIA_RANK_NONE;
	/* an RTCP address that was not told is on the RTP address's host (RFC 3550 §11) */
	if (same_host(addr_is_set(sdp) ? sdp : &r->sdp[LATCH_RTP], from))
		return MEDIA_RANK_SDP_HOST;
	if (same_host(&r->signalling, from))
		return MEDIA_RANK_SIGNALLING;
	if (in_acl(r, from))
		return MEDIA_RANK_ACL;
	return r->policy == MEDIA_LATCH_OPEN ? MEDIA_RANK_ANY : MEDIA_RANK_NONE;
}

/* RTCP comes from where RTP comes from: that host counts as if SDP had named it. */
static bool follows(const struct latch *l, const struct latch_rules *r, const struct latch_packet *p)
{
	return l->component == LATCH_RTCP && r->policy != MEDIA_LATCH_STRICT && p->lead && same_host(p->lead, p->from);
}

enum media_rank latch_allows(const struct latch *l, const struct latch_rules *r, const struct latch_packet *p)
{
	enum media_rank rank = latch_rank(r, l->component, p->from);
	return rank > MEDIA_RANK_SDP_HOST && follows(l, r, p) ? MEDIA_RANK_SDP_HOST : rank;
}

bool latch_recheck(struct latch *l, const struct latch_rules *r, const struct addr *lead)
{
	if (!addr_is_set(&l->source))
		return false;
	enum media_rank rank = latch_allows(l, r, &(struct latch_packet){.from = &l->source, .lead = lead});
	if (rank != MEDIA_RANK_NONE) {
		l->rank = rank;
		return false;
	}
	/* latched under other rules of the description: not the ACL's to judge */
	if (l->rank != MEDIA_RANK_ACL && l->component == LATCH_RTP)
		return false;
	l->refused = l->source;
	l->source = (struct addr){0};
	l->rank = MEDIA_RANK_NONE;
	l->has_rtp = false;
	l->window_until_ns = l->open_until_ns = 0;
	return true;
}

static void remember(struct latch *l, const struct latch_packet *p)
{
	l->last_ns = p->now_ns;
	if (p->rtp) {
		/* a late packet does not turn the count back */
		if (!l->has_rtp || l->ssrc != p->ssrc || (int16_t)(p->seq - l->seq) > 0)
			l->seq = p->seq;
		l->ssrc = p->ssrc;
		l->has_rtp = true;
	}
}

static void settle(struct latch *l, const struct latch_packet *p, enum media_rank rank)
{
	l->source = *p->from;
	l->rank = rank;
	l->has_rtp = false;
	remember(l, p);
}

static bool silent_for(const struct latch *l, const struct latch_packet *p, uint64_t ms)
{
	return p->now_ns >= l->last_ns + ms * NS_PER_MS;
}

/* Evidence (ii): same host and SSRC, the sequence goes on, the old port has fallen silent. */
static bool rtp_continued(const struct latch *l, const struct latch_packet *p)
{
	uint16_t ahead = (uint16_t)(p->seq - l->seq);
	return p->rtp && l->has_rtp && p->ssrc == l->ssrc && ahead >= 1 && ahead <= LATCH_MAX_SEQ_AHEAD &&
	       addr_equal_host(&l->source, p->from) && silent_for(l, p, LATCH_REBIND_SILENCE_MS);
}

/* Evidence (iii): the carrier itself is inside its media ACL, and the old source has fallen silent. */
static bool moved_in_acl(const struct latch *l, const struct latch_rules *r, const struct latch_packet *p)
{
	return silent_for(l, p, LATCH_ACL_SILENCE_MS) && in_acl(r, p->from);
}

/* RTCP has no sequence numbers: it goes to the host that RTP has proved, at once when it is on another one, else after
 * two intervals without a report. */
static bool rtcp_follows(const struct latch *l, const struct latch_rules *r, const struct latch_packet *p)
{
	return follows(l, r, p) && (!addr_equal_host(&l->source, p->lead) || silent_for(l, p, LATCH_RTCP_SILENCE_MS));
}

static enum latch_verdict first_source(struct latch *l, const struct latch_rules *r, const struct latch_packet *p,
				       enum media_rank rank)
{
	if (rank == MEDIA_RANK_NONE || (rank == MEDIA_RANK_ANY && p->now_ns > l->open_until_ns)) {
		l->refused = *p->from;
		return LATCH_REFUSED;
	}
	settle(l, p, rank);
	l->window_until_ns = p->now_ns + r->window_ns;
	return LATCH_TAKEN;
}

/* Within the window. RANK_ANY is no proof, and has the one that signalling opened alone: the first source's, which may
 * come at its end, is not for strangers. */
static bool may_replace(const struct latch *l, const struct latch_packet *p, enum media_rank rank)
{
	return rank < l->rank || (rank == l->rank && latch_holds(l, &l->left) &&
				  (rank != MEDIA_RANK_ANY || p->now_ns <= l->open_until_ns));
}

static enum latch_verdict other_source(struct latch *l, const struct latch_rules *r, const struct latch_packet *p,
				       enum media_rank rank, enum media_evidence *ret_evidence)
{
	bool contest = rank != MEDIA_RANK_NONE && p->now_ns <= l->window_until_ns;

	if (contest && may_replace(l, p, rank)) {
		l->races++;
		settle(l, p, rank);
		return LATCH_REPLACED;
	}
	if (rank != MEDIA_RANK_NONE && rtcp_follows(l, r, p)) {
		settle(l, p, rank);
		return LATCH_FOLLOWED;
	}
	if (r->policy != MEDIA_LATCH_STRICT) {
		bool continued = rtp_continued(l, p);
		if (continued || moved_in_acl(l, r, p)) {
			*ret_evidence = continued ? MEDIA_EVIDENCE_RTP_CONTINUED : MEDIA_EVIDENCE_ACL_SILENT;
			l->changes++;
			/* latched under wider rules than those of now: its rank then is still what vouches for it */
			settle(l, p, rank == MEDIA_RANK_NONE ? l->rank : rank);
			return LATCH_CHANGED;
		}
	}
	/* one race for each newcomer, not one for each of its packets */
	if (contest && !addr_equal(&l->refused, p->from))
		l->races++;
	l->refused = *p->from;
	return LATCH_REFUSED;
}

enum latch_verdict latch_packet(struct latch *l, const struct latch_rules *r, const struct latch_packet *p,
				enum media_evidence *ret_evidence)
{
	if (latch_holds(l, p->from)) {
		remember(l, p);
		return LATCH_SAME;
	}
	enum media_rank rank = latch_allows(l, r, p);
	if (!addr_is_set(&l->source))
		return first_source(l, r, p, rank);
	return other_source(l, r, p, rank, ret_evidence);
}
