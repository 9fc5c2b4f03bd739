/* SPDX-License-Identifier: Apache-2.0 */
/* fixture: an engine on loopback, one or two doors, far ends that are plain sockets, and a clock that the test moves.
 * Network 0 is 127.0.0.1, network 1 is 127.0.0.2, network 2 is ::1. */
#ifndef TESTS_MEDIA_FIXTURE_H
#define TESTS_MEDIA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sock.h"
#include "media/media.h"

#define MS 1000000ull
#ifndef PORT_MIN /* tests run at once: one that needs certain ports has a range of its own */
#define PORT_MIN 34000
#endif
#define PORT_MAX    (PORT_MIN + 399)
#define MAX_EVENTS  256
#define WAIT_MS     3000 /* for what must come */
#define NOTHING_MS  30   /* for what must not */
#define PACKET_SIZE 172

struct fixture {
	struct media *media;
	struct media_port *port;
	struct media_event events[MAX_EVENTS];
	size_t n_events, next; /* next: first not looked at yet */
	struct media_stats stats;
	bool by_fd; /* never use media_port_pending() */
};

static _Atomic uint64_t fixture_now = 1000 * MS;
static bool fixture_plain_sends; /* as where there is no io_uring */

static inline uint64_t fixture_clock(void)
{
	return atomic_load(&fixture_now);
}
static inline void pass_ms(uint64_t ms)
{
	atomic_fetch_add(&fixture_now, ms * MS);
}

static inline struct addr at(const char *text)
{
	struct addr a = {0};
	assert_true(addr_parse_hostport(str_z(text), &a));
	return a;
}
static inline struct addr host(const char *text)
{
	struct addr a = {0};
	assert_true(addr_parse(str_z(text), 0, &a));
	return a;
}

static inline void fixture_event(void *arg, const struct media_event *e)
{
	struct fixture *f = arg;
	assert_true(f->n_events < MAX_EVENTS);
	f->events[f->n_events++] = *e;
	if (e->type == MEDIA_EV_STATS || e->type == MEDIA_EV_ENDED)
		f->stats = *e->stats;
}

static inline struct media_config fixture_config(const struct media_network *nets, size_t n)
{
	return (struct media_config){.networks = nets,
				     .n_networks = n,
				     .workers = 1,
				     .latch_window_ms = 2000,
				     .port_cooldown_ms = 100,
				     .max_sessions = 100,
				     .plain_sends = fixture_plain_sends};
}

static inline struct fixture *fixture_open_range(unsigned workers, uint16_t min, uint16_t max)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct media_network nets[] = {
		{.name = "a", .address = {host("127.0.0.1")}, .n_addresses = 1, .port_min = min, .port_max = max},
		{.name = "b",
		 .address = {host("127.0.0.2")},
		 .n_addresses = 1,
		 .port_min = min,
		 .port_max = max,
		 .dscp = 46},
		{.name = "c", .address = {host("::1")}, .n_addresses = 1, .port_min = min, .port_max = max},
	};
	struct media_config c = fixture_config(nets, 3);
	c.workers = workers;
	clock_set_source(fixture_clock);
	assert_non_null(f);
	assert_int_equal(media_create(&c, &f->media), 0);
	assert_int_equal(media_port_open(f->media, fixture_event, f, &f->port), 0);
	return f;
}
static inline struct fixture *fixture_open(void)
{
	return fixture_open_range(1, PORT_MIN, PORT_MAX);
}

static inline void fixture_close(struct fixture *f)
{
	media_port_close(f->port);
	media_destroy(f->media);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
	clock_set_source(NULL);
	free(f);
}

static inline void fixture_turn(struct fixture *f, int ms)
{
	if (f->by_fd || !media_port_pending(f->port))
		poll(&(struct pollfd){.fd = media_port_fd(f->port), .events = POLLIN}, 1, ms);
	media_port_dispatch(f->port);
}

/* The next event, whatever it is, or NULL after that many milliseconds of real time. */
static inline struct media_event *next_event(struct fixture *f, int ms)
{
	while (f->next == f->n_events && ms >= 0) {
		fixture_turn(f, 10);
		ms -= 10;
	}
	return f->next < f->n_events ? &f->events[f->next++] : NULL;
}

static inline struct media_event *expect_event(struct fixture *f, enum media_event_type type)
{
	struct media_event *e = next_event(f, WAIT_MS);
	if (!e || e->type != type)
		fail_msg("event %d, want %d", e ? (int)e->type : -1, type);
	return e;
}

/* Statistics after everything that was sent before. A worker takes one packet of a socket a turn, and an answer may
 * come between two: asks until nothing has changed for three answers, each from a later turn. */
static inline const struct media_stats *stats_of(struct fixture *f, media_id id)
{
	static struct media_stats before;

	for (unsigned same = 0; same < 3;) {
		before = f->stats;
		media_query(f->port, id);
		for (struct media_event *e; (e = next_event(f, WAIT_MS)) && e->type != MEDIA_EV_STATS;)
			f->events[0] = *e;       /* somebody else's: not looked at here */
		before.now_ns = f->stats.now_ns; /* the clock may move */
		same = memcmp(&before, &f->stats, sizeof(before)) == 0 ? same + 1 : 0;
	}
	return &f->stats;
}
static inline const struct media_direction *from_of(struct fixture *f, media_id id, enum media_side side)
{
	return &stats_of(f, id)->streams[0].from[side];
}

/* ---- far ends --------------------------------------------------------------------------------------------------- */

struct far {
	int fd;
	struct addr addr; /* its own */
	struct addr to;   /* where it sends */
	uint32_t ssrc;
	uint16_t seq;
};

static inline struct far far_open(const char *host_text)
{
	struct far x = {.ssrc = 0x1000};
	struct addr local = host(host_text);
	socklen_t len = sizeof(x.addr);
	x.fd = socket(local.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(x.fd >= 0);
	assert_int_equal(bind(x.fd, &local.sa, addr_len(&local)), 0);
	assert_int_equal(getsockname(x.fd, &x.addr.sa, &len), 0);
	return x;
}
static inline void far_close(struct far *x)
{
	close(x->fd);
}

static inline void far_send(struct far *x, const void *p, size_t n)
{
	assert_int_equal(sendto(x->fd, p, n, 0, &x->to.sa, addr_len(&x->to)), (ssize_t)n);
}

static inline void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void far_rtp(struct far *x)
{
	uint8_t p[PACKET_SIZE] = {0x80, 8, (uint8_t)(x->seq >> 8), (uint8_t)x->seq};
	put_u32(p + 4, x->seq * 160u);
	put_u32(p + 8, x->ssrc);
	x->seq++;
	far_send(x, p, sizeof(p));
}

static inline void far_rtcp(struct far *x)
{
	far_send(x, (const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1}, 8);
}

/* Bytes of the next datagram, or -1 when none comes in time. */
static inline ssize_t far_receive_from(struct far *x, void *p, size_t n, int ms, struct addr *ret_from)
{
	struct addr from = {0};
	socklen_t len = sizeof(from);
	if (poll(&(struct pollfd){.fd = x->fd, .events = POLLIN}, 1, ms) != 1)
		return -1;
	ssize_t r = recvfrom(x->fd, p, n, 0, &from.sa, &len);
	if (ret_from)
		*ret_from = from;
	return r;
}
static inline ssize_t far_receive(struct far *x, int ms)
{
	uint8_t p[8192];
	return far_receive_from(x, p, sizeof(p), ms, NULL);
}

#define expect_packet(x)  assert_int_equal(far_receive((x), WAIT_MS), PACKET_SIZE)
#define expect_nothing(x) assert_int_equal(far_receive((x), NOTHING_MS), -1)

/* ---- a call ------------------------------------------------------------------------------------------------------ */

struct call {
	media_id id;
	struct media_local local[2];
	struct far far[2];
	struct media_remote remote[2];
};

static inline struct media_local prepare_side(struct fixture *f, media_id id, enum media_side side, uint16_t network)
{
	const struct media_prepare what = {
		.network = network, .v6 = network == 2, .n_streams = 1, .used = 1, .rtcp = true};
	media_prepare(f->port, id, side, &what);
	struct media_event *e = expect_event(f, MEDIA_EV_PREPARED);
	assert_true(e->session == id && e->side == side && e->prepared.n_streams == 1);
	return e->prepared.local[0];
}

static inline struct media_remote remote_at(const struct addr *rtp)
{
	struct media_remote r = {.used = true,
				 .rtp = true,
				 .rtp_addr = *rtp,
				 .rtcp_addr = *rtp,
				 .latch = MEDIA_LATCH_RESTRICTED,
				 .send = true,
				 .receive = true};
	addr_set_port(&r.rtcp_addr, (uint16_t)(addr_port(rtp) + 1));
	return r;
}

/* Both sides prepared, nothing committed; remotes say where the far ends truly are. */
static inline struct call call_prepare(struct fixture *f, uint16_t network_a, uint16_t network_b)
{
	static const char *const far_hosts[] = {"127.0.0.11", "127.0.0.12", "::1"};
	struct call c = {.id = media_session(f->port, 42)};
	assert_true(c.id != 0);
	for (unsigned s = 0; s < 2; s++) {
		uint16_t network = s == MEDIA_A ? network_a : network_b;
		c.local[s] = prepare_side(f, c.id, s, network);
		c.far[s] = far_open(far_hosts[network]);
		c.far[s].to = c.local[s].rtp;
		c.far[s].ssrc += s;
		c.remote[s] = remote_at(&c.far[s].addr);
	}
	return c;
}

/* Orders are carried out in the order given: once this is answered, those before it hold. */
static inline void settle(struct fixture *f, media_id id)
{
	media_query(f->port, id);
	expect_event(f, MEDIA_EV_STATS);
}

static inline void call_commit(struct fixture *f, struct call *c, enum media_side side)
{
	media_commit(f->port, c->id, side, 0, &c->remote[side], 1);
	settle(f, c->id);
}

static inline struct call call_open(struct fixture *f)
{
	struct call c = call_prepare(f, 0, 1);
	call_commit(f, &c, MEDIA_A);
	call_commit(f, &c, MEDIA_B);
	return c;
}

/* One packet each way arrives. */
static inline void call_speak(struct call *c)
{
	for (unsigned s = 0; s < 2; s++) {
		far_rtp(&c->far[s]);
		expect_packet(&c->far[!s]);
	}
}

static inline void call_end(struct fixture *f, struct call *c)
{
	media_end(f->port, c->id);
	struct media_event *e = expect_event(f, MEDIA_EV_ENDED);
	assert_true(e->session == c->id && e->cookie == 42);
	far_close(&c->far[0]);
	far_close(&c->far[1]);
}

#endif
