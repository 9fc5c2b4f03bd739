/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sdp/helper.h"

#include <stdio.h>

static void directions(void **state)
{
	static const enum sdp_dir reversed[] = {SDP_SENDRECV, SDP_RECVONLY, SDP_SENDONLY, SDP_INACTIVE};
	static const enum sdp_dir both[4][4] = {
		{SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE},
		{SDP_SENDONLY, SDP_SENDONLY, SDP_INACTIVE, SDP_INACTIVE},
		{SDP_RECVONLY, SDP_INACTIVE, SDP_RECVONLY, SDP_INACTIVE},
		{SDP_INACTIVE, SDP_INACTIVE, SDP_INACTIVE, SDP_INACTIVE},
	};
	for (unsigned a = 0; a < 4; a++) {
		assert_int_equal(sdp_dir_reverse((enum sdp_dir)a), reversed[a]);
		for (unsigned b = 0; b < 4; b++)
			assert_int_equal(sdp_dir_intersect((enum sdp_dir)a, (enum sdp_dir)b), both[a][b]);
	}
	assert_string_equal(sdp_dir_text(SDP_SENDRECV), "sendrecv");
	assert_string_equal(sdp_dir_text(SDP_INACTIVE), "inactive");
}

#define A  "m=audio 4 RTP/AVP 0\r\n"
#define A0 "m=audio 0 RTP/AVP 0\r\n"
#define V  "m=video 6 RTP/AVP 31\r\n"
#define V0 "m=video 0 RTP/AVP 31\r\n"
#define X  "m=xyz 8 q r\r\n"
#define Y  "m=abc 8 q r\r\n"

struct answer_case {
	const char *offer, *answer;
	unsigned bad;
};

static const struct answer_case answers[] = {
	{A, A, 0},      {A V, A V, 0}, {A V, A V0, 0}, {A V, A0 V0, 0}, {A V0, A V0, 0},
	{A V0, A V, 2}, {A V, A, 2},   {A, A V, 2},    {A V, V A, 1},   {A, "", 1},
	{"", "", 0},    {X, X, 0},     {X, Y, 1},      {A X, A Y, 2},   {"", A, 1},
};

static struct sdp *parse_media(const char *media)
{
	char text[512];
	int n = snprintf(text, sizeof(text), BASE "%s", media);
	return parse_ok(text, (size_t)n);
}

static void check_answer(void **state)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct sdp *offer = parse_media(answers[i].offer);
		struct sdp *answer = parse_media(answers[i].answer);
		assert_int_equal(sdp_check_answer(offer, answer), answers[i].bad);
		sdp_free(offer);
		sdp_free(answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(directions), cmocka_unit_test(check_answer)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
