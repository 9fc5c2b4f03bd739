/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "sbc/sip/scan.h"
#include "tests/unit/sip/sip_text.h"

#define END "\r\n"

static struct ident_key key;

static int setup(void **state)
{
	key = ident_key_init(STR("scan"), 1, 1);
	return 0;
}

static enum scan_result scan_n(const char *p, size_t n, uint8_t *ret_slot)
{
	uint8_t *copy = malloc(n ? n : 1);
	memcpy(copy, p, n);
	enum scan_result r = scan_owner(&key, copy, n, ret_slot);
	free(copy);
	return r;
}

/* ---- owner ------------------------------------------------------------------------------------------------------- */

/* The pattern with the identifier in place of its %s. */
static void with_id(char *buf, size_t n, const char *pattern, const char *id)
{
	const char *at = strstr(pattern, "%s");
	assert_non_null(at);
	snprintf(buf, n, "%.*s%s%s", (int)(at - pattern), pattern, id, at + 2);
}

/* %s: an identifier of slot 41. */
static void test_ours(void **state)
{
	static const char *const cases[] = {
		"BYE sip:a SIP/2.0\r\n" VIA_LINE FROM_LINE "To: <sip:b@c>;tag=%s\r\n" CALL_LINE "CSeq: 2 BYE\r\n" END,
		"BYE sip:a SIP/2.0\r\n" VIA_LINE FROM_LINE "t:\"x\" <sip:b@c>;a=b;TAG=%s\r\n" CALL_LINE
		"CSeq: 2 BYE\r\n" END,
		"BYE sip:a SIP/2.0\r\n" VIA_LINE FROM_LINE "tO : sip:b@c ; tag = %s\r\ni:x\r\nCSeq: 2 BYE\r\n" END,
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%s\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		"SIP/2.0 200 OK\r\n" FROM_LINE TO_LINE "v:SIP / 2.0 / UDP [::1]:9 ;rport=1; branch = z9hG4bK%s , "
		"SIP/2.0/UDP y\r\n" VIA_LINE CALL_LINE CSEQ_LINE END,
		"INVITE sip:%s@x SIP/2.0\r\n" FIVE END,
		"OPTIONS sip:%s@[2001:db8::1]:5060;transport=tcp SIP/2.0\r\n" VIA_LINE FROM_LINE
		"To: <sip:b@c>;tag=theirs\r\n" CALL_LINE "CSeq: 1 OPTIONS\r\n" END,
		"REGISTER sip:%s@x SIP/2.0\r\n" VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: 1 REGISTER\r\n" END,
		"\r\nSIP/2.0 100 T\r\nViA: SIP/2.0/UDP x;branch=z9hG4bK%s\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE
			END,
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char id[IDENT_LEN + 1], text[1024];
		uint8_t slot = 99;
		struct message *m;
		ident_mint(&key, 41, id);
		with_id(text, sizeof(text), cases[i], id);
		if (scan_n(text, strlen(text), &slot) != SCAN_OWNER || slot != 41)
			fail_msg("not ours: %s", text);
		m = must_parse(text);
		assert_int_equal(message_owner(&key, m), 41);
		message_free(m);
	}
}

/* One address of record, however it is written, is one worker's; Call-IDs do not matter. */
static void test_registrations(void **state)
{
	static const char *const to[] = {"<sip:alice@example.org>", "sip:alice@EXAMPLE.org",
					 "\"A\" <sip:%61lice@example.org.;user=phone>;x=y",
					 "<sips:alice@example.org:5061>"};
	char text[1024];
	uint8_t slot, want = ident_slot_of_aor(&key, STR("alice@example.org"));
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		snprintf(text, sizeof(text),
			 "REGISTER sip:example.org SIP/2.0\r\n" VIA_LINE FROM_LINE
			 "To: %s\r\nCall-ID: %zu\r\nCSeq: 1 REGISTER\r\n" END,
			 to[i], i);
		slot = 99;
		if (scan_n(text, strlen(text), &slot) != SCAN_OWNER || slot != want)
			fail_msg("not of this AoR: %s", text);
		struct message *m = must_parse(text);
		assert_int_equal(message_owner(&key, m), want);
		message_free(m);
	}
	/* one that is too long to be held goes by its Call-ID, and is refused later */
	char longer[400];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	snprintf(text, sizeof(text),
		 "REGISTER sip:example.org SIP/2.0\r\n" VIA_LINE FROM_LINE "To: <sip:%s@x>\r\nCall-ID: 7\r\n"
		 "CSeq: 1 REGISTER\r\n" END,
		 longer);
	assert_int_equal(scan_n(text, strlen(text), &slot), SCAN_OWNER);
	assert_int_equal(slot, ident_slot_of_call_id(&key, STR("7")));
}

/* Nothing of ours where it counts: the Call-ID decides, for scan and parser. */
static void test_others(void **state)
{
	static const char *const cases[] = {
		INVITE FIVE "X: %s\r\n" END,
		INVITE FIVE "X-To: <sip:b>;tag=%s\r\n" END,
		INVITE VIA_LINE "From: <sip:a>;tag=%s\r\n" TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE "Via: SIP/2.0/UDP x;branch=z9hG4bK%s\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE "To: <sip:b;tag=%s>\r\n" CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE "To: <sip:b>;tag=x%s\r\n" CALL_LINE CSEQ_LINE END,
		INVITE VIA_LINE FROM_LINE "To: \"<sip:x>;tag=%s\" <sip:b>\r\n" CALL_LINE CSEQ_LINE END,
		"SIP/2.0 200 OK\r\n" VIA_LINE FROM_LINE "To: <sip:b>;tag=%s\r\n" CALL_LINE CSEQ_LINE END,
		"SIP/2.0 200 OK\r\n" VIA_LINE
		"Via: SIP/2.0/UDP x;branch=z9hG4bK%s\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=%s\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END,
		INVITE FIVE END "To: <sip:b>;tag=%s\r\n",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char id[IDENT_LEN + 1], text[1024];
		uint8_t slot = 99, want = ident_slot_of_call_id(&key, STR("a84b4c76e66710@pc33.example.com"));
		ident_mint(&key, (uint8_t)((want + 1) % IDENT_SLOTS), id);
		with_id(text, sizeof(text), cases[i], id);
		if (scan_n(text, strlen(text), &slot) != SCAN_OWNER || slot != want)
			fail_msg("not by Call-ID: %s", text);
		struct message *m = must_parse(text);
		assert_int_equal(message_owner(&key, m), want);
		message_free(m);
	}
}

static void test_results(void **state)
{
	static const struct {
		const char *text;
		enum scan_result want;
	} cases[] = {
		{"", SCAN_KEEPALIVE},
		{"\r\n", SCAN_KEEPALIVE},
		{"\r\n\r\n\r\n\r\n", SCAN_KEEPALIVE},
		{"\r", SCAN_NOT_SIP},
		{"\n\n", SCAN_NOT_SIP},
		{"jaK", SCAN_NOT_SIP},
		{"GET / HTTP/1.1\r\n\r\n", SCAN_NOT_SIP},
		{"INVITE sip:a\r\n" FIVE END, SCAN_NOT_SIP},
		{"SIP/2.0 OK\r\n" FIVE END, SCAN_NOT_SIP},
		{"\x16\x03\x01\x02", SCAN_NOT_SIP},
		{"INVITE sip:a SIP/2.0", SCAN_NO_END},
		{INVITE FIVE, SCAN_NO_END},
		{INVITE FIVE "X: y\r\n \r\n", SCAN_NO_END},
		{INVITE VIA_LINE FROM_LINE "To:\r\n <sip:b>\r\n" CALL_LINE CSEQ_LINE END, SCAN_UNSURE},
		{INVITE VIA_LINE FROM_LINE TO_LINE "Call-ID: a\r\n b\r\n" CSEQ_LINE END, SCAN_UNSURE},
		{INVITE VIA_LINE FROM_LINE TO_LINE CSEQ_LINE END, SCAN_UNSURE},
		{INVITE VIA_LINE FROM_LINE CALL_LINE CSEQ_LINE END, SCAN_UNSURE},
		{INVITE VIA_LINE FROM_LINE "To: \"open <sip:b>\r\n" CALL_LINE CSEQ_LINE END, SCAN_UNSURE},
		{"SIP/2.0 200 OK\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END, SCAN_UNSURE},
		{"SIP/2.0 200 OK\r\nVia: x\r\n" FROM_LINE TO_LINE CALL_LINE CSEQ_LINE END, SCAN_UNSURE},
		{INVITE VIA_LINE "From: folded\r\n <sip:a>;tag=1\r\n" TO_LINE CALL_LINE CSEQ_LINE END, SCAN_OWNER},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t slot = 99;
		if (scan_n(cases[i].text, strlen(cases[i].text), &slot) != cases[i].want)
			fail_msg("case %zu: %s", i, cases[i].text);
		assert_int_equal(slot == 99, cases[i].want != SCAN_OWNER);
	}
}

/* ---- framing ----------------------------------------------------------------------------------------------------- */

#define LIMIT 600

/* The same bytes whole and one by one give the same result at the same length. */
static enum scan_frame_result frame(const char *text, size_t n, size_t *ret_total)
{
	struct scan_frame whole = {0}, bytewise = {0};
	enum scan_frame_result r = scan_frame(&whole, (const uint8_t *)text, n, LIMIT), slow = FRAME_MORE;
	for (size_t i = 0; i <= n && slow == FRAME_MORE; i++) {
		uint8_t *copy = malloc(i ? i : 1);
		memcpy(copy, text, i);
		slow = scan_frame(&bytewise, copy, i, LIMIT);
		free(copy);
	}
	if (text[0] != '\r') { /* keep-alives are told as soon as they can be: see below */
		assert_int_equal(r, slow);
		if (r == FRAME_MESSAGE)
			assert_int_equal(whole.total, bytewise.total);
	}
	*ret_total = whole.total;
	return r;
}

static void test_frames(void **state)
{
	static const struct {
		const char *text;
		enum scan_frame_result want;
		size_t left; /* bytes after the message */
	} cases[] = {
		{"A x SIP/2.0\r\nContent-Length: 3\r\n\r\nabc", FRAME_MESSAGE, 0},
		{"A x SIP/2.0\r\nContent-Length: 3\r\n\r\nabcdef", FRAME_MESSAGE, 3},
		{"A x SIP/2.0\r\nl:0\r\n\r\nA y SIP/2.0\r\n", FRAME_MESSAGE, 13},
		{"A x SIP/2.0\r\nL :\r\n 3\r\nX: y\r\n\r\nabc", FRAME_MESSAGE, 0},
		{"A x SIP/2.0\r\nX: y\r\n Content-Length: 9\r\nCONTENT-LENGTH: 1\r\n\r\na", FRAME_MESSAGE, 0},
		{"A x SIP/2.0\r\nl: 2\r\nContent-Length: 2\r\n\r\nab", FRAME_MESSAGE, 0},
		{"A x SIP/2.0\r\nContent-Length: 3\r\n\r\nab", FRAME_MORE, 0},
		{"A x SIP/2.0\r\nContent-Length: 3\r\n\r", FRAME_MORE, 0},
		{"A", FRAME_MORE, 0},
		{"", FRAME_MORE, 0},
		{"A x SIP/2.0\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: 2\r\nContent-Length: 3\r\n\r\nab", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: -1\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: 1x\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl:\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: 1, 1\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: 99999999999999999999\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: 601\r\n\r\n", FRAME_BROKEN, 0},
		{"A x SIP/2.0\r\nl: 590\r\n\r\n", FRAME_BROKEN, 0}, /* head and body together */
		{"\x16\x03\x01", FRAME_BROKEN, 0},
		{" A x SIP/2.0\r\n", FRAME_BROKEN, 0},
		{"\nA", FRAME_BROKEN, 0},
		{"\rA", FRAME_BROKEN, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t total, n = strlen(cases[i].text);
		if (frame(cases[i].text, n, &total) != cases[i].want)
			fail_msg("case %zu: %s", i, cases[i].text);
		if (cases[i].want == FRAME_MESSAGE)
			assert_int_equal(total, n - cases[i].left);
	}
	size_t total;
	assert_int_equal(frame("A x\0", 4, &total), FRAME_BROKEN);
	static const char nul_in_body[] = "A x SIP/2.0\r\nl: 3\r\n\r\na\0b";
	assert_int_equal(frame(nul_in_body, sizeof(nul_in_body) - 1, &total), FRAME_MESSAGE);
}

static void test_frame_limit(void **state)
{
	char text[LIMIT + 10];
	size_t total;
	memset(text, 'A', sizeof(text));
	assert_int_equal(frame(text, LIMIT - 1, &total), FRAME_MORE);
	assert_int_equal(frame(text, LIMIT, &total), FRAME_BROKEN);
	assert_int_equal(frame(text, sizeof(text), &total), FRAME_BROKEN);
	int n = snprintf(text, sizeof(text), "A x SIP/2.0\r\nl: 565\r\n\r\n");
	memset(text + n, 'b', sizeof(text) - (size_t)n);
	assert_int_equal(frame(text, sizeof(text), &total), FRAME_MESSAGE);
	assert_int_equal(total, (size_t)n + 565);
}

static void test_frame_keepalives(void **state)
{
	static const struct {
		const char *text;
		enum scan_frame_result want;
		size_t total;
	} cases[] = {
		{"\r", FRAME_MORE, 0},
		{"\r\n", FRAME_KEEPALIVE, 2},
		{"\r\n\r", FRAME_MORE, 0},
		{"\r\n\r\n", FRAME_KEEPALIVE, 4},
		{"\r\n\r\nINVITE", FRAME_KEEPALIVE, 4},
		{"\r\nINVITE", FRAME_KEEPALIVE, 2},
		{"\r\n\rX", FRAME_KEEPALIVE, 2}, /* and then broken */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scan_frame f = {0};
		assert_int_equal(scan_frame(&f, (const uint8_t *)cases[i].text, strlen(cases[i].text), LIMIT),
				 cases[i].want);
		assert_int_equal(f.total, cases[i].total);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_frame_limit),
		cmocka_unit_test(test_frame_keepalives),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
