/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one thread's event loop: libuv underneath, a timer wheel of ours on one uv_timer, a bounded queue of tasks from
 * other threads, and work deferred to the end of the turn. All functions but those of the queue and loop_stop() belong
 * to the loop's own thread. */
#ifndef SBC_SIP_LOOP_H
#define SBC_SIP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/wheel.h"

struct loop;
struct loop_poll;
typedef struct uv_loop_s uv_loop_t;

int loop_create(unsigned queue_entries, struct loop **ret);
void loop_destroy(struct loop *l); /* not while running; polls must be closed */
void loop_run(struct loop *l);     /* until loop_stop() */
void loop_turn(struct loop *l);    /* one turn; sleeps first when nothing is ready. For tests and tools */
void loop_drain(struct loop *l); /* runs what was posted and deferred; not while running: before the end of its users */
void loop_stop(struct loop *l);  /* any thread */
uv_loop_t *loop_uv(struct loop *l); /* for libraries that bring their own handles (c-ares, libwebsockets) */

/* Time of this turn, monotonic ms: timers are armed relative to it. */
uint64_t loop_now_ms(struct loop *l);
void loop_timer(struct loop *l, struct wheel_timer *t, uint64_t delay_ms); /* (re)arms */
/* The same for timers that nobody waits for to the millisecond: those of a second and more fire up to 64 ms late, many
 * at once, so that thousands of lingering transactions do not wake the loop one by one. */
void loop_timer_coarse(struct loop *l, struct wheel_timer *t, uint64_t delay_ms);
void loop_timer_stop(struct loop *l, struct wheel_timer *t);

/* Runs fn(arg) on the loop's thread, soon. false: the queue is full; the caller counts it and keeps arg. Any thread. */
bool loop_post(struct loop *l, void (*fn)(void *arg), void *arg);
/* Whether more than half of that queue is free, about: who can wait leaves the other half to who cannot. Any thread. */
bool loop_half_empty(const struct loop *l);

/* Runs once at the end of this turn of the loop, after all events that were ready and before it sleeps. Linking twice
 * is once. */
struct loop_deferred {
	struct list node;
	void (*fn)(struct loop_deferred *d);
};
void loop_defer(struct loop *l, struct loop_deferred *d);
void loop_defer_cancel(struct loop_deferred *d);
/* Asked before the loop goes to sleep: fn returning true means there is work; fn is then called again in the next turn,
 * at once. */
void loop_add_idle_check(struct loop *l, bool (*fn)(void *arg), void *arg);

#define LOOP_READABLE 1
#define LOOP_WRITABLE 2
#define LOOP_ERROR    4 /* told with what is watched: the owner finds the error by reading or writing */
/* Watches fd (not owned). fn runs with the events that are ready. NULL when out of memory. */
struct loop_poll *loop_poll_open(struct loop *l, int fd, void (*fn)(void *arg, int events), void *arg);
int loop_poll_set(struct loop_poll *p, int events); /* 0: none */
void loop_poll_close(struct loop_poll *p);          /* frees it after this turn; fd may be closed at once */

/* Has one turn been going on for longer than this? A loop that sleeps is not stuck. Any thread. */
bool loop_stuck(const struct loop *l, uint64_t ms);
/* Histogram of turn times (work only, sleep excluded): any thread, approximate. */
void loop_turns(const struct loop *l, uint64_t *ret_p50_us, uint64_t *ret_p99_us, uint64_t *ret_max_us);
/* How many were longer than that, to a quarter of it. */
uint64_t loop_turns_above(const struct loop *l, uint64_t us);

#endif
