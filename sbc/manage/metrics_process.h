/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_process: what the kernel knows of this process, under the names that Prometheus' clients use everywhere. */
#ifndef SBC_MANAGE_METRICS_PROCESS_H
#define SBC_MANAGE_METRICS_PROCESS_H

#include "base/writer.h"

/* started_ns: clock_ns() at the start. Main thread. */
void metrics_write_process(uint64_t started_ns, struct writer *w);

#endif
