/* SPDX-License-Identifier: Apache-2.0 */
/* The torture messages of RFC 4475 and RFC 5118, when their folder lies beside the project (../shared/torture, or
 * $LIMEN_SHARED/torture). Skipped, saying so, when it does not. */
#include <stdio.h>
#include <unistd.h>

#include "sbc/sip/scan.h"
#include "tests/unit/sip/sip_text.h"

enum outcome {
	GOOD,    /* parsed */
	ANSWER,  /* refused, and a 400 can be sent */
	VERSION, /* refused, and a 505 can be sent */
	DROP,    /* refused in silence */
};

static const struct {
	const char *file;
	enum outcome want;
} cases[] = {
	/* RFC 4475 §3.1.1: valid messages */
	{"rfc4475/wsinv.dat", GOOD},
	{"rfc4475/intmeth.dat", DROP}, /* NUL in quotes: left on purpose, C strings are all around us */
	{"rfc4475/esc01.dat", GOOD},
	{"rfc4475/escnull.dat", GOOD},
	{"rfc4475/esc02.dat", GOOD},
	{"rfc4475/lwsdisp.dat", GOOD},
	{"rfc4475/longreq.dat", GOOD},
	{"rfc4475/dblreq.dat", GOOD}, /* what follows Content-Length is dropped */
	{"rfc4475/semiuri.dat", GOOD},
	{"rfc4475/transports.dat", GOOD},
	{"rfc4475/mpart01.dat", GOOD},
	{"rfc4475/unreason.dat", GOOD},
	{"rfc4475/noreason.dat", GOOD},
	/* §3.1.2: invalid ones */
	{"rfc4475/badinv01.dat", DROP},   /* empty parameters in Via: nothing to repeat in a reply */
	{"rfc4475/clerr.dat", ANSWER},    /* body shorter than Content-Length */
	{"rfc4475/ncl.dat", ANSWER},      /* negative Content-Length */
	{"rfc4475/scalar02.dat", ANSWER}, /* CSeq, Max-Forwards out of range */
	{"rfc4475/scalarlg.dat", DROP},   /* a response */
	{"rfc4475/quotbal.dat", DROP},    /* To cannot be read */
	{"rfc4475/ltgtruri.dat", ANSWER},
	{"rfc4475/lwsruri.dat", ANSWER},
	{"rfc4475/lwsstart.dat", ANSWER},
	{"rfc4475/trws.dat", GOOD}, /* liberal: blanks after the version mean nothing */
	{"rfc4475/escruri.dat", ANSWER},
	{"rfc4475/baddate.dat", GOOD}, /* Date is not ours to judge */
	{"rfc4475/regbadct.dat", ANSWER},
	{"rfc4475/badaspec.dat", GOOD}, /* liberal: blanks inside <> */
	{"rfc4475/baddn.dat", DROP},    /* unquoted comma in From: two readings */
	{"rfc4475/badvers.dat", VERSION},
	{"rfc4475/mismatch01.dat", ANSWER},
	{"rfc4475/mismatch02.dat", ANSWER},
	{"rfc4475/bigcode.dat", DROP},
	/* §3.2 to §3.4: valid to the parser */
	{"rfc4475/badbranch.dat", ANSWER}, /* the cookie alone names no transaction */
	{"rfc4475/insuf.dat", DROP},       /* no From, To, Call-ID: nothing to answer with */
	{"rfc4475/unkscm.dat", GOOD},
	{"rfc4475/novelsc.dat", GOOD},
	{"rfc4475/unksm2.dat", GOOD},
	{"rfc4475/bext01.dat", GOOD},
	{"rfc4475/invut.dat", GOOD},
	{"rfc4475/regaut01.dat", GOOD},
	{"rfc4475/multi01.dat", ANSWER},
	{"rfc4475/mcl01.dat", ANSWER},
	{"rfc4475/bcast.dat", GOOD},
	{"rfc4475/zeromf.dat", GOOD},
	{"rfc4475/cparam01.dat", GOOD},
	{"rfc4475/cparam02.dat", GOOD},
	{"rfc4475/regescrt.dat", GOOD},
	{"rfc4475/sdp01.dat", GOOD},
	{"rfc4475/inv2543.dat", GOOD},
	/* RFC 5118 */
	{"rfc5118/ipv6-good", GOOD},
	{"rfc5118/ipv6-bad", ANSWER},
	{"rfc5118/port-ambiguous", GOOD}, /* all of it is the address, §4.3 */
	{"rfc5118/port-unambiguous", GOOD},
	{"rfc5118/via-received-param-with-delim", GOOD},
	{"rfc5118/via-received-param-no-delim", GOOD},
	{"rfc5118/ipv6-in-sdp", ANSWER}, /* its Content-Length says 17 bytes more than there are */
	{"rfc5118/mult-ip-in-header", GOOD},
	{"rfc5118/mult-ip-in-sdp", GOOD},
	{"rfc5118/ipv4-mapped-ipv6", GOOD},
	{"rfc5118/ipv6-bug-abnf-3-colons", DROP}, /* §4.10 has it taken by the liberal; To cannot be read here */
	{"rfc5118/ipv6-correct-abnf-2-colons", GOOD},
};

static const char *folder(char *buf, size_t n)
{
	const char *shared = getenv("LIMEN_SHARED");
	snprintf(buf, n, "%s/torture", shared ? shared : PROJECT_ROOT "/../shared");
	return buf;
}

/* As on the wire: the files of RFC 5118 have bare LF, and some files lost the blank line at their end. */
static size_t load(const char *path, char *p, size_t cap)
{
	bool lf_only = strstr(path, "rfc5118") != NULL;
	FILE *f = fopen(path, "rb");
	size_t n = 0;
	assert_non_null(f);
	for (int c, last = 0; (c = fgetc(f)) != EOF && n + 4 < cap; last = c) {
		if (c == '\n' && lf_only && last != '\r')
			p[n++] = '\r';
		p[n++] = (char)c;
	}
	fclose(f);
	if (!memmem(p, n, "\r\n\r\n", 4)) {
		memcpy(p + n, "\r\n", 2);
		n += 2;
	}
	return n;
}

static enum outcome outcome_of(enum reject_reason why, const struct message *m)
{
	if (why == REJECT_NONE)
		return GOOD;
	if (!m)
		return DROP;
	return why == REJECT_VERSION ? VERSION : ANSWER;
}

static void test_outcomes(void **state)
{
	static const char *const names[] = {"parsed", "refused with 400", "refused with 505", "dropped"};
	char path[4096], dir[2048], text[65536];
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message *m;
		snprintf(path, sizeof(path), "%s/%s", folder(dir, sizeof(dir)), cases[i].file);
		size_t n = load(path, text, sizeof(text));
		enum reject_reason why = parse_n(text, n, &m);
		enum outcome got = outcome_of(why, m);
		if (got != cases[i].want) {
			print_error("%s: %s, not %s\n", cases[i].file, names[got], names[cases[i].want]);
			wrong++;
		}
		message_free(m);
	}
	assert_int_equal(wrong, 0);
}

/* scan and parser agree on whatever was parsed. */
static void test_owners(void **state)
{
	struct ident_key k = ident_key_init(STR("torture"), 1, 1);
	char path[4096], dir[2048], text[65536];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message *m;
		uint8_t slot = 0;
		snprintf(path, sizeof(path), "%s/%s", folder(dir, sizeof(dir)), cases[i].file);
		size_t n = load(path, text, sizeof(text));
		enum scan_result r = scan_owner(&k, (const uint8_t *)text, n, &slot);
		if (parse_n(text, n, &m) == REJECT_NONE && r != SCAN_UNSURE) {
			assert_int_equal(r, SCAN_OWNER);
			assert_int_equal(slot, message_owner(&k, m));
		}
		message_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_owners),
	};
	char dir[2048];
	if (access(folder(dir, sizeof(dir)), R_OK) < 0) {
		printf("skipped: no torture messages at %s\n", dir);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
