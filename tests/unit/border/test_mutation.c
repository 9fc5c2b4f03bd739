/* SPDX-License-Identifier: Apache-2.0 */
/* Each policy of headers.h in turn is switched off: a message made by the writers is clean while it holds, and the leak
 * checker finds the other side when it does not. A policy that no row breaks fails the test. */
#include "tests/unit/border/border_text.h"

static const char config_text[] =
	"{ \"networks\": {"
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\"] },"
	"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\"] } },"
	" \"peers\": {"
	"  \"carrier\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\"], \"identity\": \"pass\" },"
	"  \"pbx\": { \"network\": \"core\", \"targets\": [\"10.0.0.5\"], \"identity\": \"pass\" } },"
	" \"routes\": [ { \"target\": [\"pbx\", \"carrier\"] } ] }";

static const char invite_text[] =
	"INVITE sip:+4930@10.0.0.2:5060 SIP/2.0\n"
	"Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKinside1\n"
	"Record-Route: <sip:rr.inside.example;lr>\n"
	"Max-Forwards: 70\n"
	"From: \"Alice\" <sip:200@from.inside.example>;tag=tag-of-inside\n"
	"To: <sip:+4930@to.inside.example>\n"
	"Call-ID: call-of-inside\n"
	"CSeq: 1 INVITE\n"
	"Contact: <sip:200@contact.inside.example>\n"
	"User-Agent: PBX (ua.inside.example)\n"
	"P-Asserted-Identity: <sip:200@pai.inside.example>\n"
	"Alert-Info: <http://alert.inside.example/x>\n"
	"X-Own: own.inside.example\n"
	"Authorization: Digest username=\"200\", realm=\"realm.inside.example\", nonce=\"n\", "
	"uri=\"sip:inside.example\", response=\"0123456789abcdef0123456789abcdef\"\n"
	"Priority: priority.inside.example\n"
	"Answer-Mode: answerhost\n"
	"Accept: application/sdp, text/accept.inside.example\n"
	"User-to-User: 00ff;encoding=hex;at=uui.inside.example\n"
	"Reason: SIP;cause=200;text=\"by reason.inside.example\"\n"
	"Date: date.inside.example\n"
	"Subject: a call\n\n";

static const char response_text[] = "SIP/2.0 488 Not Acceptable Here\n"
				    "Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKours\n"
				    "From: <sip:200@10.0.0.2>;tag=our-own-tag\n"
				    "To: <sip:+4930@10.0.0.5>;tag=tag-of-inside\n"
				    "Call-ID: our-own-call\n"
				    "CSeq: 1 INVITE\n"
				    "WWW-Authenticate: Digest realm=\"challenge.inside.example\", nonce=\"n\"\n"
				    "Warning: 304 warning.inside.example \"no codec\"\n\n";

/* One needle a policy, so that none is found by accident of another. */
static const struct {
	enum header_policy policy;
	bool response;
	const char *needle;
} rows[] = {
	{POLICY_VIA, false, "z9hG4bKinside1"},
	{POLICY_ROUTE, false, "rr.inside.example"},
	{POLICY_CONTACT, false, "contact.inside.example"},
	{POLICY_CALL_ID, false, "call-of-inside"},
	{POLICY_TAGS, false, "tag-of-inside"},
	{POLICY_TAGS, true, "tag-of-inside"},
	{POLICY_RURI_HOST, false, "10.0.0.2"},
	{POLICY_FROM_HOST, false, "from.inside.example"},
	{POLICY_TO_HOST, false, "to.inside.example"},
	{POLICY_SERVER, false, "ua.inside.example"},
	{POLICY_WARNING_AGENT, true, "warning.inside.example"},
	{POLICY_IDENTITY, false, "pai.inside.example"},
	{POLICY_URI_HEADERS, false, "alert.inside.example"},
	{POLICY_AUTH, false, "realm.inside.example"},
	{POLICY_AUTH, true, "challenge.inside.example"},
	{POLICY_WORDS, false, "priority.inside.example"},
	{POLICY_WORDS, false, "answerhost"},
	{POLICY_WORDS, false, "accept.inside.example"},
	{POLICY_WORDS, false, "uui.inside.example"},
	{POLICY_WORDS, false, "reason.inside.example"},
	{POLICY_WORDS, false, "date.inside.example"},
	{POLICY_UNLISTED, false, "own.inside.example"},
};

/* What the call room does: its own lines, and the crossing ones. */
static struct str build(const struct message *m, const struct crossing *x, char *buf, size_t cap)
{
	struct writer w = writer_init(buf, cap);
	if (m->request) {
		writer_lit(&w, "INVITE ");
		headers_write_ruri(m, x, STR("+4930"), &w);
		writer_lit(&w, " SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.10;branch=z9hG4bKminted\r\nFrom: ");
		headers_write_from(m, x, STR("200"), &w);
		writer_lit(&w, ";tag=minted-tag\r\nTo: ");
		headers_write_to(m, x, STR("+4930"), &w);
		writer_lit(&w, "\r\nCall-ID: minted-call\r\nContact: <sip:203.0.113.10>\r\nUser-Agent: Limen\r\n");
	} else {
		writer_lit(&w, "SIP/2.0 488 Not Acceptable Here\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtheirs\r\n"
			       "Call-ID: their-call\r\nServer: Limen\r\n");
	}
	headers_cross(m, x, &w);
	writer_lit(&w, "Content-Length: 0\r\n\r\n");
	assert_false(w.overflow);
	return writer_result(&w);
}

struct fixture {
	struct config *c;
	struct leak_table *t;
	struct message *m[2]; /* [response] */
	struct crossing x;
};

static struct fixture fixture_of(void)
{
	struct fixture f = {.c = config_of(config_text)};
	assert_int_equal(leak_table_create(f.c, &f.t), 0);
	f.m[0] = message_of(invite_text);
	f.m[1] = message_of(response_text);
	f.x = (struct crossing){.config = f.c,
				.from_peer = peer_named(f.c, "pbx"),
				.to_peer = peer_named(f.c, "carrier"),
				.to_network = network_named(f.c, "trunk"),
				.local = addr_of("203.0.113.10:5060"),
				.target_host = STR("192.0.2.1")};
	return f;
}

static void fixture_finish(struct fixture *f)
{
	message_free(f->m[0]);
	message_free(f->m[1]);
	leak_table_destroy(f->t);
	config_unref(f->c);
}

static void test_mutation(void **state)
{
	struct fixture f = fixture_of();
	bool broken[HEADER_POLICY_COUNT] = {false};
	char buf[8192];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct leak_set set = {0};
		struct leak_finding found;
		const struct message *m = f.m[rows[i].response];
		leak_set_add(&set, str_z(rows[i].needle));
		headers_break_policy(HEADER_POLICY_COUNT);
		if (leak_check(f.t, f.x.to_network, &set, build(m, &f.x, buf, sizeof(buf)), &found))
			fail_msg("%s: found while it holds: %.*s", header_policy_text(rows[i].policy),
				 STR_FMT(found.line));
		headers_break_policy(rows[i].policy);
		if (!leak_check(f.t, f.x.to_network, &set, build(m, &f.x, buf, sizeof(buf)), &found))
			fail_msg("%s: not found when broken:\n%s", header_policy_text(rows[i].policy), buf);
		broken[rows[i].policy] = true;
	}
	headers_break_policy(HEADER_POLICY_COUNT);
	for (enum header_policy p = 0; p < HEADER_POLICY_COUNT; p++)
		if (!broken[p])
			fail_msg("no row breaks: %s", header_policy_text(p));
	fixture_finish(&f);
}

/* All needles at once, every policy whole: nothing of either message comes through. */
static void test_whole(void **state)
{
	struct fixture f = fixture_of();
	struct leak_set set = {0};
	struct leak_finding found;
	char buf[8192];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(leak_set_add(&set, str_z(rows[i].needle)));
	assert_false(leak_check(f.t, f.x.to_network, &set, build(f.m[0], &f.x, buf, sizeof(buf)), &found));
	assert_non_null(strstr(buf, "Subject: a call"));
	assert_false(leak_check(f.t, f.x.to_network, &set, build(f.m[1], &f.x, buf, sizeof(buf)), &found));
	assert_non_null(strstr(buf, "Warning: 304 203.0.113.10 \"no codec\""));
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutation),
		cmocka_unit_test(test_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
