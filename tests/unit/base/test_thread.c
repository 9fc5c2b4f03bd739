/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "unit.h"

#define STACK_BYTES (256u << 10)

struct seen {
	char name[16];
	sigset_t mask;
	pthread_mutex_t lock;
	pthread_cond_t named; /* the name is there once thread_start() is back */
	bool go;
};

static void *look(void *arg)
{
	struct seen *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->go)
		pthread_cond_wait(&s->named, &s->lock);
	pthread_mutex_unlock(&s->lock);
	pthread_getname_np(pthread_self(), s->name, sizeof(s->name));
	pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
	return s;
}

static void test_start(void **state)
{
	static const int asked[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGALRM};
	struct seen s = {.lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t thread;
	sigset_t before, after;
	void *result;

	thread_cond_init(&s.named);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(thread_start("limen-test-of-names", STACK_BYTES, look, &s, &thread), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	pthread_mutex_lock(&s.lock);
	s.go = true;
	pthread_cond_signal(&s.named);
	pthread_mutex_unlock(&s.lock);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &s);
	assert_string_equal(s.name, "limen-test-of-n");
	for (size_t i = 0; i < LENGTH(asked); i++) {
		assert_true(sigismember(&s.mask, asked[i]));
		assert_int_equal(sigismember(&after, asked[i]), sigismember(&before, asked[i]));
	}
	pthread_cond_destroy(&s.named);
}

/* No stack of that size fits into the address space. */
static void test_no_thread(void **state)
{
	pthread_t thread, same;

	memset(&thread, 0x5a, sizeof(thread));
	same = thread;
	assert_int_equal(thread_start("limen-test", (size_t)1 << 47, look, NULL, &thread), -EAGAIN);
	assert_memory_equal(&thread, &same, sizeof(thread));
}

static void test_until(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t begun = thread_now_ms();
	struct timespec until = thread_until(begun + 20);
	pthread_cond_t never;
	int r;

	assert_int_equal(until.tv_sec, (begun + 20) / 1000);
	assert_int_equal(until.tv_nsec, (begun + 20) % 1000 * 1000000);
	thread_cond_init(&never);
	pthread_mutex_lock(&lock);
	do
		r = pthread_cond_timedwait(&never, &lock, &until);
	while (r == 0);
	pthread_mutex_unlock(&lock);
	assert_int_equal(r, ETIMEDOUT);
	assert_in_range(thread_now_ms() - begun, 20, 60000); /* by the wall clock it would be over at once */
	pthread_cond_destroy(&never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_no_thread),
		cmocka_unit_test(test_until),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
