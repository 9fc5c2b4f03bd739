/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wheel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "unit.h"

#define START_MS   UINT64_C(1000003) /* not on a slot's edge */
#define MAX_MS     (UINT64_C(1) << 30)
#define MODEL_SIZE 300

/* One timer that notes when it fired and then may do one thing more. */
struct probe {
	struct wheel_timer timer;
	struct wheel *wheel;
	uint64_t fired_ms;
	unsigned fired, order;
	uint64_t rearm_ms; /* re-armed with this as long as rearms > 0 */
	unsigned rearms;
	struct probe *cancel; /* cancelled */
	struct probe *arm;    /* armed with rearm_ms */
	bool owned;           /* freed */
};

static unsigned order;

static void probe_fired(struct wheel_timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);
	assert_false(wheel_armed(t));
	p->fired++;
	p->fired_ms = p->wheel->now_ms;
	p->order = ++order;
	if (p->cancel)
		wheel_cancel(p->wheel, &p->cancel->timer);
	if (p->arm)
		wheel_arm(p->wheel, &p->arm->timer, p->rearm_ms);
	if (p->rearms) {
		p->rearms--;
		wheel_arm(p->wheel, t, p->rearm_ms);
	}
	if (p->owned)
		free(p);
}

static struct probe probe_init(struct wheel *w)
{
	return (struct probe){.timer = {.fn = probe_fired}, .wheel = w};
}

static struct wheel *wheel_new(uint64_t now_ms)
{
	static struct wheel w;
	wheel_init(&w, now_ms);
	order = 0;
	return &w;
}

/* Goes from one stop to the next, as a loop does: never later than needed is what wheel_next_ms() promises. */
static void step_to(struct wheel *w, uint64_t until_ms)
{
	for (uint64_t next; (next = wheel_next_ms(w)) <= until_ms - w->now_ms && next != UINT64_MAX;)
		wheel_advance(w, w->now_ms + next);
	wheel_advance(w, until_ms);
}

/* Every level's edges from many starts, stepping and in one jump to the millisecond before and the one itself. */
static void test_exact_on_every_level(void **state)
{
	static const uint64_t starts[] = {0, 1, 63, 64, 4095, 4096, START_MS, MAX_MS - 1, MAX_MS, 3 * MAX_MS - 70};
	for (size_t s = 0; s < LENGTH(starts); s++) {
		for (unsigned bit = 0; bit <= 30; bit++) {
			for (int off = -1; off <= 1; off++) {
				uint64_t delay = (UINT64_C(1) << bit) + (uint64_t)off;
				if (delay == 0 || delay > MAX_MS)
					continue;
				struct wheel *w = wheel_new(starts[s]);
				struct probe a = probe_init(w), b = probe_init(w);
				wheel_arm(w, &a.timer, delay);
				step_to(w, starts[s] + delay);
				assert_int_equal(a.fired, 1);
				assert_int_equal(a.fired_ms, starts[s] + delay);

				w = wheel_new(starts[s]);
				wheel_arm(w, &b.timer, delay);
				wheel_advance(w, starts[s] + delay - 1);
				assert_int_equal(b.fired, 0);
				assert_int_equal(wheel_next_ms(w), 1);
				wheel_advance(w, starts[s] + delay);
				assert_int_equal(b.fired, 1);
				assert_int_equal(w->armed, 0);
			}
		}
	}
}

static void test_delays_are_cut(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w);
	wheel_arm(w, &a.timer, UINT64_MAX);
	assert_int_equal(a.timer.due_ms, START_MS + MAX_MS);
	step_to(w, START_MS + MAX_MS - 1);
	assert_int_equal(a.fired, 0);
	step_to(w, START_MS + MAX_MS);
	assert_int_equal(a.fired, 1);
}

static void test_zero_delay(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w);
	assert_true(wheel_next_ms(w) == UINT64_MAX);
	wheel_arm(w, &a.timer, 0);
	assert_int_equal(wheel_next_ms(w), 0);
	wheel_advance(w, START_MS);
	assert_int_equal(a.fired, 1);
	/* from a callback: a millisecond on, so that one advance cannot run for ever */
	a.rearms = 1000;
	wheel_arm(w, &a.timer, 0);
	wheel_advance(w, START_MS);
	assert_int_equal(a.fired, 2);
	assert_int_equal(wheel_next_ms(w), 1);
	wheel_cancel(w, &a.timer);
}

static void test_cancel_and_rearm(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w);
	wheel_cancel(w, &a.timer); /* never armed */
	wheel_arm(w, &a.timer, 500);
	wheel_arm(w, &a.timer, 70000);
	assert_int_equal(w->armed, 1);
	step_to(w, START_MS + 69999);
	assert_int_equal(a.fired, 0);
	wheel_arm(w, &a.timer, 3);
	wheel_cancel(w, &a.timer);
	wheel_cancel(w, &a.timer);
	assert_int_equal(w->armed, 0);
	assert_true(wheel_next_ms(w) == UINT64_MAX);
	for (unsigned level = 0; level < WHEEL_LEVELS; level++)
		assert_true(w->occupied[level] == 0);
	step_to(w, START_MS + 1000000);
	assert_int_equal(a.fired, 0);
}

static void test_rearm_in_callback(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w);
	a.rearms = 999;
	a.rearm_ms = 20;
	wheel_arm(w, &a.timer, 20);
	step_to(w, START_MS + 20 * 1000);
	assert_int_equal(a.fired, 1000);
	assert_int_equal(a.fired_ms, START_MS + 20 * 1000);
	assert_int_equal(w->armed, 0);
}

/* a process that was stopped: once, and then from the real now */
static void test_stall_gives_no_burst(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w);
	a.rearms = 1000;
	a.rearm_ms = 20;
	wheel_arm(w, &a.timer, 20);
	wheel_advance(w, START_MS + 3600000);
	assert_int_equal(a.fired, 1);
	assert_int_equal(a.fired_ms, START_MS + 3600000);
	assert_int_equal(a.timer.due_ms, START_MS + 3600020);
	assert_int_equal(wheel_next_ms(w) <= 20, 1);
	wheel_cancel(w, &a.timer);
}

static void test_arm_other_in_callback(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w), b = probe_init(w);
	a.arm = &b;
	a.rearm_ms = 5000;
	wheel_arm(w, &a.timer, 10);
	wheel_arm(w, &b.timer, 10); /* same tick: moved before its turn comes */
	step_to(w, START_MS + 5009);
	assert_int_equal(b.fired, 0);
	step_to(w, START_MS + 5010);
	assert_int_equal(b.fired, 1);
}

static void test_cancel_same_tick_in_callback(void **state)
{
	static const uint64_t delays[] = {0, 1, 64, 100, 5000, 300000};
	for (size_t i = 0; i < LENGTH(delays); i++) {
		struct wheel *w = wheel_new(START_MS);
		struct probe a = probe_init(w), b = probe_init(w), c = probe_init(w);
		a.cancel = &b;
		c.cancel = &a; /* has fired already: nothing */
		wheel_arm(w, &a.timer, delays[i]);
		wheel_arm(w, &b.timer, delays[i]);
		wheel_arm(w, &c.timer, delays[i]);
		wheel_advance(w, START_MS + 1000000);
		assert_int_equal(a.fired, 1);
		assert_int_equal(b.fired, 0);
		assert_int_equal(c.fired, 1);
		assert_int_equal(w->armed, 0);
	}
}

static void test_cancel_later_tick_in_callback(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w), b = probe_init(w);
	a.cancel = &b;
	wheel_arm(w, &a.timer, 10);
	wheel_arm(w, &b.timer, 7000);
	wheel_advance(w, START_MS + 100000);
	assert_int_equal(a.fired, 1);
	assert_int_equal(b.fired, 0);
}

static void test_free_in_callback(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe last = probe_init(w);
	for (unsigned i = 0; i < 200; i++) {
		struct probe *p = malloc(sizeof(*p));
		assert_non_null(p);
		*p = probe_init(w);
		p->owned = true;
		wheel_arm(w, &p->timer, i / 10 * 37);
	}
	wheel_arm(w, &last.timer, 19 * 37);
	wheel_advance(w, START_MS + 10000);
	assert_int_equal(w->armed, 0);
	assert_int_equal(last.order, 201);
}

/* timers for one tick, armed from ever nearer, so that they came down from every level: still the order of arming */
static void test_order_within_a_tick(void **state)
{
	static const uint64_t before[] = {MAX_MS, 900000000, 20000000, 16000000, 300000, 262143,
					  5000,   4096,      65,       64,       3,      0};
	uint64_t due = START_MS + MAX_MS;
	struct probe p[LENGTH(before)];
	struct wheel *w = wheel_new(START_MS);
	for (unsigned i = 0; i < LENGTH(before); i++) {
		p[i] = probe_init(w);
		wheel_advance(w, due - before[i] - (before[i] == 0)); /* the last at the same moment as 1 ms before */
		wheel_arm(w, &p[i].timer, due - w->now_ms);
	}
	wheel_advance(w, due);
	for (unsigned i = 0; i < LENGTH(before); i++)
		assert_int_equal(p[i].order, i + 1);
}

static void test_order_over_ticks(void **state)
{
	static const uint64_t delays[] = {70000000, 5, 300000, 64, 4097, 63, 4095, 1000000000, 0, 4096};
	static const unsigned places[] = {9, 2, 8, 4, 7, 3, 5, 10, 1, 6};
	struct probe p[LENGTH(delays)];
	struct wheel *w = wheel_new(START_MS);
	for (unsigned i = 0; i < LENGTH(delays); i++) {
		p[i] = probe_init(w);
		wheel_arm(w, &p[i].timer, delays[i]);
	}
	wheel_advance(w, START_MS + MAX_MS); /* one jump */
	for (unsigned i = 0; i < LENGTH(delays); i++)
		assert_int_equal(p[i].order, places[i]);
}

static void test_time_that_goes_back(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w);
	wheel_arm(w, &a.timer, 100);
	wheel_advance(w, START_MS + 50);
	wheel_advance(w, START_MS - 900);
	wheel_set_now(w, 0);
	assert_int_equal(w->now_ms, START_MS + 50);
	wheel_advance(w, START_MS + 100);
	assert_int_equal(a.fired, 1);
}

/* the loop slept 400 ms, a packet arms a timer of 500 ms before timers were run */
static void test_set_now(void **state)
{
	struct wheel *w = wheel_new(START_MS);
	struct probe a = probe_init(w), due = probe_init(w);
	wheel_arm(w, &due.timer, 10);
	wheel_set_now(w, START_MS + 400);
	assert_int_equal(wheel_next_ms(w), 0);
	wheel_arm(w, &a.timer, 500);
	wheel_advance(w, START_MS + 899);
	assert_int_equal(due.fired, 1);
	assert_int_equal(a.fired, 0);
	wheel_advance(w, START_MS + 900);
	assert_int_equal(a.fired, 1);
}

/* The model: due times with a serial number of arming; the earliest, then the lowest serial, has to fire next. */
struct model_entry {
	struct wheel_timer timer;
	uint64_t due_ms, serial;
	bool armed;
};

static struct model {
	struct wheel wheel;
	struct model_entry entries[MODEL_SIZE];
	uint64_t serial, seed, target_ms;
	unsigned fired;
} model;

static uint64_t roll(void)
{
	static const struct hash_key key;
	model.seed++;
	return siphash(&key, &model.seed, sizeof(model.seed));
}

static const struct model_entry *model_next(void)
{
	const struct model_entry *best = NULL;
	for (unsigned i = 0; i < MODEL_SIZE; i++) {
		const struct model_entry *e = &model.entries[i];
		if (!e->armed)
			continue;
		if (!best || e->due_ms < best->due_ms || (e->due_ms == best->due_ms && e->serial < best->serial))
			best = e;
	}
	return best;
}

static void model_arm(struct model_entry *e, bool in_callback)
{
	uint64_t delay = roll() >> 34 >> roll() % 31; /* all magnitudes alike */
	if (roll() % 4 == 0)
		delay = 4096 - model.wheel.now_ms % 4096; /* many to one tick, at an edge */
	wheel_arm(&model.wheel, &e->timer, delay);
	e->due_ms = model.wheel.now_ms + (in_callback && delay == 0 ? 1 : delay);
	e->serial = ++model.serial;
	e->armed = true;
}

static void model_disturb(bool in_callback)
{
	struct model_entry *e = &model.entries[roll() % MODEL_SIZE];
	if (roll() % 3) {
		model_arm(e, in_callback);
	} else {
		wheel_cancel(&model.wheel, &e->timer);
		e->armed = false;
	}
}

static void model_fired(struct wheel_timer *t)
{
	struct model_entry *e = container_of(t, struct model_entry, timer);
	assert_ptr_equal(e, model_next());
	assert_true(e->due_ms <= model.target_ms);
	e->armed = false;
	model.fired++;
	for (unsigned n = roll() % 4; n--;)
		model_disturb(true);
}

static void model_check(void)
{
	const struct model_entry *e = model_next();
	unsigned armed = 0;
	for (unsigned i = 0; i < MODEL_SIZE; i++) {
		assert_int_equal(model.entries[i].armed, wheel_armed(&model.entries[i].timer));
		armed += model.entries[i].armed;
	}
	assert_int_equal(model.wheel.armed, armed);
	uint64_t next = wheel_next_ms(&model.wheel);
	if (!e)
		assert_true(next == UINT64_MAX);
	else
		assert_true(next <= (e->due_ms > model.wheel.now_ms ? e->due_ms - model.wheel.now_ms : 0));
}

static void model_step(void)
{
	uint64_t jump = 0;
	switch (roll() % 4) {
	case 0:
		jump = roll() >> 33 >> roll() % 32;
		break;
	case 1:
		jump = roll() % 100;
		break;
	case 2:
		jump = wheel_next_ms(&model.wheel) == UINT64_MAX ? 1 : wheel_next_ms(&model.wheel);
		break;
	case 3:
		wheel_set_now(&model.wheel, model.wheel.now_ms + roll() % 1000);
		model_disturb(false);
		break;
	}
	model.target_ms = model.wheel.now_ms + jump;
	wheel_advance(&model.wheel, model.target_ms);
	const struct model_entry *e = model_next();
	assert_true(!e || e->due_ms > model.target_ms);
}

static void test_against_model(void **state)
{
	for (unsigned run = 0; run < 8; run++) {
		memset(&model, 0, sizeof(model));
		model.seed = (uint64_t)run << 32;
		wheel_init(&model.wheel, roll() >> 8 >> roll() % 50);
		for (unsigned i = 0; i < MODEL_SIZE; i++)
			model.entries[i].timer.fn = model_fired;
		for (unsigned step = 0; step < 3000; step++) {
			for (unsigned n = roll() % 6; n--;)
				model_disturb(false);
			model_step();
			model_check();
		}
		assert_true(model.fired > 1000);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_on_every_level),
		cmocka_unit_test(test_delays_are_cut),
		cmocka_unit_test(test_zero_delay),
		cmocka_unit_test(test_cancel_and_rearm),
		cmocka_unit_test(test_rearm_in_callback),
		cmocka_unit_test(test_stall_gives_no_burst),
		cmocka_unit_test(test_arm_other_in_callback),
		cmocka_unit_test(test_cancel_same_tick_in_callback),
		cmocka_unit_test(test_cancel_later_tick_in_callback),
		cmocka_unit_test(test_free_in_callback),
		cmocka_unit_test(test_order_within_a_tick),
		cmocka_unit_test(test_order_over_ticks),
		cmocka_unit_test(test_time_that_goes_back),
		cmocka_unit_test(test_set_now),
		cmocka_unit_test(test_against_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
