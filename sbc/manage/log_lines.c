/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "sbc/manage/line_writer.h"
#include "sbc/manage/records.h"

void log_to_writer(void *arg, enum log_level level, const char *line, size_t n)
{
	char time[CLOCK_TEXTLEN];

	clock_wall_text(clock_wall_us(clock_ns()), time);
	time[CLOCK_TEXTLEN - 1] = ' ';
	line_writer_put_parts(arg, (const struct str[]){{time, CLOCK_TEXTLEN}, {line, n}}, 2);
}
