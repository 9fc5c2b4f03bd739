/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_core: the process itself, its numbers, its configuration. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "sbc/manage/json_put.h"
#include "sbc/manage/rpc_internal.h"

#define METRICS_ROOM (256u << 10)
#define METRICS_MAX  (16u << 20)

/* ---- the process ---- */

static void write_version(struct writer *w, const void *arg)
{
	writer_json(w, STR("Limen " LIMEN_VERSION));
}

static void core_version(struct rpc_entry *e, json_t *params)
{
	rpc_result(e, write_version, NULL);
}

static void put_uptime(struct writer *w, const struct rpc_sources *s)
{
	uint64_t now_ns = clock_ns();

	put_time(w, "now", clock_wall_us(now_ns));
	put_time(w, "up_since", clock_wall_us(s->started_ns));
	put_u64(w, "uptime", (now_ns - s->started_ns) / 1000000000);
}

static void write_uptime(struct writer *w, const void *arg)
{
	open_item(w);
	put_uptime(w, arg);
	close_object(w);
}

static void core_uptime(struct rpc_entry *e, json_t *params)
{
	rpc_result(e, write_uptime, e->job->rpc->s);
}

static void write_info(struct writer *w, const void *arg)
{
	const struct rpc_sources *s = arg;
	const struct config *c = s->config(s->door.arg);
	uint64_t calls = 0, legs = 0;

	for (unsigned i = 0; i < s->door.n_workers; i++) {
		struct call_counters n;

		calls_counters(s->calls(s->door.arg, i), &n);
		calls += n.calls;
		legs += n.legs;
	}
	open_item(w);
	put_z(w, "name", "Limen");
	put_z(w, "version", LIMEN_VERSION);
	put_u64(w, "pid", (uint64_t)getpid());
	put_uptime(w, s);
	put_bool(w, "ready", s->ready(s->door.arg));
	put_z(w, "config", c->path);
	put_u64(w, "workers", s->door.n_workers);
	put_u64(w, "networks", c->n_networks);
	put_u64(w, "peers", c->n_peers);
	put_u64(w, "routes", c->n_routes);
	put_u64(w, "calls", calls);
	put_u64(w, "legs", legs);
	close_object(w);
}

static void core_info(struct rpc_entry *e, json_t *params)
{
	rpc_result(e, write_info, e->job->rpc->s);
}

static void write_methods(struct writer *w, const void *arg)
{
	bool first = true;

	writer_char(w, '[');
	for (const struct rpc_method *const *t = rpc_tables; *t; t++)
		for (const struct rpc_method *m = *t; m->name; m++) {
			if (!first)
				writer_char(w, ',');
			first = false;
			writer_char(w, '{');
			put_z(w, "name", m->name);
			put_z(w, "params", m->params);
			put_bool(w, "changes", m->changes);
			put_z(w, "help", m->help);
			close_object(w);
		}
	writer_char(w, ']');
}

static void core_methods(struct rpc_entry *e, json_t *params)
{
	rpc_result(e, write_methods, NULL);
}

/* ---- numbers: what /metrics says, by name ---- */

struct statistics {
	struct str text;
	json_t *params;
};

static bool is_wanted(struct str name, json_t *params)
{
	size_t n = json_array_size(params);

	for (size_t i = 0; i < n; i++) {
		struct str prefix = str_z(json_string_value(json_array_get(params, i)));

		if (str_starts(name, prefix) || str_eq(prefix, STR("all")))
			return true;
	}
	return n == 0;
}

static void write_statistics(struct writer *w, const void *arg)
{
	const struct statistics *s = arg;
	struct str rest = s->text;

	writer_char(w, '{');
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');
		size_t n = line.n;

		while (n && line.p[n - 1] != ' ')
			n--;
		if (n < 2 || line.p[0] == '#' || !is_wanted(line, s->params))
			continue;
		if (w->n > 1)
			writer_char(w, ',');
		writer_json(w, (struct str){line.p, n - 1});
		writer_char(w, ':');
		writer_str(w, (struct str){line.p + n, line.n - n});
	}
	writer_char(w, '}');
}

static void get_statistics(struct rpc_entry *e, json_t *params)
{
	const struct rpc_sources *s = e->job->rpc->s;

	if (params && !json_is_array(params)) {
		rpc_fail(e, RPC_PARAMS, "give names, or their beginnings, in a list");
		return;
	}
	for (size_t i = 0; i < json_array_size(params); i++) {
		if (json_is_string(json_array_get(params, i)))
			continue;
		rpc_fail(e, RPC_PARAMS, "names are texts");
		return;
	}
	for (size_t cap = METRICS_ROOM; cap <= METRICS_MAX; cap *= 4) {
		char *text = malloc(cap);
		struct writer w = writer_init(text, text ? cap : 0);

		if (text)
			s->metrics(s->door.arg, &w);
		if (text && !w.overflow) {
			rpc_result(e, write_statistics,
				   &(struct statistics){.text = writer_result(&w), .params = params});
			free(text);
			return;
		}
		free(text);
		if (!text)
			break;
	}
	rpc_fail(e, RPC_INTERNAL, "out of memory");
}

/* ---- configuration ---- */

struct config_question {
	const struct config *c;
	struct str place;
};

static void write_config(struct writer *w, const void *arg)
{
	const struct config_question *q = arg;

	config_show(q->c, q->place, w);
}

static void cfg_get(struct rpc_entry *e, json_t *params)
{
	const struct rpc_sources *s = e->job->rpc->s;
	struct config_question q = {.c = s->config(s->door.arg)};
	const char *place = NULL;

	if (!rpc_param_text(e, params, "place", 0, &place))
		return;
	q.place = str_z(place);
	if (!config_has_place(q.c, q.place))
		rpc_fail(e, RPC_NOT_FOUND, "the configuration has nothing there");
	else
		rpc_result(e, write_config, &q);
}

const struct rpc_method rpc_core_methods[] = {
	{"core.version", "", "name and version", false, core_version},
	{"core.uptime", "", "since when the process runs", false, core_uptime},
	{"core.info", "", "the process at a glance", false, core_info},
	{"core.methods", "", "this list", false, core_methods},
	{"system.listMethods", "", "the same", false, core_methods},
	{"stats.get_statistics", "[name, ...]", "what /metrics says, as an object; names may be beginnings, or \"all\"",
	 false, get_statistics},
	{"cfg.get", "[place]",
	 "the configuration in use, or what is at a place of it (\"timers.t1\"); secrets are left out", false, cfg_get},
	{0},
};
