/* SPDX-License-Identifier: Apache-2.0 */
/* limen: the command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/border/border.h"
#include "sbc/border/login.h"
#include "sbc/cli.h"
#include "sbc/faults.h"
#include "sbc/run.h"

static int usage(FILE *f, int status)
{
	fputs("usage: limen run [CONFIG]       serve calls until SIGTERM (drains) or a second one (ends them)\n"
	      "       limen check [CONFIG]     say what is wrong with a configuration, and with this machine for it\n"
	      "       limen explain [CONFIG] --network NAME --from USER[@HOST] --to USER[@HOST]\n"
	      "                     [--source ADDRESS] [--method METHOD]\n"
	      "                                say step by step what would happen to a call\n"
	      "       limen call list|show|end look at live calls, end them\n"
	      "       limen reg list|show|remove\n"
	      "                                look at registrations, remove them\n"
	      "       limen help [COMMAND]     more of a command\n"
	      "       limen version\n"
	      "CONFIG is " DEFAULT_CONFIG " when not given. SIGHUP reloads it; SIGUSR1 opens log and CDR files anew.\n"
	      "Exit status: 0 good (with warnings, too), 1 the service could not start, 2 wrong use or a faulty configuration.\n",
	      f);
	return status;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* ---- nouns: what is asked of a Limen that runs ---- */

static const struct noun {
	const char *name, *what;
	const struct cli_verb *verbs;
} nouns[] = {
	{"call", "live calls", cli_call_verbs},
	{"reg", "registrations", cli_reg_verbs},
};

static int noun_help(const struct noun *n, FILE *f, int status)
{
	fprintf(f, "limen %s: %s, of a Limen that runs\n", n->name, n->what);
	for (const struct cli_verb *v = n->verbs; v->name; v++)
		fprintf(f, "  limen %s %-6s %-14s %s\n", n->name, v->name, v->args, v->help);
	fputs("Options:\n"
	      "  --config FILE            its configuration, which names the management port (manage.listen) and its\n"
	      "                           token (manage.token); " DEFAULT_CONFIG " when not given\n"
	      "  --connect ADDRESS:PORT   the port itself; the token is then read from LIMEN_TOKEN\n"
	      "  --json                   for programs: all there is\n"
	      "Exit status: 0 good, 1 refused or not all workers answered, 2 wrong use, 3 no Limen there.\n",
	      f);
	return status;
}

static const struct noun *find_noun(const char *name)
{
	for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
		if (!strcmp(name, nouns[i].name))
			return &nouns[i];
	return NULL;
}

static int run_verb(const struct noun *n, const struct cli_verb *v, int argc, char **argv)
{
	struct cli_options o;
	int given;

	if (!cli_options(argc, argv, &o))
		return CLI_USAGE;
	given = argc - o.first;
	if (given >= v->least && given <= v->most)
		return v->fn(&o, argv + o.first);
	fprintf(stderr, "limen: it is limen %s %s %s\n", n->name, v->name, v->args);
	return CLI_USAGE;
}

static int run_noun(const struct noun *n, int argc, char **argv)
{
	for (int i = 1; i < argc && i < 3; i++)
		if (is_help(argv[i]))
			return noun_help(n, stdout, CLI_GOOD);
	for (const struct cli_verb *v = n->verbs; v->name && argc > 1; v++)
		if (!strcmp(argv[1], v->name))
			return run_verb(n, v, argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr, "limen: no command \"%s %s\"\n", n->name, argv[1]);
	return noun_help(n, stderr, CLI_USAGE);
}

/* The one argument of `run` and `check`, or the usual place. NULL: what is wrong has been said. */
static const char *config_argument(int argc, char **argv)
{
	const char *given = argc > 1 ? argv[1] : DEFAULT_CONFIG;

	if (given[0] == '-')
		fprintf(stderr, "limen: %s has no option \"%s\"; it is limen %s FILE\n", argv[0], given, argv[0]);
	else if (argc > 2)
		fprintf(stderr, "limen: %s takes one configuration file\n", argv[0]);
	else
		return given;
	return NULL;
}

static struct config *load(const char *path)
{
	struct config_faults faults = {0};
	struct config *c = NULL;

	if (config_load(path, &c, &faults) < 0)
		faults_print(stderr, path, &faults);
	config_faults_finish(&faults);
	return c;
}

static void print_warnings(struct config_faults *w)
{
	for (size_t i = 0; i < w->n; i++)
		fprintf(stderr, "warning: %s: %s\n", w->v[i].place, w->v[i].text);
	config_faults_finish(w);
}

static bool check_accounts(const struct config *c)
{
	struct config_faults faults = {0}, warnings = {0};
	struct accounts *a = NULL;
	int err = logins_load(c, &a, &faults, &warnings);

	faults_print(stderr, c->accounts.file, &faults);
	if (err < 0 && !faults.n)
		fprintf(stderr, "limen: %s: %s\n", c->accounts.file, strerror(-err));
	config_faults_finish(&faults);
	print_warnings(&warnings);
	accounts_unref(a);
	return err == 0;
}

static int cmd_check(int argc, char **argv)
{
	const char *path = config_argument(argc, argv);
	struct config_faults warnings = {0};
	struct config *c;

	if (!path)
		return 2;
	c = load(path);
	if (!c)
		return 2;
	if (!check_accounts(c)) {
		config_unref(c);
		return 2;
	}
	config_warnings(c, &warnings);
	print_warnings(&warnings);
	config_machine_warnings(c, &warnings);
	print_warnings(&warnings);
	printf("%s: good (networks: %zu, peers: %zu, routes: %zu)\n", path, c->n_networks, c->n_peers, c->n_routes);
	config_unref(c);
	return 0;
}

static void print_line(void *arg, const char *line)
{
	fprintf(arg, "%s\n", line);
}

/* What was asked wrongly is said on standard error, with the words that come before it. */
static int explain(const struct config *c, const struct border_explain *what)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int err;

	if (!f) {
		fputs("limen: out of memory\n", stderr);
		return 1;
	}
	err = border_explain(c, what, print_line, f);
	fclose(f);
	if (text)
		fwrite(text, 1, n, err < 0 ? stderr : stdout);
	free(text);
	return err < 0 ? 2 : 0;
}

static int cmd_explain(int argc, char **argv)
{
	static const struct option options[] = {
		{"network", required_argument, NULL, 'n'}, {"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},      {"source", required_argument, NULL, 's'},
		{"method", required_argument, NULL, 'm'},  {0}};
	struct border_explain what = {0};
	struct config *c;
	int o, status;

	opterr = 0; /* its words would not be of limen */
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'n':
			what.network = optarg;
			break;
		case 'f':
			what.from = optarg;
			break;
		case 't':
			what.to = optarg;
			break;
		case 's':
			what.source = optarg;
			break;
		case 'm':
			what.method = optarg;
			break;
		default:
			fprintf(stderr, "limen: no such option, or no value with it: %s\n", argv[optind - 1]);
			return 2;
		}
	}
	if (!what.network || !what.from || !what.to || argc - optind > 1) {
		fputs("limen: explain wants --network, --from and --to, and at most one file\n", stderr);
		return 2;
	}
	c = load(optind < argc ? argv[optind] : DEFAULT_CONFIG);
	if (!c)
		return 2;
	status = explain(c, &what);
	config_unref(c);
	return status;
}

static int cmd_run(int argc, char **argv)
{
	/* the hooks of tests come by environment: they are no option of an operator's */
	const char *workers = getenv("LIMEN_TEST_WORKERS"), *dns = getenv("LIMEN_TEST_DNS");
	struct run_options o = {
		.config = config_argument(argc, argv),
		.dns_servers = dns,
		.workers = workers ? (unsigned)strtoul(workers, NULL, 10) : 0,
		.random_delivery = getenv("LIMEN_TEST_RANDOM_DELIVERY") != NULL,
	};

	return o.config ? run(&o) : 2;
}

static int cmd_version(int argc, char **argv)
{
	puts("limen " LIMEN_VERSION);
	return 0;
}

static const struct command {
	const char *name;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{"run", cmd_run},         {"check", cmd_check},       {"explain", cmd_explain},
	{"version", cmd_version}, {"--version", cmd_version},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	fprintf(stderr, "limen: no command \"%s\"; limen help has them all\n", name);
	return 2;
}

static int help(const char *name)
{
	const struct noun *n = find_noun(name);

	if (n)
		return noun_help(n, stdout, 0);
	return find_command(name) || is_help(name) ? usage(stdout, 0) : unknown(name);
}

int main(int argc, char **argv)
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;
	const struct noun *n = argc > 1 ? find_noun(argv[1]) : NULL;

	if (argc < 2)
		return usage(stderr, 2);
	if (is_help(argv[1]))
		return help(argc > 2 ? argv[2] : argv[1]);
	if (n)
		return run_noun(n, argc - 1, argv + 1);
	if (!c)
		return unknown(argv[1]);
	return argc > 2 && is_help(argv[2]) ? usage(stdout, 0) : c->fn(argc - 1, argv + 1);
}
