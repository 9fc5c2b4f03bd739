/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

static char got[4096];
static enum log_level got_level;
static unsigned lines;

static void keep(void *arg, enum log_level level, const char *line, size_t n)
{
	assert_ptr_equal(arg, got);
	assert_true(n < sizeof(got));
	memcpy(got, line, n);
	got[n] = '\0';
	got_level = level;
	lines++;
}

static int setup(void **state)
{
	log_set_sink(keep, got);
	log_set_level(LOG_DEBUG);
	log_set_mask(false);
	lines = 0;
	return 0;
}

static int teardown(void **state)
{
	log_set_sink(NULL, NULL);
	log_set_mask(false);
	return 0;
}

static const char *line_of(struct str value)
{
	struct log_line l;
	assert_true(log_begin(&l, LOG_INFO, "m"));
	log_str(&l, "k", value);
	log_end(&l);
	return got;
}

static void test_values(void **state)
{
	static const struct {
		struct str value;
		const char *want;
	} cases[] = {
		{{"", 0}, "INFO m k=\"\""},
		{{NULL, 0}, "INFO m k=\"\""},
		{{"plain", 5}, "INFO m k=plain"},
		{{"sip:a@b;x", 9}, "INFO m k=sip:a@b;x"},
		{{"[2001:db8::1]:5060", 18}, "INFO m k=[2001:db8::1]:5060"},
		{{"two words", 9}, "INFO m k=\"two words\""},
		{{"a=b", 3}, "INFO m k=\"a=b\""},
		{{"q\"q", 3}, "INFO m k=\"q\\\"q\""},
		{{"b\\b", 3}, "INFO m k=\"b\\\\b\""},
		{{"a\nERROR forged k=v", 18}, "INFO m k=\"a\\nERROR forged k=v\""},
		{{"a\r\nb", 4}, "INFO m k=\"a\\r\\nb\""},
		{{"a\tb", 3}, "INFO m k=\"a\\tb\""},
		{{"a\0b", 3}, "INFO m k=\"a\\u0000b\""},
		{{"\x1b[2J", 4}, "INFO m k=\"\\u001b[2J\""},
		{{"\x7f", 1}, "INFO m k=\"\\u007f\""},
		{{"gr\xc3\xbc\xc3\x9f", 6}, "INFO m k=\"gr\xc3\xbc\xc3\x9f\""},
		{{"\xc2\x85", 2}, "INFO m k=\"\\u0085\""},
		{{"\xff\xfe", 2}, "INFO m k=\"\\u00ff\\u00fe\""},
		{{"\xc3", 1}, "INFO m k=\"\\u00c3\""},
	};
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_string_equal(line_of(cases[i].value), cases[i].want);
}

/* Eight bytes are looked at in one step: a byte that wants quotes wants them at every place. */
static void test_quotes_at_every_place(void **state)
{
	for (unsigned v = 0; v < 256; v++) {
		bool alone = strchr(line_of((struct str){(const char[]){(char)v}, 1}), '"') != NULL;
		for (size_t k = 0; k < 19 * 20; k++) {
			const size_t n = k / 20 + 1, at = k % 20;
			char in[19];
			if (at >= n)
				continue;
			memset(in, 'x', n);
			in[at] = (char)v;
			assert_int_equal(strchr(line_of((struct str){in, n}), '"') != NULL, alone);
		}
	}
}

static void test_kinds(void **state)
{
	struct log_line l;
	struct addr v4, v6, none = {0};

	assert_true(addr_parse_hostport(STR("192.0.2.7:5060"), &v4));
	assert_true(addr_parse_hostport(STR("[2001:db8:1::7]:5061"), &v6));
	assert_true(log_begin(&l, LOG_WARN, "two words"));
	log_z(&l, "z", "x y");
	log_z(&l, "n", NULL);
	log_u64(&l, "u", UINT64_MAX);
	log_addr(&l, "v4", &v4);
	log_addr(&l, "v6", &v6);
	log_addr(&l, "none", &none);
	log_user(&l, "user", STR("+4930123456"));
	log_end(&l);
	assert_string_equal(got, "WARN two words z=\"x y\" n=- u=18446744073709551615 "
				 "v4=192.0.2.7:5060 v6=[2001:db8:1::7]:5061 none=- user=+4930123456");
	assert_int_equal(got_level, LOG_WARN);
}

static void test_levels(void **state)
{
	struct log_line l;
	for (int set = LOG_ERROR; set <= LOG_DEBUG; set++) {
		log_set_level((enum log_level)set);
		for (int at = LOG_ERROR; at <= LOG_DEBUG; at++)
			assert_int_equal(log_begin(&l, (enum log_level)at, "m"), at <= set);
	}
}

static void test_masked_users(void **state)
{
	static const struct {
		const char *user, *want;
	} cases[] = {
		{"", "INFO m u=\"\""},
		{"7", "INFO m u=***"},
		{"100", "INFO m u=***"},
		{"1001", "INFO m u=***01"},
		{"123456", "INFO m u=***56"},
		{"+4930123456", "INFO m u=***456"},
		{"alice\n\n\n", "INFO m u=\"***\\n\\n\\n\""},
	};
	log_set_mask(true);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct log_line l;
		assert_true(log_begin(&l, LOG_INFO, "m"));
		log_user(&l, "u", str_z(cases[i].user));
		log_end(&l);
		assert_string_equal(got, cases[i].want);
	}
}

static void test_masked_addresses(void **state)
{
	static const struct {
		const char *addr, *want;
	} cases[] = {
		{"192.0.2.7:5060", "INFO m a=192.0.x.x:5060"},
		{"[2001:db8:1::7]:5061", "INFO m a=[2001:0db8:x]:5061"},
		{"[fe80::1]:1", "INFO m a=[fe80:0000:x]:1"},
	};
	log_set_mask(true);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct log_line l;
		struct addr a;
		assert_true(addr_parse_hostport(str_z(cases[i].addr), &a));
		assert_true(log_begin(&l, LOG_INFO, "m"));
		log_addr(&l, "a", &a);
		log_end(&l);
		assert_string_equal(got, cases[i].want);
	}
}

/* a long value is cut by itself, and the keys after it are still there */
static void test_long_value(void **state)
{
	char value[2000];
	struct log_line l;

	memset(value, 'v', sizeof(value));
	assert_true(log_begin(&l, LOG_INFO, "m"));
	log_str(&l, "long", (struct str){value, sizeof(value)});
	log_u64(&l, "after", 1);
	log_end(&l);
	assert_non_null(strstr(got, "vvv...\" after=1"));
	assert_int_equal(strlen(got), strlen("INFO m long=\"\" after=1") + 300 + 3);
}

/* a cut does not make half a character of a whole one */
static void test_long_utf8(void **state)
{
	char value[400];
	for (size_t shift = 0; shift < 2; shift++) {
		value[0] = 'x';
		for (size_t i = shift; i + 2 <= sizeof(value); i += 2)
			memcpy(value + i, "\xc3\xbc", 2);
		line_of((struct str){value, sizeof(value) - 2});
		assert_null(strstr(got, "\\u"));
		assert_non_null(strstr(got, "\xc3\xbc...\""));
	}
}

/* what does not fit is left out pair by pair, and the line says so; nothing is ever half written */
static void test_full_line(void **state)
{
	struct log_line l;
	char value[240];

	memset(value, '\n', sizeof(value)); /* two bytes each */
	assert_true(log_begin(&l, LOG_INFO, "m"));
	log_str(&l, "a", (struct str){value, sizeof(value)});
	log_str(&l, "b", (struct str){value, sizeof(value)});
	log_str(&l, "c", (struct str){value, sizeof(value)});
	log_u64(&l, "d", 4);
	log_end(&l);
	assert_in_range(strlen(got), 970, sizeof(l.text));
	assert_null(strstr(got, " c="));
	assert_string_equal(got + strlen(got) - strlen(" d=4 cut=yes"), " d=4 cut=yes");
}

static void test_line_filled_to_the_brim(void **state)
{
	for (size_t n = 0; n < 300; n++) {
		struct log_line l;
		char value[300];
		memset(value, 'x', n);
		assert_true(log_begin(&l, LOG_INFO, "m"));
		for (unsigned i = 0; i < 12; i++)
			log_str(&l, "key", (struct str){value, n});
		log_end(&l);
		assert_true(strlen(got) <= sizeof(l.text));
		assert_int_equal(l.cut, strstr(got, " cut=yes") != NULL);
	}
}

static void test_long_message(void **state)
{
	char msg[1100];
	struct log_line l;
	memset(msg, 'm', sizeof(msg) - 1);
	msg[sizeof(msg) - 1] = '\0';
	assert_true(log_begin(&l, LOG_ERROR, msg));
	log_u64(&l, "k", 1);
	log_end(&l);
	assert_string_equal(got, "ERROR  k=1 cut=yes");
}

/* without a sink: standard error, with the time */
static void test_standard_error(void **state)
{
	char text[256];
	int p[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	log_set_sink(NULL, NULL);
	dup2(p[1], STDERR_FILENO);
	line_of(STR("v"));
	dup2(saved, STDERR_FILENO);
	n = read(p[0], text, sizeof(text));
	close(p[0]);
	close(p[1]);
	close(saved);
	assert_int_equal(n, strlen("2026-11-21T07:42:13.123456Z INFO m k=v\n"));
	assert_memory_equal(text + 26, "Z INFO m k=v\n", 13);
	assert_int_equal(lines, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		CASE(test_values),       CASE(test_quotes_at_every_place),
		CASE(test_kinds),        CASE(test_levels),
		CASE(test_masked_users), CASE(test_masked_addresses),
		CASE(test_long_value),   CASE(test_long_utf8),
		CASE(test_full_line),    CASE(test_line_filled_to_the_brim),
		CASE(test_long_message), CASE(test_standard_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
