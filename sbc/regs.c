/* SPDX-License-Identifier: Apache-2.0 */
/* regs: management's questions about registrations, answered from a worker's location by copies. A listing looks at so
 * many bindings a turn, and keeps the aliases that come first; who is gone when it ends is left out. Worker's thread.
 */
#include "sbc/regs.h"

#include <errno.h>
#include <stdlib.h>

#define LOOKED_AT_A_TURN 1024

/* ---- copies ---- */

static struct str copy(char **at, struct str s)
{
	struct str c = {*at, s.n};

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return c;
}

static struct reg_snapshot *snapshot(const struct location *l, const struct config *c, const struct location_binding *b)
{
	struct str network = str_z(c->networks[location_network(b)].name), aor = location_aor_text(b),
		   contact = location_uri(b), instance = location_instance(b), agent = location_agent(b);
	struct reg_snapshot *r = malloc(sizeof(*r) + network.n + aor.n + contact.n + instance.n + agent.n);
	uint64_t now = location_now_ms(l);
	char *at = (char *)(r + 1);

	if (!r)
		return NULL;
	*r = (struct reg_snapshot){
		.state = location_state_text((enum location_state)b->state),
		.transport = config_transport_text(b->flow.transport),
		.remote = b->flow.remote,
		.age_ms = now - b->since_ms,
		.expires_ms = b->phone_until_ms > now ? b->phone_until_ms - now : 0,
		.core_expires_ms = b->core_until_ms > now ? b->core_until_ms - now : 0,
	};
	memcpy(r->alias, b->alias, sizeof(r->alias));
	r->network = copy(&at, network);
	r->aor = copy(&at, aor);
	r->contact = copy(&at, contact);
	r->instance = copy(&at, instance);
	r->agent = copy(&at, agent);
	return r;
}

/* ---- a listing ---- */

struct listing {
	struct regs_ask *ask;
	struct loop *loop;
	struct location *location;
	struct config *config;
	struct location_walk walk;
	unsigned n; /* of heap: the last alias is on top */
	char heap[][IDENT_LEN + 1];
};

static void swap(struct listing *g, unsigned a, unsigned b)
{
	char t[IDENT_LEN + 1];

	memcpy(t, g->heap[a], sizeof(t));
	memcpy(g->heap[a], g->heap[b], sizeof(t));
	memcpy(g->heap[b], t, sizeof(t));
}

static bool before(const struct listing *g, unsigned a, unsigned b)
{
	return strcmp(g->heap[a], g->heap[b]) < 0;
}

static void sift_up(struct listing *g, unsigned i)
{
	for (; i && before(g, (i - 1) / 2, i); i = (i - 1) / 2)
		swap(g, i, (i - 1) / 2);
}

static void sift_down(struct listing *g)
{
	for (unsigned i = 0, child; (child = 2 * i + 1) < g->n; i = child) {
		if (child + 1 < g->n && before(g, child, child + 1))
			child++;
		if (!before(g, i, child))
			return;
		swap(g, i, child);
	}
}

static void look(void *arg, const struct location_binding *b)
{
	struct listing *g = arg;

	if (strcmp(b->alias, g->ask->after) <= 0)
		return;
	if (g->n < g->ask->limit) {
		memcpy(g->heap[g->n], b->alias, sizeof(g->heap[0]));
		sift_up(g, g->n++);
		return;
	}
	g->ask->more = true;
	if (strcmp(b->alias, g->heap[0]) >= 0)
		return;
	memcpy(g->heap[0], b->alias, sizeof(g->heap[0]));
	sift_down(g);
}

/* Last ones first, so that the list grows at its head. */
static void finish(struct listing *g)
{
	struct regs_ask *a = g->ask;

	for (; g->n; sift_down(g)) {
		const struct location_binding *b = location_by_alias(g->location, str_z(g->heap[0]));
		struct reg_snapshot *r = b ? snapshot(g->location, g->config, b) : NULL;

		if (b && !r)
			a->error = -ENOMEM;
		if (r) {
			r->next = a->first;
			a->first = r;
		}
		swap(g, 0, --g->n);
	}
	config_unref(g->config);
	free(g);
	a->done(a);
}

static void go_on(void *arg)
{
	struct listing *g = arg;

	if (location_walk(g->location, &g->walk, LOOKED_AT_A_TURN, look, g)) {
		finish(g);
	} else if (!loop_post(g->loop, go_on, g)) {
		location_walk_end(&g->walk);
		g->ask->error = -EBUSY;
		finish(g);
	}
}

static void list_all(struct location *l, const struct worker *w, struct regs_ask *a)
{
	struct location_counters c;
	struct listing *g = malloc(sizeof(*g) + a->limit * sizeof(g->heap[0]));

	if (!g) {
		a->error = -ENOMEM;
		a->done(a);
		return;
	}
	location_counters(l, &c);
	a->total = c.bindings;
	*g = (struct listing){.ask = a, .loop = w->loop, .location = l, .config = config_ref(w->config)};
	location_walk_begin(l, &g->walk);
	go_on(g);
}

/* ---- one address of record ---- */

static void look_up(struct location *l, const struct config *c, struct regs_ask *a)
{
	for (unsigned i = 0; i < c->n_networks; i++) {
		struct location_aor *aor = location_aor(l, i, str_z(a->aor));

		for (const struct location_binding *b = location_first(aor); b; b = location_next(aor, b)) {
			struct reg_snapshot *r = snapshot(l, c, b);

			if (!r) {
				a->error = -ENOMEM;
				return;
			}
			r->next = a->first;
			a->first = r;
		}
	}
}

static void remove_all(struct location *l, const struct config *c, struct regs_ask *a)
{
	for (unsigned i = 0; i < c->n_networks; i++)
		a->removed += location_remove_aor(l, i, str_z(a->aor));
}

void regs_answer(struct location *l, const struct worker *w, struct regs_ask *a)
{
	switch (a->kind) {
	case REGS_LIST:
		list_all(l, w, a);
		return;
	case REGS_LOOKUP:
		look_up(l, w->config, a);
		break;
	case REGS_REMOVE:
		remove_all(l, w->config, a);
		break;
	}
	a->done(a);
}
