/* SPDX-License-Identifier: Apache-2.0 */
/* A timer lies on the level of the highest group of six bits in which its due time differs from the cursor, in the slot
 * that group names. So slots of a level lie ahead of the cursor, everything on a level is due before everything on the
 * next one, and a slot's timers move down exactly when the cursor reaches its first tick. A timer for a tick cannot
 * come to lie below an earlier one for the same tick, which is what keeps the order of arming. The top level is a
 * circle: there a slot may hold timers of a later turn, which are simply put back when it is reached. */
#include "base/wheel.h"

#include <assert.h>

#define SLOT_BITS    6
#define MAX_DELAY_MS (UINT64_C(1) << (SLOT_BITS * WHEEL_LEVELS))

_Static_assert(WHEEL_SLOTS == 1 << SLOT_BITS && WHEEL_SLOTS == 64, "occupied has a bit per slot");

static unsigned slot_of(uint64_t ms, unsigned level)
{
	return (unsigned)(ms >> (SLOT_BITS * level)) & (WHEEL_SLOTS - 1);
}

static unsigned level_of(uint64_t due_ms, uint64_t cursor_ms)
{
	uint64_t differ = due_ms ^ cursor_ms;
	if (differ == 0)
		return 0;
	unsigned level = (63 - (unsigned)__builtin_clzll(differ)) / SLOT_BITS;
	return level < WHEEL_LEVELS ? level : WHEEL_LEVELS - 1;
}

static void place(struct wheel *w, struct wheel_timer *t)
{
	unsigned level = level_of(t->due_ms, w->cursor_ms);
	unsigned slot = slot_of(t->due_ms, level);
	list_append(&w->slots[level][slot], &t->node);
	w->occupied[level] |= UINT64_C(1) << slot;
}

static void unplace(struct wheel *w, struct wheel_timer *t)
{
	struct list *next = t->node.next;
	bool alone = next == t->node.prev; /* then both are the slot's head */
	list_remove(&t->node);
	if (!alone)
		return;
	size_t i = (size_t)(next - &w->slots[0][0]);
	w->occupied[i / WHEEL_SLOTS] &= ~(UINT64_C(1) << i % WHEEL_SLOTS);
}

/* First tick after the cursor at which there is something to run or to move down. */
static uint64_t next_stop(const struct wheel *w)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		unsigned here = slot_of(w->cursor_ms, level);
		unsigned shift = SLOT_BITS * level;
		uint64_t ahead = w->occupied[level] & ~((UINT64_C(2) << here) - 1);
		uint64_t turn = w->cursor_ms >> shift >> SLOT_BITS;
		if (!ahead && level == WHEEL_LEVELS - 1) {
			ahead = w->occupied[level];
			turn++;
		}
		if (ahead)
			return (turn << SLOT_BITS | (unsigned)__builtin_ctzll(ahead)) << shift;
	}
	return UINT64_MAX;
}

static void cascade(struct wheel *w, unsigned level)
{
	unsigned slot = slot_of(w->cursor_ms, level);
	struct list *head = &w->slots[level][slot], todo;

	if (list_empty(head))
		return;
	list_init(&todo);
	list_append(head, &todo); /* in the head's place, then the head out */
	list_remove(head);
	list_init(head);
	w->occupied[level] &= ~(UINT64_C(1) << slot);
	list_for_each_safe (it, &todo) {
		list_remove(it);
		place(w, list_entry(it, struct wheel_timer, node));
	}
}

static void move_cursor(struct wheel *w, uint64_t to_ms)
{
	w->cursor_ms = to_ms;
	for (unsigned level = WHEEL_LEVELS - 1; level > 0; level--) {
		if (to_ms % (UINT64_C(1) << (SLOT_BITS * level)) == 0)
			cascade(w, level);
	}
}

/* What callbacks arm is due after now_ms and so never lands in this slot: the loop ends. */
static void run_tick(struct wheel *w)
{
	struct list *head = &w->slots[0][slot_of(w->cursor_ms, 0)];
	while (!list_empty(head)) {
		struct wheel_timer *t = list_first(head, struct wheel_timer, node);
		unplace(w, t);
		w->armed--;
		t->fn(t);
	}
}

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	*w = (struct wheel){.now_ms = now_ms, .cursor_ms = now_ms};
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
			list_init(&w->slots[level][slot]);
	}
}

void wheel_arm(struct wheel *w, struct wheel_timer *t, uint64_t delay_ms)
{
	wheel_cancel(w, t);
	if (delay_ms > MAX_DELAY_MS)
		delay_ms = MAX_DELAY_MS;
	if (delay_ms == 0 && w->running)
		delay_ms = 1;
	t->due_ms = w->now_ms + delay_ms;
	place(w, t);
	w->armed++;
}

void wheel_cancel(struct wheel *w, struct wheel_timer *t)
{
	if (!wheel_armed(t))
		return;
	unplace(w, t);
	w->armed--;
}

void wheel_set_now(struct wheel *w, uint64_t now_ms)
{
	if (now_ms > w->now_ms)
		w->now_ms = now_ms;
}

void wheel_advance(struct wheel *w, uint64_t now_ms)
{
	assert(!w->running);
	wheel_set_now(w, now_ms);
	now_ms = w->now_ms; /* the clock that ran backwards stands still */
	w->running = true;
	run_tick(w);
	for (uint64_t stop; w->armed && (stop = next_stop(w)) <= now_ms;) {
		move_cursor(w, stop);
		run_tick(w);
	}
	w->cursor_ms = now_ms;
	w->running = false;
}

uint64_t wheel_next_ms(const struct wheel *w)
{
	if (w->armed == 0)
		return UINT64_MAX;
	if (!list_empty(&w->slots[0][slot_of(w->cursor_ms, 0)]))
		return 0;
	uint64_t stop = next_stop(w);
	return stop > w->now_ms ? stop - w->now_ms : 0;
}
