/* SPDX-License-Identifier: Apache-2.0 */
/* What limen call and limen reg print, from answers that are made up: golden text. What a far side put into its names
 * does nothing to the terminal. */
#include "sbc/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/base/golden.h"
#include "unit.h"

static const char *answer_file;
static bool as_json;

/* ---- in place of cli_client.c ---- */

int cli_ask(const struct cli_options *o, const char *method, json_t *params, json_t **ret)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, answer_file);
	*ret = json_load_file(path, 0, NULL);
	assert_non_null(*ret);
	json_decref(params);
	return CLI_GOOD;
}

int cli_ask_all(const struct cli_options *o, const char *method, const char *key, json_t **ret)
{
	return cli_ask(o, method, NULL, ret);
}

/* ---- golden text ---- */

static void run(const struct cli_verb *verbs, const char *verb, const char *file)
{
	char *args[] = {(char[]){"id"}, NULL};
	int out = dup(1);

	answer_file = file;
	fflush(stdout);
	assert_non_null(freopen("cli_said.txt", "w", stdout));
	for (const struct cli_verb *v = verbs; v->name; v++)
		if (strcmp(v->name, verb) == 0)
			v->fn(&(struct cli_options){.json = as_json}, args);
	fflush(stdout);
	dup2(out, 1);
	close(out);
}

static void test_golden(void **state)
{
	static const struct {
		const struct cli_verb *verbs;
		const char *verb, *name;
	} cases[] = {
		{cli_call_verbs, "list", "cli_call_list"}, {cli_call_verbs, "show", "cli_call_show"},
		{cli_call_verbs, "end", "cli_call_show"},  {cli_call_verbs, "list", "cli_call_none"},
		{cli_call_verbs, "show", "cli_call_echo"}, {cli_reg_verbs, "list", "cli_reg_list"},
		{cli_reg_verbs, "show", "cli_reg_list"},   {cli_reg_verbs, "remove", "cli_reg_remove"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char from[64], golden[600], *got;

		snprintf(from, sizeof(from), "%s.json", cases[i].name);
		snprintf(golden, sizeof(golden), "%s/%s.%s.txt", GOLDEN_DIR, cases[i].name, cases[i].verb);
		run(cases[i].verbs, cases[i].verb, from);
		got = golden_read("cli_said.txt", NULL);
		golden_check(golden, str_z(got));
		for (const char *p = got; *p; p++)
			if (((unsigned char)*p < ' ' && *p != '\n') || *p == 0x7f)
				fail_msg("%s: a control character", golden);
		free(got);
	}
	unlink("cli_said.txt");
}

static void test_text(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *want;
		size_t columns;
	} cases[] = {
		{"plain", 0, "plain", 5},
		{"", 0, "", 0},
		{"J\xc3\xb6rg \xe2\x82\xac", 0, "J\xc3\xb6rg \xe2\x82\xac", 6},
		{"\x1b[2J\a\r\n\t", 0, "\\x1b[2J\\x07\\x0d\\x0a\\x09", 23},
		{"a\x7f", 0, "a\\x7f", 5},
		{"\xc2\x9b"
		 "31m",
		 0, "\\x9b31m", 7},
		{"\xff\xc3", 0, "\\xff\\xc3", 8},
		{"\xc0\x80\xed\xa0\x80", 0, "\\xc0\\x80\\xed\\xa0\\x80", 20},
		{"\xe2\x80\xae"
		 "evil",
		 0, "\\u202eevil", 10},
		{"0123456789", 10, "0123456789", 10},
		{"0123456789a", 10, "0123456...", 10},
		{"012345\x1b"
		 "6789",
		 10, "012345...", 9},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *got = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&got, &n);

		assert_int_equal(cli_print_text(f, cases[i].text, cases[i].max), cases[i].columns);
		fclose(f);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *value, *want;
	} users[] = {
		{"\"Alice\" <sip:alice@a.example;transport=udp>;x=y", "alice@a.example"},
		{"<sip:+49301234@192.0.2.1:5070>", "+49301234@192.0.2.1:5070"},
		{"sip:bob@[2001:db8::1]", "bob@[2001:db8::1]"},
		{"<sips:x@y?a=b>", "x@y"},
		{"<tel:+4930>", "+4930"},
		{"", ""},
	};
	static const struct {
		json_int_t ms;
		const char *want;
	} durations[] = {{0, "0:00"},        {999, "0:00"},        {61000, "1:01"},
			 {3599999, "59:59"}, {3600000, "1:00:00"}, {360000000, "100:00:00"}};
	char buf[64], time[CLI_DURATION_LEN];

	for (size_t i = 0; i < LENGTH(users); i++)
		assert_string_equal(cli_user(users[i].value, buf, sizeof(buf)), users[i].want);
	for (size_t i = 0; i < LENGTH(durations); i++) {
		json_t *ms = json_integer(durations[i].ms);

		assert_string_equal(cli_duration(ms, time), durations[i].want);
		json_decref(ms);
	}
	assert_string_equal(cli_duration(NULL, time), "-");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_text),
						  cmocka_unit_test(test_values)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
