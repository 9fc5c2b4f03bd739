/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "oom.h"
#include "unit.h"

#define HEAD 3
#define SUM  8

static struct addr address(const char *text)
{
	struct addr a;
	assert_true(addr_parse_hostport(str_z(text), &a));
	return a;
}

static void write_all(struct bytes_writer *w)
{
	struct addr v4 = address("192.0.2.1:5060"), v6 = address("[2001:db8::1]:0"), none = {0};
	bytes_u64(w, 1, 0);
	bytes_u64(w, 2, UINT64_MAX);
	bytes_z(w, 5, "text");
	bytes_z(w, 6, NULL);
	bytes_put(w, 7, STR_NONE);
	bytes_addr(w, 8, &v4);
	bytes_addr(w, 200, &v6);
	bytes_addr(w, 9, &none);
	size_t outer = bytes_begin(w, 70000);
	bytes_u64(w, 1, 300);
	size_t inner = bytes_begin(w, 2);
	for (unsigned i = 0; i < 100; i++)
		bytes_u64(w, i, i);
	bytes_end(w, inner);
	bytes_end(w, outer);
}

static struct bytes_field next(struct bytes_reader *r, unsigned tag)
{
	struct bytes_field f;
	assert_true(bytes_next(r, &f));
	assert_int_equal(f.tag, tag);
	return f;
}

static uint64_t number(struct bytes_reader *r, unsigned tag)
{
	struct bytes_field f = next(r, tag);
	uint64_t v = 4711;
	assert_true(bytes_get_u64(&f, UINT64_MAX, &v));
	return v;
}

static void check_all(struct str record)
{
	struct bytes_reader r, in;
	struct bytes_field f;
	struct addr a, v4 = address("192.0.2.1:5060"), v6 = address("[2001:db8::1]:0");

	assert_int_equal(bytes_open(&r, record, 7), 0);
	assert_int_equal(r.version, 7);
	assert_int_equal(number(&r, 1), 0);
	assert_true(number(&r, 2) == UINT64_MAX);
	assert_true(str_eq(next(&r, 5).value, STR("text")));
	assert_int_equal(next(&r, 7).value.n, 0);
	f = next(&r, 8);
	assert_true(bytes_get_addr(&f, &a) && addr_equal(&a, &v4));
	f = next(&r, 200);
	assert_true(bytes_get_addr(&f, &a) && addr_equal(&a, &v6));
	f = next(&r, 70000);
	in = bytes_inside(&f);
	assert_int_equal(number(&in, 1), 300);
	f = next(&in, 2);
	assert_false(bytes_next(&in, &f));
	assert_false(in.bad);
	in = bytes_inside(&f);
	for (unsigned k = 0; k < 100; k++)
		assert_int_equal(number(&in, k), k);
	assert_false(bytes_next(&r, &f));
	assert_false(r.bad);
}

static void test_round_trip(void **state)
{
	struct bytes_writer w;
	struct str record;
	bytes_writer_grow(&w, 1 << 16, 7, 6);
	write_all(&w);
	assert_int_equal(bytes_seal(&w, &record), 0);
	check_all(record);
	bytes_writer_finish(&w);
}

static void test_fixed_buffer(void **state)
{
	uint8_t buf[1024];
	struct bytes_writer w;
	struct str record = STR_NONE;
	bytes_writer_init(&w, buf, sizeof(buf), 7, 7);
	write_all(&w);
	assert_int_equal(bytes_seal(&w, &record), 0);
	assert_ptr_equal(record.p, buf);
	check_all(record);
	size_t need = record.n;
	bytes_writer_finish(&w);
	/* every smaller buffer: refused, and not a byte too far */
	for (size_t cap = 0; cap < need; cap++) {
		uint8_t *small = malloc(cap ? cap : 1);
		bytes_writer_init(&w, small, cap, 7, 7);
		write_all(&w);
		record = STR_NONE;
		assert_int_equal(bytes_seal(&w, &record), -EMSGSIZE);
		assert_null(record.p);
		bytes_writer_finish(&w);
		free(small);
	}
}

static void test_limit(void **state)
{
	struct bytes_writer w;
	struct str record;
	bytes_writer_grow(&w, 40, 1, 1);
	bytes_put(&w, 1, STR("0123456789012345678901234567890123456789"));
	assert_int_equal(bytes_seal(&w, &record), -EMSGSIZE);
	bytes_writer_finish(&w);
}

static void test_memory(void **state)
{
	unsigned k = 0;
	do {
		struct bytes_writer w;
		struct str record = STR_NONE;
		oom_after(k);
		bytes_writer_grow(&w, 1 << 16, 7, 7);
		write_all(&w);
		int err = bytes_seal(&w, &record);
		unsigned refused = oom_off();
		assert_int_equal(err, refused ? -ENOMEM : 0);
		bytes_writer_finish(&w);
		if (!refused)
			return;
	} while (++k < 100);
	fail();
}

/* what is in the record, under a new checksum */
static void reseal(uint8_t *p, size_t n)
{
	static const struct hash_key key = {{0x6c696d656e207265, 0x636f726473756d31}};
	uint64_t sum = siphash(&key, p, n - SUM);
	for (unsigned i = 0; i < SUM; i++)
		p[n - SUM + i] = (uint8_t)(sum >> 8 * i);
}

static int open_as(uint8_t written, uint8_t oldest, uint8_t reader)
{
	uint8_t buf[32];
	struct bytes_writer w;
	struct bytes_reader r = {.version = 99};
	struct str record;
	bytes_writer_init(&w, buf, sizeof(buf), written, oldest);
	assert_int_equal(bytes_seal(&w, &record), 0);
	int err = bytes_open(&r, record, reader);
	assert_int_equal(r.version, err ? 99 : written);
	return err;
}

static void test_versions(void **state)
{
	static const struct {
		uint8_t written, oldest, reader;
		int want;
	} rows[] = {
		{1, 1, 1, 0},        {2, 1, 2, 0},        {2, 1, 3, 0}, /* one release back */
		{2, 1, 4, -EPROTO},  {2, 1, 1, 0},                      /* from a later one that allows it */
		{2, 2, 1, -EPROTO},  {255, 1, 1, 0},      {255, 255, 254, -EPROTO},
		{0, 0, 1, -EBADMSG}, {1, 2, 1, -EBADMSG},
	};
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(open_as(rows[i].written, rows[i].oldest, rows[i].reader), rows[i].want);
}

static void test_damage(void **state)
{
	uint8_t buf[1024], copy[1024];
	struct bytes_writer w;
	struct bytes_reader r;
	struct str record;
	bytes_writer_init(&w, buf, sizeof(buf), 7, 7);
	write_all(&w);
	assert_int_equal(bytes_seal(&w, &record), 0);
	for (size_t n = 0; n < record.n; n++)
		assert_int_equal(bytes_open(&r, (struct str){record.p, n}, 7), -EBADMSG);
	for (size_t bit = 0; bit < 8 * record.n; bit++) {
		memcpy(copy, buf, record.n);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(bytes_open(&r, (struct str){(char *)copy, record.n}, 7), -EBADMSG);
	}
}

static bool walk(void *arg, const struct bytes_field *f)
{
	unsigned *depth = arg, below = *depth + 1;
	uint64_t v;
	struct addr a;
	bytes_get_u64(f, UINT64_MAX, &v);
	bytes_get_addr(f, &a);
	return *depth == 4 || bytes_each(bytes_inside(f), walk, &below) || true;
}

/* under a good checksum: whatever the bytes say, nothing outside of them is read */
static void test_hostile(void **state)
{
	uint8_t buf[1024];
	struct bytes_writer w;
	struct bytes_reader r;
	struct str record;
	unsigned depth = 0;
	bytes_writer_init(&w, buf, sizeof(buf), 7, 7);
	write_all(&w);
	assert_int_equal(bytes_seal(&w, &record), 0);
	for (size_t n = HEAD + SUM; n <= record.n; n++) {
		uint8_t *copy = malloc(n);
		memcpy(copy, buf, n);
		reseal(copy, n);
		assert_int_equal(bytes_open(&r, (struct str){(char *)copy, n}, 7), 0);
		bytes_each(r, walk, &depth);
		free(copy);
	}
	for (size_t at = HEAD; at < record.n - SUM; at++)
		for (unsigned v = 0; v < 256; v += 15) {
			uint8_t *copy = malloc(record.n);
			memcpy(copy, buf, record.n);
			copy[at] = (uint8_t)v;
			reseal(copy, record.n);
			assert_int_equal(bytes_open(&r, (struct str){(char *)copy, record.n}, 7), 0);
			bytes_each(r, walk, &depth);
			free(copy);
		}
}

static bool fields(const char *p, size_t n)
{
	uint8_t buf[64] = {'L', 7, 7};
	struct bytes_reader r;
	struct bytes_field f;
	memcpy(buf + HEAD, p, n);
	reseal(buf, HEAD + n + SUM);
	assert_int_equal(bytes_open(&r, (struct str){(char *)buf, HEAD + n + SUM}, 7), 0);
	while (bytes_next(&r, &f))
		;
	return !r.bad;
}

#define FIELDS(bytes) fields(bytes, sizeof(bytes) - 1)

static void test_lengths(void **state)
{
	assert_true(FIELDS(""));
	assert_true(FIELDS("\x01\x00"));
	assert_true(FIELDS("\x01\x02xx"));
	assert_false(FIELDS("\x01"));                             /* no length */
	assert_false(FIELDS("\x01\x03xx"));                       /* one byte too far */
	assert_false(FIELDS("\x01\xff\xff\xff\xff\x0f"));         /* four gigabytes */
	assert_false(FIELDS("\x01\xff\xff\xff\xff\x1f"));         /* more than 32 bits */
	assert_false(FIELDS("\x01\xff\xff\xff\xff\xff\xff\x01")); /* endless */
	assert_false(FIELDS("\x01\x82\x00xx"));                   /* not the shortest form */
	assert_false(FIELDS("\x80\x00\x00"));
}

static void test_values(void **state)
{
	struct bytes_field f = {.value = STR("\x01\x00")};
	uint64_t v = 5;
	struct addr a;
	assert_false(bytes_get_u64(&f, UINT64_MAX, &v)); /* not the shortest form */
	f.value = STR("123456789");
	assert_false(bytes_get_u64(&f, UINT64_MAX, &v));
	f.value = STR("\x0a");
	assert_false(bytes_get_u64(&f, 9, &v));
	assert_int_equal(v, 5);
	assert_true(bytes_get_u64(&f, 10, &v));
	assert_int_equal(v, 10);
	f.value = STR("12345");
	assert_false(bytes_get_addr(&f, &a));
	f.value = STR("\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04"); /* mapped */
	assert_false(bytes_get_addr(&f, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_fixed_buffer), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_memory),     cmocka_unit_test(test_versions),     cmocka_unit_test(test_damage),
		cmocka_unit_test(test_hostile),    cmocka_unit_test(test_lengths),      cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
