/* SPDX-License-Identifier: Apache-2.0 */
/* Not a test: what the hot paths of this room cost, on one thread, in ns per call (best of several rounds). Built with
 * -Dbench=true. */
#include <unistd.h>

#include "base/clock.h"
#include "sbc/border/challenge.h"
#include "sbc/border/leak_internal.h"
#include "tests/unit/border/border_text.h"

#define ROUNDS 9
#define CALLS  100000

struct bench {
	struct config *c;
	struct border_state *s;
	struct leak_table *t;
	struct leak_set set, empty;
	struct str invite;
	struct message *m;
	struct crossing x;
	struct flow_addr peer, stranger;
	struct border_request r;
	char out[8192];
	uint64_t now_ms;
	struct challenge_state *challenges;
	struct accounts *accounts;
	struct challenge_request login;
	char credentials[1024];
	uint64_t sum; /* so that nothing is optimised away */
};

static void run(const char *what, struct bench *b, void (*fn)(struct bench *b))
{
	uint64_t best = UINT64_MAX;
	for (unsigned k = 0; k < ROUNDS; k++) {
		uint64_t t0 = clock_ns();
		for (unsigned i = 0; i < CALLS; i++)
			fn(b);
		uint64_t t = clock_ns() - t0;
		best = t < best ? t : best;
	}
	printf("%-56s %7.1f ns\n", what, (double)best / CALLS);
}

static const char config_text[] =
	"{ \"networks\": {"
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\"], \"media\": { \"address\": [\"203.0.113.11\"], \"ports\": \"20000-20999\" },"
	"             \"unknown\": \"reject\", \"source_rate\": 1000000 },"
	"  \"access\": { \"listen\": [\"udp:192.168.7.2:5060\"], \"advertise\": \"198.51.100.10\", \"media\": { \"address\": [\"192.168.7.3\"], \"ports\": \"20000-20999\" } },"
	"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\", \"udp:[2001:db8:1::2]:5060\"], \"media\": { \"address\": [\"10.0.0.2\"], \"ports\": \"10000-10999\" } } },"
	" \"peers\": {"
	"  \"carrier-a\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\", \"192.0.2.2\", \"sip.carrier-a.example\"], \"domain\": \"us.example\" },"
	"  \"carrier-b\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.17\", \"192.0.2.18\", \"sip.carrier-b.example\"] },"
	"  \"pbx\": { \"network\": \"core\", \"targets\": [\"10.0.0.5\", \"10.0.0.6\", \"pbx.inside.example\"], \"hosts\": [\"inside.example\"] },"
	"  \"app\": { \"network\": \"core\", \"targets\": [\"10.0.0.7\", \"10.0.0.8\", \"app.inside.example\"], \"hosts\": [\"app.example\"] },"
	"  \"gate\": { \"network\": \"access\", \"targets\": [\"192.168.7.9\", \"gate.inside.example\"], \"hosts\": [\"phones.example\"] } },"
	" \"routes\": [ { \"match\": { \"peer\": \"carrier-a\", \"ruri\": \"prefix:+4930\" }, \"rewrite\": { \"ruri\": \"s/^\\\\+49/0/\" }, \"target\": \"pbx\" },"
	"   { \"match\": { \"network\": \"trunk\" }, \"target\": [\"pbx\", \"app\"] }, { \"target\": [\"carrier-a\", \"carrier-b\", \"gate\"] } ] }";

static const char invite_text[] =
	"INVITE sip:+4930123456@192.0.2.1:5060;user=phone SIP/2.0\n"
	"Via: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bKabcdefghijklmnopqrstuvwxyz234;rport\n"
	"Max-Forwards: 69\n"
	"From: \"Alice Example\" <sip:+4940765432@203.0.113.10>;tag=mnopqrstuvwxyz234abcdefghijkl\n"
	"To: <sip:+4930123456@192.0.2.1;user=phone>\n"
	"Call-ID: 234abcdefghijklmnopqrstuvwxyz\n"
	"CSeq: 1 INVITE\n"
	"Contact: <sip:567abcdefghijklmnopqrstuvwxyz@203.0.113.10:5060>\n"
	"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\n"
	"Supported: timer\n"
	"User-Agent: Limen\n"
	"Content-Type: application/sdp\n"
	"Content-Length: 200\n"
	"\n"
	"v=0\n"
	"o=- 3722763221 1 IN IP4 203.0.113.11\n"
	"s=-\n"
	"c=IN IP4 203.0.113.11\n"
	"t=0 0\n"
	"m=audio 20000 RTP/AVP 8 0 101\n"
	"a=rtpmap:8 PCMA/8000\n"
	"a=rtpmap:0 PCMU/8000\n"
	"a=rtpmap:101 telephone-event/8000\n"
	"a=fmtp:101 0-15\n"
	"a=ptime:20\n"
	"a=sendrecv\n";

static void bench_leak(struct bench *b)
{
	struct leak_finding f;
	b->sum += leak_check(b->t, 0, &b->set, b->invite, &f);
}
static void bench_leak_config_only(struct bench *b)
{
	struct leak_finding f;
	b->sum += leak_check(b->t, 0, NULL, b->invite, &f);
}
static void bench_screen_peer(struct bench *b)
{
	b->sum += border_screen(b->s, b->c, &b->peer, (const uint8_t *)b->invite.p, b->invite.n, 1);
}
static void bench_screen_stranger(struct bench *b)
{
	b->sum += border_screen(b->s, b->c, &b->stranger, (const uint8_t *)b->invite.p, b->invite.n, b->now_ms++);
}
static void bench_decide(struct bench *b)
{
	struct border_decision d;
	border_decide(b->c, &b->r, NULL, NULL, &d);
	b->sum += d.n_targets;
}
static void bench_headers(struct bench *b)
{
	struct writer w = writer_init(b->out, sizeof(b->out));
	headers_cross(b->m, &b->x, &w);
	headers_write_from(b->m, &b->x, b->r.from.user, &w);
	headers_write_to(b->m, &b->x, b->r.to.user, &w);
	headers_write_ruri(b->m, &b->x, b->r.ruri.user, &w);
	b->sum += w.n;
}
static void bench_admit(struct bench *b)
{
	b->sum += border_call_begin(b->s, b->c, 0, false, 1);
	b->sum += border_call_begin(b->s, b->c, 2, true, 1);
	border_call_end(b->s, b->c, 0, false);
	border_call_end(b->s, b->c, 2, true);
}
static void bench_set(struct bench *b)
{
	struct leak_set set = {0};
	for (unsigned i = 0; i < b->set.n; i++)
		leak_set_add(&set, b->set.v[i].s);
	b->sum += set.n;
}

/* ---- logging in -------------------------------------------------------------------------------------------------- */

static const struct config_accounts account_settings = {
	.nonce_ms = 300000, .failures = ~0u, .source_failures = ~0u, .lockout_ms = 60000};

static void bench_challenge(struct bench *b)
{
	struct writer w = writer_init(b->out, sizeof(b->out));
	b->sum += (uint64_t)challenge_write(b->challenges, b->accounts, &b->login.facts, false, false, &w) + w.n;
}

/* The same request again: all the work of a good one, and then a count that was used. */
static void bench_check(struct bench *b)
{
	char user[ACCOUNT_NAME_MAX + 1];
	b->sum += challenge_check(b->challenges, &account_settings, b->accounts, &b->login, user);
}

static void accounts_for(struct bench *b)
{
	static const char line[] = "alice:pbx.example:plain:secret\n";
	char path[] = "/tmp/limen-bench-XXXXXX";
	struct config_faults f, w;
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, line, sizeof(line) - 1) == sizeof(line) - 1);
	close(fd);
	assert_int_equal(accounts_load(path, &b->accounts, &f, &w), 0);
	unlink(path);
}

static void answer_with(struct bench *b, enum digest_algorithm algorithm)
{
	struct writer w = writer_init(b->out, sizeof(b->out));
	struct digest_challenge c = {.algorithm = DIGEST_UNKNOWN};
	char user[ACCOUNT_NAME_MAX + 1];
	assert_int_equal(challenge_write(b->challenges, b->accounts, &b->login.facts, false, false, &w), 0);
	for (struct str rest = writer_result(&w); rest.n && c.algorithm != algorithm;) {
		struct str line = str_cut(&rest, '\n');
		str_cut(&line, ':');
		line.n--;
		assert_int_equal(digest_challenge_parse(line, &c), 0);
	}
	const struct digest_answer a = {.user = STR("alice"),
					.password = STR("secret"),
					.method = STR("REGISTER"),
					.uri = b->login.ruri->text,
					.nc = 1};
	w = writer_init(b->credentials, sizeof(b->credentials));
	assert_int_equal(digest_answer_write(&c, &a, &w), 0);
	struct str line = {b->credentials, w.n - 2};
	str_cut(&line, ':');
	b->login.credentials = line;
	assert_int_equal(challenge_check(b->challenges, &account_settings, b->accounts, &b->login, user), CHALLENGE_OK);
}

static void bench_logins(struct bench *b)
{
	const struct config_limits limits = {.nonces = 262144, .lockouts = 65536};
	struct uri ruri;
	accounts_for(b);
	assert_int_equal(challenge_state_create(STR("a cluster key"), &limits, 1000, &b->challenges), 0);
	assert_true(uri_parse(STR("sip:pbx.example"), &ruri));
	b->login = (struct challenge_request){.facts = {.network = STR("access"),
							.source = addr_of("192.0.2.7:5060"),
							.realm = STR("pbx.example"),
							.now_ms = 1000},
					      .method = STR("REGISTER"),
					      .ruri = &ruri};
	run("challenge_write, two algorithms", b, bench_challenge);
	answer_with(b, DIGEST_MD5);
	run("challenge_check, MD5", b, bench_check);
	answer_with(b, DIGEST_SHA256);
	run("challenge_check, SHA-256", b, bench_check);
	challenge_state_destroy(b->challenges);
	accounts_unref(b->accounts);
}

int main(void)
{
	static const char *const needles[] = {"10.0.0.5",
					      "10.0.0.5:5060",
					      "pbx.inside.example",
					      "77abcdefghijklmnopqrstuvwxyz2",
					      "z9hG4bK77abcdefghijklmnopqrstuvwxyz5",
					      "a84b4c76e66710@pbx.inside.example",
					      "as5d2f7a1c",
					      "88abcdefghijklmnopqrstuvwxyz2",
					      "z9hG4bK1f2e3d4c",
					      "10.0.0.77",
					      "99abcdefghijklmnopqrstuvwxyz2",
					      "10.0.0.2"};
	static struct bench b;
	b.c = config_of(config_text);
	b.invite = crlf(invite_text);
	if (border_state_create(b.c, &b.s) < 0 || leak_table_create(b.c, &b.t) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(needles) / sizeof(needles[0]); i++)
		leak_set_add(&b.set, str_z(needles[i]));
	b.m = message_of(invite_text);
	b.peer = (struct flow_addr){.remote = addr_of("192.0.2.18:5060")};
	b.stranger = (struct flow_addr){.remote = addr_of("198.51.100.99:5060")};
	b.r = border_request_of(b.c, b.m, 1);
	b.x = (struct crossing){.config = b.c,
				.from_peer = 0,
				.to_peer = 2,
				.to_network = 2,
				.local = addr_of("10.0.0.2:5060"),
				.target_host = STR("10.0.0.5")};
	printf("INVITE of %zu bytes, %u needles, %zu configured strings towards the trunk\n", b.invite.n, b.set.n,
	       b.t->nets[0].n);
	run("leak_check, table and set", &b, bench_leak);
	run("leak_check, table alone", &b, bench_leak_config_only);
	run("leak_set_add of all needles", &b, bench_set);
	run("border_screen, a peer", &b, bench_screen_peer);
	run("border_screen, a stranger with a rate", &b, bench_screen_stranger);
	run("border_decide, one route of three, one rewrite", &b, bench_decide);
	run("headers_cross, From, To, Request-URI", &b, bench_headers);
	run("admission of a call, both sides, begin and end", &b, bench_admit);
	bench_logins(&b);
	return b.sum == 42;
}
