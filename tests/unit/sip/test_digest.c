/* SPDX-License-Identifier: Apache-2.0 */
/* Digest: the vectors of RFC 2069, 2617 and 7616 (RFC 8760 has none of its own), values made with another
 * implementation for the combinations that they leave out, readers against good and bad values, answers that a verifier
 * accepts, and an OpenSSL each of whose calls fails once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "sbc/sip/digest.h"
#include "sbc/sip/message.h"

/* ---- OpenSSL that fails ------------------------------------------------------------------------------------------ */

static unsigned calls, fail_at; /* fail_at 0: never */

static bool fails(void)
{
	return ++calls == fail_at;
}

EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
int __real_EVP_DigestInit_ex(EVP_MD_CTX *c, const EVP_MD *md, ENGINE *e);
int __real_EVP_DigestUpdate(EVP_MD_CTX *c, const void *p, size_t n);
int __real_EVP_DigestFinal_ex(EVP_MD_CTX *c, unsigned char *p, unsigned *n);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
int __wrap_EVP_DigestInit_ex(EVP_MD_CTX *c, const EVP_MD *md, ENGINE *e);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *c, const void *p, size_t n);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *c, unsigned char *p, unsigned *n);

EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void)
{
	return fails() ? NULL : __real_EVP_MD_CTX_new();
}

int __wrap_EVP_DigestInit_ex(EVP_MD_CTX *c, const EVP_MD *md, ENGINE *e)
{
	return fails() ? 0 : __real_EVP_DigestInit_ex(c, md, e);
}

int __wrap_EVP_DigestUpdate(EVP_MD_CTX *c, const void *p, size_t n)
{
	return fails() ? 0 : __real_EVP_DigestUpdate(c, p, n);
}

int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *c, unsigned char *p, unsigned *n)
{
	return fails() ? 0 : __real_EVP_DigestFinal_ex(c, p, n);
}

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

#define N26 "dcd98b7102dd2f0e8b11d0f600bfb0c093"
#define N76 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define C76 "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define BOB "bob", "biloxi.com", "zanzibar"

static const struct {
	const char *source;
	enum digest_algorithm algorithm;
	enum digest_qop qop;
	const char *user, *realm, *password, *nonce, *cnonce, *nc, *method, *uri, *body, *response;
} vectors[] = {
	/* clang-format off */
	{"RFC 2069 §2.4 (erratum 749)", DIGEST_MD5, DIGEST_QOP_NONE, "Mufasa", "testrealm@host.com", "CircleOfLife", N26, "", "",
	 "GET", "/dir/index.html", "", "1949323746fe6a43ef61f9606e7febea"},
	{"RFC 2617 §3.5", DIGEST_MD5, DIGEST_QOP_AUTH, "Mufasa", "testrealm@host.com", "Circle Of Life", N26, "0a4f113b", "00000001",
	 "GET", "/dir/index.html", "", "6629fae49393a05397450978507c4ef1"},
	{"RFC 7616 §3.9.1", DIGEST_MD5, DIGEST_QOP_AUTH, "Mufasa", "http-auth@example.org", "Circle of Life", N76, C76, "00000001",
	 "GET", "/dir/index.html", "", "8ca523f5e9506fed4657c9700eebdbec"},
	{"RFC 7616 §3.9.1", DIGEST_SHA256, DIGEST_QOP_AUTH, "Mufasa", "http-auth@example.org", "Circle of Life", N76, C76, "00000001",
	 "GET", "/dir/index.html", "", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
#define B(a, q, r) {"hashlib", a, q, BOB, N26, "0a4f113b", "0000002f", "INVITE", "sip:bob@biloxi.com", "v=0\r\n", r}
	B(DIGEST_MD5, DIGEST_QOP_NONE, "bf57e4e0d0bffc0fbaedce64d59add5e"),
	B(DIGEST_MD5, DIGEST_QOP_AUTH, "50c31e45a25f50d817ee9bcfd5ce22ba"),
	B(DIGEST_MD5, DIGEST_QOP_AUTH_INT, "a1730958203f91a25b51a91a63ba0eb5"),
	B(DIGEST_MD5_SESS, DIGEST_QOP_NONE, "fff17611bcbbf00c9116a2c922dea8e1"),
	B(DIGEST_MD5_SESS, DIGEST_QOP_AUTH, "81d0879a1eb11475886127f7e76532da"),
	B(DIGEST_MD5_SESS, DIGEST_QOP_AUTH_INT, "18032d1017e55b9758e16f2ab474e647"),
	B(DIGEST_SHA256, DIGEST_QOP_NONE, "38aad98c50c33abe72c5f88dd17246ffcfa6b1f68852c855719ff0659386c0ca"),
	B(DIGEST_SHA256, DIGEST_QOP_AUTH, "f14159ec17f645ecff60e2292308c505558fb40dcc496fb6863bde7557fe571a"),
	B(DIGEST_SHA256, DIGEST_QOP_AUTH_INT, "44920747fd278a5b385ffa9e48fbfdea355c70586bdd295f40e8e4bac0abc2e5"),
	B(DIGEST_SHA256_SESS, DIGEST_QOP_NONE, "2ceb74b5bf787a27f00a80b94f397228de1a9bab1c3c56b7c6f984cf9f3ffdf7"),
	B(DIGEST_SHA256_SESS, DIGEST_QOP_AUTH, "b49265d21430407e4c2e1aabfe5c92b49a65b29b0601abecd0229c7eeb9a3a4f"),
	B(DIGEST_SHA256_SESS, DIGEST_QOP_AUTH_INT, "a1feee31f5245195a2b025916a2d567c39eb6864a147488b6e6110923777d064"),
	/* escapes of the header are not part of what is hashed; the password and its kin have none */
	{"hashlib", DIGEST_SHA256, DIGEST_QOP_AUTH, "a\"b\\c", "r\"q", "p\\w", "n\\\"1", "c\\\"2", "00000001", "REGISTER", "sip:h", "",
	 "f2b1c080e74e29fce40c5b61f53ab00c84952d02d460332432f5ed17809b63ac"},
	/* clang-format on */
};

static int respond(size_t i, char ret[DIGEST_HEX_MAX + 1])
{
	char ha1[DIGEST_HEX_MAX + 1];
	int r = digest_ha1(vectors[i].algorithm, str_z(vectors[i].user), str_z(vectors[i].realm),
			   str_z(vectors[i].password), ha1);
	if (r < 0)
		return r;
	return digest_response(&(struct digest_input){.algorithm = vectors[i].algorithm,
						      .qop = vectors[i].qop,
						      .ha1 = str_z(ha1),
						      .nonce = str_z(vectors[i].nonce),
						      .cnonce = str_z(vectors[i].cnonce),
						      .nc_text = str_z(vectors[i].nc),
						      .method = str_z(vectors[i].method),
						      .uri = str_z(vectors[i].uri),
						      .body = str_z(vectors[i].body)},
			       ret);
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char got[DIGEST_HEX_MAX + 1];
		assert_int_equal(respond(i, got), 0);
		if (strcmp(got, vectors[i].response) != 0)
			fail_msg("%zu (%s): got %s, want %s", i, vectors[i].source, got, vectors[i].response);
	}
}

/* Each call of each computation fails once: -EIO, the output as it was, nothing leaked. */
static void test_openssl_fails(void **state)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char got[DIGEST_HEX_MAX + 1] = "untouched";
		int r = -EIO;
		for (fail_at = 1; r < 0; fail_at++) {
			calls = 0;
			r = respond(i, got);
			if (calls < fail_at)
				break;
			assert_int_equal(r, -EIO);
			assert_string_equal(got, "untouched");
		}
		assert_int_equal(r, 0);
		assert_true(fail_at > 15);
		fail_at = 0;
	}
}

static void test_wrong_input(void **state)
{
	char got[DIGEST_HEX_MAX + 1] = "untouched";
	struct digest_input in = {.algorithm = DIGEST_SHA256, .ha1 = STR("00000000000000000000000000000000")};
	assert_int_equal(digest_response(&in, got), -EINVAL); /* the HA1 of another algorithm */
	in.algorithm = DIGEST_UNKNOWN;
	assert_int_equal(digest_response(&in, got), -EINVAL);
	assert_int_equal(digest_ha1(DIGEST_UNKNOWN, STR("a"), STR("b"), STR("c"), got), -EINVAL);
	assert_string_equal(got, "untouched");
}

static void test_algorithms(void **state)
{
	assert_int_equal(digest_algorithm_of(STR("md5")), DIGEST_MD5);
	assert_int_equal(digest_algorithm_of(STR("SHA-256-SESS")), DIGEST_SHA256_SESS);
	assert_int_equal(digest_algorithm_of(STR("SHA-512-256")), DIGEST_UNKNOWN);
	assert_int_equal(digest_algorithm_of(STR("AKAv1-MD5")), DIGEST_UNKNOWN);
	assert_int_equal(digest_algorithm_of(STR("")), DIGEST_UNKNOWN);
	assert_int_equal(digest_base(DIGEST_SHA256_SESS), DIGEST_SHA256);
	assert_int_equal(digest_hex_len(DIGEST_MD5_SESS), 32);
	assert_int_equal(digest_hex_len(DIGEST_UNKNOWN), 0);
}

static void test_compare(void **state)
{
	assert_true(digest_response_equal(STR("0a4F"), "0a4f", 4));
	assert_false(digest_response_equal(STR("0a4e"), "0a4f", 4));
	assert_false(digest_response_equal(STR("0a4"), "0a4f", 4));
	assert_false(digest_response_equal(STR("\x10\x41\x14\x06"), "0a4f", 4));
}

/* ---- challenges -------------------------------------------------------------------------------------------------- */

static void test_challenge(void **state)
{
	struct digest_challenge c;
	assert_int_equal(
		digest_challenge_parse(STR(" digest  realm = \"a \\\"b\\\" c\" ,, nonce=\"n\\\\\",\topaque=\"\","
					   "stale=TRUE, algorithm=\"sha-256\", qop=\"auth-int , auth,x\","
					   "domain=\"sip:a sip:b\", userhash=true, x-own=\"1\", y=2,"),
				       &c),
		0);
	assert_true(str_eq(c.realm, STR("a \\\"b\\\" c")));
	assert_true(str_eq(c.nonce, STR("n\\\\")));
	assert_true(c.has_opaque && c.opaque.n == 0);
	assert_true(c.stale && c.userhash && c.qop_given);
	assert_int_equal(c.algorithm, DIGEST_SHA256);
	assert_int_equal(c.qop, DIGEST_QOP_AUTH | DIGEST_QOP_AUTH_INT);
	assert_true(str_eq(c.domain, STR("sip:a sip:b")));

	assert_int_equal(digest_challenge_parse(STR("Digest realm=\"\",nonce=\"n\""), &c), 0);
	assert_int_equal(c.algorithm, DIGEST_MD5);
	assert_false(c.qop_given || c.stale || c.has_opaque || c.userhash || c.qop);
	assert_int_equal(digest_challenge_parse(STR("Digest realm=a,nonce=n,qop=auth,stale=false"), &c), 0);
	assert_int_equal(c.qop, DIGEST_QOP_AUTH);
}

static const struct {
	const char *value;
	int result;
} bad_challenges[] = {
	{"", -ENOTSUP},
	{"Basic realm=\"a\"", -ENOTSUP},
	{"Digestrealm=\"a\",nonce=\"n\"", -ENOTSUP},
	{"Digest", -EINVAL},
	{"Digest realm=\"a\"", -EINVAL},
	{"Digest nonce=\"n\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\\\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\"x", -EINVAL},
	{"Digest realm=\"a\" nonce=\"n\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",nonce=\"m\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",REALM=\"a\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",x=1,X=1", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",=1", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",x", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",x=", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\",x=a\"b\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\x01\"", -EINVAL},
	{"Digest realm=\"a\",nonce=\"n\r\nX: y\"", -EINVAL},
	/* two in one line: RFC 3261 §7.3.1 */
	{"Digest realm=\"a\",nonce=\"n\", Digest realm=\"b\",nonce=\"m\"", -EINVAL},
};

static void test_bad_challenges(void **state)
{
	struct digest_challenge c = {.nonce = STR("untouched")};
	for (size_t i = 0; i < sizeof(bad_challenges) / sizeof(bad_challenges[0]); i++) {
		int r = digest_challenge_parse(str_z(bad_challenges[i].value), &c);
		if (r != bad_challenges[i].result)
			fail_msg("%s: %d", bad_challenges[i].value, r);
		assert_true(str_eq(c.nonce, STR("untouched")));
	}
}

static void test_bounds(void **state)
{
	char text[DIGEST_VALUE_MAX + 64];
	struct digest_challenge c;
	struct writer w = writer_init(text, sizeof(text));
	writer_lit(&w, "Digest realm=\"a\",nonce=\"n\"");
	for (int i = 0; i < DIGEST_PARAMS_MAX - 2; i++)
		writer_fmt(&w, ",x%d=1", i);
	assert_int_equal(digest_challenge_parse(writer_result(&w), &c), 0);
	writer_lit(&w, ",y=1");
	assert_int_equal(digest_challenge_parse(writer_result(&w), &c), -EINVAL);

	size_t head = strlen("Digest realm=\"a\",nonce=\"");
	memset(text, 'n', sizeof(text));
	memcpy(text, "Digest realm=\"a\",nonce=\"", head);
	text[7 + DIGEST_VALUE_MAX - 1] = '"';
	assert_int_equal(digest_challenge_parse((struct str){text, 7 + DIGEST_VALUE_MAX}, &c), 0);
	text[7 + DIGEST_VALUE_MAX - 1] = 'n';
	text[7 + DIGEST_VALUE_MAX] = '"';
	assert_int_equal(digest_challenge_parse((struct str){text, 7 + DIGEST_VALUE_MAX + 1}, &c), -EINVAL);
}

/* ---- credentials ------------------------------------------------------------------------------------------------- */

#define R32  "0123456789abcdef0123456789ABCDEF"
#define GOOD "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:h\",response=\"" R32 "\""

static void test_credentials(void **state)
{
	struct digest_credentials c;
	assert_int_equal(digest_credentials_parse(STR(GOOD), &c), 0);
	assert_int_equal(c.algorithm, DIGEST_MD5);
	assert_false(c.qop_given || c.userhash);
	assert_int_equal(digest_credentials_parse(
				 STR(GOOD ",qop=auth,nc=0000001F,cnonce=\"c\",opaque=\"o\",algorithm=MD5-sess"), &c),
			 0);
	assert_int_equal(c.qop, DIGEST_QOP_AUTH);
	assert_int_equal(c.nc, 0x1f);
	assert_int_equal(c.algorithm, DIGEST_MD5_SESS);
	assert_true(str_eq(c.opaque, STR("o")));
	/* quotes where the grammar has none, and a qop and an algorithm that nobody knows */
	assert_int_equal(digest_credentials_parse(STR(GOOD ",qop=\"auth-int\",nc=\"00000001\",cnonce=c"), &c), 0);
	assert_int_equal(c.qop, DIGEST_QOP_AUTH_INT);
	assert_int_equal(digest_credentials_parse(STR(GOOD ",qop=x,nc=00000001,cnonce=c,algorithm=SHA-512-256"), &c),
			 0);
	assert_true(c.qop_given && c.qop == DIGEST_QOP_NONE && c.algorithm == DIGEST_UNKNOWN);
}

static const char *const bad_credentials[] = {
	GOOD ",qop=auth",
	GOOD ",qop=auth,nc=00000001",
	GOOD ",qop=auth,cnonce=\"c\"",
	GOOD ",qop=auth,cnonce=\"c\",nc=1",
	GOOD ",qop=auth,cnonce=\"c\",nc=0000000g",
	GOOD ",qop=auth,cnonce=\"c\",nc=000000001",
	GOOD ",qop=auth,cnonce=\"\",nc=00000001",
	GOOD ",algorithm=SHA-256",  /* a response too short for it */
	GOOD ",algorithm=MD5-sess", /* no cnonce */
	GOOD ",username=\"v\"",     /* a second name */
	"Digest realm=\"r\",nonce=\"n\",uri=\"sip:h\",response=\"" R32 "\"",
	"Digest username=\"u\",nonce=\"n\",uri=\"sip:h\",response=\"" R32 "\"",
	"Digest username=\"u\",realm=\"r\",uri=\"sip:h\",response=\"" R32 "\"",
	"Digest username=\"u\",realm=\"r\",nonce=\"n\",response=\"" R32 "\"",
	"Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"\",response=\"" R32 "\"",
	"Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:h\"",
	"Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:h\",response=\"\"",
	"Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:h\",response=\"z123456789abcdef0123456789abcdef\"",
};

static void test_bad_credentials(void **state)
{
	struct digest_credentials c = {.nc = 77};
	for (size_t i = 0; i < sizeof(bad_credentials) / sizeof(bad_credentials[0]); i++) {
		if (digest_credentials_parse(str_z(bad_credentials[i]), &c) != -EINVAL)
			fail_msg("taken: %s", bad_credentials[i]);
		assert_int_equal(c.nc, 77);
	}
	assert_int_equal(digest_credentials_parse(STR("Bearer abc"), &c), -ENOTSUP);
}

static void test_escapes(void **state)
{
	char buf[4];
	struct str s;
	assert_true(digest_unquote(STR("a\\\"\\\\b"), buf, 4, &s));
	assert_true(str_eq(s, STR("a\"\\b")));
	assert_false(digest_unquote(STR("abcde"), buf, 4, &s));
	assert_true(digest_same(STR("a\\\"\\\\b"), STR("a\"\\b")));
	assert_false(digest_same(STR("a\\\"b"), STR("a\\\"b")));
	assert_false(digest_same(STR("ab"), STR("a")));
	assert_false(digest_same(STR("a"), STR("ab")));
	assert_true(digest_same(STR(""), STR("")));
}

/* ---- choosing and answering -------------------------------------------------------------------------------------- */

static struct message *message_of(const char *start, const char *lines)
{
	char text[2048];
	struct message *m;
	struct flow_addr from = {0};
	int n = snprintf(text, sizeof(text),
			 "%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\n"
			 "Call-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 7\r\n%s\r\n",
			 start, lines);
	assert_int_equal(message_parse((const uint8_t *)text, (size_t)n, &from, &m), REJECT_NONE);
	return m;
}

static const struct {
	const char *realm, *lines;
	int choice; /* -1: none */
} choices[] = {
	{"", "", -1},
	{"", "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\"\r\n", 0},
	{"",
	 "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",algorithm=MD5\r\n"
	 "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",algorithm=SHA-256\r\n",
	 1},
	{"",
	 "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",algorithm=SHA-512-256\r\n"
	 "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",algorithm=MD5-sess\r\n"
	 "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",algorithm=MD5\r\n",
	 1}, /* unknown skipped; of equals the topmost */
	{"b",
	 "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",algorithm=SHA-256\r\n"
	 "WWW-Authenticate: Digest realm=\"b\",nonce=\"1\"\r\n",
	 1},
	{"c", "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\"\r\n", -1},
	{"", "WWW-Authenticate: Digest realm=\"a\",nonce=\"1\",qop=\"x\"\r\n", -1},
	{"", "WWW-Authenticate: Basic realm=\"a\"\r\nProxy-Authenticate: Digest realm=\"a\",nonce=\"1\"\r\n", -1},
};

static void test_choose(void **state)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct message *m = message_of("SIP/2.0 401 No", choices[i].lines);
		struct digest_challenge v[4];
		size_t n = digest_challenges_of(m, v, 4), at = 99;
		int r = digest_choose(v, n, str_z(choices[i].realm), &at);
		if (r != (choices[i].choice < 0 ? -ENOENT : 0) || at != (size_t)(r < 0 ? 99 : choices[i].choice))
			fail_msg("row %zu: %d, %zu", i, r, at);
		message_free(m);
	}
	struct message *m = message_of("SIP/2.0 407 No", choices[7].lines);
	struct digest_challenge one;
	assert_int_equal(digest_challenges_of(m, &one, 1), 1);
	message_free(m);
}

/* What is written parses again, and its response is what a verifier computes. */
static void verify(const char *challenge, const struct digest_answer *a, const char *want_in)
{
	char text[2048], ha1[DIGEST_HEX_MAX + 1], want[DIGEST_HEX_MAX + 1], plain[256];
	struct writer w = writer_init(text, sizeof(text) - 1);
	struct digest_challenge c;
	struct digest_credentials got;
	struct str realm, line;
	assert_int_equal(digest_challenge_parse(str_z(challenge), &c), 0);
	assert_int_equal(digest_answer_write(&c, a, &w), 0);
	assert_false(w.overflow);
	text[w.n] = '\0';
	if (want_in && !strstr(text, want_in))
		fail_msg("%s is not in %s", want_in, text);
	line = (struct str){text, w.n - 2};
	assert_string_equal(text + w.n - 2, "\r\n");
	assert_true(str_eq(str_cut(&line, ':'), a->proxy ? STR("Proxy-Authorization") : STR("Authorization")));
	assert_int_equal(digest_credentials_parse(line, &got), 0);
	assert_true(digest_same(got.username, a->user));
	assert_true(str_eq(got.nonce, c.nonce) && str_eq(got.realm, c.realm) && str_eq(got.opaque, c.opaque));
	assert_int_equal(got.algorithm, c.algorithm);
	assert_true(digest_unquote(c.realm, plain, sizeof(plain), &realm));
	assert_int_equal(digest_ha1(c.algorithm, a->user, realm, a->password, ha1), 0);
	struct digest_input in = {.algorithm = c.algorithm,
				  .qop = got.qop,
				  .ha1 = str_z(ha1),
				  .nonce = got.nonce,
				  .cnonce = got.cnonce,
				  .nc_text = got.nc_text,
				  .method = a->method,
				  .uri = got.uri,
				  .body = a->body};
	assert_int_equal(digest_response(&in, want), 0);
	assert_true(digest_response_equal(got.response, want, strlen(want)));
}

static void test_answer(void **state)
{
	struct digest_answer a = {.user = STR("bob"),
				  .password = STR("zanzibar"),
				  .method = STR("INVITE"),
				  .uri = STR("sip:bob@biloxi.com"),
				  .body = STR("v=0\r\n"),
				  .cnonce = STR("0a4f113b"),
				  .nc = 47};
	verify("Digest realm=\"biloxi.com\",nonce=\"" N26 "\",qop=\"auth,auth-int\"", &a,
	       "response=\"50c31e45a25f50d817ee9bcfd5ce22ba\"");
	verify("Digest realm=\"biloxi.com\",nonce=\"" N26 "\",qop=\"auth\"", &a, "qop=auth, nc=0000002f");
	verify("Digest realm=\"biloxi.com\",nonce=\"" N26 "\",qop=\"auth-int\",opaque=\"o\\\"p\"", &a,
	       "opaque=\"o\\\"p\"");
	verify("Digest realm=\"biloxi.com\",nonce=\"" N26 "\",algorithm=SHA-256,opaque=\"\"", &a, "opaque=\"\"");
	verify("Digest realm=\"biloxi.com\",nonce=\"" N26 "\",algorithm=SHA-256-sess", &a, "cnonce=\"0a4f113b\"");
	a.proxy = true;
	a.user = STR("DOM\\a\"b");
	a.cnonce = STR_NONE;
	verify("Digest realm=\"a \\\"b\\\"\",nonce=\"x\\\\y\",algorithm=SHA-256,qop=\"auth\"", &a,
	       "username=\"DOM\\\\a\\\"b\"");
}

static void test_answer_refused(void **state)
{
	char text[1024];
	struct writer w = writer_init(text, sizeof(text));
	struct digest_challenge c;
	struct digest_answer a = {
		.user = STR("u"), .password = STR("p"), .method = STR("REGISTER"), .uri = STR("sip:h")};
	assert_int_equal(digest_challenge_parse(STR("Digest realm=\"r\",nonce=\"n\",qop=\"token\""), &c), 0);
	assert_int_equal(digest_answer_write(&c, &a, &w), -ENOTSUP);
	assert_int_equal(digest_challenge_parse(STR("Digest realm=\"r\",nonce=\"n\""), &c), 0);
	a.uri = STR("sip:h\r\nX: y");
	assert_int_equal(digest_answer_write(&c, &a, &w), -EINVAL);
	a.uri = STR("sip:h\",x=\"");
	assert_int_equal(digest_answer_write(&c, &a, &w), -EINVAL);
	a.uri = STR("sip:h");
	a.user = STR("u\n");
	assert_int_equal(digest_answer_write(&c, &a, &w), -EINVAL);
	a.user = STR("u");
	fail_at = 1;
	calls = 0;
	assert_int_equal(digest_answer_write(&c, &a, &w), -EIO);
	fail_at = 0;
	assert_int_equal(w.n, 0);
	char few[20];
	w = writer_init(few, sizeof(few));
	assert_int_equal(digest_answer_write(&c, &a, &w), 0);
	assert_true(w.overflow);
}

/* Two answers to one challenge have different cnonces. */
static void test_cnonce_is_random(void **state)
{
	char text[2][1024];
	struct digest_challenge c;
	struct digest_answer a = {
		.user = STR("u"), .password = STR("p"), .method = STR("REGISTER"), .uri = STR("sip:h"), .nc = 1};
	assert_int_equal(digest_challenge_parse(STR("Digest realm=\"r\",nonce=\"n\",qop=\"auth\""), &c), 0);
	for (int i = 0; i < 2; i++) {
		struct writer w = writer_init(text[i], sizeof(text[i]) - 1);
		assert_int_equal(digest_answer_write(&c, &a, &w), 0);
		text[i][w.n] = '\0';
	}
	assert_string_not_equal(text[0], text[1]);
}

static void test_credentials_line(void **state)
{
	struct str v;
	struct message *m = message_of(
		"INVITE sip:b@h SIP/2.0",
		"Authorization: Basic abc\r\n"
		"Authorization: Digest username=\"broken\"\r\n"
		"Authorization: Digest username=\"u\",realm=\"x\",nonce=\"n\",uri=\"sip:h\",response=\"" R32 "\"\r\n"
		"Authorization: " GOOD "\r\n");
	assert_true(digest_credentials_line(m, false, STR("r"), &v));
	assert_true(str_eq(v, STR(GOOD)));
	assert_true(digest_credentials_line(m, false, STR("other"), &v));
	assert_true(str_eq(v, STR("Digest username=\"broken\"")));
	assert_false(digest_credentials_line(m, true, STR("r"), &v));
	message_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),          cmocka_unit_test(test_openssl_fails),
		cmocka_unit_test(test_wrong_input),      cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_compare),          cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_bad_challenges),   cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_credentials),      cmocka_unit_test(test_bad_credentials),
		cmocka_unit_test(test_escapes),          cmocka_unit_test(test_choose),
		cmocka_unit_test(test_answer),           cmocka_unit_test(test_answer_refused),
		cmocka_unit_test(test_cnonce_is_random), cmocka_unit_test(test_credentials_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
