/* SPDX-License-Identifier: Apache-2.0 */
/* headers_table: what may cross. One table; RFC 5853 §3.1 (topology hiding) and RFC 7092 (B2BUA roles) are its measure:
 * what is about the call or its users crosses, what is about the machines of one side, about one hop or about one
 * dialog does not. */
#include <pthread.h>
#include <stdatomic.h>

#include "sbc/border/internal.h"

#define ALONE HEADER_POLICY_COUNT

static const struct header_rule rules[] = {
	/* name, kind, directions, broken by, source */
	{"Accept", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	/* Not Accept-Encoding: Limen reads SDP and offers to read it only plain. */
	{"Accept-Encoding", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Accept-Language", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	/* Not Priv-Answer-Mode, which asks a phone to open its microphone against its owner's wish. */
	{"Answer-Mode", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 5373"},
	{"Content-Disposition", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	{"Content-Encoding", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	{"Content-Language", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	{"Date", HEADER_TEXT, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	{"Expires", HEADER_TEXT, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	{"Info-Package", HEADER_WORDS, HEADER_REQ, POLICY_WORDS, "RFC 6086"},
	{"MIME-Version", HEADER_TEXT, HEADER_BOTH, POLICY_WORDS, "RFC 3261"},
	{"P-Early-Media", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 5009"},
	{"Priority", HEADER_WORDS, HEADER_REQ, POLICY_WORDS, "RFC 3261"},
	{"Reason", HEADER_REASON, HEADER_BOTH, POLICY_WORDS, "RFC 3326, RFC 6432"},
	{"Recv-Info", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 6086"},
	{"Retry-After", HEADER_SECONDS, HEADER_RSP, POLICY_WORDS, "RFC 3261"},
	/* Made to cross B2BUAs: it names the session, neither side. */
	{"Session-ID", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 7989"},
	{"Subject", HEADER_TEXT, HEADER_REQ, POLICY_WORDS, "RFC 3261"},
	{"User-to-User", HEADER_WORDS, HEADER_BOTH, POLICY_WORDS, "RFC 7433"},

	{"Warning", HEADER_WARNING, HEADER_RSP, POLICY_WARNING_AGENT, "RFC 3261"},

	{"Diversion", HEADER_IDENTITY, HEADER_BOTH, POLICY_IDENTITY, "RFC 5806"},
	{"History-Info", HEADER_IDENTITY, HEADER_BOTH, POLICY_IDENTITY, "RFC 7044"},
	{"P-Asserted-Identity", HEADER_IDENTITY, HEADER_BOTH, POLICY_IDENTITY, "RFC 3325, RFC 5876"},
	{"P-Preferred-Identity", HEADER_IDENTITY, HEADER_BOTH, POLICY_IDENTITY, "RFC 3325"},
	{"Privacy", HEADER_PRIVACY, HEADER_BOTH, POLICY_IDENTITY, "RFC 3323"},
	{"Remote-Party-ID", HEADER_IDENTITY, HEADER_BOTH, POLICY_IDENTITY, "draft-ietf-sip-privacy-04"},

	{"Authentication-Info", HEADER_AUTH, HEADER_RSP, POLICY_AUTH, "RFC 3261, RFC 7615"},
	{"Authorization", HEADER_AUTH, HEADER_REQ, POLICY_AUTH, "RFC 3261, RFC 8760"},
	{"Proxy-Authenticate", HEADER_AUTH, HEADER_RSP, POLICY_AUTH, "RFC 3261, RFC 8760"},
	{"Proxy-Authorization", HEADER_AUTH, HEADER_REQ, POLICY_AUTH, "RFC 3261, RFC 8760"},
	{"WWW-Authenticate", HEADER_AUTH, HEADER_RSP, POLICY_AUTH, "RFC 3261, RFC 8760"},

	{"Alert-Info", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 3261"},
	{"Call-Info", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 3261"},
	{"Content-ID", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 8262"},
	{"Error-Info", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 3261"},
	{"Geolocation", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 6442"},
	{"Identity-Info", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 4474"},
	/* Names who runs the sending side. */
	{"Organization", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 3261"},
	{"P-Associated-URI", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 7315"},
	{"P-Called-Party-ID", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 7315"},
	{"P-Charging-Function-Addresses", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 7315"},
	{"P-Charging-Vector", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 7315"},
	{"P-Visited-Network-ID", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 7315"},
	{"Reply-To", HEADER_URI, 0, POLICY_URI_HEADERS, "RFC 3261"},

	{"Allow", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Allow-Events", HEADER_LEG, 0, ALONE, "RFC 6665"},
	{"CSeq", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Call-ID", HEADER_LEG, 0, POLICY_CALL_ID, "RFC 3261"},
	{"Contact", HEADER_LEG, 0, POLICY_CONTACT, "RFC 3261"},
	{"Content-Length", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Content-Type", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"From", HEADER_LEG, 0, POLICY_TAGS, "RFC 3261"},
	{"In-Reply-To", HEADER_LEG, 0, POLICY_CALL_ID, "RFC 3261"},
	{"Join", HEADER_LEG, 0, POLICY_CALL_ID, "RFC 3911"},
	{"Max-Forwards", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Min-Expires", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Min-SE", HEADER_LEG, 0, ALONE, "RFC 4028"},
	{"Path", HEADER_LEG, 0, POLICY_ROUTE, "RFC 3327"},
	{"Proxy-Require", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"RAck", HEADER_LEG, 0, ALONE, "RFC 3262"},
	{"RSeq", HEADER_LEG, 0, ALONE, "RFC 3262"},
	{"Record-Route", HEADER_LEG, 0, POLICY_ROUTE, "RFC 3261"},
	{"Refer-To", HEADER_LEG, 0, POLICY_URI_HEADERS, "RFC 3515"},
	{"Referred-By", HEADER_LEG, 0, POLICY_URI_HEADERS, "RFC 3892"},
	{"Replaces", HEADER_LEG, 0, POLICY_CALL_ID, "RFC 3891"},
	{"Require", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Route", HEADER_LEG, 0, POLICY_ROUTE, "RFC 3261"},
	{"Server", HEADER_LEG, 0, POLICY_SERVER, "RFC 3261"},
	{"Service-Route", HEADER_LEG, 0, POLICY_ROUTE, "RFC 3608"},
	{"Session-Expires", HEADER_LEG, 0, ALONE, "RFC 4028"},
	{"Supported", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"Target-Dialog", HEADER_LEG, 0, POLICY_CALL_ID, "RFC 4538"},
	/* Measures one hop; whoever answers it answers for himself. */
	{"Timestamp", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"To", HEADER_LEG, 0, POLICY_TAGS, "RFC 3261"},
	{"Unsupported", HEADER_LEG, 0, ALONE, "RFC 3261"},
	{"User-Agent", HEADER_LEG, 0, POLICY_SERVER, "RFC 3261"},
	{"Via", HEADER_LEG, 0, POLICY_VIA, "RFC 3261"},
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))

const struct header_rule *header_rules(size_t *ret_n)
{
	*ret_n = N_RULES;
	return rules;
}

const char *header_kind_text(enum header_kind k)
{
	switch (k) {
	case HEADER_WORDS:
	case HEADER_TEXT:
	case HEADER_SECONDS:
	case HEADER_REASON:
		return "crosses, naming no host";
	case HEADER_WARNING:
		return "agent replaced";
	case HEADER_IDENTITY:
		return "by identity, hosts replaced";
	case HEADER_PRIVACY:
		return "by identity";
	case HEADER_AUTH:
		return "where both ends relay digest";
	case HEADER_URI:
		return "by pass only";
	case HEADER_LEG:
		return "each leg's own";
	}
	return "?";
}

/* ---- finding a name ------------------------------------------------------------------------------------------- */

#define INDEX_SIZE 256
static struct {
	const struct header_rule *rule; /* NULL: free; linear probing */
	size_t n;                       /* length of its name */
} rule_index[INDEX_SIZE];
static pthread_once_t rule_index_once = PTHREAD_ONCE_INIT;
_Static_assert(N_RULES < INDEX_SIZE / 2, "the index is to stay sparse");

/* Length, first and last letters tell nearly all names apart. */
static unsigned name_slot(struct str name)
{
	unsigned h = (unsigned)name.n;
	h = h * 31 + (name.p[0] | 0x20);
	h = h * 31 + (name.p[name.n / 2] | 0x20);
	h = h * 31 + (name.p[name.n - 1] | 0x20);
	return (h ^ h >> 8) % INDEX_SIZE;
}

static void rule_index_build(void)
{
	for (size_t i = 0; i < N_RULES; i++) {
		struct str name = str_z(rules[i].name);
		unsigned s = name_slot(name);
		while (rule_index[s].rule)
			s = (s + 1) % INDEX_SIZE;
		rule_index[s].rule = &rules[i];
		rule_index[s].n = name.n;
	}
}

const struct header_rule *header_rule_of(struct str name)
{
	if (name.n == 0)
		return NULL;
	pthread_once(&rule_index_once, rule_index_build);
	for (unsigned s = name_slot(name); rule_index[s].rule; s = (s + 1) % INDEX_SIZE) {
		const struct header_rule *r = rule_index[s].rule;
		if (str_eq_nocase((struct str){r->name, rule_index[s].n}, name))
			return r;
	}
	return NULL;
}

/* ---- policies ------------------------------------------------------------------------------------------------- */

static _Atomic unsigned broken_policy = HEADER_POLICY_COUNT;

void headers_break_policy(enum header_policy p)
{
	atomic_store_explicit(&broken_policy, p, memory_order_relaxed);
}

bool headers_any_policy_broken(void)
{
	return atomic_load_explicit(&broken_policy, memory_order_relaxed) != HEADER_POLICY_COUNT;
}

bool headers_policy_broken(enum header_policy p)
{
	return p != HEADER_POLICY_COUNT && atomic_load_explicit(&broken_policy, memory_order_relaxed) == p;
}

const char *header_policy_text(enum header_policy p)
{
	static const char *const text[] = {
#define X(name, what) what,
		HEADER_POLICIES(X)
#undef X
	};
	return p < HEADER_POLICY_COUNT ? text[p] : "";
}
