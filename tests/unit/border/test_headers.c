/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/message_lines.h"
#include "tests/unit/border/border_text.h"

static const char config_text[] =
	"{ \"networks\": {"
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\", \"udp:[2001:db8::10]:5060\"] },"
	"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\"] } },"
	" \"peers\": {"
	"  \"carrier\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\", \"[2001:db8:c::1]\", \"192.0.2.1:5080\", \"sip.carrier.example\", \"sip.carrier.example:5090\"],"
	"               \"identity\": \"drop\", \"drop\": [\"Subject\", \"reason\"], \"pass\": [\"X-Account\", \"Alert-Info\", \"Via\"] },"
	"  \"pbx\": { \"network\": \"core\", \"targets\": [\"10.0.0.5\"], \"identity\": \"pass\", \"domain\": \"pbx.example\" },"
	"  \"gate\": { \"network\": \"core\", \"targets\": [\"10.0.0.6\"], \"identity\": \"pass\" },"
	"  \"mixed\": { \"network\": \"core\", \"targets\": [\"10.0.0.7\"], \"identity\": \"drop\", \"pass\": [\"Diversion\", \"Privacy\", \"Subject\"] } },"
	" \"routes\": [ { \"target\": [\"pbx\", \"carrier\", \"gate\", \"mixed\"] } ] }";

static struct crossing crossing_of(const struct config *c, const char *from, const char *to)
{
	struct crossing x = {.config = c,
			     .from_peer = from ? peer_named(c, from) : BORDER_NO_PEER,
			     .to_peer = to ? peer_named(c, to) : BORDER_NO_PEER,
			     .local = addr_of("10.0.0.2:5060"),
			     .target_host = STR("10.0.0.5:5070")};
	if (to)
		x.to_network = c->peers[x.to_peer].network;
	return x;
}

/* ---- the table ------------------------------------------------------------------------------------------------ */

static void test_table(void **state)
{
	static char buf[16384];
	struct writer w = writer_init(buf, sizeof(buf));
	size_t n;
	const struct header_rule *r = header_rules(&n);
	for (size_t i = 0; i < n; i++) {
		char both[96];
		snprintf(both, sizeof(both), "%s%s", header_kind_text(r[i].kind),
			 r[i].directions == HEADER_REQ   ? ", requests"
			 : r[i].directions == HEADER_RSP ? ", responses"
							 : "");
		writer_fmt(&w, "%-30s %-32s %s\n", r[i].name, both, r[i].source);
		assert_ptr_equal(header_rule_of(str_z(r[i].name)), &r[i]);
	}
	assert_golden("headers.txt", writer_result(&w));
	assert_ptr_equal(header_rule_of(STR("sUBJECT")), header_rule_of(STR("Subject")));
	assert_null(header_rule_of(STR("Subjects")));
	assert_null(header_rule_of(STR("X")));
	assert_null(header_rule_of(STR_NONE));
	/* headers_cross() passes these over without a look at the table */
#define X(id, name) assert_int_equal(header_rule_of(STR(name))->kind, HEADER_LEG);
	HEADERS_READ(X)
#undef X
}

/* ---- crossing ------------------------------------------------------------------------------------------------- */

#define REQ "INVITE sip:1@h SIP/2.0\n"
#define RSP "SIP/2.0 488 No\n"
#define BASE                                                                                                           \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\nFrom: <sip:1@h>;tag=1\nTo: <sip:2@h>;tag=2\nCall-ID: 1\n"         \
	"CSeq: 1 INVITE\nMax-Forwards: 70\n"

static const struct {
	const char *start, *lines, *from, *to, *out;
} crossings[] = {
	{REQ, "", "carrier", "pbx", ""},
	{REQ, "Subject: hi there\nX-Own: 1\nOrganization: Inside Ltd\n", "carrier", "pbx", "Subject: hi there\n"},
	{REQ, "s: hi\n", "carrier", "pbx", "Subject: hi\n"}, /* compact form */
	{RSP, "Subject: hi\n", "carrier", "pbx", ""},
	{REQ, "Retry-After: 5\n", "carrier", "pbx", ""},
	{RSP, "Retry-After: 5 (at pbx.example);duration=3\n", "carrier", "pbx", "Retry-After: 5\n"},
	{RSP, "Retry-After: (at pbx.example)\n", "carrier", "pbx", ""},
	{RSP, "Retry-After: 5 (busy);duration=3\n", "carrier", "pbx", "Retry-After: 5 (busy);duration=3\n"},
	{REQ,
	 "Date: Sat, 21 Nov 2026 08:00:00 GMT\nReason: Q.850;cause=16;text=\"bye\"\nUser-to-User: 00ff;encoding=hex\n",
	 "carrier", "pbx",
	 "Date: Sat, 21 Nov 2026 08:00:00 GMT\nReason: Q.850;cause=16;text=\"bye\"\nUser-to-User: 00ff;encoding=hex\n"},
	{REQ,
	 "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000\nP-Early-Media: supported\nAnswer-Mode: Manual\nPriv-Answer-Mode: Auto\n",
	 "carrier", "pbx",
	 "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000\nP-Early-Media: supported\nAnswer-Mode: Manual\n"},
	{REQ, "Allow: INVITE\nSupported: 100rel\nRequire: x\nProxy-Require: y\nSession-Expires: 90\nMin-SE: 90\n",
	 "carrier", "pbx", ""},
	{REQ,
	 "Contact: <sip:1@192.0.2.1>\nRecord-Route: <sip:192.0.2.9;lr>\nRoute: <sip:203.0.113.10;lr>\nUser-Agent: A/1\nServer: B\n",
	 "carrier", "pbx", ""},
	{REQ,
	 "Call-Info: <http://192.0.2.1/a.png>\nAlert-Info: <http://192.0.2.1/r.wav>\nReply-To: <sip:1@192.0.2.1>\n",
	 "carrier", "pbx", ""},
	{REQ, "Accept: application/sdp\nAccept-Encoding: gzip\nAccept-Language: de\n", "carrier", "pbx",
	 "Accept: application/sdp\nAccept-Language: de\n"},
	{REQ, "Content-Disposition: session\nContent-Language: de\nMIME-Version: 1.0\nContent-Length: 0\n", "carrier",
	 "pbx", "Content-Disposition: session\nContent-Language: de\nMIME-Version: 1.0\n"},
	{REQ, "Authorization: Digest username=\"a\"\nProxy-Authorization: Digest username=\"a\"\n", "carrier", "pbx",
	 ""},
	/* a peer's own lists; what belongs to a leg obeys neither */
	{REQ,
	 "Subject: hi\nReason: SIP;cause=200\nX-Account: 7\nx-other: 8\nPriority: urgent\nAlert-Info: <urn:alert:x>\n",
	 "pbx", "carrier", "X-Account: 7\nPriority: urgent\nAlert-Info: <urn:alert:x>\n"},
	{RSP, "Subject: hi\n", "pbx", "mixed", "Subject: hi\n"}, /* named by pass: in responses, too */
	/* words, each by its header's: others name who knows what */
	{REQ,
	 "Priority: Non-Urgent\nPriority: pbx7\nAnswer-Mode: Auto;require\nAnswer-Mode: gate\nP-Early-Media: sendrecv, gated, mgw1\n",
	 "carrier", "pbx", "Priority: Non-Urgent\nAnswer-Mode: Auto;require\nP-Early-Media: sendrecv, gated\n"},
	{REQ,
	 "Accept: application/sdp;level=1;q=0.5, text/gw.inside.example, application/vnd.3gpp.ussd+xml ; q=1;x=y, */*\n",
	 "carrier", "pbx", "Accept: application/sdp;level=1;q=0.5, application/vnd.3gpp.ussd+xml;q=1, */*\n"},
	{REQ, "Accept:\nRecv-Info:\n", "carrier", "pbx", "Accept: \nRecv-Info: \n"},
	{REQ, "Recv-Info: g.3gpp.mcptt-info, dtmf, host.inside.example, g.3gpp.a@b\nInfo-Package: foo.inside.example\n",
	 "carrier", "pbx", "Recv-Info: g.3gpp.mcptt-info, dtmf\n"},
	{REQ, "Accept-Language: da, en-gb;q=0.8, www.inside.example, x;q=a.b\nContent-Language: a.b\n", "carrier",
	 "pbx", "Accept-Language: da, en-gb;q=0.8, x\n"},
	{REQ,
	 "Content-Disposition: session;handling=optional;filename=a.b\nContent-Encoding: gzip, inside\nMIME-Version: 1.0.0.1\n",
	 "carrier", "pbx", "Content-Disposition: session;handling=optional\nContent-Encoding: gzip\n"},
	{REQ, "Expires: 180\nDate: Sat, 1 Nov 2026 08:00:00 GMT\nSubject: by pbx.inside.example\n", "carrier", "pbx",
	 "Expires: 180\nDate: Sat, 1 Nov 2026 08:00:00 GMT\n"},
	{REQ, "Expires: pbx\nDate: Sat, 1 Nov 2026 08:00 pbx.inside\nSubject: 10:30, no. 5\nSubject: 2.5\n", "carrier",
	 "pbx", "Subject: 2.5\n"},
	{REQ,
	 "User-to-User: 56a390f3d2b7310023a2;purpose=isdn-uui;content=isdn-uui;encoding=hex;by=me, \"a.b\"\nUser-to-User: \"two words\"\n",
	 "carrier", "pbx",
	 "User-to-User: 56a390f3d2b7310023a2;purpose=isdn-uui;content=isdn-uui;encoding=hex\nUser-to-User: \"two words\"\n"},
	{REQ, "Session-ID: ab30317f1a784dc48ff824d0d3715d8;remote=1\nSession-ID: pbx.inside.example\n", "carrier",
	 "pbx", ""},
	{RSP, "Subject: at 10:30 on pbx.inside.example\n", "pbx", "mixed", "Subject: at 10:30 on pbx.inside.example\n"},
	/* reasons: what would name a machine of the other side is taken out, the rest stays */
	{REQ, "Reason: SIP ;cause=600;text=\"Busy Everywhere\", Q.850;cause=16;location=LN\n", "carrier", "pbx",
	 "Reason: SIP;cause=600;text=\"Busy Everywhere\", Q.850;cause=16;location=LN\n"},
	{REQ, "Reason: Q.850;cause=16;text=\"hung up on desk7.inside.example\"\n", "carrier", "pbx",
	 "Reason: Q.850;cause=16\n"},
	{REQ, "Reason: SIP;text=\"by 10.1.1.1:5060, q\";cause=200;x=[::1];y=a@b;z=2001:db8::1;v=\"::1\"\n", "carrier",
	 "pbx", "Reason: SIP;cause=200\n"},
	{REQ, "Reason: gw.inside.example;cause=1\nReason: \nReason: ;cause=1\n", "carrier", "pbx", ""},
	{RSP, "Reason: Q.850;cause=21;text=\"No. Not now: later.\"\n", "carrier", "pbx",
	 "Reason: Q.850;cause=21;text=\"No. Not now: later.\"\n"},
	/* warnings */
	{RSP, "Warning: 399 gw3.inside.example \"from gw3.inside.example\"\n", "carrier", "pbx",
	 "Warning: 399 10.0.0.2 \"\"\n"},
	{RSP, "Warning: 307 isi.edu \"Session parameter 'foo' not understood\", 301 10.1.1.1:5060 \"Incompatible\"\n",
	 "carrier", "pbx",
	 "Warning: 307 10.0.0.2 \"Session parameter 'foo' not understood\", 301 10.0.0.2 \"Incompatible\"\n"},
	{RSP, "Warning: x y z\nWarning: 30 a \"b\"\nWarning: 399 a b\nWarning: 399\nWarning: 399 a \"b\n", "carrier",
	 "pbx", ""},
	{REQ, "Warning: 399 a \"b\"\n", "carrier", "pbx", ""},
	/* identities */
	{REQ,
	 "P-Asserted-Identity: \"A, B\" <sip:+491@192.0.2.1:5062;user=phone;transport=tcp>, <tel:+491;phone-context=x.example>\n",
	 "carrier", "pbx", "P-Asserted-Identity: \"A, B\" <sip:+491@pbx.example;user=phone>, <tel:+491>\n"},
	{REQ, "P-Asserted-Identity: <sip:+491@192.0.2.1>\n", "carrier", "gate",
	 "P-Asserted-Identity: <sip:+491@10.0.0.2>\n"},
	{REQ, "P-Asserted-Identity: <sip:+491@192.0.2.1>\nPrivacy: id\n", "pbx", "carrier", ""},
	{REQ, "P-Asserted-Identity: <sip:+491@192.0.2.1>\nPrivacy: id\n", NULL, "pbx",
	 "Privacy: id\n"}, /* a stranger's word */
	{REQ, "P-Preferred-Identity: <sips:bob:secret@h;x=y?Subject=z>\n", "carrier", "pbx",
	 "P-Preferred-Identity: <sip:bob@pbx.example>\n"},
	{REQ, "P-Asserted-Identity: sip:+491@192.0.2.1\n", "carrier", "pbx",
	 "P-Asserted-Identity: <sip:+491@pbx.example>\n"},
	{REQ, "P-Asserted-Identity: <tel:7042;phone-context=+4930>\n", "carrier", "pbx",
	 "P-Asserted-Identity: <tel:7042;phone-context=+4930>\n"},
	{REQ, "P-Asserted-Identity: <sip:192.0.2.1>, <mailto:a@b>, junk, <sip:+492@h>\n", "carrier", "pbx",
	 "P-Asserted-Identity: <sip:+492@pbx.example>\n"},
	{REQ, "P-Asserted-Identity: <sip:192.0.2.1>\n", "carrier", "pbx", ""},
	{REQ, "P-Asserted-Identity: \"Anonymous\" <sip:anonymous@anonymous.invalid>\n", "carrier", "pbx",
	 "P-Asserted-Identity: \"Anonymous\" <sip:anonymous@anonymous.invalid>\n"},
	{REQ,
	 "Remote-Party-ID: \"A\" <sip:1@192.0.2.1>;party=calling;id-type=user;privacy=full;screen=yes;host=192.0.2.1\n",
	 "carrier", "pbx",
	 "Remote-Party-ID: \"A\" <sip:1@pbx.example>;party=calling;id-type=user;privacy=full;screen=yes\n"},
	{REQ, "Diversion: <sip:1@192.0.2.1>;reason=\"user;busy\";counter=2;x=192.0.2.1\n", "carrier", "pbx",
	 "Diversion: <sip:1@pbx.example>;reason=\"user;busy\";counter=2\n"},
	{REQ, "Diversion: <sip:1@192.0.2.1>;reason=no-answer\nPrivacy: none\nHistory-Info: <sip:1@h>;index=1\n",
	 "carrier", "mixed", "Diversion: <sip:1@10.0.0.2>;reason=no-answer\nPrivacy: none\n"},
	{REQ, "History-Info: <sip:1@h?Reason=SIP%3Btext%3Dgw3.inside.example>;index=1\n", "carrier", "pbx",
	 "History-Info: <sip:1@pbx.example>;index=1\n"},
	{REQ, "History-Info: <sip:1@h?Reason=SIP%3Btext%3D%22%5B2001%3Adb8%3A%3A1%5D%22&Privacy=id%40gw3>;index=1\n",
	 "carrier", "pbx", "History-Info: <sip:1@pbx.example>;index=1\n"},
	{REQ, "Subject: ask caf\xc3\xa9.example\nReason: Q.850;cause=16;text=\"gw3\\.inside\\.example\"\n", "carrier",
	 "pbx", "Reason: Q.850;cause=16\n"},
	{REQ,
	 "History-Info: <sip:1@192.0.2.1?Reason=SIP%3Bcause%3D302&X=192.0.2.1&Privacy=history>;index=1, <sip:2@192.0.2.1>;index=1.1;rc=1;foo=bar\n",
	 "carrier", "pbx",
	 "History-Info: <sip:1@pbx.example?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1, <sip:2@pbx.example>;index=1.1;rc=1\n"},
};

static struct str lf(char *buf, size_t n)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (buf[i] != '\r')
			buf[k++] = buf[i];
	return (struct str){buf, k};
}

static void test_crossing(void **state)
{
	struct config *c = config_of(config_text);
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(crossings) / sizeof(crossings[0]); i++) {
		char text[4096], out[4096];
		snprintf(text, sizeof(text), "%s%s%s\n", crossings[i].start, BASE, crossings[i].lines);
		struct message *m = message_of(text);
		struct crossing x = crossing_of(c, crossings[i].from, crossings[i].to);
		struct writer w = writer_init(out, sizeof(out));
		headers_cross(m, &x, &w);
		struct str got = lf(out, w.n);
		if (!str_eq(got, str_z(crossings[i].out))) {
			print_error("row %zu\n%s-- gave\n%.*s-- not\n%s\n", i, crossings[i].lines, STR_FMT(got),
				    crossings[i].out);
			wrong++;
		}
		message_free(m);
	}
	assert_int_equal(wrong, 0);
	config_unref(c);
}

/* ---- From, To, Request-URI ------------------------------------------------------------------------------------ */

static const struct {
	const char *value, *user, *from, *to, *ruri;
} parties[] = {
	{"<sip:1@192.0.2.9>", "1", "<sip:1@10.0.0.2>", "<sip:1@10.0.0.5:5070>", "sip:1@10.0.0.5:5070"},
	{"\"Al \\\"x\\\" B\" <sip:1@h:5099;user=phone;transport=tcp;lr;maddr=10.1.1.1;cause=302;gr=x>", "2",
	 "\"Al \\\"x\\\" B\" <sip:2@10.0.0.2;user=phone;cause=302>",
	 "\"Al \\\"x\\\" B\" <sip:2@10.0.0.5:5070;user=phone;cause=302>", "sip:2@10.0.0.5:5070;user=phone;cause=302"},
	{"Alice Smith <sip:1@h>", "1", "Alice Smith <sip:1@10.0.0.2>", "Alice Smith <sip:1@10.0.0.5:5070>",
	 "sip:1@10.0.0.5:5070"},
	{"<sip:alice:secret@h>", "alice", "<sip:alice@10.0.0.2>", "<sip:alice@10.0.0.5:5070>",
	 "sip:alice@10.0.0.5:5070"},
	{"<sips:1@h>", "1", "<sip:1@10.0.0.2>", "<sip:1@10.0.0.5:5070>", "sip:1@10.0.0.5:5070"},
	{"<tel:+49-30-1;phone-context=h.example;isub=12>", "+49301", "<sip:+49301@10.0.0.2;isub=12;user=phone>",
	 "<sip:+49301@10.0.0.5:5070;isub=12;user=phone>", "sip:+49301@10.0.0.5:5070;isub=12;user=phone"},
	{"<sip:h>", "", "<sip:10.0.0.2>", "<sip:10.0.0.5:5070>", "sip:10.0.0.5:5070"},
	{"\"Anonymous\" <sip:anonymous@anonymous.invalid>", "anonymous",
	 "\"Anonymous\" <sip:anonymous@anonymous.invalid>", "\"Anonymous\" <sip:anonymous@10.0.0.5:5070>",
	 "sip:anonymous@10.0.0.5:5070"},
	{"<sip:a@Anonymous.Invalid>", "a", "<sip:a@anonymous.invalid>", "<sip:a@10.0.0.5:5070>", "sip:a@10.0.0.5:5070"},
	{"<sip:a%40b@h>", "a%40b", "<sip:a%40b@10.0.0.2>", "<sip:a%40b@10.0.0.5:5070>", "sip:a%40b@10.0.0.5:5070"},
	{"<sip:1@h?Subject=x&Replaces=y>", "1", "<sip:1@10.0.0.2>", "<sip:1@10.0.0.5:5070>", "sip:1@10.0.0.5:5070"},
	{"<sip:1@h;user=phone?Subject=x>", "1", "<sip:1@10.0.0.2;user=phone>", "<sip:1@10.0.0.5:5070;user=phone>",
	 "sip:1@10.0.0.5:5070;user=phone"},
	{"sip:1@h;tag=ours", "1", "<sip:1@10.0.0.2>", "<sip:1@10.0.0.5:5070>", "sip:1@10.0.0.5:5070"},
	/* users as a rewrite or a careless peer may give them */
	{"<sip:1@h>", "a b", "<sip:a%20b@10.0.0.2>", "<sip:a%20b@10.0.0.5:5070>", "sip:a%20b@10.0.0.5:5070"},
	{"<sip:1@h>", "a@evil>;x=\"y", "<sip:a%40evil%3E;x=%22y@10.0.0.2>", "<sip:a%40evil%3E;x=%22y@10.0.0.5:5070>",
	 "sip:a%40evil%3E;x=%22y@10.0.0.5:5070"},
	{"<sip:1@h>", "1\r\nX: y", "<sip:1%0D%0AX%3A%20y@10.0.0.2>", "<sip:1%0D%0AX%3A%20y@10.0.0.5:5070>",
	 "sip:1%0D%0AX%3A%20y@10.0.0.5:5070"},
	{"<sip:1@h>", "50%", "<sip:50%25@10.0.0.2>", "<sip:50%25@10.0.0.5:5070>", "sip:50%25@10.0.0.5:5070"},
	{"<sip:1@h>", "\xff\xfe", "<sip:%FF%FE@10.0.0.2>", "<sip:%FF%FE@10.0.0.5:5070>", "sip:%FF%FE@10.0.0.5:5070"},
	{"<sip:1@h>", "*21#", "<sip:*21%23@10.0.0.2>", "<sip:*21%23@10.0.0.5:5070>", "sip:*21%23@10.0.0.5:5070"},
};

static void test_parties(void **state)
{
	struct config *c = config_of(config_text);
	struct crossing x = crossing_of(c, "carrier", "gate");
	for (size_t i = 0; i < sizeof(parties) / sizeof(parties[0]); i++) {
		struct message m = {.request = true};
		char out[512];
		assert_true(name_addr_parse(str_z(parties[i].value), &m.from));
		m.to = m.from;
		m.ruri = m.from.uri;
		struct writer w = writer_init(out, sizeof(out));
		headers_write_from(&m, &x, str_z(parties[i].user), &w);
		assert_str(writer_result(&w), parties[i].from);
		w = writer_init(out, sizeof(out));
		headers_write_to(&m, &x, str_z(parties[i].user), &w);
		assert_str(writer_result(&w), parties[i].to);
		w = writer_init(out, sizeof(out));
		headers_write_ruri(&m, &x, str_z(parties[i].user), &w);
		assert_str(writer_result(&w), parties[i].ruri);
	}
	config_unref(c);
}

static void test_our_host(void **state)
{
	struct config *c = config_of(config_text);
	struct crossing x = crossing_of(c, "carrier", "pbx");
	struct message m = {.request = true};
	char out[512];
	assert_true(name_addr_parse(STR("<sip:1@h>"), &m.from));
	struct writer w = writer_init(out, sizeof(out));
	headers_write_from(&m, &x, STR("1"), &w);
	assert_str(writer_result(&w), "<sip:1@pbx.example>"); /* the peer's domain */
	x = crossing_of(c, NULL, NULL);
	x.local = addr_of("[2001:db8::10]:5060");
	w = writer_init(out, sizeof(out));
	headers_write_from(&m, &x, STR("1"), &w);
	assert_str(writer_result(&w), "<sip:1@[2001:db8::10]>");
	config_unref(c);
}

static void test_target_host(void **state)
{
	static const char *const want[] = {"192.0.2.1", "[2001:db8:c::1]", "192.0.2.1:5080", "sip.carrier.example",
					   "sip.carrier.example:5090"};
	struct config *c = config_of(config_text);
	const struct config_peer *p = &c->peers[peer_named(c, "carrier")];
	assert_int_equal(p->n_targets, 5);
	for (size_t i = 0; i < 5; i++) {
		char out[128];
		struct writer w = writer_init(out, sizeof(out));
		headers_write_target_host(&p->targets[i], &w);
		assert_str(writer_result(&w), want[i]);
	}
	config_unref(c);
}

static void test_display(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"\"A\"", "\"A\" "},
		{"A B", "A B "},
		{"A <B>", "\"A <B>\" "},
		{"\"A\\", "\"\\\"A\\\\\" "},
		{"\"A\"B\"", "\"\\\"A\\\"B\\\"\" "},
		{"\"A\\\"", "\"\\\"A\\\\\\\"\" "},
		{"\"A\r\nX: y\"", ""},
		{"A\x01", ""},
		{"  A ", "A "},
		{"J\xc3\xb6rg", "\"J\xc3\xb6rg\" "},
		{"\"\xff\"", "\"\xff\" "},
		{"\"", "\"\\\"\" "},
		{"\"\"", "\"\" "},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[128];
		struct writer w = writer_init(out, sizeof(out));
		display_write(&w, str_z(rows[i][0]));
		assert_str(writer_result(&w), rows[i][1]);
	}
}

static void test_params(void **state)
{
	struct str p = STR(";a=1; b ;c=\"x;y\\\";z\";;d=\"open;e"), name, value;
	static const char *const want[][2] = {{"a", "1"}, {"b", ""}, {"c", "\"x;y\\\";z\""}, {"d", "\"open;e"}};
	for (size_t i = 0; i < 4; i++) {
		assert_true(param_next(&p, &name, &value));
		assert_str(name, want[i][0]);
		assert_str(value, want[i][1]);
	}
	assert_false(param_next(&p, &name, &value));
}

/* ---- hostile -------------------------------------------------------------------------------------------------- */

/* No value, however odd, makes a line of its own. */
static void test_injection(void **state)
{
	static const struct str odd[] = {STR("a\r\nX: y"), STR("a\nX: y"), STR("a\rX: y"), STR("a\0b")};
	struct config *c = config_of(config_text);
	struct crossing x = crossing_of(c, "carrier", "pbx");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char out[512], value[128];
		struct writer w = writer_init(out, sizeof(out));
		header_write(&w, STR("Subject"), odd[i]);
		struct writer v = writer_init(value, sizeof(value));
		writer_fmt(&v, "399 h \"");
		writer_str(&v, odd[i]);
		writer_char(&v, '"');
		warning_write(&w, writer_result(&v), &x);
		v = writer_init(value, sizeof(value));
		writer_fmt(&v, "SIP;text=");
		writer_str(&v, odd[i]);
		reason_write(&w, writer_result(&v));
		v = writer_init(value, sizeof(value));
		writer_fmt(&v, "\"");
		writer_str(&v, odd[i]);
		writer_fmt(&v, "\" <sip:1@h>");
		identity_write(&w, STR("P-Asserted-Identity"), writer_result(&v), &x);
		assert_int_equal(w.n, 0);
	}
	config_unref(c);
}

/* A message of 64 kB of one header: what fits is written whole, or the writer says that it did not fit. */
static void test_big(void **state)
{
	static char text[65000], out[70000];
	struct config *c = config_of(config_text);
	struct crossing x = crossing_of(c, "carrier", "pbx");
	static const char *const names[] = {
		"Subject: ", "Warning: ", "Reason: ", "P-Asserted-Identity: ", "X-Unlisted: "};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = (size_t)snprintf(text, sizeof(text), REQ BASE "%s", names[i]);
		memset(text + n, '<', sizeof(text) - n - 3);
		strcpy(text + sizeof(text) - 3, "\n\n");
		struct message *m = message_of(text);
		struct writer w = writer_init(out, sizeof(out));
		headers_cross(m, &x, &w);
		assert_false(w.overflow);
		w = writer_init(out, 100);
		headers_cross(m, &x, &w);
		assert_true(w.n <= 100);
		message_free(m);
	}
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),    cmocka_unit_test(test_crossing),    cmocka_unit_test(test_parties),
		cmocka_unit_test(test_our_host), cmocka_unit_test(test_target_host), cmocka_unit_test(test_display),
		cmocka_unit_test(test_params),   cmocka_unit_test(test_injection),   cmocka_unit_test(test_big),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
