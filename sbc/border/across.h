/* SPDX-License-Identifier: Apache-2.0 */
/* across: what of one side's final word is said again on the other: its status and its phrase. (Its headers:
 * headers_cross().) Pure functions, any thread. */
#ifndef SBC_BORDER_ACROSS_H
#define SBC_BORDER_ACROSS_H

#include "sbc/sip/message.h"

#define HEADERS_MAX 16384 /* bytes of header lines in one message of ours */
#define PHRASE_MAX  64    /* bytes of a reason phrase that is said again, its NUL included; a longer one is not */

/* Redirects and challenges concern the far side alone: contacts and realms of the inside do not cross. */
int status_across(int status);
/* The phrase of m in buf, for struct reply; NULL when it is none that fits, when it names a host, or when it is another
 * status that is said: its own phrase is to be said then. */
const char *phrase_across(const struct message *m, int status, char buf[PHRASE_MAX]);

#endif
