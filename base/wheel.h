/* SPDX-License-Identifier: Apache-2.0 */
/* wheel: hierarchical timer wheel, 1 ms ticks, for the timers of one thread. Timers are members of the caller's
 * objects; arming and cancelling are O(1) and never allocate. Callbacks run inside wheel_advance() on the caller's
 * thread; a callback may arm or cancel any timer, its own included, and free the object that holds its own timer.
 * The wheel holds pointers into itself: it does not move once in use. It owns no timer; a timer is zeroed before its
 * first use and cancelled before its memory goes. */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

#define WHEEL_LEVELS 5
#define WHEEL_SLOTS  64

struct wheel_timer {
	struct list node;
	uint64_t due_ms;
	void (*fn)(struct wheel_timer *t);
};

struct wheel {
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
	uint64_t occupied[WHEEL_LEVELS]; /* bit per slot */
	uint64_t now_ms;                 /* what delays count from */
	uint64_t cursor_ms;              /* every tick before it has been run; <= now_ms */
	unsigned armed;                  /* timers in the wheel */
	bool running;                    /* inside wheel_advance() */
};

void wheel_init(struct wheel *w, uint64_t now_ms);
/* Fires at the first advance to a time >= now + delay_ms; re-arming moves it. Delays above 2^30 ms are cut to that.
 * Inside a callback now is the time wheel_advance() was given, however late that is, and a delay of 0 counts as 1: so
 * nothing that a callback arms fires in the same advance, and a process that was stopped for a minute does not send a
 * minute's retransmissions at once. Tests that want every step go from one wheel_next_ms() to the next. */
void wheel_arm(struct wheel *w, struct wheel_timer *t, uint64_t delay_ms);
void wheel_cancel(struct wheel *w, struct wheel_timer *t);
static inline bool wheel_armed(const struct wheel_timer *t)
{
	return t->node.next != NULL;
}
/* Tells the wheel the time without running anything, so that delays count from now and not from the last advance: for
 * the start of a loop's turn when timers run at its end. Time that goes back is ignored. */
void wheel_set_now(struct wheel *w, uint64_t now_ms);
/* Moves time forward and runs every timer that is due, in order of its due time (same tick: order of arming).
 * Time that goes back counts as standing still. Not to be called from a callback. */
void wheel_advance(struct wheel *w, uint64_t now_ms);
/* Milliseconds from now_ms until wheel_advance() should be called next; UINT64_MAX when no timer is armed. May be
 * earlier than the next timer (a cascade), never later. */
uint64_t wheel_next_ms(const struct wheel *w);

#endif
