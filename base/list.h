/* SPDX-License-Identifier: Apache-2.0 */
/* list: intrusive doubly linked list. The list owns nothing; a node is in at most one list and is unlinked by its owner
 * before it is freed. A zeroed node counts as unlinked. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline bool list_linked(const struct list *n)
{
	return n->next && n->next != n;
}
static inline void list_append(struct list *l, struct list *n)
{
	n->prev = l->prev;
	n->next = l;
	l->prev->next = n;
	l->prev = n;
}
static inline void list_prepend(struct list *l, struct list *n)
{
	list_append(l->next, n);
}
static inline void list_remove(struct list *n)
{
	if (!n->next)
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->next = n->prev = NULL;
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(l, type, member)   (list_empty(l) ? NULL : list_entry((l)->next, type, member))
#define list_for_each(it, l)          for (struct list *it = (l)->next; it != (l); it = it->next)
/* The current node may be removed and freed inside the loop. */
#define list_for_each_safe(it, l)                                                                                      \
	for (struct list *it = (l)->next, *it##_n = it->next; it != (l); it = it##_n, it##_n = it->next)

#endif
