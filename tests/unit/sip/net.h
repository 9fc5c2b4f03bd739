/* SPDX-License-Identifier: Apache-2.0 */
/* Real sockets on loopback for the tests of this folder: configurations of free ports, a loop that is turned until
 * something is so, plain clients. Nothing sleeps: what does not come within a deadline has failed. */
#ifndef TESTS_UNIT_SIP_NET_H
#define TESTS_UNIT_SIP_NET_H

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/sock.h"
#include "sbc/sip/loop.h"
#include "tests/unit/config/config_of.h"

#define DEADLINE_S 20

static inline struct addr at(const char *hostport)
{
	struct addr a;

	assert_true(addr_parse_hostport(str_z(hostport), &a));
	return a;
}

/* ---- clients: plain descriptors, not of our table ---- */

static inline int client_socket(int type, const struct addr *local)
{
	int fd = socket(local->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &local->sa, addr_len(local)), 0);
	return fd;
}

static inline struct addr client_addr(int fd)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	return addr_from_sockaddr((struct sockaddr *)&sa);
}

static inline int client_connect(const struct addr *to)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	/* blocking: on loopback the kernel answers at once */
	assert_int_equal(connect(fd, &to->sa, addr_len(to)), 0);
	return fd;
}

static inline void client_send(int fd, const void *p, size_t n)
{
	assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), n);
}

/* A port that nothing has, for UDP and TCP, IPv4 and IPv6. */
static inline uint16_t free_port(void)
{
	for (unsigned tries = 0; tries < 100; tries++) {
		struct addr a4 = at("127.0.0.1:0"), a6 = at("[::1]:0");
		int u4 = client_socket(SOCK_DGRAM, &a4), fds[3], ok = 1;
		uint16_t port = addr_port(&(struct addr){.in4 = client_addr(u4).in4});

		addr_set_port(&a4, port);
		addr_set_port(&a6, port);
		for (unsigned i = 0; i < 3; i++) {
			const struct addr *a = i ? &a6 : &a4;

			fds[i] = socket(a->sa.sa_family, i < 2 ? SOCK_STREAM : SOCK_DGRAM, 0);
			ok &= bind(fds[i], &a->sa, addr_len(a)) == 0;
		}
		for (unsigned i = 0; i < 3; i++)
			close(fds[i]);
		close(u4);
		if (ok)
			return port;
	}
	fail_msg("no free port");
	return 0;
}

/* ---- the loop ---- */

static inline uint64_t real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void tick(struct wheel_timer *t)
{
}

/* Turns the loop until cond holds. The timer bounds a turn's wait for descriptors. */
#define UNTIL(loop, cond)                                                                                              \
	do {                                                                                                           \
		uint64_t until_ = real_ms() + DEADLINE_S * 1000;                                                       \
		struct wheel_timer tick_ = {.fn = tick};                                                               \
		while (!(cond)) {                                                                                      \
			if (real_ms() > until_)                                                                        \
				fail_msg("in vain: %s", #cond);                                                        \
			loop_timer(loop, &tick_, 2);                                                                   \
			loop_turn(loop);                                                                               \
		}                                                                                                      \
		loop_timer_stop(loop, &tick_);                                                                         \
	} while (0)

/* Turns it a few times, for what must not happen. */
static inline void turn_some(struct loop *l)
{
	struct wheel_timer t = {.fn = tick};

	for (unsigned i = 0; i < 5; i++) {
		loop_timer(l, &t, 1);
		loop_turn(l);
	}
	loop_timer_stop(l, &t);
}

/* ---- time that the test moves: real until it is first moved, then standing ---- */

static _Atomic uint64_t virtual_ns; /* threads of the relay read it, too */

static inline uint64_t virtual_clock(void)
{
	return virtual_ns;
}

static inline void time_stands(void)
{
	virtual_ns = clock_ns();
	clock_set_source(virtual_clock);
}

static inline void time_passes(struct loop *l, uint64_t ms)
{
	virtual_ns += ms * 1000000;
	turn_some(l);
}

static inline void time_runs(void)
{
	clock_set_source(NULL);
}

#endif
