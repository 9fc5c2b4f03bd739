/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration of any bytes: loaded or refused with faults that can be printed; what is loaded can be compared,
 * matched against and warned about. */
#include <stdlib.h>

#include "config/config.h"
#include "tests/fuzz/check.h"

static void use_route(const struct config_route *r)
{
	const struct config_match *patterns[] = {r->from, r->to, r->ruri, r->header ? &r->header->match : NULL};
	char buf[64];
	struct str out;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (patterns[i])
			config_match(patterns[i], STR("+493012345aaaaaaaaaaaaaaa"), STR("example.org"), NULL);
	if (r->rewrite_ruri.text)
		config_rewrite(&r->rewrite_ruri, STR("+493012345"), buf, sizeof(buf), &out);
}

static void use(struct config *c)
{
	struct config_faults f;
	config_warnings(c, &f);
	config_faults_finish(&f);
	for (size_t i = 0; i < c->n_routes && i < 8; i++)
		use_route(&c->routes[i]);
	if (config_diff(c, c, NULL, NULL) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct config *c = NULL;
	struct config_faults f;
	int r = config_load_text((const char *)p, n, NULL, &c, &f);
	/* 0 and a config, or faults; each a printable line with a place */
	if ((r == 0) != (c != NULL) || (r == 0) != (f.n == 0))
		abort();
	for (size_t i = 0; i < f.n; i++)
		for (const char *z = f.v[i].text; *z; z++)
			if ((unsigned char)*z < ' ' || !f.v[i].place[0])
				abort();
	config_faults_finish(&f);
	if (c)
		use(c);
	config_unref(c);
	return 0;
}
