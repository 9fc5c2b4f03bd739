/* SPDX-License-Identifier: Apache-2.0 */
#include "oom.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool limited;
static unsigned left, refused;

void oom_after(unsigned allowed)
{
	limited = true;
	left = allowed;
	refused = 0;
}

unsigned oom_off(void)
{
	limited = false;
	return refused;
}

static bool granted(void)
{
	if (!limited)
		return true;
	if (left == 0) {
		refused++;
		return false;
	}
	left--;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return granted() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return granted() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
	return granted() ? __real_realloc(p, n) : NULL;
}
