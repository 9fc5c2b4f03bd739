/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sbc/sip/reject.h"

static void test_every_reason_is_whole(void **state)
{
	for (int r = REJECT_NONE + 1; r < REJECT_COUNT; r++) {
		int status = reject_status((enum reject_reason)r);
		assert_true(status == 0 || (status >= 400 && status < 700));
		assert_int_equal(status == 0, reject_phrase((enum reject_reason)r)[0] == '\0');
		assert_true(reject_key((enum reject_reason)r)[0] != '\0');
		assert_int_equal(strspn(reject_key((enum reject_reason)r), "abcdefghijklmnopqrstuvwxyz_"),
				 strlen(reject_key((enum reject_reason)r)));
		for (int other = REJECT_NONE; other < r; other++)
			assert_string_not_equal(reject_key((enum reject_reason)r),
						reject_key((enum reject_reason)other));
	}
}

/* A reason's phrase is the one that its status has. */
static void test_phrases_agree(void **state)
{
	for (int r = REJECT_NONE + 1; r < REJECT_COUNT; r++) {
		int status = reject_status((enum reject_reason)r);
		if (status)
			assert_string_equal(reject_phrase((enum reject_reason)r), status_phrase(status));
	}
}

static void test_out_of_range(void **state)
{
	assert_int_equal(reject_status(REJECT_NONE), 0);
	assert_string_equal(reject_key(REJECT_NONE), "none");
	assert_int_equal(reject_status(REJECT_COUNT), 0);
	assert_string_equal(reject_phrase(REJECT_COUNT), "");
	assert_string_equal(reject_key((enum reject_reason) - 1), "unknown");
}

static void test_status_phrases(void **state)
{
	static const struct {
		int status;
		const char *phrase;
	} cases[] = {
		{100, "Trying"},
		{180, "Ringing"},
		{183, "Session Progress"},
		{199, "Early Dialog Terminated"},
		{200, "OK"},
		{404, "Not Found"},
		{486, "Busy Here"},
		{487, "Request Terminated"},
		{503, "Service Unavailable"},
		{606, "Not Acceptable"},
		{608, "Rejected"},
		{186, "Progress"},
		{299, "Success"},
		{399, "Redirection"},
		{499, "Request Failure"},
		{599, "Server Failure"},
		{699, "Global Failure"},
		{0, "Unknown"},
		{99, "Unknown"},
		{700, "Unknown"},
		{-1, "Unknown"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(status_phrase(cases[i].status), cases[i].phrase);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_reason_is_whole),
		cmocka_unit_test(test_phrases_agree),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_status_phrases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
