/* SPDX-License-Identifier: Apache-2.0 */
#include "base/word.h"

#include "unit.h"

/* Every byte at every place among some that pass, and next to every other. */
static void each_pair(bool (*of_word)(uint64_t v), bool (*of_byte)(uint8_t c))
{
	for (unsigned k = 0; k < 65536; k++) {
		const uint8_t c = (uint8_t)k, next = (uint8_t)(k >> 8);
		for (size_t at = 0; at < 7; at++) {
			uint8_t text[8] = "aZ09mMq5";
			text[at] = c;
			text[at + 1] = next;
			assert_int_equal(of_word(word_load(text)), of_byte(c) && of_byte(next));
		}
	}
}

static bool word_quiet(uint64_t v)
{
	return !(word_outside(v, '!') | word_ascii_has(v, '=') | word_ascii_has(v, '"'));
}

static bool quiet(uint8_t c)
{
	return c >= '!' && c < 0x7f && c != '=' && c != '"';
}

static void test_outside(void **state)
{
	each_pair(word_quiet, quiet);
}

/* Each byte of each length is looked at, and none beyond. */
static void test_all(void **state)
{
	for (size_t n = 0; n <= 33; n++) {
		char text[35];
		memset(text, '=', sizeof(text));
		memset(text + 1, 'x', n);
		assert_true(word_all(text + 1, n, word_quiet));
		for (size_t at = 1; at <= n; at++) {
			text[at] = '=';
			assert_false(word_all(text + 1, n, word_quiet));
			text[at] = 'x';
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
