/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory in the middle of a call. A real worker, real calls, a real relay and UDP on loopback; the test plays
 * both legs, turns the loop and moves the time. Each allocation of the worker's thread fails once, alone and with all
 * after it, those of libraries included: malloc(3) and its kin are ours here. Afterwards nothing may be left: no call,
 * transaction, port or block; and the next call must work. A sanitizer has its own malloc(3); such a build skips this.
 */
#include <openssl/err.h>

#include "sbc/location/reach.h"
#include "tests/unit/base/heap.h"
#include "tests/unit/call/parties.h"
#include "tests/unit/call/rig.h"

#if !HEAP_IS_OURS
int main(void)
{
	return 77; /* skipped */
}
#else

/* ---- what is under test ---- */

static struct keyring *keyring;
static struct location *location;
static bool failing; /* allocations count while the loop turns */
static char config_buf[2000];
static const char *config_path;

/* ---- turning ---- */

static void turn(void)
{
	struct wheel_timer t = {.fn = tick};

	loop_timer(e.worker->loop, &t, 1);
	heap_armed = failing;
	loop_turn(e.worker->loop);
	heap_armed = false;
	loop_timer_stop(e.worker->loop, &t);
}

static void settle(void)
{
	for (unsigned quiet = 0; quiet < 3; quiet++) {
		turn();
		if (party_take(&a) + party_take(&b) > 0)
			quiet = 0;
	}
}

/* 100 ms pass; whoever waits says it again. */
static void step(void)
{
	virtual_ns += 100 * UINT64_C(1000000);
	if (a.request_n)
		send_text(&a, a.request, a.request_n);
	if (a.answer_n)
		send_text(&a, a.answer, a.answer_n);
	if (b.answer_n)
		send_text(&b, b.answer, b.answer_n);
	settle();
}

/* Until a's request is answered, or for 64*T1 of 100 ms. */
static void until_answered(void)
{
	settle();
	for (unsigned i = 0; i < 64 && a.request_n; i++)
		step();
	a.request_n = 0;
}

static uint64_t calls_alive(void)
{
	struct call_counters c = rig_counters();

	return c.calls + c.legs;
}

static uint64_t transactions_alive(void)
{
	struct txn_gauges g;

	txn_gauges(e.worker->txn, &g);
	return g.server_invite + g.server_other + g.client_invite + g.client_other;
}

/* Everything over, lingering transactions too. */
static void until_over(const char *what)
{
	for (unsigned i = 0; i < 400 && (calls_alive() || transactions_alive() || sock_count(SOCK_KIND_MEDIA)); i++) {
		/* an answer that came after a had given up */
		if (a.talking && !a.ended && !a.request_n)
			a_request("BYE", "");
		if (!calls_alive()) {
			virtual_ns += 900 * UINT64_C(1000000);
		} else if (i > 70) {
			a.answer_n = b.answer_n = 0;
			virtual_ns += 900 * UINT64_C(1000000);
		}
		step();
	}
	if (calls_alive() || transactions_alive() || sock_count(SOCK_KIND_MEDIA))
		fail_msg("%s, allocation %u%s: %lu calls and legs, %lu transactions, %zu ports left", what,
			 heap_fail_at, heap_fail_on ? " and later" : "", (unsigned long)calls_alive(),
			 (unsigned long)transactions_alive(), sock_count(SOCK_KIND_MEDIA));
}

/* ---- a call ---- */

static void invite(void)
{
	new_call();
	a_request("INVITE", late ? "" : SDP);
	until_answered();
}

static void hang_up(void)
{
	if (a.talking && !a.ended) {
		a_request("BYE", "");
		until_answered();
	}
}

static void register_b(void);

static void good_call(const char *what)
{
	/* a phone that was taken for silent registers again */
	if (alias[0])
		register_b();
	invite();
	if (a.final != 200)
		fail_msg("after %s with allocation %u%s failing, a call is answered %d", what, heap_fail_at,
			 heap_fail_on ? " and later ones" : "", a.final);
	hang_up();
	assert_true(b.ended);
	until_over("a good call");
}

/* ---- life of it all ---- */

static void register_b(void)
{
	static const struct str aor = {"bob@127.0.0.1", 13};
	struct addr local = at("127.0.0.1:1");
	char uri[80];
	struct location_contact c = {.params = STR("")};
	struct location_binding *binding;

	snprintf(uri, sizeof(uri), "sip:bob@127.0.0.2:%u", addr_port(&b.addr));
	c.uri = str_z(uri);
	addr_set_port(&local, limen_port);
	location_alias(location, location_slot(location, aor), 0, aor, &c, alias);
	assert_int_equal(
		location_put(
			location,
			&(struct location_update){
				.aor = aor,
				.contact = &c,
				.alias = alias,
				.core_call_id = alias,
				.flow = {.transport = CONFIG_UDP, .local = local, .remote = b.addr, .flow_only = true},
				.phone_s = 100000,
				.core_s = 100000},
			&binding),
		0);
}

static void begin(void)
{
	rig_open(config_buf);
	assert_int_equal(
		location_create(&(struct location_params){.loop = e.worker->loop, .key = &e.key, .config = e.config},
				&location),
		0);
	keyring = keyring_create();
	assert_non_null(keyring);
	rig_open_calls(&(struct calls_params){.keyring = keyring, .location = location});
	if (alias[0])
		register_b();
}

static void close_rest(void)
{
	location_destroy(location);
	keyring_destroy(keyring);
}

static void end(void)
{
	rig_close(close_rest);
}

static void arm(unsigned k, bool on)
{
	heap_plan(k, on);
	failing = true;
}

static uint64_t refusals(void)
{
	struct call_counters c = rig_counters();
	uint64_t n = 0;

	for (unsigned i = 0; i < REJECT_COUNT; i++)
		n += c.rejects[i];
	return n + c.calls_failed + c.calls_challenged;
}

/* ---- what fails ---- */

static unsigned outcomes[700];

/* The whole call. */
static void fail_call(void)
{
	uint64_t refused = refusals();
	int first;

	failing = true;
	invite();
	first = a.final;
	hang_up();
	failing = false;
	outcomes[first]++;
	/* what we could not answer for lack of memory is left to the caller */
	if (first != 200 && first != 500 && first != 503 && first != 488 && first != 0 && !(asks && first == 407))
		fail_msg("allocation %u: answered %d", heap_fail_at, first);
	if (first != 200 && refusals() == refused)
		fail_msg("allocation %u: answered %d, uncounted", heap_fail_at, first);
	hang_up();
}

/* A call that stands is put on hold and taken back. */
static void fail_reinvite(void)
{
	failing = false;
	invite();
	assert_int_equal(a.final, 200);
	settle();
	failing = true;
	a_request("INVITE", SDP "a=sendonly\r\n");
	until_answered();
	failing = false;
	outcomes[a.final]++;
	/* the call may have ended; if it did not, it still stands */
	settle();
	hang_up();
	until_over("a re-INVITE");
	/* while nothing at all can be had a BYE cannot be made either */
	if (!b.ended && !heap_fail_on)
		fail_msg("allocation %u%s: re-INVITE answered %d, and b was never told of the end", heap_fail_at,
			 heap_fail_on ? " and later" : "", a.final);
}

static void told(void *arg, enum config_change what, const char *place)
{
}

/* As the program does it upon SIGHUP. */
static int reload(void)
{
	struct config_faults faults = {0};
	struct config *c = NULL;
	int err = config_reload(e.config, config_path, &c, &faults, told, NULL);

	config_faults_finish(&faults);
	if (err < 0)
		return err;
	err = border_state_set_config(e.border, c);
	if (err == 0)
		err = media_networks_apply(e.media, c);
	if (err == 0)
		err = calls_set_config(e.calls, c);
	if (err == 0)
		err = worker_set_config(e.worker, c);
	if (err < 0) {
		config_unref(c);
		return err;
	}
	config_unref(e.config);
	e.config = c;
	return 0;
}

static void for_every_failure(const char *what, void (*fn)(void))
{
	unsigned most = 0;

	memset(outcomes, 0, sizeof(outcomes));
	for (int on = 0; on < 2; on++)
		for (unsigned k = 0;; k++) {
			long before = heap_held();

			begin();
			arm(k, on);
			fn();
			failing = false;
			unsigned used = heap_asked;
			until_over(what);
			/* RFC 3261 §13.2.2.4, whatever became of the call (with nothing at all to be had b gives up) */
			if (!on && b.answered && !b.acked)
				fail_msg("%s, allocation %u: b's 2xx had no ACK", what, k);
			heap_fail_at = k;
			good_call(what);
			end();
			/* the first is a rehearsal: what libraries keep for ever they have now */
			if (k && heap_held() != before)
				fail_msg("%s: %ld blocks held after allocation %u%s failed", what, heap_held() - before,
					 k, on ? " and later" : "");
			most = used > most ? used : most;
			if (k && used < k)
				break;
		}
	print_message("%s: up to %u allocations; answered", what, most);
	for (unsigned i = 0; i < 700; i++)
		if (outcomes[i])
			print_message(" %u: %u", i, outcomes[i]);
	print_message("\n");
}

static void test_call(void **state)
{
	for_every_failure("a call", fail_call);
}

static void test_late_offer(void **state)
{
	late = true;
	for_every_failure("a late offer", fail_call);
	late = false;
}

static void test_phone(void **state)
{
	alias[0] = 'x';
	for_every_failure("a call to a registered phone", fail_call);
	alias[0] = '\0';
}

static void test_reinvite(void **state)
{
	for_every_failure("a re-INVITE", fail_reinvite);
}

static void test_challenged(void **state)
{
	asks = true;
	for_every_failure("a call that b challenges", fail_call);
	for_every_failure("a re-INVITE that b challenges", fail_reinvite);
	asks = false;
}

/* While a call stands. */
static void test_reload(void **state)
{
	long before;
	int err;

	begin();
	invite();
	assert_int_equal(a.final, 200);
	assert_int_equal(reload(), 0);
	for (int on = 0; on < 2; on++)
		for (unsigned k = 1;; k++) {
			before = heap_held();
			arm(k, on);
			heap_armed = true;
			err = reload();
			heap_armed = false;
			if (err == 0 && heap_asked < k)
				break;
			if (err != 0 && err != -ENOMEM)
				fail_msg("allocation %u: a reload says %d", k, err);
			/* some may be done without: then the new one is in place of the old, of the same size */
			/* fewer: the relay's thread is not done yet with what the call needed */
			if (heap_held() > before)
				fail_msg("%ld blocks held after allocation %u%s failed", heap_held() - before, k,
					 on ? " and later" : "");
		}
	print_message("a reload: %u allocations\n", heap_asked);
	failing = false;
	hang_up();
	assert_true(b.ended);
	until_over("a reload");
	good_call("a reload");
	end();
}

static int set_up(void **state)
{
	static char path[] = "/tmp/limen-test-oom-XXXXXX";
	int fd = mkstemp(path);

	ERR_clear_error(); /* what OpenSSL keeps for each thread */
	open_party(&a, "127.0.0.1:0");
	open_party(&b, "127.0.0.2:0");
	limen_port = free_port();
	snprintf(
		config_buf, sizeof(config_buf),
		"{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\"],"
		"\"media\":{\"address\":\"127.0.0.1\",\"ports\":\"23000-23399\"}}},"
		"\"peers\":{\"a\":{\"network\":\"n\",\"auth\":\"relay\",\"targets\":[\"udp:127.0.0.1:%u\"]},"
		"\"b\":{\"network\":\"n\",\"auth\":\"relay\",\"targets\":[\"udp:127.0.0.2:%u\"],"
		"\"credentials\":{\"user\":\"u\",\"password\":\"p\"}}},"
		"\"routes\":[{\"match\":{\"peer\":\"a\"},\"target\":\"b\"},{\"match\":{\"peer\":\"b\"},\"target\":\"a\"}],"
		"\"timers\":{\"t1\":100,\"t2\":400,\"t4\":500,\"media_silence\":0},"
		"\"media\":{\"workers\":1,\"port_cooldown_ms\":0}}",
		limen_port, addr_port(&a.addr), addr_port(&b.addr));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, config_buf, strlen(config_buf)), strlen(config_buf));
	close(fd);
	config_path = path;
	log_set_level(LOG_ERROR);
	time_stands();
	return 0;
}

static int tear_down(void **state)
{
	time_runs();
	unlink(config_path);
	close(a.fd);
	close(b.fd);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),     cmocka_unit_test(test_late_offer), cmocka_unit_test(test_phone),
		cmocka_unit_test(test_reinvite), cmocka_unit_test(test_challenged), cmocka_unit_test(test_reload),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("oom", tests, set_up, tear_down);
}
#endif
