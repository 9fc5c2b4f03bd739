/* SPDX-License-Identifier: Apache-2.0 */
/* heap: malloc(3) and its kin are the test's own, those that libraries call included, and fail on demand. For one
 * source file of a program. A sanitizer has a malloc(3) of its own: there HEAP_IS_OURS is 0, and a test can only skip
 * (77). oom.h is the smaller one, for what is linked statically. */
#ifndef TESTS_UNIT_BASE_HEAP_H
#define TESTS_UNIT_BASE_HEAP_H

#define HEAP_IS_OURS 1
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef HEAP_IS_OURS
#define HEAP_IS_OURS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef HEAP_IS_OURS
#define HEAP_IS_OURS 0
#endif
#endif

#if HEAP_IS_OURS

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static __thread bool heap_armed;     /* this thread's allocations count and may fail */
static unsigned heap_asked;          /* allocations since heap_arm() */
static unsigned heap_fail_at;        /* this one fails; 0: none */
static bool heap_fail_on;            /* and all after it */
static atomic_long heap_held_blocks; /* live, of all threads */

static inline void heap_plan(unsigned fail_at, bool fail_on)
{
	heap_asked = 0;
	heap_fail_at = fail_at;
	heap_fail_on = fail_on;
}

static inline void heap_arm(unsigned fail_at, bool fail_on)
{
	heap_plan(fail_at, fail_on);
	heap_armed = true;
}

static inline long heap_held(void)
{
	return atomic_load(&heap_held_blocks);
}

/* Where a debugger stops to see whose allocation it was. */
__attribute__((noinline)) static bool heap_refused(void)
{
	errno = ENOMEM;
	return true;
}

static bool heap_refuse(void)
{
	if (!heap_armed)
		return false;
	heap_asked++;
	return heap_fail_at && (heap_asked == heap_fail_at || (heap_fail_on && heap_asked > heap_fail_at)) &&
	       heap_refused();
}

static void *heap_counted(void *p)
{
	if (p)
		atomic_fetch_add(&heap_held_blocks, 1);
	return p;
}

void *malloc(size_t n)
{
	return heap_refuse() ? NULL : heap_counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return heap_refuse() ? NULL : heap_counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
	if (heap_refuse())
		return NULL;
	return p ? __libc_realloc(p, n) : heap_counted(__libc_malloc(n));
}

int posix_memalign(void **ret, size_t align, size_t n)
{
	void *p = heap_refuse() ? NULL : heap_counted(__libc_memalign(align, n));

	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

void free(void *p)
{
	if (p)
		atomic_fetch_sub(&heap_held_blocks, 1);
	__libc_free(p);
}

#endif
#endif
