/* SPDX-License-Identifier: Apache-2.0 */
/* A config as JSON: places, defaults, and no secret anywhere. */
#include "config/internal.h"
#include "helper.h"

static const struct {
	const char *place, *want; /* NULL: nothing there */
} cases[] = {
	{"timers.t1", "500"},
	{"timers.t2", "4000"},
	{"workers", "1"},
	{"log.mask", "false"},
	{"leak", "'count'"},
	{"networks.n.listen", "['udp:192.0.2.1','tcp:192.0.2.1']"},
	{"networks.n.listen[1]", "'tcp:192.0.2.1'"},
	{"peers.p.targets[0]", "'192.0.2.9'"},
	{"peers.p.codecs", "{'order':['PCMA'],'single':false}"},
	{"routes[0].match", "{'peer':'p'}"},
	{"routes[0].match.peer", "'p'"},
	{"cluster_key", "'(secret)'"},
	{"manage", "{'token':'(secret)','names':['sbc.example']}"},
	{"manage.token", "'(secret)'"},
	{"manage.token.x", NULL},
	{"manage.token[0]", NULL},
	{"networks.n.listen[2]", NULL},
	{"networks.n.listen[x]", NULL},
	{"networks.n.listen[1", "'tcp:192.0.2.1'"},
	{"networks.n.listen[1]x", NULL},
	{"networks.m", NULL},
	{"networks[0]", NULL},
	{".timers", NULL},
	{"timers..t1", NULL},
	{"[0]", NULL},
	{"nope", NULL},
};

static struct config *config(void)
{
	return load_good("{'networks': {'n': {'listen': ['udp:192.0.2.1', 'tcp:192.0.2.1']}},"
			 "'peers': {'p': {'network': 'n', 'targets': ['192.0.2.9'], 'codecs': {'order': ['PCMA']}}},"
			 "'routes': [{'match': {'peer': 'p'}, 'target': 'p'}], 'timers': {'t2': '4s'},"
			 "'cluster_key': 'sesame-sesame-sesame', 'manage': {'token': 'sesame-open-open', 'names': "
			 "['sbc.example']}}");
}

static void test_places(void **state)
{
	struct config *c = config();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024], *want = cases[i].want ? quotes(cases[i].want) : NULL;
		struct writer w = writer_init(text, sizeof(text) - 1);

		if (config_has_place(c, str_z(cases[i].place)) != (want != NULL))
			fail_msg("%s: found, or not", cases[i].place);
		config_show(c, str_z(cases[i].place), &w);
		text[w.n] = '\0';
		if (strcmp(text, want ? want : "null") != 0)
			fail_msg("%s is %s", cases[i].place, text);
		free(want);
	}
	config_unref(c);
}

static void test_whole(void **state)
{
	struct config *c = config();
	static char text[65536];
	struct writer w = writer_init(text, sizeof(text) - 1);

	config_show(c, STR_NONE, &w);
	assert_false(w.overflow);
	text[w.n] = '\0';
	assert_non_null(strstr(text, "\"cluster_key\":\"(secret)\""));
	assert_null(strstr(text, "sesame"));
	config_unref(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_whole)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
