/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/registrations.h"

#include <errno.h>
#include <stdlib.h>

#define OPEN_MAX      64   /* questions at one worker */
#define LOOK_PER_TURN 1024 /* bindings of one turn of the loop */
#define PAUSE_MS      1    /* until the next turn */

/* A list under way: what was found so far, the last of it first. */
struct asking {
	struct list node;
	struct registrations *r;
	struct regs_ask *a;
	uint64_t at, after; /* places: where the walk goes on; of a->after */
	struct wheel_timer timer;
	bool oom;
	unsigned n;
	struct reg_snapshot *last;
};

/* ---- one binding as a block ---- */

static struct str put(char **p, struct str s)
{
	struct str copy = {*p, s.n};

	memcpy(*p, s.p ? s.p : "", s.n);
	*p += s.n;
	return copy;
}

static const char *state_text(const struct location_binding *b)
{
	static const char *const text[] = {
		[LOCATION_LIVE] = "live", [LOCATION_EXPIRED] = "expired", [LOCATION_FAILED] = "failed"};

	return text[b->state];
}

static uint64_t left_ms(uint64_t until_ms, uint64_t now_ms)
{
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

static struct reg_snapshot *copy(const struct registrations *r, const struct location_binding *b)
{
	struct str aor = location_aor_text(b), uri = location_uri(b), instance = location_instance(b),
		   agent = location_agent(b), network = str_z(r->worker->config->networks[location_network(b)].name);
	struct reg_snapshot *s = malloc(sizeof(*s) + aor.n + uri.n + instance.n + agent.n + network.n);
	uint64_t now_ms = location_now_ms(r->location);
	char *p;

	if (!s)
		return NULL;
	p = (char *)(s + 1);
	*s = (struct reg_snapshot){
		.place = location_place(b),
		.aor = put(&p, aor),
		.network = put(&p, network),
		.contact = put(&p, uri),
		.instance = put(&p, instance),
		.agent = put(&p, agent),
		.state = state_text(b),
		.transport = config_transport_text(b->flow.transport),
		.remote = b->flow.remote,
		.age_ms = now_ms - b->since_ms,
		.expires_ms = b->state == LOCATION_LIVE ? left_ms(b->phone_until_ms, now_ms) : 0,
		.core_expires_ms = left_ms(b->core_until_ms, now_ms),
	};
	memcpy(s->alias, b->alias, sizeof(s->alias));
	return s;
}

/* ---- the first so many ---- */

static int compare(uint64_t place, const char *alias, uint64_t other, const char *other_alias)
{
	return place != other ? (place < other ? -1 : 1) : strcmp(alias, other_alias);
}

/* Few are out of order: those of one stretch. */
static void insert(struct asking *k, struct reg_snapshot *s)
{
	struct reg_snapshot **at = &k->last;

	while (*at && compare((*at)->place, (*at)->alias, s->place, s->alias) > 0)
		at = &(*at)->next;
	s->next = *at;
	*at = s;
	k->n++;
}

static bool look(void *arg, const struct location_binding *b)
{
	struct asking *k = arg;
	struct reg_snapshot *s;

	if (*k->a->after && compare(location_place(b), b->alias, k->after, k->a->after) <= 0)
		return true;
	s = copy(k->r, b);
	k->oom |= !s;
	if (s)
		insert(k, s);
	return s && k->n <= k->a->limit;
}

/* ---- lists ---- */

static void end(struct asking *k, int error)
{
	struct regs_ask *a = k->a;

	loop_timer_stop(k->r->worker->loop, &k->timer);
	list_remove(&k->node);
	k->r->n_open--;
	while (k->last) {
		struct reg_snapshot *s = k->last;

		k->last = s->next;
		if (k->n-- > a->limit) {
			a->more = true;
			free(s);
		} else {
			s->next = a->first;
			a->first = s;
		}
	}
	a->error = error;
	if (error)
		regs_ask_finish(a);
	free(k);
	a->done(a);
}

static void on_turn(struct wheel_timer *t)
{
	struct asking *k = container_of(t, struct asking, timer);

	if (location_walk(k->r->location, &k->at, LOOK_PER_TURN, look, k) || k->oom || k->n > k->a->limit)
		end(k, k->oom ? -ENOMEM : 0);
	else
		loop_timer(k->r->worker->loop, t, PAUSE_MS);
}

static void list_some(struct registrations *r, struct regs_ask *a)
{
	struct asking *k = NULL;
	uint64_t after = 0;

	if (*a->after && !location_alias_place(r->location, str_z(a->after), &after)) {
		a->error = -EINVAL;
	} else if (r->n_open == OPEN_MAX) {
		a->error = -EBUSY;
	} else {
		k = calloc(1, sizeof(*k));
		a->error = -ENOMEM;
	}
	if (!k) {
		a->done(a);
		return;
	}
	k->r = r;
	k->a = a;
	k->at = k->after = after;
	k->timer.fn = on_turn;
	list_append(&r->open, &k->node);
	r->n_open++;
	on_turn(&k->timer);
}

/* ---- one address of record: at most as many contacts as one may have ---- */

static int add_all(const struct registrations *r, const struct location_aor *aor, struct regs_ask *a)
{
	for (struct location_binding *b = location_first(aor); b; b = location_next(aor, b)) {
		struct reg_snapshot *s = copy(r, b), **at = &a->first;

		if (!s)
			return -ENOMEM;
		while (*at && strcmp((*at)->alias, s->alias) < 0)
			at = &(*at)->next;
		s->next = *at;
		*at = s;
	}
	return 0;
}

static void one_aor(struct registrations *r, struct regs_ask *a)
{
	const struct config *c = r->worker->config;
	struct str name = str_z(a->aor);

	for (unsigned n = 0; n < c->n_networks && !a->error; n++) {
		struct location_aor *aor = location_aor(r->location, n, name);

		if (aor && a->kind == REGS_REMOVE)
			a->removed += location_remove_aor(r->location, n, name);
		else if (aor)
			a->error = add_all(r, aor, a);
	}
	if (a->error)
		regs_ask_finish(a);
	a->done(a);
}

void registrations_ask(struct registrations *r, struct regs_ask *a)
{
	struct location_counters c;

	location_counters(r->location, &c);
	a->total = c.bindings;
	a->first = NULL;
	a->more = false;
	a->removed = 0;
	a->error = 0;
	if (a->kind == REGS_LIST)
		list_some(r, a);
	else
		one_aor(r, a);
}

/* ---- life ---- */

void registrations_init(struct registrations *r, struct worker *w, struct location *l)
{
	*r = (struct registrations){.worker = w, .location = l};
	list_init(&r->open);
}

void registrations_finish(struct registrations *r)
{
	if (!r->worker)
		return;
	list_for_each_safe (n, &r->open) {
		end(list_entry(n, struct asking, node), -ECANCELED);
	}
}
