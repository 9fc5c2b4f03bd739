/* SPDX-License-Identifier: Apache-2.0 */
/* cdr_tail: the ids of the calls that a CDR file has at its end: of the whole lines in its last 8 MiB, as
 * cdr_write_json() begins them. What of these bytes it does not have comes from the end of the file that was moved away
 * last: the newest in its folder whose name begins with its name. Reads files; not for a worker's thread. Owned by the
 * caller. */
#ifndef SBC_MANAGE_CDR_TAIL_H
#define SBC_MANAGE_CDR_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "sbc/sip/ident.h"

#define CDR_ID_LEN IDENT_LEN

struct cdr_tail {
	char *ids; /* n of CDR_ID_LEN bytes, sorted */
	size_t n;
};
/* path NULL, no such file, or none that has an end (a pipe): none. 0 or -errno, with *ret untouched. */
int cdr_tail_read(const char *path, struct cdr_tail *ret);
bool cdr_tail_has(const struct cdr_tail *t, struct str id);
void cdr_tail_finish(struct cdr_tail *t);

#endif
