/* SPDX-License-Identifier: Apache-2.0 */
/* Digest through the border: who may, which parameters, the Request-URI, and the leak checker's one exception. */
#include "tests/unit/border/border_text.h"

static const char config_text[] =
	"{ \"networks\": {"
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\"] },"
	"  \"access\": { \"listen\": [\"udp:203.0.113.20:5060\"], \"auth\": \"relay\", \"realm\": \"pbx.example\" },"
	"  \"own\": { \"listen\": [\"udp:203.0.113.30:5060\"], \"auth\": \"limen\" },"
	"  \"core\": { \"listen\": [\"udp:10.0.0.2:5060\"] } },"
	" \"accounts\": { \"file\": \"users\" },"
	" \"peers\": {"
	"  \"carrier\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\"], \"pass\": [\"Authorization\", \"Proxy-Authorization\", \"WWW-Authenticate\"] },"
	"  \"relay\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.2\"], \"auth\": \"relay\" },"
	"  \"office\": { \"network\": \"access\", \"targets\": [\"192.0.2.3\"], \"auth\": \"none\" },"
	"  \"pbx\": { \"network\": \"core\", \"targets\": [\"10.0.0.5\"], \"auth\": \"relay\" },"
	"  \"picky\": { \"network\": \"core\", \"targets\": [\"10.0.0.6\"], \"auth\": \"relay\", \"drop\": [\"Authorization\"] } },"
	" \"routes\": [ { \"target\": [\"pbx\"] } ] }";

static struct config *config;

static struct message *arrived(const char *start, const char *lines, const char *network)
{
	char text[4096];
	snprintf(
		text, sizeof(text),
		"%s\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\nFrom: <sip:1@h>;tag=1\nTo: <sip:2@h>;tag=2\nCall-ID: 1\n"
		"CSeq: 1 %s\nMax-Forwards: 70\n%s\n",
		start, strncmp(start, "REG", 3) == 0 ? "REGISTER" : "INVITE", lines);
	struct str raw = crlf(text);
	struct message *m = message_n(raw, network_named(config, network), "192.0.2.1:5060");
	free((void *)(uintptr_t)raw.p);
	return m;
}

/* from, to: a peer, or a network in brackets: who is no peer. */
static struct crossing crossing_of(const char *from, const char *to, const char **ret_from_network)
{
	struct crossing x = {.config = config,
			     .from_peer = BORDER_NO_PEER,
			     .to_peer = BORDER_NO_PEER,
			     .local = addr_of("10.0.0.2:5060"),
			     .target_host = STR("10.0.0.5")};
	*ret_from_network = from + 1;
	if (from[0] != '=') {
		x.from_peer = peer_named(config, from);
		*ret_from_network = config->networks[config->peers[x.from_peer].network].name;
	}
	if (to[0] != '=')
		x.to_peer = peer_named(config, to);
	x.to_network = to[0] == '=' ? network_named(config, to + 1) : config->peers[x.to_peer].network;
	return x;
}

#define REQ  "INVITE sip:2@pbx.example SIP/2.0"
#define R401 "SIP/2.0 401 Unauthorized"
#define HEX  "0123456789abcdef0123456789abcdef"
#define CRED                                                                                                           \
	"Digest username=\"a\", realm=\"10.0.0.5\", nonce=\"n\", uri=\"sip:2@pbx.example\", response=\"" HEX           \
	"\", algorithm=MD5, cnonce=\"c\", qop=auth, nc=00000001, opaque=\"\""
#define CHAL "Digest realm=\"10.0.0.5\", nonce=\"n\", opaque=\"o\", stale=TRUE, algorithm=SHA-256, qop=\"auth\""

static const struct {
	const char *from, *to, *start, *lines, *out;
} rows[] = {
	/* both ends */
	{"=access", "pbx", REQ, "Authorization: " CRED "\n", "Authorization: " CRED "\n"},
	{"=access", "pbx", REQ, "Proxy-Authorization: " CRED "\n", "Proxy-Authorization: " CRED "\n"},
	{"relay", "pbx", REQ, "Authorization: " CRED "\n", "Authorization: " CRED "\n"},
	{"pbx", "=access", R401, "WWW-Authenticate: " CHAL "\n", "WWW-Authenticate: " CHAL "\n"},
	{"pbx", "=access", R401, "WWW-Authenticate: " CHAL "\nWWW-Authenticate: Digest realm=r,nonce=n\n",
	 "WWW-Authenticate: " CHAL "\nWWW-Authenticate: Digest realm=r, nonce=n\n"},
	{"pbx", "relay", "SIP/2.0 407 No", "Proxy-Authenticate: " CHAL "\n", "Proxy-Authenticate: " CHAL "\n"},
	{"pbx", "=access", "SIP/2.0 200 OK", "Authentication-Info: nextnonce=\"m\",qop=auth, rspauth=\"0\"\n",
	 "Authentication-Info: nextnonce=\"m\", qop=auth, rspauth=\"0\"\n"},
	/* one end, or none, whatever pass says; limen is not relay; a peer is asked, not its network */
	{"=access", "carrier", REQ, "Authorization: " CRED "\nProxy-Authorization: " CRED "\n", ""},
	{"carrier", "pbx", REQ, "Authorization: " CRED "\nProxy-Authorization: " CRED "\n", ""},
	{"carrier", "pbx", R401, "WWW-Authenticate: " CHAL "\n", ""},
	{"pbx", "carrier", R401, "WWW-Authenticate: " CHAL "\nProxy-Authenticate: " CHAL "\n", ""},
	{"pbx", "carrier", "SIP/2.0 200 OK", "Authentication-Info: nextnonce=\"m\"\n", ""},
	{"=trunk", "pbx", REQ, "Authorization: " CRED "\n", ""},
	{"pbx", "=trunk", R401, "WWW-Authenticate: " CHAL "\n", ""},
	{"=own", "pbx", REQ, "Authorization: " CRED "\n", ""},
	{"office", "pbx", REQ, "Authorization: " CRED "\n", ""},
	{"pbx", "office", R401, "WWW-Authenticate: " CHAL "\n", ""},
	/* a peer's drop holds here, too */
	{"=access", "picky", REQ, "Authorization: " CRED "\nProxy-Authorization: " CRED "\n",
	 "Proxy-Authorization: " CRED "\n"},
	/* not where they do not belong */
	{"=access", "pbx", REQ, "WWW-Authenticate: " CHAL "\nAuthentication-Info: nextnonce=\"m\"\n", ""},
	{"pbx", "=access", R401, "Authorization: " CRED "\n", ""},
	/* only what is known, and only what is well formed */
	{"pbx", "=access", R401,
	 "WWW-Authenticate: Digest domain=\"sip:10.0.0.5 sip:10.0.0.6\", realm=\"r\", x-host=\"10.0.0.7\", nonce=\"a\\\"b\"\n",
	 "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\\\"b\"\n"},
	{"=access", "pbx", REQ,
	 "Authorization: Digest x=\"192.0.2.1\", "
	 "username=\"a\",realm=r,nonce=n,uri=\"sip:h\",response=" HEX ",auts=\"x\"\n",
	 "Authorization: Digest username=\"a\", realm=r, nonce=n, uri=\"sip:h\", response=" HEX "\n"},
	{"pbx", "=access", R401, "WWW-Authenticate: Basic realm=\"10.0.0.5\"\nWWW-Authenticate: Bearer x=\"y\"\n", ""},
	{"pbx", "=access", R401, "WWW-Authenticate: Digest realm=\"a\", realm=\"b\", nonce=\"n\"\n", ""},
	{"=access", "pbx", REQ, "Authorization: Digest username=\"a\"\nAuthorization: Basic YTpi\n", ""},
	{"pbx", "=access", "SIP/2.0 200 OK",
	 "Authentication-Info: 10.0.0.5\nAuthentication-Info: \nAuthentication-Info: x=\"10.0.0.5\"\n", ""},
};

static void test_crossing(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *network;
		char buf[4096];
		struct writer w = writer_init(buf, sizeof(buf));
		struct crossing x = crossing_of(rows[i].from, rows[i].to, &network);
		struct message *m = arrived(rows[i].start, rows[i].lines, network);
		headers_cross(m, &x, &w);
		struct str want = crlf(rows[i].out);
		if (!str_eq(writer_result(&w), want))
			fail_msg("row %zu: %s -> %s\ngot  %.*s\nwant %.*s", i, rows[i].from, rows[i].to,
				 STR_FMT(writer_result(&w)), STR_FMT(want));
		free((void *)(uintptr_t)want.p);
		message_free(m);
	}
}

/* ---- the Request-URI --------------------------------------------------------------------------------------------- */

#define AUTH(uri) "Authorization: Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"" uri "\",response=\"" HEX "\"\n"

static const struct {
	const char *from, *to, *start, *lines, *user, *out; /* out NULL: not this way */
} ruris[] = {
	{"=access", "pbx", "REGISTER sip:203.0.113.20 SIP/2.0", AUTH("sip:203.0.113.20"), "", "sip:203.0.113.20"},
	{"=access", "pbx", "REGISTER sip:pbx.example SIP/2.0", AUTH("sips:PBX.example:5061;transport=tcp"), "",
	 "sips:PBX.example:5061;transport=tcp"},
	{"=access", "pbx", REQ, "Proxy-" AUTH("sip:2@pbx.example;user=phone"), "2", "sip:2@pbx.example;user=phone"},
	{"=access", "pbx", REQ, AUTH("sip:%32@pbx.example"), "2", "sip:%32@pbx.example"},
	{"=access", "pbx", REQ, AUTH("sip:+49-30@pbx.example;user=phone"), "+4930",
	 "sip:+49-30@pbx.example;user=phone"},
	/* the first that will do */
	{"=access", "pbx", REQ, AUTH("tel:2") AUTH("sip:2@R"), "2", "sip:2@R"},
	/* credentials choose nobody but who was decided */
	{"=access", "pbx", REQ, AUTH("sip:1900@pbx.example"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("sip:pbx.example"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("sip:2@pbx.example"), "3", NULL},
	/* nor where */
	{"=access", "pbx", REQ, AUTH("sip:2@elsewhere.example"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("sip:2@198.51.100.77"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("sip:2@10.0.0.5"), "2", "sip:2@10.0.0.5"},
	/* no URI of ours to send */
	{"=access", "pbx", REQ, AUTH("sip:2@pbx.example?Route=x"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("sip:2@pbx.example\\\\"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("sip:2@pbx.example SIP/2.0"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("tel:2"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("http://2@h/"), "2", NULL},
	{"=access", "pbx", REQ, AUTH("*"), "", NULL},
	{"=access", "pbx", REQ, "Authorization: Basic YTpi\n", "2", NULL},
	{"=access", "pbx", REQ, "", "2", NULL},
	/* nobody's relay */
	{"=access", "carrier", REQ, AUTH("sip:2@pbx.example"), "2", NULL},
	{"carrier", "pbx", REQ, AUTH("sip:2@pbx.example"), "2", NULL},
	{"=own", "pbx", REQ, AUTH("sip:2@pbx.example"), "2", NULL},
};

static void test_ruri(void **state)
{
	for (size_t i = 0; i < sizeof(ruris) / sizeof(ruris[0]); i++) {
		const char *network;
		char buf[2048];
		struct writer w = writer_init(buf, sizeof(buf));
		struct crossing x = crossing_of(ruris[i].from, ruris[i].to, &network);
		struct message *m = arrived(ruris[i].start, ruris[i].lines, network);
		bool got = headers_write_auth_ruri(m, &x, str_z(ruris[i].user), &w);
		if (got != (ruris[i].out != NULL) || !str_eq(writer_result(&w), str_z(ruris[i].out)))
			fail_msg("row %zu: %.*s", i, STR_FMT(writer_result(&w)));
		message_free(m);
	}
}

static void test_ruri_bound(void **state)
{
	char lines[2048];
	for (int more = 0; more < 2; more++) {
		const char *network;
		char buf[2048];
		struct writer w = writer_init(buf, sizeof(buf));
		struct crossing x = crossing_of("=access", "pbx", &network);
		snprintf(lines, sizeof(lines), AUTH("sip:r;x=%0*d"), 1024 - 8 + more, 0);
		struct message *m = arrived(REQ, lines, network);
		assert_int_equal(headers_write_auth_ruri(m, &x, STR_NONE, &w), !more);
		message_free(m);
	}
}

/* ---- the leak checker's exception -------------------------------------------------------------------------------- */

#define TAIL "Content-Length: 0\n\n"

static const struct {
	const char *text;
	bool relayed; /* found with the exception; without it all of them are */
} leaks[] = {
	{"SIP/2.0 401 No\nWWW-Authenticate: Digest realm=\"pbx.inside.example\", nonce=\"x\"\n" TAIL, false},
	{"SIP/2.0 407 No\nproxy-authenticate : Digest nonce=\"pbx.inside.example\", realm=pbx.inside.example\n" TAIL,
	 false},
	{"SIP/2.0 200 OK\nAuthentication-Info: nextnonce=\"pbx.inside.example\"\n" TAIL, false},
	{"INVITE sip:x SIP/2.0\nAuthorization: Digest uri=\"sip:a@pbx.inside.example\"\n" TAIL, false},
	{"REGISTER sip:pbx.inside.example SIP/2.0\n" AUTH("sip:pbx.inside.example") TAIL, false},
	/* another Request-URI than the credentials', or of no credentials */
	{"REGISTER sip:pbx.inside.example SIP/2.0\n" AUTH("sip:pbx.inside.example:5060") TAIL, true},
	{"REGISTER sip:pbx.inside.example SIP/2.0\nAuthorization: Digest uri=\"sip:pbx.inside.example\"\n" TAIL, true},
	{"REGISTER sip:pbx.inside.example SIP/2.0\nX-" AUTH("sip:pbx.inside.example") TAIL, true},
	/* other parameters of those lines, other lines, and what is behind a parameter that does not parse */
	{"SIP/2.0 401 No\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", domain=\"sip:pbx.inside.example\"\n" TAIL,
	 true},
	{"SIP/2.0 401 No\nWWW-Authenticate: Digest opaque=\"pbx.inside.example\", realm=\"r\"\n" TAIL, true},
	{"INVITE sip:x SIP/2.0\nAuthorization: Digest username=\"a@pbx.inside.example\", realm=\"r\"\n" TAIL, true},
	{"SIP/2.0 401 No\nWWW-Authenticate: Digest realm=\"r\"\nWarning: 399 h \"realm=pbx.inside.example\"\n" TAIL,
	 true},
	{"SIP/2.0 401 No\nWWW-Authenticate: Digest x, realm=\"pbx.inside.example\"\n" TAIL, true},
	{"SIP/2.0 401 No\nX-Authenticate: Digest realm=\"pbx.inside.example\"\n" TAIL, true},
	/* the exception ends with the head */
	{"INVITE sip:x SIP/2.0\nContent-Type: message/sipfrag\n\nWWW-Authenticate: Digest realm=\"pbx.inside.example\"\n",
	 true},
	/* and hides nothing on the way */
	{"INVITE sip:x SIP/2.0\nX: pbx.inside.example\nAuthorization: Digest realm=\"r\", uri=\"sip:h\"\n" TAIL, true},
	{"INVITE sip:x SIP/2.0\nAuthorization: Digest realm=\"r\", uri=\"sip:h\"\nX: pbx.inside.example\n" TAIL, true},
};

static void test_leak(void **state)
{
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		struct str text = crlf(leaks[i].text);
		struct leak_set set = {0};
		struct leak_finding f;
		char *exact = malloc(text.n); /* a sanitizer sees one byte too far */
		memcpy(exact, text.p, text.n);
		assert_true(leak_set_add(&set, STR("pbx.inside.example")));
		if (!leak_check(NULL, 0, &set, (struct str){exact, text.n}, &f))
			fail_msg("row %zu: not found at all", i);
		set.auth_relay = true;
		if (leak_check(NULL, 0, &set, (struct str){exact, text.n}, &f) != leaks[i].relayed)
			fail_msg("row %zu: %s", i, leaks[i].text);
		/* every cut of it is read within its bounds */
		for (size_t n = 0; n < text.n; n++) {
			char *cut = malloc(n ? n : 1);
			memcpy(cut, exact, n);
			leak_check(NULL, 0, &set, (struct str){cut, n}, &f);
			free(cut);
		}
		free(exact);
		free((void *)(uintptr_t)text.p);
	}
}

static int set_up(void **state)
{
	config = config_of(config_text);
	return 0;
}

static int tear_down(void **state)
{
	config_unref(config);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_ruri),
		cmocka_unit_test(test_ruri_bound),
		cmocka_unit_test(test_leak),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
