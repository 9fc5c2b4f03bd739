/* SPDX-License-Identifier: Apache-2.0 */
/* helper: what the tests of sdp share. */
#ifndef TESTS_UNIT_SDP_HELPER_H
#define TESTS_UNIT_SDP_HELPER_H

/* cmocka needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdp/sdp.h"

/* Parses or fails the test; the caller frees. */
static inline struct sdp *parse_ok(const char *text, size_t n)
{
	struct sdp *s = NULL;
	enum sdp_error err = sdp_parse(text, n, &s);
	if (err)
		fail_msg("%s:\n%.*s", sdp_error_text(err), (int)n, text);
	return s;
}

static inline void assert_str(struct str got, const char *want)
{
	if (!str_eq(got, str_z(want)))
		fail_msg("\"%.*s\" is not \"%s\"", STR_FMT(got), want);
}

/* Session lines, then the lines given. */
#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
#define BASE HEAD "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"

#endif
