/* SPDX-License-Identifier: Apache-2.0 */
/* load: walks the tables of keys beside the tree of nodes and fills the structs. */
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

void fault_key(struct loader *l, const struct node *n, const char *key, const char *fmt, ...)
{
	char place[PLACE_MAX];
	va_list ap;
	va_start(ap, fmt);
	if (faults_vadd(l->faults, node_place(n, key, place), n->line, fmt, ap) < 0)
		l->oom = true;
	va_end(ap);
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

static void key_apply(struct loader *l, const struct key *k, struct node *n, void *base)
{
	switch (k->kind) {
	case KIND_OBJECT:
		return object_apply(l, k->object, n, (char *)base + k->offset);
	case KIND_MAP:
	case KIND_LIST:
		return value_array(l, k, n, base);
	case KIND_CUSTOM:
		return k->parse(l, k, n, base);
	case KIND_LATER:
		return fault(l, n, "not in this build; remove it");
	case KIND_BOOL:
	case KIND_INT:
	case KIND_TIME:
	case KIND_WORD:
	case KIND_TEXT:
	case KIND_SECRET:
	case KIND_STRINGS:
	case KIND_CIDRS:
		return value_apply(l, k, n, base);
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
		l->old = old;
		if (old && k->lifetime == CONFIG_RESTART)
			x = reload_keep(l, n, x, k->name);
		l->old = old ? node_find(old, k->name) : NULL;
		if (x)
			key_apply(l, k, x, base);
	}
	l->old = old;
	if (o->finish && !l->oom)
		o->finish(l, n, base);
}
