/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"
#include "media/rtp.h"

#define MS 1000000ull

/* ---- RFC 7983 §7 and RFC 5761 §4 ------------------------------------------------------------------------------ */

static void test_classify(void **state)
{
	static const struct {
		uint8_t first, second;
		enum packet_kind want;
	} rows[] = {
		{0, 1, PACKET_OTHER},    /* STUN */
		{3, 0, PACKET_OTHER},    /* STUN */
		{16, 0, PACKET_OTHER},   /* ZRTP */
		{22, 254, PACKET_OTHER}, /* DTLS handshake */
		{64, 0, PACKET_OTHER},   /* TURN channel */
		{127, 0, PACKET_OTHER},   {128, 0, PACKET_RTP},     {0x80, 8, PACKET_RTP},    {0x90, 0x88, PACKET_RTP},
		{0x80, 191, PACKET_RTP},  {0x80, 192, PACKET_RTCP}, {0x80, 200, PACKET_RTCP}, {0x81, 201, PACKET_RTCP},
		{0xbf, 223, PACKET_RTCP}, {0x80, 224, PACKET_RTP},  {192, 0, PACKET_OTHER},   {255, 255, PACKET_OTHER},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint8_t p[2] = {rows[i].first, rows[i].second};
		if (packet_classify(p, 2) != rows[i].want)
			fail_msg("row %zu", i);
	}
	assert_int_equal(packet_classify((const uint8_t *)"\x80", 1), PACKET_OTHER);
	assert_int_equal(packet_classify(NULL, 0), PACKET_OTHER);
}

/* ---- headers --------------------------------------------------------------------------------------------------- */

#define BYTES(...)  (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define HEAD(first) first, 8, 1, 2, 0, 0, 0, 3, 0, 0, 0, 4

static void test_parse(void **state)
{
	const struct {
		const char *title;
		const uint8_t *p;
		size_t n;
		bool want;
		size_t header, payload;
	} rows[] = {
		{"bare", BYTES(HEAD(0x80)), true, 12, 0},
		{"payload", BYTES(HEAD(0x80), 1, 2, 3), true, 12, 3},
		{"eleven bytes", BYTES(0x80, 8, 1, 2, 0, 0, 0, 3, 0, 0, 0), false, 0, 0},
		{"version 1", BYTES(HEAD(0x40)), false, 0, 0},
		{"two CSRCs", BYTES(HEAD(0x82), 1, 1, 1, 1, 2, 2, 2, 2, 9), true, 20, 1},
		{"a CSRC cut", BYTES(HEAD(0x82), 1, 1, 1, 1, 2, 2, 2), false, 0, 0},
		{"fifteen CSRCs missing", BYTES(HEAD(0x8f)), false, 0, 0},
		{"extension of no words", BYTES(HEAD(0x90), 0xbe, 0xde, 0, 0, 7), true, 16, 1},
		{"extension of one word", BYTES(HEAD(0x90), 0xbe, 0xde, 0, 1, 1, 2, 3, 4), true, 20, 0},
		{"extension cut", BYTES(HEAD(0x90), 0xbe, 0xde, 0, 2, 1, 2, 3, 4), false, 0, 0},
		{"extension header cut", BYTES(HEAD(0x90), 0xbe, 0xde, 0), false, 0, 0},
		{"extension of 65535 words", BYTES(HEAD(0x90), 0xbe, 0xde, 0xff, 0xff), false, 0, 0},
		{"padding", BYTES(HEAD(0xa0), 1, 0, 2), true, 12, 1},
		{"all padding", BYTES(HEAD(0xa0), 0, 2), true, 12, 0},
		{"padding of 0", BYTES(HEAD(0xa0), 1, 0), false, 0, 0},
		{"padding larger than payload", BYTES(HEAD(0xa0), 1, 3), false, 0, 0},
		{"padding and no payload", BYTES(HEAD(0xa0)), false, 0, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rtp_header h = {.ssrc = 99};
		bool got = rtp_parse(rows[i].p, rows[i].n, &h);
		if (got != rows[i].want ||
		    (got && (h.header_bytes != rows[i].header || h.payload_bytes != rows[i].payload)))
			fail_msg("%s: %d %zu %zu", rows[i].title, got, h.header_bytes, h.payload_bytes);
		if (!got)
			assert_int_equal(h.ssrc, 99);
		else
			assert_true(h.ssrc == 4 && h.seq == 0x102 && h.timestamp == 3 && h.payload_type == 8 &&
				    !h.marker);
	}
}

#define RR 0x80, 201, 0, 1, 0, 0, 0, 1
static void test_rtcp(void **state)
{
	const struct {
		const char *title;
		const uint8_t *p;
		size_t n;
		bool want;
	} rows[] = {
		{"empty RR", BYTES(RR), true},
		{"RR and SDES", BYTES(RR, 0x81, 202, 0, 2, 0, 0, 0, 1, 1, 0, 0, 0), true},
		{"seven bytes", BYTES(0x80, 201, 0, 1, 0, 0, 0), false},
		{"length beyond the end", BYTES(0x80, 201, 0, 2, 0, 0, 0, 1), false},
		{"bytes left over", BYTES(RR, 0, 0, 0), false},
		{"a second packet of version 0", BYTES(RR, 0, 202, 0, 0), false},
		{"a second packet that is no RTCP", BYTES(RR, 0x80, 8, 0, 0), false},
		{"reduced size: feedback alone (RFC 5506)", BYTES(0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2), true},
		{"padding in the last", BYTES(0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4), true},
		{"padding in one before the last", BYTES(0xa0, 201, 0, 1, 0, 0, 0, 4, RR), false},
		{"padding of 0", BYTES(0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0), false},
		{"padding of all", BYTES(0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 12), false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rtcp_check(rows[i].p, rows[i].n) != rows[i].want)
			fail_msg("%s", rows[i].title);
}

/* ---- names in RTCP -------------------------------------------------------------------------------------------- */

#define SSRC 0, 0, 0, 1

static void test_rtcp_hide(void **state)
{
	/* want: hexadecimal; '..' is a letter or digit of the disguise */
	const struct {
		const char *title;
		const uint8_t *p;
		size_t n;
		const char *want; /* NULL: refused */
	} rows[] = {
		{"RR", BYTES(RR), "80c9000100000001"},
		{"a CNAME", BYTES(0x81, 202, 0, 3, SSRC, 1, 4, 'a', '@', 'h', '1', 0, 0),
		 "81ca0003000000010104........0000"},
		{"after an RR", BYTES(RR, 0x81, 202, 0, 3, SSRC, 1, 4, 'a', '@', 'h', '1', 0, 0),
		 "80c900010000000181ca0003000000010104........0000"},
		{"NAME and TOOL go", BYTES(0x81, 202, 0, 3, SSRC, 2, 1, 'x', 6, 1, 'y', 0, 0),
		 "81ca00020000000100000000"},
		{"before and behind a CNAME", BYTES(0x81, 202, 0, 4, SSRC, 2, 1, 'x', 1, 1, 'y', 6, 1, 'z', 0, 0, 0),
		 "81ca0002000000010101..00"},
		{"PRIV goes", BYTES(0x81, 202, 0, 3, SSRC, 8, 4, 1, 'x', 'y', 'z', 0, 0), "81ca00020000000100000000"},
		{"and what later RFCs add", BYTES(0x81, 202, 0, 2, SSRC, 15, 1, '0', 0), "81ca00020000000100000000"},
		{"two chunks", BYTES(0x82, 202, 0, 4, SSRC, 1, 1, 'x', 0, 0, 0, 0, 2, 1, 1, 'y', 0),
		 "82ca0004000000010101..00000000020101..00"},
		{"two chunks, the first is cut",
		 BYTES(0x82, 202, 0, 5, SSRC, 2, 4, 'a', 'b', 'c', 'd', 0, 0, 0, 0, 0, 2, 1, 1, 'y', 0),
		 "82ca00040000000100000000000000020101..00"},
		{"what no chunk holds goes", BYTES(0x80, 202, 0, 1, 'a', '@', 'h', '1'), ""},
		{"an empty text", BYTES(0x81, 202, 0, 2, SSRC, 1, 0, 0, 0), "81ca00020000000101000000"},
		{"padding stays", BYTES(0xa1, 202, 0, 3, SSRC, 1, 1, 'x', 0, 0, 0, 0, 4),
		 "a1ca0003000000010101..0000000004"},
		{"padding goes with what it was for",
		 BYTES(0xa1, 202, 0, 4, SSRC, 2, 2, 'x', 'y', 0, 0, 0, 0, 0, 0, 0, 4), "81ca00020000000100000000"},
		{"a BYE", BYTES(0x81, 203, 0, 1, SSRC), "81cb000100000001"},
		{"a BYE with a reason", BYTES(0x81, 203, 0, 2, SSRC, 2, 'n', 'o', 7), "81cb000100000001"},
		{"an empty reason", BYTES(0x81, 203, 0, 2, SSRC, 0, 'n', 'o', 7), "81cb000100000001"},
		{"an APP alone", BYTES(0x80, 204, 0, 2, SSRC, 'P', 'I', 'N', 'G'), ""},
		{"an APP between others", BYTES(RR, 0x80, 204, 0, 2, SSRC, 'P', 'I', 'N', 'G', 0x81, 203, 0, 1, SSRC),
		 "80c900010000000181cb000100000001"},
		{"a padded APP at the end", BYTES(RR, 0xa0, 204, 0, 3, SSRC, 'P', 'I', 'N', 'G', 0, 0, 0, 4),
		 "80c9000100000001"},
		{"RSI, which names addresses", BYTES(RR, 0x80, 209, 0, 1, SSRC), "80c9000100000001"},
		{"unknown types", BYTES(0x80, 194, 0, 0, RR, 0x80, 223, 0, 0), "80c9000100000001"},
		{"a profile's extension of an RR", BYTES(0x80, 201, 0, 2, SSRC, 10, 0, 0, 5), "80c9000100000001"},
		{"an RR shorter than it says", BYTES(0x9f, 201, 0, 1, SSRC), "9fc9000100000001"},
		{"feedback", BYTES(0x81, 205, 0, 3, SSRC, SSRC, 1, 2, 3, 4), "81cd0003000000010000000101020304"},
		{"REMB", BYTES(0x8f, 206, 0, 3, SSRC, 0, 0, 0, 0, 'R', 'E', 'M', 'B'),
		 "8fce0003000000010000000052454d42"},
		{"other application feedback", BYTES(0x8f, 206, 0, 3, SSRC, 0, 0, 0, 0, 10, 0, 0, 5), ""},
		{"none at all in it", BYTES(0x8f, 206, 0, 1, SSRC), ""},
		{"XR", BYTES(0x80, 207, 0, 1, SSRC), "80cf000100000001"},
		{"no room for a chunk", BYTES(0x82, 202, 0, 2, SSRC, 1, 0, 0, 0), NULL},
		{"no end of a chunk", BYTES(0x81, 202, 0, 2, SSRC, 1, 2, 'x', 'y'), NULL},
		{"an item beyond the end", BYTES(0x81, 202, 0, 2, SSRC, 1, 3, 'x', 'y'), NULL},
		{"half an item", BYTES(0x81, 202, 0, 2, SSRC, 1, 1, 'x', 2), NULL},
		{"an end within the padding", BYTES(0xa1, 202, 0, 2, SSRC, 1, 0, 0, 1), NULL},
		{"a BYE with fewer sources than it says", BYTES(0x82, 203, 0, 1, SSRC), NULL},
		{"a reason beyond the end", BYTES(0x81, 203, 0, 2, SSRC, 4, 'n', 'o', 7), NULL},
	};
	const struct hash_key key = {{1, 2}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = rows[i].n;
		uint8_t *p = malloc(n); /* of its very size, for the sanitizer */
		assert_non_null(p);
		memcpy(p, rows[i].p, n);
		assert_true(rtcp_check(p, n));
		if (rtcp_hide(&key, p, &n) != (rows[i].want != NULL))
			fail_msg("%s", rows[i].title);
		if (rows[i].want && n != strlen(rows[i].want) / 2)
			fail_msg("%s: %zu bytes left", rows[i].title, n);
		for (size_t j = 0; rows[i].want && j < n; j++) {
			const char *want = rows[i].want + 2 * j;
			char got[3];
			snprintf(got, sizeof(got), "%02x", p[j]);
			if (*want == '.' ? !strchr("abcdefghijklmnopqrstuvwxyz234567", p[j]) : strncmp(got, want, 2))
				fail_msg("%s: byte %zu is %s", rows[i].title, j, got);
		}
		assert_true(!rows[i].want || !n || rtcp_check(p, n));
		free(p);
	}
}

/* The same name under one key is the same everywhere; under another key, or another name, it is not. */
static void test_rtcp_hide_ties(void **state)
{
	static const uint8_t packet[] = {0x81, 202, 0,   6,   SSRC, 1,   14,  'a', '@', '1', '0', '.',
					 '1',  '.', '1', '.', '1',  '0', '0', ':', '5', 0,   0};
	uint8_t p[4][28] = {0};
	const struct hash_key one = {{1, 2}}, other = {{1, 3}};
	for (size_t i = 0; i < 4; i++)
		memcpy(p[i], packet, sizeof(packet));
	p[3][10] = 'b';
	for (size_t i = 0; i < 4; i++) {
		size_t n = sizeof(p[i]);
		assert_true(rtcp_hide(i == 2 ? &other : &one, p[i], &n) && n == sizeof(p[i]));
	}
	assert_memory_equal(p[0], p[1], sizeof(p[0]));
	assert_memory_not_equal(p[0], p[2], sizeof(p[0]));
	assert_memory_not_equal(p[0], p[3], sizeof(p[0]));
}

/* ---- sequence, loss, order ------------------------------------------------------------------------------------ */

/* seqs: one packet each, 20 ms apart; a value >= 0x10000 is SSRC 2's. -1 ends. */
struct seq_case {
	const char *title;
	int seqs[16];
	uint64_t lost, reordered, duplicated;
};
#define TWO 0x10000
static const struct seq_case seq_cases[] = {
	{"1 in order", {1, 2, 3, 4, -1}, 0, 0, 0},
	{"2 one lost", {1, 2, 4, 5, -1}, 1, 0, 0},
	{"3 three lost in a row", {10, 14, -1}, 3, 0, 0},
	{"4 two swapped", {1, 3, 2, 4, -1}, 0, 1, 0},
	{"5 one doubled at once", {1, 2, 2, 3, -1}, 0, 0, 1},
	{"6 one doubled later", {1, 2, 3, 1, 4, -1}, 0, 0, 1},
	{"7 doubled and one lost: the copy does not hide the loss", {1, 2, 2, 4, -1}, 1, 0, 1},
	{"8 over the wrap", {65534, 65535, 0, 1, -1}, 0, 0, 0},
	{"9 lost at the wrap", {65534, 1, 2, -1}, 2, 0, 0},
	{"10 swapped at the wrap", {65535, 1, 0, 2, -1}, 0, 1, 0},
	{"11 first is 0, late one from before it", {0, 65535, 1, -1}, 0, 1, 0},
	{"12 a new SSRC begins anew", {1, 2, 4, TWO | 500, TWO | 501, -1}, 1, 0, 0},
	{"13 loss of both runs is summed", {1, 3, TWO | 500, TWO | 502, -1}, 2, 0, 0},
	{"14 back to the first SSRC", {1, 2, TWO | 9, 3, 4, -1}, 0, 0, 0},
	{"15 one wild number is not believed", {1, 2, 30000, 3, 4, -1}, 0, 0, 0},
	{"16 a jump that the next confirms is a new run", {1, 2, 30000, 30001, 30002, -1}, 0, 0, 0},
	{"17 a jump confirmed at the wrap", {100, 65535, 0, 1, -1}, 0, 0, 0},
	{"18 loss just below the largest gap", {1, 3000, -1}, 2998, 0, 0},
	{"19 late by more than is remembered", {1, 2, 102, 32, 103, -1}, 98, 1, 0},
};

static void test_sequences(void **state)
{
	for (size_t i = 0; i < sizeof(seq_cases) / sizeof(*seq_cases); i++) {
		const struct seq_case *c = &seq_cases[i];
		struct rtp_source s = {0};
		for (unsigned k = 0; c->seqs[k] >= 0; k++) {
			struct rtp_header h = {
				.seq = (uint16_t)c->seqs[k], .ssrc = c->seqs[k] & TWO ? 2 : 1, .timestamp = 160 * k};
			rtp_source_packet(&s, &h, 8000, (k + 1) * 20 * MS);
		}
		if (rtp_source_lost(&s) != c->lost || s.reordered != c->reordered || s.duplicated != c->duplicated)
			fail_msg("%s: lost %lu reordered %lu duplicated %lu", c->title,
				 (unsigned long)rtp_source_lost(&s), (unsigned long)s.reordered,
				 (unsigned long)s.duplicated);
	}
}

static void test_many_wraps(void **state)
{
	struct rtp_source s = {0};
	for (uint32_t i = 0; i < 300000; i++)
		if (i % 1000 != 7)
			rtp_source_packet(&s, &(struct rtp_header){.seq = (uint16_t)i, .ssrc = 1, .timestamp = i * 160},
					  8000, i * 20 * MS);
	assert_int_equal(rtp_source_lost(&s), 300);
	assert_int_equal(s.duplicated + s.reordered, 0);
	assert_int_equal(rtp_source_jitter_us(&s, 8000), 0);
}

/* ---- jitter (RFC 3550 A.8) -------------------------------------------------------------------------------------- */

static uint32_t jitter_of(uint32_t hz, uint32_t step, unsigned n, uint64_t (*when_ns)(unsigned i))
{
	struct rtp_source s = {0};
	for (unsigned i = 0; i < n; i++) {
		struct rtp_header h = {.seq = (uint16_t)i, .ssrc = 1, .timestamp = 0xfffff000u + i * step};
		rtp_source_packet(&s, &h, hz, when_ns(i));
	}
	return rtp_source_jitter_us(&s, hz);
}

static uint64_t even(unsigned i)
{
	return 1000 * MS + i * 20 * MS;
}
static uint64_t swinging(unsigned i)
{
	return even(i) + (i % 2) * 5 * MS;
}
static uint64_t drifting(unsigned i)
{
	return even(i) + i * 20000; /* a clock 0.1 % off */
}

static void test_jitter(void **state)
{
	/* the timestamps wrap on the way */
	assert_int_equal(jitter_of(8000, 160, 500, even), 0);
	assert_int_equal(jitter_of(90000, 1800, 500, even), 0);
	/* each arrival 5 ms off the one before: the mean deviation is 5 ms, at any clock rate */
	assert_in_range(jitter_of(8000, 160, 500, swinging), 4700, 5000);
	assert_in_range(jitter_of(48000, 960, 500, swinging), 4700, 5000);
	assert_in_range(jitter_of(8000, 160, 500, drifting), 0, 130);
}

static void test_jitter_skips(void **state)
{
	struct rtp_source s = {0};
	/* a telephone-event: one timestamp over 100 ms; then a restart of the timestamps */
	for (unsigned i = 0; i < 5; i++)
		rtp_source_packet(&s, &(struct rtp_header){.seq = (uint16_t)i, .ssrc = 1, .timestamp = 800}, 8000,
				  (100 + i * 20) * MS);
	assert_int_equal(rtp_source_jitter_us(&s, 8000), 0);
	rtp_source_packet(&s, &(struct rtp_header){.seq = 5, .ssrc = 1, .timestamp = 4000000000u}, 8000, 200 * MS);
	assert_int_equal(rtp_source_jitter_us(&s, 8000), 0);
}

/* ---- histogram -------------------------------------------------------------------------------------------------- */

static void test_histogram(void **state)
{
	static struct histogram h;
	assert_int_equal(histogram_percentile_us(&h, 0.5), 0);
	for (unsigned i = 1; i <= 1000; i++)
		histogram_add(&h, i);
	assert_in_range(histogram_percentile_us(&h, 0.5), 500, 640);
	assert_in_range(histogram_percentile_us(&h, 0.99), 990, 1000);
	assert_int_equal(histogram_max_us(&h), 1000);
	histogram_add(&h, UINT64_MAX); /* the last bucket takes what is beyond all others */
	assert_true(histogram_max_us(&h) == UINT64_MAX);
	for (unsigned us = 0; us < 4; us++) {
		static struct histogram one[4];
		histogram_add(&one[us], us);
		assert_int_equal(histogram_percentile_us(&one[us], 0.5), us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classify),       cmocka_unit_test(test_parse),
		cmocka_unit_test(test_rtcp),           cmocka_unit_test(test_rtcp_hide),
		cmocka_unit_test(test_rtcp_hide_ties), cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_jitter),         cmocka_unit_test(test_many_wraps),
		cmocka_unit_test(test_jitter_skips),   cmocka_unit_test(test_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
