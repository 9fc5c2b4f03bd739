/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "unit.h"

static uint64_t fake_ns;

static uint64_t fake(void)
{
	return fake_ns;
}

static int teardown(void **state)
{
	clock_set_source(NULL);
	return 0;
}

static void test_kernel_moves_on(void **state)
{
	struct timespec ts;
	uint64_t before = clock_ns();
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	uint64_t between = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	assert_true(before <= between && between <= clock_ns());
	assert_true(clock_ms() >= before / 1000000);
}

static void test_source(void **state)
{
	fake_ns = 1999999;
	clock_set_source(fake);
	assert_int_equal(clock_ns(), 1999999);
	assert_int_equal(clock_ms(), 1);
	clock_set_source(NULL);
	assert_int_not_equal(clock_ns(), 1999999);
}

static void test_wall_is_now(void **state)
{
	uint64_t wall_us = clock_wall_us(clock_ns());
	assert_in_range(wall_us / 1000000, (uint64_t)time(NULL) - 2, (uint64_t)time(NULL) + 2);
}

static void test_wall_follows_monotonic(void **state)
{
	fake_ns = 5000000000;
	clock_set_source(fake);
	uint64_t start = clock_wall_us(fake_ns);
	assert_int_equal(start, UINT64_C(1767225605000000));
	assert_int_equal(clock_wall_us(fake_ns + 1000), start + 1);
	assert_int_equal(clock_wall_us(fake_ns - 3000000000), start - 3000000);
	fake_ns += 32000000000;
	assert_int_equal(clock_wall_us(fake_ns), start + 32000000);
}

static void test_text(void **state)
{
	static const struct {
		uint64_t s, us;
		const char *want;
	} rows[] = {
		{0, 0, "1970-01-01T00:00:00.000000Z"},
		{951782399, 999999, "2000-02-28T23:59:59.999999Z"},
		{951782400, 0, "2000-02-29T00:00:00.000000Z"},
		{951868800, 1, "2000-03-01T00:00:00.000001Z"},
		{1795247733, 123456, "2026-11-21T07:55:33.123456Z"},
		{1798761599, 0, "2026-12-31T23:59:59.000000Z"},
		{1798761600, 0, "2027-01-01T00:00:00.000000Z"},
		{4107542400, 0, "2100-03-01T00:00:00.000000Z"},
		{253402300799, 999999, "9999-12-31T23:59:59.999999Z"},
		{253402300800, 0, "9999-12-31T23:59:59.000000Z"},
		{UINT64_MAX / 1000000, 0, "9999-12-31T23:59:59.000000Z"},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char buf[CLOCK_TEXTLEN];
		assert_string_equal(clock_wall_text(rows[i].s * 1000000 + rows[i].us, buf), rows[i].want);
	}
}

/* every other day from 1970 to 2400 against the C library */
static void test_text_like_gmtime(void **state)
{
	for (time_t s = 0; s < (time_t)13569465600; s += 2 * 86400 + 3607) {
		struct tm tm;
		char want[64], buf[CLOCK_TEXTLEN];
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000Z", gmtime_r(&s, &tm));
		assert_string_equal(clock_wall_text((uint64_t)s * 1000000, buf), want);
	}
}

/* what lies in the same second as the last one, or does not */
static void test_text_of_one_second(void **state)
{
	static const struct {
		uint64_t us;
		const char *want;
	} rows[] = {
		{1999999, "1970-01-01T00:00:01.999999Z"}, {1000000, "1970-01-01T00:00:01.000000Z"},
		{2000000, "1970-01-01T00:00:02.000000Z"}, {1000001, "1970-01-01T00:00:01.000001Z"},
		{5, "1970-01-01T00:00:00.000005Z"},       {86400000000, "1970-01-02T00:00:00.000000Z"},
		{0, "1970-01-01T00:00:00.000000Z"},       {86400000007, "1970-01-02T00:00:00.000007Z"},
	};
	char text[CLOCK_TEXTLEN];
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(clock_wall_text(rows[i].us, text), rows[i].want);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_moves_on),
		cmocka_unit_test_teardown(test_source, teardown),
		cmocka_unit_test(test_wall_is_now),
		cmocka_unit_test_teardown(test_wall_follows_monotonic, teardown),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_like_gmtime),
		cmocka_unit_test(test_text_of_one_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
