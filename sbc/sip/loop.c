/* SPDX-License-Identifier: Apache-2.0 */
/* A turn is everything between two sleeps. libuv's phases are used so: events of descriptors run inside its poll, then
 * the check handle ends the turn (timers of the wheel, posted tasks, deferred work), then the prepare handle decides
 * how long the next sleep may be. The clock is read once a turn, by whatever comes first after the sleep. */
#include "sbc/sip/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "base/histogram.h"

#define IDLE_CHECKS_MAX 4
#define TASKS_PER_TURN  512 /* so that a busy poster cannot keep the sockets waiting */
#define DEFER_ROUNDS    4   /* deferred work may defer more; after so many rounds it waits for the next turn */
#define COARSE_FROM_MS  1000

struct task {
	atomic_size_t seq; /* == position: free; == position + 1: filled */
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;
	uv_async_t async;
	struct wheel wheel;
	uint64_t turn_start_ns;
	bool awake; /* the clock was read since the last sleep */
	bool busy;  /* an idle check found work: do not sleep */
	unsigned n_idle_checks;
	struct {
		bool (*fn)(void *arg);
		void *arg;
	} idle_checks[IDLE_CHECKS_MAX];
	struct list deferred;

	/* bounded queue of many producers and one consumer: a ring of slots that carry their own turn number */
	struct task *tasks;
	size_t mask;
	atomic_size_t tail; /* producers */
	size_t head;        /* consumer */
	atomic_bool sleeping;
	atomic_uint_fast64_t turn_began_ns; /* turn_start_ns for other threads; 0: asleep */
	atomic_bool stop;
	struct histogram turns;
};

struct loop_poll {
	uv_poll_t uv;
	void (*fn)(void *arg, int events);
	void *arg;
	int events; /* wanted; -1: closed */
};

/* ---- time ------------------------------------------------------------------------------------------------------ */

static void wake_up(struct loop *l)
{
	if (l->awake)
		return;
	l->awake = true;
	l->turn_start_ns = clock_ns();
	atomic_store_explicit(&l->turn_began_ns, l->turn_start_ns, memory_order_relaxed);
	wheel_set_now(&l->wheel, l->turn_start_ns / 1000000);
	atomic_store_explicit(&l->sleeping, false, memory_order_relaxed);
}

uint64_t loop_now_ms(struct loop *l)
{
	wake_up(l);
	return l->wheel.now_ms;
}

void loop_timer(struct loop *l, struct wheel_timer *t, uint64_t delay_ms)
{
	wake_up(l);
	wheel_arm(&l->wheel, t, delay_ms);
}

void loop_timer_coarse(struct loop *l, struct wheel_timer *t, uint64_t delay_ms)
{
	wake_up(l);
	if (delay_ms >= COARSE_FROM_MS)
		delay_ms += -(l->wheel.now_ms + delay_ms) & (WHEEL_SLOTS - 1);
	wheel_arm(&l->wheel, t, delay_ms);
}

void loop_timer_stop(struct loop *l, struct wheel_timer *t)
{
	wheel_cancel(&l->wheel, t);
}

/* ---- how long turns take ----------------------------------------------------------------------------------------- */

void loop_turns(const struct loop *l, uint64_t *ret_p50_us, uint64_t *ret_p99_us, uint64_t *ret_max_us)
{
	*ret_p50_us = histogram_percentile_us(&l->turns, 0.50);
	*ret_p99_us = histogram_percentile_us(&l->turns, 0.99);
	*ret_max_us = histogram_max_us(&l->turns);
}

uint64_t loop_turns_above(const struct loop *l, uint64_t us)
{
	return histogram_above_us(&l->turns, us);
}

bool loop_stuck(const struct loop *l, uint64_t ms)
{
	uint64_t began = atomic_load_explicit(&l->turn_began_ns, memory_order_relaxed);

	return began && clock_ns() > began + ms * 1000000;
}

/* ---- tasks ----------------------------------------------------------------------------------------------------- */

bool loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
	size_t pos = atomic_load_explicit(&l->tail, memory_order_relaxed);
	struct task *t;

	for (;;) {
		t = &l->tasks[pos & l->mask];
		size_t seq = atomic_load_explicit(&t->seq, memory_order_acquire);
		if (seq == pos) {
			if (atomic_compare_exchange_weak(&l->tail, &pos, pos + 1))
				break;
		} else if ((ptrdiff_t)(seq - pos) < 0) {
			return false;
		} else {
			pos = atomic_load_explicit(&l->tail, memory_order_relaxed);
		}
	}
	t->fn = fn;
	t->arg = arg;
	/* Either this store is seen by the consumer's last look before its sleep, or its `sleeping` is seen here: both
	 * sides are sequentially consistent. */
	atomic_store(&t->seq, pos + 1);
	if (atomic_load(&l->sleeping) && atomic_exchange(&l->sleeping, false))
		uv_async_send(&l->async);
	return true;
}

bool loop_half_empty(const struct loop *l)
{
	size_t half = atomic_load_explicit(&l->tail, memory_order_relaxed) + (l->mask + 1) / 2;

	return atomic_load_explicit(&l->tasks[half & l->mask].seq, memory_order_relaxed) == half;
}

static bool task_waits(struct loop *l)
{
	return atomic_load(&l->tasks[l->head & l->mask].seq) == l->head + 1;
}

static void run_tasks(struct loop *l)
{
	for (unsigned n = 0; n < TASKS_PER_TURN && task_waits(l); n++) {
		struct task *t = &l->tasks[l->head & l->mask];
		void (*fn)(void *arg) = t->fn;
		void *arg = t->arg;
		atomic_store_explicit(&t->seq, l->head + l->mask + 1, memory_order_release);
		l->head++;
		fn(arg);
	}
}

/* ---- deferred work --------------------------------------------------------------------------------------------- */

void loop_defer(struct loop *l, struct loop_deferred *d)
{
	if (!list_linked(&d->node))
		list_append(&l->deferred, &d->node);
}

void loop_defer_cancel(struct loop_deferred *d)
{
	list_remove(&d->node);
}

static void run_deferred(struct loop *l)
{
	for (unsigned round = 0; round < DEFER_ROUNDS && !list_empty(&l->deferred); round++) {
		/* a marker in the ring: what is deferred meanwhile comes behind it */
		struct list end;
		list_append(&l->deferred, &end);
		while (l->deferred.next != &end) {
			struct loop_deferred *d = list_first(&l->deferred, struct loop_deferred, node);
			list_remove(&d->node);
			d->fn(d);
		}
		list_remove(&end);
	}
}

void loop_add_idle_check(struct loop *l, bool (*fn)(void *arg), void *arg)
{
	assert(l->n_idle_checks < IDLE_CHECKS_MAX);
	l->idle_checks[l->n_idle_checks].fn = fn;
	l->idle_checks[l->n_idle_checks].arg = arg;
	l->n_idle_checks++;
}

static bool ask_idle_checks(struct loop *l)
{
	bool work = false;
	for (unsigned i = 0; i < l->n_idle_checks; i++)
		work |= l->idle_checks[i].fn(l->idle_checks[i].arg);
	return work;
}

/* ---- the turn -------------------------------------------------------------------------------------------------- */

static void end_turn(struct loop *l)
{
	wake_up(l);
	wheel_advance(&l->wheel, l->wheel.now_ms);
	run_tasks(l);
	run_deferred(l);
}

static void on_check(uv_check_t *h)
{
	struct loop *l = h->data;
	end_turn(l);
	l->busy = ask_idle_checks(l);
	run_deferred(l);
	if (atomic_load(&l->stop))
		uv_stop(&l->uv);
}

static uint64_t sleep_ms(struct loop *l, uint64_t now_ns)
{
	if (l->busy || !list_empty(&l->deferred) || atomic_load(&l->stop))
		return 0;
	uint64_t ms = wheel_next_ms(&l->wheel);
	if (ms == 0 || ms == UINT64_MAX)
		return ms;
	/* the turn's own time has passed meanwhile: a long one must not push timers back by its length */
	uint64_t gone = now_ns / 1000000 - l->wheel.now_ms;
	return ms > gone ? ms - gone : 0;
}

/* The timer's callback does nothing: it only bounds the sleep; the wheel runs at the end of the turn. */
static void on_timer(uv_timer_t *h)
{
}

static void on_prepare(uv_prepare_t *h)
{
	struct loop *l = h->data;

	/* Before the first turn, and for work that libuv's own timers left (libraries that bring them). */
	if (!list_empty(&l->deferred))
		run_deferred(l);
	if (atomic_load(&l->stop))
		uv_stop(&l->uv);
	uint64_t now_ns = clock_ns();
	uint64_t ms = sleep_ms(l, now_ns);
	if (ms > 0) {
		atomic_exchange(&l->sleeping, true);
		if (task_waits(l))
			ms = 0;
	}
	/* one that ends the sleep a little early costs less than to set it anew in every turn */
	if (ms == UINT64_MAX)
		uv_timer_stop(&l->timer);
	else if (!uv_is_active((uv_handle_t *)&l->timer) || uv_timer_get_due_in(&l->timer) > ms)
		uv_timer_start(&l->timer, on_timer, ms, 0);
	if (l->awake)
		histogram_add(&l->turns, (now_ns - l->turn_start_ns) / 1000);
	l->awake = false;
	atomic_store_explicit(&l->turn_began_ns, 0, memory_order_relaxed);
}

static void on_async(uv_async_t *h)
{
	wake_up(h->data);
}

void loop_run(struct loop *l)
{
	l->awake = false; /* what was set up before, calls of another process among it, was no turn */
	uv_run(&l->uv, UV_RUN_DEFAULT);
	atomic_store(&l->stop, false);
}

void loop_turn(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_ONCE);
}

void loop_drain(struct loop *l)
{
	wake_up(l);
	while (task_waits(l))
		run_tasks(l);
	run_deferred(l);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	uv_async_send(&l->async);
}

uv_loop_t *loop_uv(struct loop *l)
{
	return &l->uv;
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

static void on_poll(uv_poll_t *h, int status, int events);

static int poll_start(struct loop_poll *p)
{
	int uv_events = (p->events & LOOP_READABLE ? UV_READABLE : 0) | (p->events & LOOP_WRITABLE ? UV_WRITABLE : 0);
	return uv_poll_start(&p->uv, uv_events, on_poll);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct loop_poll *p = container_of(h, struct loop_poll, uv);
	int ready = 0;

	wake_up(h->loop->data);
	if (status < 0) {
		/* libuv has stopped watching because of POLLERR. The owner finds the error by reading or writing; it
		 * is no reason to be deaf afterwards (an ICMP error on a UDP socket). */
		ready = p->events > 0 ? p->events | LOOP_ERROR : 0;
		poll_start(p);
	} else {
		ready = (events & UV_READABLE ? LOOP_READABLE : 0) | (events & UV_WRITABLE ? LOOP_WRITABLE : 0);
	}
	if (ready > 0)
		p->fn(p->arg, ready);
}

struct loop_poll *loop_poll_open(struct loop *l, int fd, void (*fn)(void *arg, int events), void *arg)
{
	struct loop_poll *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->fn = fn;
	p->arg = arg;
	if (uv_poll_init(&l->uv, &p->uv, fd) < 0) {
		free(p);
		return NULL;
	}
	return p;
}

int loop_poll_set(struct loop_poll *p, int events)
{
	if (p->events == events)
		return 0;
	p->events = events;
	return events ? poll_start(p) : uv_poll_stop(&p->uv);
}

static void on_poll_closed(uv_handle_t *h)
{
	free(container_of((uv_poll_t *)h, struct loop_poll, uv));
}

void loop_poll_close(struct loop_poll *p)
{
	if (!p)
		return;
	p->events = -1;
	uv_close((uv_handle_t *)&p->uv, on_poll_closed);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static int init_handles(struct loop *l)
{
	int r = uv_async_init(&l->uv, &l->async, on_async);
	if (r < 0)
		return r;
	/* these cannot fail */
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_timer_init(&l->uv, &l->timer);
	l->prepare.data = l->check.data = l->async.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
	return 0;
}

static size_t round_up(unsigned n)
{
	size_t p = 2;
	while (p < n)
		p *= 2;
	return p;
}

int loop_create(unsigned queue_entries, struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	size_t n = round_up(queue_entries);
	int r = -ENOMEM;
	l->tasks = calloc(n, sizeof(*l->tasks));
	if (!l->tasks)
		goto fail_loop;
	for (size_t i = 0; i < n; i++)
		atomic_init(&l->tasks[i].seq, i);
	l->mask = n - 1;
	list_init(&l->deferred);
	wheel_init(&l->wheel, clock_ms());
	r = uv_loop_init(&l->uv);
	if (r < 0)
		goto fail_tasks;
	l->uv.data = l;
	r = init_handles(l);
	if (r < 0)
		goto fail_uv;
	*ret = l;
	return 0;

fail_uv:
	uv_loop_close(&l->uv);
fail_tasks:
	free(l->tasks);
fail_loop:
	free(l);
	return r;
}

void loop_destroy(struct loop *l)
{
	if (!l)
		return;
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	uv_close((uv_handle_t *)&l->async, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	int r = uv_loop_close(&l->uv);
	assert(r == 0); /* a poll or a library's handle was left open */
	(void)r;
	free(l->tasks);
	free(l);
}
