/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sdp/helper.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what is accepted and refused -------------------------------------------------------------------------------- */

struct verdict {
	const char *text;
	enum sdp_error err;
};

#define AUDIO "m=audio 4000 RTP/AVP 0 96\r\n"

static const struct verdict verdicts[] = {
	/* line structure */
	{BASE, SDP_OK},
	{"", SDP_ERR_EMPTY},
	{"\r\n" BASE, SDP_ERR_EMPTY},
	{"o=- 1 1 IN IP4 192.0.2.1\r\n", SDP_ERR_EMPTY},
	{"v", SDP_ERR_EMPTY},
	{"v=0", SDP_ERR_ORIGIN},
	{BASE AUDIO "\r\n\n\r\n", SDP_OK},
	{BASE "\r\n" AUDIO, SDP_ERR_LINE},
	{BASE AUDIO " \r\n", SDP_ERR_LINE},
	{BASE "a=no line end", SDP_OK},
	{BASE "a=cr at the end\r", SDP_ERR_LINE},
	{BASE "a=cr\rinside\r\n", SDP_ERR_LINE},
	{BASE "a=x\r\r\n", SDP_ERR_LINE},
	{BASE "a=tab\tinside\r\n", SDP_OK},
	{BASE "a=bell\ainside\r\n", SDP_ERR_LINE},
	{BASE "a=del\x7f\r\n", SDP_ERR_LINE},
	{BASE "a=long enough for a step of eight, then an escape \x1b\r\n", SDP_ERR_LINE},
	{BASE "i=gr\xc3\xbc\xc3\x9f\xff\x80\r\n", SDP_OK},
	{BASE "a\r\n", SDP_ERR_LINE},
	{BASE "=x\r\n", SDP_ERR_LINE},
	{BASE "ab=x\r\n", SDP_ERR_LINE},
	{BASE "1=x\r\n", SDP_ERR_LINE},
	{BASE "y=\r\n", SDP_OK},
	{BASE "Y=0\r\n", SDP_OK},
	/* v= and o= */
	{"v=1\r\no=- 1 1 IN IP4 192.0.2.1\r\n", SDP_ERR_VERSION},
	{"v=\r\no=- 1 1 IN IP4 192.0.2.1\r\n", SDP_ERR_VERSION},
	{"v=00\r\no=- 1 1 IN IP4 192.0.2.1\r\n", SDP_ERR_VERSION},
	{"v=0 \r\no=- 1 1 IN IP4 192.0.2.1\r\n", SDP_OK},
	{"v=0\r\ns=-\r\n", SDP_ERR_ORIGIN},
	{"v=0\r\ns=-\r\no=- 1 1 IN IP4 192.0.2.1\r\n", SDP_OK},
	{"v=0\r\no=- 1 1 IN IP4\r\n", SDP_ERR_ORIGIN},
	{"v=0\r\no=- 1 1 IN IP4 a b\r\n", SDP_ERR_ORIGIN},
	{"v=0\r\no=- 1 1 ATM IP4 a\r\n", SDP_ERR_ORIGIN},
	{"v=0\r\no=- 1 1 IN IP5 a\r\n", SDP_ERR_ORIGIN},
	{"v=0\r\no=- 99999999999999999999999999 -1 IN IP6 ::1\r\n", SDP_OK},
	{"v=0\r\no= 1 1 IN IP4 a\r\n", SDP_OK},
	/* c= */
	{HEAD AUDIO, SDP_ERR_CONNECTION},
	{HEAD "m=audio 0 RTP/AVP 0\r\n", SDP_OK},
	{HEAD AUDIO "c=IN IP4 192.0.2.1\r\n", SDP_OK},
	{HEAD AUDIO "c=IN IP4 192.0.2.1\r\nm=audio 1 RTP/AVP 0\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP4\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP4 192.0.2.256\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP4 192.0.2\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP4 192.0.2.1 x\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP4 2001:db8::1\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP6 192.0.2.1\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP6 2001:db8::1::\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP6 2001:db8::1\r\n", SDP_OK},
	{HEAD "c=IN IP6 ::ffff:192.0.2.1\r\n", SDP_OK},
	{HEAD "c=IN IP4 224.2.1.1/127/3\r\n", SDP_OK},
	{HEAD "c=IN IP4 media.example.com\r\n", SDP_OK},
	{HEAD "c=PSTN E164 +441134960123\r\n", SDP_ERR_CONNECTION},
	{HEAD "c=IN IP4 192.0.2.1\r\nc=broken, but the first counts\r\n", SDP_OK},
	/* m= */
	{BASE "m=audio\r\n", SDP_ERR_MEDIA},
	{BASE "m=\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 1 RTP/AVP\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 0 RTP/AVP\r\n", SDP_OK},
	{BASE "m=audio x RTP/AVP 0\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio -1 RTP/AVP 0\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 65535 RTP/AVP 0\r\n", SDP_OK},
	{BASE "m=audio 65536 RTP/AVP 0\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 4294967297 RTP/AVP 0\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 18446744073709551617 RTP/AVP 0\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 4000/2 RTP/AVP 0\r\n", SDP_OK},
	{BASE "m=audio 4000/x RTP/AVP 0\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 1 RTP/AVP 127\r\n", SDP_OK},
	{BASE "m=audio 1 RTP/AVP 128\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 1 RTP/AVP x\r\n", SDP_ERR_MEDIA},
	{BASE "m=audio 0 RTP/AVP *\r\n", SDP_OK},
	{BASE "m=image 1 udptl t38\r\n", SDP_OK},
	{BASE "m=application 1 UDP/DTLS/SCTP webrtc-datachannel\r\n", SDP_OK},
	{BASE "m=shoe 1 FOO bar\r\n", SDP_OK},
	/* attributes */
	{BASE AUDIO "a=rtpmap:96 opus/48000/2\r\n", SDP_OK},
	{BASE AUDIO "a=rtpmap:96 opus\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 opus/x\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 opus/0\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 opus/4294967296\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 opus/48000/256\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 opus/48000/0\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 opus/48000/\r\n", SDP_OK},
	{BASE AUDIO "a=rtpmap:96\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:96 /8000\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:x opus/48000\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtpmap:99 of no format here\r\n", SDP_OK},
	{BASE "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 opus\r\n", SDP_OK},
	{BASE "m=video 1 RTP/AVP 96\r\na=rtpmap:96 x/90000/abc\r\n", SDP_OK},
	{BASE AUDIO "a=fmtp:x\r\na=fmtp\r\na=fmtp:96\r\n", SDP_OK},
	{BASE AUDIO "a=rtcp:4001\r\n", SDP_OK},
	{BASE AUDIO "a=rtcp:65536\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtcp:\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtcp\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtcp:4001 IN IP4\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=rtcp:4001 IN IP4 192.0.2.9\r\n", SDP_OK},
	{BASE AUDIO "a=rtcp:4001 IN IP4 some.host\r\n", SDP_OK},
	{BASE AUDIO "a=ptime:20\r\n", SDP_OK},
	{BASE AUDIO "a=ptime: 2.5 \r\n", SDP_OK},
	{BASE AUDIO "a=ptime:x\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=ptime:\r\n", SDP_ERR_ATTRIBUTE},
	{BASE AUDIO "a=ptime:99999999999999999999\r\n", SDP_ERR_ATTRIBUTE},
	{BASE "a=ptime:x\r\n" AUDIO, SDP_ERR_ATTRIBUTE},
};

/* A copy that ends where the text ends, so that the sanitizer sees one byte too far. */
static enum sdp_error parse_exact(const char *text, size_t n, struct sdp **ret)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, text, n);
	enum sdp_error err = sdp_parse(copy, n, ret);
	free(copy);
	return err;
}

static void verdict(void **state)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		struct sdp *const untouched = (struct sdp *)(uintptr_t)1;
		struct sdp *s = untouched;
		enum sdp_error err = parse_exact(verdicts[i].text, strlen(verdicts[i].text), &s);
		if (err != verdicts[i].err)
			fail_msg("%s: %s", verdicts[i].text, sdp_error_text(err));
		if (err)
			assert_ptr_equal(s, untouched);
		else
			sdp_free(s);
	}
	sdp_free(NULL);
}

static void nul_bytes(void **state)
{
	static const char text[] = BASE AUDIO "a=nul\0inside\r\n";
	struct sdp *s;
	assert_int_equal(parse_exact(text, sizeof(text) - 1, &s), SDP_ERR_LINE);
	assert_int_equal(parse_exact(BASE, sizeof(BASE), &s), SDP_ERR_LINE);
}

/* Every text cut short anywhere is parsed or refused, within bounds. */
static void truncated(void **state)
{
	static const char text[] =
		BASE AUDIO "a=rtpmap:96 opus/48000/2\r\na=rtcp:4001 IN IP4 192.0.2.2\r\na=ptime:20\r\n";
	for (size_t n = 0; n < sizeof(text); n++) {
		struct sdp *s = NULL;
		if (!parse_exact(text, n, &s))
			sdp_free(s);
	}
}

/* ---- bounds ------------------------------------------------------------------------------------------------------ */

static enum sdp_error parse_repeated(const char *once, const char *again, size_t n)
{
	size_t a = strlen(once), b = strlen(again);
	char *text = malloc(a + n * b);
	memcpy(text, once, a);
	for (size_t i = 0; i < n; i++)
		memcpy(text + a + i * b, again, b);
	struct sdp *s = NULL;
	enum sdp_error err = parse_exact(text, a + n * b, &s);
	if (!err)
		sdp_free(s);
	free(text);
	return err;
}

static void bounds(void **state)
{
	assert_int_equal(parse_repeated(BASE, "a=x\n", SDP_MAX_LINES - 5), SDP_OK);
	assert_int_equal(parse_repeated(BASE, "a=x\n", SDP_MAX_LINES - 4), SDP_ERR_TOO_MUCH);
	assert_int_equal(parse_repeated(BASE, AUDIO, SDP_MAX_MEDIA), SDP_OK);
	assert_int_equal(parse_repeated(BASE, AUDIO, SDP_MAX_MEDIA + 1), SDP_ERR_TOO_MUCH);
	assert_int_equal(parse_repeated(BASE "m=audio 1 RTP/AVP", " 96", SDP_MAX_CODECS), SDP_OK);
	assert_int_equal(parse_repeated(BASE "m=audio 1 RTP/AVP", " 96", SDP_MAX_CODECS + 1), SDP_ERR_TOO_MUCH);
	assert_int_equal(parse_repeated(BASE "m=image 1 udptl", " x", SDP_MAX_CODECS + 1), SDP_ERR_TOO_MUCH);
	assert_int_equal(parse_repeated(BASE "a=", "x", SDP_MAX_BYTES - sizeof(BASE) - 1), SDP_OK);
	assert_int_equal(parse_repeated(BASE "a=", "x", SDP_MAX_BYTES - sizeof(BASE)), SDP_ERR_TOO_MUCH);
	assert_int_equal(parse_repeated(BASE, "\r\n", 20000), SDP_OK);
	assert_int_equal(parse_repeated("v=0\no=- 1 1 IN IP4 ", "x", 255), SDP_OK);
	assert_int_equal(parse_repeated("v=0\no=- 1 1 IN IP4 ", "x", 256), SDP_ERR_ORIGIN);
	assert_int_equal(parse_repeated(HEAD "c=IN IP4 ", "x", 255), SDP_OK);
	assert_int_equal(parse_repeated(HEAD "c=IN IP4 ", "x", 256), SDP_ERR_CONNECTION);
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

static void origin(void **state)
{
	static const char text[] = "v=0\no=alice  12 34 IN IP4 host.example\ns=-\n";
	struct sdp *s = parse_ok(text, sizeof(text) - 1);
	assert_str(s->o_user, "alice");
	assert_str(s->o_id, "12");
	assert_str(s->o_version, "34");
	assert_str(s->o_host, "host.example");
	assert_int_equal(s->n_lines, 3);
	assert_int_equal(s->n_media, 0);
	sdp_free(s);
}

/* One m-line; "-" stands for an address that is not set. */
struct media_case {
	const char *text;
	enum sdp_dir dir;
	bool held;
	const char *remote, *rtcp;
	unsigned ptime_ms;
};

static const struct media_case media_cases[] = {
	{BASE AUDIO, SDP_SENDRECV, false, "192.0.2.1:4000", "192.0.2.1:4001", 0},
	{BASE "a=sendonly\r\n" AUDIO, SDP_SENDONLY, false, "192.0.2.1:4000", "192.0.2.1:4001", 0},
	{BASE "a=sendonly\r\n" AUDIO "a=recvonly\r\n", SDP_RECVONLY, false, "192.0.2.1:4000", "192.0.2.1:4001", 0},
	{BASE AUDIO "a=inactive\r\na=sendrecv\r\n", SDP_INACTIVE, false, "192.0.2.1:4000", "192.0.2.1:4001", 0},
	{BASE "a=ptime:30\r\n" AUDIO, SDP_SENDRECV, false, "192.0.2.1:4000", "192.0.2.1:4001", 30},
	{BASE "a=ptime:30\r\n" AUDIO "a=ptime:20.5\r\n", SDP_SENDRECV, false, "192.0.2.1:4000", "192.0.2.1:4001", 20},
	{BASE AUDIO "c=IN IP4 192.0.2.7\r\n", SDP_SENDRECV, false, "192.0.2.7:4000", "192.0.2.7:4001", 0},
	{BASE AUDIO "c=IN IP4 0.0.0.0\r\n", SDP_SENDONLY, true, "0.0.0.0:4000", "-", 0},
	{BASE AUDIO "c=IN IP4 0.0.0.0\r\na=recvonly\r\n", SDP_INACTIVE, true, "0.0.0.0:4000", "-", 0},
	{BASE "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\n", SDP_SENDRECV, false, "0.0.0.0:9", "-", 0},
	{HEAD "c=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\nm=audio 9 RTP/AVP 0\r\n", SDP_SENDRECV, false, "0.0.0.0:9", "-", 0},
	{BASE "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", SDP_SENDONLY, true, "0.0.0.0:9", "-", 0},
	{BASE AUDIO "c=IN IP6 ::\r\n", SDP_SENDONLY, true, "[::]:4000", "-", 0},
	{HEAD "c=IN IP4 0.0.0.0\r\n" AUDIO "c=IN IP4 192.0.2.7\r\n", SDP_SENDRECV, false, "192.0.2.7:4000",
	 "192.0.2.7:4001", 0},
	{BASE AUDIO "c=IN IP6 2001:db8::7\r\n", SDP_SENDRECV, false, "[2001:db8::7]:4000", "[2001:db8::7]:4001", 0},
	{BASE AUDIO "c=IN IP4 some.host\r\n", SDP_SENDRECV, false, "-", "-", 0},
	{BASE AUDIO "c=IN IP4 some.host\r\na=rtcp:5 IN IP4 192.0.2.9\r\n", SDP_SENDRECV, false, "-", "192.0.2.9:5", 0},
	{BASE AUDIO "a=rtcp:5005\r\n", SDP_SENDRECV, false, "192.0.2.1:4000", "192.0.2.1:5005", 0},
	{BASE AUDIO "a=rtcp:5005 IN IP4 192.0.2.9\r\n", SDP_SENDRECV, false, "192.0.2.1:4000", "192.0.2.9:5005", 0},
	{BASE AUDIO "a=rtcp:9 IN IP4 0.0.0.0\r\n", SDP_SENDRECV, false, "192.0.2.1:4000", "-", 0},
	{BASE AUDIO "a=rtcp:9 IN IP4 some.host\r\n", SDP_SENDRECV, false, "192.0.2.1:4000", "-", 0},
	{BASE AUDIO "a=rtcp:0\r\n", SDP_SENDRECV, false, "192.0.2.1:4000", "-", 0},
	{BASE "m=audio 65535 RTP/AVP 0\r\n", SDP_SENDRECV, false, "192.0.2.1:65535", "-", 0},
	{BASE "m=audio 0 RTP/AVP 0\r\n", SDP_SENDRECV, false, "192.0.2.1:0", "-", 0},
	{BASE "m=image 5 udptl t38\r\n", SDP_SENDRECV, false, "192.0.2.1:5", "-", 0},
};

static void media_one(const struct media_case *c)
{
	char buf[ADDR_STRLEN];
	struct sdp *s = parse_ok(c->text, strlen(c->text));
	const struct sdp_media *m = &s->media[0];
	bool same = m->dir == c->dir && m->held_by_c == c->held && m->ptime_ms == c->ptime_ms &&
		    !strcmp(addr_text(&m->remote, buf), c->remote) && !strcmp(addr_text(&m->rtcp, buf), c->rtcp);
	if (!same)
		fail_msg("%s: %s rtcp %s ptime %u", c->text, sdp_dir_text(m->dir), buf, m->ptime_ms);
	sdp_free(s);
}

static void media(void **state)
{
	for (size_t i = 0; i < sizeof(media_cases) / sizeof(*media_cases); i++)
		media_one(&media_cases[i]);
}

struct proto_case {
	const char *proto;
	bool rtp, secure, stream;
};

static const struct proto_case protos[] = {
	{"RTP/AVP", true, false, false},    {"rtp/avpf", true, false, false},
	{"RTP/SAVP", true, true, false},    {"UDP/TLS/RTP/SAVPF", true, true, false},
	{"TCP/RTP/AVP", true, false, true}, {"TCP/TLS/RTP/SAVP", true, true, true},
	{"XRTP/AVP", false, false, false},  {"RTP/", false, false, false},
	{"RTP", false, false, false},       {"/AVP", false, false, false},
	{"RTP/AVPX", false, false, false},  {"udptl", false, false, false},
	{"UDP/BFCP", false, false, false},  {"TCP/BFCP", false, false, true},
	{"tcp", false, false, true},        {"TCPX", false, false, false},
};

static void proto(void **state)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(*protos); i++) {
		char text[256];
		int n = snprintf(text, sizeof(text), BASE "m=audio 1 %s 0\r\na=rtcp-mux\r\n", protos[i].proto);
		struct sdp *s = parse_ok(text, (size_t)n);
		const struct sdp_media *m = &s->media[0];
		if (m->rtp != protos[i].rtp || m->secure != protos[i].secure || m->stream != protos[i].stream)
			fail_msg("%s", protos[i].proto);
		assert_int_equal(m->n_codecs, protos[i].rtp);
		assert_int_equal(m->rtcp_mux, protos[i].rtp);
		sdp_free(s);
	}
}

static void codecs(void **state)
{
	static const char text[] = BASE "m=audio 4 RTP/AVP 0 96 97 10 96\r\n"
					"a=rtpmap:96 opus/48000/2\r\na=rtpmap:96 other/8000\r\n"
					"a=fmtp:96 useinbandfec=1 \r\na=fmtp:96 second\r\na=fmtp:5 none\r\n"
					"a=rtpmap:0 G729/8000\r\n"
					"m=audio 6 RTP/AVP 8\r\n";
	struct sdp *s = parse_ok(text, sizeof(text) - 1);
	const struct sdp_media *m = &s->media[0];
	assert_int_equal(m->n_codecs, 4);
	assert_str(m->codecs[0].name, "G729"); /* what an rtpmap says goes, also of a static payload type */
	assert_str(m->codecs[1].name, "opus");
	assert_int_equal(m->codecs[1].clock_hz, 48000);
	assert_int_equal(m->codecs[1].channels, 2);
	assert_str(m->codecs[1].fmtp, "useinbandfec=1");
	assert_str(m->codecs[2].name, "");
	assert_int_equal(m->codecs[2].clock_hz, 0);
	assert_str(m->codecs[3].name, "L16");
	assert_int_equal(m->codecs[3].channels, 2);
	assert_str(m->formats, "0 96 97 10 96");
	assert_str(s->media[1].codecs[0].name, "PCMA");
	sdp_free(s);
}

static void attr(void **state)
{
	static const char text[] = BASE "a=tool:x\r\na=both:session\r\n" AUDIO "a=both:media\r\na=flag\r\na=both:2\r\n";
	struct sdp *s = parse_ok(text, sizeof(text) - 1);
	struct str v = STR("untouched");
	assert_true(sdp_attr(s, &s->media[0], STR("both"), &v));
	assert_str(v, "media");
	assert_true(sdp_attr(s, NULL, STR("both"), &v));
	assert_str(v, "session");
	assert_true(sdp_attr(s, &s->media[0], STR("tool"), &v));
	assert_str(v, "x");
	assert_true(sdp_attr(NULL, &s->media[0], STR("FLAG"), &v));
	assert_int_equal(v.n, 0);
	v = STR("untouched");
	assert_false(sdp_attr(NULL, &s->media[0], STR("tool"), &v));
	assert_false(sdp_attr(s, &s->media[0], STR("too"), &v));
	assert_false(sdp_attr(s, &s->media[0], STR("tools"), &v));
	assert_false(sdp_attr(NULL, NULL, STR("tool"), &v));
	assert_str(v, "untouched");
	sdp_free(s);
}

static void print(void **state)
{
	static const char text[] = "v=0\no=- 1 1 IN IP4 192.0.2.1\r\ns= \nc=IN IP4 192.0.2.1\ny=1\n"
				   "m=audio  4 RTP/AVP 0 \nf=\ta\na=b: c \nm=image 0 udptl t38\n\r\n\n";
	static const char want[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns= \r\nc=IN IP4 192.0.2.1\r\ny=1\r\n"
				   "m=audio  4 RTP/AVP 0 \r\nf=\ta\r\na=b: c \r\nm=image 0 udptl t38\r\n";
	char buf[512];
	struct writer w = writer_init(buf, sizeof(buf));
	struct sdp *s = parse_ok(text, sizeof(text) - 1);
	sdp_print(s, &w);
	assert_false(w.overflow);
	assert_str(writer_result(&w), want);
	sdp_free(s);
}

/* ---- out of memory ----------------------------------------------------------------------------------------------- */

static bool no_memory;
static unsigned n_allocations;

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
	n_allocations++;
	return no_memory ? NULL : __real_malloc(n);
}

static void out_of_memory(void **state)
{
	static const char text[] = BASE AUDIO AUDIO;
	struct sdp *s = NULL;
	n_allocations = 0;
	no_memory = true;
	enum sdp_error err = sdp_parse(text, sizeof(text) - 1, &s);
	no_memory = false;
	assert_int_equal(err, SDP_ERR_NO_MEMORY);
	assert_null(s);
	assert_int_equal(n_allocations, 1);
	assert_int_equal(sdp_parse(text, sizeof(text) - 1, &s), SDP_OK);
	assert_int_equal(n_allocations, 2); /* one block a description */
	sdp_free(s);
}

static void error_text(void **state)
{
	assert_string_equal(sdp_error_text(SDP_ERR_EMPTY), "no v= line");
	assert_string_equal(sdp_error_text((enum sdp_error)99), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict), cmocka_unit_test(nul_bytes),     cmocka_unit_test(truncated),
		cmocka_unit_test(bounds),  cmocka_unit_test(origin),        cmocka_unit_test(media),
		cmocka_unit_test(proto),   cmocka_unit_test(codecs),        cmocka_unit_test(attr),
		cmocka_unit_test(print),   cmocka_unit_test(out_of_memory), cmocka_unit_test(error_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
