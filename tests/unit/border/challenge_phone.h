/* SPDX-License-Identifier: Apache-2.0 */
/* The scene of the tests of challenges: a phone in a few lines asks, answers, replays and guesses; time is a number. */
#ifndef TESTS_UNIT_BORDER_CHALLENGE_PHONE_H
#define TESTS_UNIT_BORDER_CHALLENGE_PHONE_H

#include <unistd.h>

#include "sbc/border/challenge_internal.h"
#include "tests/unit/border/border_text.h"

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

static inline struct phone phone_of(const char *user, const char *password, const char *source)
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

static inline struct challenge_facts facts_of(const struct phone *p)
{
	return (struct challenge_facts){
		.network = str_z(p->network), .source = addr_of(p->source), .realm = str_z(p->realm), .now_ms = now};
}

/* Takes the challenge of its algorithm. */
static inline void challenged(struct phone *p, bool stale)
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

static inline void answer(struct phone *p)
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

static inline enum challenge_verdict send_line(const struct phone *p)
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

static inline enum challenge_verdict send_next(struct phone *p)
{
	answer(p);
	return send_line(p);
}

/* From nothing to a verdict. */
static inline enum challenge_verdict log_in(struct phone *p)
{
	challenged(p, false);
	return send_next(p);
}

static inline int begin(void **state)
{
	now = START;
	return challenge_state_create(STR("a cluster key of some length"), &limits, START, &s);
}

static inline int end(void **state)
{
	challenge_state_destroy(s);
	challenge_state_destroy(NULL);
	return 0;
}

static inline struct challenge_counters counters(void)
{
	struct challenge_counters c;
	challenge_counters(s, &c);
	return c;
}

static inline int load_accounts(void **state)
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

static inline int drop_accounts(void **state)
{
	accounts_unref(accounts);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
