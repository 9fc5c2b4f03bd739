/* SPDX-License-Identifier: Apache-2.0 */
/* manage: what an operator sees: log and CDR writers (a thread each behind a bounded queue), metrics and health over
 * HTTP. Reaches calls only through counters and snapshots; never blocks a worker. */
#ifndef SBC_MANAGE_MANAGE_H
#define SBC_MANAGE_MANAGE_H

#include "sbc/manage/http.h"
#include "sbc/manage/line_writer.h"
#include "sbc/manage/metrics.h"
#include "sbc/manage/records.h"

#endif
