/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdlib.h>

#include "oom.h"
#include "unit.h"

static void assert_str(struct str got, const char *want)
{
	if (!str_eq(got, str_z(want)))
		fail_msg("\"%.*s\" is not \"%s\"", STR_FMT(got), want);
}

static void test_equality(void **state)
{
	assert_true(str_eq(STR_NONE, STR("")));
	assert_true(str_eq(str_z(NULL), STR_NONE));
	assert_false(str_eq(STR("a"), STR("A")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));

	assert_true(str_eq_nocase(STR_NONE, STR("")));
	assert_true(str_eq_nocase(STR("Call-ID"), STR("cALL-id")));
	assert_false(str_eq_nocase(STR("Call-ID"), STR("Call-I")));
	/* neighbours of the letters, and letters of other alphabets, have no case */
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_false(str_eq_nocase(STR("["), STR("{")));
	assert_false(str_eq_nocase(STR("\xc4"), STR("\xe4")));
}

static unsigned char folded(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Every byte against every other, at every place of texts that end where their memory does. */
static void test_case(void **state)
{
	static const size_t lengths[] = {1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17};

	for (size_t l = 0; l < LENGTH(lengths); l++) {
		const size_t n = lengths[l];
		unsigned char *a = malloc(n), *b = malloc(n), *low = malloc(n);

		for (size_t at = 0; at < n; at++) {
			memset(a, 'q', n);
			memset(b, at % 2 ? 'q' : 'Q', n);
			for (unsigned pair = 0; pair < 65536; pair++) {
				a[at] = (unsigned char)(pair >> 8);
				b[at] = (unsigned char)pair;
				if (str_same_nocase((char *)a, (char *)b, n) != (folded(a[at]) == folded(b[at])))
					fail_msg("%02x and %02x at %zu of %zu", a[at], b[at], at, n);
				if (b[at])
					continue;
				str_lower((char *)low, (struct str){(char *)a, n});
				assert_int_equal(low[at], folded(a[at]));
				assert_int_equal(low[n - 1 - at], n - 1 == 2 * at ? folded(a[at]) : 'q');
			}
		}
		free(a);
		free(b);
		free(low);
	}
}

static void test_prefixes(void **state)
{
	assert_true(str_starts(STR("sip:bob"), STR("sip:")));
	assert_true(str_starts(STR("sip:"), STR("sip:")));
	assert_true(str_starts(STR_NONE, STR_NONE));
	assert_true(str_starts(STR("x"), STR_NONE));
	assert_false(str_starts(STR("si"), STR("sip:")));
	assert_false(str_starts(STR("SIP:bob"), STR("sip:")));
	assert_true(str_starts_nocase(STR("SIP:bob"), STR("sip:")));
	assert_false(str_starts_nocase(STR("SI"), STR("sip:")));
	assert_true(str_starts_nocase(STR_NONE, STR_NONE));
}

static void test_contains(void **state)
{
	assert_true(str_contains(STR("a=rtpmap:0"), STR("rtpmap")));
	assert_true(str_contains(STR("abc"), STR("abc")));
	assert_true(str_contains(STR("a\0bc"), STR("\0b")));
	assert_true(str_contains(STR_NONE, STR_NONE));
	assert_false(str_contains(STR_NONE, STR("a")));
	assert_false(str_contains(STR("ab"), STR("abc")));
	assert_false(str_contains(STR("abab"), STR("aa")));
}

static void test_trim(void **state)
{
	assert_str(str_trim(STR(" \t a b\t ")), "a b");
	assert_str(str_trim(STR(" \t ")), "");
	assert_str(str_trim(STR("\r\na\r\n")), "\r\na\r\n");
	assert_str(str_trim(STR_NONE), "");
}

static void test_find(void **state)
{
	assert_int_equal(str_find(STR("a:b:c"), ':'), 1);
	assert_int_equal(str_find(STR("abc"), ':'), 3);
	assert_int_equal(str_find(STR("abc"), '\0'), 3);
	assert_int_equal(str_find(STR_NONE, ':'), 0);
}

static void test_cut(void **state)
{
	struct str s = STR("a;;b");
	assert_str(str_cut(&s, ';'), "a");
	assert_str(s, ";b");
	assert_str(str_cut(&s, ';'), "");
	assert_str(str_cut(&s, ';'), "b");
	assert_int_equal(s.n, 0);
	assert_str(str_cut(&s, ';'), "");

	s = STR("a;");
	assert_str(str_cut(&s, ';'), "a");
	assert_int_equal(s.n, 0);

	s = STR_NONE;
	assert_str(str_cut(&s, ';'), "");
	assert_int_equal(s.n, 0);
}

static void test_to_u64(void **state)
{
	static const struct {
		struct str s;
		uint64_t max;
		bool ok;
		uint64_t want;
	} rows[] = {
		{STR("0"), 0, true, 0},
		{STR("1"), 0, false, 0},
		{STR("65535"), 65535, true, 65535},
		{STR("65536"), 65535, false, 0},
		{STR("655350"), 65535, false, 0},
		{STR("00007"), 9, true, 7},
		{STR("10"), 9, false, 0},
		{STR("7"), 5, false, 0},
		{STR("18446744073709551615"), UINT64_MAX, true, UINT64_MAX},
		{STR("18446744073709551616"), UINT64_MAX, false, 0},
		{STR("99999999999999999999"), UINT64_MAX, false, 0},
		{STR("18446744073709551615"), UINT64_MAX - 1, false, 0},
		{STR(""), 9, false, 0},
		{STR("-1"), 9, false, 0},
		{STR("+1"), 9, false, 0},
		{STR(" 1"), 9, false, 0},
		{STR("1 "), 9, false, 0},
		{STR("1\0"), 99, false, 0},
		{STR("0x1"), 99, false, 0},
		{STR("\xb1"), 99, false, 0},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint64_t got = 4711;
		if (str_to_u64(rows[i].s, rows[i].max, &got) != rows[i].ok)
			fail_msg("\"%.*s\"", STR_FMT(rows[i].s));
		assert_int_equal(got, rows[i].ok ? rows[i].want : 4711);
	}
}

static void test_dup(void **state)
{
	char *z = str_dup((struct str){"abcdef", 3});
	assert_string_equal(z, "abc");
	free(z);
	z = str_dup(STR_NONE);
	assert_string_equal(z, "");
	free(z);
	oom_after(0);
	assert_null(str_dup(STR("abc")));
	assert_int_equal(oom_off(), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equality), cmocka_unit_test(test_prefixes), cmocka_unit_test(test_contains),
		cmocka_unit_test(test_trim),     cmocka_unit_test(test_find),     cmocka_unit_test(test_cut),
		cmocka_unit_test(test_to_u64),   cmocka_unit_test(test_dup),      cmocka_unit_test(test_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
