/* SPDX-License-Identifier: Apache-2.0 */
/* rpc: requests, batches and answers; what the methods do is elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/manage/json_put.h"
#include "sbc/manage/rpc_internal.h"

#define FIRST_ROOM 4096
#define ENVELOPE   512 /* bytes around a result or an error, its id apart */

static const struct {
	int code;
	const char *text;
} errors[] = {
#define X(name, code, text) [name] = {code, text},
	RPC_ERRORS(X)
#undef X
};

const struct rpc_method *const rpc_tables[] = {rpc_core_methods, rpc_call_methods, rpc_location_methods, NULL};

static const struct rpc_method *find_method(const char *name)
{
	for (const struct rpc_method *const *t = rpc_tables; *t; t++)
		for (const struct rpc_method *m = *t; m->name; m++)
			if (strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

/* ---- answers ---- */

static void write_error(struct writer *w, enum rpc_error error, const char *reason)
{
	open_object(w, "error");
	put_key(w, "code");
	writer_fmt(w, "%d", errors[error].code);
	put_z(w, "message", errors[error].text);
	if (reason[0])
		put_z(w, "data", reason);
	close_object(w);
}

static void write_entry(struct writer *w, const struct rpc_entry *e)
{
	writer_lit(w, "{\"jsonrpc\":\"2.0\"");
	if (e->error) {
		write_error(w, e->error, e->reason);
	} else {
		put_key(w, "result");
		writer_put(w, e->result, e->result_n);
	}
	put_key(w, "id");
	writer_z(w, e->id);
	writer_char(w, '}');
}

/* Room for the whole; 0: nothing is to be answered. */
static size_t answer_room(const struct rpc_job *j)
{
	size_t n = 0;

	for (unsigned i = 0; i < j->n; i++)
		if (j->entries[i].id[0])
			n += ENVELOPE + sizeof(j->entries[i].id) + 6 * sizeof(j->entries[i].reason) +
			     j->entries[i].result_n;
	return n ? n + 2 : 0;
}

static char *write_answer(const struct rpc_job *j, size_t *ret_n)
{
	size_t room = answer_room(j);
	char *text = room ? malloc(room) : NULL;
	struct writer w = writer_init(text, text ? room : 0);
	bool first = true;

	*ret_n = room && !text;
	if (!text)
		return NULL;
	if (j->batch)
		writer_char(&w, '[');
	for (unsigned i = 0; i < j->n; i++) {
		if (!j->entries[i].id[0])
			continue;
		if (!first)
			writer_char(&w, ',');
		first = false;
		write_entry(&w, &j->entries[i]);
	}
	if (j->batch)
		writer_char(&w, ']');
	*ret_n = w.n;
	return text;
}

static void job_free(struct rpc_job *j)
{
	for (unsigned i = 0; i < j->n; i++) {
		gather_free(j->entries[i].gather);
		free(j->entries[i].result);
	}
	list_remove(&j->node);
	free(j);
}

static void job_step(struct rpc_job *j)
{
	char *text = NULL;
	size_t n = 0;

	if (--j->open)
		return;
	if (j->done) {
		text = write_answer(j, &n);
		j->done(j->arg, text, n);
	}
	job_free(j);
}

/* ---- entries ---- */

static void entry_done(struct rpc_entry *e)
{
	e->done = true;
	job_step(e->job);
}

void rpc_fail(struct rpc_entry *e, enum rpc_error error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->reason, sizeof(e->reason), fmt, ap);
	va_end(ap);
	e->error = error;
	entry_done(e);
}

void rpc_result(struct rpc_entry *e, void (*fn)(struct writer *w, const void *arg), const void *arg)
{
	size_t max = RPC_MAX_ANSWER - e->job->bytes;
	enum rpc_error error = RPC_TOO_LARGE;

	for (size_t cap = FIRST_ROOM; cap <= max; cap *= 8) {
		char *text = malloc(cap), *fit;
		struct writer w = writer_init(text, text ? cap : 0);

		if (!text) {
			error = RPC_INTERNAL;
			break;
		}
		fn(&w, arg);
		if (!w.overflow) {
			fit = realloc(text, w.n ? w.n : 1);
			e->result = fit ? fit : text;
			e->result_n = w.n;
			e->job->bytes += w.n;
			entry_done(e);
			return;
		}
		free(text);
	}
	rpc_fail(e, error, "%s", error == RPC_INTERNAL ? "out of memory" : "");
}

void rpc_gather(struct rpc_entry *e, const struct gather_kind *kind, const void *question, int worker,
		void (*done)(void *arg, struct gather *g))
{
	e->gather = gather_begin(&e->job->rpc->s->door, kind, question, worker, done, e);
	if (!e->gather)
		rpc_fail(e, RPC_INTERNAL, "out of memory");
}

/* ---- parameters ---- */

json_t *rpc_param(json_t *params, const char *name, unsigned position)
{
	return json_is_object(params) ? json_object_get(params, name) : json_array_get(params, position);
}

bool rpc_param_text(struct rpc_entry *e, json_t *params, const char *name, unsigned position, const char **ret)
{
	json_t *v = rpc_param(params, name, position);

	if (!v || json_is_null(v))
		return true;
	if (!json_is_string(v)) {
		rpc_fail(e, RPC_PARAMS, "%s is to be a text", name);
		return false;
	}
	*ret = json_string_value(v);
	return true;
}

bool rpc_param_u64(struct rpc_entry *e, json_t *params, const char *name, unsigned position, uint64_t max,
		   uint64_t *ret)
{
	json_t *v = rpc_param(params, name, position);

	if (!v || json_is_null(v))
		return true;
	if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max) {
		rpc_fail(e, RPC_PARAMS, "%s is to be a number from 0 to %llu", name, (unsigned long long)max);
		return false;
	}
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

/* ---- one call ---- */

/* §4: a text, a number or null; anything else makes the request invalid, and is answered with null. */
static bool take_id(struct rpc_entry *e, json_t *id)
{
	size_t n;

	if (!json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return false;
	n = json_dumpb(id, e->id, sizeof(e->id) - 1, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	if (n == 0 || n >= sizeof(e->id)) {
		e->id[0] = '\0';
		return false;
	}
	e->id[n] = '\0';
	return true;
}

static bool is_request(json_t *call, json_t *params)
{
	const char *version = json_string_value(json_object_get(call, "jsonrpc"));

	return version && strcmp(version, "2.0") == 0 && json_is_string(json_object_get(call, "method")) &&
	       (!params || json_is_object(params) || json_is_array(params));
}

static void begin_entry(struct rpc_entry *e, json_t *call)
{
	json_t *id = json_object_get(call, "id"), *params = json_object_get(call, "params");
	bool valid = json_is_object(call) && is_request(call, params), named = !id || take_id(e, id);
	const struct rpc_method *m;

	if (!valid || !named) {
		/* §5: what is no request is answered even without an id, since nobody can tell a notification */
		if (!e->id[0])
			strcpy(e->id, "null");
		rpc_fail(e, RPC_INVALID, "%s", "");
		return;
	}
	m = find_method(json_string_value(json_object_get(call, "method")));
	if (!m)
		rpc_fail(e, RPC_NO_METHOD, "core.methods lists those there are");
	else if (m->changes && !e->job->may_change)
		rpc_fail(e, RPC_FORBIDDEN, "%s", "");
	else
		m->fn(e, params);
}

/* ---- a request ---- */

static struct rpc_job *job_new(struct rpc *r, unsigned n, bool batch, rpc_done done, void *arg)
{
	struct rpc_job *j = calloc(1, sizeof(*j) + n * sizeof(j->entries[0]));

	if (!j)
		return NULL;
	j->rpc = r;
	j->n = n;
	j->open = n + 1;
	j->batch = batch;
	j->done = done;
	j->arg = arg;
	for (unsigned i = 0; i < n; i++)
		j->entries[i].job = j;
	list_append(&r->jobs, &j->node);
	return j;
}

/* Whether nothing is nested deeper than we read; jansson's own bound is a matter of its stack. */
static bool depth_good(struct str s)
{
	unsigned depth = 0;
	bool text = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (text && c == '\\')
			i++;
		else if (c == '"')
			text = !text;
		else if (!text && (c == '[' || c == '{') && ++depth > RPC_MAX_DEPTH)
			return false;
		else if (!text && (c == ']' || c == '}') && depth)
			depth--;
	}
	return true;
}

/* A request of which nothing can be called: one error, without an id to go by. */
static void refuse(struct rpc *r, enum rpc_error error, const char *reason, rpc_done done, void *arg)
{
	struct rpc_job *j = job_new(r, 1, false, done, arg);

	if (!j) {
		done(arg, NULL, 1);
		return;
	}
	strcpy(j->entries[0].id, "null");
	rpc_fail(&j->entries[0], error, "%s", reason);
	job_step(j);
}

static void run(struct rpc *r, json_t *root, bool may_change, rpc_done done, void *arg, struct rpc_job **ret)
{
	bool batch = json_is_array(root);
	unsigned n = batch ? (unsigned)json_array_size(root) : 1;
	struct rpc_job *j;

	if (batch && (n == 0 || n > RPC_MAX_BATCH)) {
		refuse(r, RPC_INVALID, n ? "too many calls in one batch" : "an empty batch", done, arg);
		return;
	}
	j = job_new(r, n, batch, done, arg);
	if (!j) {
		done(arg, NULL, 1);
		return;
	}
	j->may_change = may_change;
	for (unsigned i = 0; i < n; i++)
		begin_entry(&j->entries[i], batch ? json_array_get(root, i) : root);
	if (j->open > 1)
		*ret = j;
	job_step(j);
}

void rpc_submit(struct rpc *r, struct str body, bool may_change, rpc_done done, void *arg, struct rpc_job **ret)
{
	json_error_t where;
	json_t *root = NULL;

	*ret = NULL;
	if (body.n > RPC_MAX_BODY) {
		refuse(r, RPC_INVALID, "the request is too long", done, arg);
		return;
	}
	if (!depth_good(body)) {
		refuse(r, RPC_INVALID, "nested too deeply", done, arg);
		return;
	}
	root = json_loadb(body.n ? body.p : "", body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	if (root)
		run(r, root, may_change, done, arg, ret);
	else
		refuse(r, RPC_PARSE, "", done, arg);
	json_decref(root);
}

void rpc_abandon(struct rpc_job *j)
{
	j->done = NULL;
}

int rpc_create(struct rpc_sources *s, struct rpc **ret)
{
	struct rpc *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->s = s;
	list_init(&r->jobs);
	*ret = r;
	return 0;
}

void rpc_destroy(struct rpc *r)
{
	if (!r)
		return;
	list_for_each_safe (n, &r->jobs)
		job_free(list_entry(n, struct rpc_job, node));
	free(r);
}
