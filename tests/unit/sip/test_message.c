/* SPDX-License-Identifier: Apache-2.0 */
/* Whole messages: what is read of them, what is refused how, and walking over their headers. */
#include <stdio.h>
#include <time.h>

#include "sbc/sip/message_internal.h"
#include "tests/unit/sip/sip_text.h"

#define END "\r\n"

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

static void test_list_has(void **state)
{
	static const struct {
		const char *list;
		bool has;
	} cases[] = {
		{"UPDATE", true},
		{"update", true},
		{" UPDATE", true},
		{"INVITE,UPDATE", true},
		{"INVITE, ,\tUPDATE\t, BYE", true},
		{"INVITE, UPDATE;x=1", true},
		{"INVITE, UPDATE ;x=1", true},
		{"", false},
		{",", false},
		{"UPDAT", false},
		{"UPDATES", false},
		{"INVITE,XUPDATE", false},
		{"INVITE;UPDATE", false},
		{"INVITE UPDATE", false},
		{"INVITE, UPDATE/2", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str list = str_z(cases[i].list);
		if (list_has(list, STR("UPDATE")) != cases[i].has)
			fail_msg("%s", cases[i].list);
	}
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

/* What ends a line is seen wherever it stands, and nothing else is taken for it. */
static void test_line_ends(void **state)
{
	static const struct {
		char c;
		bool ends;
	} rows[] = {{'\r', true},  {'\n', true},    {'\0', true},    {'\t', false},   {1, false},  {'\v', false},
		    {0x0e, false}, {'\x8a', false}, {'\x8d', false}, {'\x80', false}, {' ', false}};
	static const char head[] = INVITE FIVE "X-A: ";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t at = 0; at < 20; at++) {
			char text[1024];
			struct writer w = writer_init(text, sizeof(text));
			struct flow_addr from = {.network = 0};
			struct message *m;
			struct str value;

			writer_put(&w, head, sizeof(head) - 1);
			writer_put(&w, "aaaaaaaaaaaaaaaaaaaa", at);
			writer_char(&w, rows[i].c);
			writer_lit(&w, "aaaa\r\n" END);
			assert_int_equal(message_parse((const uint8_t *)w.p, w.n, &from, &m),
					 rows[i].ends ? REJECT_MALFORMED_DROP : REJECT_NONE);
			if (m) {
				assert_true(message_header(m, STR("X-A"), 0, &value));
				assert_int_equal(value.n, at || !is_blank(rows[i].c) ? at + 5 : 4);
			}
			message_free(m);
		}
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_filled),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_list_has),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_body_may_hold_anything),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_time_is_linear),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_field_id),
		cmocka_unit_test(test_line_ends),
	};
	message_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
