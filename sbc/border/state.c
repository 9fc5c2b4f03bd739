/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/border/internal.h"

/* ---- peers by name -------------------------------------------------------------------------------------------- */

static struct peer_state *_Atomic *peer_bucket(struct border_state *s, struct str name)
{
	return &s->peers[hash_str(&s->key, name) % PEER_BUCKETS];
}

static struct peer_state *peer_find(struct border_state *s, const char *name)
{
	struct peer_state *p = atomic_load_explicit(peer_bucket(s, str_z(name)), memory_order_acquire);
	while (p && strcmp(p->name, name) != 0)
		p = p->next;
	return p;
}

static struct peer_state *peer_of(struct border_state *s, const struct config *c, int peer)
{
	if (peer < 0 || (size_t)peer >= c->n_peers)
		return NULL;
	return peer_find(s, c->peers[peer].name);
}

struct gcra *border_peer_answers(struct border_state *s, const struct config *c, int peer)
{
	struct peer_state *p = peer_of(s, c, peer);

	return p ? &p->answers : &s->answers_rate;
}

static int peer_add(struct border_state *s, const char *name)
{
	if (peer_find(s, name))
		return 0;
	size_t n = strlen(name) + 1;
	struct peer_state *p = calloc(1, sizeof(*p) + n);
	if (!p)
		return -ENOMEM;
	memcpy(p->name, name, n);
	struct peer_state *_Atomic *b = peer_bucket(s, str_z(name));
	p->next = atomic_load_explicit(b, memory_order_relaxed);
	atomic_store_explicit(b, p, memory_order_release);
	return 0;
}

int border_state_set_config(struct border_state *s, const struct config *c)
{
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct config_peer *p = &c->peers[i];
		if (peer_add(s, p->name) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < p->n_sources; k++)
			known_add(&s->known, p->network, &p->sources[k].net);
	}
	return 0;
}

int border_state_create(const struct config *c, struct border_state **ret)
{
	struct border_state *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	random_bytes(&s->key, sizeof(s->key));
	random_bytes(&s->known.key, sizeof(s->known.key));
	pthread_mutex_init(&s->health.lock, NULL);
	phones_init(&s->phones);
	s->sources = sources_create();
	s->answers = sources_create();
	s->vouched = sources_create();
	s->contacts = sources_create();
	if (!s->sources || !s->answers || !s->vouched || !s->contacts || border_state_set_config(s, c) < 0) {
		border_state_destroy(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void border_state_destroy(struct border_state *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < PEER_BUCKETS; i++)
		for (struct peer_state *p = s->peers[i], *next; p; p = next) {
			next = p->next;
			free(p);
		}
	sources_destroy(s->sources);
	phones_finish(&s->phones);
	sources_destroy(s->answers);
	sources_destroy(s->vouched);
	sources_destroy(s->contacts);
	pthread_mutex_destroy(&s->health.lock);
	explicit_bzero(&s->key, sizeof(s->key));
	free(s);
}

/* ---- admission ------------------------------------------------------------------------------------------------ */

bool gcra_take_within(struct gcra *g, uint64_t gap_ns, uint64_t most_ns, uint64_t now_ms)
{
	const uint64_t now = now_ms * 1000000;
	uint64_t old = atomic_load_explicit(&g->tat_ns, memory_order_relaxed), tat;
	do {
		tat = (old > now ? old : now) + gap_ns;
		if (tat - now > most_ns)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&g->tat_ns, &old, tat, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

/* What gcra_take() would say. */
static bool gcra_has_room(const struct gcra *g, unsigned per_second, uint64_t now_ms)
{
	const uint64_t now = now_ms * 1000000, gap = per_second ? 1000000000 / per_second : 0;
	uint64_t old = atomic_load_explicit(&g->tat_ns, memory_order_relaxed);

	return !per_second || (old > now ? old - now : 0) + gap <= gap * per_second;
}

bool gcra_take(struct gcra *g, unsigned per_second, uint64_t now_ms)
{
	const uint64_t gap = per_second ? 1000000000 / per_second : 0;

	return !per_second || gcra_take_within(g, gap, gap * per_second, now_ms);
}

/* One more, unless that would be more than limit (0: none). */
static bool count_up(_Atomic uint64_t *n, unsigned limit)
{
	uint64_t v = atomic_load_explicit(n, memory_order_relaxed);
	do {
		if (limit && v >= limit)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(n, &v, v + 1, memory_order_relaxed, memory_order_relaxed));
	return true;
}

/* One less; never below none, should a caller end what it did not begin. */
static void count_down(_Atomic uint64_t *n)
{
	uint64_t v = atomic_load_explicit(n, memory_order_relaxed);
	while (v && !atomic_compare_exchange_weak_explicit(n, &v, v - 1, memory_order_relaxed, memory_order_relaxed))
		;
}

static void count_event(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

static enum reject_reason peer_begin(struct peer_state *p, const struct config_peer *cfg, bool outgoing,
				     uint64_t now_ms)
{
	struct peer_direction *d = &p->dir[outgoing];
	if (!count_up(&d->calls, outgoing ? cfg->limits.calls_out : cfg->limits.calls)) {
		count_event(&p->rejected_calls);
		return outgoing ? REJECT_TARGET_CALLS : REJECT_PEER_CALLS;
	}
	if (!gcra_take(&d->rate, outgoing ? cfg->limits.cps_out : cfg->limits.cps, now_ms)) {
		count_down(&d->calls);
		count_event(&p->rejected_cps);
		return outgoing ? REJECT_TARGET_CPS : REJECT_PEER_CPS;
	}
	return REJECT_NONE;
}

enum reject_reason border_call_begin(struct border_state *s, const struct config *c, int peer, bool outgoing,
				     uint64_t now_ms)
{
	if (!outgoing && !count_up(&s->calls, c->limits.calls))
		return REJECT_CALLS;
	struct peer_state *p = peer_of(s, c, peer);
	if (!p)
		return REJECT_NONE;
	enum reject_reason why = peer_begin(p, &c->peers[peer], outgoing, now_ms);
	if (why != REJECT_NONE && !outgoing)
		count_down(&s->calls);
	return why;
}

enum reject_reason call_without_room(struct border_state *s, const struct config *c, int peer, uint64_t now_ms)
{
	const struct config_peer *cfg = &c->peers[peer];
	struct peer_state *p = peer_of(s, c, peer);
	uint64_t calls;

	if (atomic_load_explicit(&s->calls, memory_order_relaxed) >= c->limits.calls)
		return REJECT_CALLS;
	if (!p)
		return REJECT_NONE;
	calls = atomic_load_explicit(&p->dir[0].calls, memory_order_relaxed);
	if (cfg->limits.calls && calls >= cfg->limits.calls)
		return REJECT_PEER_CALLS;
	return gcra_has_room(&p->dir[0].rate, cfg->limits.cps, now_ms) ? REJECT_NONE : REJECT_PEER_CPS;
}

void call_refused(struct border_state *s, const struct config *c, int peer, enum reject_reason why)
{
	struct peer_state *p = peer_of(s, c, peer);

	if (p && why == REJECT_PEER_CALLS)
		count_event(&p->rejected_calls);
	else if (p && why == REJECT_PEER_CPS)
		count_event(&p->rejected_cps);
}

void border_call_restore(struct border_state *s, const struct config *c, int peer, bool outgoing)
{
	struct peer_state *p = peer_of(s, c, peer);
	if (!outgoing)
		count_event(&s->calls);
	if (p)
		count_event(&p->dir[outgoing].calls);
}

void border_call_end(struct border_state *s, const struct config *c, int peer, bool outgoing)
{
	if (!outgoing)
		count_down(&s->calls);
	struct peer_state *p = peer_of(s, c, peer);
	if (p)
		count_down(&p->dir[outgoing].calls);
}

bool border_peer_gauges(struct border_state *s, const char *peer, struct border_peer_gauges *ret)
{
	struct peer_state *p = peer_find(s, peer);
	if (!p)
		return false;
	*ret = (struct border_peer_gauges){
		.calls_in = atomic_load_explicit(&p->dir[0].calls, memory_order_relaxed),
		.calls_out = atomic_load_explicit(&p->dir[1].calls, memory_order_relaxed),
		.rejected_calls = atomic_load_explicit(&p->rejected_calls, memory_order_relaxed),
		.rejected_cps = atomic_load_explicit(&p->rejected_cps, memory_order_relaxed),
	};
	return true;
}

uint64_t border_calls(struct border_state *s)
{
	return atomic_load_explicit(&s->calls, memory_order_relaxed);
}
