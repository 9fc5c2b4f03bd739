/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define NS_PER_S    UINT64_C(1000000000)
#define US_PER_S    UINT64_C(1000000)
#define LAST_WALL_S UINT64_C(253402300799) /* the last second of the year 9999 */
/* Not the kernel's time: a test that moves its time would see how long it ran itself. */
#define SOURCE_WALL_NS INT64_C(1767225600000000000) /* 2026-01-01T00:00:00Z */

static uint64_t (*clock_source)(void);
static _Atomic int64_t wall_offset_ns; /* 0: not read yet */

static uint64_t read_kernel(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_ns(void)
{
	return clock_source ? clock_source() : read_kernel(CLOCK_MONOTONIC);
}

void clock_set_source(uint64_t (*source)(void))
{
	clock_source = source;
}

static int64_t wall_offset(void)
{
	int64_t offset = atomic_load_explicit(&wall_offset_ns, memory_order_relaxed);
	if (clock_source)
		return SOURCE_WALL_NS;
	if (offset == 0) {
		int64_t fresh = (int64_t)(read_kernel(CLOCK_REALTIME) - clock_ns());
		/* the first thread here decides for all */
		if (atomic_compare_exchange_strong(&wall_offset_ns, &offset, fresh))
			offset = fresh;
	}
	return offset;
}

uint64_t clock_wall_us(uint64_t mono_ns)
{
	return (mono_ns + (uint64_t)wall_offset()) / 1000;
}

/* v in decimal, width digits wide, at *at; a separator after it. */
static void put_number(char **at, unsigned width, uint64_t v, char separator)
{
	for (unsigned i = width; i--; v /= 10)
		(*at)[i] = (char)('0' + v % 10);
	(*at)[width] = separator;
	*at += width + 1;
}

/* Proleptic Gregorian date of a day since 1970. Counted in 400-year eras of years that begin in March, so that the leap
 * day comes last. Not gmtime_r(): it takes the C library's time zone lock, which all threads' log lines would share. */
static void date_of(uint64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	uint64_t since_era0 = days + 719468; /* 0000-03-01 to 1970-01-01 */
	uint64_t era = since_era0 / 146097;
	unsigned doe = (unsigned)(since_era0 % 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153; /* 0 is March */
	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = (unsigned)(era * 400) + yoe + (*ret_month <= 2);
}

static void put_second(char **at, uint64_t s)
{
	unsigned year, month, day;

	date_of(s / 86400, &year, &month, &day);
	put_number(at, 4, year, '-');
	put_number(at, 2, month, '-');
	put_number(at, 2, day, 'T');
	put_number(at, 2, s / 3600 % 24, ':');
	put_number(at, 2, s / 60 % 60, ':');
	put_number(at, 2, s % 60, '.');
}

/* Log lines and records of one second share all of their time but its fraction. */
static _Thread_local struct {
	uint64_t s; /* 0: none */
	char text[sizeof("9999-12-31T23:59:59.") - 1];
} last_second;

const char *clock_wall_text(uint64_t wall_us, char buf[CLOCK_TEXTLEN])
{
	uint64_t s = wall_us / US_PER_S;
	char *at = last_second.text;

	if (s > LAST_WALL_S)
		s = LAST_WALL_S;
	if (s != last_second.s || !s)
		put_second(&at, s);
	last_second.s = s;
	memcpy(buf, last_second.text, sizeof(last_second.text));
	at = buf + sizeof(last_second.text);
	put_number(&at, 6, wall_us % US_PER_S, 'Z');
	*at = '\0';
	return buf;
}
