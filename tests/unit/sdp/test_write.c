/* SPDX-License-Identifier: Apache-2.0 */
/* Golden pairs: golden/<name>.in is parsed, written by the row's rewrite, and compared with golden/<name>.out. Run with
 * LIMEN_GOLDEN_WRITE=1 to make the .out files anew, then read the difference. */
#include "tests/unit/base/golden.h"
#include "tests/unit/sdp/helper.h"

struct rewrite {
	const char *name;
	const char *local; /* RTP of m-line i is at port 20000 + 2 i of it; NULL: 198.51.100.10 */
	const char *other; /* address of every second m-line; NULL: local */
	const char *const *allow, *const *order;
	const char *proto;
	uint32_t reject; /* bit per m-line */
	uint16_t rtcp_port;
	enum sdp_unknown unknown;
	bool single, keep_session_name, reverse;
};

#define LIST(...)                                                                                                      \
	(const char *const[])                                                                                          \
	{                                                                                                              \
		__VA_ARGS__, NULL                                                                                      \
	}

static const struct rewrite rewrites[] = {
	{.name = "carrier-g711"},
	{.name = "phone-many", .allow = LIST("PCMU", "PCMA", "opus", "telephone-event"), .order = LIST("opus", "PCMA")},
	{.name = "chromium",
	 .allow = LIST("opus", "PCMA", "PCMU", "telephone-event/8000"),
	 .proto = "RTP/AVP",
	 .reject = 2},
	{.name = "t38-reinvite"},
	{.name = "t38-with-audio-rejected"},
	{.name = "video", .allow = LIST("PCMA", "H264", "rtx"), .rtcp_port = 20101},
	{.name = "bfcp"},
	{.name = "gb28181", .keep_session_name = true},
	{.name = "gb28181-drop", .unknown = SDP_UNKNOWN_DROP, .allow = LIST("PS")},
	{.name = "hold-sendonly"},
	{.name = "hold-c-zero"},
	{.name = "hold-session-inactive", .reverse = true},
	{.name = "ipv6", .local = "2001:db8:f::1"},
	{.name = "late-offer", .single = true},
	{.name = "rejected", .reject = 1 << 2},
	{.name = "hostname", .keep_session_name = true},
	{.name = "mixed-eol"},
	{.name = "sloppy"},
	{.name = "two-addresses", .local = "2001:db8:f::1", .other = "198.51.100.10", .proto = "RTP/AVP"},
};

static void put_media(const struct rewrite *r, const struct sdp *in, size_t i, struct sdp_out_media *m, uint8_t *codecs)
{
	const struct sdp_codec_policy policy = {.allow = r->allow, .order = r->order, .single = r->single};
	const char *local = r->local ? r->local : "198.51.100.10";
	*m = (struct sdp_out_media){.in = &in->media[i],
				    .proto = r->proto && in->media[i].rtp ? str_z(r->proto) : STR_NONE,
				    .rejected = !in->media[i].port || (r->reject >> i & 1),
				    .rtcp_port = r->rtcp_port,
				    .dir = r->reverse ? sdp_dir_reverse(in->media[i].dir) : in->media[i].dir,
				    .codecs = codecs};
	assert_true(addr_parse(str_z(r->other && i % 2 ? r->other : local), (uint16_t)(20000 + 2 * i), &m->local));
	m->n_codecs = sdp_codecs_apply(m->in, &policy, codecs);
}

static size_t rewrite(const struct rewrite *r, const struct sdp *in, char *buf, size_t n)
{
	struct sdp_out_media media[SDP_MAX_MEDIA];
	uint8_t codecs[SDP_MAX_MEDIA][SDP_MAX_CODECS];
	struct sdp_out o = {.in = in,
			    .media = media,
			    .n_media = in->n_media,
			    .session_id = 4711,
			    .version = 1,
			    .unknown = r->unknown,
			    .keep_session_name = r->keep_session_name};
	assert_true(addr_parse(str_z(r->local ? r->local : "198.51.100.10"), 0, &o.origin));
	for (size_t i = 0; i < in->n_media; i++)
		put_media(r, in, i, &media[i], codecs[i]);
	struct writer w = writer_init(buf, n);
	sdp_write(&o, &w);
	assert_false(w.overflow);
	return w.n;
}

static void golden_one(const struct rewrite *r)
{
	static char out[16384];
	char path[512], *in;
	size_t n;

	snprintf(path, sizeof(path), GOLDEN_DIR "/%s.in", r->name);
	in = golden_read(path, &n);
	struct sdp *s = parse_ok(in, n);
	n = rewrite(r, s, out, sizeof(out));
	sdp_free(s);
	free(in);
	snprintf(path, sizeof(path), GOLDEN_DIR "/%s.out", r->name);
	golden_check(path, (struct str){out, n});
	s = parse_ok(out, n);
	sdp_free(s);
}

static void golden(void **state)
{
	for (size_t i = 0; i < sizeof(rewrites) / sizeof(*rewrites); i++)
		golden_one(&rewrites[i]);
}

/* One session or media line under a far side at o= "alice 123456 1 phone.inside.example" and c= 10.0.0.5: does it
 * cross? */
struct crossing {
	const char *line;
	bool crosses;
};

static const struct crossing crossings[] = {
	{"a=ptime:20", true},
	{"a=label:1", true},
	{"a=label:pbx7", false},
	{"a=label:gate.inside2.example", false},
	{"a=floorid:1 mstrm:12 13", true},
	{"a=floorid:1 m-stream:12", true},
	{"a=floorid:1 mstrm:pbx7", false},
	{"a=confid:4321", true},
	{"a=userid:pbx", false},
	{"a=content:slides,alt", true},
	{"a=content:gate.inside2.example", false},
	{"a=framerate:29.97", true},
	{"a=accept-types:message/cpim application/vnd.3gpp.x *", true},
	{"a=accept-types:message/cpim gate.inside2.example", false},
	{"a=quality:http://gate.inside2.example/x", false},
	{"a=x-gate:gate.inside2.example", false},
	{"a=x-rate:2.5", true},
	{"a=T38FaxVersion:0", true},
	{"a=x-color:blue", true},
	{"a=x-flag", true},
	{"b=AS:64", true},
	{"b=X-host:10.0.0.5", false},
	{"a=fmtp:0 phone.inside.example", false},
	{"a=fmtp:0 phone.inside.example2", true},
	{"a=fmtp:0 xphone.inside.example", true},
	{"a=fmtp:0 PHONE.Inside.example;x", false},
	{"a=fmtp:0 phone.inside.examplephone.inside.example", true},
	{"a=fmtp:0 phone.inside.examplex phone.phone.inside.example", false},
	{"a=fmtp:0 phone.inside.phone.inside.example", false},
	{"a=x-user:alice", false},
	{"a=x-user:malice", true},
	{"a=x-user:ALICE;", false},
	{"a=x-id:123456", false},
	{"a=x-id:1234567", true},
	{"a=x-a:10.0.0.5", false},
	{"a=x-a:10.0.0.55", false}, /* another address is no better */
	{"a=x-a:1.2.3", true},
	{"a=x-a:1.2.3.4567", true},
	{"a=x-a:1.2.3.4.5", false},
	{"a=x-a:192.168.0.1:5060", false},
	{"a=x-a:[fe80::1]:5060", false},
	{"a=x-a:fe80:0:0:0:1:2:3:4", false},
	{"a=x-a:12:34:56", true},
	{"a=x-a:00:1b:2c:3d:4e:5f", false},
	{"a=x-a:sip:bob@x", false},
	{"a=x-a:rtsp://x/", false},
	{"a=candidate:1 1 udp 1 10.0.0.9 1 typ host", false},
	{"a=CANDIDATE:1 1 udp 1 x 1 typ host", false},
	{"a=ice-ufrag:x", false},
	{"a=ice-lite", false},
	{"a=rtcp-mux", false},
	{"a=rtcp:4001", false},
	{"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x", false},
	{"a=ssrc:1 cname:x", false},
	{"a=mid:0", false},
	{"a=path:msrp://x:1/y;tcp", false},
	{"a=acap:1 crypto:1", false},
	{"a=visited-realm:1 x", false},
	{"a=x-candidate-ipv6:1", false},
	{"a=tool:x", false},
	{"i=desk", false},
	{"k=prompt", false},
	{"e=x", false},
	{"y=0100000001", true},
	{"f=v/////a/1/8/1", true},
	{"f=10.0.0.5", false},
	{"a=rtcp-fb:0 nack", true},
	{"a=rtcp-fb:* nack", true},
	{"a=rtcp-fb:8 nack", false},
	{"a=rtcp-fb:x nack", false},
	{"a=fmtp:0 x=1", true},
	{"a=fmtp:8 x=1", false},
	{"a=rtpmap:8 PCMA/8000", false},
	{"a=imageattr:8 send *", false},
};

static bool crosses_media(const char *line)
{
	char in[512], out[2048];
	snprintf(in, sizeof(in),
		 "v=0\r\no=alice 123456 1 IN IP4 phone.inside.example\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n"
		 "m=audio 4000 RTP/AVP 0\r\n%s\r\n",
		 line);
	struct sdp *s = parse_ok(in, strlen(in));
	size_t n = rewrite(&(struct rewrite){0}, s, out, sizeof(out));
	sdp_free(s);
	out[n] = '\0';
	return strstr(out, line) != NULL;
}

static void crossing(void **state)
{
	for (size_t i = 0; i < sizeof(crossings) / sizeof(*crossings); i++)
		if (crosses_media(crossings[i].line) != crossings[i].crosses)
			fail_msg("%s: %s", crossings[i].line, crossings[i].crosses ? "lost" : "crossed");
}

/* What would take long to search does not cross, and what is short still does. */
static void crossing_bounds(void **state)
{
	char in[16384];
	static char out[16384];
	struct writer w = writer_init(in, sizeof(in));
	writer_lit(&w, "v=0\r\no=- 1 1 IN IP4 h.example\r\ns=-\r\nt=0 0\r\na=x-short:1\r\na=x-long:");
	for (int i = 0; i < 2048; i++)
		writer_char(&w, 'x');
	writer_lit(&w, "\r\na=framerate:2.5\r\n");
	size_t head = w.n;
	for (unsigned hosts = 6; hosts < 10; hosts++) {
		w.n = head;
		for (unsigned i = 0; i < hosts; i++)
			writer_fmt(
				&w,
				"m=audio 4 RTP/AVP 0\r\nc=IN IP4 h%u.example\r\nm=audio 4 RTP/AVP 0\r\nc=IN IP4 h0.example\r\n",
				i);
		struct sdp *s = parse_ok(w.p, w.n);
		struct str written = {out, rewrite(&(struct rewrite){0}, s, out, sizeof(out))};
		sdp_free(s);
		assert_int_equal(str_contains(written, STR("a=x-short:1\r\n")), hosts < 8);
		assert_int_equal(str_contains(written, STR("a=framerate:2.5\r\n")), hosts < 8);
		assert_false(str_contains(written, STR("a=x-long")));
	}
}

/* An enabled m-line that nothing could be sent to is not offered; a writer that is too small overflows. */
static void refused(void **state)
{
	static const char in[] = "v=0\no=- 1 1 IN IP4 10.0.0.5\ns=-\nc=IN IP4 10.0.0.5\nt=0 0\nm=audio 4 RTP/AVP 0 8\n";
	char out[512];
	struct sdp *s = parse_ok(in, sizeof(in) - 1);
	struct sdp_out_media m = {.in = &s->media[0]};
	struct sdp_out o = {.in = s, .media = &m, .n_media = 1};
	uint8_t codecs[1] = {1};
	assert_true(addr_parse(STR("198.51.100.1"), 0, &o.origin));
	struct writer w = writer_init(out, sizeof(out));
	sdp_write(&o, &w);
	assert_true(str_contains(writer_result(&w), STR("c=IN IP4 198.51.100.1\r\n")));
	assert_true(str_contains(writer_result(&w), STR("m=audio 0 RTP/AVP 0 8\r\n")));

	assert_true(addr_parse(STR("198.51.100.2"), 700, &m.local));
	w = writer_init(out, sizeof(out));
	sdp_write(&o, &w); /* no codecs */
	assert_true(str_contains(writer_result(&w), STR("m=audio 0 RTP/AVP 0 8\r\n")));

	m.codecs = codecs;
	m.n_codecs = 1;
	w = writer_init(out, sizeof(out));
	sdp_write(&o, &w);
	assert_true(str_contains(writer_result(&w), STR("m=audio 700 RTP/AVP 8\r\na=sendrecv\r\n")));
	size_t n = w.n;
	for (size_t cap = 0; cap < n; cap++) {
		w = writer_init(out, cap);
		sdp_write(&o, &w);
		assert_true(w.overflow);
	}
	sdp_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(crossing),
		cmocka_unit_test(crossing_bounds),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
