/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of any message to each of two peers. Each line that crosses is whole and is of a header that may cross; what
 * crosses as words or as a text names no host. */
#include <stdlib.h>
#include <string.h>

#include "sbc/border/internal.h"
#include "sbc/sip/message_lines.h"
#include "tests/fuzz/check.h"

static struct config *config;

static void prepare(void)
{
	static const char text[] =
		"{\"networks\":{\"a\":{\"listen\":[\"udp:203.0.113.10:5060\"]},\"b\":{\"listen\":[\"udp:10.0.0.2:5060\"]}},"
		"\"peers\":{\"plain\":{\"network\":\"a\",\"targets\":[\"192.0.2.1\"]},"
		"\"trusted\":{\"network\":\"b\",\"targets\":[\"10.0.0.5\"],\"identity\":\"pass\",\"auth\":\"relay\"}},"
		"\"routes\":[{\"target\":\"plain\"}]}";
	struct config_faults faults = {0};

	if (!config)
		CHECK(config_load_text(text, sizeof(text) - 1, "fuzz", &config, &faults) == 0);
}

static bool is_alnum(char c)
{
	return (unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 26;
}

/* The word that holds s[i]. */
static struct str word_at(struct str s, size_t i)
{
	size_t a = i, z = i;

	while (a > 0 && !memchr(" \t;,=<>\"()\\", s.p[a - 1], 11))
		a--;
	while (z < s.n && !memchr(" \t;,=<>\"()\\", s.p[z], 11))
		z++;
	return (struct str){s.p + a, z - a};
}

/* What has a dot or colon in it, and is no host: numbers, times, vendors' media types, packages, Q.850. */
static bool harmless(struct str word)
{
	size_t i = 0;

	while (i < word.n && ((unsigned char)(word.p[i] - '0') < 10 || word.p[i] == '.' || word.p[i] == ':'))
		i++;
	return i == word.n || str_contains(word, STR("/vnd.")) || str_contains(word, STR("/prs.")) ||
	       str_starts(word, STR("g.3gpp.")) || str_eq_nocase(word, STR("Q.850"));
}

static void names_no_host(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		CHECK(value.p[i] != '@' && value.p[i] != '[');
		if ((value.p[i] == '.' || value.p[i] == ':') && i && i + 1 < value.n && is_alnum(value.p[i - 1]) &&
		    is_alnum(value.p[i + 1]))
			CHECK(harmless(word_at(value, i)));
	}
}

static void look(struct str all)
{
	while (all.n) {
		struct str line = str_cut(&all, '\n'), name, value;
		const struct header_rule *r;

		CHECK(line.n && line.p[line.n - 1] == '\r');
		line.n--;
		CHECK(!memchr(line.p, '\r', line.n) && !memchr(line.p, '\0', line.n));
		CHECK(field_split(line, &name, &value) && (r = header_rule_of(name)) && r->kind != HEADER_LEG);
		if (r->kind == HEADER_WORDS || r->kind == HEADER_TEXT || r->kind == HEADER_SECONDS ||
		    r->kind == HEADER_REASON)
			names_no_host(value);
	}
}

static void cross(const struct message *m, int from, int to)
{
	static char buf[1 << 16];
	struct crossing x = {
		.config = config, .from_peer = from, .to_peer = to, .to_network = config->peers[to].network};
	struct writer w = writer_init(buf, sizeof(buf));

	CHECK(addr_parse(STR("198.51.100.1"), 5060, &x.local));
	headers_cross(m, &x, &w);
	if (!w.overflow)
		look(writer_result(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct flow_addr source = {.network = 0};
	struct message *m;

	prepare();
	CHECK(addr_parse_hostport(STR("192.0.2.1:5060"), &source.remote));
	if (message_parse(p, n, &source, &m) == REJECT_NONE)
		for (int from = 0; from < 2; from++)
			for (int to = 0; to < 2; to++)
				cross(m, from, to);
	message_free(m);
	return 0;
}
