/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/location/fixture.h"

#define ALICE "alice@example.org"

static enum location_result find(struct fixture *f, const char *alias)
{
	struct location_target t;

	return location_find(f->l, str_z(alias), &t);
}

/* ---- a phone comes, stays, goes ---- */

static void test_made_and_found(void **state)
{
	struct fixture f;
	struct location_target t;
	fixture_init(&f, "", "");
	struct location_binding *b =
		put(&f, &(struct phone){.aor = ALICE, .uri = "sip:alice@10.0.0.2:5060", .flow = "192.0.2.1:40000"});
	assert_int_equal(location_find(f.l, str_z(b->alias), &t), LOCATION_FOUND);
	assert_string_equal(t.uri, "sip:alice@10.0.0.2:5060");
	assert_string_equal(t.aor, ALICE);
	assert_int_equal(t.user_bytes, 5);
	assert_true(t.to.flow_only);
	struct destination d = flow_of("192.0.2.1:40000", 0);
	assert_true(addr_equal(&t.to.remote, &d.remote));
	assert_int_equal(f.known, 1);
	assert_int_equal(counters_of(&f).bindings, 1);
	assert_int_equal(counters_of(&f).live, 1);
	assert_int_equal(counters_of(&f).aors, 1);
	struct str agent = location_agent(b);
	assert_true(str_eq(agent, STR("Test Phone/1.0")));
	char alias[IDENT_LEN + 1];
	memcpy(alias, b->alias, sizeof(alias));
	location_drop(b);
	assert_int_equal(find(&f, alias), LOCATION_UNKNOWN);
	assert_int_equal(f.known, 0);
	assert_int_equal(f.removed, 1);
	assert_int_equal(counters_of(&f).aors, 0);
	fixture_finish(&f);
}

static void test_renewed_keeps_alias_and_moves(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct location_binding *b = put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2"});
	char alias[IDENT_LEN + 1];
	memcpy(alias, b->alias, sizeof(alias));
	/* the same URI, spelt otherwise (RFC 3261 §19.1.4), from elsewhere */
	b = put(&f, &(struct phone){.aor = ALICE, .uri = "SIP:a@10.0.0.2", .flow = "192.0.2.9:1234"});
	assert_string_equal(b->alias, alias);
	assert_int_equal(counters_of(&f).bindings, 1);
	assert_int_equal(counters_of(&f).bindings_renewed, 1);
	assert_int_equal(counters_of(&f).flows_moved, 1);
	assert_int_equal(f.known, 1);
	fixture_finish(&f);
}

static void test_expiry(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct location_binding *b =
		put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2", .phone_s = 60, .core_s = 100});
	char alias[IDENT_LEN + 1];
	memcpy(alias, b->alias, sizeof(alias));
	pass_ms(&f, 50000);
	location_seen(b, b->phone_call_id, 2, 60);
	pass_ms(&f, 45000);
	/* what the core gave bounds what the phone has */
	assert_int_equal(find(&f, alias), LOCATION_FOUND);
	pass_ms(&f, 6000);
	assert_int_equal(find(&f, alias), LOCATION_UNKNOWN);
	assert_int_equal(counters_of(&f).bindings_expired, 1);
	assert_int_equal(counters_of(&f).bindings, 0);
	fixture_finish(&f);
}

/* What the core was asked counts by its own Call-ID, and upwards alone; a refresh may be of a phone started anew. */
static void test_asked_and_seen(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct location_binding *b =
		put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2", .phone_s = 60, .core_s = 100});
	uint32_t first = b->core_cseq;
	location_asked(b, b->core_call_id, first + 7);
	assert_int_equal(b->core_cseq, first + 7);
	location_asked(b, b->core_call_id, first + 3);
	location_asked(b, b->alias, first + 9);
	assert_int_equal(b->core_cseq, first + 7);
	location_seen(b, b->phone_call_id + 1, 1, 10);
	assert_int_equal(b->phone_cseq, 1);
	assert_int_equal(location_left_s(f.l, b->phone_until_ms), 10);
	fixture_finish(&f);
}

/* Its timer comes when the first REGISTER's time is over, and finds that there is more. */
static void test_expiry_of_a_refresh(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct location_binding *b =
		put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2", .phone_s = 60, .core_s = 1000});
	char alias[IDENT_LEN + 1];
	memcpy(alias, b->alias, sizeof(alias));
	for (unsigned i = 0; i < 3; i++) {
		pass_ms(&f, 50000);
		location_seen(b, b->phone_call_id, 2 + i, 60);
	}
	pass_ms(&f, 59500);
	assert_int_equal(find(&f, alias), LOCATION_FOUND);
	pass_ms(&f, 600);
	assert_int_equal(find(&f, alias), LOCATION_DEAD);
	assert_int_equal(counters_of(&f).bindings_expired, 1);
	fixture_finish(&f);
}

static void test_phone_that_stays_away(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct phone p = {.aor = ALICE, .uri = "sip:a@10.0.0.2", .phone_s = 10, .core_s = 100};
	struct location_binding *b = put(&f, &p);
	char alias[IDENT_LEN + 1];
	memcpy(alias, b->alias, sizeof(alias));
	pass_ms(&f, 11000);
	assert_int_equal(find(&f, alias), LOCATION_DEAD);
	assert_int_equal(f.known, 0);
	/* and comes back: at the core it is who it was */
	b = put(&f, &p);
	assert_string_equal(b->alias, alias);
	assert_int_equal(find(&f, alias), LOCATION_FOUND);
	assert_int_equal(f.known, 1);
	fixture_finish(&f);
}

/* ---- flows ---- */

static void test_connection_closed(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct phone two[] = {{.aor = ALICE, .uri = "sip:a@10.0.0.2", .connection = 7},
			      {.aor = "bob@example.org", .uri = "sip:b@10.0.0.2", .connection = 7},
			      {.aor = "carol@example.org", .uri = "sip:c@10.0.0.2", .connection = 8}};
	for (unsigned i = 0; i < 3; i++)
		put(&f, &two[i]);
	location_connection_closed(f.l, 7);
	assert_int_equal(counters_of(&f).live, 1);
	assert_int_equal(counters_of(&f).flows_failed, 2);
	location_connection_closed(f.l, 7);
	assert_int_equal(counters_of(&f).flows_failed, 2);
	two[0].connection = 9;
	struct location_binding *b = put(&f, &two[0]);
	assert_int_equal(b->state, LOCATION_LIVE);
	location_connection_closed(f.l, 7);
	assert_int_equal(b->state, LOCATION_LIVE);
	location_connection_closed(f.l, 9);
	assert_int_equal(b->state, LOCATION_FAILED);
	fixture_finish(&f);
}

static void test_flow_failed(void **state)
{
	struct fixture f;
	struct location_target t;
	fixture_init(&f, "", "");
	struct location_binding *b = put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2"});
	location_flow_failed(f.l, str_z(b->alias), &b->flow);
	location_flow_failed(f.l, STR("nobody"), &b->flow);
	assert_int_equal(location_find(f.l, str_z(b->alias), &t), LOCATION_DEAD);
	assert_string_equal(t.uri, "sip:a@10.0.0.2");
	assert_int_equal(counters_of(&f).aliases_dead, 1);
	fixture_finish(&f);
}

/* RFC 5626: two flows of one phone are two bindings; the same reg-id again replaces one, whatever its URI. */
static void test_outbound(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct phone p = {.aor = ALICE, .uri = "sip:a@10.0.0.2:1111", .instance = "\"<urn:uuid:1>\"", .reg_id = 1};
	put(&f, &p);
	p.reg_id = 2;
	put(&f, &p);
	assert_int_equal(counters_of(&f).bindings, 2);
	p.uri = "sip:a@10.0.0.2:2222";
	struct location_binding *b = put(&f, &p);
	assert_int_equal(counters_of(&f).bindings, 2);
	assert_true(str_eq(location_uri(b), STR("sip:a@10.0.0.2:2222")));
	p.instance = "\"<urn:uuid:2>\"";
	put(&f, &p);
	assert_int_equal(counters_of(&f).bindings, 3);
	fixture_finish(&f);
}

static void test_keepalive(void **state)
{
	struct fixture f;
	fixture_init(&f, ",\"keepalive\":\"crlf\",\"keepalive_ms\":1000", "");
	struct location_binding *b = put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2", .phone_s = 3600});
	pass_ms(&f, 10000);
	assert_in_range(f.kept_alive, 8, 11);
	unsigned before = f.kept_alive;
	location_flow_failed(f.l, str_z(b->alias), &b->flow);
	pass_ms(&f, 5000);
	assert_int_equal(f.kept_alive, before);
	fixture_finish(&f);
}

/* ---- bounds ---- */

static void test_bounds(void **state)
{
	struct fixture f;
	struct location_binding *b = NULL;
	char uri[64];
	fixture_init(&f, "", ",\"limits\":{\"registrations\":5},\"registrations\":{\"max_contacts\":3}");
	for (unsigned i = 0; i < 3; i++) {
		snprintf(uri, sizeof(uri), "sip:a@10.0.0.%u", i);
		b = put(&f, &(struct phone){.aor = ALICE, .uri = uri});
	}
	struct phone one = {.aor = ALICE, .uri = "sip:a@10.0.0.9"};
	assert_int_equal(try_put(&f, &one, &b), -EMFILE);
	assert_int_equal(counters_of(&f).bindings, 3);
	/* one that nobody reaches makes room */
	location_flow_failed(f.l, str_z(b->alias), &b->flow);
	put(&f, &one);
	assert_int_equal(counters_of(&f).bindings, 3);
	put(&f, &(struct phone){.aor = "b@example.org", .uri = "sip:b@10.0.0.1"});
	put(&f, &(struct phone){.aor = "c@example.org", .uri = "sip:c@10.0.0.1"});
	assert_int_equal(try_put(&f, &(struct phone){.aor = "d@example.org", .uri = "sip:d@10.0.0.1"}, &b), -ENOSPC);
	/* who is there may stay */
	put(&f, &one);
	char *longer = malloc(LOCATION_URI_MAX + 2);
	memset(longer, 'x', LOCATION_URI_MAX + 1);
	longer[LOCATION_URI_MAX + 1] = '\0';
	assert_int_equal(try_put(&f, &(struct phone){.aor = ALICE, .uri = longer}, &b), -EMSGSIZE);
	free(longer);
	fixture_finish(&f);
}

/* ---- aliases ---- */

static void test_aliases(void **state)
{
	struct fixture f;
	fixture_init(&f, "", "");
	struct location_binding *b = put(&f, &(struct phone){.aor = ALICE, .uri = "sip:a@10.0.0.2"});
	char forged[IDENT_LEN + 1], other[IDENT_LEN + 1];
	for (unsigned i = 0; i < IDENT_LEN; i++) {
		memcpy(forged, b->alias, sizeof(forged));
		forged[i] = forged[i] == 'a' ? 'b' : 'a';
		assert_int_equal(find(&f, forged), LOCATION_FORGED);
	}
	ident_mint(&f.key, 9, other);
	assert_int_equal(find(&f, other), LOCATION_UNKNOWN);
	assert_int_equal(find(&f, "+4930123456"), LOCATION_NO_ALIAS);
	assert_int_equal(find(&f, "12345678901234567890123456789"), LOCATION_NO_ALIAS);
	assert_int_equal(find(&f, ""), LOCATION_NO_ALIAS);
	assert_int_equal(counters_of(&f).aliases_forged, IDENT_LEN);
	assert_int_equal(counters_of(&f).aliases_unknown, 1);
	fixture_finish(&f);
}

/* A function of what it stands for: nothing else may change it, and everything of that must. */
static void test_alias_is_a_function(void **state)
{
	struct fixture f;
	char a[IDENT_LEN + 1], b[IDENT_LEN + 1];
	fixture_init(&f, "", "");
	struct location_contact one = {.uri = STR("sip:a@10.0.0.2")}, two = {.uri = STR("sip:a@10.0.0.3")};
	struct location_contact flow = {.uri = one.uri, .instance = STR("\"<urn:x>\""), .reg_id = 1};
	location_alias(f.l, 9, 0, STR(ALICE), &one, a);
	location_alias(f.l, 9, 0, STR(ALICE), &one, b);
	assert_string_equal(a, b);
	location_alias(f.l, 9, 1, STR(ALICE), &one, b);
	assert_string_not_equal(a, b);
	location_alias(f.l, 9, 0, STR("bob@example.org"), &one, b);
	assert_string_not_equal(a, b);
	location_alias(f.l, 9, 0, STR(ALICE), &two, b);
	assert_string_not_equal(a, b);
	location_alias(f.l, 9, 0, STR(ALICE), &flow, a);
	flow.uri = two.uri;
	location_alias(f.l, 9, 0, STR(ALICE), &flow, b);
	assert_string_equal(a, b);
	flow.reg_id = 2;
	location_alias(f.l, 9, 0, STR(ALICE), &flow, b);
	assert_string_not_equal(a, b);
	fixture_finish(&f);
}

static const struct {
	const char *a, *b;
	bool same;
} uris[] = {
	{"sip:a@h", "sip:a@H", true},
	{"sip:a@h", "SIP:a@h", true},
	{"sip:a@h", "sip:A@h", false},
	{"sip:a@h", "sips:a@h", false},
	{"sip:a@h", "sip:a@h:5060", false},
	{"sip:a@h;transport=tcp", "sip:a@h;transport=TCP", true},
	{"sip:a@h;transport=tcp", "sip:a@h", false},
	{"sip:a@h;ob", "sip:a@h", true},
	{"sip:a@h;maddr=1.2.3.4", "sip:a@h", false},
};

static void test_same_uri(void **state)
{
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
		assert_int_equal(location_same_uri(str_z(uris[i].a), str_z(uris[i].b)), uris[i].same);
}

/* ---- looking ---- */

#define WALKED 300

struct seen {
	unsigned n, enough;
	const struct location_binding *v[WALKED];
};

static bool see(void *arg, const struct location_binding *b)
{
	struct seen *s = arg;

	s->v[s->n++] = b;
	return s->n < s->enough;
}

static bool saw(const struct seen *s, struct fixture *f, const char *aor)
{
	const struct location_binding *b = location_first(location_aor(f->l, 0, str_z(aor)));

	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i] == b)
			return true;
	return false;
}

static void put_numbered(struct fixture *f, unsigned i)
{
	char uri[40], aor[40];

	snprintf(uri, sizeof(uri), "sip:u%u@h", i);
	snprintf(aor, sizeof(aor), "u%u@example.org", i);
	put(f, &(struct phone){.aor = aor, .uri = uri});
}

/* Some at a time, while others go, and so many come that the table grows several times: what is there all along is seen
 * once, in the order of places. */
static void test_walk(void **state)
{
	struct fixture f;
	struct seen s = {.enough = 1};
	uint64_t at = 0, place;
	char aor[40];
	unsigned gone = 0;
	bool done = false;

	fixture_init(&f, "", "");
	assert_true(location_walk(f.l, &at, 10, see, &s));
	assert_int_equal(s.n, 0);
	for (unsigned i = 0; i < 20; i++)
		put_numbered(&f, i);
	for (unsigned more = 20; !done; more += 20) {
		done = location_walk(f.l, &at, 2, see, &s);
		for (unsigned i = more; more < 200 && i < more + 20; i++)
			put_numbered(&f, i);
		/* one that was not seen yet */
		snprintf(aor, sizeof(aor), "u%u@example.org", 7);
		if (!gone && !saw(&s, &f, aor))
			gone = location_remove_aor(f.l, 0, str_z(aor));
	}
	assert_int_equal(location_remove_aor(f.l, 0, STR("u8@example.org")) +
				 location_remove_aor(f.l, 1, STR("u9@example.org")),
			 1);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(aor, sizeof(aor), "u%u@example.org", i);
		assert_true(i == 8 || (i == 7 && gone) || saw(&s, &f, aor));
	}
	for (unsigned i = 0; i < s.n; i++)
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(s.v[i], s.v[j]);
	const struct location_binding *b = location_first(location_aor(f.l, 0, STR("u9@example.org")));
	assert_true(location_alias_place(f.l, str_z(b->alias), &place));
	assert_int_equal(place, location_place(b));
	assert_false(location_alias_place(f.l, STR("alice"), &place));
	assert_int_equal(location_remove_aor(f.l, 0, STR("u9@example.org")), 1);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_and_found),
		cmocka_unit_test(test_renewed_keeps_alias_and_moves),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_expiry_of_a_refresh),
		cmocka_unit_test(test_asked_and_seen),
		cmocka_unit_test(test_phone_that_stays_away),
		cmocka_unit_test(test_connection_closed),
		cmocka_unit_test(test_flow_failed),
		cmocka_unit_test(test_outbound),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_alias_is_a_function),
		cmocka_unit_test(test_same_uri),
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
