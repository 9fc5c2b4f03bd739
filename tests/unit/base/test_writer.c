/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static void assert_text(const struct writer *w, struct str want)
{
	assert_false(w->overflow);
	if (!str_eq(writer_result(w), want))
		fail_msg("\"%.*s\" is not \"%.*s\"", STR_FMT(writer_result(w)), STR_FMT(want));
}

static void test_parts(void **state)
{
	char buf[128];
	struct writer w = writer_init(buf, sizeof(buf));
	writer_lit(&w, "a=");
	writer_str(&w, STR("b"));
	writer_str(&w, STR_NONE);
	writer_z(&w, NULL);
	writer_char(&w, ' ');
	writer_u64(&w, 0);
	writer_char(&w, ' ');
	writer_u64(&w, UINT64_MAX);
	writer_char(&w, ' ');
	writer_hex(&w, (const uint8_t *)"\x00\x9f\xff", 3);
	writer_hex(&w, NULL, 0);
	writer_fmt(&w, " %s/%d", "x", -7);
	writer_fmt(&w, "%s", "");
	assert_text(&w, STR("a=b 0 18446744073709551615 009fff x/-7"));
}

static void test_exact_fit(void **state)
{
	char buf[4];
	struct writer w = writer_init(buf, sizeof(buf));
	writer_lit(&w, "abcd");
	assert_text(&w, STR("abcd"));
	writer_put(&w, NULL, 0);
	writer_hex(&w, NULL, 0);
	assert_text(&w, STR("abcd"));
	writer_char(&w, 'e');
	assert_true(w.overflow);
	assert_int_equal(w.n, 4);
}

/* what does not fit is left out whole, and so is everything later, also what would fit */
static void test_overflow_is_final(void **state)
{
	char buf[4] = "....";
	struct writer w = writer_init(buf, 3);
	writer_char(&w, 'a');
	writer_lit(&w, "bcd");
	assert_true(w.overflow);
	writer_char(&w, 'e');
	writer_u64(&w, 1);
	writer_fmt(&w, "x");
	writer_json(&w, STR("x"));
	assert_int_equal(w.n, 1);
	assert_memory_equal(buf, "a...", 4);
}

static void test_overflow_of_each(void **state)
{
	char buf[2];
	struct writer w = writer_init(buf, sizeof(buf));
	writer_u64(&w, 100);
	assert_true(w.overflow);
	w = writer_init(buf, sizeof(buf));
	writer_hex(&w, (const uint8_t *)"ab", 2);
	assert_true(w.overflow);
	w = writer_init(buf, sizeof(buf));
	writer_hex(&w, (const uint8_t *)"ab", SIZE_MAX / 2 + 2);
	assert_true(w.overflow);
	w = writer_init(buf, sizeof(buf));
	writer_put(&w, "ab", SIZE_MAX);
	assert_true(w.overflow);
	w = writer_init(NULL, 0);
	writer_fmt(&w, "%d", 1);
	assert_true(w.overflow);
	w = writer_init(NULL, 0);
	writer_json(&w, STR(""));
	assert_true(w.overflow);
}

static void test_fmt_wants_a_spare_byte(void **state)
{
	char buf[4];
	struct writer w = writer_init(buf, sizeof(buf));
	writer_fmt(&w, "%s", "abc");
	assert_text(&w, STR("abc"));
	w = writer_init(buf, sizeof(buf));
	writer_fmt(&w, "%s", "abcd");
	assert_true(w.overflow);
	assert_int_equal(w.n, 0);
}

static void test_json(void **state)
{
	static const struct {
		struct str in, want;
	} rows[] = {
		{STR(""), STR("\"\"")},
		{STR("plain / text"), STR("\"plain / text\"")},
		{STR("a\"b\\c"), STR("\"a\\\"b\\\\c\"")},
		{STR("\r\n\t\b\f"), STR("\"\\r\\n\\t\\b\\f\"")},
		{STR("\0\x01\x1b\x1f\x7f"), STR("\"\\u0000\\u0001\\u001b\\u001f\\u007f\"")},
		{STR("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), STR("\"\\u0080\\u009b\\u009f\xc2\xa0\"")},
		{STR("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\x9e"),
		 STR("\"J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\x9e\"")},
		/* the ends of each row of Unicode's table 3-7 */
		{STR("\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"),
		 STR("\"\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"")},
		{STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), STR("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"")},
		/* not UTF-8: Latin-1, stray continuation, overlong, surrogate, too high, never a lead byte */
		{STR("J\xfcrg"), STR("\"J\\u00fcrg\"")},
		{STR("\x80\xbf"), STR("\"\\u0080\\u00bf\"")},
		{STR("\xc0\xaf"), STR("\"\\u00c0\\u00af\"")},
		{STR("\xc1\xbf"), STR("\"\\u00c1\\u00bf\"")},
		{STR("\xe0\x9f\xbf"), STR("\"\\u00e0\\u009f\\u00bf\"")},
		{STR("\xf0\x8f\xbf\xbf"), STR("\"\\u00f0\\u008f\\u00bf\\u00bf\"")},
		{STR("\xed\xa0\x80"), STR("\"\\u00ed\\u00a0\\u0080\"")},
		{STR("\xf4\x90\x80\x80"), STR("\"\\u00f4\\u0090\\u0080\\u0080\"")},
		{STR("\xf5\xff"), STR("\"\\u00f5\\u00ff\"")},
		/* cut off at the end, and cut off by something else */
		{STR("\xc3"), STR("\"\\u00c3\"")},
		{STR("\xe2\x82"), STR("\"\\u00e2\\u0082\"")},
		{STR("\xf0\x9f\x93"), STR("\"\\u00f0\\u009f\\u0093\"")},
		{STR("\xe2\x82\""), STR("\"\\u00e2\\u0082\\\"\"")},
		{STR("\xe2\"\x82"), STR("\"\\u00e2\\\"\\u0082\"")},
		{STR("\xf0\x9f\x93x"), STR("\"\\u00f0\\u009f\\u0093x\"")},
		{STR("ok\xffok"), STR("\"ok\\u00ffok\"")},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char buf[128];
		struct writer w = writer_init(buf, sizeof(buf));
		writer_json(&w, rows[i].in);
		assert_text(&w, rows[i].want);
	}
	struct writer w = writer_init((char[8]){0}, 8);
	writer_json(&w, STR_NONE);
	assert_text(&w, STR("\"\""));
}

/* every pair of bytes comes out as printable ASCII or as the well-formed sequence it was */
static void test_json_every_pair(void **state)
{
	for (unsigned v = 0; v < 65536; v++) {
		char in[2] = {(char)(v >> 8), (char)v}, buf[16];
		struct writer w = writer_init(buf, sizeof(buf));
		writer_json(&w, (struct str){in, 2});
		assert_false(w.overflow);
		bool kept = w.n == 4 && memcmp(buf + 1, in, 2) == 0;
		bool two_byte = (uint8_t)in[0] >= 0xc2 && (uint8_t)in[0] <= 0xdf && ((uint8_t)in[1] & 0xc0) == 0x80;
		if (kept && two_byte)
			continue;
		for (size_t i = 0; i < w.n; i++)
			assert_in_range((uint8_t)buf[i], 0x20, 0x7e);
	}
}

/* Eight bytes are looked at in one step, the last ones again where they are fewer: each byte's text is the same
 * wherever it stands among others. */
static void place_everywhere(uint8_t v, struct str text)
{
	for (size_t n = 1; n < 20; n++) {
		char *in = malloc(n); /* a sanitizer sees one byte too far */
		for (size_t at = 0; at < n; at++) {
			char among[64];
			struct writer w = writer_init(among, sizeof(among));
			memset(in, 'x', n);
			in[at] = (char)v;
			writer_json(&w, (struct str){in, n});
			assert_int_equal(w.n, n - 1 + text.n + 2);
			assert_memory_equal(among + 1 + at, text.p, text.n);
			assert_int_equal(writer_json_plain((struct str){in, n}), v < 0x80 && text.n == 1);
		}
		free(in);
	}
}

static void test_json_every_place(void **state)
{
	for (unsigned v = 0; v < 256; v++) {
		char alone[16];
		struct writer w = writer_init(alone, sizeof(alone));
		writer_json(&w, (struct str){(const char[]){(char)v}, 1});
		place_everywhere((uint8_t)v, (struct str){alone + 1, w.n - 2});
	}
}

static void check_number(uint64_t v)
{
	char want[32], got[32], exact[WRITER_U64_MAX];
	size_t n = (size_t)snprintf(want, sizeof(want), "%" PRIu64, v);
	struct writer roomy = writer_init(got, sizeof(got)), tight = writer_init(exact, n);
	writer_u64(&roomy, v);
	assert_text(&roomy, (struct str){want, n});
	writer_u64(&tight, v);
	assert_text(&tight, (struct str){want, n});
	tight = writer_init(exact, n - 1);
	writer_u64(&tight, v);
	assert_true(tight.overflow);
}

static void test_numbers(void **state)
{
	for (uint64_t v = 0; v < 20000; v++)
		check_number(v);
	for (uint64_t ten = 10; ten < UINT64_MAX / 10; ten *= 10) {
		check_number(ten - 1);
		check_number(ten);
		check_number(ten + 1);
	}
	check_number(UINT64_C(10000000000000000000));
	check_number(UINT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_exact_fit),
		cmocka_unit_test(test_overflow_is_final),
		cmocka_unit_test(test_overflow_of_each),
		cmocka_unit_test(test_fmt_wants_a_spare_byte),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_every_pair),
		cmocka_unit_test(test_json_every_place),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
