/* SPDX-License-Identifier: Apache-2.0 */
/* prometheus: the exposition format alone. A family is begun once, followed by its samples. */
#ifndef SBC_MANAGE_PROMETHEUS_H
#define SBC_MANAGE_PROMETHEUS_H

#include "base/writer.h"

enum prometheus_type { PROMETHEUS_COUNTER, PROMETHEUS_GAUGE, PROMETHEUS_SUMMARY };

/* HELP and TYPE. Names of counters are to end in _total; samples with a quantile are a summary's. */
void prometheus_family(struct writer *w, const char *name, enum prometheus_type type, const char *help);
/* One sample; label NULL: none. The label's value is escaped. */
void prometheus_sample(struct writer *w, const char *name, const char *label, const char *value, uint64_t v);
/* The same with one more label. */
void prometheus_sample2(struct writer *w, const char *name, const char *const label[2], const char *const value[2],
			uint64_t v);
/* A family of one sample. */
void prometheus_single(struct writer *w, const char *name, enum prometheus_type type, const char *help, uint64_t v);
/* A family of one sample in seconds, given in microseconds. */
void prometheus_seconds(struct writer *w, const char *name, enum prometheus_type type, const char *help, uint64_t us);
/* A number of microseconds as seconds: "0.000123". */
void prometheus_us(struct writer *w, uint64_t us);
/* {label="value" and further ones as pairs, NULL label ends; then a space. */
void prometheus_labels(struct writer *w, const char *const label[2], const char *const value[2]);

#endif
