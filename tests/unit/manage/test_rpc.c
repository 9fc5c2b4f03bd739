/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC 2.0: what is answered to requests good and bad, text by text; and with memory that runs out. The methods
 * that need no worker serve; those that do are shown by tests/call. */
#include "sbc/manage/rpc.h"

#include <stdlib.h>

#include "base/clock.h"
#include "oom.h"
#include "sbc/manage/rpc_internal.h"
#include "unit.h"

static struct config *config;
static struct rpc_sources sources;
static struct rpc *rpc;

static const struct config *config_of(void *arg)
{
	return config;
}

static void metrics(void *arg, struct writer *w)
{
	writer_lit(w, "# HELP a b\n# TYPE a counter\na_total 12\nb{x=\"1 2\"} 0.5\nb{x=\"\\\"\"} 7\n");
}

static bool ready(void *arg)
{
	return true;
}

static int start(void **state)
{
	static const char text[] =
		"{\"networks\": {\"n\": {\"listen\": \"udp:127.0.0.1:5060\"}},"
		"\"cluster_key\": \"0123456789abcdef\", \"manage\": {\"token\": \"fedcba9876543210\"}}";
	struct config_faults f = {0};

	assert_int_equal(config_load_text(text, sizeof(text) - 1, "x", &config, &f), 0);
	config_faults_finish(&f);
	sources =
		(struct rpc_sources){.config = config_of, .metrics = metrics, .ready = ready, .started_ns = clock_ns()};
	assert_int_equal(rpc_create(&sources, &rpc), 0);
	return 0;
}

static int stop(void **state)
{
	rpc_destroy(rpc);
	config_unref(config);
	return 0;
}

struct told {
	char *body;
	size_t n;
	unsigned times;
};

static void on_done(void *arg, char *body, size_t n)
{
	struct told *t = arg;

	t->body = body;
	t->n = n;
	t->times++;
}

/* The answer, the caller's; NULL: none. */
static char *ask(const char *text, size_t n, bool may_change)
{
	struct told t = {0};
	struct rpc_job *job;
	char *z;

	rpc_submit(rpc, (struct str){text, n}, may_change, on_done, &t, &job);
	assert_null(job);
	assert_int_equal(t.times, 1);
	if (!t.body) {
		assert_int_equal(t.n, 0);
		return NULL;
	}
	z = malloc(t.n + 1);
	memcpy(z, t.body, t.n);
	z[t.n] = '\0';
	free(t.body);
	return z;
}

#define V           "\"jsonrpc\":\"2.0\","
#define ERROR(c, m) "{" V "\"error\":{\"code\":" c ",\"message\":\"" m "\"},\"id\":null}"
#define INVALID     ERROR("-32600", "Invalid Request")
#define VERSION(id) "{" V "\"result\":\"Limen " LIMEN_VERSION "\",\"id\":" id "}"
#define CALL(id)    "{" V "\"method\":\"core.version\",\"id\":" id "}"
#define D4          "[[[["
#define D16         D4 D4 D4 D4
#define NO_METHOD(id)                                                                                                             \
	"{" V                                                                                                                     \
	"\"error\":{\"code\":-32601,\"message\":\"Method not found\",\"data\":\"core.methods lists those there are\"},\"id\":" id \
	"}"
#define FORBIDDEN "This method changes something and needs the token"

static const struct {
	const char *request, *want; /* NULL: nothing is answered */
} cases[] = {
	{CALL("1"), VERSION("1")},
	{CALL("\"x\\u0000y\""), INVALID}, /* jansson takes no such text: the whole is no JSON */
	{CALL("\"\\u00fc\\\"\""), VERSION("\"\\u00FC\\\"\"")},
	{CALL("null"), VERSION("null")},
	{CALL("-7"), VERSION("-7")},
	{CALL("1.5"), VERSION("1.5")},
	{" \r\n" CALL("1") "\n", VERSION("1")},
	{"{" V "\"method\":\"core.version\"}", NULL},
	{"{" V "\"method\":\"core.version\",\"params\":[],\"id\":1}", VERSION("1")},
	{"{" V "\"method\":\"core.version\",\"params\":{},\"id\":1}", VERSION("1")},
	/* what is no request */
	{"", ERROR("-32700", "Parse error")},
	{"{", ERROR("-32700", "Parse error")},
	{"{\"a\":1,\"a\":2}", ERROR("-32700", "Parse error")},
	{CALL("1") CALL("2"), ERROR("-32700", "Parse error")},
	{CALL("99999999999999999999"), ERROR("-32700", "Parse error")},
	{"{" V "\"method\":\"\xff\",\"id\":1}", ERROR("-32700", "Parse error")},
	{"1", INVALID},
	{"\"x\"", INVALID},
	{"null", INVALID},
	{"{}", INVALID},
	{"{\"method\":\"core.version\",\"id\":1}",
	 "{" V "\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"},\"id\":1}"},
	{"{\"jsonrpc\":\"1.0\",\"method\":\"core.version\"}", INVALID},
	{"{\"jsonrpc\":2.0,\"method\":\"core.version\"}", INVALID},
	{"{" V "\"method\":1}", INVALID},
	{"{" V "\"method\":\"core.version\",\"params\":1}", INVALID},
	{CALL("[1]"), INVALID},
	{CALL("{}"), INVALID},
	{CALL("true"), INVALID},
	/* methods */
	{"{" V "\"method\":\"nope\",\"id\":3}", NO_METHOD("3")},
	{"{" V "\"method\":\"core.Version\",\"id\":3}", NO_METHOD("3")},
	{"{" V "\"method\":\"\",\"id\":3}", NO_METHOD("3")},
	{"{" V "\"method\":\"nope\"}", NULL},
	{"{" V "\"method\":\"dlg.end_dlg\",\"params\":[\"x\"],\"id\":3}",
	 "{" V "\"error\":{\"code\":-32003,\"message\":\"" FORBIDDEN "\"},\"id\":3}"},
	{"{" V "\"method\":\"dlg.show\",\"id\":3}",
	 "{" V
	 "\"error\":{\"code\":-32602,\"message\":\"Invalid params\",\"data\":\"the id of a call is missing\"},\"id\":3}"},
	{"{" V "\"method\":\"dlg.show\",\"params\":[7],\"id\":3}",
	 "{" V "\"error\":{\"code\":-32602,\"message\":\"Invalid params\",\"data\":\"id is to be a text\"},\"id\":3}"},
	{"{" V "\"method\":\"dlg.list\",\"params\":{\"limit\":1001},\"id\":3}",
	 "{" V
	 "\"error\":{\"code\":-32602,\"message\":\"Invalid params\",\"data\":\"limit is to be a number from 0 to 1000\"},\"id\":3}"},
	{"{" V "\"method\":\"dlg.list\",\"params\":{\"after\":\"x\"},\"id\":3}",
	 "{" V
	 "\"error\":{\"code\":-32602,\"message\":\"Invalid params\",\"data\":\"after is to be what \\\"next\\\" of the page before "
	 "said\"},\"id\":3}"},
	{"{" V "\"method\":\"stats.get_statistics\",\"id\":3}",
	 "{" V "\"result\":{\"a_total\":12,\"b{x=\\\"1 2\\\"}\":0.5,\"b{x=\\\"\\\\\\\"\\\"}\":7},\"id\":3}"},
	{"{" V "\"method\":\"stats.get_statistics\",\"params\":[\"a_\"],\"id\":3}",
	 "{" V "\"result\":{\"a_total\":12},\"id\":3}"},
	{"{" V "\"method\":\"stats.get_statistics\",\"params\":[1],\"id\":3}",
	 "{" V "\"error\":{\"code\":-32602,\"message\":\"Invalid params\",\"data\":\"names are texts\"},\"id\":3}"},
	{"{" V "\"method\":\"cfg.get\",\"params\":[\"cluster_key\"],\"id\":3}",
	 "{" V "\"result\":\"(secret)\",\"id\":3}"},
	{"{" V "\"method\":\"cfg.get\",\"params\":[\"manage\"],\"id\":3}",
	 "{" V "\"result\":{\"token\":\"(secret)\"},\"id\":3}"},
	{"{" V "\"method\":\"cfg.get\",\"params\":[\"manage.tokem\"],\"id\":3}",
	 "{" V
	 "\"error\":{\"code\":-32001,\"message\":\"Not found\",\"data\":\"the configuration has nothing there\"},\"id\":3}"},
	/* batches */
	{"[]",
	 "{" V "\"error\":{\"code\":-32600,\"message\":\"Invalid Request\",\"data\":\"an empty batch\"},\"id\":null}"},
	{"[1,2]", "[" INVALID "," INVALID "]"},
	{"[" CALL("1") "]", "[" VERSION("1") "]"},
	{"[" CALL("1") ",{" V "\"method\":\"core.version\"},{}," CALL("2") "]",
	 "[" VERSION("1") "," INVALID "," VERSION("2") "]"},
	{"[{" V "\"method\":\"core.version\"},{" V "\"method\":\"nope\"}]", NULL},
	/* depth: brackets within texts do not count */
	{D16, ERROR("-32700", "Parse error")},
	{D16 "[",
	 "{" V
	 "\"error\":{\"code\":-32600,\"message\":\"Invalid Request\",\"data\":\"nested too deeply\"},\"id\":null}"},
	{"{" V "\"method\":\"" D16 D16 "\\\"" D16 "\",\"id\":3}", NO_METHOD("3")},
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *got = ask(cases[i].request, strlen(cases[i].request), false);
		const char *want = i == 1 ? ERROR("-32700", "Parse error") : cases[i].want;

		if (!got != !want || (got && strcmp(got, want) != 0))
			fail_msg("case %zu, %s\n got: %s\nwant: %s", i, cases[i].request, got ? got : "nothing",
				 want ? want : "nothing");
		free(got);
	}
}

static void test_bounds(void **state)
{
	static char text[RPC_MAX_BODY + 2];
	struct writer w = writer_init(text, sizeof(text));
	char *got;

	memset(text, ' ', sizeof(text));
	memcpy(text, CALL("1"), sizeof(CALL("1")) - 1);
	got = ask(text, RPC_MAX_BODY, false);
	assert_string_equal(got, VERSION("1"));
	free(got);
	got = ask(text, RPC_MAX_BODY + 1, false);
	assert_non_null(strstr(got, "the request is too long"));
	free(got);

	writer_char(&w, '[');
	for (unsigned i = 0; i < RPC_MAX_BATCH; i++)
		writer_lit(&w, CALL("1") ",");
	w.n--;
	writer_char(&w, ']');
	got = ask(text, w.n, false);
	assert_int_equal(strlen(got), RPC_MAX_BATCH * (sizeof(VERSION("1")) - 1 + 1) + 1);
	free(got);
	w.n--;
	writer_lit(&w, "," CALL("1") "]");
	got = ask(text, w.n, false);
	assert_non_null(strstr(got, "too many calls in one batch"));
	free(got);
}

static void test_unknown_call(void **state)
{
	static const char text[] = "{" V "\"method\":\"dlg.end_dlg\",\"params\":[\"nonsense\"],\"id\":3}";
	char *got = ask(text, sizeof(text) - 1, true);

	assert_non_null(strstr(got, "\"code\":-32001"));
	free(got);
}

static void test_methods(void **state)
{
	static const char text[] = "{" V "\"method\":\"core.methods\",\"id\":3}";
	char *got = ask(text, sizeof(text) - 1, false);
	json_t *root = json_loads(got, 0, NULL), *list = json_object_get(root, "result");
	size_t n = 0;

	for (const struct rpc_method *const *t = rpc_tables; *t; t++)
		for (const struct rpc_method *m = *t; m->name; m++, n++)
			assert_string_equal(json_string_value(json_object_get(json_array_get(list, n), "name")),
					    m->name);
	assert_int_equal(json_array_size(list), n);
	assert_true(n > 10);
	json_decref(root);
	free(got);
}

/* Whatever fails: answered once, with an answer, an error, or the word that there is no memory; never half a text. */
static void test_out_of_memory(void **state)
{
	static const char text[] = "[" CALL("1") ",{" V "\"method\":\"cfg.get\",\"id\":2},{" V
						 "\"method\":\"stats.get_statistics\",\"id\":3}]";

	for (unsigned allowed = 0;; allowed++) {
		struct told t = {0};
		struct rpc_job *job;
		unsigned refused;

		oom_after(allowed);
		rpc_submit(rpc, (struct str){text, sizeof(text) - 1}, false, on_done, &t, &job);
		refused = oom_off();
		assert_null(job);
		assert_int_equal(t.times, 1);
		assert_true(list_empty(&rpc->jobs));
		if (t.body) {
			json_t *root = json_loadb(t.body, t.n, 0, NULL);

			assert_non_null(root);
			json_decref(root);
		} else {
			assert_int_equal(t.n, 1);
		}
		free(t.body);
		if (!refused)
			break;
	}
}

/* ---- registrations: two workers, which are both this thread's loop ---- */

static const struct {
	unsigned worker;
	const char *alias, *aor;
} regs[] = {{0, "a", "x@h"}, {1, "b", "y@h"}, {1, "c", "z@h"}, {0, "d", "y@h"}, {0, "e", "x@h"}};
static struct loop *loop;

static struct reg_snapshot *reg_new(size_t i)
{
	struct reg_snapshot *r = calloc(1, sizeof(*r));

	strcpy(r->alias, regs[i].alias);
	r->aor = str_z(regs[i].aor);
	r->state = "live";
	r->expires_ms = 1000 * i;
	return r;
}

static void ask_regs(void *arg, unsigned worker, struct regs_ask *a)
{
	struct reg_snapshot **end = &a->first;
	unsigned n = 0;

	for (size_t i = 0; i < LENGTH(regs); i++) {
		bool wanted = a->kind == REGS_LIST ? strcmp(regs[i].alias, a->after) > 0 : !strcmp(regs[i].aor, a->aor);

		if (regs[i].worker != worker)
			continue;
		a->total++;
		if (!wanted)
			continue;
		if (a->kind == REGS_REMOVE) {
			a->removed++;
		} else if (a->kind == REGS_LIST && n == a->limit) {
			a->more = true;
		} else {
			*end = reg_new(i);
			end = &(*end)->next;
			n++;
		}
	}
	a->done(a);
}

static struct loop *loop_of(void *arg, unsigned i)
{
	return loop;
}

/* What an answer says, in short: aliases, "next" and how many were removed. */
static void told(const char *method, const char *params, char ret[256])
{
	char text[256];
	struct told t = {0};
	struct rpc_job *job;
	json_t *root, *result, *list;
	struct writer w = writer_init(ret, 255);

	snprintf(text, sizeof(text), "{" V "\"method\":\"%s\",\"params\":%s,\"id\":1}", method, params);
	rpc_submit(rpc, str_z(text), true, on_done, &t, &job);
	for (unsigned i = 0; i < 100 && !t.times; i++)
		loop_drain(loop);
	assert_int_equal(t.times, 1);
	root = json_loadb(t.body, t.n, 0, NULL);
	result = json_object_get(root, "result");
	list = json_object_get(result, "bindings");
	if (!result)
		writer_fmt(&w, "%d", (int)json_integer_value(json_object_get(json_object_get(root, "error"), "code")));
	for (size_t i = 0; i < json_array_size(list); i++)
		writer_z(&w, json_string_value(json_object_get(json_array_get(list, i), "alias")));
	if (json_is_string(json_object_get(result, "next")))
		writer_fmt(&w, " next %s", json_string_value(json_object_get(result, "next")));
	if (json_object_get(result, "total"))
		writer_fmt(&w, " of %d", (int)json_integer_value(json_object_get(result, "total")));
	if (json_object_get(result, "removed"))
		writer_fmt(&w, "removed %d", (int)json_integer_value(json_object_get(result, "removed")));
	ret[w.n] = '\0';
	json_decref(root);
	free(t.body);
}

static void test_registrations(void **state)
{
	static const struct {
		const char *method, *params, *want;
	} list[] = {
		{"ul.dump", "[]", "abcde of 5"},
		{"ul.dump", "[5]", "abcde of 5"},
		{"ul.dump", "[2]", "ab next b of 5"},
		{"ul.dump", "[2,\"b\"]", "cd next d of 5"},
		{"ul.dump", "[2,\"d\"]", "e of 5"},
		{"ul.dump", "[2,\"e\"]", " of 5"},
		{"ul.dump", "{\"limit\":1,\"after\":\"c\"}", "d next d of 5"},
		{"ul.dump", "[1,\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]", "-32602"},
		{"ul.lookup", "[\"y@h\"]", "bd"},
		{"ul.lookup", "[\"sip:y@h\"]", "bd"},
		{"ul.lookup", "[\"nobody@h\"]", "-32001"},
		{"ul.lookup", "[\"y\"]", "-32602"},
		{"ul.lookup", "[]", "-32602"},
		{"ul.rm", "{\"aor\":\"y@h\"}", "removed 2"},
		{"ul.rm", "{\"aor\":\"nobody@h\"}", "-32001"},
	};
	char got[256];

	told("ul.dump", "[]", got);
	assert_string_equal(got, "-32002");
	assert_int_equal(loop_create(64, &loop), 0);
	sources.regs = ask_regs;
	sources.door = (struct gather_door){.loop = loop, .n_workers = 2, .worker = loop_of};
	for (size_t i = 0; i < LENGTH(list); i++) {
		told(list[i].method, list[i].params, got);
		if (strcmp(got, list[i].want) != 0)
			fail_msg("%s %s: %s", list[i].method, list[i].params, got);
	}
	assert_int_equal(sources.door.open, 0);
	loop_destroy(loop);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
	static const struct CMUnitTest tests[] = {CASE(test_cases),         CASE(test_bounds),
						  CASE(test_unknown_call),  CASE(test_methods),
						  CASE(test_out_of_memory), CASE(test_registrations)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
