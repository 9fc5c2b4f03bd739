/* SPDX-License-Identifier: Apache-2.0 */
/* reload: the difference of two configs, told by the table of keys, and a new config that keeps what cannot change
 * while running. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config/internal.h"

struct diff {
	void (*fn)(void *arg, enum config_change what, const char *place);
	void *arg;
	unsigned restarts;
};

static const struct node *child(const struct node *n, const char *key)
{
	const struct node *x = n && n->kind == NODE_OBJECT ? node_find(n, key) : NULL;
	return x && !x->removed ? x : NULL;
}

static void tell(struct diff *d, enum config_change what, const struct node *n)
{
	char place[PLACE_MAX];
	d->restarts += what == CONFIG_NEEDS_RESTART;
	if (d->fn)
		d->fn(d->arg, what, node_place(n, NULL, place));
}

static void diff_object(struct diff *d, const struct object *o, const struct node *a, const struct node *b);

/* Named things: gone, new, or changed inside. */
static void diff_map(struct diff *d, const struct object *o, const struct node *a, const struct node *b)
{
	for (const struct node *x = a ? a->child : NULL; x; x = x->next)
		if (!x->removed && !child(b, x->key))
			tell(d, CONFIG_REMOVED, x);
	for (const struct node *y = b ? b->child : NULL; y; y = y->next) {
		const struct node *x = child(a, y->key);
		if (y->removed)
			continue;
		if (!x)
			tell(d, CONFIG_ADDED, y);
		else
			diff_object(d, o, x, y);
	}
}

/* Lists have no names: entry by entry. */
static void diff_list(struct diff *d, const struct node *a, const struct node *b)
{
	const struct node *x = a ? a->child : NULL, *y = b ? b->child : NULL;
	for (; x && y; x = x->next, y = y->next)
		if (!node_equal(x, y))
			tell(d, CONFIG_CHANGED, y);
	for (; x; x = x->next)
		tell(d, CONFIG_REMOVED, x);
	for (; y; y = y->next)
		tell(d, CONFIG_ADDED, y);
}

static void diff_key(struct diff *d, const struct key *k, const struct node *a, const struct node *b)
{
	if (!a && !b)
		return;
	if (k->kind == KIND_OBJECT && a && b)
		diff_object(d, k->object, a, b);
	else if (k->kind == KIND_MAP)
		diff_map(d, k->object, a, b);
	else if (k->kind == KIND_LIST)
		diff_list(d, a, b);
	else if (!node_equal(a, b) && k->lifetime == CONFIG_RESTART)
		tell(d, CONFIG_NEEDS_RESTART, b ? b : a);
	else if (!a)
		tell(d, CONFIG_ADDED, b);
	else if (!b)
		tell(d, CONFIG_REMOVED, a);
	else if (!node_equal(a, b))
		tell(d, CONFIG_CHANGED, b);
}

static void diff_object(struct diff *d, const struct object *o, const struct node *a, const struct node *b)
{
	for (const struct key *k = o->keys; k->name; k++)
		diff_key(d, k, child(a, k->name), child(b, k->name));
}

unsigned config_diff(const struct config *old, const struct config *new_,
		     void (*fn)(void *arg, enum config_change what, const char *place), void *arg)
{
	struct diff d = {fn, arg, 0};
	diff_object(&d, &object_root, box_of(old)->root, box_of(new_)->root);
	return d.restarts;
}

/* ---- keeping what cannot change ---- */

static struct node *copy_node(struct loader *l, const struct node *from)
{
	struct node *n = loader_alloc(l, sizeof(*n));
	if (!n)
		return NULL;
	*n = (struct node){.kind = from->kind,
			   .preset = from->preset,
			   .expanded = from->expanded,
			   .resolved = from->resolved,
			   .line = from->line,
			   .integer = from->integer};
	if (from->key && !(n->key = arena_str(l->arena, from->key, strlen(from->key))))
		l->oom = true;
	if (from->text && !(n->text = arena_str(l->arena, from->text, strlen(from->text))))
		l->oom = true;
	node_for_each(x, from)
	{
		struct node *y = l->oom ? NULL : copy_node(l, x);
		if (y)
			node_append(n, y);
	}
	return l->oom ? NULL : n;
}

static void unlink_node(struct node *parent, struct node *gone)
{
	struct node *all = parent->child;
	parent->child = parent->last = NULL;
	parent->n = 0;
	for (struct node *x = all, *next; x; x = next) {
		next = x->next;
		x->next = NULL;
		if (x != gone)
			node_append(parent, x);
	}
}

struct node *reload_keep(struct loader *l, struct node *parent, struct node *n, const char *key)
{
	const struct node *old = node_find(l->old, key);
	if (n)
		unlink_node(parent, n);
	n = old ? copy_node(l, old) : NULL;
	if (n)
		node_append(parent, n);
	return n;
}

static struct node *tombstone(struct loader *l, const char *name)
{
	struct node *n = loader_alloc(l, sizeof(*n));
	if (!n)
		return NULL;
	n->kind = NODE_OBJECT;
	n->removed = true;
	n->key = arena_str(l->arena, name, strlen(name));
	l->oom |= !n->key;
	return n->key ? n : NULL;
}

void reload_order_networks(struct loader *l, struct node *root)
{
	const struct node *old = node_find(l->old, "networks");
	struct node *now = root->kind == NODE_OBJECT ? node_find(root, "networks") : NULL;
	if (!old || !now || now->kind != NODE_OBJECT)
		return;
	struct node given = *now; /* its children, while the list is built anew */
	now->child = now->last = NULL;
	now->n = 0;
	for (const struct node *x = old->child; x; x = x->next) {
		struct node *y = node_find(&given, x->key);
		if (y)
			unlink_node(&given, y);
		else
			y = tombstone(l, x->key);
		if (!y)
			return;
		y->next = NULL;
		node_append(now, y);
	}
	for (struct node *x = given.child, *next; x; x = next) {
		next = x->next;
		x->next = NULL;
		node_append(now, x);
	}
}

int config_reload(const struct config *old, const char *path, struct config **ret, struct config_faults *ret_faults,
		  void (*fn)(void *arg, enum config_change what, const char *place), void *arg)
{
	struct config *plain;
	*ret_faults = (struct config_faults){NULL, 0};
	int r = load_file(path, NULL, &plain, ret_faults);
	if (r < 0)
		return r;
	r = load_file(path, old, ret, ret_faults);
	if (r == 0 && fn)
		config_diff(old, plain, fn, arg);
	config_unref(plain);
	return r;
}
