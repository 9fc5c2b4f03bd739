/* SPDX-License-Identifier: Apache-2.0 */
/* Needles, one a line, and behind a NUL a message of any bytes. What leaps, hashes and sets of lengths pass over is
 * looked for again token by token: both find something, or neither does. What is looked for is found where it stands by
 * itself, whatever follows; and a network's table finds what a leg's set with the same needles finds. */
#include <stdlib.h>
#include <string.h>

#include "sbc/border/leak_internal.h"
#include "tests/fuzz/check.h"

static struct config *config;
static struct leak_table *table;
static struct leak_set same; /* as the table has it for the first network */

static void prepare(void)
{
	static const char text[] =
		"{\"networks\":{\"a\":{\"listen\":[\"udp:203.0.113.10:5060\",\"udp:[2001:db8::10]:5060\"]},"
		"\"b\":{\"listen\":[\"udp:10.0.0.2:5060\",\"udp:[2001:db8:1::2]:5060\"]}},"
		"\"peers\":{\"pbx\":{\"network\":\"b\",\"targets\":[\"10.0.0.5\",\"pbx.inside.example\"]}},"
		"\"routes\":[{\"target\":\"pbx\"}]}";
	static const char *const forbidden[] = {"10.0.0.2", "2001:db8:1::2", "10.0.0.5", "pbx.inside.example"};
	struct config_faults faults = {0};

	if (table)
		return;
	CHECK(config_load_text(text, sizeof(text) - 1, "fuzz", &config, &faults) == 0);
	CHECK(leak_table_create(config, &table) == 0);
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		CHECK(leak_set_add(&same, str_z(forbidden[i])));
}

/* Bytes of its own: a sanitizer sees one too far. */
static char *exact(struct str a, struct str b, struct str c)
{
	const size_t n = a.n + b.n + c.n;
	struct writer w = writer_init(malloc(n ? n : 1), n);

	CHECK(w.p);
	writer_str(&w, a);
	writer_str(&w, b);
	writer_str(&w, c);
	return w.p;
}

static bool is_token(const struct leak_set *set, struct str text, size_t start, size_t end)
{
	while (end > start && (leak_class[(uint8_t)text.p[end - 1]] & LEAK_EDGE))
		end--;
	while (start < end && (leak_class[(uint8_t)text.p[start]] & LEAK_EDGE))
		start++;
	for (unsigned i = 0; i < set->n; i++)
		if (start < end && set->v[i].len && leak_needle_at(&set->v[i], text, start, end))
			return true;
	return false;
}

static bool plainly_found(const struct leak_set *set, struct str text)
{
	for (size_t i = 0; i < text.n;) {
		size_t start = i, escape;

		while (i < text.n && (leak_class[(uint8_t)text.p[i]] & LEAK_WORD))
			i++;
		if (is_token(set, text, start, i))
			return true;
		escape = leak_escape(text.p + i, text.n - i);
		i += escape ? escape : 1;
	}
	return false;
}

/* Then there is a body, which may be of a kind that is not looked at. */
static bool has_blank_line(struct str text)
{
	return (text.n && text.p[0] == '\n') || str_starts(text, STR("\r\n")) || str_contains(text, STR("\n\n")) ||
	       str_contains(text, STR("\n\r\n"));
}

static void compare(const struct leak_set *set, struct str text)
{
	struct leak_finding f;
	bool found = leak_check(NULL, 0, set, text, &f), there = plainly_found(set, text);

	CHECK(!found || there || set->v6);
	CHECK(found || !there || has_blank_line(text));
	if (found)
		CHECK(f.line.p >= text.p && f.line.p + f.line.n <= text.p + text.n && f.needle.n);
}

static void stands_alone(const struct leak_set *set, struct str needle, struct str rest)
{
	const struct str head = STR("OPTIONS sip:x SIP/2.0\r\nX: ");
	struct leak_finding f;
	char *behind = exact(STR("\r\n"), rest, STR_NONE),
	     *text = exact(head, needle, (struct str){behind, rest.n + 2});

	CHECK(leak_check(NULL, 0, set, (struct str){text, head.n + needle.n + rest.n + 2}, &f));
	free(behind);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = {(const char *)p, n}, needles = str_cut(&rest, '\0'), needle;
	struct leak_set set = {0};
	struct leak_finding f;
	char *text = exact(rest, STR_NONE, STR_NONE);

	prepare();
	rest.p = text;
	while (needles.n && set.n < LEAK_SET_MAX) {
		needle = str_cut(&needles, '\n');
		unsigned held = set.n;
		CHECK(leak_set_add(&set, needle));
		if (set.n > held)
			stands_alone(&set, needle, rest);
	}
	compare(&set, rest);
	CHECK(leak_check(table, 0, NULL, rest, &f) == leak_check(NULL, 0, &same, rest, &f));
	free(text);
	return 0;
}
