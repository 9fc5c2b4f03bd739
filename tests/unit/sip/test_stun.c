/* SPDX-License-Identifier: Apache-2.0 */
/* Binding requests and their answers, byte by byte. The address of RFC 5769 §2.2 and §2.3 comes out as it stands there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sbc/sip/stun.h"

#define ID                 "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
#define HEAD(type, length) type "\x00" length "\x21\x12\xa4\x42" ID

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_true(addr_parse_hostport(str_z(text), &a));
	return a;
}

static const struct {
	const char *title, *from;
	const char *request;
	size_t n;
	const char *answer;
	size_t answer_n;
} cases[] = {
#define BYTES(s) s, sizeof(s) - 1
	{"plain", "192.0.2.1:32853", BYTES(HEAD("\x00\x01", "\x00")),
	 BYTES(HEAD("\x01\x01", "\x0c") "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43")},
	{"IPv6", "[2001:db8:1234:5678:11:2233:4455:6677]:32853", BYTES(HEAD("\x00\x01", "\x00")),
	 BYTES(HEAD("\x01\x01", "\x18") "\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79"
					"\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9")},
	{"credentials and software are passed over", "192.0.2.1:32853",
	 BYTES(HEAD("\x00\x01", "\x10") "\x00\x06\x00\x01u\x00\x00\x00\x80\x22\x00\x04soft"),
	 BYTES(HEAD("\x01\x01", "\x0c") "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43")},
	{"an attribute that it insists on", "192.0.2.1:32853",
	 BYTES(HEAD("\x00\x01", "\x08") "\x00\x03\x00\x04\x00\x00\x00\x00"),
	 BYTES(HEAD("\x01\x11", "\x10") "\x00\x09\x00\x04\x00\x00\x04\x14\x00\x0a\x00\x02\x00\x03\x00\x00")},
	{"longer than what there is", "192.0.2.1:32853", BYTES(HEAD("\x00\x01", "\x04") "\x80\x22\x00\x04"), NULL, 0},
	{"fingerprint that is wrong", "192.0.2.1:32853",
	 BYTES(HEAD("\x00\x01", "\x08") "\x80\x28\x00\x04\x00\x00\x00\x00"), NULL, 0},
};

static void test_answers(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr from = addr_of(cases[i].from);
		uint8_t buf[STUN_ANSWER_MAX];

		assert_true(stun_is_binding_request((const uint8_t *)cases[i].request, cases[i].n));
		size_t n = stun_answer((const uint8_t *)cases[i].request, cases[i].n, &from, buf);
		if (n != cases[i].answer_n || (n && memcmp(buf, cases[i].answer, n)))
			fail_msg("%s", cases[i].title);
	}
}

/* The sample of RFC 5769 §2.1: PRIORITY and ICE-CONTROLLED insist, its FINGERPRINT is right. */
static const uint8_t sample[] = {
	0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
	0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
	0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
	0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
	0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
	0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};

static void test_sample(void **state)
{
	struct addr from = addr_of("192.0.2.1:32853");
	uint8_t buf[STUN_ANSWER_MAX], broken[sizeof(sample)];
	size_t n;

	assert_true(stun_is_binding_request(sample, sizeof(sample)));
	n = stun_answer(sample, sizeof(sample), &from, buf);
	/* 420 with PRIORITY, and a FINGERPRINT of its own */
	assert_int_equal(n, 20 + 8 + 8 + 8);
	assert_memory_equal(buf, "\x01\x11\x00\x18", 4);
	assert_memory_equal(buf + 28, "\x00\x0a\x00\x02\x00\x24\x00\x00\x80\x28\x00\x04", 12);
	/* any byte of it wrong, and it is none; only another type for the FINGERPRINT makes it one without */
	for (size_t i = 20; i < sizeof(sample); i++) {
		if (i == sizeof(sample) - 8 || i == sizeof(sample) - 7)
			continue;
		memcpy(broken, sample, sizeof(sample));
		broken[i] ^= 1;
		n = stun_answer(broken, sizeof(broken), &from, buf);
		assert_int_equal(n, 0);
	}
}

/* Our own fingerprint is one that we take. */
static void test_fingerprint(void **state)
{
	struct addr from = addr_of("192.0.2.1:32853");
	uint8_t buf[STUN_ANSWER_MAX], again[STUN_ANSWER_MAX];
	size_t n = stun_answer(sample, sizeof(sample), &from, buf);
	assert_true(n > 0);
	assert_false(stun_is_binding_request(buf, n));
	assert_true(stun_answer(buf, n, &from, again) > 0);
}

static void test_not_one(void **state)
{
	static const uint8_t good[] = HEAD("\x00\x01", "\x00");
	uint8_t b[STUN_REQUEST_MAX + 4] = {0};

	for (size_t i = 0; i < 20; i++)
		assert_false(stun_is_binding_request(good, i));
	for (size_t i = 0; i < 8; i++) {
		memcpy(b, good, 20);
		b[i] ^= 0x80;
		assert_false(stun_is_binding_request(b, 20));
	}
	memcpy(b, good, 20);
	b[2] = (sizeof(b) - 20) >> 8;
	b[3] = (sizeof(b) - 20) & 0xff;
	assert_false(stun_is_binding_request(b, sizeof(b)));
	assert_false(stun_is_binding_request((const uint8_t *)"OPTIONS sip:a@b SIP/2.0\r\n\r\n", 27));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_not_one),
	};
	return cmocka_run_group_tests_name("stun", tests, NULL, NULL);
}
