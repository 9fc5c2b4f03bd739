/* SPDX-License-Identifier: Apache-2.0 */
/* What is written of a message into its response. */
#include <stdio.h>

#include "sbc/sip/message.h"
#include "tests/unit/sip/sip_text.h"

#define END "\r\n"

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
		cmocka_unit_test(test_header_write),
		cmocka_unit_test(test_top_via),
		cmocka_unit_test(test_received_v6_has_no_brackets),
		cmocka_unit_test(test_write_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
