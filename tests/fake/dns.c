/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/str.h"

#define HEADER_BYTES 12
#define UDP_BYTES    512
#define CNAMES_MAX   8
#define CLASS_IN     1
#define FLAGS_ANSWER 0x8180 /* response, recursion desired and available */
#define FLAG_CUT     0x0200

enum { RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 };

struct fake_dns {
	struct loop *loop;
	const struct fake_dns_record *zone;
	size_t n;
	bool silent;
	int udp, tcp, stream; /* stream: one connection at a time; -1: none */
	struct loop_poll *udp_poll, *tcp_poll, *stream_poll;
	unsigned asked, asked_tcp;
	char servers[ADDR_STRLEN];
};

/* ---- writing --------------------------------------------------------------------------------------------------- */

struct out {
	uint8_t *p;
	size_t n, size;
};

static void put(struct out *o, const void *p, size_t n)
{
	if (o->n + n <= o->size)
		memcpy(o->p + o->n, p, n);
	o->n += n; /* above size: it did not fit */
}

static void put_u16(struct out *o, unsigned v)
{
	uint8_t b[] = {(uint8_t)(v >> 8), (uint8_t)v};
	put(o, b, sizeof(b));
}

static void put_name(struct out *o, const char *name)
{
	struct str rest = str_z(name);

	while (rest.n > 0 && rest.p[0] != '.') {
		struct str label = str_cut(&rest, '.');
		uint8_t n = (uint8_t)label.n;
		put(o, &n, 1);
		put(o, label.p, label.n);
	}
	put(o, "", 1);
}

static void put_header(struct out *o, const uint8_t *id, unsigned flags, unsigned answers)
{
	put(o, id, 2);
	put_u16(o, flags);
	put_u16(o, 1);
	put_u16(o, answers);
	put_u16(o, 0);
	put_u16(o, 0);
}

size_t fake_dns_question(const char *name, uint16_t type, uint8_t *to, size_t size)
{
	struct out o = {to, 0, size};

	put_header(&o, (const uint8_t *)"\x12\x34", 0x0100, 0);
	put_name(&o, name);
	put_u16(&o, type);
	put_u16(&o, CLASS_IN);
	return o.n <= size ? o.n : 0;
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static unsigned type_of(const char *text)
{
	static const struct {
		const char *text;
		unsigned type;
	} t[] = {{"A", 1}, {"CNAME", 5}, {"AAAA", 28}, {"SRV", 33}};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (strcmp(t[i].text, text) == 0)
			return t[i].type;
	}
	return 0;
}

static void put_srv(struct out *o, const char *text)
{
	unsigned priority, weight, port;
	char host[256];

	if (sscanf(text, "%u %u %u %255s", &priority, &weight, &port, host) != 4)
		abort();
	put_u16(o, priority);
	put_u16(o, weight);
	put_u16(o, port);
	put_name(o, host);
}

static void put_data(struct out *o, const struct fake_dns_record *r, unsigned type)
{
	uint8_t addr[16];

	switch (type) {
	case 1:
		inet_pton(AF_INET, r->data, addr);
		put(o, addr, 4);
		break;
	case 28:
		inet_pton(AF_INET6, r->data, addr);
		put(o, addr, 16);
		break;
	case 5:
		put_name(o, r->data);
		break;
	default:
		put_srv(o, r->data);
		break;
	}
}

static void put_record(struct out *o, const struct fake_dns_record *r)
{
	uint8_t data[300];
	struct out d = {data, 0, sizeof(data)};
	unsigned type = type_of(r->type);

	put_data(&d, r, type);
	put_name(o, r->name);
	put_u16(o, type);
	put_u16(o, CLASS_IN);
	put_u16(o, r->ttl_s >> 16);
	put_u16(o, r->ttl_s & 0xffff);
	put_u16(o, (unsigned)d.n);
	put(o, data, d.n);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

struct question {
	char name[256];
	unsigned type;
	size_t bytes; /* with the header */
};

static bool read_question(const uint8_t *p, size_t n, struct question *ret)
{
	size_t at = HEADER_BYTES, to = 0;

	while (at < n && p[at] != 0) {
		size_t label = p[at];
		if (label > 63 || at + 1 + label >= n || to + label + 1 >= sizeof(ret->name))
			return false;
		memcpy(ret->name + to, p + at + 1, label);
		ret->name[to + label] = '.';
		to += label + 1;
		at += label + 1;
	}
	if (at + 5 > n || to == 0)
		return false;
	ret->name[to - 1] = '\0';
	ret->type = (unsigned)p[at + 1] << 8 | p[at + 2];
	ret->bytes = at + 5;
	return true;
}

static const struct fake_dns_record *named(const struct fake_dns_record *zone, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(zone[i].name, name) == 0)
			return &zone[i];
	}
	return NULL;
}

static unsigned put_answers(struct out *o, const struct fake_dns_record *zone, size_t n, const struct question *q)
{
	const char *name = q->name;
	unsigned count = 0;

	for (unsigned hops = 0; name && hops < CNAMES_MAX; hops++) {
		const char *next = NULL;
		for (size_t i = 0; i < n; i++) {
			if (strcasecmp(zone[i].name, name) != 0)
				continue;
			unsigned type = type_of(zone[i].type);
			if (type == 5)
				next = zone[i].data;
			else if (type != q->type)
				continue;
			put_record(o, &zone[i]);
			count++;
		}
		name = next;
	}
	return count;
}

size_t fake_dns_answer(const struct fake_dns_record *zone, size_t n, const uint8_t *p, size_t bytes, uint8_t *to,
		       size_t size)
{
	struct out o = {to, 0, size};
	struct question q;

	if (bytes < HEADER_BYTES || !read_question(p, bytes, &q))
		return 0;
	const struct fake_dns_record *first = named(zone, n, q.name);
	const char *how = first ? first->type : "";
	unsigned flags = FLAGS_ANSWER, answers;

	if (strcmp(how, "SILENT") == 0)
		return 0;
	if (!first)
		flags |= RCODE_NXDOMAIN;
	if (strcmp(how, "SERVFAIL") == 0)
		flags |= RCODE_SERVFAIL;
	if (strcmp(how, "REFUSED") == 0)
		flags |= RCODE_REFUSED;
	put_header(&o, p, flags, 0);
	put(&o, p + HEADER_BYTES, q.bytes - HEADER_BYTES);
	if (strcmp(how, "WRONG") == 0)
		to[HEADER_BYTES + 1] ^= 1;
	/* how such a name ends is told by the records that follow in the zone */
	answers = put_answers(&o, zone, n, &q);
	if (strcmp(how, "RUBBISH") == 0) {
		put(&o, "\xc0\xff\xff\x00\x01\xc0\x0c", 7);
		answers = 3;
	}
	if (o.n > size) { /* RFC 1035 §4.1.1: TC */
		o.n = q.bytes;
		to[2] |= FLAG_CUT >> 8;
		answers = 0;
	}
	to[7] = (uint8_t)answers;
	if (strcmp(how, "CUT") == 0 && o.n > q.bytes + 2)
		o.n -= 2;
	return o.n;
}

/* ---- sockets --------------------------------------------------------------------------------------------------- */

static void on_udp(void *arg, int events)
{
	struct fake_dns *d = arg;
	uint8_t in[UDP_BYTES], out[UDP_BYTES];
	struct sockaddr_storage from;
	socklen_t from_bytes = sizeof(from);

	ssize_t n = recvfrom(d->udp, in, sizeof(in), 0, (struct sockaddr *)&from, &from_bytes);
	if (n < HEADER_BYTES)
		return;
	d->asked++;
	struct question q;
	const struct fake_dns_record *r = read_question(in, (size_t)n, &q) ? named(d->zone, d->n, q.name) : NULL;
	size_t bytes = d->silent ? 0 : fake_dns_answer(d->zone, d->n, in, (size_t)n, out, sizeof(out));
	bool empty = !d->silent && r && strcmp(r->type, "EMPTY") == 0;
	if (bytes > 0 || empty)
		sendto(d->udp, out, empty ? 0 : bytes, 0, (struct sockaddr *)&from, from_bytes);
}

static void close_stream(struct fake_dns *d)
{
	if (d->stream < 0)
		return;
	loop_poll_close(d->stream_poll);
	close(d->stream);
	d->stream = -1;
}

/* A question comes in one piece on loopback. */
static void on_stream(void *arg, int events)
{
	struct fake_dns *d = arg;
	uint8_t in[2 + UDP_BYTES], out[2 + 8192];

	ssize_t n = recv(d->stream, in, sizeof(in), 0);
	if (n <= 2) {
		close_stream(d);
		return;
	}
	d->asked++;
	d->asked_tcp++;
	size_t bytes = d->silent ? 0 : fake_dns_answer(d->zone, d->n, in + 2, (size_t)n - 2, out + 2, sizeof(out) - 2);
	out[0] = (uint8_t)(bytes >> 8);
	out[1] = (uint8_t)bytes;
	if (bytes > 0 && send(d->stream, out, bytes + 2, MSG_NOSIGNAL) < 0)
		close_stream(d);
}

static void on_listener(void *arg, int events)
{
	struct fake_dns *d = arg;
	int fd = accept4(d->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	close_stream(d);
	struct loop_poll *p = loop_poll_open(d->loop, fd, on_stream, d);
	if (!p) {
		close(fd);
		return;
	}
	d->stream = fd;
	d->stream_poll = p;
	loop_poll_set(p, LOOP_READABLE);
}

static void close_sockets(struct fake_dns *d)
{
	if (d->tcp >= 0)
		close(d->tcp);
	if (d->udp >= 0)
		close(d->udp);
	d->tcp = d->udp = -1;
}

/* TCP chooses the port, UDP takes the same. */
static int try_sockets(struct fake_dns *d)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	struct addr addr;

	d->tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	d->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->tcp < 0 || d->udp < 0 || bind(d->tcp, (struct sockaddr *)&a, n) < 0 || listen(d->tcp, 4) < 0 ||
	    getsockname(d->tcp, (struct sockaddr *)&a, &n) < 0 || bind(d->udp, (struct sockaddr *)&a, n) < 0)
		return -errno;
	addr = addr_from_sockaddr((struct sockaddr *)&a);
	addr_text(&addr, d->servers);
	return 0;
}

/* Another program may have that port for UDP: then another one. */
static int open_sockets(struct fake_dns *d)
{
	int e = -EADDRINUSE;

	for (unsigned i = 0; i < 50 && e == -EADDRINUSE; i++) {
		close_sockets(d);
		e = try_sockets(d);
	}
	return e;
}

int fake_dns_create(struct loop *l, const struct fake_dns_record *zone, size_t n, struct fake_dns **ret)
{
	struct fake_dns *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->loop = l;
	d->udp = d->tcp = d->stream = -1;
	fake_dns_set_zone(d, zone, n);
	int e = open_sockets(d);
	if (e < 0)
		goto fail;
	e = -ENOMEM;
	d->udp_poll = loop_poll_open(l, d->udp, on_udp, d);
	d->tcp_poll = loop_poll_open(l, d->tcp, on_listener, d);
	if (!d->udp_poll || !d->tcp_poll)
		goto fail;
	loop_poll_set(d->udp_poll, LOOP_READABLE);
	loop_poll_set(d->tcp_poll, LOOP_READABLE);
	*ret = d;
	return 0;

fail:
	fake_dns_destroy(d);
	return e;
}

void fake_dns_destroy(struct fake_dns *d)
{
	if (!d)
		return;
	close_stream(d);
	loop_poll_close(d->udp_poll);
	loop_poll_close(d->tcp_poll);
	if (d->udp >= 0)
		close(d->udp);
	if (d->tcp >= 0)
		close(d->tcp);
	free(d);
}

void fake_dns_set_zone(struct fake_dns *d, const struct fake_dns_record *zone, size_t n)
{
	d->zone = zone;
	d->n = n;
}

void fake_dns_set_silent(struct fake_dns *d, bool silent)
{
	d->silent = silent;
}

const char *fake_dns_servers(const struct fake_dns *d)
{
	return d->servers;
}

unsigned fake_dns_asked(const struct fake_dns *d)
{
	return d->asked;
}

unsigned fake_dns_asked_tcp(const struct fake_dns *d)
{
	return d->asked_tcp;
}
