/* SPDX-License-Identifier: Apache-2.0 */
/* cli: commands that ask a running Limen, over its management port. One thread, blocking, with time-outs. What is shown
 * came from the network: nothing of it reaches a terminal unescaped. */
#ifndef SBC_CLI_H
#define SBC_CLI_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

#define DEFAULT_CONFIG "/etc/limen/limen.json"

/* Exit statuses. */
enum { CLI_GOOD, CLI_REFUSED, CLI_USAGE, CLI_UNREACHABLE };

/* ---- options that all of them take ---- */

struct cli_options {
	const char *config;  /* file that names the port, and the token */
	const char *connect; /* "address:port"; or NULL */
	bool json;
	unsigned long limit; /* 0: none */
	int first;           /* index of the first argument that is no option */
};
/* False: what is wrong has been said. */
bool cli_options(int argc, char **argv, struct cli_options *ret);

#define CLI_MANY INT_MAX
struct cli_verb {
	const char *name, *args, *help;
	int least, most;                                     /* arguments that are no options */
	int (*fn)(const struct cli_options *o, char **args); /* NULL ends args; returns an exit status */
};
extern const struct cli_verb cli_call_verbs[], cli_reg_verbs[]; /* an empty row ends them */

/* ---- cli_client.c ---- */

/* One call; params (NULL: none) is taken over. CLI_GOOD and *ret (the caller's), or what is
 * wrong has been said on standard error. */
int cli_ask(const struct cli_options *o, const char *method, json_t *params, json_t **ret);
/* All pages of a list: *ret is the object of the last, with the items of all under key. */
int cli_ask_all(const struct cli_options *o, const char *method, const char *key, json_t **ret);

/* ---- cli_table.c ---- */

/* What cannot harm a terminal: control characters, text that turns the direction of writing, and bytes that are no
 * UTF-8 are written as \xNN or \uNNNN; beyond max_columns (0: no limit) it is cut. Returns the columns written. */
size_t cli_print_text(FILE *f, const char *text, size_t max_columns);

/* As JSON, for programs. */
void cli_print_json(const json_t *j);
/* "some workers did not answer": CLI_REFUSED when so, else CLI_GOOD. */
int cli_say_missing(const json_t *list);
/* Shows what cli_ask() or cli_ask_all() got, which it takes over: as JSON when asked for, else by print. The exit
 * status: theirs, or whether workers were missing. */
int cli_show(const struct cli_options *o, int status, json_t *answer, void (*print)(const json_t *answer));

#define CLI_COLUMNS_MAX 12
struct cli_table {
	const char *const *heads; /* NULL ends them */
	unsigned n_columns;
	char **cells;
	size_t n, cap;
	bool oom;
};
void cli_table_init(struct cli_table *t, const char *const *heads);
void cli_table_put(struct cli_table *t, const char *cell); /* copied; NULL or "": "-" */
void cli_table_print(const struct cli_table *t, FILE *f);
void cli_table_finish(struct cli_table *t);

/* "0:05", "1:02:03"; "-" when it is not known. */
#define CLI_DURATION_LEN 24
const char *cli_duration(const json_t *ms, char buf[CLI_DURATION_LEN]);
/* Members of objects as text: "" when there is none. */
const char *cli_text(const json_t *object, const char *key);
/* `"Alice" <sip:alice@host;x=y>` is "alice@host". */
const char *cli_user(const char *value, char *buf, size_t cap);
/* A line of a description: a name in a column of its own, then what fmt makes, escaped. */
void cli_line(FILE *f, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
