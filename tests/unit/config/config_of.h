/* SPDX-License-Identifier: Apache-2.0 */
/* config_of: a configuration that a test writes down, for the tests of any room. */
#ifndef TESTS_UNIT_CONFIG_OF_H
#define TESTS_UNIT_CONFIG_OF_H

#include "config/config.h"
#include "tests/unit/base/unit.h"

/* A good one, else the test fails and says why; config_unref() it. */
static inline struct config *config_of(const char *text)
{
	struct config *c;
	struct config_faults f = {0};

	if (config_load_text(text, strlen(text), "test.json", &c, &f) < 0) {
		for (size_t i = 0; i < f.n; i++)
			print_error("%s: %s\n", f.v[i].place, f.v[i].text);
		fail_msg("configuration refused");
	}
	config_faults_finish(&f);
	return c;
}

#endif
