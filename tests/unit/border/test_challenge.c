/* SPDX-License-Identifier: Apache-2.0 */
/* Limen as the one who challenges: its verdicts, what it writes, and faults of OpenSSL and memory. */
#include <errno.h>
#include <openssl/hmac.h>

#include "oom.h"
#include "tests/unit/border/challenge_phone.h"

/* ---- an HMAC that fails ------------------------------------------------------------------------------------------ */

static unsigned hmac_left = ~0u; /* calls that still succeed */

unsigned char *__real_HMAC(const EVP_MD *md, const void *key, int key_n, const unsigned char *p, size_t n,
			   unsigned char *out, unsigned *out_n);
unsigned char *__wrap_HMAC(const EVP_MD *md, const void *key, int key_n, const unsigned char *p, size_t n,
			   unsigned char *out, unsigned *out_n);
unsigned char *__wrap_HMAC(const EVP_MD *md, const void *key, int key_n, const unsigned char *p, size_t n,
			   unsigned char *out, unsigned *out_n)
{
	if (hmac_left != ~0u && hmac_left-- == 0) {
		hmac_left = 0;
		return NULL;
	}
	return __real_HMAC(md, key, key_n, p, n, out, out_n);
}

/* ---- logging in -------------------------------------------------------------------------------------------------- */

static void test_log_in(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	p.line[0] = '\0';
	assert_int_equal(send_line(&p), CHALLENGE_NEEDED);
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	for (int i = 0; i < 100; i++)
		assert_int_equal(send_next(&p), CHALLENGE_OK);
	p.source = "192.0.2.7:1024"; /* another port of the NAT */
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	p.method = "INVITE";
	p.ruri = p.uri = "sip:+4930@pbx.example;user=phone";
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	static const enum digest_algorithm all[] = {DIGEST_MD5, DIGEST_MD5_SESS, DIGEST_SHA256_SESS};
	for (size_t i = 0; i < 3; i++) {
		p.algorithm = all[i];
		assert_int_equal(log_in(&p), CHALLENGE_OK);
	}
	p = phone_of("q\"uo\\te", "p\"w", "[2001:db8::7]:5060");
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	assert_int_equal(counters().ok, 107);
	assert_int_equal(counters().needed, 1);
	assert_int_equal(counters().forbidden, 0);
}

static void test_lines(void **state)
{
	char text[1024];
	struct phone p = phone_of("", "", "192.0.2.7:5060");
	struct writer w = writer_init(text, sizeof(text));
	struct challenge_facts f = facts_of(&p);
	assert_int_equal(challenge_write(s, accounts, &f, true, true, &w), 0);
	struct str rest = writer_result(&w), first = str_cut(&rest, '\n');
	assert_true(str_starts(first, STR("Proxy-Authenticate: Digest realm=\"pbx.example\", nonce=\"")));
	assert_true(str_starts((struct str){first.p + 55 + NONCE_HEX, first.n - 55 - NONCE_HEX},
			       STR("\", algorithm=SHA-256, qop=\"auth\", stale=true\r")));
	assert_true(str_starts((struct str){rest.p + 55 + NONCE_HEX, rest.n - 55 - NONCE_HEX},
			       STR("\", algorithm=MD5, qop=\"auth\", stale=true\r\n")));
	assert_memory_equal(first.p, rest.p, 55 + NONCE_HEX); /* one nonce */
	/* where some have MD5 alone, that alone is offered, and nothing else is taken */
	f.realm = STR("old.example");
	w = writer_init(text, sizeof(text) - 1);
	assert_int_equal(challenge_write(s, accounts, &f, false, false, &w), 0);
	text[w.n] = '\0';
	assert_null(strstr(text, "SHA-256"));
	assert_non_null(strstr(text, "algorithm=MD5"));
	p = phone_of("both", "p", "192.0.2.7:5060");
	p.realm = "old.example";
	p.algorithm = DIGEST_MD5;
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	p.algorithm = DIGEST_SHA256;
	assert_int_equal(send_next(&p), CHALLENGE_FORBIDDEN);
	assert_int_equal(counters().malformed, 1);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *user, *password;
	} rows[] = {{"alice", "secret-of-bob"}, {"nobody", "secret-of-alice"}, {"alice", ""}, {"", ""}};
	for (size_t i = 0; i < 4; i++) {
		struct phone p = phone_of(rows[i].user, rows[i].password, "192.0.2.7:5060");
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
	}
	assert_int_equal(counters().forbidden, 4);
	/* a method, URI or count that is not what was hashed */
	struct phone p = phone_of("bob", "secret-of-bob", "192.0.2.8:5060");
	challenged(&p, false);
	answer(&p);
	p.method = "INVITE";
	assert_int_equal(send_line(&p), CHALLENGE_FORBIDDEN);
	p.method = "REGISTER";
	assert_int_equal(send_line(&p), CHALLENGE_OK);
	answer(&p);
	char *nc = strstr(p.line, "nc=00000002");
	assert_non_null(nc);
	nc[10] = '3';
	assert_int_equal(send_line(&p), CHALLENGE_FORBIDDEN);
}

static void test_malformed(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	static const struct {
		const char *line;
		enum challenge_verdict v;
	} rows[] = {
		{"Basic YTpi", CHALLENGE_NEEDED},
		{"Digest", CHALLENGE_FORBIDDEN},
		{"Digest username=\"a\"", CHALLENGE_FORBIDDEN},
		{"Digest username=\"a\",realm=\"other\",nonce=\"n\",uri=\"sip:pbx.example\",response=\"0123456789abcdef0123456789abcdef\"",
		 CHALLENGE_NEEDED},
		{"Digest username=\"a\",realm=\"pbx.example\",nonce=\"n\",uri=\"sip:pbx.example\",response=\"0123456789abcdef0123456789abcdef\",algorithm=SHA-512-256",
		 CHALLENGE_FORBIDDEN},
		{"Digest username=\"a\",realm=\"pbx.example\",nonce=\"n\",uri=\"sip:pbx.example\",response=\"0123456789abcdef0123456789abcdef\",qop=auth,nc=00000000,cnonce=c",
		 CHALLENGE_FORBIDDEN},
		{"Digest username=\"a\",realm=\"pbx.example\",nonce=\"n\",uri=\"sip:pbx.example\",response=\"0123456789abcdef0123456789abcdef\",qop=other,nc=00000001,cnonce=c",
		 CHALLENGE_FORBIDDEN},
		{"Digest username=\"a\",realm=\"pbx.example\",nonce=\"n\",uri=\"sip:elsewhere\",response=\"0123456789abcdef0123456789abcdef\"",
		 CHALLENGE_FORBIDDEN},
		{"Digest username=\"a\",realm=\"pbx.example\",nonce=\"n\",uri=\"sip:pbx.example\",response=\"0123456789abcdef0123456789abcdef\"",
		 CHALLENGE_STALE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(p.line, sizeof(p.line), "%s", rows[i].line);
		enum challenge_verdict v = send_line(&p);
		if (v != rows[i].v)
			fail_msg("%s: %s", rows[i].line, challenge_verdict_text(v));
	}
	assert_int_equal(counters().malformed, 6);
	assert_int_equal(counters().lockouts, 0);
	/* a name longer than any account's */
	char name[300];
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	p.user = name;
	assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
	assert_int_equal(counters().malformed, 7);
}

/* ---- the Request-URI --------------------------------------------------------------------------------------------- */

static void test_uri(void **state)
{
	static const struct {
		const char *uri, *ruri;
		bool fits;
	} rows[] = {
		{"sip:a@h", "sip:a@h", true},
		{"SIP:a@H.Example", "sip:a@h.example", true},
		{"sip:h", "sip:h:5060;transport=udp", true},
		{"sip:h;transport=tcp", "sip:h", true},
		{"sips:h", "sips:h:5061", true},
		{"sip:%61@h", "sip:a@h", true},
		{"sip:a%25b@h", "sip:%61%25b@h", true},
		{"sip:a%25b@h", "sip:a%b@h", true},
		{"sip:a%40b@h", "sip:a%2540b@h", false},
		{"sip:j%c3%bc@h", "sip:j%C3%BC@h", true},
		{"sip:[2001:db8::1]", "sip:[2001:DB8::1]", true},
		{"tel:+4930", "tel:+4930", true},
		{"sip:A@h", "sip:a@h", false},
		{"sip:a@h", "sip:h", false},
		{"sip:h", "sip:a@h", false},
		{"sip:a@h", "sip:a@i", false},
		{"sip:h:5061", "sip:h", false},
		{"sips:h", "sip:h", false},
		{"sip:h", "sips:h", false},
		{"tel:+4930", "tel:+4931", false},
		{"tel:+4930", "sip:+4930@h", false},
		{"sip:", "sip:h", false},
		{"*", "sip:h", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uri u;
		assert_true(uri_parse(str_z(rows[i].ruri), &u));
		if (challenge_uri_fits(str_z(rows[i].uri), &u) != rows[i].fits)
			fail_msg("%s for %s", rows[i].uri, rows[i].ruri);
	}
}

/* ---- faults ------------------------------------------------------------------------------------------------------ */

static void test_hmac_fails(void **state)
{
	struct challenge_state *none = (struct challenge_state *)&now;
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	struct challenge_facts f = facts_of(&p);
	char text[512];
	struct writer w = writer_init(text, sizeof(text));
	hmac_left = 0;
	assert_int_equal(challenge_state_create(STR("k"), &limits, now, &none), -EIO);
	assert_ptr_equal(none, &now);
	assert_int_equal(challenge_write(s, accounts, &f, false, false, &w), -EIO);
	assert_int_equal(w.n, 0);
	hmac_left = ~0u;
	challenged(&p, false);
	answer(&p);
	hmac_left = 0;
	assert_int_equal(send_line(&p), CHALLENGE_ERROR);
	hmac_left = ~0u;
	assert_int_equal(send_line(&p), CHALLENGE_OK);
	assert_int_equal(counters().errors, 2);
	/* a name of a network that cannot be is refused, not cut */
	char name[2048];
	memset(name, 'n', sizeof(name));
	f.network = (struct str){name, sizeof(name)};
	assert_int_equal(challenge_write(s, accounts, &f, false, false, &w), -EIO);
}

static void test_memory(void **state)
{
	unsigned refused = 1;
	for (unsigned i = 0; refused; i++) {
		struct challenge_state *c = (struct challenge_state *)&now;
		oom_after(i);
		int r = challenge_state_create(STR("key"), &limits, now, &c);
		refused = oom_off();
		assert_int_equal(r, refused ? -ENOMEM : 0);
		if (r == 0)
			challenge_state_destroy(c);
		else
			assert_ptr_equal(c, &now);
		assert_true(i < 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_log_in),
		T(test_lines),
		T(test_wrong),
		T(test_malformed),
		cmocka_unit_test(test_uri),
		T(test_hmac_fails),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, load_accounts, drop_accounts);
}
