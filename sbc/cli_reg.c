/* SPDX-License-Identifier: Apache-2.0 */
/* cli_reg: limen reg list, show, remove. */
#include <string.h>

#include "sbc/cli.h"

static void put_binding(struct cli_table *t, const json_t *b)
{
	char left[CLI_DURATION_LEN], contact[512];

	cli_table_put(t, cli_text(b, "aor"));
	cli_table_put(t, cli_text(b, "network"));
	cli_table_put(t, cli_text(b, "state"));
	cli_table_put(t, cli_duration(json_object_get(b, "expires_ms"), left));
	cli_table_put(t, cli_user(cli_text(b, "contact"), contact, sizeof(contact)));
	cli_table_put(t, cli_text(b, "transport"));
	cli_table_put(t, cli_text(b, "remote"));
	cli_table_put(t, cli_text(b, "agent"));
}

static void print_bindings(const json_t *list)
{
	static const char *const heads[] = {"AOR",       "NETWORK", "STATE", "EXPIRES", "CONTACT",
					    "TRANSPORT", "SOURCE",  "AGENT", NULL};
	const json_t *all = json_object_get(list, "bindings");
	struct cli_table t;

	cli_table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(all); i++)
		put_binding(&t, json_array_get(all, i));
	if (t.n)
		cli_table_print(&t, stdout);
	printf("%zu contacts", json_array_size(all));
	if (json_is_integer(json_object_get(list, "total")))
		printf(" of %lld", (long long)json_integer_value(json_object_get(list, "total")));
	putchar('\n');
	cli_table_finish(&t);
}

static int reg_list(const struct cli_options *o, char **args)
{
	json_t *list = NULL;
	int status = cli_ask_all(o, "ul.dump", "bindings", &list);

	return cli_show(o, status, list, print_bindings);
}

static void print_binding(const json_t *b)
{
	char left[CLI_DURATION_LEN], core[CLI_DURATION_LEN], age[CLI_DURATION_LEN];

	cli_line(stdout, "aor", "%s, network %s", cli_text(b, "aor"), cli_text(b, "network"));
	cli_line(stdout, "state", "%s, registered for %s, expires in %s, at the core in %s", cli_text(b, "state"),
		 cli_duration(json_object_get(b, "age_ms"), age), cli_duration(json_object_get(b, "expires_ms"), left),
		 cli_duration(json_object_get(b, "core_expires_ms"), core));
	cli_line(stdout, "contact", "%s", cli_text(b, "contact"));
	cli_line(stdout, "alias", "%s", cli_text(b, "alias"));
	cli_line(stdout, "source", "%s %s", cli_text(b, "transport"), cli_text(b, "remote"));
	cli_line(stdout, "instance", "%s", cli_text(b, "instance"));
	cli_line(stdout, "agent", "%s", cli_text(b, "agent"));
}

static void print_all(const json_t *list)
{
	const json_t *all = json_object_get(list, "bindings");

	for (size_t i = 0; i < json_array_size(all); i++) {
		if (i)
			putchar('\n');
		print_binding(json_array_get(all, i));
	}
}

static int reg_show(const struct cli_options *o, char **aor)
{
	json_t *list = NULL;
	int status = cli_ask(o, "ul.lookup", json_pack("{s:s}", "aor", *aor), &list);

	return cli_show(o, status, list, print_all);
}

static void print_removed(const json_t *result)
{
	printf("removed %lld contacts; the phone comes back with its next REGISTER\n",
	       (long long)json_integer_value(json_object_get(result, "removed")));
}

static int reg_remove(const struct cli_options *o, char **aor)
{
	json_t *result = NULL;
	int status = cli_ask(o, "ul.rm", json_pack("{s:s}", "aor", *aor), &result);

	return cli_show(o, status, result, print_removed);
}

const struct cli_verb cli_reg_verbs[] = {
	{"list", "[--limit N]", "registered contacts", 0, 0, reg_list},
	{"show", "AOR", "the contacts of one address of record (user@host)", 1, 1, reg_show},
	{"remove", "AOR", "removes all contacts of an address of record", 1, 1, reg_remove},
	{0},
};
