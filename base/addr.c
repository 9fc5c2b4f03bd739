/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Leading bits of an address in network order. */
struct prefix {
	uint8_t bits;
	uint8_t bytes[4]; /* enough for those below */
};

static const struct prefix private4[] = {
	{8, {10}},        /* RFC 1918 */
	{12, {172, 16}},  /* RFC 1918 */
	{16, {192, 168}}, /* RFC 1918 */
	{10, {100, 64}},  /* RFC 6598: carrier-grade NAT */
	{16, {169, 254}}, /* RFC 3927: link local */
	{8, {127}},       /* RFC 1122 §3.2.1.3: loopback */
};
static const struct prefix private6[] = {
	{7, {0xfc}},        /* RFC 4193: unique local */
	{10, {0xfe, 0x80}}, /* RFC 4291 §2.5.6: link local */
	{10, {0xfe, 0xc0}}, /* RFC 3879: site local, deprecated, still not routed */
};
static const struct prefix unsendable4[] = {
	{8, {0}},                   /* RFC 1122 §3.2.1.3: "this" host or network */
	{4, {224}},                 /* RFC 5771: multicast */
	{32, {255, 255, 255, 255}}, /* RFC 919: limited broadcast */
};
static const struct prefix unsendable6[] = {
	{8, {0xff}}, /* RFC 4291 §2.7: multicast */
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t *host_bytes(const struct addr *a, size_t *ret_n)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		*ret_n = 4;
		return (const uint8_t *)&a->in4.sin_addr;
	case AF_INET6:
		*ret_n = 16;
		return a->in6.sin6_addr.s6_addr;
	}
	*ret_n = 0;
	return NULL;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool in_table(const struct addr *a, const struct prefix *table, size_t rows)
{
	size_t n;
	const uint8_t *host = host_bytes(a, &n);
	for (size_t i = 0; i < rows; i++) {
		if (bits_equal(host, table[i].bytes, table[i].bits))
			return true;
	}
	return false;
}

static struct addr make4(const void *host, in_port_t port_be)
{
	struct addr a = {.in4 = {.sin_family = AF_INET, .sin_port = port_be}};
	memcpy(&a.in4.sin_addr, host, 4);
	return a;
}

static struct addr make6(const struct in6_addr *host, in_port_t port_be, uint32_t scope_id)
{
	if (IN6_IS_ADDR_V4MAPPED(host))
		return make4(host->s6_addr + 12, port_be);
	return (struct addr){
		.in6 = {.sin6_family = AF_INET6, .sin6_port = port_be, .sin6_addr = *host, .sin6_scope_id = scope_id}};
}

/* Four decimal numbers, none with a zero in front: what inet_pton() takes, and most hosts of SIP and SDP. */
static bool parse_host4(struct str s, uint8_t ret[4])
{
	size_t i = 0;
	for (unsigned k = 0; k < 4; k++) {
		unsigned v = 0;
		if (k && (i == s.n || s.p[i++] != '.'))
			return false;
		const size_t from = i;
		for (; i < s.n && (unsigned)(s.p[i] - '0') < 10 && v < 256; i++)
			v = v * 10 + (unsigned)(s.p[i] - '0');
		if (i == from || v > 255 || (s.p[from] == '0' && i - from > 1))
			return false;
		ret[k] = (uint8_t)v;
	}
	return i == s.n;
}

bool addr_parse(struct str host, uint16_t port, struct addr *ret)
{
	char z[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	uint8_t in4[4];
	bool brackets = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

	if (parse_host4(host, in4)) {
		*ret = make4(in4, htons(port));
		return true;
	}
	if (brackets)
		host = (struct str){host.p + 1, host.n - 2};
	if (host.n == 0 || host.n >= sizeof(z) || memchr(host.p, '\0', host.n) || !memchr(host.p, ':', host.n))
		return false;
	memcpy(z, host.p, host.n);
	z[host.n] = '\0';
	if (inet_pton(AF_INET6, z, &in6) != 1)
		return false;
	*ret = make6(&in6, htons(port), 0);
	return true;
}

bool addr_parse_hostport(struct str s, struct addr *ret)
{
	const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
	uint64_t port;

	if (!colon)
		return false;
	struct str host = {s.p, (size_t)(colon - s.p)};
	struct str digits = {colon + 1, s.n - host.n - 1};
	/* an IPv6 address without brackets: its last group is no port */
	if (str_find(host, ':') < host.n && host.p[0] != '[')
		return false;
	return digits.n <= 5 && str_to_u64(digits, UINT16_MAX, &port) && addr_parse(host, (uint16_t)port, ret);
}

struct addr addr_from_sockaddr(const struct sockaddr *sa)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in4, sa, sizeof(in4));
		return make4(&in4.sin_addr, in4.sin_port);
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		return make6(&in6.sin6_addr, in6.sin6_port, in6.sin6_scope_id);
	}
	return (struct addr){0};
}

socklen_t addr_len(const struct addr *a)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		return sizeof(a->in4);
	case AF_INET6:
		return sizeof(a->in6);
	}
	return 0;
}

uint16_t addr_port(const struct addr *a)
{
	/* the same place in both families */
	return addr_is_set(a) ? ntohs(a->in4.sin_port) : 0;
}

void addr_set_port(struct addr *a, uint16_t port)
{
	if (addr_is_set(a))
		a->in4.sin_port = htons(port);
}

bool addr_equal_host(const struct addr *a, const struct addr *b)
{
	size_t n, m;
	const uint8_t *x = host_bytes(a, &n), *y = host_bytes(b, &m);
	return n == m && (n == 0 || memcmp(x, y, n) == 0);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_port(a) == addr_port(b) && addr_equal_host(a, b);
}

bool addr_is_any(const struct addr *a)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		return a->in4.sin_addr.s_addr == htonl(INADDR_ANY);
	case AF_INET6:
		return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
	}
	return false;
}

bool addr_is_loopback(const struct addr *a)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		return ntohl(a->in4.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
	}
	return false;
}

bool addr_is_private(const struct addr *a)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		return in_table(a, private4, LENGTH(private4));
	case AF_INET6:
		return addr_is_loopback(a) || in_table(a, private6, LENGTH(private6));
	}
	return false;
}

bool addr_is_unsendable(const struct addr *a)
{
	if (addr_port(a) == 0)
		return true;
	switch (a->sa.sa_family) {
	case AF_INET:
		return in_table(a, unsendable4, LENGTH(unsendable4));
	case AF_INET6:
		return addr_is_any(a) || in_table(a, unsendable6, LENGTH(unsendable6));
	}
	return true;
}

/* "0." to "255.": addresses are in every Via, Contact and c= line. */
#define TEN(t) t "0.", t "1.", t "2.", t "3.", t "4.", t "5.", t "6.", t "7.", t "8.", t "9."
#define HUNDRED(h)                                                                                                     \
	TEN(h "0"), TEN(h "1"), TEN(h "2"), TEN(h "3"), TEN(h "4"), TEN(h "5"), TEN(h "6"), TEN(h "7"), TEN(h "8"),    \
		TEN(h "9")
static const char octets[256][4] = {
	TEN(""),  TEN("1"), TEN("2"),     TEN("3"),  TEN("4"),  TEN("5"),  TEN("6"),  TEN("7"),
	TEN("8"), TEN("9"), HUNDRED("1"), TEN("20"), TEN("21"), TEN("22"), TEN("23"), TEN("24"),
	"250.",   "251.",   "252.",       "253.",    "254.",    "255.",
};
#undef TEN
#undef HUNDRED

static size_t text_host4(char *text, const uint8_t host[4])
{
	char *at = text;
	for (unsigned i = 0; i < 4; i++) {
		memcpy(at, octets[host[i]], sizeof(octets[0]));
		at += 2 + (host[i] >= 10) + (host[i] >= 100);
	}
	return (size_t)(at - text) - 1;
}

/* The host, and a port where that is asked for. */
static void write_text(struct writer *w, const struct addr *a, bool brackets, bool port)
{
	char text[INET6_ADDRSTRLEN + 3 + WRITER_U64_MAX];
	size_t n;
	const uint8_t *host = host_bytes(a, &n);

	if (!host) {
		writer_char(w, '-');
		return;
	}
	if (n == 4) {
		n = text_host4(text, host);
	} else {
		text[0] = '[';
		inet_ntop(AF_INET6, host, text + brackets, INET6_ADDRSTRLEN);
		n = strlen(text);
		if (brackets)
			text[n++] = ']';
	}
	if (port) {
		text[n++] = ':';
		n += writer_digits(text + n, addr_port(a));
	}
	writer_put(w, text, n);
}

void addr_write_host(struct writer *w, const struct addr *a, bool brackets)
{
	write_text(w, a, brackets, false);
}

void addr_write(struct writer *w, const struct addr *a)
{
	write_text(w, a, true, true);
}

const char *addr_text(const struct addr *a, char buf[ADDR_STRLEN])
{
	struct writer w = writer_init(buf, ADDR_STRLEN);
	addr_write(&w, a);
	writer_char(&w, '\0');
	return buf;
}

const char *addr_text_host(const struct addr *a, char buf[ADDR_STRLEN])
{
	struct writer w = writer_init(buf, ADDR_STRLEN);
	addr_write_host(&w, a, false);
	writer_char(&w, '\0');
	return buf;
}

size_t addr_key(const struct addr *a, uint8_t buf[19])
{
	size_t n;
	const uint8_t *host = host_bytes(a, &n);
	buf[0] = (uint8_t)n;
	if (!host)
		return 1;
	memcpy(buf + 1, host, n);
	memcpy(buf + 1 + n, &a->in4.sin_port, 2);
	return n + 3;
}

static bool host_bits_zero(const struct addr *a, unsigned bits)
{
	size_t n;
	const uint8_t *host = host_bytes(a, &n);
	for (unsigned i = bits; i < 8 * n; i++) {
		if (host[i / 8] & 0x80 >> i % 8)
			return false;
	}
	return true;
}

bool cidr_parse(struct str s, struct cidr *ret)
{
	struct str rest = s, host = str_cut(&rest, '/');
	struct cidr c;

	if (!addr_parse(host, 0, &c.net))
		return false;
	bool written6 = str_find(host, ':') < host.n;
	uint64_t max = written6 ? 128 : 32, bits = max;
	if (host.n < s.n && (rest.n > 3 || !str_to_u64(rest, max, &bits)))
		return false;
	if (written6 && !addr_is_v6(&c.net)) { /* ::ffff:192.0.2.0/120 is 192.0.2.0/24 */
		if (bits < 96)
			return false;
		bits -= 96;
	}
	c.bits = (unsigned)bits;
	if (!host_bits_zero(&c.net, c.bits))
		return false;
	*ret = c;
	return true;
}

bool cidr_contains(const struct cidr *c, const struct addr *a)
{
	size_t n, m;
	const uint8_t *net = host_bytes(&c->net, &n), *host = host_bytes(a, &m);
	return n == m && n && bits_equal(net, host, c->bits);
}
