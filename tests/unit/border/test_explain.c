/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "sbc/sip/ident.h"
#include "tests/unit/border/border_text.h"

static const char config_text[] =
	"{ \"networks\": {"
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\", \"udp:[2001:db8::10]:5060\"], \"acl\": { \"deny\": [\"192.0.2.128/25\"] } },"
	"  \"access\": { \"listen\": [\"udp:192.168.7.2:5060\"], \"advertise\": \"198.51.100.10\", \"unknown\": \"accept\", \"media\": { \"address\": \"192.168.7.2\", \"ports\": \"20000-20999\" } },"
	"  \"homes\": { \"listen\": [\"udp:192.168.8.2:5060\"], \"phones\": true },"
	"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\", \"tcp:10.0.0.2:5060\"] } },"
	" \"peers\": {"
	"  \"carrier-a\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\", \"sip.carrier-a.example\"] },"
	"  \"carrier-b\": { \"network\": \"trunk\", \"targets\": [\"[2001:db8:b::1]:5080\"], \"domain\": \"us.example\" },"
	"  \"east\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.9\"], \"hosts\": [\"east.example\"] },"
	"  \"west\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.9\"], \"hosts\": [\"west.example\"] },"
	"  \"pbx\": { \"network\": \"core\", \"targets\": [\"tcp:10.0.0.5\"] } },"
	" \"routes\": ["
	"  { \"name\": \"premium\", \"match\": { \"ruri\": \"prefix:+4490\" }, \"deny\": { \"code\": 603 } },"
	"  { \"name\": \"in\", \"match\": { \"peer\": \"carrier-a\", \"ruri\": \"prefix:+4930\" }, \"rewrite\": { \"ruri\": \"s/^\\\\+49/0/\" }, \"target\": \"pbx\" },"
	"  { \"name\": \"out\", \"match\": { \"peer\": \"pbx\" }, \"target\": [\"carrier-a\", \"carrier-b\"] },"
	"  { \"name\": \"phones\", \"match\": { \"network\": \"access\", \"from\": \"regex:^2[0-9]+@\" }, \"target\": \"echo\" },"
	"  { \"name\": \"homes\", \"match\": { \"network\": \"homes\" }, \"target\": \"pbx\" } ] }";

struct row {
	const char *golden;
	struct border_explain what;
	int ret;
};
static const struct row rows[] = {
	{"explain_in.txt", {.network = "trunk", .from = "+491701", .to = "+4930123", .source = "192.0.2.1"}, 0},
	{"explain_out.txt", {.network = "core", .from = "200@pbx.local", .to = "tel:+44-20-1"}, 0},
	{"explain_deny.txt", {.network = "core", .from = "200", .to = "+4490123"}, 0},
	{"explain_no_route.txt",
	 {.network = "trunk", .from = "1@east.example", .to = "2@x.example", .source = "192.0.2.9:5060"},
	 0},
	{"explain_ambiguous.txt", {.network = "trunk", .from = "1@h", .to = "2@x.example", .source = "192.0.2.9"}, 0},
	{"explain_unknown.txt", {.network = "trunk", .from = "1@h", .to = "2", .source = "192.0.2.77"}, 0},
	{"explain_acl.txt", {.network = "trunk", .from = "1@h", .to = "2", .source = "192.0.2.200"}, 0},
	{"explain_phone.txt", {.network = "access", .from = "200", .to = "600"}, 0},
	{"explain_alias.txt", {.network = "core", .from = "200", .to = "abcdefghijklmnopqrstuvwxyz234"}, 0},
	{"explain_options.txt",
	 {.network = "access", .from = "300", .to = "sip:198.51.100.10", .method = "OPTIONS"},
	 0},
	{"explain_registered.txt", {.network = "homes", .from = "201", .to = "+4930123", .source = "198.51.100.7"}, 0},
	{"explain_register.txt",
	 {.network = "homes", .from = "201", .to = "201", .source = "198.51.100.7", .method = "REGISTER"},
	 0},
	{"explain_peer_register.txt", {.network = "core", .from = "201", .to = "201", .method = "REGISTER"}, 0},
	{"explain_method_unknown.txt", {.network = "core", .from = "201", .to = "201", .method = "CALL"}, 0},
	{"explain_no_dialog.txt", {.network = "core", .from = "201", .to = "201", .method = "BYE"}, 0},
	{"explain_bad_network.txt", {.network = "trnk", .from = "1", .to = "2"}, -EINVAL},
	{"explain_bad_source.txt", {.network = "trunk", .from = "1", .to = "2", .source = "carrier"}, -EINVAL},
	{"explain_bad_to.txt", {.network = "trunk", .from = "1", .to = ""}, -EINVAL},
	{"explain_bad_from.txt", {.network = "trunk", .from = "1@[::", .to = "2"}, -EINVAL},
};

static void tell(void *arg, const char *line)
{
	writer_z(arg, line);
	writer_char(arg, '\n');
}

static void explain(const char *text, const struct row *v, size_t n)
{
	struct config *c = config_of(text);
	for (size_t i = 0; i < n; i++) {
		static char buf[8192];
		struct writer w = writer_init(buf, sizeof(buf));
		assert_int_equal(border_explain(c, &v[i].what, tell, &w), v[i].ret);
		assert_golden(v[i].golden, writer_result(&w));
	}
	config_unref(c);
}

static void test_golden(void **state)
{
	explain(config_text, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Digest both ways, and a cluster_key: who is asked, by whom, and whose challenges cross. */
static void test_digest(void **state)
{
	static const char text[] =
		"{ \"cluster_key\": \"a key of sixteen bytes and more\","
		" \"accounts\": { \"file\": \"/nowhere/users\" },"
		" \"networks\": {"
		"  \"phones\": { \"listen\": [\"udp:192.0.2.1:5060\"], \"unknown\": \"accept\", \"auth\": \"limen\", \"realm\": \"phones.example\" },"
		"  \"closed\": { \"listen\": [\"udp:192.0.2.2:5060\"], \"auth\": \"limen\", \"realm\": \"phones.example\" },"
		"  \"homes\": { \"listen\": [\"udp:192.0.2.3:5060\"], \"unknown\": \"accept\", \"auth\": \"relay\" },"
		"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\"] } },"
		" \"peers\": {"
		"  \"branch\": { \"network\": \"phones\", \"targets\": [\"198.51.100.7\"] },"
		"  \"pbx\": { \"network\": \"core\", \"targets\": [\"10.0.0.5\"], \"auth\": \"relay\" },"
		"  \"trunk\": { \"network\": \"core\", \"targets\": [\"10.0.0.6\"], \"credentials\": { \"user\": \"us\", \"password\": \"our secret\" } },"
		"  \"both\": { \"network\": \"core\", \"targets\": [\"10.0.0.7\"], \"auth\": \"relay\","
		"   \"credentials\": { \"user\": \"us\", \"password\": \"our secret\", \"realm\": \"carrier.example\" } } },"
		" \"routes\": ["
		"  { \"name\": \"register\", \"match\": { \"method\": \"REGISTER\" }, \"target\": \"pbx\" },"
		"  { \"name\": \"to-all\", \"match\": { \"ruri\": \"prefix:1\" }, \"target\": [\"pbx\", \"trunk\", \"both\"] },"
		"  { \"name\": \"to-phones\", \"match\": { \"network\": \"core\" }, \"target\": \"branch\" } ] }";
	static char made[IDENT_LEN + 1], forged[IDENT_LEN + 1];
	const struct ident_key key = ident_key_init(STR("a key of sixteen bytes and more"), 0, 0);
	ident_mint(&key, 1, made);
	memcpy(forged, made, sizeof(made));
	forged[IDENT_LEN - 1] = made[IDENT_LEN - 1] == 'a' ? 'b' : 'a';
	const struct row v[] = {
		{"explain_login.txt", {.network = "phones", .from = "200", .to = "100"}, 0},
		{"explain_login_register.txt",
		 {.network = "phones", .from = "200", .to = "200", .method = "REGISTER"},
		 0},
		{"explain_login_options.txt",
		 {.network = "phones", .from = "200", .to = "sip:192.0.2.1", .method = "OPTIONS"},
		 0},
		{"explain_login_peer.txt",
		 {.network = "phones", .from = "200", .to = "100", .source = "198.51.100.7"},
		 0},
		{"explain_login_closed.txt", {.network = "closed", .from = "200", .to = "100"}, 0},
		{"explain_relay.txt", {.network = "homes", .from = "200", .to = "100"}, 0},
		{"explain_relay_out.txt", {.network = "core", .from = "200", .to = "300", .source = "10.0.0.5"}, 0},
	};
	explain(text, v, sizeof(v) / sizeof(v[0]));

	/* aliases have a random part: no golden text */
	struct config *c = config_of(text);
	for (int i = 0; i < 2; i++) {
		char buf[8192] = "";
		struct writer w = writer_init(buf, sizeof(buf) - 1);
		const struct border_explain e = {
			.network = "core", .from = "200", .to = i ? forged : made, .source = "10.0.0.5"};
		assert_int_equal(border_explain(c, &e, tell, &w), 0);
		buf[w.n] = '\0';
		assert_non_null(strstr(buf, i ? "not made with this cluster_key: forged, a peer gets 404"
					      : "an alias made with this cluster_key"));
		assert_null(strstr(buf, "sixteen"));
	}
	config_unref(c);
}

/* Whatever is asked: an answer or -EINVAL, and no control character in it. */
static void test_odd(void **state)
{
	static char big[3000];
	memset(big, 'x', sizeof(big) - 1);
	const char *const odd[] = {"",    "@",     "sip:",      "sip:@", "tel:",     "tel:x",
				   ":",   "a@b@c", "<sip:a@b>", "a b",   "\x1b[31m", "\xff",
				   "%00", "%zz",   "sip:%0a@h", "[::1]", big};
	struct config *c = config_of(config_text);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		for (unsigned k = 0; k < 5; k++) {
			static char buf[65536];
			struct writer w = writer_init(buf, sizeof(buf));
			struct border_explain e = {.network = k == 0 ? odd[i] : "access",
						   .from = k == 1 ? odd[i] : "1",
						   .to = k == 2 ? odd[i] : "2",
						   .source = k == 3 ? odd[i] : NULL,
						   .method = k == 4 ? odd[i] : NULL};
			int r = border_explain(c, &e, tell, &w);
			assert_true(r == 0 || r == -EINVAL);
			assert_true(w.n > 0);
			for (size_t n = 0; n < w.n; n++)
				assert_true((uint8_t)buf[n] >= 0x20 || buf[n] == '\n');
		}
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_digest),
					   cmocka_unit_test(test_odd)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
