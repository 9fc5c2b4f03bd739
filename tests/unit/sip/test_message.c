/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "sbc/sip/message_internal.h"
#include "tests/unit/sip/sip_text.h"

#define END "\r\n"

/* ---- URIs and name-addrs ----------------------------------------------------------------------------------------- */

static void test_uri_good(void **state)
{
	static const struct {
		const char *text, *user, *host;
		unsigned port;
		const char *params;
	} cases[] = {
		{"sip:bob@example.com", "bob", "example.com", 0, ""},
		{"SIP:example.com", "", "example.com", 0, ""},
		{"sips:bob@example.com:5061;transport=tcp;lr", "bob", "example.com", 5061, "transport=tcp;lr"},
		{"sip:bob:secret@192.0.2.1:5060", "bob", "192.0.2.1", 5060, ""},
		{"sip:[2001:db8::1]", "", "2001:db8::1", 0, ""},
		{"sip:a@[2001:db8::1]:5070;x", "a", "2001:db8::1", 5070, "x"},
		{"sip:a@[::ffff:192.0.2.1]", "a", "::ffff:192.0.2.1", 0, ""},
		{"sip:[2001:db8::10:5070]", "", "2001:db8::10:5070", 0, ""}, /* RFC 5118 §4.3 */
		{"sip:user;par=u%40x@h", "user;par=u%40x", "h", 0, ""},      /* ';' in user: RFC 4475 semiuri */
		{"sip:+1(555)-$&=,/?@h", "+1(555)-$&=,/?", "h", 0, ""},
		{"sip:%61%00b@h", "%61%00b", "h", 0, ""}, /* left escaped */
		{"sip:\xc3\xbc@h", "\xc3\xbc", "h", 0, ""},
		{"sip:a@h?Replaces=x%3Bto-tag%3D1", "a", "h", 0, ""},
		{"sip:a@h;p=1?Subject=x;y", "a", "h", 0, "p=1"},
		{"sip:a@under_score.example", "a", "under_score.example", 0, ""},
		{"tel:+49-30-1234", "+49-30-1234", "", 0, ""},
		{"tel:7042;phone-context=example.com", "7042", "", 0, "phone-context=example.com"},
		{"urn:service:sos", "", "", 0, ""},
		{"http://example.com/x?y#z", "", "", 0, ""},
		{"soap.beep://192.0.2.103:3002", "", "", 0, ""},
		{"z39.50r+x:y", "", "", 0, ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uri u;
		if (!uri_parse(str_z(cases[i].text), &u))
			fail_msg("refused: %s", cases[i].text);
		assert_str(u.text, cases[i].text);
		assert_str(u.user, cases[i].user);
		assert_str(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
		assert_str(u.params, cases[i].params);
	}
}

static void test_uri_bad(void **state)
{
	static const char *const cases[] = {
		"",
		"sip",
		"sip:",
		":x",
		"1sip:x",
		"sip:@h",
		"sip:a@",
		"sip:a@:5060",
		"sip:h:",
		"sip:h:0",
		"sip:h:65536",
		"sip:h:99999999999999999999",
		"sip:h:-1",
		"sip:h:5060x",
		"sip:h:5 060",
		"sip:a b@h",
		"sip:a@h ",
		"<sip:a@h>",
		"sip:a@h>",
		"sip:a\"@h",
		"sip:a@b@c",
		"sip:2001:db8::10",
		"sip:[2001:db8::1",
		"sip:[2001:db8:::1]",
		"sip:[192.0.2.1]",
		"sip:[]",
		"sip:[fe80::1%eth0]",
		"sip:a@h\r\n",
		"sip:a@h\tx",
		"sip:a\x01@h",
		"sip:a@h/x",
		"tel:",
		"tel:;x=y",
		"sip:;lr",
		"sip:?x",
		"sip:a@\xc3\xbc.example",
		"x_y:z",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uri u = {.port = 7};
		if (uri_parse(str_z(cases[i]), &u))
			fail_msg("taken: %s", cases[i]);
		assert_int_equal(u.port, 7); /* untouched */
	}
	struct uri u;
	assert_false(uri_parse((struct str){"sip:a\0b@h", 9}, &u));
	assert_false(uri_parse(STR_NONE, &u));
}

static void test_name_addr_good(void **state)
{
	static const struct {
		const char *text, *display, *uri, *params, *tag;
	} cases[] = {
		{"<sip:a@b>", "", "sip:a@b", "", ""},
		{"sip:a@b;tag=x", "", "sip:a@b", "tag=x", "x"}, /* RFC 3261 §20.10: the header's parameter */
		{"<sip:a@b;x=y>;tag=x", "", "sip:a@b;x=y", "tag=x", "x"},
		{"Bob <sip:a@b>;TAG=x", "Bob", "sip:a@b", "TAG=x", "x"},
		{"caller<sip:a@b>", "caller", "sip:a@b", "", ""},
		{"\"B, \\\"o\\\" <b>\" <sip:a@b>;tag=1", "\"B, \\\"o\\\" <b>\"", "sip:a@b", "tag=1", "1"},
		{"\"\"<sip:a@b>", "\"\"", "sip:a@b", "", ""},
		{"J\xc3\xbcrgen (home) M. <sip:a@b>", "J\xc3\xbcrgen (home) M.", "sip:a@b", "", ""},
		{"sip:a@b <sip:a@b>;tag=1", "sip:a@b", "sip:a@b", "tag=1", "1"},
		{"  <sip:a@b>  ;  tag  =  x  ;y", "", "sip:a@b", "tag  =  x  ;y", "x"},
		{"< sip:a@b >", "", "sip:a@b", "", ""},
		{"<sip:a@b>;tag=x;", "", "sip:a@b", "tag=x;", "x"},
		{"<sip:a@b>;q=\"a;tag=no\";tag=yes", "", "sip:a@b", "q=\"a;tag=no\";tag=yes", "yes"},
		{"<tel:+1;x=y>;tag=x", "", "tel:+1;x=y", "tag=x", "x"},
		{"tel:+1;tag=x", "", "tel:+1", "tag=x", "x"},
		{"<sips:a@[2001:db8::1]:5061>;received=2001:db8::9", "", "sips:a@[2001:db8::1]:5061",
		 "received=2001:db8::9", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct name_addr a;
		if (!name_addr_parse(str_z(cases[i].text), &a))
			fail_msg("refused: %s", cases[i].text);
		assert_str(a.display, cases[i].display);
		assert_str(a.uri.text, cases[i].uri);
		assert_str(a.params, cases[i].params);
		assert_str(a.tag, cases[i].tag);
	}
}

static void test_name_addr_bad(void **state)
{
	static const char *const cases[] = {
		"",
		"*",
		"<>",
		"<sip:a@b",
		"sip:a@b>",
		"\"x <sip:a@b>",
		"\"x\\\" <sip:a@b>",
		"\"x\"",
		"x\"y\" <sip:a@b>",
		"\"x\" y <sip:a@b>",
		"A, B <sip:a@b>",
		"a;b <sip:a@b>",
		"<sip:a@b> x",
		"<sip:a@b>tag=x",
		"<sip:a@b>;",
		"<sip:a@b>;;tag=x",
		"<sip:a@b>;tag",
		"<sip:a@b>;tag=",
		"<sip:a@b>;tag=\"x\"",
		"<sip:a@b>;tag=x;tag=y",
		"<sip:a@b>;tag=x y",
		"<sip:a@b>;tag=x, <sip:c@d>",
		"<sip:a@b>;x=\"y",
		"<sip:a@b>;=x",
		"sip:a@b?x=y",
		"sip:a,b@c",
		"<<sip:a@b>>",
		"<sip:a@b><sip:c@d>",
		"<sip:a@b>;t\xc3\xbc=x",
		"<sip:a b@c>",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct name_addr a = {.tag = STR("kept")};
		if (name_addr_parse(str_z(cases[i]), &a))
			fail_msg("taken: %s", cases[i]);
		assert_str(a.tag, "kept");
	}
}

static void test_params_get(void **state)
{
	struct str v = STR("kept"), p = STR("a;b=1;c = \"x;b=2\" ;d=;E=f");
	assert_true(params_get(p, STR("a"), &v) && v.n == 0);
	assert_true(params_get(p, STR("B"), &v));
	assert_str(v, "1");
	assert_true(params_get(p, STR("c"), &v));
	assert_str(v, "\"x;b=2\"");
	assert_true(params_get(p, STR("d"), &v) && v.n == 0);
	assert_true(params_get(p, STR("e"), &v));
	assert_str(v, "f");
	assert_false(params_get(p, STR("f"), &v));
	assert_false(params_get(STR_NONE, STR("f"), &v));
	assert_false(params_get(STR("x=\"open;f=1"), STR("f"), &v));
	assert_str(v, "f");
}

static void test_list_next(void **state)
{
	static const struct {
		const char *list;
		const char *items[4];
	} cases[] = {
		{"a, b ,c", {"a", "b", "c"}},
		{"", {NULL}},
		{" , ,\t,", {NULL}},
		{"a,", {"a"}},
		{"<sip:a,b@c>, \"x,\\\",y\" <sip:d@e>", {"<sip:a,b@c>", "\"x,\\\",y\" <sip:d@e>"}},
		{"\"open, <a>, b", {"\"open, <a>, b"}},
		{"<open, b", {"<open, b"}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str list = str_z(cases[i].list), item;
		for (size_t k = 0; cases[i].items[k]; k++) {
			assert_true(list_next(&list, &item));
			assert_str(item, cases[i].items[k]);
		}
		assert_false(list_next(&list, &item));
	}
}

/* ---- whole messages ---------------------------------------------------------------------------------------------- */

static void test_everything_is_filled(void **state)
{
	struct message *m = must_parse(
		INVITE VIA_LINE "v: SIP/2.0/TCP a.example, SIP/2.0/TLS b.example\r\n" FROM_LINE
				"t: Bob <sip:bob@example.net;x>;tag=99\r\n" CALL_LINE CSEQ_LINE
				"Max-Forwards: 0070\r\nm: <sip:a@192.0.2.9>, \"B\" <sip:b@192.0.2.8>\r\n"
				"Contact: <tel:+1>\r\nc: application/sdp;charset=utf-8\r\nl: 4\r\n" END "v=0\nXX");
	assert_true(m->request);
	assert_int_equal(m->method, METHOD_INVITE);
	assert_str(m->method_text, "INVITE");
	assert_str(m->ruri.text, "sip:bob@192.0.2.1");
	assert_int_equal(m->status, 0);
	assert_str(m->via.text, "SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK776asdhds;rport");
	assert_str(m->via.transport, "UDP");
	assert_str(m->via.host, "198.51.100.7");
	assert_int_equal(m->via.port, 5062);
	assert_str(m->via.branch, "z9hG4bK776asdhds");
	assert_true(m->via.rport);
	assert_int_equal(m->n_via, 3);
	assert_str(m->from.display, "\"Alice\"");
	assert_str(m->from.tag, "1928301774");
	assert_str(m->to.text, "Bob <sip:bob@example.net;x>;tag=99");
	assert_str(m->to.uri.params, "x");
	assert_str(m->to.tag, "99");
	assert_str(m->contact.uri.text, "sip:a@192.0.2.9");
	assert_int_equal(m->n_contact, 3);
	assert_false(m->contact_star);
	assert_str(m->call_id, "a84b4c76e66710@pc33.example.com");
	assert_int_equal(m->cseq, 314159);
	assert_int_equal(m->max_forwards, 70);
	assert_str(m->content_type, "application/sdp");
	assert_str(m->body, "v=0\n");
	assert_int_equal(addr_port(&m->source.remote), 5064);
	assert_int_equal(m->source.network, 1);
	message_free(m);
}

static void test_response(void **state)
{
	struct message *m = must_parse("SIP/2.0 183 Session  Progress\r\n" FIVE END "abc");
	assert_false(m->request);
	assert_int_equal(m->status, 183);
	assert_str(m->phrase, "Session  Progress");
	assert_int_equal(m->method, METHOD_INVITE);
	assert_int_equal(m->max_forwards, -1);
	assert_int_equal(m->contact.text.n, 0);
	assert_str(m->body, "abc"); /* no Content-Length: to the end */
	message_free(m);
}

static void test_methods(void **state)
{
	static const struct {
		const char *text;
		enum method want;
	} cases[] = {
#define X(name) {#name, METHOD_##name},
		METHODS(X)
#undef X
			{"invite", METHOD_UNKNOWN},
		{"!x-y.z~", METHOD_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		snprintf(text, sizeof(text),
			 "%s sip:a SIP/2.0\r\n" VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: 1 %s\r\n\r\n",
			 cases[i].text, cases[i].text);
		struct message *m = must_parse(text);
		assert_int_equal(m->method, cases[i].want);
		assert_str(m->method_text, cases[i].text);
		assert_string_equal(method_text(m->method), cases[i].want ? cases[i].text : "");
		message_free(m);
	}
	assert_string_equal(method_text(METHOD_COUNT), "");
}

static void test_taken(void **state)
{
	static const char *const cases[] = {
		"\r\n\r\n" INVITE FIVE END,
		INVITE FIVE "Subject:\r\n" END,
		INVITE FIVE "X :\t a\t\r\n" END,
		INVITE FIVE "Contact: *\r\n" END,
		INVITE FIVE "Contact:\r\n" END,
		INVITE FIVE
		"Expires: 99999999999999999999\r\nDate: yesterday\r\nWarning: x\r\n" END, /* not ours to judge */
		INVITE FIVE "l: 0\r\n" END "what follows is dropped",
		"INVITE tel:+1 SIP/2.0\r\n" FIVE END,
		"INVITE urn:service:sos SIP/2.0\r\n" FIVE END,
		"INVITE nobodyKnows:this SIP/2.0\r\n" FIVE END,
		"INVITE sips:a SIP/2.0\r\n" FIVE END,
		"INVITE sip:a sip/2.0\r\n" FIVE END,
		"SIP/2.0 100\r\n" FIVE END,
		"SIP/2.0 200 \xd0\xbd\xd0\xbe\r\n" FIVE END,
		INVITE
		"Via:SIP / 2.0\r\n / UDP\t[2001:db8::1] : 5060 ;\r\n branch = z9hG4bKx;received=2001:db8::9\r\n" FROM_LINE
			TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE
		"Via: SIP/2.0/WSS x.invalid;received=[2001:db8::9];rport=99;ttl=1;maddr=1.2.3.4\r\n" FROM_LINE TO_LINE
			CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE "From: \xd0\xbd <sip:x@y>;tag=1\r\n" TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE "From: sip:x@y\r\n" TO_LINE CALL_LINE CSEQ_LINE END, /* RFC 2543: no tag */
		INVITE VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: 4294967295\r\n\tINVITE\r\n" END,
		INVITE VIA_LINE FROM_LINE TO_LINE "i: a@b@c;:\"<>\r\n" CSEQ_LINE END,
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		message_free(must_parse(cases[i]));
}

/* Refused, and can be answered: Via, From, To, Call-ID and CSeq were all readable. */
static void test_answered(void **state)
{
	static const struct {
		const char *text;
		enum reject_reason why;
	} cases[] = {
		{"INVITE sip:a SIP/3.0\r\n" FIVE END, REJECT_VERSION},
		{"INVITE sip:a SIP/2.00\r\n" FIVE END, REJECT_VERSION},
		{"INVITE  sip:a SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"INVITE sip:a  SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"INVITE sip:a b SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"INVITE <sip:a> SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"INVITE sip:a?Route=x SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"INVITE sip:a;x?Route=x SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"INVITE sip: SIP/2.0\r\n" FIVE END, REJECT_MALFORMED},
		{"BYE sip:a SIP/2.0\r\n" FIVE END, REJECT_MALFORMED}, /* CSeq says INVITE */
		{INVITE FIVE FROM_LINE END, REJECT_MALFORMED},
		{INVITE FIVE TO_LINE END, REJECT_MALFORMED},
		{INVITE FIVE "i: x\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE CSEQ_LINE END, REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: 1\r\nl: 1\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Max-Forwards: 70\r\nMax-Forwards: 69\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Content-Type: a/b\r\nc: a/b\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: 2\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: -1\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: +1\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: 1 1\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length:\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: 0x0\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: 4294967296\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Content-Length: 18446744073709551616\r\n" END "x", REJECT_MALFORMED},
		{INVITE FIVE "Max-Forwards: 256\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Max-Forwards: -1\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Contact: <sip:a@b\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Contact: <sip:a@b:70000>\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Contact: *, <sip:a@b>\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Route: x\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "Record-Route:\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "no colon here\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE ": no name\r\n" END, REJECT_MALFORMED},
		{INVITE FIVE "two words: x\r\n" END, REJECT_MALFORMED},
		{INVITE VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: 4294967296 INVITE\r\n" END, REJECT_MALFORMED},
		{INVITE "Via: SIP/2.0/UDP a;branch=z9hG4bK\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		 REJECT_MALFORMED},
		{INVITE "Via: SIP/3.0/UDP a;branch=z9hG4bKx\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		 REJECT_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message *m;
		if (parse_z(cases[i].text, &m) != cases[i].why || !m)
			fail_msg("not refused with an answer: %s", cases[i].text);
		char buf[2048];
		struct writer w = writer_init(buf, sizeof(buf));
		message_write_response_head(&w, m);
		message_write_to(&w, m, STR("t"));
		assert_false(w.overflow);
		assert_true(str_contains(writer_result(&w), STR("z9hG4bK")));
		message_free(m);
	}
}

static void test_dropped(void **state)
{
	static const char *const cases[] = {
		"",
		"\r\n",
		"x",
		"INVITE sip:a SIP/2.0",
		"INVITE sip:a SIP/2.0\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		INVITE FIVE,
		"INVITE\r\n" FIVE END,
		"INVITE sip:a\r\n" FIVE END,
		" INVITE sip:a SIP/2.0\r\n" FIVE END,
		"IN(VITE sip:a SIP/2.0\r\n" FIVE END,
		"SIP/2.0\r\n" FIVE END,
		"SIP/2.0 OK\r\n" FIVE END,
		/* responses and ACK are never answered */
		"SIP/2.0 99 x\r\n" FIVE END,
		"SIP/2.0 700 x\r\n" FIVE END,
		"SIP/2.0 4294967301 x\r\n" FIVE END,
		"SIP/3.0 200 OK\r\n" FIVE END,
		"SIP/2.0 200 OK\r\n" FIVE "l: 9\r\n" END,
		"ACK sip:a SIP/2.0\r\n" VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: 1 ACK\r\nl: -1\r\n" END,
		/* what a reply repeats is missing or cannot be read */
		INVITE FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE TO_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE TO_LINE CALL_LINE END,
		INVITE "Via: SIP/2.0/UDP a:0\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE "Via: SIP/2.0/UDP 2001:db8::1\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE "Via: SIP/2.0/UDP a;branch=x;branch=y\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE "Via: SIP/2.0/UDP\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE "Via:\r\n" FIVE END,
		INVITE "Via:\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE "From: \"x <sip:a@b>;tag=1\r\n" TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE "From: <sip:a@b;tag=1\r\n" TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE "From:\r\n" TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE TO_LINE "Call-ID: a b\r\n" CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE TO_LINE "Call-ID:\r\n" CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: INVITE\r\n" END,
		INVITE VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: 1INVITE\r\n" END,
		INVITE VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: -1 INVITE\r\n" END,
		/* lines that two parsers would cut differently */
		INVITE FIVE "X: a\nY: b\r\n" END,
		INVITE FIVE "X: a\rY: b\r\n" END,
		INVITE FIVE "X: a\r\r\n" END,
		INVITE " " FIVE END,
		INVITE FIVE "X: a\n\r\n" END,
		"INVITE sip:a SIP/2.0\n" FIVE END,
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message *m = (struct message *)&m;
		enum reject_reason why = parse_z(cases[i], &m);
		if (why == REJECT_NONE || reject_status(why) || m)
			fail_msg("not dropped: %s", cases[i]);
	}
	static const char nul[] = INVITE FIVE "X: a\0b\r\n" END;
	struct message *m;
	assert_int_equal(parse_n(nul, sizeof(nul) - 1, &m), REJECT_MALFORMED_DROP);
	assert_null(m);
}

static void test_body_may_hold_anything(void **state)
{
	static const char text[] = INVITE FIVE "l: 6\r\n" END "a\0b\n\r\xff";
	struct message *m;
	assert_int_equal(parse_n(text, sizeof(text) - 1, &m), REJECT_NONE);
	assert_int_equal(m->body.n, 6);
	assert_memory_equal(m->body.p, "a\0b\n\r\xff", 6);
	message_free(m);
}

static enum reject_reason parse_many(const char *line, unsigned n)
{
	static char text[200000];
	struct writer w = writer_init(text, sizeof(text));
	struct message *m;
	writer_lit(&w, INVITE FIVE);
	for (unsigned i = 0; i < n; i++)
		writer_z(&w, line);
	writer_lit(&w, END);
	assert_false(w.overflow);
	enum reject_reason why = parse_n(text, w.n, &m);
	message_free(m);
	return why;
}

static void test_bounds(void **state)
{
	assert_int_equal(parse_many("X: y\r\n", 256 - 5), REJECT_NONE);
	assert_int_equal(parse_many("X: y\r\n", 256 - 4), REJECT_MALFORMED_DROP);
	assert_int_equal(parse_many("X: y\r\n z\r\n\tz\r\n", 256 - 5), REJECT_NONE); /* folds are not fields */
	assert_int_equal(parse_many("Via: SIP/2.0/UDP a\r\n", 69), REJECT_NONE);
	assert_int_equal(parse_many("Via: SIP/2.0/UDP a\r\n", 70), REJECT_MALFORMED_DROP);
	assert_int_equal(parse_many("v: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n", 35), REJECT_MALFORMED_DROP);
	assert_int_equal(parse_many("m: <sip:a@b>;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o\r\n", 70), REJECT_NONE);
	assert_int_equal(parse_many("m: <sip:a@b>\r\n", 71), REJECT_MALFORMED);
	assert_int_equal(parse_many("Record-Route: <sip:a>, <sip:b>\r\n", 35), REJECT_NONE);
	assert_int_equal(parse_many("Record-Route: <sip:a>, <sip:b>\r\n", 36), REJECT_MALFORMED);
	static char large[MESSAGE_MAX_BYTES + 1];
	struct message *m;
	memset(large, 'x', sizeof(large));
	assert_int_equal(parse_n(large, sizeof(large), &m), REJECT_SIZE);
	assert_null(m);
	assert_int_equal(parse_n(large, sizeof(large) - 1, &m), REJECT_MALFORMED_DROP);
}

/* No message may cost out of proportion: 60 kB of one list, well under what a square of its length would take. */
static void test_time_is_linear(void **state)
{
	static const char *const cases[][2] = {
		{"Call-Info: <sip:a>", ",<sip:a>"},
		{"Allow: A", ",A"},
		{"Contact: a:b", ",a:b"},
		{"Via: a", ",a"},
		{"Route: <sip:a>", ",<sip:a>"},
		{"Contact: a:b", ";a"},
		{"X: \"", "\\\""},
		{"X: y", "\r\n y"},
		{"Contact: <a:b", ";a"},
		{"From: <a:b>", ";a"},
		{"To: \"x", "\""},
	};
	static char text[60000];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct writer w = writer_init(text, sizeof(text) - 4);
		writer_lit(&w, INVITE FIVE);
		writer_z(&w, cases[i][0]);
		while (!w.overflow)
			writer_z(&w, cases[i][1]);
		memcpy(w.p + w.n, "\r\n\r\n", 4);
		clock_t start = clock();
		struct message *m;
		parse_n(text, w.n + 4, &m);
		message_free(m);
		if (clock() - start > CLOCKS_PER_SEC / 10)
			fail_msg("%s%s...: %ld us", cases[i][0], cases[i][1], (long)(clock() - start));
	}
}

/* ---- walking ----------------------------------------------------------------------------------------------------- */

static void test_walk(void **state)
{
	static const char *const want[][2] = {
		{"Via", "SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK776asdhds;rport"},
		{"From", "\"Alice\" <sip:alice@example.com>;tag=1928301774"},
		{"To", "<sip:bob@example.net>"},
		{"Call-ID", "a84b4c76e66710@pc33.example.com"},
		{"CSeq", "314159 INVITE"},
		{"Supported", "timer,    100rel"},
		{"x-OWN", ""},
		{"Refer-To", "<sip:x>"},
		{"supported", "path"},
		{"z", "compact form of nothing"},
	};
	struct message *m = must_parse(INVITE FIVE "k: timer,\r\n  100rel\r\nx-OWN:\r\nR : <sip:x>\r\n"
						   "supported:\tpath \r\nz: compact form of nothing\r\n" END);
	const void *it = NULL;
	struct header h;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(message_next_header(m, &it, &h));
		assert_str(h.name, want[i][0]);
		assert_str(h.value, want[i][1]);
	}
	assert_false(message_next_header(m, &it, &h));
	struct str v;
	assert_true(message_header(m, STR("SUPPORTED"), 1, &v));
	assert_str(v, "path");
	assert_false(message_header(m, STR("Supported"), 2, &v));
	assert_false(message_header(m, STR("k"), 0, &v));
	assert_true(message_lists(m, STR("Supported"), STR("100REL")));
	assert_true(message_lists(m, STR("Supported"), STR("path")));
	assert_false(message_lists(m, STR("Supported"), STR("100")));
	assert_false(message_lists(m, STR("Require"), STR("100rel")));
	message_free(m);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Each header that is read is found in whatever case; with one letter changed, or one more, it is another. */
static void test_field_id(void **state)
{
	static const struct {
		const char *name;
		enum header_id id;
	} rows[] = {
#define X(id, name) {name, HEADER_##id},
		HEADERS_READ(X)
#undef X
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct str name = str_z(rows[i].name);
		char other[32];
		struct str full;
		assert_int_equal(field_id(name, &full), rows[i].id);
		assert_true(str_eq(full, name));
		for (size_t k = 0; k <= name.n; k++) {
			memcpy(other, name.p, name.n + 1);
			if (k < name.n && other[k] != '-') {
				other[k] ^= 0x20;
				assert_int_equal(field_id((struct str){other, name.n}, &full), rows[i].id);
				assert_true(str_eq(full, name));
			}
			other[k] = other[k] == 'z' ? 'y' : 'z';
			assert_int_equal(field_id((struct str){other, k < name.n ? name.n : k + 1}, &full),
					 HEADER_OTHER);
		}
	}
}

static void test_header_write(void **state)
{
	char buf[64];
	struct writer w = writer_init(buf, sizeof(buf));
	header_write(&w, STR("A"), STR("b"));
	header_write(&w, STR("A"), STR("b\r\nEvil: x"));
	header_write(&w, STR("A"), STR("b\nx"));
	header_write(&w, STR("A"), STR("b\0x"));
	header_write(&w, STR("A\r\nB"), STR("x"));
	header_write(&w, STR_NONE, STR("x"));
	header_write(&w, STR("C"), STR_NONE);
	assert_str(writer_result(&w), "A: b\r\nC: \r\n");
}

/* Requests come from 203.0.113.9:5064 here. */
static void test_top_via(void **state)
{
	static const struct {
		const char *via, *want;
	} cases[] = {
		{"SIP/2.0/UDP 203.0.113.9:5064;branch=z9hG4bKx", "SIP/2.0/UDP 203.0.113.9:5064;branch=z9hG4bKx"},
		{"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx;received=203.0.113.9"},
		{"SIP/2.0/UDP pc.example;branch=z9hG4bKx",
		 "SIP/2.0/UDP pc.example;branch=z9hG4bKx;received=203.0.113.9"},
		{"SIP/2.0/UDP 203.0.113.9;rport;branch=z9hG4bKx",
		 "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKx;received=203.0.113.9;rport=5064"},
		{"SIP/2.0/UDP 203.0.113.9;rport=1;received=198.51.100.1;branch=z9hG4bKx",
		 "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKx;received=203.0.113.9;rport=5064"},
		{"SIP/2.0/UDP 203.0.113.9;Received=198.51.100.1;branch=z9hG4bKx",
		 "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKx"},
		{"SIP/2.0/UDP [2001:db8::1] ; x = \"a;b\" ; branch=z9hG4bKx",
		 "SIP/2.0/UDP [2001:db8::1];x=\"a;b\";branch=z9hG4bKx;received=203.0.113.9"},
		{"SIP/2.0/UDP 10.0.0.1, SIP/2.0/TCP b;received=192.0.2.7, SIP/2.0/TLS c",
		 "SIP/2.0/UDP 10.0.0.1;received=203.0.113.9, SIP/2.0/TCP b;received=192.0.2.7, SIP/2.0/TLS c"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024], want[1024], buf[1024];
		snprintf(text, sizeof(text),
			 INVITE FROM_LINE "Via: %s\r\n" CSEQ_LINE
					  "v: SIP/2.0/UDP second;received=1.2.3.4\r\n" TO_LINE CALL_LINE END,
			 cases[i].via);
		snprintf(want, sizeof(want),
			 "Via: %s\r\nVia: SIP/2.0/UDP second;received=1.2.3.4\r\n" FROM_LINE CALL_LINE CSEQ_LINE,
			 cases[i].want);
		struct message *m = must_parse(text);
		struct writer w = writer_init(buf, sizeof(buf));
		message_write_response_head(&w, m);
		assert_str(writer_result(&w), want);
		message_free(m);
	}
}

static void test_received_v6_has_no_brackets(void **state)
{
	static const char text[] = INVITE FIVE END;
	struct flow_addr source = flow_from("[2001:db8::9]:5070");
	struct message *m;
	char buf[512];
	struct writer w = writer_init(buf, sizeof(buf));
	assert_int_equal(message_parse((const uint8_t *)text, sizeof(text) - 1, &source, &m), REJECT_NONE);
	message_write_response_head(&w, m);
	assert_true(str_contains(writer_result(&w), STR(";received=2001:db8::9;rport=5070\r\n")));
	message_free(m);
}

static void test_write_to(void **state)
{
	static const struct {
		const char *to, *tag, *want;
	} cases[] = {
		{"<sip:b@c>", "x", "To: <sip:b@c>;tag=x\r\n"},
		{"<sip:b@c>", "", "To: <sip:b@c>\r\n"},
		{"<sip:b@c>;tag=y", "x", "To: <sip:b@c>;tag=y\r\n"},
		{"sip:b@c", "x", "To: sip:b@c;tag=x\r\n"},
		{"\"B\" <sip:b@c>;a=b;", "x", "To: \"B\" <sip:b@c>;a=b;tag=x\r\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512], buf[256];
		snprintf(text, sizeof(text), INVITE VIA_LINE FROM_LINE "To: %s\r\n" CALL_LINE CSEQ_LINE END,
			 cases[i].to);
		struct message *m = must_parse(text);
		struct writer w = writer_init(buf, sizeof(buf));
		message_write_to(&w, m, str_z(cases[i].tag));
		assert_str(writer_result(&w), cases[i].want);
		message_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uri_good),
		cmocka_unit_test(test_uri_bad),
		cmocka_unit_test(test_name_addr_good),
		cmocka_unit_test(test_name_addr_bad),
		cmocka_unit_test(test_params_get),
		cmocka_unit_test(test_list_next),
		cmocka_unit_test(test_everything_is_filled),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_body_may_hold_anything),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_time_is_linear),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_field_id),
		cmocka_unit_test(test_header_write),
		cmocka_unit_test(test_top_via),
		cmocka_unit_test(test_received_v6_has_no_brackets),
		cmocka_unit_test(test_write_to),
	};
	message_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
