/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/sip/net.h"

static struct loop *begin(unsigned queue)
{
	struct loop *l;

	assert_int_equal(loop_create(queue, &l), 0);
	return l;
}

/* ---- posts ---- */

static unsigned order[1000], n_order;

static void note(void *arg)
{
	order[n_order++] = (unsigned)(uintptr_t)arg;
}

static void test_posts(void **state)
{
	struct loop *l = begin(5); /* 8 */

	n_order = 0;
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(loop_half_empty(l), i < 4);
		assert_true(loop_post(l, note, (void *)(uintptr_t)i));
	}
	assert_false(loop_half_empty(l));
	assert_false(loop_post(l, note, NULL));
	UNTIL(l, n_order == 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(order[i], i);
	/* round and round */
	for (unsigned i = 0; i < 100; i++) {
		assert_true(loop_post(l, note, (void *)(uintptr_t)i));
		loop_drain(l);
		assert_int_equal(order[n_order - 1], i);
		assert_true(loop_half_empty(l));
	}
	loop_destroy(l);
}

static struct loop *posted_to;

static void post_again(void *arg)
{
	n_order++;
	if (n_order < 700)
		assert_true(loop_post(posted_to, post_again, NULL));
}

/* A task that posts keeps neither the sockets nor the end of the turn waiting: 512 a turn. */
static void test_posts_bounded(void **state)
{
	struct loop *l = posted_to = begin(16);

	n_order = 0;
	loop_post(l, post_again, NULL);
	loop_turn(l);
	assert_in_range(n_order, 0, 512);
	UNTIL(l, n_order == 700);
	loop_destroy(l);
}

/* Four threads post while the loop sleeps and wakes: nothing is lost, nothing comes twice. */
#define POSTERS 4
#define POSTS   20000

static atomic_uint taken;
static unsigned last_of[POSTERS];
static atomic_bool out_of_order;

static void take(void *arg)
{
	unsigned v = (unsigned)(uintptr_t)arg, who = v / POSTS, what = v % POSTS;

	if (what && last_of[who] != what - 1)
		atomic_store(&out_of_order, true);
	last_of[who] = what;
	if (atomic_fetch_add(&taken, 1) + 1 == POSTERS * POSTS)
		loop_stop(posted_to);
}

static void *poster(void *arg)
{
	for (unsigned i = 0; i < POSTS; i++)
		while (!loop_post(posted_to, take, (void *)(uintptr_t)((unsigned)(uintptr_t)arg * POSTS + i)))
			sched_yield();
	return NULL;
}

static void test_posts_of_threads(void **state)
{
	struct loop *l = posted_to = begin(64);
	pthread_t threads[POSTERS];

	for (unsigned i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, poster, (void *)(uintptr_t)i), 0);
	loop_run(l);
	for (unsigned i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(taken, POSTERS * POSTS);
	assert_false(out_of_order);
	loop_destroy(l);
}

/* Stopped before it began, it does not begin; afterwards it runs again. */
static void test_stop(void **state)
{
	struct loop *l = posted_to = begin(16);

	loop_stop(l);
	loop_run(l);
	atomic_store(&taken, POSTERS * POSTS - 1);
	loop_post(l, take, NULL);
	loop_run(l);
	assert_int_equal(taken, POSTERS * POSTS);
	loop_destroy(l);
}

/* ---- deferred ---- */

static struct work {
	struct loop_deferred d;
	unsigned ran, again;
} works[2];

static void work(struct loop_deferred *d)
{
	struct work *w = container_of(d, struct work, d);

	w->ran++;
	if (w->ran < w->again)
		loop_defer(posted_to, d);
	/* another's may be taken back */
	if (w == &works[0])
		loop_defer_cancel(&works[1].d);
}

static void test_deferred(void **state)
{
	struct loop *l = posted_to = begin(16);

	works[0] = (struct work){.d.fn = work, .again = 50};
	works[1] = (struct work){.d.fn = work};
	loop_defer(l, &works[0].d);
	loop_defer(l, &works[0].d);
	loop_defer(l, &works[1].d);
	/* what defers itself over and over waits for the next turn after a few rounds; the loop does not sleep then */
	loop_turn(l);
	assert_in_range(works[0].ran, 1, 12);
	UNTIL(l, works[0].ran == 50);
	assert_int_equal(works[1].ran, 0);
	loop_destroy(l);
}

/* ---- timers ---- */

static unsigned fired;

static void fire(struct wheel_timer *t)
{
	fired++;
}

static void test_timers(void **state)
{
	struct loop *l = begin(16);
	struct wheel_timer a = {.fn = fire}, b = {.fn = fire}, c = {.fn = fire};

	time_stands();
	turn_some(l);
	fired = 0;
	loop_timer(l, &a, 100);
	loop_timer(l, &b, 100);
	loop_timer_coarse(l, &c, 30000);
	time_passes(l, 99);
	assert_int_equal(fired, 0);
	loop_timer_stop(l, &b);
	time_passes(l, 1);
	assert_int_equal(fired, 1);
	time_passes(l, 29899);
	assert_int_equal(fired, 1);
	time_passes(l, 1 + 63);
	assert_int_equal(fired, 2);
	time_runs();
	loop_destroy(l);
}

/* ---- descriptors ---- */

static struct loop_poll *poll_a;
static int pipe_a[2], events_seen;

static void close_inside(void *arg, int events)
{
	char b;

	events_seen |= events;
	(void)!read(pipe_a[0], &b, 1);
	loop_poll_close(poll_a);
}

static void test_poll_closed_inside(void **state)
{
	struct loop *l = begin(16);

	assert_int_equal(pipe(pipe_a), 0);
	poll_a = loop_poll_open(l, pipe_a[0], close_inside, NULL);
	loop_poll_set(poll_a, LOOP_READABLE);
	assert_int_equal(write(pipe_a[1], "ab", 2), 2);
	UNTIL(l, events_seen);
	assert_int_equal(events_seen, LOOP_READABLE);
	events_seen = 0;
	turn_some(l);
	assert_int_equal(events_seen, 0);
	close(pipe_a[0]);
	close(pipe_a[1]);
	loop_destroy(l);
}

/* ---- idle checks ---- */

static unsigned checks;

static bool check(void *arg)
{
	return ++checks < 50;
}

static void test_idle_check(void **state)
{
	struct loop *l = begin(16);

	checks = 0;
	loop_add_idle_check(l, check, NULL);
	UNTIL(l, checks >= 50);
	/* its turns were counted */
	uint64_t p50, p99, most;
	loop_turns(l, &p50, &p99, &most);
	assert_true(p50 <= p99);
	assert_true(loop_turns_above(l, most) == 0 && (most < 8 || loop_turns_above(l, most / 2) > 0));
	loop_destroy(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posts),
		cmocka_unit_test(test_posts_bounded),
		cmocka_unit_test(test_posts_of_threads),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_deferred),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_poll_closed_inside),
		cmocka_unit_test(test_idle_check),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
