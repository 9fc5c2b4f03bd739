/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory: a whole call with the k-th allocation failing, for every k. Each request either does what it says or
 * is answered by MEDIA_ERR_NO_MEMORY; nothing leaks, nothing is left open, and what was there goes on working. The
 * linker puts the functions below in front of the allocator (--wrap). */
#include "fixture.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

static atomic_int live;       /* blocks */
static atomic_long countdown; /* fails the allocation that makes it 0 */

static bool fails(void)
{
	return atomic_load(&countdown) > 0 && atomic_fetch_sub(&countdown, 1) == 1;
}
static void *counted(void *p)
{
	if (p)
		atomic_fetch_add(&live, 1);
	return p;
}
void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : counted(__real_malloc(n));
}
void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(n, size));
}
void *__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	void *r = __real_realloc(p, n);
	return p ? r : counted(r);
}
void __wrap_free(void *p)
{
	if (p)
		atomic_fetch_sub(&live, 1);
	__real_free(p);
}

/* ---- a call in which anything may fail --------------------------------------------------------------------------- */

static struct fixture fix; /* not on the heap */

/* drain() may have asked once too often */
static struct media_event *event_besides_stats(void)
{
	struct media_event *e;
	while ((e = next_event(&fix, WAIT_MS)) && e->type == MEDIA_EV_STATS)
		;
	return e;
}

static bool prepare(media_id id, enum media_side side, uint16_t network)
{
	const struct media_prepare what = {
		.network = network, .v6 = network == 2, .n_streams = 2, .used = 3, .rtcp = true};
	media_prepare(fix.port, id, side, &what);
	struct media_event *e = event_besides_stats();
	assert_non_null(e);
	assert_true(e->session == id && e->side == side);
	if (e->type == MEDIA_EV_PREPARED)
		return true;
	assert_int_equal(e->type, MEDIA_EV_FAILED);
	assert_int_equal(e->error, MEDIA_ERR_NO_MEMORY);
	return false;
}

static void commit(media_id id, enum media_side side)
{
	struct cidr acl[2];
	struct media_remote r[2];
	assert_true(cidr_parse(STR("127.0.0.0/8"), &acl[0]));
	acl[1] = acl[0];
	for (unsigned i = 0; i < 2; i++) {
		r[i] = remote_at(&(struct addr[]){at("127.0.0.11:9000")}[0]);
		r[i].acl = acl;
		r[i].n_acl = 2;
	}
	media_commit(fix.port, id, side, 0, r, 2);
}

/* Until the answer to a query: FAILED for what found no memory, in between. */
static void drain(media_id id)
{
	media_query(fix.port, id);
	for (struct media_event *e; (e = next_event(&fix, WAIT_MS)) && e->type != MEDIA_EV_STATS;) {
		assert_int_equal(e->type, MEDIA_EV_FAILED);
		assert_int_equal(e->error, MEDIA_ERR_NO_MEMORY);
		if (atomic_load(&countdown) <= 0 && fix.next == fix.n_events && !media_port_pending(fix.port)) {
			/* the query itself may be what failed */
			media_query(fix.port, id);
		}
	}
}

static void use_call(media_id id)
{
	for (unsigned s = 0; s < 2; s++)
		if (!prepare(id, s, (uint16_t)s))
			prepare(id, s, (uint16_t)s); /* asked again, it works */
	commit(id, MEDIA_A);
	commit(id, MEDIA_B);
	drain(id);
	if (!prepare(id, MEDIA_B, 2)) /* a move that fails changes nothing */
		commit(id, MEDIA_B);
	commit(id, MEDIA_B);
	media_select(fix.port, id, MEDIA_B, 1);
	media_set_echo(fix.port, id, MEDIA_A, true);
	struct cidr acl[1];
	assert_true(cidr_parse(STR("127.0.0.0/8"), &acl[0]));
	media_set_acl(fix.port, id, MEDIA_A, acl, 1);
	media_set_acl(fix.port, id, MEDIA_A, acl, 1);
	drain(id);
}

static void run_once(void)
{
	const struct media_network nets[] = {
		{.address = {host("127.0.0.1")}, .n_addresses = 1, .port_min = PORT_MIN, .port_max = PORT_MAX},
		{.address = {host("127.0.0.2")}, .n_addresses = 1, .port_min = PORT_MIN, .port_max = PORT_MAX},
		{.address = {host("::1")}, .n_addresses = 1, .port_min = PORT_MIN, .port_max = PORT_MAX},
	};
	const struct media_config c = fixture_config(nets, 3);

	memset(&fix, 0, sizeof(fix));
	if (media_create(&c, &fix.media) < 0)
		return;
	media_set_networks(fix.media, nets, 2);
	while (media_set_networks(fix.media, nets, 3) < 0) /* at most one failure a run */
		;
	if (media_port_open(fix.media, fixture_event, &fix, &fix.port) == 0) {
		media_id ids[3];
		for (unsigned i = 0; i < 3; i++)
			ids[i] = media_session(fix.port, i);
		if (ids[0])
			use_call(ids[0]);
		for (unsigned i = 0; i < 2; i++)
			if (ids[i])
				media_end(fix.port, ids[i]);
		for (unsigned i = 0; i < 2; i++)
			if (ids[i])
				assert_int_equal(event_besides_stats()->type, MEDIA_EV_ENDED); /* needs no memory */
		media_port_close(fix.port);
	}
	media_destroy(fix.media);
}

static void test_every_allocation(void **state)
{
	clock_set_source(fixture_clock);
	run_once(); /* tables that stay (sockets by descriptor) */
	int before = atomic_load(&live);
	long k = 1;
	for (bool failed = true; failed; k++) {
		atomic_store(&countdown, k);
		run_once();
		failed = atomic_exchange(&countdown, 0) <= 0;
		assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
		if (atomic_load(&live) != before)
			fail_msg("allocation %ld failing leaks %d blocks", k, atomic_load(&live) - before);
		pass_ms(200);
	}
	assert_in_range(k, 20, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
