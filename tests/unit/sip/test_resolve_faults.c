/* SPDX-License-Identifier: Apache-2.0 */
/* What the resolver stands on is missing or gives way: servers, files, descriptors, memory; and several workers on one
 * cache. */
#include "resolve_bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "oom.h"

/* ---- servers --------------------------------------------------------------------------------------------------- */

/* One question is refused by every server at once. Of several on one socket c-ares may give one's refusal to another;
 * the one then waits for its time-out. */
static void nobody_listens(void **state)
{
	struct bench b;
	struct got g;

	bench_up(&b);
	resolver_destroy(b.resolver);
	assert_int_equal(resolver_create(b.loop, b.cache, "127.0.0.1:9,[::1]:9", &b.resolver), 0);
	uint64_t start_ms = clock_ms();
	struct resolve_what what = {.host = STR("plain.example"), .port = 1, .v4 = true};
	look_up(&b, &what, &g);
	assert_string_equal(g.error, "name server failed or unreachable");
	assert_true(clock_ms() - start_ms < 900);
	what = both("plain.example");
	look_up(&b, &what, &g);
	assert_int_equal(g.n, 0);
	assert_true(clock_ms() - start_ms < RESOLVE_TOTAL_MS + 900);
	bench_down(&b);
}

static void bad_servers(void **state)
{
	static const char *const t[] = {"nonsense", "127.0.0.1:53,bad", "1.2.3.4:99999x", ":53"};
	struct bench b;

	bench_up(&b);
	for (size_t i = 0; i < LENGTH(t); i++) {
		struct resolver *r = (void *)&b;
		assert_int_equal(resolver_create(b.loop, b.cache, t[i], &r), -EINVAL);
		assert_ptr_equal(r, &b);
	}
	bench_down(&b);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Without resolv.conf names fail quickly (c-ares then asks 127.0.0.1, where nobody or somebody may listen); when there
 * is one later, it is read. */
static void no_resolv_conf(void **state)
{
	char path[] = "/tmp/test_resolve_conf_XXXXXX", text[32];
	struct ares_addr_node *servers;
	struct bench b;
	struct got g;

	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	bench_up(&b);
	resolver_destroy(b.resolver);
	assert_int_equal(resolver_create_system(b.loop, b.cache, NULL, path, &b.resolver), 0);
	uint64_t start_ms = clock_ms();
	struct resolve_what what = {.host = STR("plain.example"), .port = 1, .v4 = true};
	look_up(&b, &what, &g);
	assert_true(clock_ms() - start_ms < RESOLVE_TOTAL_MS + 900);

	write_file(path, "nameserver 127.0.0.254\n");
	pass_time(&b, RESOLVE_REST_MS);
	b.resolver->suspect = true; /* as after a look-up that failed */
	loop_defer(b.loop, &b.resolver->deferred);
	pass_time(&b, 1);
	assert_int_equal(ares_get_servers(b.resolver->channel, &servers), ARES_SUCCESS);
	assert_non_null(ares_inet_ntop(AF_INET, &servers->addr.addr4, text, sizeof(text)));
	assert_string_equal(text, "127.0.0.254");
	assert_null(servers->next);
	ares_free_data(servers);
	assert_false(b.resolver->suspect);
	unlink(path);
	bench_down(&b);
}

static void hosts_file(void **state)
{
	static const struct {
		const char *host, *found;
		bool asked;
	} t[] = {
		{"pbx", "udp:10.0.0.5:5060", false},
		{"PBX.Lan", "udp:10.0.0.5:5060", false},
		{"dual.lan", "udp:[2001:db8::7]:5060 udp:10.0.0.7:5060", false},
		{"plain.example", "udp:10.0.0.9:5060", false},
		{"last", "udp:10.0.0.10:5060", false},
		{"commented", "no such name", true},
		{"nonsense", "no such name", true},
	};
	char path[] = "/tmp/test_resolve_hosts_XXXXXX";
	struct bench b;

	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	write_file(path,
		   "# a comment\n\n10.0.0.5\tpbx  pbx.lan # commented\n10.0.0.7 dual.lan\n2001:db8::7 dual.lan\r\n"
		   "10.0.0.999 nonsense\n10.0.0.8\n   10.0.0.9 bad/name plain.example\n10.0.0.10 last");
	bench_up(&b);
	resolver_destroy(b.resolver);
	resolve_cache_destroy(b.cache);
	assert_int_equal(resolve_cache_create_hosts(path, &b.cache), 0);
	assert_int_equal(resolver_create(b.loop, b.cache, fake_dns_servers(b.dns), &b.resolver), 0);
	for (size_t i = 0; i < LENGTH(t); i++) {
		unsigned asked = fake_dns_asked(b.dns);
		assert_string_equal(text_for(&b, t[i].host), t[i].found);
		assert_int_equal(fake_dns_asked(b.dns) > asked, t[i].asked);
	}
	unlink(path);
	bench_down(&b);
}

static void no_descriptor_left(void **state)
{
	struct bench b;
	struct rlimit was, none;

	bench_up(&b);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_string_equal(text_for(&b, "plain.example"), "name server failed or unreachable");
	struct resolver *r;
	int e = resolver_create(b.loop, b.cache, "127.0.0.1:53", &r);
	if (e == 0)
		resolver_destroy(r);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_string_equal(text_for(&b, "plain.example"), "udp:192.0.2.9:5060");
	bench_down(&b);
}

/* ---- workers --------------------------------------------------------------------------------------------------- */

struct worker {
	pthread_t thread;
	struct resolve_cache *cache;
	const char *servers;
	unsigned seed, found;
};

static void on_counted(void *arg, const struct resolved *v, size_t n, const char *error)
{
	unsigned *found = arg;
	*found += n > 0;
}

static void *run_worker(void *arg)
{
	static const char *const hosts[] = {"both.example", "plain.example", "nothing.example", "www.alias.example"};
	struct worker *w = arg;
	struct bench b = {.cache = w->cache};
	struct resolve_query *q;
	unsigned done = 0;

	if (loop_create(16, &b.loop) < 0 || resolver_create(b.loop, b.cache, w->servers, &b.resolver) < 0)
		return NULL;
	for (unsigned i = 0; i < 400; i++) {
		struct resolve_what what = both(hosts[(i + w->seed) % LENGTH(hosts)]);
		unsigned until = done + 1;
		if (resolve_start(b.resolver, &what, on_counted, &done, &q) < 0)
			break;
		if (what.host.p == hosts[2])
			until--;
		for (unsigned turns = 0; done < until && turns < 50; turns++)
			loop_turn(b.loop);
		/* answers go out of date under the others' hands */
		if (i % 50 == 49) {
			struct answer *a;
			if (answer_make(NULL, 0, 0, &a) == ANSWER_NONE) {
				resolve_cache_put(b.cache, QUESTION_A, "gw1.example", 0, a);
				answer_unref(a);
			}
		}
	}
	w->found = done;
	resolver_destroy(b.resolver);
	loop_destroy(b.loop);
	return NULL;
}

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void workers_share_the_cache(void **state)
{
	struct bench b;
	struct worker w[3];
	pthread_t server;

	bench_up(&b);
	assert_int_equal(pthread_create(&server, NULL, run_loop, b.loop), 0);
	for (unsigned i = 0; i < LENGTH(w); i++) {
		w[i] = (struct worker){.cache = b.cache, .servers = fake_dns_servers(b.dns), .seed = i};
		assert_int_equal(pthread_create(&w[i].thread, NULL, run_worker, &w[i]), 0);
	}
	for (unsigned i = 0; i < LENGTH(w); i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].found, 300);
	}
	loop_stop(b.loop);
	pthread_join(server, NULL);
	/* 4 names, at most 3 workers at a time, some asked again: far from 1200 look-ups of two to six questions */
	assert_true(fake_dns_asked(b.dns) < 300);
	bench_down(&b);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static void *ares_allocate(size_t n)
{
	return malloc(n);
}

static void *ares_reallocate(void *p, size_t n)
{
	return realloc(p, n);
}

/* Allocation k fails and all after it, c-ares' included: an error or a fault, then all is as before. */
static void out_of_memory(void **state)
{
	static const char *const hosts[] = {"both.example", "plain.example", "www.alias.example"};
	unsigned found = 0;

	for (unsigned k = 0; found < LENGTH(hosts); k++) {
		struct bench b;
		struct got g = {0};
		struct resolve_query *q;
		const char *host = hosts[found];
		bench_up(&b);
		struct resolve_what what = both(host);
		oom_after(k);
		int e = resolve_start(b.resolver, &what, on_resolved, &g, &q);
		for (unsigned turns = 0; e == 0 && g.calls == 0 && turns < 40; turns++)
			pass_time(&b, 1);
		unsigned refused = oom_off();
		assert_true(e == 0 || (e == -ENOMEM && g.calls == 0));
		if (refused == 0) {
			found++;
			k = 0;
			assert_true(g.n > 0);
		}
		/* c-ares may wait for an answer that it had no memory for */
		if (e == 0 && g.calls == 0)
			pass_time(&b, RESOLVE_TOTAL_MS);
		assert_int_equal(g.calls, e == 0);
		resolver_destroy(b.resolver);
		assert_int_equal(resolver_create(b.loop, b.cache, fake_dns_servers(b.dns), &b.resolver), 0);
		assert_true(strncmp(text_for(&b, host), "udp:", 4) == 0);
		bench_down(&b);
	}
}

static void no_memory_to_begin(void **state)
{
	struct loop *l;
	int e = -ENOMEM;

	assert_int_equal(loop_create(16, &l), 0);
	for (unsigned k = 0; e < 0; k++) {
		struct resolve_cache *c = NULL;
		struct resolver *r = NULL;
		oom_after(k);
		e = resolve_cache_create_hosts("/etc/hosts", &c);
		if (e == 0)
			e = resolver_create(l, c, k % 2 ? NULL : "127.0.0.1:53,[::1]:5353", &r);
		unsigned refused = oom_off();
		assert_true(e == 0 || e == -ENOMEM);
		assert_true(e == 0 || !r);
		if (refused > 0 && e == 0)
			e = -ENOMEM; /* c-ares does without some */
		resolver_destroy(r);
		resolve_cache_destroy(c);
	}
	loop_destroy(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_listens),     cmocka_unit_test(bad_servers),
		cmocka_unit_test(no_resolv_conf),     cmocka_unit_test(hosts_file),
		cmocka_unit_test(no_descriptor_left), cmocka_unit_test(workers_share_the_cache),
		cmocka_unit_test(out_of_memory),      cmocka_unit_test(no_memory_to_begin),
	};
	/* before the resolver does: c-ares then takes its memory where the tests can refuse it */
	ares_library_init_mem(ARES_LIB_INIT_ALL, ares_allocate, free, ares_reallocate);
	clock_set_source(moved_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
