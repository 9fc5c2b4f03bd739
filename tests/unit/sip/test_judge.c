/* SPDX-License-Identifier: Apache-2.0 */
/* The second reading of a REGISTER, which message_parse() leaves out: whose it is, what it refuses, and that nothing of
 * the message changes by it. What only the second reader sees is an escape that is none, in the Request-URI. */
#include "tests/unit/sip/sip_text.h"

#define BAD           "sip:example.net;x=%zz"
#define FOUR          VIA_LINE FROM_LINE TO_LINE CALL_LINE
#define REGISTER_LINE "CSeq: 7 REGISTER\r\n"
#define TAGGED        VIA_LINE FROM_LINE "To: <sip:bob@example.net>;tag=x\r\n" CALL_LINE

static const struct {
	const char *text;
	enum reject_reason parsed, judged;
} rows[] = {
	{"REGISTER sip:example.net SIP/2.0\r\n" FOUR REGISTER_LINE "\r\n", REJECT_NONE, REJECT_NONE},
	{"REGISTER sip:example.net SIP/2.0\r\n" FOUR REGISTER_LINE "Contact: *\r\nExpires: 0\r\n\r\n", REJECT_NONE,
	 REJECT_NONE},
	{"REGISTER " BAD " SIP/2.0\r\n" FOUR REGISTER_LINE "\r\n", REJECT_NONE, REJECT_MALFORMED},
	{"REGISTER sip:%zz@example.net SIP/2.0\r\n" FOUR REGISTER_LINE "Contact: <sip:a@b>\r\n\r\n", REJECT_NONE,
	 REJECT_MALFORMED},
	/* what names a dialog of ours is read once */
	{"REGISTER " BAD " SIP/2.0\r\n" TAGGED REGISTER_LINE "\r\n", REJECT_NONE, REJECT_NONE},
	{"INVITE " BAD " SIP/2.0\r\n" TAGGED CSEQ_LINE "\r\n", REJECT_NONE, REJECT_NONE},
	{"SIP/2.0 200 OK\r\n" FOUR REGISTER_LINE "\r\n", REJECT_NONE, REJECT_NONE},
	/* all others were judged when they were parsed */
	{INVITE FIVE "\r\n", REJECT_NONE, REJECT_NONE},
	{"INVITE " BAD " SIP/2.0\r\n" FIVE "\r\n", REJECT_MALFORMED, REJECT_NONE},
	{"OPTIONS " BAD " SIP/2.0\r\n" FOUR "CSeq: 1 OPTIONS\r\n\r\n", REJECT_MALFORMED, REJECT_NONE},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message *m = NULL;
		enum reject_reason why = parse_z(rows[i].text, &m);
		if (why != rows[i].parsed || !m)
			fail_msg("parsed as %s: %s", reject_key(why), rows[i].text);
		/* as often as it is asked */
		for (int k = 0; k < 3; k++)
			if ((why = message_judge(m)) != rows[i].judged)
				fail_msg("judged as %s: %s", reject_key(why), rows[i].text);
		message_free(m);
	}
}

/* The second reader cuts up a copy of its own. */
static void test_untouched(void **state)
{
	struct message *m = must_parse("REGISTER sip:example.net;a=b SIP/2.0\r\n" FOUR REGISTER_LINE
				       "Contact: \"A\" <sip:a@b;x=y>;expires=60, <sip:c@d>\r\n"
				       "Supported: path, outbound\r\nContent-Length: 3\r\n\r\nabc");
	char before[2048], after[2048];
	char *const texts[] = {before, after};
	for (int k = 0; k < 2; k++) {
		struct writer w = writer_init(texts[k], sizeof(before) - 1);
		const void *it = NULL;
		struct header h;
		while (message_next_header(m, &it, &h))
			writer_fmt(&w, "%.*s: %.*s\n", STR_FMT(h.name), STR_FMT(h.value));
		writer_fmt(&w, "%.*s %.*s %.*s", STR_FMT(m->ruri.text), STR_FMT(m->contact.uri.text), STR_FMT(m->body));
		assert_false(w.overflow);
		texts[k][w.n] = '\0';
		assert_int_equal(message_judge(m), REJECT_NONE);
	}
	assert_string_equal(before, after);
	message_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_untouched)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
