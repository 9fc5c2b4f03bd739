/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "unit.h"

static struct addr make(const char *host, uint16_t port)
{
	struct addr a;
	if (!addr_parse(str_z(host), port, &a))
		fail_msg("%s", host);
	return a;
}

/* want: what addr_text_host() makes of it; NULL: not an address */
static const struct {
	struct str in;
	const char *want;
} parse_rows[] = {
	{STR("192.0.2.1"), "192.0.2.1"},
	{STR("0.0.0.0"), "0.0.0.0"},
	{STR("255.255.255.255"), "255.255.255.255"},
	{STR("2001:db8::1"), "2001:db8::1"},
	{STR("[2001:db8::1]"), "2001:db8::1"},
	{STR("2001:DB8:0:0:0:0:0:1"), "2001:db8::1"},
	{STR("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1"}, /* RFC 5952 §4.2.2: a single group stays */
	{STR("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1"},          /* RFC 5952 §4.2.3: the longest run */
	{STR("::"), "::"},
	{STR("[::]"), "::"},
	{STR("::ffff:192.0.2.1"), "192.0.2.1"},
	{STR("[::ffff:192.0.2.1]"), "192.0.2.1"},
	{STR("::ffff:c000:201"), "192.0.2.1"},
	{STR("0000:0000:0000:0000:0000:ffff:255.255.255.255"), "255.255.255.255"},
	{STR(""), NULL},
	{STR("[]"), NULL},
	{STR("["), NULL},
	{STR("[::1"), NULL},
	{STR("::1]"), NULL},
	{STR("[[::1]]"), NULL},
	{STR("[192.0.2.1]"), NULL},
	{STR("192.0.2"), NULL},
	{STR("192.0.2.1.5"), NULL},
	{STR("192.0.2.256"), NULL},
	{STR("192.0.2.-1"), NULL},
	{STR("192.0.02.1"), NULL}, /* octal to some */
	{STR("0x7f.0.0.1"), NULL},
	{STR("2130706433"), NULL},
	{STR(" 192.0.2.1"), NULL},
	{STR("192.0.2.1 "), NULL},
	{STR("192.0.2.1\0"), NULL},
	{STR("192.0.2.1\0x"), NULL},
	{STR("192.0.2.1:5060"), NULL},
	{STR("fe80::1%lo"), NULL},
	{STR("1:2:3:4:5:6:7:8:9"), NULL},
	{STR("1::2::3"), NULL},
	{STR("12345::"), NULL},
	{STR("sip.example.com"), NULL},
	{STR("localhost"), NULL},
	{STR("0000:0000:0000:0000:0000:ffff:255.255.255.2555"), NULL},
	{STR("1111111111111111111111111111111111111111111111111111111111"), NULL},
};

static void test_parse(void **state)
{
	for (size_t i = 0; i < LENGTH(parse_rows); i++) {
		struct addr a = {0};
		char buf[ADDR_STRLEN];
		bool ok = addr_parse(parse_rows[i].in, 5060, &a);
		if (ok != (parse_rows[i].want != NULL))
			fail_msg("\"%.*s\"", STR_FMT(parse_rows[i].in));
		assert_int_equal(addr_is_set(&a), ok);
		if (ok) {
			assert_string_equal(addr_text_host(&a, buf), parse_rows[i].want);
			assert_int_equal(addr_port(&a), 5060);
		}
	}
	struct addr a;
	assert_false(addr_parse(STR_NONE, 1, &a));
}

static void test_parse_hostport(void **state)
{
	static const struct {
		struct str in;
		const char *want;
	} rows[] = {
		{STR("192.0.2.1:5060"), "192.0.2.1:5060"},
		{STR("192.0.2.1:0"), "192.0.2.1:0"},
		{STR("192.0.2.1:65535"), "192.0.2.1:65535"},
		{STR("[2001:db8::1]:5060"), "[2001:db8::1]:5060"},
		{STR("[::]:5060"), "[::]:5060"},
		{STR("[::ffff:192.0.2.1]:7"), "192.0.2.1:7"},
		{STR("192.0.2.1"), NULL},
		{STR("192.0.2.1:"), NULL},
		{STR("192.0.2.1:65536"), NULL},
		{STR("192.0.2.1:000001"), NULL},
		{STR("192.0.2.1:-1"), NULL},
		{STR("192.0.2.1:5060 "), NULL},
		{STR("192.0.2.1:5060:5061"), NULL},
		{STR("[2001:db8::1]"), NULL},
		{STR("[2001:db8::1]5060"), NULL},
		{STR("2001:db8::1:5060"), NULL},
		{STR("::1:5060"), NULL},
		{STR("::5060"), NULL},
		{STR(":5060"), NULL},
		{STR("[]:5060"), NULL},
		{STR(":"), NULL},
		{STR(""), NULL},
		{STR("host:5060"), NULL},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr a = {0};
		char buf[ADDR_STRLEN];
		bool ok = addr_parse_hostport(rows[i].in, &a);
		if (ok != (rows[i].want != NULL))
			fail_msg("\"%.*s\"", STR_FMT(rows[i].in));
		assert_string_equal(addr_text(&a, buf), ok ? rows[i].want : "-");
	}
	struct addr a;
	assert_false(addr_parse_hostport(STR_NONE, &a));
}

static void test_from_sockaddr(void **state)
{
	char buf[ADDR_STRLEN];
	struct addr raw = {.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_flowinfo = 7}};
	raw.in6.sin6_addr.s6_addr[10] = raw.in6.sin6_addr.s6_addr[11] = 0xff;
	raw.in6.sin6_addr.s6_addr[12] = 10;
	struct addr a = addr_from_sockaddr(&raw.sa);
	assert_string_equal(addr_text(&a, buf), "10.0.0.0:9");
	assert_int_equal(addr_len(&a), sizeof(struct sockaddr_in));

	raw.in6.sin6_addr.s6_addr[0] = 0xfe;
	raw.in6.sin6_scope_id = 3;
	a = addr_from_sockaddr(&raw.sa);
	assert_int_equal(addr_len(&a), sizeof(struct sockaddr_in6));
	assert_int_equal(a.in6.sin6_scope_id, 3); /* a reply to a link-local source needs it */
	assert_int_equal(a.in6.sin6_flowinfo, 0);

	struct sockaddr local = {.sa_family = AF_UNIX};
	a = addr_from_sockaddr(&local);
	assert_false(addr_is_set(&a));
	assert_int_equal(addr_len(&a), 0);
	assert_int_equal(addr_port(&a), 0);
	addr_set_port(&a, 5);
	assert_string_equal(addr_text(&a, buf), "-");
	assert_string_equal(addr_text_host(&a, buf), "-");
}

static void test_equal(void **state)
{
	struct addr a = make("192.0.2.1", 1), b = make("192.0.2.1", 2), c = make("::ffff:192.0.2.1", 1);
	struct addr d = make("2001:db8::1", 1), e = make("2001:db8::2", 1), none = {0};
	assert_false(addr_equal(&a, &b));
	assert_true(addr_equal_host(&a, &b));
	assert_true(addr_equal(&a, &c));
	assert_false(addr_equal_host(&a, &d));
	assert_false(addr_equal_host(&d, &e));
	assert_true(addr_equal(&d, &d));
	assert_true(addr_equal(&none, &none));
	assert_false(addr_equal(&none, &a));
	assert_false(addr_equal_host(&d, &none));
	addr_set_port(&b, 1);
	assert_true(addr_equal(&a, &b));
}

enum {
	ANY = 1,
	LOOPBACK = 2,
	PRIVATE = 4,
	UNSENDABLE = 8,
};

static const struct {
	const char *host;
	unsigned want;
} class_rows[] = {
	{"0.0.0.0", ANY | UNSENDABLE},
	{"0.0.0.1", UNSENDABLE},
	{"0.255.255.255", UNSENDABLE},
	{"1.0.0.0", 0},
	{"9.255.255.255", 0},
	{"10.0.0.0", PRIVATE},
	{"10.255.255.255", PRIVATE},
	{"11.0.0.0", 0},
	{"100.63.255.255", 0},
	{"100.64.0.0", PRIVATE},
	{"100.127.255.255", PRIVATE},
	{"100.128.0.0", 0},
	{"127.0.0.1", LOOPBACK | PRIVATE},
	{"127.255.255.255", LOOPBACK | PRIVATE},
	{"128.0.0.0", 0},
	{"169.253.255.255", 0},
	{"169.254.0.0", PRIVATE},
	{"169.254.255.255", PRIVATE},
	{"169.255.0.0", 0},
	{"172.15.255.255", 0},
	{"172.16.0.0", PRIVATE},
	{"172.31.255.255", PRIVATE},
	{"172.32.0.0", 0},
	{"192.167.255.255", 0},
	{"192.168.0.0", PRIVATE},
	{"192.168.255.255", PRIVATE},
	{"192.169.0.0", 0},
	{"223.255.255.255", 0},
	{"224.0.0.0", UNSENDABLE},
	{"239.255.255.255", UNSENDABLE},
	{"240.0.0.0", 0},
	{"255.255.255.254", 0},
	{"255.255.255.255", UNSENDABLE},
	{"::ffff:10.0.0.1", PRIVATE},
	{"::ffff:224.0.0.1", UNSENDABLE},
	{"::", ANY | UNSENDABLE},
	{"::1", LOOPBACK | PRIVATE},
	{"::2", 0},
	{"2001:db8::1", 0},
	{"fbff::1", 0},
	{"fc00::1", PRIVATE},
	{"fdff:ffff::1", PRIVATE},
	{"fe00::1", 0},
	{"fe7f::1", 0},
	{"fe80::1", PRIVATE},
	{"febf::1", PRIVATE},
	{"fec0::1", PRIVATE},
	{"feff::1", PRIVATE},
	{"ff00::1", UNSENDABLE},
	{"ff02::1", UNSENDABLE},
};

static unsigned classify(const struct addr *a)
{
	return (addr_is_any(a) ? ANY : 0) | (addr_is_loopback(a) ? LOOPBACK : 0) | (addr_is_private(a) ? PRIVATE : 0) |
	       (addr_is_unsendable(a) ? UNSENDABLE : 0);
}

static void test_classes(void **state)
{
	for (size_t i = 0; i < LENGTH(class_rows); i++) {
		struct addr a = make(class_rows[i].host, 5060);
		if (classify(&a) != class_rows[i].want)
			fail_msg("%s is %u", class_rows[i].host, classify(&a));
		addr_set_port(&a, 0);
		assert_true(addr_is_unsendable(&a));
	}
	struct addr none = {0};
	assert_int_equal(classify(&none), UNSENDABLE);
}

static void test_write(void **state)
{
	char buf[ADDR_STRLEN];
	struct addr a = make("2001:db8::1", 5060), b = make("192.0.2.1", 5060);
	struct addr longest = make("2222:2222:2222:2222:2222:2222:2222:2222", 65535);
	struct writer w = writer_init(buf, sizeof(buf));
	addr_write_host(&w, &a, true);
	writer_char(&w, ' ');
	addr_write_host(&w, &a, false);
	writer_char(&w, ' ');
	addr_write_host(&w, &b, true);
	assert_true(str_eq(writer_result(&w), STR("[2001:db8::1] 2001:db8::1 192.0.2.1")));
	assert_string_equal(addr_text(&longest, buf), "[2222:2222:2222:2222:2222:2222:2222:2222]:65535");
	w = writer_init(buf, 10);
	addr_write(&w, &a);
	assert_true(w.overflow);
}

/* Every octet at every place, and as part of a port. */
static void test_write_like_inet_ntop(void **state)
{
	for (unsigned v = 0; v < 4 * 256; v++) {
		struct addr a = {.in4 = {.sin_family = AF_INET}};
		char host[INET_ADDRSTRLEN], want[64], buf[ADDR_STRLEN];
		((uint8_t *)&a.in4.sin_addr)[v / 256] = (uint8_t)v;
		addr_set_port(&a, (uint16_t)(v * 64));
		inet_ntop(AF_INET, &a.in4.sin_addr, host, sizeof(host));
		snprintf(want, sizeof(want), "%s:%u", host, v * 64);
		assert_string_equal(addr_text(&a, buf), want);
		assert_string_equal(addr_text_host(&a, buf), host);
	}
}

static void test_key(void **state)
{
	uint8_t a[19], b[19];
	struct addr v4 = make("192.0.2.1", 5060), mapped = make("::ffff:192.0.2.1", 5060);
	struct addr v6 = make("fe80::1", 5060), scoped = v6, none = {0};
	scoped.in6.sin6_scope_id = 9;
	scoped.in6.sin6_flowinfo = 9;
	assert_int_equal(addr_key(&v4, a), 7);
	assert_int_equal(addr_key(&mapped, b), 7);
	assert_memory_equal(a, b, 7);
	addr_set_port(&mapped, 5061);
	addr_key(&mapped, b);
	assert_memory_not_equal(a, b, 7);
	assert_int_equal(addr_key(&v6, a), 19);
	assert_int_equal(addr_key(&scoped, b), 19);
	assert_memory_equal(a, b, 19);
	assert_int_equal(addr_key(&none, a), 1);
}

static void test_cidr_parse(void **state)
{
	static const struct {
		struct str in;
		int bits; /* -1: refused */
	} rows[] = {
		{STR("192.0.2.0/24"), 24},
		{STR("192.0.2.1"), 32},
		{STR("192.0.2.1/32"), 32},
		{STR("0.0.0.0/0"), 0},
		{STR("128.0.0.0/1"), 1},
		{STR("10.32.0.0/11"), 11},
		{STR("2001:db8::/32"), 32},
		{STR("[2001:db8::]/32"), 32},
		{STR("2001:db8::1"), 128},
		{STR("::/0"), 0},
		{STR("8000::/1"), 1},
		{STR("::ffff:192.0.2.0/120"), 24},
		{STR("::ffff:0.0.0.0/96"), 0},
		{STR("::ffff:192.0.2.1"), 32},
		{STR("192.0.2.1/24"), -1},
		{STR("10.16.0.0/11"), -1},
		{STR("128.0.0.0/0"), -1},
		{STR("2001:db8::1/127"), -1},
		{STR("::ffff:192.0.2.1/120"), -1},
		{STR("::ffff:0.0.0.0/95"), -1},
		{STR("192.0.2.0/33"), -1},
		{STR("2001:db8::/129"), -1},
		{STR("192.0.2.0/"), -1},
		{STR("/24"), -1},
		{STR("/"), -1},
		{STR(""), -1},
		{STR("192.0.2.0/-1"), -1},
		{STR("192.0.2.0/+8"), -1},
		{STR("192.0.2.0/24/8"), -1},
		{STR("192.0.2.0/0024"), -1},
		{STR("192.0.2.0/255.255.255.0"), -1},
		{STR("192.0.2.0 /24"), -1},
		{STR("192.0.2.0:5060/24"), -1},
		{STR("192.0.2/24"), -1},
		{STR("host/24"), -1},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct cidr c = {.bits = 4711};
		if (cidr_parse(rows[i].in, &c) != (rows[i].bits >= 0))
			fail_msg("\"%.*s\"", STR_FMT(rows[i].in));
		assert_int_equal(c.bits, rows[i].bits >= 0 ? rows[i].bits : 4711);
	}
}

static void test_cidr_contains(void **state)
{
	static const struct {
		const char *net, *host;
		bool want;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.0/24", "::ffff:192.0.2.7", true},
		{"192.0.2.0/24", "2001:db8::1", false},
		{"192.0.2.4/30", "192.0.2.7", true},
		{"192.0.2.4/30", "192.0.2.8", false},
		{"192.0.2.1/32", "192.0.2.1", true},
		{"192.0.2.1/32", "192.0.2.0", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", false},
		{"::ffff:0.0.0.0/96", "192.0.2.1", true},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::1", "2001:db8::", false},
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct cidr c;
		assert_true(cidr_parse(str_z(rows[i].net), &c));
		struct addr a = make(rows[i].host, (uint16_t)i);
		if (cidr_contains(&c, &a) != rows[i].want)
			fail_msg("%s %s", rows[i].net, rows[i].host);
	}
	struct cidr c, zero = {0};
	struct addr none = {0};
	assert_true(cidr_parse(STR("0.0.0.0/0"), &c));
	assert_false(cidr_contains(&c, &none));
	assert_false(cidr_contains(&zero, &none));
}

/* dotted quads are read by hand: as inet_pton() reads them, whatever they look like */
static void test_parse_like_inet_pton(void **state)
{
	static const char digits[] = "0123456789.12 +x";
	char z[20] = "";
	uint32_t seed = 1;

	for (unsigned round = 0; round < 400000; round++) {
		struct addr a;
		struct in_addr want;
		unsigned n = (unsigned)strlen(z);

		seed = seed * 1664525 + 1013904223;
		if (round % 8 == 0) /* back to something near an address */
			snprintf(z, sizeof(z), "%u.%u.%u.%u", seed >> 24, seed >> 16 & 0xff, seed >> 8 & 63, seed & 7);
		else if (n)
			z[(seed >> 16) % n] = digits[seed >> 28];
		bool ok = inet_pton(AF_INET, z, &want) == 1;
		if (addr_parse(str_z(z), 7, &a) != ok || (ok && a.in4.sin_addr.s_addr != want.s_addr))
			fail_msg("%s", z);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_hostport),
		cmocka_unit_test(test_from_sockaddr),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_like_inet_ntop),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_cidr_parse),
		cmocka_unit_test(test_cidr_contains),
		cmocka_unit_test(test_parse_like_inet_pton),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
