/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/leak_internal.h"
#include "tests/unit/border/border_text.h"

/* A message with one header of interest. */
static bool check_in(const struct leak_table *t, unsigned network, const struct leak_set *set, const char *line,
		     struct leak_finding *f)
{
	char buf[2048];
	snprintf(buf, sizeof(buf), "OPTIONS sip:x SIP/2.0\r\n%s\r\n\r\n", line);
	char *exact = malloc(strlen(buf)); /* a sanitizer sees one byte too far */
	memcpy(exact, buf, strlen(buf));
	bool r = leak_check(t, network, set, (struct str){exact, strlen(buf)}, f);
	free(exact);
	return r;
}

/* ---- token boundaries ----------------------------------------------------------------------------------------- */

static const struct {
	const char *needle, *line;
	bool found;
} boundaries[] = {
	{"10.0.0.5", "X: 10.0.0.5", true},
	{"10.0.0.5", "X: 110.0.0.5", false},
	{"10.0.0.5", "X: 10.0.0.55", false},
	{"10.0.0.5", "X: 10.0.0.5.example", false},
	{"10.0.0.5", "X: 1.10.0.0.5", false},
	{"10.0.0.5", "X: a10.0.0.5", false},
	{"10.0.0.5", "X: 10.0.0.5a", false},
	{"10.0.0.5", "X: 10.0.0.50", false},
	{"10.0.0.5", "X: 10x0x0x5", false},
	{"10.0.0.5", "X: 10.0.0.5:5060", true},
	{"10.0.0.5", "X: <sip:a@10.0.0.5>", true},
	{"10.0.0.5", "X: <sip:10.0.0.5;lr>", true},
	{"10.0.0.5", "X: <sip:a@10.0.0.5:5060;transport=udp>", true},
	{"10.0.0.5", "X: [10.0.0.5]", true},
	{"10.0.0.5", "X: \"10.0.0.5\"", true},
	{"10.0.0.5", "X: '10.0.0.5'", true},
	{"10.0.0.5", "X: host 10.0.0.5.", true},
	{"10.0.0.5", "X: host 10.0.0.5, then", true},
	{"10.0.0.5", "X: 10.0.0.5/24", true},
	{"10.0.0.5", "X: received=10.0.0.5;x", true},
	{"10.0.0.5", "X: a%4010.0.0.5%3Blr", true},
	{"10.0.0.5", "X: a%2010.0.0.5", true},
	{"10.0.0.5", "X: a%z010.0.0.5", false},
	{"10.0.0.5", "X: ::ffff:10.0.0.5", true},
	{"10.0.0.5", "X: (10.0.0.5)", true},
	{"10.0.0.5", "X: _10.0.0.5", false},
	{"10.0.0.5", "X: 10.0.0.5-1", false},
	{"10.0.0.5", "X: 10.0.0.6", false},
	{"10.0.0.5:5070", "X: <sip:a@10.0.0.5:5070>", true},
	{"10.0.0.5:5070", "X: <sip:a@10.0.0.5:50701>", false},
	{"10.0.0.5:5070", "X: <sip:a@10.0.0.5:507>", false},
	{"pbx.inside.example", "X: sip:a@pbx.inside.example", true},
	{"pbx.inside.example", "X: sip:a@PBX.Inside.EXAMPLE", true},
	{"PBX.Inside.example", "X: sip:a@pbx.inside.example:5060", true},
	{"pbx.inside.example", "X: sip:a@pbx.inside.example.", true},
	{"pbx.inside.example.", "X: sip:a@pbx.inside.example", true},
	{"pbx.inside.example", "X: sip:a@my.pbx.inside.example", false},
	{"pbx.inside.example", "X: sip:a@pbx.inside.example.org", false},
	{"pbx.inside.example", "X: sip:a@pbx-inside.example", false},
	{"pbx.inside.example", "X: sip:a@xpbx.inside.example", false},
	{"a84b4c76e66710@pc33.atlanta.com", "X: a84b4c76e66710@pc33.atlanta.com", true},
	{"a84b4c76e66710@pc33.atlanta.com", "X: a84b4c76e66710%40pc33.atlanta.com", true},
	{"a84b4c76e66710@pc33.atlanta.com", "X: a84b4c76e66710%40pc33.atlanta.com%3Bto-tag%3D1", true},
	{"a84b4c76e66710@pc33.atlanta.com", "X: ba84b4c76e66710@pc33.atlanta.com", false},
	{"a84b4c76e66710@pc33.atlanta.com", "X: a84b4c76e66710@pc33.atlanta.comm", false},
	{"a84b4c76e66710@pc33.atlanta.com", "X: a84b4c76e6671@pc33.atlanta.com", false},
	{"a84b4c76e66710@pc33.atlanta.com", "X: pc33.atlanta.com", false},
	{"a84b4c76e66710@pc33.atlanta.com", "X: ?Replaces=a84b4c76e66710%40pc33.atlanta.com", true},
	{"1928301774abc", "X: x;tag=1928301774abc", true},
	{"1928301774abc", "X: x;tag=1928301774ABC", true},
	{"1928301774abc", "X: x;tag=1928301774abc;y", true},
	{"1928301774abc", "X: x;tag=1928301774abcd", false},
	{"1928301774abc", "X: x;tag=z1928301774abc", false},
	{"1928301774abc", "X: x;tag=1928301774abc-2", false},
	{"1928301774abc", "X: x;tag=1928301774abc~2", false},
	{"1928301774abc", "X: from-tag%3D1928301774abc%3Bx", true},
	{"z9hG4bK776asdhds", "X: ;branch=z9hG4bK776asdhds", true},
	{"z9hG4bK776asdhds", "X: ;branch=z9hG4bK776asdhds.1", false},
	{"tag-with-end-", "X: ;tag=tag-with-end-;x", true},
	{"tag-with-end-", "X: ;tag=tag-with-end-x", false},
	{"-begins.so", "X: ;tag=-begins.so", true},
	{"-begins.so", "X: ;tag=it-begins.so", false},
	{"odd{call}id", "X: odd{call}id", true},
	{"odd{call}id", "X: odd{call}idx", false},
	{"odd{call}id", "X: xodd{call}id", false},
	{"q+w*e!r~t", "X: q+w*e!r~t", true},
	{"q+w*e!r~t", "X: q+w*e!r~ty", false},
	{"call%20id", "X: call%20id", true},
	{"call%20id", "X: call id", false},
	{"call%25id-x", "X: call%25id-x", true},
	{"call%25id-x", "X: call%2525id-x", true},
	{"call%25id-x", "X: call%id-x", false},
	{"id%25a-longer", "X: id%25a-longer", true},
	/* IPv6 in any spelling */
	{"2001:db8::1", "X: 2001:db8::1", true},
	{"2001:db8::1", "X: 2001:DB8:0:0::1", true},
	{"2001:db8::1", "X: 2001:0db8:0000:0000:0000:0000:0000:0001", true},
	{"2001:db8::1", "X: <sip:a@[2001:db8::1]:5060>", true},
	{"2001:db8::1", "X: <sip:a@[2001:db8:0::1];x>", true},
	{"2001:db8::1", "X: IN IP6 2001:db8::1", true},
	{"2001:db8::1", "X: at 2001:db8::1.", true},
	{"2001:db8::1", "X: at 2001:db8::1: gone", true},
	{"2001:db8::1", "X: 2001:db8::11", false},
	{"2001:db8::1", "X: 2001:db8::1:1", false},
	{"2001:db8::1", "X: 2001:db8::", false},
	{"2001:db8::1", "X: 12001:db8::1", false},
	{"2001:db8::1", "X: 2001:db8::1g", false},
	{"2001:db8::1", "X: received=2001:db8::1;rport", true},
	{"2001:db8::1", "X: a%4[2001:db8::1", true},
	{"2001:db8::", "X: [2001:db8::]", true},
	{"[2001:db8::1]", "X: 2001:db8::1", true},
	{"[2001:db8::1]:5060", "X: 2001:db8::1", true},
	{"fe80::1", "X: fe80::1%eth0", true},
	{"::1", "X: sip:a@[::1]:5060", true},
	{"::1", "X: [::2]", false},
	{"::ffff:10.0.0.5", "X: 10.0.0.5", false},
	{"2001:db8::1", "X: AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD 2001:db8::1", true},
	{"2001:db8::1", "X: 12:30:45 2001:db8::1", true},
	{"2001:db8::1", "X: port:2001:db8::1", true},
	{"2001:db8::1", "X: at 2001:db8::1! gone", true},
	{"2001:db8::1", "X: 2001:db8::1-", true},
	{"2001:db8::1", "X: 2001:db8::1-a", false},
	{"2001:db8::1", "X: -2001:db8::1", true},
	{"2001:db8::1", "X: ~2001:db8::1*", true},
	{"2001:db8::1", "X: a-2001:db8::1", false},
	{"2001:db8::1", "X: 2001:db8::1..............................................", true},
	{"2001:db8::1", "X: 2001:db8::1:50600", true},
	{"2001:db8::1", "X: 2001:db8:0:0:0:0:0:1:5060", true},
	{"2001:db8::1", "X: 12:30:2001:db8::1", false}, /* another address */
	{"2001:db8::1", "X: ab::2001:db8::1", true},
	{"2001:db8::1", "X: 2001:db8::2 2001:db8::1", true},
	{"2001:db8::10:5060", "X: 2001:db8::10:5060", true},
	{"64:ff9b::a00:5", "X: 64:ff9b::10.0.0.5", true},
	{"1:2:3:4:5:6:a00:5", "X: 1:2:3:4:5:6:10.0.0.5.", true},
	/* not needles: too short or too common */
	{"abcd", "X: abcd", false},
	{"12345", "X: 12345", false},
	{"1234567", "X: 1234567", false},
	{"12345678", "X: 12345678", true},
	{"localhost", "X: localhost", false},
	{"anonymous.invalid", "X: anonymous.invalid", false},
	{"localhost.localdomain", "X: localhost.localdomain", false},
	{"Anonymous", "X: Anonymous", false},
	{"invalid", "X: invalid", false},
	{"UNKNOWN", "X: UNKNOWN", false},
	{"unavailable", "X: unavailable", false},
	{"255.255.255.255", "X: 255.255.255.255", false},
	{"unavoidable", "X: unavoidable", true},
	{"0.0.0.0", "X: 0.0.0.0", false},
	{";;;;;;", "X: ;;;;;;", false},
	{"::", "X: ::", false},
	/* bytes that are no text */
	{"10.0.0.5",
	 "X: \xff"
	 "10.0.0.5\xfe",
	 true},
	{"10.0.0.5", "X: \xc3\xa9 10.0.0.5", true},
	{"10.0.0.5", "X: %", false},
	{"10.0.0.5", "X: %4", false},
	{"10.0.0.5", "X: :", false},
	{"10.0.0.5", "10.0.0.5", true},
};

static void test_boundaries(void **state)
{
	unsigned wrong = 0;
	assert_true(sizeof(boundaries) / sizeof(boundaries[0]) >= 60);
	for (size_t i = 0; i < sizeof(boundaries) / sizeof(boundaries[0]); i++) {
		struct leak_set set = {0};
		struct leak_finding f;
		assert_true(leak_set_add(&set, str_z(boundaries[i].needle)));
		if (check_in(NULL, 0, &set, boundaries[i].line, &f) != boundaries[i].found) {
			print_error("%s in \"%s\": %s\n", boundaries[i].needle, boundaries[i].line,
				    boundaries[i].found ? "not found" : "found");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* ---- where it looks ------------------------------------------------------------------------------------------- */

#define HEAD "INVITE sip:x SIP/2.0\n"

static const struct {
	const char *text;
	bool found;
} places[] = {
	{"INVITE sip:x@10.0.0.5 SIP/2.0\n\n", true},
	{"SIP/2.0 200 10.0.0.5\n\n", true},
	{HEAD "Subject: 10.0.0.5\n\n", true},
	{HEAD "Subject: x\n\n10.0.0.5", false}, /* a body of no type */
	{HEAD "Content-Type: application/sdp\n\nv=0\nc=IN IP4 10.0.0.5\n", true},
	{HEAD "c: application/sdp\n\nv=0\no=- 1 1 IN IP4 10.0.0.5\n", true},
	{HEAD "Content-Type: APPLICATION/SDP;charset=utf-8\n\nv=0\na=candidate:1 1 udp 1 10.0.0.5 5000 typ host\n",
	 true},
	{HEAD "Content-Type:application/sdp\n\nv=0\nc=IN IP4 10.0.0.55\n", false},
	{HEAD "Content-Type: application/dialog-info+xml\n\n<d entity=\"sip:a@10.0.0.5\"/>", true},
	{HEAD "Content-Type: application/xml\n\n<d>10.0.0.5</d>", true},
	{HEAD "Content-Type: message/sipfrag;version=2.0\n\nSIP/2.0 200 OK\nTo: <sip:10.0.0.5>\n", true},
	{HEAD "Content-Type: text/plain\n\ncall me at 10.0.0.5", false},
	{HEAD "Content-Type: text/xml\n\n<a>10.0.0.5</a>", false},
	{HEAD "Content-Type: application/octet-stream\n\n10.0.0.5", false},
	{HEAD "Content-Type: message/cpim\n\nFrom: <im:a@10.0.0.5>\n", false},
	{HEAD
	 "Content-Type: multipart/mixed;boundary=bb\n\n--bb\nContent-Type: application/sdp\n\nc=IN IP4 10.0.0.5\n--bb--\n",
	 true},
	{HEAD
	 "Content-Type: multipart/mixed; boundary=\"b b\"\n\n--b b\nContent-Type: application/sdp\n\nc=IN IP4 10.0.0.5\n--b b--\n",
	 true},
	{HEAD "Content-Type: multipart/mixed;boundary=bb\n\n--bb\nContent-Type: text/plain\n\n10.0.0.5\n--bb--\n",
	 false},
	{HEAD "Content-Type: multipart/mixed;boundary=bb\n\n--bb\n\n10.0.0.5\n--bb--\n", false},
	{HEAD
	 "Content-Type: multipart/mixed;boundary=bb\n\n--bb\nContent-ID: <a@10.0.0.5>\nContent-Type: text/plain\n\nx\n--bb--\n",
	 true},
	{HEAD
	 "Content-Type: multipart/mixed;boundary=bb\n\n--bb\nContent-Type: text/plain\n\nx\n--bb\nContent-Type: application/sdp\n\nc=IN IP4 10.0.0.5\n--bb--\n",
	 true},
	{HEAD
	 "Content-Type: multipart/mixed;boundary=aa\n\n--aa\nContent-Type: multipart/alternative;boundary=bb\n\n--bb\nContent-Type: application/sdp\n\nc=IN IP4 10.0.0.5\n--bb--\n--aa--\n",
	 true},
	{HEAD "Content-Type: multipart/mixed;boundary=bb\n\n10.0.0.5\n--bb--\n10.0.0.5", false},
	{HEAD "Content-Type: multipart/mixed\n\n--\nContent-Type: application/sdp\n\nc=IN IP4 10.0.0.5\n", false},
	{HEAD "Content-Type: multipart/mixed;boundary=\n\n10.0.0.5", false},
	{HEAD "Content-Type: multipart/mixed;boundary=bb\n\n--bb", false},
	{HEAD "Content-Type", false},
	{HEAD "Content-Type:", false},
	{"", false},
	{"\n", false},
	{"10.0.0.5", true},
};

static void test_places(void **state)
{
	unsigned wrong = 0;
	struct leak_set set = {0};
	leak_set_add(&set, STR("10.0.0.5"));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct str raw = crlf(places[i].text);
		char *exact = malloc(raw.n ? raw.n : 1);
		struct leak_finding f;
		memcpy(exact, raw.p, raw.n);
		if (leak_check(NULL, 0, &set, (struct str){exact, raw.n}, &f) != places[i].found) {
			print_error("%s\n  %s\n", places[i].text, places[i].found ? "not found" : "found");
			wrong++;
		}
		free(exact);
		free((void *)(uintptr_t)raw.p);
	}
	assert_int_equal(wrong, 0);
}

static void test_finding(void **state)
{
	struct leak_set set = {0};
	struct leak_finding f = {.line = STR("untouched")};
	struct str m = STR("OPTIONS sip:x SIP/2.0\r\nA: 1\r\nWarning: 307 10.0.0.5 \"x\"\r\nB: 2\r\n\r\n");
	leak_set_add(&set, STR("10.0.0.6"));
	assert_false(leak_check(NULL, 0, &set, m, &f));
	assert_str(f.line, "untouched");
	leak_set_add(&set, STR("10.0.0.5"));
	assert_true(leak_check(NULL, 0, &set, m, &f));
	assert_str(f.line, "Warning: 307 10.0.0.5 \"x\"");
	assert_str(f.needle, "10.0.0.5");
	assert_false(leak_check(NULL, 0, NULL, m, &f));
}

/* ---- the set -------------------------------------------------------------------------------------------------- */

static void test_set(void **state)
{
	static char names[LEAK_SET_MAX + 1][16];
	struct leak_set set = {0};
	struct leak_finding f;
	for (unsigned i = 0; i < LEAK_SET_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "needle%u", i);
		assert_true(leak_set_add(&set, str_z(names[i])));
	}
	assert_int_equal(set.n, LEAK_SET_MAX);
	assert_true(leak_set_add(&set, STR("needle3")));   /* held already */
	assert_true(leak_set_add(&set, STR("localhost"))); /* ignored */
	assert_false(leak_set_add(&set, STR("one-more")));
	assert_int_equal(set.n, LEAK_SET_MAX);
	for (unsigned i = 0; i < LEAK_SET_MAX; i++) {
		char line[64];
		snprintf(line, sizeof(line), "X: needle%u", i);
		assert_true(check_in(NULL, 0, &set, line, &f));
		leak_set_remove(&set, str_z(names[i]));
		leak_set_remove(&set, str_z(names[i])); /* twice is no harm */
		assert_false(check_in(NULL, 0, &set, line, &f));
	}
	assert_int_equal(set.n, 0);
	assert_true(leak_set_add(&set, STR("2001:db8::1")));
	assert_true(leak_set_add(&set, STR("2001:DB8:0::1")));
	assert_int_equal(set.n, 1);
	leak_set_remove(&set, STR("2001:db8:0:0::1"));
	assert_int_equal(set.n, 0);
}

/* What was added after the cut is as if it had never been; the lengths that the pass looks for go with it. */
static void test_set_cut(void **state)
{
	struct leak_set set = {0};
	struct leak_finding f;
	assert_true(leak_set_allow(&set, STR("own.example")));
	assert_true(leak_set_add(&set, STR("first.example")));
	const struct leak_set before = set;
	assert_true(leak_set_add(&set, STR("a-second.example")));
	assert_true(leak_set_add(&set, STR("2001:db8::1")));
	assert_true(check_in(NULL, 0, &set, "X: a-second.example", &f));
	leak_set_cut(&set, 2);
	assert_false(check_in(NULL, 0, &set, "X: a-second.example", &f));
	assert_false(check_in(NULL, 0, &set, "X: [2001:db8::1]", &f));
	assert_true(check_in(NULL, 0, &set, "X: first.example", &f));
	assert_int_equal(set.n, 2);
	assert_memory_equal(set.latest, before.latest, sizeof(set.latest));
	assert_true(set.lengths == before.lengths && !set.v6);
	leak_set_cut(&set, 3); /* there are not so many */
	assert_int_equal(set.n, 2);
}

static void test_long_needles(void **state)
{
	static char big[LEAK_NEEDLE_MAX + 2];
	struct leak_set set = {0};
	struct leak_finding f;
	memset(big, 'x', sizeof(big));
	assert_true(leak_set_add(&set, (struct str){big, LEAK_NEEDLE_MAX + 1}));
	assert_int_equal(set.n, 0);
	assert_true(leak_set_add(&set, (struct str){big, LEAK_NEEDLE_MAX}));
	assert_int_equal(set.n, 1);
	assert_true(leak_check(NULL, 0, &set, (struct str){big, LEAK_NEEDLE_MAX}, &f));
	assert_false(leak_check(NULL, 0, &set, (struct str){big, LEAK_NEEDLE_MAX + 1}, &f));
	assert_true(leak_set_add(&set, STR_NONE));
}

/* ---- the configuration ---------------------------------------------------------------------------------------- */

static const char config_text[] =
	"{ \"networks\": {"
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\", \"udp:[2001:db8::10]:5060\"],"
	"             \"media\": { \"address\": [\"203.0.113.11\"], \"ports\": \"20000-20999\" } },"
	"  \"access\": { \"listen\": [\"udp:192.168.7.2:5060\"], \"advertise\": \"198.51.100.10\","
	"             \"media\": { \"address\": [\"192.168.7.3\"], \"advertise\": \"198.51.100.11\", \"ports\": \"20000-20999\" } },"
	"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\"], \"media\": { \"address\": [\"10.0.0.2\"], \"ports\": \"10000-10999\" } } },"
	" \"peers\": {"
	"  \"carrier\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\", \"sip.carrier.example\"], \"domain\": \"us.example\" },"
	"  \"pbx\": { \"network\": \"core\", \"targets\": [\"10.0.0.5\", \"pbx.inside.example\"], \"hosts\": [\"shared.example\"] },"
	"  \"gate\": { \"network\": \"access\", \"targets\": [\"192.168.7.9\"], \"hosts\": [\"shared.example\"] } },"
	" \"routes\": [ { \"match\": { \"network\": \"trunk\" }, \"target\": \"pbx\" }, { \"target\": [\"carrier\", \"gate\"] } ] }";

static const struct {
	const char *network, *line;
	bool found;
} configured[] = {
	{"trunk", "X: 203.0.113.10", false},
	{"trunk", "X: 203.0.113.11", false},
	{"trunk", "X: 2001:db8:0::10", false},
	{"trunk", "X: 192.0.2.1", false},
	{"trunk", "X: sip.carrier.example", false},
	{"trunk", "X: us.example", false},
	{"trunk", "X: 10.0.0.2", true},
	{"trunk", "X: 10.0.0.5", true},
	{"trunk", "X: pbx.inside.example", true},
	{"trunk", "X: shared.example", true},
	{"trunk", "X: 192.168.7.2", true},
	{"trunk", "X: 192.168.7.3", true},
	{"trunk", "X: 198.51.100.10", true},
	{"trunk", "X: 198.51.100.11", true},
	{"core", "X: 10.0.0.2", false},
	{"core", "X: 10.0.0.5", false},
	{"core", "X: 203.0.113.10", true},
	{"core", "X: 203.0.113.11", true},
	{"core", "X: [2001:DB8:0:0::10]", true},
	{"core", "X: sip.carrier.example", true},
	{"core", "X: us.example", true},
	{"core", "X: 192.0.2.1", true},
	{"core", "X: shared.example", false},
	{"access", "X: shared.example", false},
	{"access", "X: 198.51.100.10", false},
	{"access", "X: 198.51.100.11", false},
	{"access", "X: 192.168.7.9", false},
	{"access", "X: 10.0.0.2", true},
	{"access", "X: not.there.example", false},
	{"access", "X: ::ffff:a00:5", true},
	{"core", "X: ::ffff:a00:5", false},
};

static void test_configured(void **state)
{
	struct config *c = config_of(config_text);
	struct leak_table *t;
	unsigned wrong = 0;
	assert_int_equal(leak_table_create(c, &t), 0);
	struct leak_finding f;
	for (size_t i = 0; i < sizeof(configured) / sizeof(configured[0]); i++) {
		unsigned n = network_named(c, configured[i].network);
		if (check_in(t, n, NULL, configured[i].line, &f) != configured[i].found) {
			print_error("%s: %s is %s\n", configured[i].network, configured[i].line,
				    configured[i].found ? "not found" : "found");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	/* what a leg has seen is allowed where the network knows it, port or not */
	struct leak_set set = {0};
	leak_set_add(&set, STR("203.0.113.10"));
	leak_set_add(&set, STR("203.0.113.10:5060"));
	leak_set_add(&set, STR("2001:db8:0::10"));
	assert_false(check_in(t, network_named(c, "trunk"), &set, "X: 203.0.113.10:5060 2001:db8::10", &f));
	assert_true(check_in(t, network_named(c, "core"), &set, "X: 203.0.113.10:5060", &f));
	assert_true(check_in(t, 99, &set, "X: 203.0.113.10:5060", &f)); /* a network that is not there */
	/* what the receiving side said itself may be repeated to it */
	assert_true(check_in(t, network_named(c, "access"), NULL, "To: <sip:1@shared.example>, 10.0.0.5", &f));
	struct leak_set said = {0};
	leak_set_allow(&said, STR("10.0.0.5"));
	assert_false(check_in(t, network_named(c, "access"), &said, "To: <sip:1@10.0.0.5>", &f));
	assert_true(check_in(t, network_named(c, "access"), &said, "To: <sip:1@10.0.0.5>, 10.0.0.2", &f));
	assert_str(f.needle, "10.0.0.2");
	leak_table_destroy(t);
	config_unref(c);
}

/* Nothing of these may be slow or read past its end. */
static void test_hostile(void **state)
{
	static char big[65536];
	static const char *const fill[] = {"a:",           ":",  "10.0.0.5x", "%41",    "%",
					   "2001:db8::1:", "\n", "\r\n",      "--bb\n", "."};
	struct leak_set set = {0};
	struct leak_finding f;
	leak_set_add(&set, STR("10.0.0.5"));
	leak_set_add(&set, STR("2001:db8::1"));
	for (size_t k = 0; k < sizeof(fill) / sizeof(fill[0]); k++) {
		for (size_t i = 0; i < sizeof(big); i++)
			big[i] = fill[k][i % strlen(fill[k])];
		assert_false(leak_check(NULL, 0, &set, (struct str){big, sizeof(big)}, &f));
	}
	memset(big, 0, sizeof(big));
	assert_false(leak_check(NULL, 0, &set, (struct str){big, sizeof(big)}, &f));
	memcpy(big + sizeof(big) - 8, "10.0.0.5", 8);
	assert_true(leak_check(NULL, 0, &set, (struct str){big, sizeof(big)}, &f));
}

/* Every token of a text asked of every needle, with nothing passed over: what leak_check() must find, too. */
static bool plainly_found(const struct leak_set *set, struct str text)
{
	for (size_t i = 0; i < text.n;) {
		size_t start = i, end;
		while (i < text.n && (leak_class[(uint8_t)text.p[i]] & LEAK_WORD))
			i++;
		for (end = i; end > start && (leak_class[(uint8_t)text.p[end - 1]] & LEAK_EDGE); end--)
			;
		while (start < end && (leak_class[(uint8_t)text.p[start]] & LEAK_EDGE))
			start++;
		for (unsigned k = 0; k < set->n; k++)
			if (start < end && leak_needle_at(&set->v[k], text, start, end))
				return true;
		size_t escape = leak_escape(text.p + i, text.n - i);
		i += escape ? escape : 1;
	}
	return false;
}

/* What most of a text is passed over by must not pass over a needle: long, short, or too short to leap. */
static void test_leaps(void **state)
{
	static const char *const pieces[] = {"a", "b", "ab", "ba",   ".",    "-",     "%41", "%4",
					     "%", ":", " ",  "\r\n", "aabb", "ab.ab", "@"};
	static const char *const needles[] = {"aabbaab",      "ab.ab-ab", "babab@abab",         "bbaaa%41b",
					      "abbabbabbaab", "baaab",    "aababababbabbabaab", "bab;aba"};
	uint32_t seed = 1;
	unsigned hits = 0;

	for (unsigned n = 0; n < 300000; n++) {
		struct leak_set set = {0};
		struct leak_finding f;
		char buf[96];
		size_t at = 0, want = 8 + n % 64;
		for (unsigned i = 0; i < 8; i++)
			if (n >> 3 & 1u << i)
				leak_set_add(&set, str_z(needles[i]));
		while (at < want) {
			seed = seed * 1664525u + 1013904223u;
			const char *piece = (seed >> 28) == 0 ? needles[seed >> 20 & 7] : pieces[(seed >> 16) % 15];
			at += (size_t)snprintf(buf + at, sizeof(buf) - at, "%s", piece);
		}
		struct str text = {buf, at};
		bool found = leak_check(NULL, 0, &set, text, &f), there = plainly_found(&set, text);
		/* without a body all of a text is looked at */
		if (found != there && !memmem(buf, at, "\r\n\r\n", 4))
			fail_msg("\"%.*s\" with %#x: %s", (int)at, buf, n >> 3 & 255, found ? "found" : "not found");
		hits += found;
	}
	assert_in_range(hits, 10000, 290000);
}

/* What stands where nothing is looked for is found, and forgotten: the caller hears of nothing. */
static void test_untouched(void **state)
{
	struct leak_set set = {0};
	struct leak_finding f = {.line = STR("untouched"), .needle = STR("as well")};
	leak_set_add(&set, STR("10.0.0.5"));
	leak_set_add(&set, STR("2001:db8::1"));
	assert_false(leak_check(NULL, 0, &set, STR("OPTIONS sip:x SIP/2.0\r\n\r\n10.0.0.5 2001:db8::1"), &f));
	assert_str(f.line, "untouched");
	assert_str(f.needle, "as well");
	assert_true(leak_check(NULL, 0, &set, STR("OPTIONS sip:x SIP/2.0\r\nX: 2001:db8::1\r\n\r\n10.0.0.5"), &f));
	assert_str(f.line, "X: 2001:db8::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boundaries),   cmocka_unit_test(test_places),
		cmocka_unit_test(test_finding),      cmocka_unit_test(test_set),
		cmocka_unit_test(test_long_needles), cmocka_unit_test(test_configured),
		cmocka_unit_test(test_hostile),      cmocka_unit_test(test_leaps),
		cmocka_unit_test(test_untouched),    cmocka_unit_test(test_set_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
