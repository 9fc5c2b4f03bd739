/* SPDX-License-Identifier: Apache-2.0 */
/* A header value of any bytes as challenge and as credentials. What is taken can be answered; an answer parses again,
 * repeats what has to be repeated, and its response is the one that the other side computes; no line holds a line end.
 * Relayed, it is one line that says the same and can be relayed again; what the leak checker passes over lies in order
 * within the head.
 */
#include <stdlib.h>
#include <string.h>

#include "sbc/border/internal.h"
#include "sbc/border/leak_internal.h"
#include "sbc/sip/digest.h"
#include "tests/fuzz/check.h"

static bool within(struct str all, struct str s)
{
	return s.n == 0 || (s.p >= all.p && s.p + s.n <= all.p + all.n);
}

static void response_of(const struct digest_credentials *c, struct str ha1, char ret[DIGEST_HEX_MAX + 1])
{
	const struct digest_input in = {.algorithm = c->algorithm,
					.qop = c->qop,
					.ha1 = ha1,
					.nonce = c->nonce,
					.cnonce = c->cnonce,
					.nc_text = c->nc_text,
					.method = STR("INVITE"),
					.uri = c->uri,
					.body = STR("body")};
	CHECK(digest_response(&in, ret) == 0);
}

static void answer(const struct digest_challenge *c)
{
	static char text[4 * DIGEST_VALUE_MAX];
	char realm[DIGEST_VALUE_MAX], ha1[DIGEST_HEX_MAX + 1], want[DIGEST_HEX_MAX + 1];
	const struct digest_answer a = {.user = STR("a\"b"),
					.password = STR("p"),
					.method = STR("INVITE"),
					.uri = STR("sip:h"),
					.body = STR("body"),
					.nc = 1};
	struct writer w = writer_init(text, sizeof(text));
	struct digest_credentials again;
	struct str plain;
	size_t at;
	int r = digest_answer_write(c, &a, &w);
	CHECK((r == 0) == (digest_choose(c, 1, STR_NONE, &at) == 0));
	if (r < 0)
		return;
	CHECK(!w.overflow && w.n > 2);
	struct str line = {text, w.n - 2};
	CHECK(!memchr(line.p, '\r', line.n) && !memchr(line.p, '\n', line.n));
	str_cut(&line, ':');
	if (line.n > DIGEST_VALUE_MAX) /* what is repeated may make it longer than we would read */
		return;
	CHECK(digest_credentials_parse(line, &again) == 0);
	CHECK(str_eq(again.nonce, c->nonce) && str_eq(again.realm, c->realm) && str_eq(again.opaque, c->opaque));
	CHECK(again.algorithm == c->algorithm && again.nc == (c->qop ? 1 : 0));
	CHECK(digest_unquote(c->realm, realm, sizeof(realm), &plain));
	CHECK(digest_ha1(c->algorithm, a.user, plain, a.password, ha1) == 0);
	response_of(&again, str_z(ha1), want);
	CHECK(digest_response_equal(again.response, want, strlen(want)));
}

static void relay(struct str name, struct str value)
{
	static char once[2 * DIGEST_VALUE_MAX], twice[2 * DIGEST_VALUE_MAX];
	struct writer w = writer_init(once, sizeof(once)), again = writer_init(twice, sizeof(twice));
	auth_write(&w, name, value);
	CHECK(!w.overflow);
	if (!w.n)
		return;
	struct str line = {once, w.n - 2};
	CHECK(w.n > 2 && memcmp(once + w.n - 2, "\r\n", 2) == 0);
	CHECK(!memchr(line.p, '\r', line.n) && !memchr(line.p, '\n', line.n));
	str_cut(&line, ':');
	if (line.n > DIGEST_VALUE_MAX) /* blanks that are added */
		return;
	auth_write(&again, name, str_trim(line));
	CHECK(str_eq(writer_result(&again), writer_result(&w)));
}

static void except(struct str head)
{
	struct leak_auth it = leak_auth_init(head);
	size_t at = 0, start, end;
	while (leak_auth_next(&it, &start, &end)) {
		CHECK(at <= start && start <= end && end <= head.n);
		at = end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str value = {(const char *)p, n};
	struct digest_challenge c;
	struct digest_credentials k;
	relay(STR("WWW-Authenticate"), value);
	relay(STR("Authorization"), value);
	relay(STR("Authentication-Info"), value);
	except(value);
	if (digest_challenge_parse(value, &c) == 0) {
		CHECK(within(value, c.realm) && within(value, c.nonce) && within(value, c.opaque) &&
		      within(value, c.domain));
		answer(&c);
	}
	if (digest_credentials_parse(value, &k) == 0) {
		char ha1[DIGEST_HEX_MAX + 1], got[DIGEST_HEX_MAX + 1];
		CHECK(within(value, k.username) && within(value, k.uri) && within(value, k.cnonce));
		CHECK(!k.qop_given || k.nc_text.n == 8);
		if (digest_ha1(k.algorithm, STR("u"), STR("r"), STR("p"), ha1) == 0) {
			response_of(&k, str_z(ha1), got);
			digest_response_equal(k.response, got, strlen(got));
		}
	}
	return 0;
}
