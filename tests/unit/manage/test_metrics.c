/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics text read back by a small parser of the exposition format; the rooms are fakes whose every number is
 * different, so that a value under the wrong name shows. */
#include "sbc/manage/metrics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/sock.h"
#include "sbc/manage/prometheus.h"
#include "unit.h"

/* ---- the rooms ---- */

static unsigned fake_workers = 2;

unsigned worker_count(const struct worker_group *g)
{
	return fake_workers;
}

struct worker *worker_get(struct worker_group *g, unsigned i)
{
	static struct worker workers[WORKER_MAX];
	workers[i].index = i;
	return &workers[i];
}

void worker_gauges(struct worker *w, struct worker_gauges *ret)
{
	uint64_t *v = (uint64_t *)ret;
	for (size_t i = 0; i < sizeof(*ret) / sizeof(*v); i++)
		v[i] = 1000 * (w->index + 1) + i;
}

void calls_counters(const struct calls *c, struct call_counters *ret)
{
	uint64_t *v = (uint64_t *)ret;
	for (size_t i = 0; i < sizeof(*ret) / sizeof(*v); i++)
		v[i] = 10000 + i;
}

void media_gauges(struct media *m, struct media_gauges *ret)
{
	uint64_t *v = (uint64_t *)ret;
	for (size_t i = 0; i < sizeof(*ret) / sizeof(*v); i++)
		v[i] = 50000 + i;
}

bool border_peer_gauges(struct border_state *s, const char *peer, struct border_peer_gauges *ret)
{
	if (strcmp(peer, "unknown") == 0)
		return false;
	*ret = (struct border_peer_gauges){1, 2, 3, 4};
	return true;
}

/* ---- a parser ---- */

static char text[1u << 20];

struct family {
	char name[128], type[16];
	unsigned samples;
};

static size_t name_len(const char *p)
{
	size_t n = 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == ':')
		n++;
	if (n == 0 || isdigit((unsigned char)p[0]))
		fail_msg("no name at: %.60s", p);
	return n;
}

/* {a="b",...} or nothing; returns what follows */
static const char *parse_labels(const char *p)
{
	if (*p != '{')
		return p;
	do {
		p++;
		p += name_len(p);
		assert_memory_equal(p, "=\"", 2);
		for (p += 2; *p != '"'; p++) {
			assert_true(*p != '\n' && *p != '\0');
			if (*p == '\\') {
				p++;
				assert_non_null(strchr("\\\"n", *p));
			}
		}
		p++;
	} while (*p == ',');
	assert_int_equal(*p, '}');
	return p + 1;
}

static const char *parse_comment(const char *p, struct family *f)
{
	char kind[8], name[128];
	int at = 0;
	assert_int_equal(sscanf(p, "# %7s %127s %n", kind, name, &at), 2);
	if (strcmp(kind, "HELP") == 0) {
		*f = (struct family){0};
		memcpy(f->name, name, sizeof(name));
		assert_true(p[at] != '\n');
	} else {
		assert_string_equal(kind, "TYPE");
		assert_string_equal(name, f->name);
		assert_int_equal(sscanf(p + at, "%15s", f->type), 1);
		assert_true(!strcmp(f->type, "counter") || !strcmp(f->type, "gauge") || !strcmp(f->type, "summary"));
		size_t n = strlen(name);
		bool total = n > 6 && strcmp(name + n - 6, "_total") == 0;
		assert_int_equal(strcmp(f->type, "counter") == 0, total);
	}
	return strchr(p, '\n') + 1;
}

/* Every line is one of the format's, each family comes once, and no sample twice. Returns the number of samples. */
static unsigned parse_all(void)
{
	struct family f = {0};
	unsigned samples = 0;
	for (const char *p = text; *p;) {
		char head[256], *end;
		const char *line = p, *value;
		if (*p == '#') {
			p = parse_comment(p, &f);
			if (f.type[0] == '\0') { /* HELP: no other family of that name */
				snprintf(head, sizeof(head), "# HELP %s ", f.name);
				assert_null(strstr(p, head));
			}
			continue;
		}
		assert_int_equal(name_len(p), strlen(f.name));
		assert_memory_equal(p, f.name, strlen(f.name));
		value = parse_labels(p + strlen(f.name));
		snprintf(head, sizeof(head), "%.*s", (int)(value - line), line);
		assert_int_equal(strstr(head, "quantile=") != NULL, strcmp(f.type, "summary") == 0);
		assert_int_equal(*value, ' ');
		snprintf(head, sizeof(head), "\n%.*s ", (int)(value - line), line);
		assert_null(strstr(value, head));
		strtod(value + 1, &end);
		assert_true(end > value + 1 && *end == '\n');
		p = end + 1;
		samples++;
	}
	return samples;
}

static void assert_sample(const char *name, const char *value)
{
	char line[256];
	snprintf(line, sizeof(line), "\n%s %s\n", name, value);
	if (!strstr(text, line))
		fail_msg("not there:%s", line);
}

/* ---- cases ---- */

static const struct config_peer peers[] = {{.name = "carrier-a"}, {.name = "unknown"}, {.name = "q\"b\\n\n"}};
static const struct config config = {.peers = peers, .n_peers = LENGTH(peers)};

static void write_all(void)
{
	struct calls *calls[WORKER_MAX] = {0};
	struct line_writer *log;
	struct writer w = writer_init(text, sizeof(text) - 1);

	assert_int_equal(line_writer_create("/dev/null", 100, 50, &log), 0);
	metrics_write(
		&(struct metrics_sources){.config = &config, .calls = calls, .log = log, .started_ns = clock_ns()}, &w);
	line_writer_destroy(log);
	assert_false(w.overflow);
	text[w.n] = '\0';
}

static void test_format(void **state)
{
	write_all();
	assert_true(parse_all() > 100);
}

static void number(char *buf, uint64_t v)
{
	snprintf(buf, 32, "%llu", (unsigned long long)v);
}

#define AT(type, member) (offsetof(struct type, member) / 8)

static void test_values(void **state)
{
	static const struct {
		const char *name;
		uint64_t value;
	} cases[] = {
		{"limen_calls", 20000 + 2 * AT(call_counters, calls)},
		{"limen_legs", 20000 + 2 * AT(call_counters, legs)},
		{"limen_calls_total", 20000 + 2 * AT(call_counters, calls_total)},
		{"limen_calls_answered_total", 20000 + 2 * AT(call_counters, calls_answered)},
		{"limen_failovers_total", 20000 + 2 * AT(call_counters, failovers)},
		{"limen_rejects_total{reason=\"size\"}", 20000 + 2 * AT(call_counters, rejects[REJECT_SIZE])},
		{"limen_rejects_total{reason=\"leak_blocked\"}", 20000 + 2 * AT(call_counters, rejects[REJECT_LEAK])},
		{"limen_workers", 2},
		{"limen_transactions{kind=\"server_invite\"}", 3000 + 2 * AT(worker_gauges, txn.server_invite)},
		{"limen_transactions{kind=\"client_other\"}", 3000 + 2 * AT(worker_gauges, txn.client_other)},
		{"limen_sip_connections", 3000 + 2 * AT(worker_gauges, transport.connections)},
		{"limen_sip_refused_limit_total", 3000 + 2 * AT(worker_gauges, transport.refused_limit)},
		{"limen_handed_over_total{worker=\"1\"}", 2000 + AT(worker_gauges, handed_over)},
		{"limen_media_sessions", 50000 + AT(media_gauges, sessions)},
		{"limen_media_ports_used", 50000 + AT(media_gauges, ports_used)},
		{"limen_media_drops_total{drop=\"source\"}", 50000 + AT(media_gauges, drops[MEDIA_DROP_SOURCE])},
		{"limen_media_latches_total{rank=\"any\"}", 50000 + AT(media_gauges, latches[MEDIA_RANK_ANY])},
		{"limen_media_moves_total{evidence=\"acl_silent\"}",
		 50000 + AT(media_gauges, source_changes[MEDIA_EVIDENCE_ACL_SILENT])},
		{"limen_peer_calls{peer=\"carrier-a\",direction=\"in\"}", 1},
		{"limen_peer_calls{peer=\"carrier-a\",direction=\"out\"}", 2},
		{"limen_peer_refused_total{peer=\"carrier-a\",limit=\"calls\"}", 3},
		{"limen_peer_refused_total{peer=\"q\\\"b\\\\n\\n\",limit=\"cps\"}", 4},
		{"limen_sockets{kind=\"signalling\"}", 0},
		{"limen_sockets{kind=\"media\"}", 0},
		{"limen_lines_dropped_total{file=\"log\"}", 0},
		{"limen_lines_queued_bytes{file=\"log\"}", 0},
		{"limen_build_info{version=\"" LIMEN_VERSION "\"}", 1},
	};
	char value[32];

	write_all();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		number(value, cases[i].value);
		assert_sample(cases[i].name, value);
	}
	assert_sample("limen_worker_turn_seconds{worker=\"0\",quantile=\"0.99\"}",
		      (char[]){'0', '.', '0', '0', '1', '0', (char)('0' + AT(worker_gauges, turn_p99_us) / 10),
			       (char)('0' + AT(worker_gauges, turn_p99_us) % 10), '\0'});
	number(value, 1000 + AT(worker_gauges, long_turns[3]));
	assert_sample("limen_worker_long_turns_total{worker=\"0\",over=\"0.020\"}", value);
	assert_null(strstr(text, "peer=\"unknown\""));
	assert_null(strstr(text, "file=\"cdr\""));
}

static double value_of(const char *name)
{
	char line[128], *at;
	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(text, line);
	assert_non_null(at);
	return strtod(at + strlen(line), NULL);
}

static void test_process(void **state)
{
	write_all();
	assert_true(value_of("process_resident_memory_bytes") > 1e6);
	assert_true(value_of("process_open_fds") >= 3);
	assert_true(value_of("process_open_fds") <= value_of("process_max_fds"));
	assert_true(value_of("process_cpu_seconds_total") >= 0);
	assert_true(value_of("process_start_time_seconds") > 1.6e9);
}

static void test_most_workers(void **state)
{
	fake_workers = WORKER_MAX;
	write_all();
	parse_all();
	assert_non_null(strstr(text, "worker=\"63\""));
	fake_workers = 2;
}

static void test_microseconds(void **state)
{
	static const struct {
		uint64_t us;
		const char *want;
	} cases[] = {{0, "0.000000"},
		     {1, "0.000001"},
		     {999999, "0.999999"},
		     {1000000, "1.000000"},
		     {1795246933123456, "1795246933.123456"}};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char buf[64] = "";
		struct writer w = writer_init(buf, sizeof(buf) - 1);
		prometheus_us(&w, cases[i].us);
		assert_string_equal(buf, cases[i].want);
	}
}

/* too little room is seen by the caller, who comes again with more */
static void test_overflow(void **state)
{
	char small[1000];
	struct calls *calls[WORKER_MAX] = {0};
	struct writer w = writer_init(small, sizeof(small));
	metrics_write(&(struct metrics_sources){.config = &config, .calls = calls}, &w);
	assert_true(w.overflow);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),       cmocka_unit_test(test_values),
		cmocka_unit_test(test_process),      cmocka_unit_test(test_most_workers),
		cmocka_unit_test(test_microseconds), cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
