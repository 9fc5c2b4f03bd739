/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/prometheus.h"

/* HELP texts escape the backslash and the line feed; label values the quote besides. */
static void escaped(struct writer *w, const char *z, bool quotes)
{
	for (; *z; z++) {
		if (*z == '\n')
			writer_lit(w, "\\n");
		else if (*z == '\\' || (quotes && *z == '"'))
			writer_put(w, (char[]){'\\', *z}, 2);
		else
			writer_char(w, *z);
	}
}

void prometheus_family(struct writer *w, const char *name, enum prometheus_type type, const char *help)
{
	static const char *const types[] = {"counter", "gauge", "summary"};
	writer_lit(w, "# HELP ");
	writer_z(w, name);
	writer_char(w, ' ');
	escaped(w, help, false);
	writer_lit(w, "\n# TYPE ");
	writer_z(w, name);
	writer_char(w, ' ');
	writer_z(w, types[type]);
	writer_char(w, '\n');
}

void prometheus_labels(struct writer *w, const char *const label[2], const char *const value[2])
{
	for (unsigned i = 0; i < 2 && label[i]; i++) {
		writer_char(w, i ? ',' : '{');
		writer_z(w, label[i]);
		writer_lit(w, "=\"");
		escaped(w, value[i], true);
		writer_char(w, '"');
	}
	if (label[0])
		writer_char(w, '}');
	writer_char(w, ' ');
}

void prometheus_sample2(struct writer *w, const char *name, const char *const label[2], const char *const value[2],
			uint64_t v)
{
	writer_z(w, name);
	prometheus_labels(w, label, value);
	writer_u64(w, v);
	writer_char(w, '\n');
}

void prometheus_sample(struct writer *w, const char *name, const char *label, const char *value, uint64_t v)
{
	prometheus_sample2(w, name, (const char *const[2]){label, NULL}, (const char *const[2]){value, NULL}, v);
}

void prometheus_single(struct writer *w, const char *name, enum prometheus_type type, const char *help, uint64_t v)
{
	prometheus_family(w, name, type, help);
	prometheus_sample(w, name, NULL, NULL, v);
}

void prometheus_us(struct writer *w, uint64_t us)
{
	writer_u64(w, us / 1000000);
	writer_char(w, '.');
	for (uint64_t unit = 100000; unit; unit /= 10)
		writer_char(w, (char)('0' + us / unit % 10));
}

void prometheus_seconds(struct writer *w, const char *name, enum prometheus_type type, const char *help, uint64_t us)
{
	prometheus_family(w, name, type, help);
	writer_z(w, name);
	writer_char(w, ' ');
	prometheus_us(w, us);
	writer_char(w, '\n');
}
