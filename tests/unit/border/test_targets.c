/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a decision's targets, told as text. Literal addresses are resolved at once; a name waits for DNS. */
#include "sbc/border/targets.h"
#include "tests/unit/border/border_text.h"

#define CONFIG(peers, max)                                                                                             \
	"{ \"networks\": { \"n\": { \"listen\": [\"udp:127.0.0.1:5060\", \"tcp:127.0.0.1:5060\"], "                    \
	"\"media\": { \"address\": [\"127.0.0.1\"], \"ports\": \"20000-20999\" } } }, "                                \
	"\"routes\": [ { \"target\": \"echo\" } ], \"limits\": { \"targets\": " max " }, \"peers\": { " peers " } }"
#define PEER(name, targets) "\"" name "\": { \"network\": \"n\", \"targets\": [" targets "] }"
#define TWO                                                                                                            \
	PEER("a", "\"udp:192.0.2.1:5060\", \"tcp:192.0.2.2:5070\"")                                                    \
	"," PEER("b", "\"udp:192.0.2.3:5060\"")

struct walk {
	struct config *config;
	struct loop *loop;
	struct resolve_cache *cache;
	struct resolver *resolver;
	struct border_state *state;
	struct border_decision decision;
	struct targets t;
	int refused; /* a peer that is not admitted */
	unsigned ready;
	char text[2000];
	struct writer w;
};

static enum reject_reason admit(void *arg, int peer)
{
	struct walk *k = arg;

	return peer == k->refused ? REJECT_TARGET_CALLS : REJECT_NONE;
}

static void passed_over(void *arg, int peer, enum reject_reason why, const char *cause)
{
	struct walk *k = arg;

	writer_fmt(&k->w, "%s: %s, %d\n", k->config->peers[peer].name, cause, reject_status(why));
}

static void ready(void *arg)
{
	struct walk *k = arg;

	k->ready++;
}

static const struct targets_user user = {.admit = admit, .passed_over = passed_over, .ready = ready};

static void begin(struct walk *k, const char *config, const char *const *order)
{
	*k = (struct walk){.config = config_of(config), .refused = -1};
	assert_int_equal(loop_create(16, &k->loop), 0);
	assert_int_equal(resolve_cache_create(&k->cache), 0);
	assert_int_equal(resolver_create(k->loop, k->cache, "127.0.0.1:9", &k->resolver), 0);
	assert_int_equal(border_state_create(k->config, &k->state), 0);
	for (; *order; order++)
		k->decision.target[k->decision.n_targets++] =
			strcmp(*order, "echo") ? (unsigned)peer_named(k->config, *order) : CONFIG_TARGET_ECHO;
}

static void rewind_(struct walk *k)
{
	k->t = (struct targets){.config = k->config,
				.decision = &k->decision,
				.state = k->state,
				.resolver = k->resolver,
				.loop = k->loop,
				.user = &user,
				.arg = k};
	k->w = writer_init(k->text, sizeof(k->text) - 1);
}

static void finish(struct walk *k)
{
	targets_stop(&k->t);
	border_state_destroy(k->state);
	resolver_destroy(k->resolver);
	resolve_cache_destroy(k->cache);
	loop_destroy(k->loop);
	config_unref(k->config);
}

/* The whole walk; each target fails with this status (0: silence). */
static const char *walk(struct walk *k, int status)
{
	enum targets_step step;
	char host[ADDR_STRLEN];

	rewind_(k);
	while ((step = targets_next(&k->t)) == TARGETS_AT) {
		addr_text(&k->t.at.to.remote, host);
		writer_fmt(&k->w, "%s: %s %s%s\n", k->config->peers[k->t.at.peer].name,
			   k->t.at.to.transport == CONFIG_TCP ? "tcp" : "udp", host,
			   targets_more(&k->t) ? ", more" : "");
		targets_outcome(&k->t, status, status ? REJECT_NONE : REJECT_TIMEOUT);
	}
	writer_z(&k->w, step == TARGETS_ECHO ? "echo" : step == TARGETS_END ? "end" : "wait");
	k->text[k->w.n] = '\0';
	return k->text;
}

static void test_order(void **state)
{
	struct walk k;

	begin(&k, CONFIG(TWO, "8"), (const char *const[]){"a", "b", NULL});
	assert_string_equal(walk(&k, 404), "a: udp 192.0.2.1:5060, more\na: tcp 192.0.2.2:5070, more\n"
					   "b: udp 192.0.2.3:5060\nend");
	finish(&k);
	begin(&k, CONFIG(TWO, "8"), (const char *const[]){"b", "echo", NULL});
	assert_string_equal(walk(&k, 404), "b: udp 192.0.2.3:5060, more\necho");
	finish(&k);
	begin(&k, CONFIG(TWO, "8"), (const char *const[]){NULL});
	assert_string_equal(walk(&k, 404), "end");
	finish(&k);
}

static void test_limits(void **state)
{
	struct walk k;

	begin(&k, CONFIG(TWO, "1"), (const char *const[]){"a", "b", NULL});
	assert_string_equal(walk(&k, 404), "a: udp 192.0.2.1:5060\nend");
	finish(&k);
	begin(&k, CONFIG(TWO, "8"), (const char *const[]){"a", "b", NULL});
	k.refused = peer_named(k.config, "a");
	assert_string_equal(walk(&k, 404), "a: target_calls, 480\nb: udp 192.0.2.3:5060\nend");
	finish(&k);
}

/* Of the addresses of one answer the ones that failed come last; a refusal is a sign of life, our own doing is none. */
static void test_health(void **state)
{
	struct resolved v[2];
	struct walk k;

	begin(&k, CONFIG(TWO, "8"), (const char *const[]){"a", NULL});
	for (int status = 0; status <= 503; status += 503) {
		v[0] = (struct resolved){.addr = addr_of("192.0.2.1:5060")};
		v[1] = (struct resolved){.addr = addr_of("192.0.2.2:5070")};
		rewind_(&k);
		assert_int_equal(targets_next(&k.t), TARGETS_AT);
		targets_outcome(&k.t, 0, REJECT_TOO_LARGE);
		border_order(k.state, v, 2, loop_now_ms(k.loop));
		assert_int_equal(addr_port(&v[0].addr), 5060);
		targets_outcome(&k.t, status, REJECT_TIMEOUT);
		border_order(k.state, v, 2, loop_now_ms(k.loop));
		assert_int_equal(addr_port(&v[0].addr), 5070);
		targets_outcome(&k.t, 404, REJECT_NONE);
	}
	finish(&k);
}

static void test_waiting(void **state)
{
	struct walk k;

	begin(&k, CONFIG(PEER("a", "\"udp:nowhere.example:5060\""), "8"), (const char *const[]){"a", NULL});
	assert_string_equal(walk(&k, 404), "wait");
	/* stopped, nobody is told any more; finish() stops once more */
	targets_stop(&k.t);
	assert_int_equal(k.ready, 0);
	assert_string_equal(walk(&k, 404), "wait");
	finish(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
