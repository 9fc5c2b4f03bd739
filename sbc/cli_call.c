/* SPDX-License-Identifier: Apache-2.0 */
/* cli_call: limen call list, show, end. */
#include <string.h>

#include "sbc/cli.h"

/* ---- list ---- */

/* The peer, or the network of who is none. */
static const char *party(const json_t *call, const char *leg)
{
	const json_t *l = json_object_get(call, leg);
	const char *peer = cli_text(l, "peer");

	return *peer ? peer : cli_text(l, "network");
}

static void put_call(struct cli_table *t, const json_t *call, bool kept)
{
	const json_t *a = json_object_get(call, "a");
	char age[CLI_DURATION_LEN], talk[CLI_DURATION_LEN], from[256], to[256];

	cli_table_put(t, cli_text(call, "id"));
	cli_table_put(t, cli_text(call, "state"));
	cli_table_put(t, cli_duration(json_object_get(call, "age_ms"), age));
	cli_table_put(t, cli_duration(json_object_get(call, "talk_ms"), talk));
	cli_table_put(t, cli_user(cli_text(a, "from"), from, sizeof(from)));
	cli_table_put(t, cli_user(cli_text(a, "to"), to, sizeof(to)));
	cli_table_put(t, party(call, "a"));
	cli_table_put(t, party(call, "b"));
	cli_table_put(t, cli_text(call, "route"));
	if (kept)
		cli_table_put(t, cli_text(call, "kept"));
}

/* There is a store for calls. */
static bool any_kept(const json_t *calls)
{
	for (size_t i = 0; i < json_array_size(calls); i++)
		if (*cli_text(json_array_get(calls, i), "kept"))
			return true;
	return false;
}

static void print_calls(const json_t *list)
{
	const json_t *calls = json_object_get(list, "calls");
	bool kept = any_kept(calls);
	const char *const heads[] = {
		"ID", "STATE", "AGE", "TALK", "FROM", "TO", "A", "B", "ROUTE", kept ? "KEPT" : NULL, NULL};
	struct cli_table t;

	cli_table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(calls); i++)
		put_call(&t, json_array_get(calls, i), kept);
	if (t.n)
		cli_table_print(&t, stdout);
	printf("%zu of %lld calls\n", json_array_size(calls),
	       (long long)json_integer_value(json_object_get(list, "total")));
	cli_table_finish(&t);
}

static int call_list(const struct cli_options *o, char **args)
{
	json_t *list = NULL;
	int status = cli_ask_all(o, "dlg.list", "calls", &list);

	return cli_show(o, status, list, print_calls);
}

/* ---- show ---- */

static void print_leg(const json_t *call, const char *key, const char *name)
{
	const json_t *l = json_object_get(call, key);
	char state[16];

	if (!json_is_object(l)) {
		cli_line(stdout, name, "-");
		return;
	}
	if (!*cli_text(l, "network")) { /* a target that is built in */
		cli_line(stdout, name, "%s, in Limen itself", party(call, key));
		return;
	}
	snprintf(state, sizeof(state), "%s_state", key);
	cli_line(stdout, name, "%s, network %s, %s %s, %s", party(call, key), cli_text(l, "network"),
		 cli_text(l, "transport"), cli_text(l, "remote"), cli_text(call, state));
	cli_line(stdout, "  from", "%s", cli_text(l, "from"));
	cli_line(stdout, "  to", "%s", cli_text(l, "to"));
	cli_line(stdout, "  call-id", "%s", cli_text(l, "call_id"));
	cli_line(stdout, "  tags", "ours %s, theirs %s", cli_text(l, "local_tag"), cli_text(l, "remote_tag"));
}

static void print_described(const json_t *call, const char *key, const char *name)
{
	const json_t *lines = json_object_get(call, key);

	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *m = json_array_get(lines, i), *codecs = json_object_get(m, "codecs");
		char text[1024];
		size_t n = 0;

		text[0] = '\0';
		for (size_t k = 0; k < json_array_size(codecs) && n < sizeof(text) - 1; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", k ? ", " : "",
					      json_string_value(json_array_get(codecs, k)));
		cli_line(stdout, name, "%s port %lld, %s, %s: %s", cli_text(m, "kind"),
			 (long long)json_integer_value(json_object_get(m, "port")), cli_text(m, "profile"),
			 cli_text(m, "direction"), text);
	}
}

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void print_direction(long long stream, const json_t *d, const char *from)
{
	const char *latched = cli_text(d, "latched"), *expected = cli_text(d, "expected");

	cli_line(stdout, "media",
		 "stream %lld from %s: %lld packets (%lld relayed), %lld lost, %lld reordered, jitter %.1f ms", stream,
		 from, number(d, "packets"), number(d, "relayed"), number(d, "lost"), number(d, "reordered"),
		 (double)number(d, "jitter_us") / 1000);
	cli_line(stdout, "", "  %s%s%s%s; its SDP said %s", *latched ? "comes from " : "nothing came yet", latched,
		 *latched ? ", latched by " : "", cli_text(d, "latch"), *expected ? expected : "no address");
}

static void print_media(const json_t *call)
{
	const json_t *media = json_object_get(call, "media");

	if (!json_is_true(json_object_get(call, "media_known")))
		cli_line(stdout, "media", "-");
	for (size_t i = 0; i < json_array_size(media); i++) {
		const json_t *m = json_array_get(media, i);

		print_direction(number(m, "stream"), json_object_get(m, "from_a"), "A");
		print_direction(number(m, "stream"), json_object_get(m, "from_b"), "B");
	}
}

static void print_attempts(const json_t *call)
{
	const json_t *all = json_object_get(call, "attempts");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *a = json_array_get(all, i);
		const char *cause = cli_text(a, "cause");

		cli_line(stdout, i ? "" : "tried", "%s at %s: %lld%s%s", cli_text(a, "peer"), cli_text(a, "remote"),
			 number(a, "status"), *cause ? ", " : "", cause);
	}
}

static void print_verdict(const json_t *call)
{
	const json_t *v = json_object_get(call, "verdict");
	const char *a = cli_text(v, "from_a"), *b = cli_text(v, "from_b");

	if (*a)
		cli_line(stdout, "verdict", "%s", a);
	if (*b)
		cli_line(stdout, "verdict", "%s", b);
	if (!*a && !*b)
		cli_line(stdout, "verdict", "nothing is wrong so far");
}

static void print_call(const json_t *call)
{
	char age[CLI_DURATION_LEN], talk[CLI_DURATION_LEN];

	cli_line(stdout, "call", "%s", cli_text(call, "id"));
	cli_line(stdout, "state", "%s, begun %s, age %s, talking %s", cli_text(call, "state"), cli_text(call, "start"),
		 cli_duration(json_object_get(call, "age_ms"), age),
		 cli_duration(json_object_get(call, "talk_ms"), talk));
	cli_line(stdout, "route", "%s", cli_text(call, "route"));
	if (*cli_text(call, "kept"))
		cli_line(stdout, "kept", "%s", cli_text(call, "kept"));
	print_leg(call, "a", "A");
	print_described(call, "described_a", "  told");
	print_leg(call, "b", "B");
	print_described(call, "described_b", "  told");
	print_attempts(call);
	print_media(call);
	print_verdict(call);
}

/* ---- show and end take ids ---- */

static int each_id(const struct cli_options *o, char **ids, const char *method, void (*print)(const json_t *call))
{
	int worst = CLI_GOOD;

	for (; *ids; ids++) {
		json_t *call = NULL;
		int status = cli_ask(o, method, json_pack("{s:s}", "id", *ids), &call);

		status = cli_show(o, status, call, print);
		worst = status > worst ? status : worst;
	}
	return worst;
}

static int call_show(const struct cli_options *o, char **ids)
{
	return each_id(o, ids, "dlg.show", print_call);
}

static void print_ended(const json_t *call)
{
	fputs("ended ", stdout);
	cli_print_text(stdout, cli_text(call, "id"), 0);
	putchar('\n');
}

static int call_end(const struct cli_options *o, char **ids)
{
	return each_id(o, ids, "dlg.end_dlg", print_ended);
}

const struct cli_verb cli_call_verbs[] = {
	{"list", "[--limit N]", "live calls, oldest first", 0, 0, call_list},
	{"show", "ID...", "calls: both legs, what was tried, media, the verdict so far", 1, CLI_MANY, call_show},
	{"end", "ID...", "ends calls: BYE on both sides, or CANCEL while it rings", 1, CLI_MANY, call_end},
	{0},
};
