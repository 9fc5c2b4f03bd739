/* SPDX-License-Identifier: Apache-2.0 */
/* load: walks the tables of keys beside the tree of nodes and fills the structs. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"

/* ---- faults and memory ---- */

void *loader_alloc(struct loader *l, size_t bytes)
{
	void *p = arena_alloc(l->arena, bytes);
	if (!p)
		l->oom = true;
	return p;
}

void fault(struct loader *l, const struct node *n, const char *fmt, ...)
{
	char place[PLACE_MAX];
	va_list ap;
	va_start(ap, fmt);
	if (faults_vadd(l->faults, node_place(n, NULL, place), n->line, fmt, ap) < 0)
		l->oom = true;
	va_end(ap);
}

void fault_key(struct loader *l, const struct node *n, const char *key, const char *fmt, ...)
{
	char place[PLACE_MAX];
	va_list ap;
	va_start(ap, fmt);
	if (faults_vadd(l->faults, node_place(n, key, place), n->line, fmt, ap) < 0)
		l->oom = true;
	va_end(ap);
}

/* ---- texts ---- */

static bool is_name_char(char c, bool first)
{
	return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

/* Length of "${NAME}" at p, or 0. */
static size_t variable_at(const char *p)
{
	if (p[0] != '$' || p[1] != '{' || !is_name_char(p[2], true))
		return 0;
	size_t i = 3;
	while (is_name_char(p[i], false))
		i++;
	return p[i] == '}' ? i + 1 : 0;
}

static const char *variable_value(struct loader *l, struct node *n, const char *p, size_t len)
{
	char name[128];
	if (len - 3 >= sizeof(name)) {
		fault(l, n, "the name of this environment variable is too long");
		return NULL;
	}
	memcpy(name, p + 2, len - 3);
	name[len - 3] = '\0';
	const char *v = getenv(name);
	if (!v)
		fault(l, n, "environment variable %s is not set; set it, or write the value here", name);
	return v;
}

/* One pass: out == NULL only measures. Values are not expanded again. */
static bool expand(struct loader *l, struct node *n, char *out, size_t *ret_bytes)
{
	size_t bytes = 0;
	for (const char *p = n->text; *p;) {
		size_t len = variable_at(p);
		const char *v = len ? variable_value(l, n, p, len) : p;
		if (!v)
			return false;
		size_t add = len ? strlen(v) : 1;
		if (out)
			memcpy(out + bytes, v, add);
		bytes += add;
		p += len ? len : 1;
	}
	*ret_bytes = bytes;
	return true;
}

const char *node_text(struct loader *l, struct node *n)
{
	if (n->kind != NODE_TEXT) {
		fault(l, n, "must be a text, in quotes");
		return NULL;
	}
	if (n->expanded || !strstr(n->text, "${"))
		return n->text;
	size_t bytes;
	if (!expand(l, n, NULL, &bytes))
		return NULL;
	char *out = loader_alloc(l, bytes + 1);
	if (!out || !expand(l, n, out, &bytes))
		return NULL;
	n->expanded = true;
	n->text = out;
	return out;
}

bool items_of(struct loader *l, struct node *n, const char *what, struct items *ret)
{
	if (n->kind == NODE_TEXT) {
		*ret = (struct items){n, 1, 1};
		return true;
	}
	if (n->kind != NODE_LIST) {
		fault(l, n, "must be a list of %s", what);
		return false;
	}
	*ret = (struct items){n->child, n->n, n->n};
	return true;
}

struct node *items_next(struct items *it)
{
	if (!it->left)
		return NULL;
	struct node *n = it->at;
	it->at = n->next;
	it->left--;
	return n;
}

/* ---- values of each kind ---- */

static void put_uint(void *base, const struct key *k, uint64_t v)
{
	unsigned char *p = (unsigned char *)base + k->offset;
	switch (k->size) {
	case 1:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)(void *)p = (uint16_t)v;
		break;
	default:
		*(uint32_t *)(void *)p = (uint32_t)v;
		break;
	}
}

static void value_bool(struct loader *l, const struct key *k, struct node *n, void *base)
{
	if (n->kind != NODE_BOOL)
		fault(l, n, "must be true or false");
	else
		*(bool *)((char *)base + k->offset) = n->integer;
}

static void value_int(struct loader *l, const struct key *k, struct node *n, void *base)
{
	if (n->kind != NODE_INT)
		fault(l, n, "must be a whole number from %lld to %lld", (long long)k->min, (long long)k->max);
	else if (n->integer < k->min || n->integer > k->max)
		fault(l, n, "%lld is out of range; from %lld to %lld", (long long)n->integer, (long long)k->min,
		      (long long)k->max);
	else
		put_uint(base, k, (uint64_t)n->integer);
}

static bool time_parse(const char *z, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}};
	size_t digits = strspn(z, "0123456789");
	uint64_t v;
	if (!str_to_u64((struct str){z, digits}, 1000000000, &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(z + digits, units[i].unit) == 0) {
			*ret = (int64_t)v * units[i].ms;
			return true;
		}
	return false;
}

/* "4s" and 4000 are the same value, so the node becomes the number. */
static void value_time(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const char *z = n->kind == NODE_TEXT ? node_text(l, n) : NULL;
	if (n->kind == NODE_TEXT && !z)
		return;
	if (z && time_parse(z, &n->integer))
		n->kind = NODE_INT;
	if (n->kind != NODE_INT)
		fault(l, n, "must be milliseconds, or a text with a unit: \"500ms\", \"4s\", \"3m\", \"12h\"");
	else if (n->integer < k->min || n->integer > k->max)
		fault(l, n, "%lld ms is out of range; from %lld to %lld", (long long)n->integer, (long long)k->min,
		      (long long)k->max);
	else
		put_uint(base, k, (uint64_t)n->integer);
}

bool word_parse(struct loader *l, const struct key *k, struct node *n, int *ret)
{
	char list[160];
	struct writer w = writer_init(list, sizeof(list) - 1);
	for (const struct word *x = k->words; x->text; x++)
		if (!x->later)
			writer_fmt(&w, "%s%s", w.n ? ", " : "", x->text);
	list[w.n] = '\0';
	const char *z = n->kind == NODE_TEXT ? n->text : NULL;
	if (!z) {
		fault(l, n, "must be one of %s", list);
		return false;
	}
	struct nearest s = nearest_init(z);
	for (const struct word *x = k->words; x->text; x++) {
		if (strcmp(x->text, z) == 0 && x->later) {
			fault(l, n, "\"%s\" is not in this build; use one of %s", z, list);
			return false;
		}
		if (strcmp(x->text, z) == 0) {
			*ret = x->value;
			return true;
		}
		if (!x->later)
			nearest_offer(&s, x->text);
	}
	fault(l, n, "%s is not one of %s%s", QUOTE(z), list, nearest_mend(&s).s);
	return false;
}

static void value_word(struct loader *l, const struct key *k, struct node *n, void *base)
{
	int v;
	if (word_parse(l, k, n, &v))
		put_uint(base, k, (uint64_t)v);
}

static void value_text(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const char *z = node_text(l, n);
	if (!z)
		return;
	const char *wrong = *z && k->check ? k->check(z) : NULL;
	if (wrong)
		fault(l, n, "%s %s", QUOTE(z), wrong);
	else
		*(const char **)(void *)((char *)base + k->offset) = *z ? z : NULL;
}

#define SECRET_BYTES_MAX 4096

static const char *secret_of_file(struct loader *l, struct node *n, const char *name)
{
	char path[4352], buf[SECRET_BYTES_MAX + 1];
	struct writer w = writer_init(path, sizeof(path) - 1);
	writer_z(&w, name[0] == '/' ? "" : l->folder);
	writer_z(&w, name);
	path[w.n] = '\0';
	FILE *f = w.overflow ? NULL : fopen(path, "rbe");
	if (!f) {
		if (errno == ENOMEM && !w.overflow)
			l->oom = true;
		else
			fault(l, n, "cannot read %s: %s", QUOTE(path), w.overflow ? "name too long" : strerror(errno));
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0);
	size_t bytes = fread(buf, 1, sizeof(buf), f);
	bool failed = ferror(f);
	fclose(f);
	const char *z = NULL;
	while (bytes && (buf[bytes - 1] == '\n' || buf[bytes - 1] == '\r'))
		bytes--;
	if (failed)
		fault(l, n, "cannot read %s", QUOTE(path));
	else if (bytes > SECRET_BYTES_MAX || memchr(buf, '\0', bytes))
		fault(l, n, "%s is not a text of at most %d bytes", QUOTE(path), SECRET_BYTES_MAX);
	else if (!bytes)
		fault(l, n, "%s is empty; write the secret into it", QUOTE(path));
	else if (!(z = arena_str(l->arena, buf, bytes)))
		l->oom = true;
	explicit_bzero(buf, sizeof(buf));
	return z;
}

/* The node takes the secret itself, so that config_diff() sees a change behind the same name. */
static void value_secret(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const char *z = n->resolved ? n->text : node_text(l, n);
	if (z && !n->resolved && strncmp(z, "file:", 5) == 0)
		z = secret_of_file(l, n, z + 5);
	if (!z)
		return;
	n->text = z;
	n->resolved = true;
	const char *wrong = k->check ? k->check(z) : NULL;
	if (wrong)
		fault(l, n, "this secret %s", wrong);
	else
		*(const char **)(void *)((char *)base + k->offset) = *z ? z : NULL;
}

static const char *string_item(struct loader *l, const struct key *k, struct node *n)
{
	const char *z = node_text(l, n);
	const char *wrong = z && k->check ? k->check(z) : NULL;
	if (wrong)
		fault(l, n, "%s %s", QUOTE(z), wrong);
	return wrong ? NULL : z;
}

void value_strings(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct items it;
	if (!items_of(l, n, "texts", &it))
		return;
	const char **v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;) {
		const char *z = string_item(l, k, x);
		for (size_t i = 0; z && i < count; i++)
			if (strcasecmp(v[i], z) == 0) {
				fault(l, x, "%s a second time in this list; keep one", QUOTE(z));
				z = NULL;
			}
		if (z)
			v[count++] = z;
	}
	*(struct config_strings *)(void *)((char *)base + k->offset) = (struct config_strings){v, count};
}

static void value_cidrs(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct items it;
	if (!items_of(l, n, "addresses or prefixes (\"192.0.2.0/24\")", &it))
		return;
	struct cidr *v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;)
		count += cidr_of(l, x, &v[count]);
	*(const struct cidr **)(void *)((char *)base + k->offset) = v;
	*(size_t *)(void *)((char *)base + k->count) = count;
}

/* ---- objects ---- */

static bool name_usable(struct loader *l, const struct object *o, struct node *n)
{
	size_t len = strlen(n->key), good = strspn(n->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
							   "0123456789_-");
	if (len && len <= 63 && good == len)
		return !o->name_ok || o->name_ok(l, n);
	fault(l, n, "%s cannot be the name of a %s; use letters, digits, - and _, at most 63", QUOTE(n->key), o->name);
	return false;
}

/* Arrays of structs, from an object of named ones or a list. */
static void value_array(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const struct object *o = k->object;
	if (n->kind != (k->kind == KIND_MAP ? NODE_OBJECT : NODE_LIST)) {
		fault(l, n,
		      k->kind == KIND_MAP ? "must be an object of %ss by name: { \"NAME\": { ... } }"
					  : "must be a list of %ss: [ { ... } ]",
		      o->name);
		return;
	}
	char *v = loader_alloc(l, (n->n + 1) * o->size);
	if (!v)
		return;
	/* names first: elements may name each other */
	*(void **)(void *)((char *)base + k->offset) = v;
	*(size_t *)(void *)((char *)base + k->count) = n->n;
	size_t i = 0;
	node_for_each(x, n)
	{
		if (k->kind == KIND_MAP && name_usable(l, o, x))
			*(const char **)(void *)(v + i * o->size + o->name_offset) = x->key;
		else if (k->kind == KIND_MAP)
			*(const char **)(void *)(v + i * o->size + o->name_offset) = "";
		i++;
	}
	const struct node *old = l->old;
	i = 0;
	node_for_each(x, n)
	{
		l->old = old && x->key ? node_find(old, x->key) : NULL;
		if (!l->oom && !x->removed)
			object_apply(l, o, x, v + i * o->size);
		i++;
	}
	l->old = old;
}

static void value_apply(struct loader *l, const struct key *k, struct node *n, void *base)
{
	switch (k->kind) {
	case KIND_BOOL:
		return value_bool(l, k, n, base);
	case KIND_INT:
		return value_int(l, k, n, base);
	case KIND_TIME:
		return value_time(l, k, n, base);
	case KIND_WORD:
		return value_word(l, k, n, base);
	case KIND_TEXT:
		return value_text(l, k, n, base);
	case KIND_SECRET:
		return value_secret(l, k, n, base);
	case KIND_STRINGS:
		return value_strings(l, k, n, base);
	case KIND_CIDRS:
		return value_cidrs(l, k, n, base);
	case KIND_OBJECT:
		return object_apply(l, k->object, n, (char *)base + k->offset);
	case KIND_MAP:
	case KIND_LIST:
		return value_array(l, k, n, base);
	case KIND_CUSTOM:
		return k->parse(l, k, n, base);
	case KIND_LATER:
		return fault(l, n, "not in this build; remove it");
	}
}

const struct key *key_find(const struct object *o, const char *name)
{
	for (const struct key *k = o->keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static void refuse_unknown(struct loader *l, const struct object *o, struct node *n)
{
	node_for_each(x, n)
	{
		if (key_find(o, x->key))
			continue;
		struct nearest s = nearest_init(x->key);
		for (const struct key *k = o->keys; k->name; k++)
			if (k->kind != KIND_LATER)
				nearest_offer(&s, k->name);
		struct mend mend = nearest_mend(&s);
		fault(l, x, "unknown key%s", s.best ? mend.s : "; remove it");
	}
}

static const char *preset_of(const struct key *k, const char *const (*profile)[2])
{
	for (; profile && (*profile)[0]; profile++)
		if (strcmp((*profile)[0], k->name) == 0)
			return (*profile)[1];
	return k->preset;
}

/* A value that the file does not give, as if it stood there. */
static struct node *preset_node(struct loader *l, struct node *parent, const struct key *k, const char *json)
{
	char text[256];
	struct node *n;
	size_t len = strlen(json);
	memcpy(text, json, len + 1);
	if (json_parse(l->arena, text, len, &n, l->faults) < 0) {
		l->oom = true; /* the tables hold JSON */
		return NULL;
	}
	n->preset = true;
	n->line = parent->line;
	n->key = k->name;
	node_append(parent, n);
	return n;
}

static struct node *given_or_preset(struct loader *l, const struct key *k, struct node *parent,
				    const char *const (*profile)[2])
{
	struct node *n = node_find(parent, k->name);
	if (n || k->kind == KIND_LATER)
		return n;
	const char *json = preset_of(k, profile);
	if (!json && k->kind == KIND_OBJECT && !k->only_if_given)
		json = "{}";
	if (json)
		return preset_node(l, parent, k, json);
	if (k->required)
		fault(l, parent, "\"%s\" is missing: %s", k->name, k->doc);
	return NULL;
}

void object_apply(struct loader *l, const struct object *o, struct node *n, void *base)
{
	if (n->kind != NODE_OBJECT) {
		fault(l, n, "must be an object: { ... }");
		return;
	}
	const char *const(*profile)[2] = o->presets ? o->presets(n) : NULL;
	const struct node *old = l->old;
	refuse_unknown(l, o, n);
	if (o->init)
		o->init(base);
	for (const struct key *k = o->keys; k->name && !l->oom; k++) {
		struct node *x = given_or_preset(l, k, n, profile);
		if (old && k->lifetime == CONFIG_RESTART)
			x = reload_keep(l, n, x, k->name);
		l->old = old ? node_find(old, k->name) : NULL;
		if (x)
			value_apply(l, k, x, base);
	}
	l->old = old;
	if (o->finish && !l->oom)
		o->finish(l, n, base);
}
