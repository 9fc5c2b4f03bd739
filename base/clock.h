/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the one place where time comes in. Monotonic; tests put their own source behind it and move it. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_ns(void);
static inline uint64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}
/* NULL puts the kernel's CLOCK_MONOTONIC back. Tests only; set before other threads run. */
void clock_set_source(uint64_t (*source)(void));

/* Wall-clock time of a monotonic instant, in microseconds since 1970: a start offset read once, plus monotonic time, so
 * that a step of the system clock never reorders records. A test's source stands for both: its 0 is 2026's beginning.
 */
uint64_t clock_wall_us(uint64_t mono_ns);
/* "2026-11-21T07:42:13.123456Z" and its NUL. */
#define CLOCK_TEXTLEN 28
const char *clock_wall_text(uint64_t wall_us, char buf[CLOCK_TEXTLEN]);

#endif
