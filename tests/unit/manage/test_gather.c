/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to workers that answer at once, later, too late or never. Workers are loops on threads of their own; the
 * main loop turns here. */
#include "sbc/manage/gather.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "unit.h"

#define WORKERS 3

struct question {
	int number;
	char *answer; /* malloc'd by the worker */
	struct wheel_timer timer;
	unsigned worker;
};

static struct {
	struct loop *main, *loop[WORKERS];
	pthread_t thread[WORKERS];
	struct gather_door door;
	unsigned delay_ms[WORKERS];
	sem_t release;
	atomic_int blocked;
	int finished;
	struct gather *told;
} fx;

static void give(struct question *q)
{
	char text[32];

	snprintf(text, sizeof(text), "%d from %u", q->number, q->worker);
	q->answer = strdup(text);
	gather_answered(q);
}

static void on_late(struct wheel_timer *t)
{
	give(container_of(t, struct question, timer));
}

static void ask(void *arg, unsigned i, void *p)
{
	struct question *q = p;

	q->worker = i;
	q->timer.fn = on_late;
	if (fx.delay_ms[i])
		loop_timer(fx.loop[i], &q->timer, fx.delay_ms[i]);
	else
		give(q);
}

static void finish(void *p)
{
	free(((struct question *)p)->answer);
	fx.finished++;
}

static const struct gather_kind kind = {.bytes = sizeof(struct question), .ask = ask, .finish = finish};

static void on_told(void *arg, struct gather *g)
{
	assert_null(fx.told);
	fx.told = g;
}

static struct loop *worker(void *arg, unsigned i)
{
	return fx.loop[i];
}

static void *serve(void *arg)
{
	loop_run(arg);
	return NULL;
}

static int start(void **state)
{
	memset(&fx, 0, sizeof(fx));
	sem_init(&fx.release, 0, 0);
	assert_int_equal(loop_create(64, &fx.main), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_int_equal(loop_create(4, &fx.loop[i]), 0);
		assert_int_equal(pthread_create(&fx.thread[i], NULL, serve, fx.loop[i]), 0);
	}
	fx.door = (struct gather_door){.loop = fx.main, .n_workers = WORKERS, .worker = worker, .deadline_ms = 200};
	return 0;
}

static int stop(void **state)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		loop_stop(fx.loop[i]);
		pthread_join(fx.thread[i], NULL);
		loop_drain(fx.loop[i]);
		loop_destroy(fx.loop[i]);
	}
	loop_drain(fx.main);
	assert_int_equal(fx.door.open, 0); /* every question came back and was freed */
	loop_destroy(fx.main);
	return 0;
}

static void on_tick(struct wheel_timer *t)
{
	loop_timer(fx.main, t, 5);
}

/* The tick is for what is told in a turn that then sleeps. */
static void wait_told(void)
{
	struct wheel_timer tick = {.fn = on_tick};

	on_tick(&tick);
	for (unsigned i = 0; i < 10000 && !fx.told; i++)
		loop_turn(fx.main);
	loop_timer_stop(fx.main, &tick);
	assert_non_null(fx.told);
}

static const char *answer(unsigned i)
{
	const struct question *q = gather_answer(fx.told, i);

	return q ? q->answer : "none";
}

static void done(void)
{
	gather_free(fx.told);
	fx.told = NULL;
}

static void test_all(void **state)
{
	struct gather *g;

	fx.delay_ms[1] = 20;
	g = gather_begin(&fx.door, &kind, &(struct question){.number = 7}, GATHER_ALL, on_told, NULL);
	assert_non_null(g);
	assert_null(fx.told);
	wait_told();
	assert_ptr_equal(fx.told, g);
	assert_int_equal(gather_missing(g), 0);
	assert_string_equal(answer(0), "7 from 0");
	assert_string_equal(answer(1), "7 from 1");
	assert_string_equal(answer(2), "7 from 2");
	done();
	assert_int_equal(fx.finished, 3);
}

static void test_one(void **state)
{
	gather_begin(&fx.door, &kind, &(struct question){.number = 8}, 2, on_told, NULL);
	wait_told();
	assert_int_equal(gather_missing(fx.told), 0);
	assert_string_equal(answer(0), "none");
	assert_string_equal(answer(2), "8 from 2");
	done();
}

static void block(void *arg)
{
	atomic_store(&fx.blocked, 1);
	sem_wait(&fx.release);
}

static void block_worker(unsigned i)
{
	assert_true(loop_post(fx.loop[i], block, NULL));
	while (!atomic_load(&fx.blocked))
		sched_yield();
}

/* The answer that comes too late is freed when it comes (stop() looks). */
static void test_stuck(void **state)
{
	block_worker(1);
	gather_begin(&fx.door, &kind, &(struct question){.number = 9}, GATHER_ALL, on_told, NULL);
	wait_told();
	assert_int_equal(gather_missing(fx.told), 1);
	assert_string_equal(answer(0), "9 from 0");
	assert_string_equal(answer(1), "none");
	assert_string_equal(answer(2), "9 from 2");
	done();
	assert_int_equal(fx.door.open, 1);
	sem_post(&fx.release);
	while (fx.door.open)
		loop_turn(fx.main);
	assert_int_equal(fx.finished, 3);
}

/* The queue of a stuck worker is full: missing at once, and told later than the call all the same. */
static void test_full_queue(void **state)
{
	static const struct question q = {.number = 1};
	struct gather *open[8];
	unsigned n = 0;

	block_worker(0);
	fx.door.deadline_ms = 60000;
	while (n < 8 && fx.door.open == n)
		open[n++] = gather_begin(&fx.door, &kind, &q, 0, on_told, NULL);
	assert_true(n < 8);
	assert_null(fx.told);
	wait_told();
	assert_ptr_equal(fx.told, open[n - 1]);
	assert_int_equal(gather_missing(fx.told), 1);
	done();
	for (unsigned i = 0; i + 1 < n; i++) /* given up before it is done */
		gather_free(open[i]);
	sem_post(&fx.release);
	while (fx.door.open)
		loop_turn(fx.main);
	assert_null(fx.told);
}

static void test_too_many(void **state)
{
	fx.door.open = GATHER_OPEN_MAX;
	gather_begin(&fx.door, &kind, &(struct question){0}, GATHER_ALL, on_told, NULL);
	wait_told();
	assert_int_equal(gather_missing(fx.told), WORKERS);
	done();
	fx.door.open = 0;
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
	static const struct CMUnitTest tests[] = {CASE(test_all), CASE(test_one), CASE(test_stuck),
						  CASE(test_full_queue), CASE(test_too_many)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
