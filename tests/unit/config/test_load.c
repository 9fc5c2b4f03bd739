/* SPDX-License-Identifier: Apache-2.0 */
/* Good configurations and what they become. */
#include <unistd.h>

#include "helper.h"

#define NET "'networks': {'n': {'listen': ['udp:192.0.2.1', 'tcp:192.0.2.1'], 'media': {'address': '192.0.2.1'}}}"

static struct config *peer_config(const char *body)
{
	char text[2048];
	snprintf(text, sizeof(text), "{" NET ", 'peers': {'p': {'network': 'n', %s}}}", body);
	return load_good(text);
}

static void assert_addr(const struct addr *a, const char *want)
{
	char buf[ADDR_STRLEN];
	assert_string_equal(addr_text(a, buf), want);
}

static void defaults(void **state)
{
	struct config *c = load_good("{'networks': {'n': {'listen': 'udp:192.0.2.1'}}}");
	const struct config_network *n = &c->networks[0];
	assert_int_equal(c->n_networks, 1);
	assert_string_equal(n->name, "n");
	assert_int_equal(n->unknown, CONFIG_UNKNOWN_DROP);
	assert_int_equal(n->source_rate, 50);
	assert_int_equal(n->dscp, 24);
	assert_int_equal(n->media.n_addresses, 0);
	assert_int_equal(n->media.latch, CONFIG_LATCH_RESTRICTED);
	assert_false(addr_is_set(&n->advertise));
	assert_int_equal(c->timers.t1, 500);
	assert_int_equal(c->timers.b, 0);
	assert_int_equal(c->timers.call_max, 43200000);
	assert_int_equal(c->timers.tcp_header, 5000);
	assert_int_equal(c->limits.calls, 10000);
	assert_int_equal(c->limits.message_bytes, 65535);
	assert_int_equal(c->limits.targets, 8);
	assert_int_equal(c->limits.registrations, 100000);
	assert_int_equal(c->registrations.expires_core, 3600);
	assert_int_equal(c->registrations.expires_phone, 60);
	assert_int_equal(c->registrations.expires_min, 10);
	assert_int_equal(c->registrations.max_contacts, 10);
	assert_int_equal(c->limits.registrations_source, 1000);
	assert_int_equal(c->registrations.new_contacts, 120);
	assert_int_equal(c->registrations.core_rate, 1000);
	assert_int_equal(c->registrations.pending, 1000);
	assert_int_equal(n->keepalive, CONFIG_KEEPALIVE_NONE);
	assert_int_equal(n->keepalive_ms, 25000);
	assert_false(n->phones);
	assert_int_equal(c->workers, 1);
	assert_int_equal(c->media.workers, 0);
	assert_int_equal(c->media.latch_window_ms, 2000);
	assert_int_equal(c->media.port_cooldown_ms, 5000);
	assert_int_equal(c->log.level, CONFIG_LOG_INFO);
	assert_null(c->log.file);
	assert_null(c->cdr.file);
	assert_null(c->store.file);
	assert_true(c->store.calls);
	assert_true(c->store.registrations);
	assert_null(c->dns.servers);
	assert_null(c->cluster_key);
	assert_false(addr_is_set(&c->manage.listen));
	assert_null(c->manage.token);
	assert_int_equal(c->manage.names.n, 0);
	assert_string_equal(c->server_name, "Limen");
	assert_int_equal(c->leak, CONFIG_LEAK_COUNT);
	assert_string_equal(c->path, "etc/limen.json");
	assert_ptr_equal(config_ref(c), c);
	config_unref(c);
	config_unref(c);
	config_unref(NULL);
}

static void network(void **state)
{
	struct config *c = load_good("{'networks': {'a': {"
				     "'listen': ['udp:192.0.2.1', 'tcp:[2001:db8::1]:5080', 'UDP:192.0.2.2:5062'],"
				     "'advertise': '198.51.100.1', 'device': 'eth0', 'nat': true, 'unknown': 'accept',"
				     "'acl': {'allow': ['192.0.2.0/24', '2001:db8::/32'], 'deny': '192.0.2.66'},"
				     "'source_rate': 0, 'dscp': 0,"
				     "'keepalive': 'options', 'keepalive_ms': '30s', 'phones': true,"
				     "'media': {'address': ['2001:db8::1', '192.0.2.1'], 'advertise': '198.51.100.1',"
				     "'ports': '10000-10001', 'dscp': 0}}}}");
	const struct config_network *n = &c->networks[0];
	assert_int_equal(n->n_listen, 3);
	assert_addr(&n->listen[0].addr, "192.0.2.1:5060");
	assert_addr(&n->listen[1].addr, "[2001:db8::1]:5080");
	assert_int_equal(n->listen[1].transport, CONFIG_TCP);
	assert_string_equal(config_transport_text(n->listen[2].transport), "udp");
	assert_string_equal(n->device, "eth0");
	assert_true(n->nat);
	assert_true(n->keepalive_stun); /* of nat */
	assert_int_equal(n->acl.n_allow, 2);
	assert_int_equal(n->acl.allow[0].bits, 24);
	assert_int_equal(n->acl.n_deny, 1);
	assert_int_equal(n->acl.deny[0].bits, 32);
	assert_int_equal(n->unknown, CONFIG_UNKNOWN_ACCEPT);
	assert_int_equal(n->keepalive, CONFIG_KEEPALIVE_OPTIONS);
	assert_int_equal(n->keepalive_ms, 30000);
	assert_true(n->phones);
	assert_int_equal(n->media.latch, CONFIG_LATCH_OPEN); /* of nat */
	assert_int_equal(n->media.n_addresses, 2);
	assert_false(addr_is_set(&n->media.advertise[0]));
	assert_addr(&n->media.advertise[1], "198.51.100.1:0");
	assert_int_equal(n->media.port_min, 10000);
	assert_int_equal(n->media.port_max, 10001);
	config_unref(c);
}

static void stun_keepalive(void **state)
{
	struct config *c =
		load_good("{'networks': {'a': {'listen': 'udp:192.0.2.1', 'nat': true, 'keepalive_stun': false},"
			  "'b': {'listen': 'udp:192.0.2.2', 'keepalive_stun': true},"
			  "'c': {'listen': 'udp:192.0.2.3'}}, 'limits': {'answers': 7, 'answers_source': 3}}");
	assert_false(c->networks[0].keepalive_stun);
	assert_true(c->networks[1].keepalive_stun);
	assert_false(c->networks[2].keepalive_stun);
	assert_int_equal(c->limits.answers, 7);
	assert_int_equal(c->limits.answers_source, 3);
	config_unref(c);
}

static void latch_given_goes_before_nat(void **state)
{
	struct config *c = load_good("{'networks': {'a': {'listen': 'udp:192.0.2.1', 'nat': true,"
				     "'media': {'address': '192.0.2.1', 'latch': 'strict'}}},"
				     "'peers': {'p': {'network': 'a', 'targets': '192.0.2.9'},"
				     "'q': {'network': 'a', 'targets': '192.0.2.8', 'latch': 'open'}}}");
	assert_int_equal(c->networks[0].media.latch, CONFIG_LATCH_STRICT);
	assert_int_equal(c->peers[0].latch, CONFIG_LATCH_STRICT);
	assert_int_equal(c->peers[1].latch, CONFIG_LATCH_OPEN);
	config_unref(c);
}

static const struct {
	const char *text, *host, *addr;
	int port, transport; /* -1: not given */
} targets[] = {
	{"198.51.100.1", "198.51.100.1", "198.51.100.1:5060", 0, -1},
	{"198.51.100.1:5070", "198.51.100.1", "198.51.100.1:5070", 5070, -1},
	{"udp:198.51.100.1:5070", "198.51.100.1", "198.51.100.1:5070", 5070, CONFIG_UDP},
	{"tcp:sip.example.org", "sip.example.org", NULL, 0, CONFIG_TCP},
	{"sip.example.org:5061", "sip.example.org", NULL, 5061, -1},
	{"localhost", "localhost", NULL, 0, -1},
	{"a-1.example.", "a-1.example.", NULL, 0, -1},
};

static void target_forms(void **state)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		char body[256];
		snprintf(body, sizeof(body), "'targets': ['%s']", targets[i].text);
		struct config *c = peer_config(body);
		const struct config_target *t = &c->peers[0].targets[0];
		assert_string_equal(t->text, targets[i].text);
		assert_string_equal(t->host, targets[i].host);
		assert_int_equal(t->port, targets[i].port);
		assert_int_equal(t->transport_given, targets[i].transport >= 0);
		assert_int_equal(t->transport, targets[i].transport > 0 ? targets[i].transport : CONFIG_UDP);
		assert_int_equal(addr_is_set(&t->addr), targets[i].addr != NULL);
		if (targets[i].addr)
			assert_addr(&t->addr, targets[i].addr);
		config_unref(c);
	}
}

static void targets_over_ipv6(void **state)
{
	struct config *c =
		load_good("{'networks': {'n': {'listen': ['udp:[2001:db8::1]']}}, 'peers': {'p': {'network': 'n',"
			  "'targets': ['2001:db8::5', '[2001:db8::6]:5070', 'udp:[2001:db8::7]']}}}");
	const struct config_peer *p = &c->peers[0];
	assert_addr(&p->targets[0].addr, "[2001:db8::5]:5060");
	assert_addr(&p->targets[1].addr, "[2001:db8::6]:5070");
	assert_string_equal(p->targets[1].host, "2001:db8::6");
	assert_true(p->targets[2].transport_given);
	assert_int_equal(p->n_sources, 3);
	assert_int_equal(p->sources[0].net.bits, 128);
	config_unref(c);
}

static void sources(void **state)
{
	struct config *c = peer_config("'targets': ['198.51.100.1:5070', 'x.example', '198.51.100.1', '198.51.100.2']");
	const struct config_peer *p = &c->peers[0];
	assert_int_equal(p->n_sources, 2); /* literals among the targets, each once, any port */
	assert_int_equal(p->sources[0].port, 0);
	assert_addr(&p->sources[0].net.net, "198.51.100.1:0");
	config_unref(c);
	c = peer_config(
		"'sources': ['198.51.100.0/24', '198.51.100.9:5060', '[2001:db8::1]:5060', '2001:db8::/32', '::1']");
	p = &c->peers[0];
	assert_int_equal(p->n_targets, 0);
	assert_int_equal(p->n_sources, 5);
	assert_int_equal(p->sources[0].net.bits, 24);
	assert_int_equal(p->sources[1].port, 5060);
	assert_int_equal(p->sources[1].net.bits, 32);
	assert_addr(&p->sources[1].net.net, "198.51.100.9:0");
	assert_int_equal(p->sources[2].net.bits, 128);
	assert_int_equal(p->sources[3].net.bits, 32);
	config_unref(c);
}

static void codecs(void **state)
{
	struct config *c = peer_config("'targets': 'a.example', 'codecs': ['PCMA', 'opus/48000/2']");
	const struct config_codecs *k = &c->peers[0].codecs;
	assert_int_equal(k->allow.n, 2);
	assert_ptr_equal(k->allow.v, k->order.v);
	assert_string_equal(k->allow.v[1], "opus/48000/2");
	assert_null(k->allow.v[2]);
	assert_null(k->deny.v);
	config_unref(c);
	c = peer_config("'targets': 'a.example', 'codecs': {'deny': 'G729', 'order': ['PCMU'], 'single': true}");
	k = &c->peers[0].codecs;
	assert_null(k->allow.v);
	assert_string_equal(k->deny.v[0], "G729");
	assert_string_equal(k->order.v[0], "PCMU");
	assert_true(k->single);
	config_unref(c);
	c = peer_config("'targets': 'a.example'");
	assert_null(c->peers[0].codecs.allow.v);
	config_unref(c);
}

static void peer_values(void **state)
{
	struct config *c =
		peer_config("'targets': 'a.example', 'hosts': ['h1.example', '192.0.2.7'], 'domain': 'd.example',"
			    "'media_acl': '198.51.100.0/24', 'limits': {'calls': 1, 'cps': 2, 'calls_out': 3,"
			    "'cps_out': 4}, 'identity': 'pass', 'pass': ['X-A'], 'drop': ['Subject'],"
			    "'sdp_unknown_drop': true, 'failover': [503, 486], 'try_ms': '1s'");
	const struct config_peer *p = &c->peers[0];
	assert_int_equal(p->hosts.n, 2);
	assert_string_equal(p->domain, "d.example");
	assert_int_equal(p->n_media_acl, 1);
	assert_int_equal(p->limits.calls, 1);
	assert_int_equal(p->limits.cps, 2);
	assert_int_equal(p->limits.calls_out, 3);
	assert_int_equal(p->limits.cps_out, 4);
	assert_int_equal(p->identity, CONFIG_IDENTITY_PASS);
	assert_string_equal(p->pass.v[0], "X-A");
	assert_string_equal(p->drop.v[0], "Subject");
	assert_true(p->sdp_unknown_drop);
	assert_int_equal(p->n_failover, 2);
	assert_int_equal(p->failover[1], 486);
	assert_int_equal(p->try_ms, 1000);
	assert_null(p->profile);
	config_unref(c);
}

/* A peer's own key goes before its profile, and that before the table. */
static void profiles(void **state)
{
	struct config *c = peer_config("'targets': 'a.example'");
	assert_int_equal(c->peers[0].try_ms, 4000);
	assert_int_equal(c->peers[0].n_failover, 4);
	assert_int_equal(c->peers[0].identity, CONFIG_IDENTITY_DROP);
	config_unref(c);
	c = peer_config("'targets': 'a.example', 'profile': 'pbx'");
	assert_string_equal(c->peers[0].profile, "pbx");
	assert_int_equal(c->peers[0].try_ms, 2000);
	assert_int_equal(c->peers[0].identity, CONFIG_IDENTITY_PASS);
	assert_int_equal(c->peers[0].pass.n, 0); /* nothing that holds hosts crosses unasked */
	config_unref(c);
	c = peer_config("'targets': 'a.example', 'profile': 'pbx', 'identity': 'drop', 'pass': []");
	assert_int_equal(c->peers[0].identity, CONFIG_IDENTITY_DROP);
	assert_int_equal(c->peers[0].pass.n, 0);
	config_unref(c);
	c = peer_config("'targets': 'a.example', 'profile': 'generic-trunk'");
	assert_int_equal(c->peers[0].n_failover, 5);
	config_unref(c);
}

static void routes(void **state)
{
	struct config *c = load_good(
		"{" NET
		", 'peers': {'p': {'network': 'n', 'targets': 'a.example'}, 'q': {'network': 'n', 'targets': 'b.example'}},"
		"'routes': ["
		"{'match': {'network': 'n', 'from': 'glob:*', 'to': 'exact:1', 'ruri': 'prefix:+49', 'method': 'INVITE',"
		"  'header': {'X-A': 'v: w'}}, 'target': 'echo'},"
		"{'name': 'b', 'match': {'peer': 'q'}, 'target': ['p', 'q'], 'rewrite': {'from': 's/a/b/'}},"
		"{'strategy': 'weight', 'target': [{'peer': 'p', 'weight': 3}, {'peer': 'q'}, 'echo']},"
		"{'deny': {'code': 404, 'reason': 'Gone'}}, {'deny': {}}]}");
	const struct config_route *r = c->routes;
	assert_int_equal(c->n_routes, 5);
	assert_string_equal(r[0].name, "routes[0]");
	assert_int_equal(r[0].network, 0);
	assert_int_equal(r[0].peer, -1);
	assert_int_equal(r[0].ruri->kind, CONFIG_MATCH_PREFIX);
	assert_string_equal(r[0].ruri->text, "+49");
	assert_string_equal(r[0].method, "INVITE");
	assert_string_equal(r[0].header->name, "X-A");
	assert_string_equal(r[0].header->match.text, "v: w");
	assert_int_equal(r[0].targets[0].peer, CONFIG_TARGET_ECHO);
	assert_string_equal(r[1].name, "b");
	assert_int_equal(r[1].peer, 1);
	assert_int_equal(r[1].network, -1);
	assert_int_equal(r[1].n_targets, 2);
	assert_int_equal(r[1].targets[1].weight, 1);
	assert_string_equal(r[1].rewrite_from.text, "s/a/b/");
	assert_null(r[1].rewrite_to.text);
	assert_int_equal(r[2].strategy, CONFIG_WEIGHT);
	assert_int_equal(r[2].targets[0].weight, 3);
	assert_int_equal(r[2].targets[2].peer, CONFIG_TARGET_ECHO);
	assert_int_equal(r[3].n_targets, 0);
	assert_int_equal(r[3].deny_status, 404);
	assert_string_equal(r[3].deny_reason, "Gone");
	assert_int_equal(r[4].deny_status, 403);
	assert_null(r[4].deny_reason);
	config_unref(c);
}

static void the_rest(void **state)
{
	struct config *c = load_good(
		"{" NET
		", 'timers': {'t1': 50, 't2': '1s', 'call_max': '12h', 'drain': '5m', 'farewell': '3s', 'b': '2min'},"
		"'limits': {'calls': 5}, 'workers': 3, 'media': {'workers': 2},"
		"'dns': {'servers': ['127.0.0.1', '[::1]:5353']}, 'log': {'level': 'debug', 'mask': true,"
		"'file': 'l'}, 'cdr': {'file': 'c'}, 'manage': {'listen': '[::1]:8080', 'token': 'sesame-sesame-16', 'names': 'sbc.example'}, 'server_name': '',"
		"'leak': 'block'}");
	assert_int_equal(c->timers.t1, 50);
	assert_int_equal(c->timers.t2, 1000);
	assert_int_equal(c->timers.b, 120000);
	assert_int_equal(c->timers.call_max, 43200000);
	assert_int_equal(c->timers.drain, 300000);
	assert_int_equal(c->timers.farewell, 3000);
	assert_int_equal(c->workers, 3);
	assert_int_equal(c->media.workers, 2);
	assert_string_equal(c->dns.servers, "127.0.0.1:53,[::1]:5353");
	assert_int_equal(c->log.level, CONFIG_LOG_DEBUG);
	assert_addr(&c->manage.listen, "[::1]:8080");
	assert_string_equal(c->manage.token, "sesame-sesame-16");
	assert_int_equal(c->manage.names.n, 1);
	assert_string_equal(c->manage.names.v[0], "sbc.example");
	assert_null(c->server_name);
	assert_int_equal(c->leak, CONFIG_LEAK_BLOCK);
	config_unref(c);
}

static void comments(void **state)
{
	struct config *c = load_good("\xef\xbb\xbf// 'a'\n{ // {\n" NET ", 'server_name': 'a//b' // 'x': 1,\n"
				     ", 'log': {}// end\n}// no line end");
	assert_string_equal(c->server_name, "a//b");
	config_unref(c);
	char said[512];
	load_said("// 1\n// 2\n{\n'x': 1, // '\n'y': '//',\n\n'z': 1}", said, sizeof(said));
	assert_non_null(strstr(said, "4: x:"));
	assert_non_null(strstr(said, "5: y:"));
	assert_non_null(strstr(said, "7: z:"));
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void authentication(void **state)
{
	setenv("LIMEN_TEST_PASSWORD", "hush:hush", 1);
	struct config *c =
		load_good("{'networks': {'a': {'listen': 'udp:192.0.2.1', 'auth': 'limen', 'realm': 'pbx.example'},"
			  "'b': {'listen': 'udp:192.0.2.2', 'advertise': '198.51.100.2', 'auth': 'relay'},"
			  "'c': {'listen': 'udp:[2001:db8::1]:5070'}},"
			  "'peers': {'p': {'network': 'a', 'targets': '192.0.2.9'},"
			  "'q': {'network': 'b', 'targets': '192.0.2.8', 'credentials':"
			  "{'user': 'u', 'password': '${LIMEN_TEST_PASSWORD}', 'realm': 'r'}},"
			  "'r': {'network': 'b', 'targets': '192.0.2.7', 'auth': 'none'},"
			  "'s': {'network': 'c', 'targets': '[2001:db8::9]', 'auth': 'relay',"
			  "'credentials': {'user': 'v', 'password': 'w'}}},"
			  "'accounts': {'file': 'users.txt', 'nonce_ms': '1m', 'failures': 3, 'source_failures': 30,"
			  "'lockout_ms': 2000}, 'limits': {'nonces': 2048, 'lockouts': 4096}}");
	assert_int_equal(c->networks[0].auth, CONFIG_AUTH_LIMEN);
	assert_string_equal(c->networks[0].realm, "pbx.example");
	assert_string_equal(c->networks[1].realm, "198.51.100.2");
	assert_string_equal(c->networks[2].realm, "2001:db8::1");
	assert_int_equal(c->networks[2].auth, CONFIG_AUTH_NONE);
	assert_int_equal(c->peers[0].auth, CONFIG_AUTH_NONE);
	assert_null(c->peers[0].credentials.user);
	assert_int_equal(c->peers[1].auth, CONFIG_AUTH_RELAY); /* of its network */
	assert_string_equal(c->peers[1].credentials.user, "u");
	assert_string_equal(c->peers[1].credentials.password, "hush:hush");
	assert_string_equal(c->peers[1].credentials.realm, "r");
	assert_int_equal(c->peers[2].auth, CONFIG_AUTH_NONE);
	assert_int_equal(c->peers[3].auth, CONFIG_AUTH_RELAY);
	assert_null(c->peers[3].credentials.realm);
	assert_string_equal(c->accounts.file, "etc/users.txt"); /* beside etc/limen.json */
	assert_int_equal(c->accounts.nonce_ms, 60000);
	assert_int_equal(c->accounts.failures, 3);
	assert_int_equal(c->accounts.source_failures, 30);
	assert_int_equal(c->accounts.lockout_ms, 2000);
	assert_int_equal(c->limits.nonces, 2048);
	assert_int_equal(c->limits.lockouts, 4096);
	config_unref(c);
	c = load_good("{" NET ", 'accounts': {'file': '/etc/limen/users'}}");
	assert_string_equal(c->accounts.file, "/etc/limen/users");
	assert_int_equal(c->accounts.nonce_ms, 300000);
	assert_int_equal(c->accounts.failures, 5);
	assert_int_equal(c->accounts.source_failures, 100);
	assert_int_equal(c->accounts.lockout_ms, 300000);
	assert_int_equal(c->limits.nonces, 262144);
	assert_int_equal(c->limits.lockouts, 65536);
	config_unref(c);
	unsetenv("LIMEN_TEST_PASSWORD");
}

static void secrets_and_variables(void **state)
{
	char folder[] = "/tmp/limen-config-XXXXXX", path[64], key[64];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/limen.json", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	write_file(key, "0123456789abcdef\n");
	write_file(
		path,
		"{\"networks\": {\"n\": {\"listen\": \"udp:${LIMEN_TEST_IP}:5060\"}}, \"cluster_key\": \"file:key\"}");
	setenv("LIMEN_TEST_IP", "192.0.2.7", 1);
	struct config *c;
	struct config_faults f;
	assert_int_equal(config_load(path, &c, &f), 0);
	config_faults_finish(&f);
	assert_string_equal(c->cluster_key, "0123456789abcdef");
	assert_addr(&c->networks[0].listen[0].addr, "192.0.2.7:5060");
	config_unref(c);
	write_file(key, "");
	assert_int_equal(config_load(path, &c, &f), -EINVAL);
	assert_string_equal(f.v[0].place, "cluster_key");
	assert_non_null(strstr(f.v[0].text, "is empty"));
	config_faults_finish(&f);
	unlink(key);
	unlink(path);
	assert_int_equal(config_load(path, &c, &f), -ENOENT);
	assert_int_equal(f.n, 1);
	assert_non_null(strstr(f.v[0].text, "No such file"));
	config_faults_finish(&f);
	assert_int_equal(config_load(folder, &c, &f), -EISDIR);
	config_faults_finish(&f);
	rmdir(folder);

	setenv("LIMEN_TEST_KEY", "sesame-sesame-${HOME}", 1);
	c = load_good("{" NET ", 'cluster_key': '${LIMEN_TEST_KEY}'}");
	assert_string_equal(c->cluster_key, "sesame-sesame-${HOME}"); /* once, not again */
	config_unref(c);
	char said[512];
	setenv("LIMEN_TEST_KEY", "sesame", 1);
	load_said("{" NET ", 'cluster_key': '${LIMEN_TEST_KEY}'}", said, sizeof(said));
	assert_null(strstr(said, "sesame")); /* too short, but still not shown */
}

static void deep_and_large(void **state)
{
	char text[4096] = "{'x': ", said[1024];
	memset(text + 6, '[', 3000);
	assert_int_equal(load_said(text, said, sizeof(said)), -EINVAL);
	char nested[256] = "{'x': ";
	memset(nested + 6, '[', 60);
	memset(nested + 66, ']', 60);
	strcat(nested, "}");
	assert_int_equal(load_said(nested, said, sizeof(said)), -EINVAL);
	assert_string_equal(said, "0: file: nested too deeply\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(network),
		cmocka_unit_test(latch_given_goes_before_nat),
		cmocka_unit_test(stun_keepalive),
		cmocka_unit_test(target_forms),
		cmocka_unit_test(targets_over_ipv6),
		cmocka_unit_test(sources),
		cmocka_unit_test(codecs),
		cmocka_unit_test(peer_values),
		cmocka_unit_test(profiles),
		cmocka_unit_test(routes),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(comments),
		cmocka_unit_test(authentication),
		cmocka_unit_test(secrets_and_variables),
		cmocka_unit_test(deep_and_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
