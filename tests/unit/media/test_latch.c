/* SPDX-License-Identifier: Apache-2.0 */
/* The latch rules as a numbered list: each case is a far end (policy, what its SDP said, where its signalling came
 * from, its media ACL) and packets with the verdict each must get. Time is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/latch.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* what a case does not say is 0 */

#define MS 1000000ull

struct shot {
	uint64_t at_ms;
	const char *from;
	uint32_t ssrc; /* 0: not RTP */
	uint16_t seq;
	enum latch_verdict want;
	int want_rank; /* after it; -1: do not look */
};

struct latch_case {
	const char *title;
	enum media_latch policy;
	const char *sdp, *signalling, *acl; /* NULL: none */
	struct shot shots[6];
	uint32_t want_races, want_changes;
	uint64_t reopen_ms; /* 0: never */
	uint64_t moved_ms;  /* signalling moves the far end: before the first packet behind this time; 0: never */
	const char *left;   /* was heard before the description moved; NULL: what is latched then stays for now */
	bool twice;         /* and it moved again at once */
};

#define STRICT     MEDIA_LATCH_STRICT
#define RESTRICTED MEDIA_LATCH_RESTRICTED
#define OPEN       MEDIA_LATCH_OPEN
#define SAME       LATCH_SAME
#define TAKEN      LATCH_TAKEN
#define REPLACED   LATCH_REPLACED
#define CHANGED    LATCH_CHANGED
#define REFUSED    LATCH_REFUSED
#define SDP        MEDIA_RANK_SDP
#define HOST       MEDIA_RANK_SDP_HOST
#define SIGNALLING MEDIA_RANK_SIGNALLING
#define ACL        MEDIA_RANK_ACL
#define ANY        MEDIA_RANK_ANY
#define NONE       MEDIA_RANK_NONE

#define S  "192.0.2.1:4000"    /* what the SDP says */
#define S2 "192.0.2.1:4002"    /* same host */
#define G  "203.0.113.9"       /* signalling */
#define G1 "203.0.113.9:1111"  /* its host, port 1 */
#define G2 "203.0.113.9:2222"  /* its host, port 2 */
#define A  "198.51.100.0/24"   /* media ACL */
#define A1 "198.51.100.1:1000" /* inside it */
#define A2 "198.51.100.2:2000" /* inside it */
#define X  "100.64.0.66:6666"  /* a stranger */
#define X2 "100.64.0.67:6666"  /* another */
#define P  "10.0.0.5:4000"     /* a private address in an SDP */
#define R  7                   /* an SSRC */

/* clang-format off */
static const struct latch_case cases[] = {
	/* what may be first, by policy */
	{"1 strict takes the SDP's address and port", STRICT, S, G, A, {{10, S, R, 1, TAKEN, SDP}}},
	{"2 strict refuses another port", STRICT, S, G, A, {{10, S2, R, 1, REFUSED, NONE}}},
	{"3 strict refuses the signalling host", STRICT, S, G, A, {{10, G1, R, 1, REFUSED, NONE}}},
	{"4 strict refuses the ACL", STRICT, S, G, A, {{10, A1, R, 1, REFUSED, NONE}}},
	{"5 strict takes it late, too", STRICT, S, G, A, {{60000, S, R, 1, TAKEN, SDP}}},
	{"6 restricted takes the SDP's host", RESTRICTED, S, G, A, {{10, S2, R, 1, TAKEN, HOST}}},
	{"7 restricted takes the signalling host", RESTRICTED, S, G, A, {{10, G1, R, 1, TAKEN, SIGNALLING}}},
	{"8 restricted takes the ACL", RESTRICTED, S, G, A, {{10, A1, R, 1, TAKEN, ACL}}},
	{"9 restricted refuses a stranger", RESTRICTED, S, G, A, {{10, X, R, 1, REFUSED, NONE}}},
	{"10 restricted without SDP address and ACL", RESTRICTED, NULL, G, NULL, {{10, G1, R, 1, TAKEN, SIGNALLING}}},
	{"11 restricted with nothing known refuses all", RESTRICTED, NULL, NULL, NULL, {{10, S, R, 1, REFUSED, NONE}}},
	{"12 open takes a stranger inside the window", OPEN, S, G, A, {{1999, X, R, 1, TAKEN, ANY}}},
	{"13 open still names the better rank", OPEN, S, G, A, {{10, S, R, 1, TAKEN, SDP}}},
	{"14 open refuses a stranger after the window", OPEN, S, G, A, {{2001, X, R, 1, REFUSED, NONE}}},
	{"15 open takes a vouched source after it", OPEN, S, G, A, {{2001, X, R, 1, REFUSED, NONE}, {2002, G1, R, 1, TAKEN, SIGNALLING}}},
	{"16 open, window opened again by signalling", OPEN, S, G, A, {{31000, X, R, 1, TAKEN, ANY}}, .reopen_ms = 30000},
	{"17 open, opened again, too late for it", OPEN, S, G, A, {{32001, X, R, 1, REFUSED, NONE}}, .reopen_ms = 30000},
	{"18 restricted, first packet of an allowed rank late", RESTRICTED, S, G, A, {{60000, A1, R, 1, TAKEN, ACL}}},
	{"19 a private SDP address behind NAT", RESTRICTED, P, G, NULL, {{10, G1, R, 1, TAKEN, SIGNALLING}, {30, G1, R, 2, SAME, SIGNALLING}}},
	{"20 IPv6 strangers are strangers", RESTRICTED, S, G, A, {{10, "[2001:db8::1]:4000", R, 1, REFUSED, NONE}}},

	/* races inside the window */
	{"21 better replaces worse", RESTRICTED, S, G, A, {{10, A1, R, 1, TAKEN, ACL}, {20, S, 8, 1, REPLACED, SDP}}, 1},
	{"22 step by step", OPEN, S, G, A, {{10, X, R, 1, TAKEN, ANY}, {20, A1, R, 1, REPLACED, ACL}, {30, G1, R, 1, REPLACED, SIGNALLING}, {40, S2, R, 1, REPLACED, HOST}, {50, S, R, 1, REPLACED, SDP}}, 4},
	{"23 worse does not replace better", OPEN, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {20, X, 8, 1, REFUSED, SDP}}, 1},
	{"24 a flood of one newcomer is one race", OPEN, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {20, X, 8, 1, REFUSED, SDP}, {21, X, 8, 2, REFUSED, SDP}, {22, X, 8, 3, REFUSED, SDP}}, 1},
	{"25 equal does not replace", OPEN, S, NULL, NULL, {{10, X, R, 1, TAKEN, ANY}, {20, X2, 8, 1, REFUSED, ANY}}, 1},
	{"26 a source that is not allowed is no race", RESTRICTED, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {20, X, 8, 1, REFUSED, SDP}}, 0},
	{"27 after the window a better rank is too late", RESTRICTED, S, G, A, {{10, A1, R, 1, TAKEN, ACL}, {2011, A1, R, 100, SAME, ACL}, {2012, S, 8, 1, REFUSED, ACL}}, 0},
	{"28 the first source opens the window for better ones", RESTRICTED, S, G, A, {{60000, A1, R, 1, TAKEN, ACL}, {61000, S, 8, 1, REPLACED, SDP}}, 1},
	{"29 but not for a stranger", OPEN, S, G, A, {{60000, A1, R, 1, TAKEN, ACL}, {60010, X, 8, 1, REFUSED, ACL}}, 1},

	/* evidence (ii): the same stream from another port */
	{"30 NAT rebinding is followed", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {5000, G1, R, 350, SAME, SIGNALLING}, {5200, G2, R, 360, CHANGED, SIGNALLING}, {5220, G2, R, 361, SAME, SIGNALLING}}, 0, 1},
	{"31 not while the old port speaks (199 ms)", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {5000, G1, R, 350, SAME, SIGNALLING}, {5199, G2, R, 360, REFUSED, SIGNALLING}}},
	{"32 not with another SSRC", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {5000, G1, R, 350, SAME, SIGNALLING}, {9000, G2, 8, 360, REFUSED, SIGNALLING}}},
	{"33 not with an old sequence number", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {5000, G1, R, 350, SAME, SIGNALLING}, {9000, G2, R, 350, REFUSED, SIGNALLING}, {9001, G2, R, 349, REFUSED, SIGNALLING}}},
	{"34 not with one far ahead", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {5000, G1, R, 350, SAME, SIGNALLING}, {9000, G2, R, 3351, REFUSED, SIGNALLING}, {9001, G2, R, 3350, CHANGED, SIGNALLING}}, 0, 1},
	{"35 across the wrap of the sequence", OPEN, P, G, NULL, {{10, G1, R, 65534, TAKEN, SIGNALLING}, {5000, G2, R, 3, CHANGED, SIGNALLING}}, 0, 1},
	{"36 not from another host", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {9000, X, R, 101, REFUSED, SIGNALLING}}},
	{"37 not with what is not RTP", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {9000, G2, 0, 0, REFUSED, SIGNALLING}}},
	{"38 also inside the window", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {300, G2, R, 101, CHANGED, SIGNALLING}}, 0, 1},
	{"39 strict follows nothing", STRICT, S, G, A, {{10, S, R, 100, TAKEN, SDP}, {9000, S2, R, 101, REFUSED, SDP}, {9001, A1, R, 102, REFUSED, SDP}}},
	{"40 a stranger latched by open may rebind", OPEN, S, NULL, NULL, {{10, X, R, 100, TAKEN, ANY}, {5000, "100.64.0.66:7", R, 101, CHANGED, ANY}}, 0, 1},
	{"41 a late packet does not turn the count back", OPEN, P, G, NULL, {{10, G1, R, 100, TAKEN, SIGNALLING}, {20, G1, R, 99, SAME, SIGNALLING}, {5000, G2, R, 100, REFUSED, SIGNALLING}}, 0},

	/* evidence (iii): the carrier moves its gateway */
	{"42 inside the ACL, old source silent for 500 ms", RESTRICTED, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {5000, S, R, 2, SAME, SDP}, {5500, A2, 9, 7, CHANGED, ACL}}, 0, 1},
	{"43 not after 499 ms", RESTRICTED, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {5000, S, R, 2, SAME, SDP}, {5499, A2, 9, 7, REFUSED, SDP}}},
	{"44 from one ACL address to another", RESTRICTED, S, G, A, {{10, A1, R, 1, TAKEN, ACL}, {3000, A2, 9, 7, CHANGED, ACL}, {3100, A1, R, 8, REFUSED, ACL}}, 0, 1},
	{"45 an outsider never, however silent", RESTRICTED, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {900000, X, R, 2, REFUSED, SDP}}},
	{"46 an outsider never with open either", OPEN, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {900000, X, R, 2, REFUSED, SDP}}},
	{"47 the signalling host is not the ACL", RESTRICTED, S, G, A, {{10, S, R, 1, TAKEN, SDP}, {900000, G1, 8, 2, REFUSED, SDP}}},
	{"48 plain datagrams move by ACL, too", RESTRICTED, S, G, A, {{10, S, 0, 0, TAKEN, SDP}, {5000, A1, 0, 0, CHANGED, ACL}}, 0, 1},

	/* signalling moves the far end */
	{"49 an equal rank replaces who was left", OPEN, P, G, NULL, {{10, X, R, 1, TAKEN, ANY}, {20, X2, 8, 1, REPLACED, ANY}, {30, X, R, 2, REFUSED, ANY}}, 2, .left = X},
	{"50 and nobody else", OPEN, P, G, NULL, {{10, X2, R, 1, TAKEN, ANY}, {20, X, 8, 1, REFUSED, ANY}}, 1, .left = X},
	{"51 a worse one does not", RESTRICTED, P, G, A, {{10, G1, R, 1, TAKEN, SIGNALLING}, {20, A1, 8, 1, REFUSED, SIGNALLING}}, 1, .left = G1},
	{"52 not after the window", OPEN, P, G, NULL, {{10, X, R, 1, TAKEN, ANY}, {2011, X2, 8, 1, REFUSED, ANY}}, 0, .left = X},
	{"53 nor a stranger by restricted", RESTRICTED, P, G, NULL, {{10, G1, R, 1, TAKEN, SIGNALLING}, {20, X, 8, 1, REFUSED, SIGNALLING}}, 0, .left = G1},
	{"54 from elsewhere with the same description", OPEN, P, G, NULL, {{10, X, R, 1, TAKEN, ANY}, {9000, X2, 8, 1, REPLACED, ANY}, {9010, X, R, 9, REFUSED, ANY}}, 2, .moved_ms = 8000},
	{"55 the source that did not move is heard on", OPEN, P, G, NULL, {{10, X, R, 1, TAKEN, ANY}, {9000, X, R, 9, SAME, ANY}, {10001, X2, 8, 1, REFUSED, ANY}}, 0, .moved_ms = 8000},
	{"56 no stranger behind the window that signalling opened", OPEN, P, G, NULL, {{1990, X, R, 1, TAKEN, ANY}, {2001, X2, 8, 1, REFUSED, ANY}, {2002, G1, 9, 1, REPLACED, SIGNALLING}}, 2, .left = X},
	{"57 an equal rank with a proof then, too", RESTRICTED, P, G, A, {{60000, A1, R, 1, TAKEN, ACL}, {60010, A2, 8, 1, REPLACED, ACL}}, 1, .left = A1},
	{"58 it moves twice before anybody is heard", OPEN, P, G, NULL, {{10, X, R, 1, TAKEN, ANY}, {20, X2, 8, 1, REPLACED, ANY}}, 1, .left = X, .twice = true},
};
/* clang-format on */

static struct addr at(const char *text)
{
	struct addr a = {0};
	if (text)
		assert_true(addr_parse_hostport(str_z(text), &a));
	return a;
}

static struct addr host(const char *text)
{
	struct addr a = {0};
	if (text)
		assert_true(addr_parse(str_z(text), 0, &a));
	return a;
}

static void run_case(const struct latch_case *c)
{
	struct cidr acl;
	struct latch_rules r = {
		.policy = c->policy, .sdp = {at(c->sdp)}, .signalling = host(c->signalling), .window_ns = 2000 * MS};
	struct latch l, left = {.source = at(c->left)};
	bool moved = false;

	if (c->acl) {
		assert_true(cidr_parse(str_z(c->acl), &acl));
		r.acl = &acl;
		r.n_acl = 1;
	}
	latch_init(&l, LATCH_RTP, &r, 0);
	if (c->reopen_ms)
		latch_reopen(&l, &r, c->reopen_ms * MS);
	if (c->left)
		latch_leave(&l, &r, &left, false, 0);
	if (c->twice) {
		left = l;
		latch_init(&l, LATCH_RTP, &r, 0);
		latch_leave(&l, &r, &left, false, 0);
	}
	for (size_t i = 0; i < 6 && c->shots[i].from; i++) {
		const struct shot *s = &c->shots[i];
		struct addr from = at(s->from);
		enum media_evidence evidence = MEDIA_EVIDENCE_SRTP;
		if (c->moved_ms && s->at_ms > c->moved_ms && !moved) {
			latch_leave(&l, &r, &l, true, c->moved_ms * MS);
			moved = true;
		}
		const struct latch_packet p = {
			.from = &from, .rtp = s->ssrc != 0, .ssrc = s->ssrc, .seq = s->seq, .now_ns = s->at_ms * MS};
		enum latch_verdict got = latch_packet(&l, &r, &p, &evidence);
		if (got != s->want || l.rank != (enum media_rank)s->want_rank)
			fail_msg("%s: packet %zu: verdict %d, want %d; rank %d, want %d", c->title, i + 1, got, s->want,
				 l.rank, s->want_rank);
		if (got == LATCH_REFUSED && !addr_equal(&l.refused, &from))
			fail_msg("%s: refused source not kept", c->title);
		if (got != LATCH_REFUSED && !addr_equal(&l.source, &from))
			fail_msg("%s: accepted but not latched", c->title);
		if (got == LATCH_CHANGED && evidence == MEDIA_EVIDENCE_SRTP)
			fail_msg("%s: change without evidence", c->title);
	}
	if (l.races != c->want_races || l.changes != c->want_changes)
		fail_msg("%s: %u races, %u changes", c->title, l.races, l.changes);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run_case(&cases[i]);
}

/* ---- RTCP follows RTP's host ---------------------------------------------------------------------------------- */

struct rtcp_shot {
	uint64_t at_ms;
	const char *from, *lead;
	enum latch_verdict want;
};

static void run_rtcp(enum media_latch policy, const char *sdp, const char *rtcp_sdp, const struct rtcp_shot *shots,
		     size_t n)
{
	struct latch_rules r = {.policy = policy, .sdp = {at(sdp), at(rtcp_sdp)}, .window_ns = 2000 * MS};
	struct latch l;
	latch_init(&l, LATCH_RTCP, &r, 0);
	for (size_t i = 0; i < n; i++) {
		struct addr from = at(shots[i].from), lead = at(shots[i].lead);
		enum media_evidence evidence;
		const struct latch_packet p = {.from = &from, .lead = &lead, .now_ns = shots[i].at_ms * MS};
		enum latch_verdict got = latch_packet(&l, &r, &p, &evidence);
		if (got != shots[i].want)
			fail_msg("policy %d packet %zu: verdict %d, want %d", policy, i + 1, got, shots[i].want);
	}
}

#define RTCP(policy, sdp, rtcp_sdp, ...)                                                                               \
	do {                                                                                                           \
		const struct rtcp_shot shots[] = {__VA_ARGS__};                                                        \
		run_rtcp(policy, sdp, rtcp_sdp, shots, sizeof(shots) / sizeof(*shots));                                \
	} while (0)

static void test_rtcp(void **state)
{
	/* the address that SDP names, and the RTP host when it names none */
	RTCP(STRICT, S, "192.0.2.1:4001", {10, "192.0.2.1:4001", NULL, LATCH_TAKEN});
	RTCP(STRICT, S, "192.0.2.1:4001", {10, "192.0.2.1:4003", S, LATCH_REFUSED});
	RTCP(RESTRICTED, S, NULL, {10, "192.0.2.1:4001", NULL, LATCH_TAKEN});
	/* behind NAT: only what RTP has shown */
	RTCP(RESTRICTED, P, NULL, {10, G1, NULL, LATCH_REFUSED}, {20, G2, G1, LATCH_TAKEN}, {
		30, X
		, G1, LATCH_REFUSED
	});
	/* RTP went elsewhere: RTCP goes there at once, and does not come back */
	RTCP(RESTRICTED, S, NULL, {10, "192.0.2.1:4001", S, LATCH_TAKEN},
	     {5000, "198.51.100.1:1001", A1, LATCH_FOLLOWED}, {5010, "192.0.2.1:4001", A1, LATCH_REFUSED});
	/* another port of the same host: after two intervals without a report */
	RTCP(OPEN, P, NULL, {10, G1, G1, LATCH_TAKEN}, {9000, G2, G1, LATCH_REFUSED}, {10010, G2, G1, LATCH_FOLLOWED});
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_rtcp)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
