/* SPDX-License-Identifier: Apache-2.0 */
/* Short ways to make configurations and messages for the tests of this folder, and golden text. */
#ifndef TESTS_UNIT_BORDER_TEXT_H
#define TESTS_UNIT_BORDER_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sbc/border/internal.h"
#include "tests/unit/base/golden.h"
#include "tests/unit/config/config_of.h"

static inline int peer_named(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (strcmp(c->peers[i].name, name) == 0)
			return (int)i;
	fail_msg("no peer %s", name);
	return -1;
}

static inline unsigned network_named(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_networks; i++)
		if (strcmp(c->networks[i].name, name) == 0)
			return (unsigned)i;
	fail_msg("no network %s", name);
	return 0;
}

static inline struct addr addr_of(const char *hostport)
{
	struct addr a;
	assert_true(addr_parse_hostport(str_z(hostport), &a));
	return a;
}

/* Text with "\n" as a message with CR LF; ret is malloc'd. */
static inline struct str crlf(const char *text)
{
	char *p = malloc(strlen(text) * 2 + 1);
	size_t n = 0;
	for (; *text; text++) {
		if (*text == '\n')
			p[n++] = '\r';
		p[n++] = *text;
	}
	return (struct str){p, n};
}

static inline struct message *message_n(struct str raw, unsigned network, const char *from)
{
	struct flow_addr source = {.network = network, .remote = addr_of(from)};
	struct message *m;
	enum reject_reason why = message_parse((const uint8_t *)raw.p, raw.n, &source, &m);
	if (why != REJECT_NONE)
		fail_msg("refused as %s: %.*s", reject_key(why), STR_FMT(raw));
	return m;
}

static inline struct message *message_of(const char *text)
{
	struct str raw = crlf(text);
	struct message *m = message_n(raw, 0, "192.0.2.1:5060");
	free((void *)(uintptr_t)raw.p);
	return m;
}

static inline void assert_str(struct str s, const char *want)
{
	if (!str_eq(s, str_z(want)))
		fail_msg("got  \"%.*s\"\nwant \"%s\"", STR_FMT(s), want);
}

/* Against tests/unit/border/golden/NAME. */
static inline void assert_golden(const char *name, struct str got)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/tests/unit/border/golden/%s", PROJECT_ROOT, name);
	golden_check(path, got);
}

#endif
