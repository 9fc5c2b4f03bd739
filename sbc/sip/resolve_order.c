/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2782, "The format of the SRV RR": lowest priority first; among equals by chance, weighted. */
#include "sbc/sip/resolve_internal.h"

static void swap(struct target *a, struct target *b)
{
	struct target t = *a;
	*a = *b;
	*b = t;
}

/* Insertion: at most RESOLVE_MAX of them. Of one priority those of weight 0 come first, as the RFC's choice wants it:
 * they then have a very small chance of being taken first, and not none. */
static void sort(struct target *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = i; k > 0; k--) {
			const struct target *a = &v[k - 1], *b = &v[k];
			if (a->priority < b->priority)
				break;
			if (a->priority == b->priority && (a->weight == 0 || b->weight > 0))
				break;
			swap(&v[k - 1], &v[k]);
		}
	}
}

/* The first of n records of one priority, brought to v[0]; the order of the others is kept. */
static void choose(struct target *v, size_t n, uint32_t (*below)(uint32_t n))
{
	uint32_t sum = 0, running = 0;
	size_t i = 0;

	for (size_t k = 0; k < n; k++)
		sum += v[k].weight;
	uint32_t want = below(sum + 1);
	while (i + 1 < n && (running += v[i].weight) < want)
		i++;
	for (; i > 0; i--)
		swap(&v[i], &v[i - 1]);
}

void resolve_order(struct target *v, size_t n, uint32_t (*below)(uint32_t n))
{
	sort(v, n);
	for (size_t from = 0; from < n; from++) {
		size_t same = 1;
		while (from + same < n && v[from + same].priority == v[from].priority)
			same++;
		choose(&v[from], same, below);
	}
}
