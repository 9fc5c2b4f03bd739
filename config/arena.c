/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"

#define ARENA_BLOCK_BYTES 8192
#define ARENA_ALIGN       16

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(ARENA_ALIGN) unsigned char bytes[];
};

static struct arena_block *block_add(struct arena *a, size_t bytes)
{
	size_t cap = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
	struct arena_block *b = calloc(1, sizeof(*b) + cap);
	if (!b)
		return NULL;
	b->cap = cap;
	b->next = a->head;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	struct arena_block *b = a->head;
	if (!b || b->cap - b->used < bytes)
		b = block_add(a, bytes);
	if (!b)
		return NULL;
	void *p = b->bytes + b->used;
	b->used += bytes;
	return p;
}

char *arena_str(struct arena *a, const char *p, size_t n)
{
	char *s = arena_alloc(a, n + 1);
	if (s && n)
		memcpy(s, p, n);
	return s;
}

void arena_finish(struct arena *a)
{
	for (struct arena_block *b = a->head, *next; b; b = next) {
		next = b->next;
		explicit_bzero(b->bytes, b->used);
		free(b);
	}
	a->head = NULL;
}
