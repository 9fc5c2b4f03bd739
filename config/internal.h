/* SPDX-License-Identifier: Apache-2.0 */
/* Inside config/: text -> tree of nodes -> (tables of keys) -> struct config.
 *
 * Everything of one config, its tree included, lies in one arena that is wiped and freed whole. The tree stays: it
 * holds every key with its value or default, and is what two configs are compared by. While loading, a failed
 * allocation sets loader.oom; functions then return early and the one who started the load gives -ENOMEM. */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "config/config.h"

/* ---- arena.c ---- */

struct arena_block;
struct arena {
	struct arena_block *head;
};
/* Zeroed and aligned for anything; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t bytes);
char *arena_str(struct arena *a, const char *p, size_t n); /* NUL-terminated copy */
void arena_finish(struct arena *a);                        /* wipes, for the secrets in it */

/* ---- json.c: the only file that sees jansson ---- */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_TEXT, NODE_LIST, NODE_OBJECT };

struct node {
	enum node_kind kind;
	bool preset;   /* not in the file: a default or a profile's */
	bool expanded; /* ${NAME} is done */
	bool resolved; /* a secret: text is the secret itself */
	bool removed;  /* a network that a reload took away; its index stays */
	unsigned line; /* where the value starts */
	unsigned index;
	const char *key; /* in an object; NULL in a list and for the root */
	struct node *parent, *next, *child, *last;
	unsigned n;      /* children */
	int64_t integer; /* NODE_INT, NODE_BOOL */
	const char *text;
};

/* Blanks // comments in place (text is changed), parses, and copies into the arena. 0, -ENOMEM, or -EINVAL with one
 * fault: jansson stops at the first. */
int json_parse(struct arena *a, char *text, size_t n, struct node **ret, struct config_faults *faults);
struct node *node_find(const struct node *object, const char *key);
void node_append(struct node *parent, struct node *child);
bool node_equal(const struct node *a, const struct node *b);
#define node_for_each(it, parent) for (struct node *it = (parent)->child; it; it = it->next)

/* ---- fault.c ---- */

#define PLACE_MAX 256
/* "peers.carrier-a.targets[1]"; key (may be NULL) is added at the end. */
const char *node_place(const struct node *n, const char *key, char buf[PLACE_MAX]);
/* A value as it may be shown in a message: in quotes, control characters escaped, cut when long. */
struct quoted {
	char s[104];
};
struct quoted quote_n(const char *p, size_t n);
#define QUOTE(z) (quote_n((z), strlen(z)).s)

int faults_vadd(struct config_faults *f, const char *place, unsigned line, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));
int faults_add(struct config_faults *f, const char *place, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The closest of the names offered, if one is close enough to be a slip. */
struct nearest {
	const char *given, *best;
	unsigned distance;
};
struct nearest nearest_init(const char *given);
void nearest_offer(struct nearest *s, const char *name);
/* `; did you mean "x"?`, or nothing */
struct mend {
	char s[128];
};
struct mend nearest_mend(const struct nearest *s);

/* ---- table*.c: one table of keys per kind of object ---- */

enum key_kind {
	KIND_BOOL,
	KIND_INT,     /* any unsigned member */
	KIND_TIME,    /* milliseconds, or "4s"; unsigned */
	KIND_WORD,    /* one of words; an enum */
	KIND_TEXT,    /* const char *; "" is NULL */
	KIND_SECRET,  /* the same, never shown; "file:" */
	KIND_STRINGS, /* struct config_strings */
	KIND_CIDRS,   /* pointer at offset, size_t at count */
	KIND_OBJECT,  /* nested, at offset */
	KIND_MAP,     /* object of named objects: array at offset, size_t at count */
	KIND_LIST,    /* list of objects: the same */
	KIND_CUSTOM,  /* parse() */
	KIND_LATER,   /* not in this build */
};

/* When a changed key takes effect: security facts at once, also for live calls; the shape of a call only for new ones;
 * what is built at start after a restart. */
enum config_lifetime { CONFIG_AT_ONCE, CONFIG_NEW_CALLS, CONFIG_RESTART };

struct word {
	const char *text;
	int value;
	bool later;
};

struct loader;
struct object;
struct key {
	const char *name;
	enum key_kind kind;
	bool required;
	bool only_if_given; /* KIND_OBJECT: being absent means something; else its own defaults hold */
	size_t offset, size, count;
	int64_t min, max;
	const char *preset; /* default, as JSON */
	const char *doc;
	enum config_lifetime lifetime;
	const struct word *words;
	const struct object *object;
	/* Says what is wrong with one text (and the mend), or NULL. */
	const char *(*check)(const char *text);
	void (*parse)(struct loader *l, const struct key *k, struct node *n, void *base);
	const char *schema; /* KIND_CUSTOM, and texts of a special form: what the JSON Schema says */
	const char *form;   /* the same for people */
};

struct object {
	const char *name; /* of the kind of thing: "network" */
	const struct key *keys;
	size_t size;        /* of the struct, for MAP and LIST */
	size_t name_offset; /* MAP: where the name goes */
	bool (*name_ok)(struct loader *l, struct node *n);
	void (*init)(void *base); /* defaults that are not zero and have no key */
	/* Defaults of a profile for this node: pairs of key and JSON, or NULL. */
	const char *const (*(*presets)(const struct node *n))[2];
	void (*finish)(struct loader *l, struct node *n, void *base);
};

extern const struct object object_root, object_network, object_peer, object_route, object_codecs;
extern const struct word transport_words[];

/* ---- load.c ---- */

struct config_box {
	struct config c;
	atomic_uint refs;
	struct arena arena;
	struct node *root;
};

struct loader {
	struct arena *arena;
	struct config *c;
	struct config_faults *faults;
	const char *folder;     /* of the file, for "file:"; "" or with a slash at its end */
	const struct node *old; /* reload: what the running config has in place of the node at hand, or NULL */
	bool oom;
};

static inline const struct config_box *box_of(const struct config *c)
{
	return (const struct config_box *)(const void *)((const char *)c - offsetof(struct config_box, c));
}

void *loader_alloc(struct loader *l, size_t bytes); /* NULL: l->oom is set */
/* What is wrong with a node, or with its key. */
#define fault(l, n, ...) fault_key(l, n, NULL, __VA_ARGS__)
void fault_key(struct loader *l, const struct node *n, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

const struct key *key_find(const struct object *o, const char *name);
void object_apply(struct loader *l, const struct object *o, struct node *n, void *base);

/* ---- value.c: single values ---- */

/* The text of a node with ${NAME} replaced; NULL after a fault. */
const char *node_text(struct loader *l, struct node *n);
/* A text alone counts as a list of one. false after a fault. Use with items_next(). */
struct items {
	struct node *at;
	size_t n, left;
};
bool items_of(struct loader *l, struct node *n, const char *what, struct items *ret);
struct node *items_next(struct items *it);
/* Kinds BOOL to CIDRS. */
void value_apply(struct loader *l, const struct key *k, struct node *n, void *base);
void value_strings(struct loader *l, const struct key *k, struct node *n, void *base);

/* ---- config.c, reload.c ---- */

/* old: NULL, or the running config whose restart-bound values and network indices are kept. */
int load_file(const char *path, const struct config *old, struct config **ret, struct config_faults *faults);
/* Puts the networks of the tree in the order of the running config. */
void reload_order_networks(struct loader *l, struct node *root);
/* Gives a key that needs a restart its old value: the node to be used, or NULL when it had none. */
struct node *reload_keep(struct loader *l, struct node *parent, struct node *n, const char *key);

/* ---- network.c, peer.c, route.c: what needs more than a table ---- */

/* "host", "host:port", "[v6]:port", bare "v6"; *ret_port 0 when not given. false: no such form. */
bool split_hostport(struct str s, struct str *ret_host, uint16_t *ret_port);
/* Looks for "word:" in front. 0: none, 1: *ret is set and *s moved on, -1: after a fault. */
int split_transport(struct loader *l, struct node *n, struct str *s, enum config_transport *ret);
bool cidr_of(struct loader *l, struct node *n, struct cidr *ret);
const char *host_fault(struct str host); /* NULL: a host name */

void parse_listen(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_address(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_media_addresses(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_ports(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_hostport(struct loader *l, const struct key *k, struct node *n, void *base);
void network_finish(struct loader *l, struct node *n, void *base);

void parse_accounts_file(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_network_name(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_targets(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_sources(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_codecs(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_failover(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_profile(struct loader *l, const struct key *k, struct node *n, void *base);
const char *const (*peer_presets(const struct node *n))[2];
bool peer_name_ok(struct loader *l, struct node *n);
void credentials_finish(struct loader *l, struct node *n, void *base);
void peer_finish(struct loader *l, struct node *n, void *base);

void parse_match_network(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_match_peer(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_match(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_header(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_rewrite(struct loader *l, const struct key *k, struct node *n, void *base);
void parse_target(struct loader *l, const struct key *k, struct node *n, void *base);
void route_init(void *base);
void route_finish(struct loader *l, struct node *n, void *base);

/* ---- pattern.c ---- */

#define PATTERN_MATCH_LIMIT 20000 /* steps: about a millisecond */
#define PATTERN_DEPTH_LIMIT 2000
#define PATTERN_HEAP_KIB    1024
#define PATTERN_GROUPS_MAX  15
#define PATTERN_SUBJECT_MAX 1024 /* bytes of user@host */

struct pattern;
/* Compiles into the arena. 0, -ENOMEM, or -EINVAL with what pcre2 says in message and the offset of the trouble. */
int pattern_compile(struct arena *a, const char *text, size_t n, struct pattern **ret, char message[128],
		    size_t *ret_offset);
/* Groups that the replacement names must exist, and what it puts in must be allowed in a user part. NULL, or what is
 * wrong. */
const char *pattern_check_replacement(const struct pattern *p, const char *replacement);

/* ---- check.c, warn.c ---- */

void check_all(struct loader *l, const struct node *root);

/* Facts about a machine; tests make them up. */
struct machine {
	unsigned local_port_min, local_port_max;
	uint64_t descriptors;
	bool (*has_address)(const struct addr *a); /* NULL: not asked */
	bool (*has_folder)(const char *path);      /* NULL: not asked */
};
int machine_warnings(const struct config *c, const struct machine *m, struct config_faults *f);

#endif
