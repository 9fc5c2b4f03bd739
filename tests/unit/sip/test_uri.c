/* SPDX-License-Identifier: Apache-2.0 */
/* URIs, name-addrs, their parameters and lists of them. */
#include "sbc/sip/aor.h"
#include "sbc/sip/message.h"
#include "tests/unit/sip/sip_text.h"

static void test_uri_good(void **state)
{
	static const struct {
		const char *text, *user, *host;
		unsigned port;
		const char *params;
	} cases[] = {
		{"sip:bob@example.com", "bob", "example.com", 0, ""},
		{"SIP:example.com", "", "example.com", 0, ""},
		{"sips:bob@example.com:5061;transport=tcp;lr", "bob", "example.com", 5061, "transport=tcp;lr"},
		{"sip:bob:secret@192.0.2.1:5060", "bob", "192.0.2.1", 5060, ""},
		{"sip:[2001:db8::1]", "", "2001:db8::1", 0, ""},
		{"sip:a@[2001:db8::1]:5070;x", "a", "2001:db8::1", 5070, "x"},
		{"sip:a@[::ffff:192.0.2.1]", "a", "::ffff:192.0.2.1", 0, ""},
		{"sip:[2001:db8::10:5070]", "", "2001:db8::10:5070", 0, ""}, /* RFC 5118 §4.3 */
		{"sip:user;par=u%40x@h", "user;par=u%40x", "h", 0, ""},      /* ';' in user: RFC 4475 semiuri */
		{"sip:+1(555)-$&=,/?@h", "+1(555)-$&=,/?", "h", 0, ""},
		{"sip:%61%00b@h", "%61%00b", "h", 0, ""}, /* left escaped */
		{"sip:\xc3\xbc@h", "\xc3\xbc", "h", 0, ""},
		{"sip:a@h?Replaces=x%3Bto-tag%3D1", "a", "h", 0, ""},
		{"sip:a@h;p=1?Subject=x;y", "a", "h", 0, "p=1"},
		{"sip:a@under_score.example", "a", "under_score.example", 0, ""},
		{"tel:+49-30-1234", "+49-30-1234", "", 0, ""},
		{"tel:7042;phone-context=example.com", "7042", "", 0, "phone-context=example.com"},
		{"urn:service:sos", "", "", 0, ""},
		{"http://example.com/x?y#z", "", "", 0, ""},
		{"soap.beep://192.0.2.103:3002", "", "", 0, ""},
		{"z39.50r+x:y", "", "", 0, ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uri u;
		if (!uri_parse(str_z(cases[i].text), &u))
			fail_msg("refused: %s", cases[i].text);
		assert_str(u.text, cases[i].text);
		assert_str(u.user, cases[i].user);
		assert_str(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
		assert_str(u.params, cases[i].params);
	}
}

static void test_uri_bad(void **state)
{
	static const char *const cases[] = {
		"",
		"sip",
		"sip:",
		":x",
		"1sip:x",
		"sip:@h",
		"sip:a@",
		"sip:a@:5060",
		"sip:h:",
		"sip:h:0",
		"sip:h:65536",
		"sip:h:99999999999999999999",
		"sip:h:-1",
		"sip:h:5060x",
		"sip:h:5 060",
		"sip:a b@h",
		"sip:a@h ",
		"<sip:a@h>",
		"sip:a@h>",
		"sip:a\"@h",
		"sip:a@b@c",
		"sip:2001:db8::10",
		"sip:[2001:db8::1",
		"sip:[2001:db8:::1]",
		"sip:[192.0.2.1]",
		"sip:[]",
		"sip:[fe80::1%eth0]",
		"sip:a@h\r\n",
		"sip:a@h\tx",
		"sip:a\x01@h",
		"sip:a@h/x",
		"tel:",
		"tel:;x=y",
		"sip:;lr",
		"sip:?x",
		"sip:a@\xc3\xbc.example",
		"x_y:z",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uri u = {.port = 7};
		if (uri_parse(str_z(cases[i]), &u))
			fail_msg("taken: %s", cases[i]);
		assert_int_equal(u.port, 7); /* untouched */
	}
	struct uri u;
	assert_false(uri_parse((struct str){"sip:a\0b@h", 9}, &u));
	assert_false(uri_parse(STR_NONE, &u));
}

static void test_name_addr_good(void **state)
{
	static const struct {
		const char *text, *display, *uri, *params, *tag;
	} cases[] = {
		{"<sip:a@b>", "", "sip:a@b", "", ""},
		{"sip:a@b;tag=x", "", "sip:a@b", "tag=x", "x"}, /* RFC 3261 §20.10: the header's parameter */
		{"<sip:a@b;x=y>;tag=x", "", "sip:a@b;x=y", "tag=x", "x"},
		{"Bob <sip:a@b>;TAG=x", "Bob", "sip:a@b", "TAG=x", "x"},
		{"caller<sip:a@b>", "caller", "sip:a@b", "", ""},
		{"\"B, \\\"o\\\" <b>\" <sip:a@b>;tag=1", "\"B, \\\"o\\\" <b>\"", "sip:a@b", "tag=1", "1"},
		{"\"\"<sip:a@b>", "\"\"", "sip:a@b", "", ""},
		{"J\xc3\xbcrgen (home) M. <sip:a@b>", "J\xc3\xbcrgen (home) M.", "sip:a@b", "", ""},
		{"sip:a@b <sip:a@b>;tag=1", "sip:a@b", "sip:a@b", "tag=1", "1"},
		{"  <sip:a@b>  ;  tag  =  x  ;y", "", "sip:a@b", "tag  =  x  ;y", "x"},
		{"< sip:a@b >", "", "sip:a@b", "", ""},
		{"<sip:a@b>;tag=x;", "", "sip:a@b", "tag=x;", "x"},
		{"<sip:a@b>;q=\"a;tag=no\";tag=yes", "", "sip:a@b", "q=\"a;tag=no\";tag=yes", "yes"},
		{"<tel:+1;x=y>;tag=x", "", "tel:+1;x=y", "tag=x", "x"},
		{"tel:+1;tag=x", "", "tel:+1", "tag=x", "x"},
		{"<sips:a@[2001:db8::1]:5061>;received=2001:db8::9", "", "sips:a@[2001:db8::1]:5061",
		 "received=2001:db8::9", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct name_addr a;
		if (!name_addr_parse(str_z(cases[i].text), &a))
			fail_msg("refused: %s", cases[i].text);
		assert_str(a.display, cases[i].display);
		assert_str(a.uri.text, cases[i].uri);
		assert_str(a.params, cases[i].params);
		assert_str(a.tag, cases[i].tag);
	}
}

static void test_name_addr_bad(void **state)
{
	static const char *const cases[] = {
		"",
		"*",
		"<>",
		"<sip:a@b",
		"sip:a@b>",
		"\"x <sip:a@b>",
		"\"x\\\" <sip:a@b>",
		"\"x\"",
		"x\"y\" <sip:a@b>",
		"\"x\" y <sip:a@b>",
		"A, B <sip:a@b>",
		"a;b <sip:a@b>",
		"<sip:a@b> x",
		"<sip:a@b>tag=x",
		"<sip:a@b>;",
		"<sip:a@b>;;tag=x",
		"<sip:a@b>;tag",
		"<sip:a@b>;tag=",
		"<sip:a@b>;tag=\"x\"",
		"<sip:a@b>;tag=x;tag=y",
		"<sip:a@b>;tag=x y",
		"<sip:a@b>;tag=x, <sip:c@d>",
		"<sip:a@b>;x=\"y",
		"<sip:a@b>;=x",
		"sip:a@b?x=y",
		"sip:a,b@c",
		"<<sip:a@b>>",
		"<sip:a@b><sip:c@d>",
		"<sip:a@b>;t\xc3\xbc=x",
		"<sip:a b@c>",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct name_addr a = {.tag = STR("kept")};
		if (name_addr_parse(str_z(cases[i]), &a))
			fail_msg("taken: %s", cases[i]);
		assert_str(a.tag, "kept");
	}
}

static void test_params_get(void **state)
{
	struct str v = STR("kept"), p = STR("a;b=1;c = \"x;b=2\" ;d=;E=f");
	assert_true(params_get(p, STR("a"), &v) && v.n == 0);
	assert_true(params_get(p, STR("B"), &v));
	assert_str(v, "1");
	assert_true(params_get(p, STR("c"), &v));
	assert_str(v, "\"x;b=2\"");
	assert_true(params_get(p, STR("d"), &v) && v.n == 0);
	assert_true(params_get(p, STR("e"), &v));
	assert_str(v, "f");
	assert_false(params_get(p, STR("f"), &v));
	assert_false(params_get(STR_NONE, STR("f"), &v));
	assert_false(params_get(STR("x=\"open;f=1"), STR("f"), &v));
	assert_str(v, "f");
}

static void test_list_next(void **state)
{
	static const struct {
		const char *list;
		const char *items[4];
	} cases[] = {
		{"a, b ,c", {"a", "b", "c"}},
		{"", {NULL}},
		{" , ,\t,", {NULL}},
		{"a,", {"a"}},
		{"<sip:a,b@c>, \"x,\\\",y\" <sip:d@e>", {"<sip:a,b@c>", "\"x,\\\",y\" <sip:d@e>"}},
		{"\"open, <a>, b", {"\"open, <a>, b"}},
		{"<open, b", {"<open, b"}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str list = str_z(cases[i].list), item;
		for (size_t k = 0; cases[i].items[k]; k++) {
			assert_true(list_next(&list, &item));
			assert_str(item, cases[i].items[k]);
		}
		assert_false(list_next(&list, &item));
	}
}

/* However a user is spelled, it is one address of record, and no two users are. */
static void test_aor(void **state)
{
	static const struct {
		const char *uri, *aor;
	} rows[] = {
		{"sip:alice@Example.ORG.:5070;x=y", "alice@example.org"},
		{"sip:%61l%69ce@example.org", "alice@example.org"},
		{"sip:a%25b@h", "a%25b@h"},
		{"sip:a%b@h", "a%25b@h"},
		{"sip:%61%25%62@h", "a%25b@h"},
		{"sip:a%2540b@h", "a%2540b@h"},
		{"sip:a%40b@h", "a%40b@h"},
		{"sip:j%C3%BCrgen@h", "j%C3%BCrgen@h"},
		{"sip:j%c3%bcrgen@h", "j%C3%BCrgen@h"},
		{"sip:j\xc3\xbcrgen@h", "j%C3%BCrgen@h"},
		{"sip:a%00b@h", "a%00b@h"},
		{"sip:a%2500b@h", "a%2500b@h"},
		{"sip:two%20words@h", "two%20words@h"},
		{"sip:a%@h", "a%25@h"},
		{"sip:a%4@h", "a%254@h"},
	};
	char buf[AOR_MAX], longest[AOR_MAX];
	struct str aor = STR_NONE;
	struct uri u;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(uri_parse(str_z(rows[i].uri), &u));
		assert_true(aor_canonical(&u, buf, &aor));
		if (!str_eq(aor, str_z(rows[i].aor)))
			fail_msg("%s: %.*s", rows[i].uri, (int)aor.n, aor.p);
	}
	memset(longest, 'x', sizeof(longest));
	u = (struct uri){.user = {longest, AOR_MAX - 2}, .host = STR("h")};
	assert_true(aor_canonical(&u, buf, &aor));
	longest[0] = '%'; /* three bytes of one */
	assert_false(aor_canonical(&u, buf, &aor));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aor),           cmocka_unit_test(test_uri_good),
		cmocka_unit_test(test_uri_bad),       cmocka_unit_test(test_name_addr_good),
		cmocka_unit_test(test_name_addr_bad), cmocka_unit_test(test_params_get),
		cmocka_unit_test(test_list_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
