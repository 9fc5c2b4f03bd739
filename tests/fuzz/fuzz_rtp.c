/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a packet's way with arbitrary bytes: the first says what the two sides are (RTP or not, muxed, held,
 * echoed, latching policy); then datagrams follow, each as source, component, milliseconds passed, length, bytes. The
 * sockets do not exist, so what would be sent is counted as refused by the kernel. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "media/internal.h"
#include "tests/fuzz/check.h"

static uint64_t now_ns = 1;

static uint64_t fuzz_clock(void)
{
	return now_ns;
}

static struct addr source(uint8_t which)
{
	static const char *const hosts[] = {"192.0.2.1", "192.0.2.2", "203.0.113.9", "2001:db8::1"};
	struct addr a = {0};
	addr_parse(str_z(hosts[which & 3]), (uint16_t)(4000 + (which >> 2 & 3)), &a);
	return a;
}

struct scene {
	struct media media;
	struct media_port port;
	struct worker worker;
	struct session session;
	struct side sides[2];
	struct stream streams[2];
	struct cidr acl;
	struct pool *pool;
};

static void add_fork(struct scene *z, unsigned side, unsigned fork, uint8_t flags)
{
	struct media_remote r = {
		.used = true,
		.rtp = !(flags & 1),
		.rtp_addr = source((uint8_t)(fork + side)),
		.rtcp_addr = source((uint8_t)(fork + side + 4)),
		.rtcp_mux = flags & 2,
		.latch = (flags >> 2) % 3,
		.signalling = source(2),
		.acl = &z->acl,
		.n_acl = 1,
		.send = !(flags & 16),
		.receive = !(flags & 32),
		.clock_hz = flags & 64 ? 90000 : 0,
	};
	struct remote *m = remote_create(&r, 2000 * NS_PER_MS, now_ns);
	assert(m);
	remote_begin(m, NULL, now_ns);
	remote_aim(m, &z->sides[side]);
	z->streams[side].remotes[fork] = m;
	z->streams[side].n_forks++;
	z->streams[side].profile = m->rtp ? PROFILE_RTP : PROFILE_DATAGRAM;
}

static struct media engine; /* its key is zero */

static void set_scene(struct scene *z, uint8_t flags)
{
	memset(z, 0, sizeof(*z));
	cidr_parse(STR("192.0.2.0/24"), &z->acl);
	const struct addr local = source(1);
	if (pool_create(&local, NULL, 10000, 10001, &z->pool) < 0)
		abort();
	z->session.port = &z->port;
	z->session.worker = &z->worker;
	z->worker.media = &engine;
	for (unsigned s = 0; s < 2; s++) {
		struct stream *st = &z->streams[s];
		z->sides[s] = (struct side){.session = &z->session, .which = s, .pool = z->pool, .live = {st}};
		z->session.live[s] = &z->sides[s];
		st->side = &z->sides[s];
		st->port = (uint16_t)(4000 + 2 * s);
		st->source.notice.session = &z->session;
		for (unsigned c = 0; c < 2; c++)
			st->component[c] = (struct component){.sock = {.fd = 1 << 20}, .stream = st, .which = c};
		add_fork(z, s, 0, s ? flags : (uint8_t)(flags & ~1));
	}
	add_fork(z, 1, 1, flags);
	z->sides[0].echo = flags & 128;
}

static void check(const struct scene *z)
{
	for (unsigned s = 0; s < 2; s++)
		for (unsigned f = 0; f < 2; f++) {
			const struct remote *r = z->streams[s].remotes[f];
			if (!r)
				continue;
			assert(r->relayed <= r->packets);
			assert(addr_is_set(&r->latch[0].source) == (r->latch[0].rank != MEDIA_RANK_NONE));
			assert(r->rules.policy != MEDIA_LATCH_STRICT || r->latch[0].changes == 0);
			assert(r->packets == 0 || addr_is_set(&r->latch[0].source));
			struct media_direction d;
			remote_stats(r, now_ns, &d);
			assert(d.duplicated <= d.packets && d.reordered <= d.packets);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct scene z;

	if (n < 1)
		return 0;
	clock_set_source(fuzz_clock);
	now_ns = NS_PER_MS;
	set_scene(&z, p[0]);
	const struct io_user user = {
		.received = packet_arrived,
		.expected = packet_expected,
		.discarded = packets_discarded,
		.failed = packet_not_sent,
		.arg = &z.worker,
		.plain_sends = p[0] & 2,
	};
	if (io_create(&user, &z.worker.io) < 0)
		return 0;
	p++;
	n--;
	while (n >= 4) {
		struct addr from = source(p[0]);
		struct component *c = &z.streams[p[0] >> 4 & 1].component[p[0] >> 5 & 1];
		size_t len = p[2] | (size_t)(p[3] & 3) << 8, size = p[3] & 128 ? len + 1 : len;
		z.sides[1].selected = p[0] >> 6 & 1;
		session_find_ways(&z.session);
		now_ns += p[1] * 10 * NS_PER_MS;
		p += 4;
		n -= 4;
		if (len > n)
			len = size = n;
		uint8_t *copy = malloc(len ? len : 1); /* so that one byte too far is seen */
		assert(copy);
		memcpy(copy, p, len);
		packet_arrived(&z.worker, &c->sock, &from, copy, len, size);
		io_receive(z.worker.io); /* what is in line goes out, in vain */
		free(copy);
		p += len;
		n -= len;
		z.worker.n_to_ring = 0;
		check(&z);
	}
	io_destroy(z.worker.io);
	for (unsigned s = 0; s < 2; s++)
		for (unsigned f = 0; f < 2; f++)
			free(z.streams[s].remotes[f]);
	pool_unref(z.pool);
	clock_set_source(NULL);
	return 0;
}
