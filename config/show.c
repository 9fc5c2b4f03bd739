/* SPDX-License-Identifier: Apache-2.0 */
/* show: a config as JSON, defaults included and secrets left out. */
#include <string.h>

#include "config/internal.h"

static void show_object(struct writer *w, const struct object *o, const struct node *n);
static void show_each(struct writer *w, const struct object *o, const struct node *n);

/* Values that no table describes in depth (targets, matches) are written as they stand in the file. */
static void show_value(struct writer *w, const struct node *n)
{
	switch (n->kind) {
	case NODE_BOOL:
		writer_z(w, n->integer ? "true" : "false");
		return;
	case NODE_INT:
		writer_fmt(w, "%lld", (long long)n->integer);
		return;
	case NODE_TEXT:
		writer_json(w, str_z(n->text));
		return;
	case NODE_NULL:
	case NODE_REAL: /* no key takes one */
		writer_lit(w, "null");
		return;
	case NODE_LIST:
	case NODE_OBJECT:
		show_each(w, NULL, n);
		return;
	}
}

/* Maps and lists of what o describes, or of plain values (NULL). */
static void show_each(struct writer *w, const struct object *o, const struct node *n)
{
	bool first = true;

	writer_char(w, n->kind == NODE_LIST ? '[' : '{');
	node_for_each(x, n)
	{
		if (x->removed)
			continue;
		if (!first)
			writer_char(w, ',');
		first = false;
		if (x->key) {
			writer_json(w, str_z(x->key));
			writer_char(w, ':');
		}
		if (o)
			show_object(w, o, x);
		else
			show_value(w, x);
	}
	writer_char(w, n->kind == NODE_LIST ? ']' : '}');
}

static void show_key(struct writer *w, const struct key *k, const struct node *n)
{
	if (k->kind == KIND_SECRET)
		writer_lit(w, "\"(secret)\"");
	else if (k->kind == KIND_OBJECT)
		show_object(w, k->object, n);
	else if (k->kind == KIND_MAP || k->kind == KIND_LIST)
		show_each(w, k->object, n);
	else
		show_value(w, n);
}

static void show_object(struct writer *w, const struct object *o, const struct node *n)
{
	bool first = true;

	if (n->kind != NODE_OBJECT) {
		show_value(w, n);
		return;
	}
	writer_char(w, '{');
	node_for_each(x, n)
	{
		const struct key *k = x->key ? key_find(o, x->key) : NULL;

		/* what no table knows cannot have been loaded; nothing is shown whose kind is not known */
		if (!k || x->removed)
			continue;
		if (!first)
			writer_char(w, ',');
		first = false;
		writer_json(w, str_z(x->key));
		writer_char(w, ':');
		show_key(w, k, x);
	}
	writer_char(w, '}');
}

/* ---- places ---- */

struct at {
	const struct node *node;
	const struct object *object; /* of the node, or of what is in it when `each` */
	const struct key *key;       /* NULL: the root, or one of many */
	bool each;
};

static const struct node *child_named(const struct node *n, struct str name)
{
	node_for_each(x, n) if (x->key && !x->removed && str_eq(str_z(x->key), name)) return x;
	return NULL;
}

static const struct node *child_at(const struct node *n, uint64_t index)
{
	node_for_each(x, n) if (index-- == 0) return x;
	return NULL;
}

static bool step_name(struct at *a, struct str name)
{
	const struct node *n = a->node->kind == NODE_OBJECT ? child_named(a->node, name) : NULL;

	if (!n || (a->key && a->key->kind == KIND_SECRET))
		return false;
	a->node = n;
	if (a->each) {
		a->each = false;
		a->key = NULL;
		return true;
	}
	a->key = a->object ? key_find(a->object, n->key) : NULL;
	if (a->object && !a->key)
		return false;
	a->object = a->key ? a->key->object : NULL;
	a->each = a->key && (a->key->kind == KIND_MAP || a->key->kind == KIND_LIST);
	return true;
}

static bool step_index(struct at *a, struct str digits)
{
	uint64_t i;
	const struct node *n;

	if (a->node->kind != NODE_LIST || !str_to_u64(digits, UINT32_MAX, &i))
		return false;
	n = child_at(a->node, i);
	if (!n)
		return false;
	a->node = n;
	a->each = false;
	a->key = NULL;
	return true;
}

/* "peers.carrier-a.targets[1]" */
static bool walk(const struct config *c, struct str place, struct at *ret)
{
	struct at a = {.node = box_of(c)->root, .object = &object_root};

	while (place.n) {
		struct str step = str_cut(&place, '.'), name = str_cut(&step, '[');

		if (!name.n || !step_name(&a, name))
			return false;
		while (step.n) {
			struct str index = str_cut(&step, ']');

			if (!step_index(&a, index) || (step.n && step.p[0] != '['))
				return false;
			if (step.n)
				step = (struct str){step.p + 1, step.n - 1};
		}
	}
	*ret = a;
	return true;
}

bool config_has_place(const struct config *c, struct str place)
{
	struct at a;

	return walk(c, place, &a);
}

void config_show(const struct config *c, struct str place, struct writer *w)
{
	struct at a;

	if (!walk(c, place, &a))
		writer_lit(w, "null");
	else if (a.key)
		show_key(w, a.key, a.node);
	else if (a.object)
		show_object(w, a.object, a.node);
	else
		show_value(w, a.node);
}
