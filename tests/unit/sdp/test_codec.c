/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sdp/helper.h"

#include <stdio.h>

#define LIST(...)                                                                                                      \
	(const char *const[])                                                                                          \
	{                                                                                                              \
		__VA_ARGS__, NULL                                                                                      \
	}

#define PHONE                                                                                                          \
	"9 8 0 96 97 101 102 13 98\r\n"                                                                                \
	"a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 speex/16000\r\n"                                                      \
	"a=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/48000\r\n"
#define VIDEO                                                                                                          \
	"96 97 98 99 100 101\r\n"                                                                                      \
	"a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"                                       \
	"a=rtpmap:98 H264/90000\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 rtx-time=200; apt=98\r\n"                        \
	"a=rtpmap:100 red/90000\r\na=rtpmap:101 ulpfec/90000\r\n"
#define RED                                                                                                            \
	"111 63 64 8\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"                 \
	"a=rtpmap:64 rtx/48000\r\na=fmtp:64 apt=63\r\n"

struct policy_case {
	const char *formats;
	struct sdp_codec_policy policy;
	const char *want; /* payload types */
};

static const struct policy_case policies[] = {
	{PHONE, {0}, "9 8 0 96 97 101 102 13 98"},
	{PHONE, {.allow = LIST("pcma")}, "8"},
	{PHONE, {.allow = LIST("PCMA", "PCMU")}, "8 0"},
	{PHONE, {.allow = LIST("PCMU", "PCMA", "telephone-event")}, "8 0 101 102"},
	{PHONE, {.allow = LIST("PCMU", "telephone-event/8000", "CN")}, "0 101 13"},
	{PHONE, {.allow = LIST("opus/48000/2")}, "96"},
	{PHONE, {.allow = LIST("opus/48000")}, "96"},
	{PHONE, {.allow = LIST("opus/48000/1")}, ""},
	{PHONE, {.allow = LIST("opus/16000")}, ""},
	{PHONE, {.allow = LIST("opus/x")}, ""},
	{PHONE, {.allow = LIST("")}, ""},
	{PHONE, {.allow = LIST("AMR", "telephone-event")}, ""}, /* digits alone are no call */
	{PHONE, {.deny = LIST("PCMA", "opus")}, "9 0 97 101 102 13 98"},
	{PHONE, {.allow = LIST("PCMA", "PCMU"), .deny = LIST("PCMA")}, "0"},
	{PHONE, {.order = LIST("PCMU", "G722")}, "0 9 8 96 97 101 102 13 98"},
	{PHONE, {.order = LIST("telephone-event", "PCMA", "telephone-event")}, "101 102 8 9 0 96 97 13 98"},
	{PHONE, {.single = true}, "9 101 13"},
	{PHONE, {.single = true, .order = LIST("opus")}, "96 102"},
	{PHONE, {.single = true, .order = LIST("speex")}, "97"},
	{PHONE, {.single = true, .order = LIST("telephone-event", "PCMU")}, "101 0 13"},
	{"101\r\na=rtpmap:101 telephone-event/8000\r\n", {.single = true}, "101"},
	{VIDEO, {0}, "96 97 98 99 100 101"},
	{VIDEO, {.deny = LIST("VP8")}, "98 99 100 101"},
	{VIDEO, {.allow = LIST("VP8", "rtx")}, "96 97"},
	{VIDEO, {.allow = LIST("rtx", "red")}, ""},
	{VIDEO, {.single = true, .order = LIST("H264")}, "98"},
	{RED, {0}, "111 63 64 8"},
	{RED, {.deny = LIST("opus")}, "8"},
	{RED, {.deny = LIST("red")}, "111 8"},
	{"97\r\na=rtpmap:97 rtx/90000\r\n", {0}, "97"},
	{"96 97\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=x\r\n", {0}, "96 97"},
};

static struct sdp *parse_formats(const char *formats)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), BASE "m=audio 4 RTP/AVP %s%s", formats,
			 strchr(formats, '\r') ? "" : "\r\n");
	return parse_ok(text, (size_t)n);
}

static void assert_chosen(const struct sdp_media *m, const uint8_t *index, size_t n, const char *want)
{
	char buf[512];
	struct writer w = writer_init(buf, sizeof(buf));
	for (size_t i = 0; i < n; i++) {
		assert_true(index[i] < m->n_codecs);
		writer_fmt(&w, i ? " %u" : "%u", m->codecs[index[i]].pt);
	}
	assert_str(writer_result(&w), want);
}

static void policy(void **state)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		uint8_t index[SDP_MAX_CODECS];
		struct sdp *s = parse_formats(policies[i].formats);
		size_t n = sdp_codecs_apply(&s->media[0], &policies[i].policy, index);
		assert_chosen(&s->media[0], index, n, policies[i].want);
		sdp_free(s);
	}
}

struct common_case {
	const char *offer, *answer, *want;
};

static const struct common_case commons[] = {
	{"0 8", "8", "8"},
	{"0 8", "8 0", "8 0"},
	{"0 8", "18", ""},
	{"0 96\r\na=rtpmap:96 opus/48000/2\r\n", "111\r\na=rtpmap:111 OPUS/48000/2\r\n", "111"},
	{"96\r\na=rtpmap:96 opus/48000/2\r\n", "96\r\na=rtpmap:96 opus/48000\r\n", ""},
	{"96\r\na=rtpmap:96 speex/8000\r\n", "96\r\na=rtpmap:96 speex/16000\r\n", ""},
	{"8\r\n", "98\r\na=rtpmap:98 PCMA/8000\r\n", "98"},
	{"96 97", "97 98", "97"}, /* without a name the number must do */
	{"0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", "101 0\r\na=rtpmap:101 telephone-event/8000\r\n", "101 0"},
};

static void common(void **state)
{
	for (size_t i = 0; i < sizeof(commons) / sizeof(*commons); i++) {
		uint8_t index[SDP_MAX_CODECS];
		struct sdp *offer = parse_formats(commons[i].offer);
		struct sdp *answer = parse_formats(commons[i].answer);
		size_t n = sdp_codecs_common(&offer->media[0], &answer->media[0], index);
		assert_chosen(&answer->media[0], index, n, commons[i].want);
		sdp_free(offer);
		sdp_free(answer);
	}
}

/* As many formats as are accepted, all ordered last to first. */
static void full(void **state)
{
	char text[512];
	struct writer w = writer_init(text, sizeof(text) - 1);
	for (unsigned pt = 0; pt < SDP_MAX_CODECS; pt++)
		writer_fmt(&w, pt ? " %u" : "%u", 64 + pt);
	text[w.n] = '\0';
	uint8_t index[SDP_MAX_CODECS];
	struct sdp *s = parse_formats(text);
	const struct sdp_codec_policy p = {.order = LIST("PCMU")};
	assert_int_equal(sdp_codecs_apply(&s->media[0], &p, index), SDP_MAX_CODECS);
	for (unsigned i = 0; i < SDP_MAX_CODECS; i++)
		assert_int_equal(index[i], i);
	sdp_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy),
		cmocka_unit_test(common),
		cmocka_unit_test(full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
