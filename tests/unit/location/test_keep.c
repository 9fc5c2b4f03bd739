/* SPDX-License-Identifier: Apache-2.0 */
/* Bindings as bytes, and back in the location of a process that comes later. What 100,000 of them cost is told. */
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "sbc/location/keep.h"
#include "tests/unit/base/oom.h"
#include "tests/unit/location/fixture.h"

#define INSTANCE "\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\""

struct put_params {
	const char *aor, *uri, *params, *instance;
	unsigned reg_id;
	bool tcp;
	unsigned phone_s, core_s;
};

static const struct put_params alice = {.aor = "alice@example.com",
					.uri = "sip:alice@192.168.1.2:5060;line=7",
					.params = ";methods=\"INVITE\"",
					.instance = INSTANCE,
					.reg_id = 1,
					.phone_s = 60,
					.core_s = 3600};

/* As the relay does it: the alias lies in the slot of the AoR. */
static struct location_binding *keep_put(struct fixture *f, const struct put_params *p)
{
	struct location_contact c = {
		.uri = str_z(p->uri), .params = str_z(p->params), .instance = str_z(p->instance), .reg_id = p->reg_id};
	char alias[IDENT_LEN + 1], call_id[IDENT_LEN + 1];
	uint8_t slot = location_slot(f->l, str_z(p->aor));
	struct location_binding *b = NULL;
	struct location_update u = {.aor = str_z(p->aor),
				    .contact = &c,
				    .alias = alias,
				    .core_call_id = call_id,
				    .flow = flow_of("192.0.2.1:40000", p->tcp ? 5 : 0),
				    .agent = STR("Test Phone/1.0"),
				    .phone_call_id = 0x1234567890abcdef,
				    .phone_cseq = 17,
				    .core_cseq = 4,
				    .phone_s = p->phone_s,
				    .core_s = p->core_s};

	u.flow.local = f->config->networks[0].listen[0].addr;
	location_alias(f->l, slot, 0, u.aor, &c, alias);
	ident_mint(&f->key, slot, call_id);
	assert_int_equal(location_put(f->l, &u, &b), 0);
	return b;
}

struct kept {
	uint8_t buf[KEEP_BYTES_MAX];
	char alias[IDENT_LEN + 1];
	struct str bytes;
};

static void keep(const struct location_binding *b, struct kept *k)
{
	memcpy(k->alias, b->alias, sizeof(k->alias));
	assert_int_equal(keep_write(b, k->buf, &k->bytes), 0);
}

static int again(struct fixture *f, const struct kept *k)
{
	return keep_restore(f->l, str_z(k->alias), k->bytes);
}

static struct location_binding *only(struct fixture *f, const char *aor)
{
	struct location_binding *b = location_first(location_aor(f->l, 0, str_z(aor)));

	assert_non_null(b);
	return b;
}

/* A process that has alice's record, so much later. */
static void next_process(struct fixture *f, const struct kept *k, uint64_t after_ms, int want)
{
	fixture_init(f, "", "");
	pass_ms(f, after_ms);
	assert_int_equal(again(f, k), want);
}

static void first_process(const struct put_params *p, struct kept *ret)
{
	struct fixture f;

	fixture_init(&f, "", "");
	keep(keep_put(&f, p), ret);
	fixture_finish(&f);
}

static void test_same_bytes(void **state)
{
	static const struct put_params cases[] = {
		{"alice@example.com", "sip:alice@192.168.1.2:5060;line=7", ";q=0.5", INSTANCE, 1, false, 60, 3600},
		{"bob@example.com", "sip:bob@[2001:db8::1]:5060", "", "", 0, false, 3600, 3600},
		{"b@x", "sip:b@x", "", INSTANCE, 0, false, 1, 100000000},
	};
	struct kept one, two;
	struct fixture f;

	fixture_init(&f, "", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct location_binding *b = keep_put(&f, &cases[i]);

		keep(b, &one);
		location_drop(b);
		assert_int_equal(again(&f, &one), 0);
		b = only(&f, cases[i].aor);
		keep(b, &two);
		assert_int_equal(one.bytes.n, two.bytes.n);
		assert_memory_equal(one.bytes.p, two.bytes.p, one.bytes.n);
		location_drop(b);
	}
	fixture_finish(&f);
}

static void test_goes_on(void **state)
{
	const struct location_binding *b;
	struct location_target target;
	struct kept k;
	struct fixture f;

	first_process(&alice, &k);
	fixture_init(&f, ",\"keepalive\":\"options\",\"keepalive_ms\":5000", "");
	pass_ms(&f, 20000);
	assert_int_equal(again(&f, &k), 0);
	assert_int_equal(f.changed, 0);
	assert_int_equal(f.known, 1);
	assert_int_equal(atomic_load(&f.shared), 1);
	assert_int_equal(counters_of(&f).bindings_restored, 1);
	assert_int_equal(counters_of(&f).bindings_new, 0);
	assert_int_equal(counters_of(&f).live, 1);
	b = only(&f, alice.aor);
	assert_in_range(location_left_s(f.l, b->phone_until_ms), 39, 41);
	assert_in_range(location_left_s(f.l, b->core_until_ms), 3579, 3581);
	assert_in_range(location_left_s(f.l, b->core_half_ms), 1779, 1781);
	assert_in_range(location_now_ms(f.l) - b->since_ms, 19999, 20001);
	assert_int_equal(location_find(f.l, str_z(k.alias), &target), LOCATION_FOUND);
	assert_string_equal(target.uri, alice.uri);
	assert_true(target.to.flow_only);
	assert_true(addr_equal(&target.to.local, &f.config->networks[0].listen[0].addr));
	/* keep-alives, then the phone's end, as if nothing had been */
	pass_ms(&f, 5100);
	assert_int_equal(f.kept_alive, 1);
	pass_ms(&f, 36000);
	assert_int_equal(location_find(f.l, str_z(k.alias), &target), LOCATION_DEAD);
	assert_int_equal(f.known, 0);
	fixture_finish(&f);
}

/* What its phone, or its network, is in the next process. */
static void test_states(void **state)
{
	struct location_target target;
	struct put_params tcp = alice;
	struct kept k, failed;
	struct fixture f;

	tcp.tcp = true;
	first_process(&tcp, &k);
	next_process(&f, &k, 0, 0);
	assert_int_equal(only(&f, alice.aor)->state, LOCATION_FAILED);
	assert_int_equal(location_find(f.l, str_z(k.alias), &target), LOCATION_DEAD);
	assert_int_equal(f.known, 0);
	keep_put(&f, &tcp); /* it returns: who it was */
	assert_int_equal(location_find(f.l, str_z(k.alias), &target), LOCATION_FOUND);
	assert_int_equal(counters_of(&f).bindings, 1);
	fixture_finish(&f);

	first_process(&alice, &k);
	next_process(&f, &k, 0, 0);
	location_flow_failed(f.l, str_z(k.alias), &only(&f, alice.aor)->flow);
	keep(only(&f, alice.aor), &failed);
	fixture_finish(&f);
	next_process(&f, &failed, 0, 0);
	assert_int_equal(only(&f, alice.aor)->state, LOCATION_FAILED);
	fixture_finish(&f);

	next_process(&f, &k, 61000, 0);
	assert_int_equal(only(&f, alice.aor)->state, LOCATION_EXPIRED);
	fixture_finish(&f);

	next_process(&f, &k, 3601000, -ETIME);
	assert_true(keep_over(k.bytes));
	assert_int_equal(counters_of(&f).bindings, 0);
	assert_int_equal(counters_of(&f).bindings_expired, 1);
	fixture_finish(&f);
}

static void test_other_configuration(void **state)
{
	struct kept k;
	struct fixture f;
	static const char gone[] = "{\"networks\":{\"inner\":{\"listen\":[\"udp:127.0.0.1:5060\"]}}}",
			  moved[] = "{\"networks\":{\"other\":{\"listen\":[\"udp:127.0.0.1:5062\"]},"
				    "\"access\":{\"listen\":[\"udp:127.0.0.1:5061\"]}}}";
	struct config *c;

	first_process(&alice, &k);
	fixture_init(&f, "", "");
	c = config_of(gone);
	location_set_config(f.l, c);
	assert_int_equal(again(&f, &k), -ENOENT);
	assert_int_equal(counters_of(&f).bindings_homeless, 1);
	config_unref(c);
	/* another number, and its listener is not there any more */
	c = config_of(moved);
	location_set_config(f.l, c);
	assert_int_equal(again(&f, &k), 0);
	struct location_binding *b = location_first(location_aor(f.l, 1, str_z(alice.aor)));
	assert_string_equal(c->networks[location_network(b)].name, "access");
	assert_int_equal(b->state, LOCATION_FAILED);
	config_unref(c);
	fixture_finish(&f);

	fixture_init(&f, "", ",\"limits\":{\"registrations\":1}");
	keep_put(&f, &(struct put_params){"bob@x", "sip:bob@x", "", "", 0, false, 60, 60});
	assert_int_equal(again(&f, &k), -ENOSPC);
	assert_int_equal(counters_of(&f).bindings, 1);
	fixture_finish(&f);
}

/* Every byte missing, every byte another: refused, and nothing is there. */
static void test_damage(void **state)
{
	struct kept k, bad;
	struct fixture f;
	unsigned refused = 0;

	first_process(&alice, &k);
	fixture_init(&f, "", "");
	bad = k;
	for (size_t n = 0; n < k.bytes.n; n++) {
		bad.bytes = (struct str){(char *)bad.buf, n};
		assert_int_equal(again(&f, &bad), -EBADMSG);
		refused++;
	}
	bad.bytes.n = k.bytes.n;
	for (size_t n = 0; n < k.bytes.n; n++) {
		bad.buf[n] ^= 0x40;
		int err = again(&f, &bad);
		assert_true(err == -EBADMSG || err == -EPROTO);
		bad.buf[n] ^= 0x40;
		refused++;
	}
	assert_int_equal(counters_of(&f).bindings, 0);
	assert_int_equal(counters_of(&f).bindings_not_restored, refused);
	/* under another key, and twice */
	assert_int_equal(keep_restore(f.l, STR("abc"), k.bytes), -EBADMSG);
	assert_int_equal(again(&f, &k), 0);
	assert_int_equal(again(&f, &k), -EBADMSG);
	assert_int_equal(counters_of(&f).bindings, 1);
	fixture_finish(&f);
}

/* A record whole in its checksum, but with a value that nobody would have written. */
static int altered(struct fixture *f, const struct kept *k, unsigned tag, struct str value)
{
	uint8_t buf[KEEP_BYTES_MAX];
	struct bytes_writer w;
	struct bytes_reader r;
	struct bytes_field field;
	struct str bytes;

	bytes_writer_init(&w, buf, sizeof(buf), KEEP_VERSION, KEEP_OLDEST);
	assert_int_equal(bytes_open(&r, k->bytes, KEEP_VERSION), 0);
	while (bytes_next(&r, &field))
		if (field.tag != tag)
			bytes_put(&w, field.tag, field.value);
		else if (value.p)
			bytes_put(&w, tag, value);
	assert_int_equal(bytes_seal(&w, &bytes), 0);
	return keep_restore(f->l, str_z(k->alias), bytes);
}

static void test_values(void **state)
{
	static const struct {
		unsigned tag;
		struct str value; /* p NULL: left out */
	} cases[] = {
		{KEEP_TAG_ALIAS, {NULL, 0}},
		{KEEP_TAG_NETWORK, {NULL, 0}},
		{KEEP_TAG_AOR, {NULL, 0}},
		{KEEP_TAG_AOR, {"mallory@example.com", 19}}, /* of another slot */
		{KEEP_TAG_URI, {NULL, 0}},
		{KEEP_TAG_URI, {"sip:a@b\r\nX: y", 13}},
		{KEEP_TAG_URI, {"no uri", 6}},
		{KEEP_TAG_PARAMS, {";a\n", 3}},
		{KEEP_TAG_INSTANCE, {NULL, 0}}, /* while there is a reg-id */
		{KEEP_TAG_REG_ID, {"\1\2\3\4\5", 5}},
		{KEEP_TAG_AGENT, {"x\0y", 3}},
		{KEEP_TAG_TRANSPORT, {"sctp", 4}},
		{KEEP_TAG_TRANSPORT, {NULL, 0}},
		{KEEP_TAG_REMOTE, {NULL, 0}},
		{KEEP_TAG_REMOTE, {"\0\0\300\0\2\1", 6}}, /* port 0 */
		{KEEP_TAG_REMOTE, {"x", 1}},
		{KEEP_TAG_FAILED, {"\2", 1}},
		{KEEP_TAG_CORE_UNTIL_MS, {"\377\377\377\377\377\377\377\377", 8}},
		{KEEP_TAG_CORE_UNTIL_MS, {NULL, 0}},
		{KEEP_TAG_PHONE_UNTIL_MS, {"\377\377\377\377\377\377\377\377", 8}},
		{KEEP_TAG_SEEN_MS, {"\377\377\377\377\377\377\377\377", 8}},
		{KEEP_TAG_CORE_CALL_ID, {NULL, 0}},
		{KEEP_TAG_CORE_CALL_ID, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", IDENT_LEN}},
		{KEEP_TAG_PHONE_CSEQ, {"\1\2\3\4\5", 5}},
	};
	struct location_binding *b;
	struct put_params p = alice;
	struct kept k;
	struct fixture f;

	fixture_init(&f, "", "");
	b = keep_put(&f, &p);
	location_flow_failed(f.l, str_z(b->alias), &b->flow); /* so that every field is there */
	keep(b, &k);
	location_drop(b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (altered(&f, &k, cases[i].tag, cases[i].value) != -EBADMSG)
			fail_msg("case %zu was taken", i);
	assert_int_equal(counters_of(&f).bindings, 0);
	assert_int_equal(altered(&f, &k, 0, STR_NONE), 0);
	fixture_finish(&f);
}

static void test_out_of_memory(void **state)
{
	struct kept k;
	struct fixture f;
	unsigned allowed = 0, refused;
	int err;

	first_process(&alice, &k);
	fixture_init(&f, "", "");
	do {
		oom_after(allowed++);
		err = again(&f, &k);
		refused = oom_off();
		if (err == 0)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_true(refused > 0);
		assert_int_equal(counters_of(&f).bindings, 0);
		assert_int_equal(counters_of(&f).aors, 0);
		assert_int_equal(atomic_load(&f.shared), 0);
	} while (allowed < 100);
	assert_int_equal(err, 0);
	assert_in_range(allowed, 3, 10);
	fixture_finish(&f);
}

/* A phone that asks every five seconds for sixty is told of once in half a minute. */
static void test_refreshes_told(void **state)
{
	struct location_binding *b;
	struct fixture f;

	fixture_init(&f, "", "");
	b = keep_put(&f, &alice);
	assert_int_equal(f.changed, 1);
	for (unsigned i = 1; i <= 24; i++) {
		pass_ms(&f, 5000);
		location_seen(b, b->phone_call_id, 17 + i, 60);
		assert_true(b->told_until_ms + 30000 > b->phone_until_ms);
	}
	assert_int_equal(f.changed, 1 + 24 / 6);
	fixture_finish(&f);
}

/* ---- many ---- */

#define PHONES 100000

static unsigned known_keys;

static void load_one(void *arg, struct str key, struct str bytes)
{
	struct fixture *f = arg;
	uint8_t slot;

	known_keys += keep_slot(&f->key, key, &slot);
	assert_int_equal(keep_restore(f->l, key, bytes), 0);
}

static struct store *open_store(const char *file)
{
	struct store *s = NULL;
	char err[512];

	if (store_sqlite_create(&(struct store_sqlite_params){.file = file}, err, sizeof(err), &s) < 0)
		fail_msg("%s", err);
	return s;
}

static double seconds_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Longest and whole time of this thread's own, in seconds: a worker's, were it alone on its processor. */
static void store_many(struct fixture *f, struct store *s, double *ret_longest, double *ret_whole)
{
	*ret_longest = *ret_whole = 0;
	for (unsigned i = 0; i < PHONES; i++) {
		char aor[64], uri[128];
		struct put_params p = alice;
		struct location_binding *b;
		double at, took;

		snprintf(aor, sizeof(aor), "4930%07u@sip.provider.example", i);
		snprintf(uri, sizeof(uri), "sip:4930%07u@192.168.178.34:5060;transport=udp;line=%08x;ob", i, i);
		p.aor = aor;
		p.uri = uri;
		b = keep_put(f, &p);
		at = seconds_now(CLOCK_THREAD_CPUTIME_ID);
		keep_binding(s, b);
		took = seconds_now(CLOCK_THREAD_CPUTIME_ID) - at;
		*ret_whole += took;
		if (took > *ret_longest)
			*ret_longest = took;
	}
}

static void test_many(void **state)
{
	char folder[] = "/tmp/limen-keep-XXXXXX", file[64], more[80];
	double longest, whole, at;
	struct store_gauges g;
	struct store *s;
	struct fixture f;

	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/store.db", folder);
	fixture_init(&f, "", "");
	s = open_store(file);
	store_many(&f, s, &longest, &whole);
	assert_int_equal(store_flush(s, 60000), 0);
	store_gauges(s, &g);
	assert_int_equal(g.written, PHONES);
	assert_int_equal(g.overflow, 0);
	fixture_finish(&f);
	store_close(s);

	fixture_init(&f, "", "");
	s = open_store(file);
	known_keys = 0;
	at = seconds_now(CLOCK_MONOTONIC);
	assert_int_equal(store_load(s, STORE_BINDINGS, load_one, &f), 0);
	at = seconds_now(CLOCK_MONOTONIC) - at;
	assert_int_equal(counters_of(&f).live, PHONES);
	assert_int_equal(known_keys, PHONES);
	print_message("%u bindings: put into the queue in %.0f ms, the longest in %.3f ms; loaded in %.0f ms\n", PHONES,
		      whole * 1e3, longest * 1e3, at * 1e3);
	store_close(s);
	fixture_finish(&f);
	assert_int_equal(unlink(file), 0);
	snprintf(more, sizeof(more), "%s-wal", file);
	unlink(more);
	snprintf(more, sizeof(more), "%s-shm", file);
	unlink(more);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),    cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_states),        cmocka_unit_test(test_other_configuration),
		cmocka_unit_test(test_damage),        cmocka_unit_test(test_values),
		cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_refreshes_told),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
