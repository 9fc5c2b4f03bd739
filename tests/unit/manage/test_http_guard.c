/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets to /rpc. */
#include "sbc/manage/http_guard.h"

#include "unit.h"

#define TOKEN "sesame-sesame-sesame"
#define JSON  "application/json"

static const char *const names[] = {"sbc.example", "Limen.example", NULL};

static const struct {
	const char *host, *origin, *type, *authorization;
	bool token; /* one is configured */
	int status;
	bool may_change;
} cases[] = {
	{"127.0.0.1:8080", "", JSON, "", false, 0, true},
	{"127.0.0.1", "", JSON, "", false, 0, true},
	{"[::1]:8080", "", JSON, "", false, 0, true},
	{"[::1]", "", JSON, "", false, 0, true},
	{"localhost:8080", "", JSON, "", false, 0, true},
	{"LOCALHOST", "", JSON, "", false, 0, true},
	{"sbc.example:8080", "", JSON, "", false, 0, true},
	{"limen.EXAMPLE", "", JSON, "", false, 0, true},
	/* a name of another's that leads here */
	{"", "", JSON, "", false, 403, false},
	{"evil.example:8080", "", JSON, "", false, 403, false},
	{"sbc.example.evil.example", "", JSON, "", false, 403, false},
	{"127.0.0.1.evil.example", "", JSON, "", false, 403, false},
	{"localhost.", "", JSON, "", false, 403, false},
	{"[::1", "", JSON, "", false, 403, false},
	{"[evil.example]:1", "", JSON, "", false, 403, false},
	{"127.1", "", JSON, "", false, 403, false},
	/* pages */
	{"127.0.0.1:8080", "http://127.0.0.1:8080", JSON, "", false, 0, true},
	{"sbc.example", "https://SBC.example", JSON, "", false, 0, true},
	{"127.0.0.1:8080", "http://127.0.0.1:8081", JSON, "", false, 403, false},
	{"127.0.0.1:8080", "http://127.0.0.1", JSON, "", false, 403, false},
	{"127.0.0.1:8080", "http://evil.example", JSON, "", false, 403, false},
	{"127.0.0.1:8080", "null", JSON, "", false, 403, false},
	{"127.0.0.1:8080", "127.0.0.1:8080", JSON, "", false, 403, false},
	{"127.0.0.1:8080", "file://127.0.0.1:8080", JSON, "", false, 403, false},
	/* what forms can send */
	{"127.0.0.1", "", "", "", false, 415, false},
	{"127.0.0.1", "", "text/plain", "", false, 415, false},
	{"127.0.0.1", "", "application/x-www-form-urlencoded", "", false, 415, false},
	{"127.0.0.1", "", "text/plain; a=application/json", "", false, 415, false},
	{"127.0.0.1", "", "application/jsonx", "", false, 415, false},
	{"127.0.0.1", "", "Application/JSON; charset=utf-8", "", false, 0, true},
	/* the token */
	{"127.0.0.1", "", JSON, "", true, 0, false},
	{"127.0.0.1", "", JSON, "Bearer " TOKEN, true, 0, true},
	{"127.0.0.1", "", JSON, "bearer  " TOKEN " ", true, 0, true},
	{"127.0.0.1", "", JSON, "Bearer " TOKEN "x", true, 401, false},
	{"127.0.0.1", "", JSON, "Bearer sesame-sesame-sesamf", true, 401, false},
	{"127.0.0.1", "", JSON, "Bearer sesame-sesame-sesam", true, 401, false},
	{"127.0.0.1", "", JSON, "Bearer " TOKEN TOKEN, true, 401, false},
	{"127.0.0.1", "", JSON, "Bearer", true, 401, false},
	{"127.0.0.1", "", JSON, "Bearer ", true, 401, false},
	{"127.0.0.1", "", JSON, TOKEN, true, 401, false},
	{"127.0.0.1", "", JSON, "Basic " TOKEN, true, 401, false},
	/* shown and not asked for: it is nobody's */
	{"127.0.0.1", "", JSON, "Bearer x", false, 0, true},
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct config c = {.manage = {.token = cases[i].token ? TOKEN : NULL, .names = {names, 2}}};
		struct http_verdict v =
			http_guard(&c, &(struct http_headers){.host = str_z(cases[i].host),
							      .origin = str_z(cases[i].origin),
							      .content_type = str_z(cases[i].type),
							      .authorization = str_z(cases[i].authorization)});

		if (v.status != cases[i].status || v.may_change != cases[i].may_change)
			fail_msg("case %zu (%s, %s, %s, %s): %d %d", i, cases[i].host, cases[i].origin, cases[i].type,
				 cases[i].authorization, v.status, v.may_change);
		assert_int_equal(v.status == 0, v.text == NULL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
