/* SPDX-License-Identifier: Apache-2.0 */
/* What is made from the tables is what is checked in, and every example is a good configuration. With
 * LIMEN_GOLDEN_WRITE set, config/schema.json and the reference in config/README.md are written anew. */
#include <glob.h>

#include "helper.h"
#include "tests/unit/base/golden.h"

#define SCHEMA SOURCE_ROOT "/config/schema.json"
#define README SOURCE_ROOT "/config/README.md"
#define MARK   "<!-- keys: made from config/table.c -->\n"

static char *printed(int (*print)(FILE *))
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	assert_non_null(f);
	assert_int_equal(print(f), 0);
	fclose(f);
	return text;
}

static void compare(const char *path, const char *head, const char *want)
{
	char *text = golden_read(path, NULL), *tail = head ? strstr(text, head) : text;
	assert_non_null(tail);
	tail += head ? strlen(head) : 0;
	if (strcmp(tail, want) != 0 && getenv("LIMEN_GOLDEN_WRITE")) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "%.*s%s", (int)(tail - text), text, want);
		fclose(f);
	} else if (strcmp(tail, want) != 0) {
		fail_msg("%s is not what the tables say; run this test with LIMEN_GOLDEN_WRITE=1", path);
	}
	free(text);
}

static void schema(void **state)
{
	char *text = printed(config_schema_print);
	compare(SCHEMA, NULL, text);
	free(text);
}

static void reference(void **state)
{
	char *text = printed(config_keys_print);
	compare(README, MARK, text);
	free(text);
}

static void full_disk(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(config_schema_print(f), -EIO);
	assert_int_equal(config_keys_print(f), -EIO);
	fclose(f);
}

static void examples(void **state)
{
	glob_t g = {0};
	assert_int_equal(glob(SOURCE_ROOT "/config/examples/*.json", 0, NULL, &g), 0);
	assert_int_equal(glob(SOURCE_ROOT "/config/quickstart.json", GLOB_APPEND, NULL, &g), 0);
	assert_true(g.gl_pathc >= 4);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct config *c = NULL;
		struct config_faults f;
		char said[2048];
		int r = config_load(g.gl_pathv[i], &c, &f);
		faults_print(&f, said, sizeof(said));
		if (r)
			print_error("%s:\n%s", g.gl_pathv[i], said);
		assert_int_equal(r, 0);
		config_faults_finish(&f);
		config_warnings(c, &f);
		faults_print(&f, said, sizeof(said));
		assert_string_equal(said, "");
		config_faults_finish(&f);
		config_unref(c);
	}
	globfree(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema),
		cmocka_unit_test(reference),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
