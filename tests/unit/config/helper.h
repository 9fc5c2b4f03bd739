/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of config share: texts in which ' stands for ", and loads that must or must not go well. */
#ifndef TESTS_UNIT_CONFIG_HELPER_H
#define TESTS_UNIT_CONFIG_HELPER_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

static inline char *quotes(const char *z)
{
	char *copy = strdup(z);
	for (char *p = copy; p && *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static inline void faults_print(const struct config_faults *f, char *buf, size_t cap)
{
	size_t n = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < f->n && n < cap; i++)
		n += (size_t)snprintf(buf + n, cap - n, "%u: %s: %s\n", f->v[i].line, f->v[i].place, f->v[i].text);
}

/* The result of the load, and what was said. */
static inline int load_said(const char *text, char *buf, size_t cap)
{
	struct config *c = NULL;
	struct config_faults f;
	char *t = quotes(text);
	int r = config_load_text(t, strlen(t), NULL, &c, &f);
	faults_print(&f, buf, cap);
	config_faults_finish(&f);
	config_unref(c);
	free(t);
	return r;
}

/* A config that must be good. */
static inline struct config *load_good(const char *text)
{
	struct config *c = NULL;
	struct config_faults f;
	char *t = quotes(text), said[2048];
	int r = config_load_text(t, strlen(t), "etc/limen.json", &c, &f);
	faults_print(&f, said, sizeof(said));
	if (r != 0)
		print_error("%s\n%s", text, said);
	assert_int_equal(r, 0);
	config_faults_finish(&f);
	free(t);
	return c;
}

#endif
