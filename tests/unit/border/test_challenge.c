/* SPDX-License-Identifier: Apache-2.0 */
/* Limen as the one who challenges: a phone in a few lines asks, answers, replays and guesses; time is a number here. */
#include <errno.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <unistd.h>

#include "oom.h"
#include "sbc/border/challenge_internal.h"
#include "tests/unit/border/border_text.h"

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

/* ---- the scene --------------------------------------------------------------------------------------------------- */

#define START 1800000000000 /* ms */

static struct accounts *accounts;
static const struct config_limits limits = {.nonces = 4096, .lockouts = 4096};
static const struct config_accounts settings = {
	.nonce_ms = 300000, .failures = 3, .source_failures = 10, .lockout_ms = 60000};
static struct challenge_state *s;
static uint64_t now;

/* What a phone holds and sends. */
struct phone {
	const char *user, *password, *source, *method, *ruri, *uri, *network, *realm;
	enum digest_algorithm algorithm;
	char nonce[NONCE_HEX + 1];
	uint32_t nc;
	bool no_qop;
	char line[1024];
};

static struct phone phone_of(const char *user, const char *password, const char *source)
{
	return (struct phone){.user = user,
			      .password = password,
			      .source = source,
			      .method = "REGISTER",
			      .ruri = "sip:pbx.example",
			      .uri = "sip:pbx.example",
			      .network = "access",
			      .realm = "pbx.example",
			      .algorithm = DIGEST_SHA256};
}

static struct challenge_facts facts_of(const struct phone *p)
{
	return (struct challenge_facts){
		.network = str_z(p->network), .source = addr_of(p->source), .realm = str_z(p->realm), .now_ms = now};
}

/* Takes the challenge of its algorithm. */
static void challenged(struct phone *p, bool stale)
{
	char text[2048];
	struct writer w = writer_init(text, sizeof(text));
	struct challenge_facts f = facts_of(p);
	assert_int_equal(challenge_write(s, accounts, &f, false, stale, &w), 0);
	struct str rest = writer_result(&w);
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');
		struct digest_challenge c;
		assert_true(str_eq(str_cut(&line, ':'), STR("WWW-Authenticate")));
		line.n--; /* CR */
		assert_int_equal(digest_challenge_parse(line, &c), 0);
		assert_int_equal(c.stale, stale);
		assert_int_equal(c.qop, DIGEST_QOP_AUTH);
		assert_true(str_eq(c.realm, str_z(p->realm)));
		if (c.algorithm != digest_base(p->algorithm))
			continue;
		assert_int_equal(c.nonce.n, NONCE_HEX);
		memcpy(p->nonce, c.nonce.p, c.nonce.n);
		p->nc = 0;
	}
}

static void answer(struct phone *p)
{
	struct writer w = writer_init(p->line, sizeof(p->line) - 1);
	const struct digest_challenge c = {.realm = str_z(p->realm),
					   .nonce = str_z(p->nonce),
					   .algorithm = p->algorithm,
					   .qop_given = !p->no_qop,
					   .qop = p->no_qop ? 0 : DIGEST_QOP_AUTH};
	const struct digest_answer a = {.user = str_z(p->user),
					.password = str_z(p->password),
					.method = str_z(p->method),
					.uri = str_z(p->uri),
					.nc = ++p->nc};
	assert_int_equal(digest_answer_write(&c, &a, &w), 0);
	p->line[w.n - 2] = '\0';
	memmove(p->line, p->line + strlen("Authorization: "), w.n - 1 - strlen("Authorization: "));
}

static enum challenge_verdict send_line(const struct phone *p)
{
	char user[ACCOUNT_NAME_MAX + 1] = "untouched";
	struct uri ruri;
	assert_true(uri_parse(str_z(p->ruri), &ruri));
	const struct challenge_request r = {
		.facts = facts_of(p), .credentials = str_z(p->line), .method = str_z(p->method), .ruri = &ruri};
	enum challenge_verdict v = challenge_check(s, &settings, accounts, &r, user);
	assert_string_equal(user, v == CHALLENGE_OK ? p->user : "untouched");
	return v;
}

static enum challenge_verdict send_next(struct phone *p)
{
	answer(p);
	return send_line(p);
}

/* From nothing to a verdict. */
static enum challenge_verdict log_in(struct phone *p)
{
	challenged(p, false);
	return send_next(p);
}

static int begin(void **state)
{
	now = START;
	return challenge_state_create(STR("a cluster key of some length"), &limits, START, &s);
}

static int end(void **state)
{
	challenge_state_destroy(s);
	challenge_state_destroy(NULL);
	return 0;
}

static struct challenge_counters counters(void)
{
	struct challenge_counters c;
	challenge_counters(s, &c);
	return c;
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

/* Two in the same millisecond from one address have nonces of their own. */
static void test_nonces_differ(void **state)
{
	struct phone a = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	struct phone b = phone_of("bob", "secret-of-bob", "192.0.2.7:5062");
	assert_int_equal(log_in(&a), CHALLENGE_OK);
	assert_int_equal(log_in(&b), CHALLENGE_OK);
	assert_string_not_equal(a.nonce, b.nonce);
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

/* ---- nonces ------------------------------------------------------------------------------------------------------ */

static void test_nonce_life(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	now += settings.nonce_ms;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	now++;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().nonce_expired, 1);
	challenged(&p, true);
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	now -= NONCE_SKEW_MS;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	now--;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().nonce_future, 1);
}

static void test_nonce_is_bound(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060"), q;
	challenged(&p, false);
	q = p;
	q.source = "192.0.2.8:5060";
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	q = p;
	q.source = "[::7]:5060";
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	q = p;
	q.network = "accesspbx";
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	q = p;
	q.realm = "old.example";
	q.algorithm = DIGEST_MD5;
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	for (size_t i = 0; i < NONCE_HEX; i++) { /* every digit counts */
		q = p;
		q.nonce[i] = q.nonce[i] == '0' ? '1' : '0';
		assert_int_equal(send_next(&q), CHALLENGE_STALE);
		q = p;
		if (q.nonce[i] >= 'a') {
			q.nonce[i] = (char)(q.nonce[i] - 0x20);
			assert_int_equal(send_next(&q), CHALLENGE_STALE);
		}
	}
	assert_int_equal(counters().nonce_expired + counters().nonce_future, 0);
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	/* another key; the same key again is another node, and its own later start does not know the counts */
	end(NULL);
	assert_int_equal(challenge_state_create(STR("another cluster key"), &limits, START, &s), 0);
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	end(NULL);
	assert_int_equal(challenge_state_create(STR("a cluster key of some length"), &limits, START, &s), 0);
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	end(NULL);
	assert_int_equal(challenge_state_create(STR("a cluster key of some length"), &limits, START + 1, &s), 0);
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().nonce_forgotten, 1);
}

static void test_replay(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	char old[8][sizeof(p.line)];
	challenged(&p, false);
	for (int i = 0; i < 8; i++) {
		answer(&p);
		memcpy(old[i], p.line, sizeof(p.line));
	}
	static const int order[] = {1, 0, 4, 3, 7, 2, 6, 5}; /* UDP keeps no order */
	for (int i = 0; i < 8; i++) {
		memcpy(p.line, old[order[i]], sizeof(p.line));
		assert_int_equal(send_line(&p), CHALLENGE_OK);
		assert_int_equal(send_line(&p), CHALLENGE_STALE);
	}
	for (int i = 0; i < 8; i++) {
		memcpy(p.line, old[i], sizeof(p.line));
		assert_int_equal(send_line(&p), CHALLENGE_STALE);
	}
	assert_int_equal(counters().nonce_replayed, 16);
	p.nc = 100;
	assert_int_equal(send_next(&p), CHALLENGE_OK); /* 101 */
	p.nc = 37;
	assert_int_equal(send_next(&p), CHALLENGE_OK); /* 38: 63 behind */
	p.nc = 36;
	assert_int_equal(send_next(&p), CHALLENGE_STALE); /* 37: too far behind */
	p.nc = UINT32_MAX - 1;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	p.nc = UINT32_MAX - 2;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	p.nc = 101;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().forbidden, 0); /* none of it counts against the account */
}

/* RFC 2069 clients have no counts: each nonce is good for one request. */
static void test_no_qop(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	p.no_qop = true;
	p.algorithm = DIGEST_MD5;
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	assert_int_equal(send_line(&p), CHALLENGE_STALE);
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	p.no_qop = false;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
}

/* A bucket of eight: the nonce made first is forgotten, answered as stale, and never taken again. */
static void test_counts_are_bounded(void **state)
{
	struct nonce_counts *t = nonce_counts_create(CHALLENGE_WAYS, 1000);
	struct nonce n[CHALLENGE_WAYS + 2];
	for (unsigned i = 0; i < CHALLENGE_WAYS + 2; i++)
		n[i] = (struct nonce){.made_ms = 1000 + i, .id = i};
	for (unsigned i = 0; i < CHALLENGE_WAYS; i++)
		assert_int_equal(nonce_use(t, &n[i], 1), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[0], 2), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[CHALLENGE_WAYS], 1), NONCE_FRESH);
	for (uint32_t nc = 1; nc < 5; nc++)
		assert_int_equal(nonce_use(t, &n[0], nc), NONCE_FORGOTTEN);
	assert_int_equal(nonce_use(t, &n[1], 1), NONCE_REPLAYED);
	assert_int_equal(nonce_use(t, &n[1], 2), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[CHALLENGE_WAYS + 1], 1), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[1], 3), NONCE_FORGOTTEN);
	/* one of the same age as what was forgotten may have been it */
	assert_int_equal(nonce_use(t, &(struct nonce){.made_ms = n[1].made_ms, .id = 99}, 1), NONCE_FORGOTTEN);
	nonce_counts_destroy(t);
}

/* Whatever the order, no count of a nonce is ever taken twice. */
static void test_no_count_twice(void **state)
{
	struct nonce_counts *t = nonce_counts_create(64, 0);
	static bool used[200][100];
	uint64_t x = 88172645463325252;
	for (int i = 0; i < 200000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		unsigned who = (unsigned)(x % 200), nc = (unsigned)(x >> 20) % 100;
		struct nonce n = {.made_ms = 1 + who / 2, .id = who};
		if (nc && nonce_use(t, &n, nc) == NONCE_FRESH) {
			assert_false(used[who][nc]);
			used[who][nc] = true;
		}
	}
	nonce_counts_destroy(t);
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

/* ---- locks ------------------------------------------------------------------------------------------------------- */

static void test_lock(void **state)
{
	struct phone p = phone_of("alice", "wrong", "192.0.2.66:5060");
	for (unsigned i = 0; i < settings.failures; i++)
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
	assert_int_equal(counters().lockouts, 1);
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	p.password = "secret-of-alice"; /* guessed at last: too late */
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	p.source = "192.0.2.66:9";
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	/* the same account from elsewhere, and another one from there */
	struct phone q = phone_of("alice", "secret-of-alice", "192.0.2.67:5060");
	assert_int_equal(log_in(&q), CHALLENGE_OK);
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED); /* which does not open it for the guesser */
	q = phone_of("bob", "secret-of-bob", "192.0.2.66:5060");
	assert_int_equal(log_in(&q), CHALLENGE_OK);
	/* it ends one lock-out after the last failure, whatever was tried meanwhile */
	now += settings.lockout_ms - 1;
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	now++;
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	p.password = "wrong";
	for (unsigned i = 0; i < settings.failures; i++)
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN); /* from none again */
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
}

/* One who does not exist looks the same in every step. */
static void test_unknown_looks_the_same(void **state)
{
	enum challenge_verdict v[2][6];
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 6; i++) {
			struct phone p = phone_of(k ? "nobody" : "alice", "wrong", "192.0.2.66:5060");
			v[k][i] = log_in(&p);
		}
	assert_memory_equal(v[0], v[1], sizeof(v[0]));
	assert_int_equal(v[0][5], CHALLENGE_LOCKED);
	assert_int_equal(counters().forbidden, 6);
	assert_int_equal(counters().lockouts, 2);
}

static void test_success_clears(void **state)
{
	struct phone p = phone_of("alice", "", "192.0.2.66:5060");
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k + 1 < settings.failures; k++) {
			p.password = "wrong";
			assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
		}
		p.password = "secret-of-alice";
		assert_int_equal(log_in(&p), CHALLENGE_OK);
	}
	/* old failures are forgotten without it, too */
	p.password = "wrong";
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
		now += settings.lockout_ms;
	}
}

static void test_source_lock(void **state)
{
	char name[16];
	struct phone p = phone_of(name, "guess", "[2001:db8:1:2::1]:5060");
	struct phone good = phone_of("alice", "secret-of-alice", "[2001:db8:1:2::99]:5060");
	for (unsigned i = 0; i < settings.source_failures; i++) {
		char from[40];
		snprintf(name, sizeof(name), "user%u", i);
		snprintf(from, sizeof(from), "[2001:db8:1:2::%x]:5060", i + 1); /* addresses of one /64 */
		p.source = from;
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
		/* a good login of its own does not buy the guesser more guesses */
		if (i == 3)
			assert_int_equal(log_in(&good), CHALLENGE_OK);
		p.source = "[2001:db8:1:2::1]:5060";
	}
	assert_int_equal(counters().lockouts, 1);
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	assert_int_equal(log_in(&good), CHALLENGE_LOCKED);
	good.source = "[2001:db8:1:3::99]:5060";
	assert_int_equal(log_in(&good), CHALLENGE_OK);
	good.source = "[2001:db8:1:2::99]:5060";
	now += settings.lockout_ms;
	assert_int_equal(log_in(&good), CHALLENGE_OK);
}

/* A phone with an old password tries for a day: it alone is locked, never its neighbours behind the same NAT. */
static void test_broken_phone_locks_no_neighbour(void **state)
{
	struct phone broken = phone_of("alice", "old", "192.0.2.7:5060");
	struct phone good = phone_of("bob", "secret-of-bob", "192.0.2.7:5062");
	unsigned locked = 0;
	for (unsigned i = 0; i < 24 * 360; i++) {
		enum challenge_verdict v = log_in(&broken);
		assert_true(v == CHALLENGE_FORBIDDEN || v == CHALLENGE_LOCKED);
		locked += v == CHALLENGE_LOCKED;
		assert_int_equal(log_in(&good), CHALLENGE_OK);
		now += 10000;
	}
	assert_true(locked > 24 * 180);
}

/* Who forges a source has no nonce for it: nothing that he sends is counted. */
static void test_forger_locks_nobody(void **state)
{
	struct phone victim = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	struct phone forger = phone_of("alice", "wrong", "192.0.2.66:5060");
	assert_int_equal(log_in(&victim), CHALLENGE_OK);
	challenged(&forger, false);
	forger.source = victim.source;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(send_next(&forger), CHALLENGE_STALE);
	assert_int_equal(counters().forbidden + counters().lockouts, 0);
	assert_int_equal(send_next(&victim), CHALLENGE_OK);
}

/* Failures of many names from many sources push out others, but not who is locked. */
static void test_locks_are_bounded(void **state)
{
	struct lock_table *t = lock_table_create(CHALLENGE_WAYS);
	struct lock_keys held = {1, 2};
	unsigned forgotten, all = 0;
	for (unsigned i = 0; i < settings.failures; i++)
		assert_int_equal(lock_failed(t, &held, &settings, now, &forgotten), i + 1 == settings.failures);
	for (uint64_t i = 0; i < 1000; i++) {
		lock_failed(t, &(struct lock_keys){100 + 2 * i, 101 + 2 * i}, &settings, now + i, &forgotten);
		all += forgotten;
	}
	assert_int_equal(all, 2000 - (CHALLENGE_WAYS - 2));
	assert_true(lock_held(t, &held, &settings, now + 1000));
	assert_false(lock_held(t, &held, &settings, now + settings.lockout_ms));
	/* what says nothing any more goes first and is not missed */
	lock_failed(t, &(struct lock_keys){5, 6}, &settings, now + 2 * settings.lockout_ms, &forgotten);
	assert_int_equal(forgotten, 0);
	lock_table_destroy(t);
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

/* ---- threads ----------------------------------------------------------------------------------------------------- */

struct racer {
	pthread_t thread;
	struct nonce_counts *t;
	unsigned fresh;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	for (uint32_t nc = 1; nc <= 20000; nc++)
		r->fresh += nonce_use(r->t, &(struct nonce){.made_ms = 1, .id = nc % 16}, nc) == NONCE_FRESH;
	return NULL;
}

/* Two workers get the same requests: each count is taken by one of them at most. */
static void test_race(void **state)
{
	struct racer r[2] = {{.t = nonce_counts_create(1024, 0)}};
	r[1].t = r[0].t;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(r[i].thread, NULL);
	assert_in_range(r[0].fresh + r[1].fresh, 1, 20000);
	nonce_counts_destroy(r[0].t);
}

static int load_accounts(void **state)
{
	static const char text[] = "alice:pbx.example:plain:secret-of-alice\n"
				   "bob:pbx.example:plain:secret-of-bob\n"
				   "q\"uo\\te:pbx.example:plain:p\"w\n"
				   "both:old.example:plain:p\n"
				   "old:old.example:MD5:0123456789abcdef0123456789abcdef\n";
	char path[] = "/tmp/limen-challenge-XXXXXX";
	struct config_faults f, w;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	assert_int_equal(accounts_load(path, &accounts, &f, &w), 0);
	return unlink(path);
}

static int drop_accounts(void **state)
{
	accounts_unref(accounts);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_log_in),
		T(test_lines),
		T(test_nonces_differ),
		T(test_wrong),
		T(test_malformed),
		T(test_nonce_life),
		T(test_nonce_is_bound),
		T(test_replay),
		T(test_no_qop),
		cmocka_unit_test(test_counts_are_bounded),
		cmocka_unit_test(test_no_count_twice),
		cmocka_unit_test(test_uri),
		T(test_lock),
		T(test_unknown_looks_the_same),
		T(test_success_clears),
		T(test_source_lock),
		T(test_broken_phone_locks_no_neighbour),
		T(test_forger_locks_nobody),
		cmocka_unit_test(test_locks_are_bounded),
		T(test_hmac_fails),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_race),
	};
	return cmocka_run_group_tests(tests, load_accounts, drop_accounts);
}
