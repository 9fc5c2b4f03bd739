/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "sbc/sip/ident.h"

static const struct str secret = {"0123456789abcdef", 16};

static void test_round_trip(void **state)
{
	for (unsigned i = 0; i < 20000; i++) {
		struct ident_key k = ident_key_init(secret, (uint8_t)i, (uint16_t)(i * 7));
		char buf[IDENT_LEN + 1];
		struct ident id;
		ident_mint(&k, (uint8_t)(i % IDENT_SLOTS), buf);
		assert_int_equal(strlen(buf), IDENT_LEN);
		assert_int_equal(strspn(buf, "abcdefghijklmnopqrstuvwxyz234567"), IDENT_LEN);
		assert_true(ident_parse(&k, str_z(buf), &id));
		assert_int_equal(id.slot, i % IDENT_SLOTS);
		assert_int_equal(id.node, (uint8_t)i);
		assert_int_equal(id.epoch, (uint16_t)(i * 7));
	}
}

/* Node and epoch are in the text, so any holder of the key reads them. */
static void test_another_node_reads_it(void **state)
{
	struct ident_key a = ident_key_init(secret, 3, 9), b = ident_key_init(secret, 200, 10);
	char buf[IDENT_LEN + 1];
	struct ident id;
	ident_mint(&a, 63, buf);
	assert_true(ident_parse(&b, str_z(buf), &id));
	assert_int_equal(id.slot, 63);
	assert_int_equal(id.node, 3);
	assert_int_equal(id.epoch, 9);
}

static void test_every_changed_character_is_refused(void **state)
{
	struct ident_key k = ident_key_init(secret, 1, 2);
	char buf[IDENT_LEN + 1];
	struct ident id = {.slot = 99};
	ident_mint(&k, 5, buf);
	for (unsigned i = 0; i < IDENT_LEN; i++) {
		char was = buf[i];
		for (unsigned c = 1; c < 256; c++) {
			if ((char)c == was)
				continue;
			buf[i] = (char)c;
			assert_false(ident_parse(&k, (struct str){buf, IDENT_LEN}, &id));
		}
		buf[i] = was;
	}
	assert_int_equal(id.slot, 99);
	assert_true(ident_parse(&k, str_z(buf), &id));
}

static void test_not_ours(void **state)
{
	struct ident_key k = ident_key_init(secret, 1, 2), other = ident_key_init(STR("another secret..."), 1, 2);
	char buf[IDENT_LEN + 1];
	struct ident id;
	ident_mint(&k, 5, buf);
	assert_false(ident_parse(&other, str_z(buf), &id));
	assert_false(ident_parse(&k, STR_NONE, &id));
	assert_false(ident_parse(&k, (struct str){buf, IDENT_LEN - 1}, &id));
	assert_false(ident_parse(&k, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &id));
	assert_false(ident_parse(&k, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &id));
}

/* Identifiers of one slot tell nothing: no character position holds the same letter often. */
static void test_nothing_shows(void **state)
{
	struct ident_key k = ident_key_init(secret, 0, 0);
	unsigned seen[IDENT_LEN][128] = {{0}};
	const unsigned n = 32 * 400;
	char buf[IDENT_LEN + 1];
	for (unsigned i = 0; i < n; i++) {
		ident_mint(&k, 7, buf);
		for (unsigned c = 0; c < IDENT_LEN; c++)
			seen[c][(unsigned)buf[c]]++;
	}
	for (unsigned c = 0; c < IDENT_LEN; c++)
		for (unsigned l = 0; l < 128; l++)
			assert_true(seen[c][l] < 400 + 160); /* 400 expected, deviation 20 */
}

static void test_call_id_slots_spread(void **state)
{
	struct ident_key k = ident_key_init(secret, 0, 0), other = ident_key_init(STR("x"), 0, 0);
	unsigned n[IDENT_SLOTS] = {0}, same = 0;
	for (unsigned i = 0; i < 64 * 200; i++) {
		char text[32];
		struct writer w = writer_init(text, sizeof(text));
		writer_u64(&w, i);
		writer_lit(&w, "@192.0.2.1");
		uint8_t slot = ident_slot_of_call_id(&k, writer_result(&w));
		assert_true(slot < IDENT_SLOTS);
		n[slot]++;
		same += slot == ident_slot_of_call_id(&other, writer_result(&w));
	}
	for (unsigned i = 0; i < IDENT_SLOTS; i++)
		assert_in_range(n[i], 100, 300);
	assert_in_range(same, 100, 300); /* keyed: chance only */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_another_node_reads_it),
		cmocka_unit_test(test_every_changed_character_is_refused),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_nothing_shows),
		cmocka_unit_test(test_call_id_slots_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
