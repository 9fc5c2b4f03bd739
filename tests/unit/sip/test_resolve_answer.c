/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as bytes, their order and their place in the cache. */
#include "resolve_bench.h"

#include <stdlib.h>

/* ---- the order of services ------------------------------------------------------------------------------------- */

static uint32_t highest(uint32_t n)
{
	return n - 1;
}

static uint32_t lowest(uint32_t n)
{
	return 0;
}

static void order(void **state)
{
	static const struct {
		uint32_t (*below)(uint32_t n);
		const char *before, *after; /* a digit of priority and one of weight each */
	} t[] = {
		{lowest, "", ""},
		{lowest, "11", "11"},
		{lowest, "30 20 10", "10 20 30"},
		{highest, "30 20 10", "10 20 30"},
		{lowest, "12 10 13", "10 12 13"}, /* weight 0 is taken only by 0 */
		{highest, "12 10 13", "13 12 10"},
		{lowest, "12 11 13", "12 11 13"},
		{highest, "22 11 23 19 10", "19 11 10 23 22"},
	};
	for (size_t i = 0; i < LENGTH(t); i++) {
		struct target v[RESOLVE_MAX];
		char text[RESOLVE_MAX * 16] = "";
		size_t n = 0;
		for (const char *p = t[i].before; *p; p += p[2] ? 3 : 2)
			v[n++] = (struct target){.priority = (uint16_t)(p[0] - '0'), .weight = (uint16_t)(p[1] - '0')};
		resolve_order(v, n, t[i].below);
		for (size_t k = 0; k < n; k++)
			snprintf(text + strlen(text), 16, "%s%u%u", k ? " " : "", v[k].priority, v[k].weight);
		assert_string_equal(text, t[i].after);
	}
}

static void weights_share_the_load(void **state)
{
	unsigned first[101] = {0};

	for (unsigned i = 0; i < 20000; i++) {
		struct target v[] = {{.weight = 60}, {.weight = 10}, {.weight = 0}, {.weight = 30}};
		resolve_order(v, LENGTH(v), random_below);
		first[v[0].weight]++;
	}
	assert_in_range(first[60], 11000, 12600);
	assert_in_range(first[30], 5400, 6500);
	assert_in_range(first[10], 1700, 2300);
	assert_in_range(first[0], 100, 320);
}

static void entries_are_bounded(void **state)
{
	struct bench b;
	struct answer *a;
	char name[32];

	bench_up(&b);
	struct answer_record v = {.addr.in4 = {.sin_family = AF_INET}};
	assert_int_equal(answer_make(&v, 1, 60, &a), ANSWER_NONE);
	for (unsigned i = 0; i < RESOLVE_CACHE_ENTRIES + 100; i++) {
		snprintf(name, sizeof(name), "h%u.example", i);
		resolve_cache_put(b.cache, QUESTION_A, name, 0, a);
		answer_unref(resolve_cache_get(b.cache, QUESTION_A, "h0.example", 0, false)); /* in use: stays */
	}
	assert_int_equal(resolve_cache_entries(b.cache), RESOLVE_CACHE_ENTRIES);
	answer_unref(a);
	a = resolve_cache_get(b.cache, QUESTION_A, "h0.example", 0, false);
	assert_non_null(a);
	answer_unref(a);
	assert_null(resolve_cache_get(b.cache, QUESTION_A, "h1.example", 0, false));
	assert_null(resolve_cache_get(b.cache, QUESTION_AAAA, "h0.example", 0, false));
	bench_down(&b);
}

/* ---- answers of every kind -------------------------------------------------------------------------------------- */

static void read_mutated(const uint8_t *p, size_t n)
{
	for (enum question_type t = QUESTION_A; t <= QUESTION_SRV; t++) {
		struct answer *a = NULL;
		enum answer_fault e = answer_read(t, ARES_SUCCESS, p, n, &a);
		assert_true((a != NULL) == (e == ANSWER_NONE || e == ANSWER_NO_DATA || e == ANSWER_NO_NAME));
		assert_true(!a || (a->n <= RESOLVE_MAX && a->ttl_ms >= RESOLVE_TTL_MIN_MS &&
				   a->ttl_ms <= RESOLVE_TTL_MAX_MS));
		answer_unref(a);
	}
}

static void mutated_answers(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
	} t[] = {{"gw2.example", 1}, {"gw1.example", 28}, {"_sip._udp.srvalias.example", 33}, {"www.alias.example", 1}};
	uint8_t question[300], answer[512];

	for (size_t i = 0; i < LENGTH(t); i++) {
		size_t n = fake_dns_question(t[i].name, t[i].type, question, sizeof(question));
		n = fake_dns_answer(zone, LENGTH(zone), question, n, answer, sizeof(answer));
		assert_true(n > 12);
		for (size_t cut = 0; cut <= n; cut++) {
			/* its own block, so that a sanitizer sees a byte too far */
			uint8_t *p = malloc(cut + 1);
			memcpy(p + 1, answer, cut);
			read_mutated(p + 1, cut);
			free(p);
		}
		for (unsigned round = 0; round < 20000; round++) {
			uint8_t *p = malloc(n);
			memcpy(p, answer, n);
			for (uint32_t flips = 1 + random_below(4); flips > 0; flips--)
				p[random_below((uint32_t)n)] = (uint8_t)random_below(256);
			read_mutated(p, n);
			free(p);
		}
	}
}

static void ttl_reader(void **state)
{
	/* header, question "a" SRV, answers */
#define HEAD(answers)                                                                                                  \
	"\x12\x34\x81\x80\x00\x01\x00" answers "\x00\x00\x00\x00\x01"                                                  \
	"a"                                                                                                            \
	"\x00\x00\x21\x00\x01"
#define SRV(ttl) "\xc0\x0c\x00\x21\x00\x01" ttl "\x00\x07\x00\x01\x00\x01\x13\xc4\x00"
	static const struct {
		const char *p;
		size_t n;
		bool ok;
		uint32_t ttl_s;
	} t[] = {
#define BYTES(text) text, sizeof(text) - 1
		{BYTES(HEAD("\x01") SRV("\x00\x00\x01\x2c")), true, 300},
		{BYTES(HEAD("\x02") SRV("\x00\x00\x01\x2c") SRV("\x00\x00\x00\x07")), true, 7},
		{BYTES(HEAD("\x01") SRV("\x80\x00\x00\x00")), true, 0},
		{BYTES(HEAD("\x01") SRV("\x7f\xff\xff\xff")), true, 0x7fffffff},
		{BYTES(HEAD("\x00")), false, 0},
		{BYTES(HEAD("\x02") SRV("\x00\x00\x01\x2c")), false, 0}, /* fewer than told */
		{BYTES(HEAD("\x01") "\xc0"), false, 0},
		{BYTES(HEAD("\x01") "\x40"
				    "a"),
		 false, 0}, /* RFC 1035 §4.1.4: reserved */
		{BYTES(HEAD("\x01") "\x00\x00\x21\x00\x03\x00\x00\x00\x01\x00\x00"), false, 0}, /* class CH */
		{BYTES("\x12\x34\x81\x80"), false, 0},
		{BYTES(""), false, 0},
	};
	for (size_t i = 0; i < LENGTH(t); i++) {
		uint32_t ttl_s = 77;
		assert_int_equal(answer_srv_ttl((const uint8_t *)t[i].p, t[i].n, &ttl_s), t[i].ok);
		assert_int_equal(ttl_s, t[i].ok ? t[i].ttl_s : 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(weights_share_the_load),
		cmocka_unit_test(entries_are_bounded),
		cmocka_unit_test(mutated_answers),
		cmocka_unit_test(ttl_reader),
	};
	clock_set_source(moved_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
