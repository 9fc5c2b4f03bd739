/* SPDX-License-Identifier: Apache-2.0 */
/* route: patterns, rewrites and targets. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config/internal.h"

#define TARGETS_MAX       16
#define PATTERN_BYTES_MAX 512

/* ---- patterns ---- */

static const struct {
	const char *name;
	enum config_match_kind kind;
} kinds[] = {
	{"prefix", CONFIG_MATCH_PREFIX},
	{"exact", CONFIG_MATCH_EXACT},
	{"glob", CONFIG_MATCH_GLOB},
	{"regex", CONFIG_MATCH_REGEX},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* 1: *ret set and *s moved on; 0: no "word:" in front; -1: a word that is no kind */
static int split_kind(struct str *s, enum config_match_kind *ret)
{
	size_t n = 0;
	while (n < s->n && isalpha((unsigned char)s->p[n]))
		n++;
	if (n == 0 || n == s->n || s->p[n] != ':')
		return 0;
	for (size_t i = 0; i < N_KINDS; i++)
		if (str_eq((struct str){s->p, n}, str_z(kinds[i].name))) {
			*ret = kinds[i].kind;
			*s = (struct str){s->p + n + 1, s->n - n - 1};
			return 1;
		}
	return -1;
}

static void kind_fault(struct loader *l, struct node *n)
{
	char word[24];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(n->text, ":"), n->text);
	struct nearest s = nearest_init(word);
	for (size_t i = 0; i < N_KINDS; i++)
		nearest_offer(&s, kinds[i].name);
	fault(l, n, "%s is no kind of pattern (prefix, exact, glob, regex)%s", QUOTE(word), nearest_mend(&s).s);
}

static struct pattern *compile(struct loader *l, struct node *n, const char *text, size_t bytes)
{
	char message[128];
	size_t at;
	struct pattern *p = NULL;
	int r = pattern_compile(l->arena, text, bytes, &p, message, &at);
	if (r == -ENOMEM)
		l->oom = true;
	else if (r < 0)
		fault(l, n, "%s: %s, at character %zu of the pattern", quote_n(text, bytes).s, message, at + 1);
	return p;
}

/* What can never match is a mistake. */
static const char *never_matches(const struct config_match *m)
{
	bool at = strchr(m->text, '@');
	if (!*m->text)
		return "is empty; remove the key to match everything";
	if ((m->kind == CONFIG_MATCH_PREFIX || m->kind == CONFIG_MATCH_EXACT) && at)
		return "has an @, but prefix and exact see the user part alone; use glob:";
	if (m->kind == CONFIG_MATCH_GLOB && !at && !strchr(m->text, '*'))
		return "can match nothing: a glob sees user@host; add @HOST or @*, or use exact:";
	return NULL;
}

static bool match_parse(struct loader *l, struct node *n, bool header, struct config_match *m)
{
	if (n->kind != NODE_TEXT) {
		fault(l, n, "must be a pattern: \"prefix:...\", \"exact:...\", \"glob:...\" or \"regex:...\"");
		return false;
	}
	struct str s = str_z(n->text);
	m->kind = CONFIG_MATCH_EXACT;
	if (split_kind(&s, &m->kind) < 0 && !header) {
		kind_fault(l, n);
		return false;
	}
	m->text = s.p;
	m->text_bytes = s.n;
	const char *wrong = header ? NULL : never_matches(m);
	if (!s.n || s.n > PATTERN_BYTES_MAX)
		wrong = s.n ? "is longer than 512 characters; shorten it"
			    : "is empty; remove the key to match everything";
	if (wrong) {
		fault(l, n, "%s %s", QUOTE(n->text), wrong);
		return false;
	}
	if (m->kind == CONFIG_MATCH_REGEX)
		m->pattern = compile(l, n, s.p, s.n);
	return true;
}

void parse_match(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_match *m = loader_alloc(l, sizeof(*m));
	if (m && match_parse(l, n, false, m))
		*(const struct config_match **)(void *)((char *)base + k->offset) = m;
}

void parse_header(struct loader *l, const struct key *k, struct node *n, void *base)
{
	if (n->kind != NODE_OBJECT || n->n != 1) {
		fault(l, n, "must be one header and its pattern: { \"X-Name\": \"glob:*\" }");
		return;
	}
	struct config_header_match *h = loader_alloc(l, sizeof(*h));
	if (!h)
		return;
	const struct key *name = key_find(&object_peer, "pass"); /* the same rule for names of headers */
	const char *wrong = name->check(n->child->key);
	if (wrong)
		fault(l, n, "%s %s", QUOTE(n->child->key), wrong);
	h->name = n->child->key;
	if (match_parse(l, n->child, true, &h->match))
		((struct config_route *)base)->header = h;
}

/* ---- rewrites ---- */

/* Up to the next slash that has no backslash; an escaped slash loses it. false: no slash. */
static bool cut_slash(struct loader *l, const char **p, char **ret)
{
	const char *s = *p;
	size_t n = 0;
	for (; s[n] && s[n] != '/'; n++)
		if (s[n] == '\\' && s[n + 1])
			n++;
	char *out = s[n] ? loader_alloc(l, n + 1) : NULL;
	if (!out)
		return false;
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 1 < n && s[i + 1] != '/')
			out[bytes++] = s[i++];
		else if (s[i] == '\\')
			i++;
		out[bytes++] = s[i];
	}
	*ret = out;
	*p = s + n + 1;
	return true;
}

void parse_rewrite(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_rewrite *r = (void *)((char *)base + k->offset);
	const char *p = n->kind == NODE_TEXT ? n->text : "";
	char *pattern = NULL, *replacement = NULL;
	if (strncmp(p, "s/", 2) != 0 || strlen(p) > PATTERN_BYTES_MAX) {
		fault(l, n, "must be \"s/pattern/replacement/\", of at most %d characters", PATTERN_BYTES_MAX);
		return;
	}
	p += 2;
	if (!cut_slash(l, &p, &pattern) || !cut_slash(l, &p, &replacement)) {
		if (!l->oom)
			fault(l, n, "%s lacks a slash: \"s/pattern/replacement/\"; a slash inside is written \\/",
			      QUOTE(n->text));
		return;
	}
	if (*p || !*pattern) {
		fault(l, n,
		      *p ? "%s has something behind its last slash; no flags here, and a slash inside is written \\/"
			 : "%s has no pattern",
		      QUOTE(n->text));
		return;
	}
	struct pattern *compiled = compile(l, n, pattern, strlen(pattern));
	const char *wrong = compiled ? pattern_check_replacement(compiled, replacement) : NULL;
	if (wrong)
		fault(l, n, "%s: %s", QUOTE(n->text), wrong);
	else if (compiled)
		*r = (struct config_rewrite){n->text, compiled, replacement};
}

/* ---- targets ---- */

static bool peer_index(struct loader *l, struct node *n, bool echo, unsigned *ret)
{
	if (n->kind != NODE_TEXT) {
		fault(l, n, "must be the name of a peer");
		return false;
	}
	if (echo && strcmp(n->text, "echo") == 0) {
		*ret = CONFIG_TARGET_ECHO;
		return true;
	}
	for (size_t i = 0; i < l->c->n_peers; i++)
		if (strcmp(n->text, l->c->peers[i].name) == 0) {
			*ret = (unsigned)i;
			return true;
		}
	struct nearest s = nearest_init(n->text);
	for (size_t i = 0; i < l->c->n_peers; i++)
		nearest_offer(&s, l->c->peers[i].name);
	if (echo)
		nearest_offer(&s, "echo");
	fault(l, n, "%s is no peer here%s", QUOTE(n->text), nearest_mend(&s).s);
	return false;
}

void parse_match_peer(struct loader *l, const struct key *k, struct node *n, void *base)
{
	unsigned i;
	if (peer_index(l, n, false, &i))
		((struct config_route *)base)->peer = (int)i;
}

static bool weight_parse(struct loader *l, struct node *n, unsigned *ret)
{
	if (n->kind != NODE_INT || n->integer < 0 || n->integer > 65535) {
		fault(l, n, "must be a whole number from 0 to 65535");
		return false;
	}
	*ret = (unsigned)n->integer;
	return true;
}

/* A name, or {peer, weight}; *ret_name is the node to complain about. */
static bool target_item(struct loader *l, struct node *n, struct config_route_target *ret, struct node **ret_name)
{
	*ret = (struct config_route_target){.weight = 1};
	*ret_name = n;
	if (n->kind != NODE_OBJECT)
		return peer_index(l, n, true, &ret->peer);
	bool good = true;
	*ret_name = NULL;
	node_for_each(x, n)
	{
		if (strcmp(x->key, "peer") == 0) {
			good &= peer_index(l, x, true, &ret->peer);
			*ret_name = x;
		} else if (strcmp(x->key, "weight") == 0) {
			good &= weight_parse(l, x, &ret->weight);
		} else {
			fault(l, x, "unknown key; a target has peer and weight");
		}
	}
	if (!*ret_name)
		fault(l, n, "\"peer\" is missing: the name of a peer, or echo");
	return good && *ret_name;
}

static bool target_usable(struct loader *l, struct node *name, const struct config_route_target *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].peer == v[n].peer) {
			fault(l, name, "%s a second time in this list; keep one", QUOTE(name->text));
			return false;
		}
	if (v[n].peer == CONFIG_TARGET_ECHO || l->c->peers[v[n].peer].n_targets)
		return true;
	const struct node *peers = node_find(box_of(l->c)->root, "peers");
	const struct node *peer = node_find(peers, name->text);
	if (peer && peer->kind == NODE_OBJECT && !node_find(peer, "targets"))
		fault(l, name, "peer %s has no targets, so it cannot be called; give it some", QUOTE(name->text));
	return false;
}

void parse_target(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_route *route = base;
	struct items it;
	if (!items_of(l, n, "peers", &it))
		return;
	if (it.n == 0 || it.n > TARGETS_MAX) {
		fault(l, n, it.n ? "more than %d targets" : "no target; name one of at most %d, or use \"deny\"",
		      TARGETS_MAX);
		return;
	}
	struct config_route_target *v = loader_alloc(l, it.n * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	struct node *name;
	for (struct node *x; (x = items_next(&it)) && !l->oom;)
		if (target_item(l, x, &v[count], &name) && target_usable(l, name, v, count))
			count++;
	route->targets = v;
	route->n_targets = count;
}

/* ---- the whole ---- */

void route_init(void *base)
{
	struct config_route *r = base;
	r->network = r->peer = -1;
}

static void check_weights(struct loader *l, struct node *target, const struct config_route *r)
{
	unsigned long sum = 0;
	bool given = false;
	for (size_t i = 0; i < r->n_targets; i++)
		sum += r->targets[i].weight;
	node_for_each(x, target)
	{
		given |= x->kind == NODE_OBJECT && node_find(x, "weight");
	}
	if (r->n_targets && !sum)
		fault(l, target, "every weight is 0, so nothing could be called; give one target a weight above 0");
	else if (given && r->strategy != CONFIG_WEIGHT)
		fault(l, target,
		      "weights are given, but \"strategy\" is not \"weight\"; add it, or remove the weights");
}

static void check_consistent(struct loader *l, struct node *n, const struct config_route *r)
{
	if (r->peer < 0 || r->network < 0)
		return;
	const struct config_peer *p = &l->c->peers[r->peer];
	if (p->network != (unsigned)r->network)
		fault_key(l, n, "match", "nothing can match: peer \"%s\" is on network \"%s\"; remove \"network\"",
			  p->name, l->c->networks[p->network].name);
}

void route_finish(struct loader *l, struct node *n, void *base)
{
	struct config_route *r = base;
	struct node *target = node_find(n, "target"), *deny = node_find(n, "deny");
	if (!r->name) {
		char place[PLACE_MAX];
		node_place(n, NULL, place);
		r->name = arena_str(l->arena, place, strlen(place));
		l->oom |= !r->name;
	}
	if (target && deny)
		fault(l, n, "both \"target\" and \"deny\"; keep one");
	if (!target && !deny)
		fault(l, n, "neither \"target\" nor \"deny\"; say where the call goes");
	if (target && target->kind == NODE_LIST)
		check_weights(l, target, r);
	check_consistent(l, n, r);
}
