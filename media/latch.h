/* SPDX-License-Identifier: Apache-2.0 */
/* latch: which source a component listens to. Pure: rules, one packet's facts and a time in, a verdict out; no clock,
 * no socket. One latch for RTP and one for RTCP of every fork; the worker that owns the stream owns them.
 *
 *            first allowed source                  better rank, window open
 *   nothing --------------------------> latched --------------------------> latched, REPLACED (a race, counted)
 *           TAKEN; window (re)opened       |
 *                                          |  evidence (ii) or (iii)
 *                                          +----------------------> latched elsewhere, CHANGED
 *
 * The window opens at commit (and again when media may begin to flow, latch_reopen()), and once more at the first
 * source: within it a better rank replaces a worse one. That is safe at any time, since a better rank is a better
 * proof. Whom signalling has moved away from is replaced by an equal one, too: latch_leave(). RANK_ANY, which is no
 * proof at all, is taken only inside a window that signalling opened: a phone that first speaks later than that must
 * come from an address that signalling or the media ACL vouches for. */
#ifndef MEDIA_LATCH_H
#define MEDIA_LATCH_H

#include "base/addr.h"
#include "media/media.h"

#define LATCH_REBIND_SILENCE_MS 200   /* evidence (ii): NAT rebinding */
#define LATCH_ACL_SILENCE_MS    500   /* evidence (iii): a carrier moves its gateway */
#define LATCH_RTCP_SILENCE_MS   10000 /* two intervals of RFC 3550 §6.2 */
#define LATCH_MAX_SEQ_AHEAD     3000  /* "next sequence numbers": RFC 3550 A.1 MAX_DROPOUT */

enum latch_component { LATCH_RTP, LATCH_RTCP };

/* What is known of the far end; shared by both latches of a fork. */
struct latch_rules {
	enum media_latch policy;
	struct addr sdp[2]; /* [latch_component]; unset: not told */
	struct addr signalling;
	const struct cidr *acl;
	size_t n_acl;
	uint64_t window_ns;
};

struct latch {
	/* what each packet needs stands together */
	struct addr source; /* unset: nothing latched */
	uint32_t ssrc;      /* of the last RTP packet from source */
	uint64_t last_ns;   /* last packet from source */
	uint16_t seq;
	bool has_rtp;
	enum media_rank rank;
	enum latch_component component;
	uint32_t races, changes;
	struct addr refused;      /* last one refused */
	struct addr left;         /* who was heard until signalling moved the far end: an equal rank replaces it */
	uint64_t window_until_ns; /* better ranks replace */
	uint64_t open_until_ns;   /* RANK_ANY is taken, with the policy `open` */
};

struct latch_packet {
	const struct addr *from;
	const struct addr *lead; /* RTCP's latch: what the RTP latch holds, or NULL */
	bool rtp;                /* ssrc and seq are valid */
	uint32_t ssrc;
	uint16_t seq;
	uint64_t now_ns;
};

enum latch_verdict {
	LATCH_SAME,     /* from the latched source */
	LATCH_TAKEN,    /* first source */
	LATCH_REPLACED, /* a better rank inside the window */
	LATCH_CHANGED,  /* a later change, on evidence */
	LATCH_FOLLOWED, /* RTCP went where RTP already is */
	LATCH_REFUSED,
};

void latch_init(struct latch *l, enum latch_component c, const struct latch_rules *r, uint64_t now_ns);
/* Media may begin to flow now (answer, resume, selection): while nothing is latched, the window opens anew. */
void latch_reopen(struct latch *l, const struct latch_rules *r, uint64_t now_ns);
/* Signalling has moved the far end, and was heard before: a source that goes on speaking for a while has no claim to
 * stay, and within a window that opens now one that is vouched for as well, or as little, takes its place. With keep it
 * is still the source; else nothing is, as after latch_init(). was: the latch until now; it may be l. */
void latch_leave(struct latch *l, const struct latch_rules *r, const struct latch *was, bool keep, uint64_t now_ns);
/* The ACL has changed, or for RTCP its lead's source: ranks the source anew, and drops one that nothing vouches for any
 * more; that opens no window. lead: as in struct latch_packet. True: dropped. */
bool latch_recheck(struct latch *l, const struct latch_rules *r, const struct addr *lead);
/* What the rules alone say of a source; MEDIA_RANK_NONE when the policy does not allow it. Prefer latch_allows(). */
enum media_rank latch_rank(const struct latch_rules *r, enum latch_component c, const struct addr *from);
/* Rank of a source for this latch at this time, RTCP's following of RTP included: for choosing between forks. */
enum media_rank latch_allows(const struct latch *l, const struct latch_rules *r, const struct latch_packet *p);
/* Takes the packet into account. ret_evidence is written with LATCH_CHANGED only. */
enum latch_verdict latch_packet(struct latch *l, const struct latch_rules *r, const struct latch_packet *p,
				enum media_evidence *ret_evidence);

/* Both must come from the kernel or from addr's constructors; the common IPv4 case without a call. */
static inline bool latch_holds(const struct latch *l, const struct addr *from)
{
	if (l->source.sa.sa_family == AF_INET)
		return from->sa.sa_family == AF_INET && l->source.in4.sin_port == from->in4.sin_port &&
		       l->source.in4.sin_addr.s_addr == from->in4.sin_addr.s_addr;
	return addr_is_set(&l->source) && addr_equal(&l->source, from);
}

#endif
