/* SPDX-License-Identifier: Apache-2.0 */
/* storm: a wave of REGISTERs, calls meanwhile, and the core that both reach. All addresses are on the loopback of a
 * network namespace of its own:
 *
 *     phones 127.0.1.2 ports 10000-    caller 127.0.1.3:5060
 *     Limen  127.0.1.1:5060            127.0.2.1:5060
 *     core   127.0.2.2:5060 (registrar, and callee) */
#ifndef TESTS_STORM_STORM_H
#define TESTS_STORM_STORM_H

#include "sip.h"

#define LIMEN_NEAR "127.0.1.1"
#define PHONES_IP  "127.0.1.2"
#define CALLER_IP  "127.0.1.3"
#define CORE_IP    "127.0.2.2"

/* ---- core.c ---- */
struct core_figures {
	unsigned registers, most_per_100ms, most_per_s;
};
void core_open(int epoll);
void core_read(void);
void core_reset(void); /* counts from now on */
struct core_figures core_figures(void);

/* ---- calls.c ---- */
struct call_figures {
	unsigned asked, ok, failed, repeated;
	unsigned p50_us, p99_us, max_us; /* from INVITE to its 200 */
};
void calls_open(int epoll);
void calls_read(void);
void calls_reset(unsigned per_second);
/* Begins what is due, says again what was not answered; `begin` false: no new ones. */
void calls_tick(bool begin);
unsigned calls_open_now(void);
struct call_figures call_figures(void);

#endif
