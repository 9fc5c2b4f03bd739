/* SPDX-License-Identifier: Apache-2.0 */
/* Queries (RFC 3263 §4, without NAPTR): the services of a name, then the addresses of their targets; or the name's own
 * addresses when it has no services or a port was given. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sbc/sip/resolve_internal.h"

#define PORT_DEFAULT 5060

static const char *fault_text(enum answer_fault f)
{
	static const char *const texts[] = {
#define X(name, text) [ANSWER_##name] = text,
		ANSWER_FAULTS
#undef X
	};
	return texts[f];
}

static enum answer_fault worse(enum answer_fault a, enum answer_fault b)
{
	return a > b ? a : b;
}

/* ---- look-ups -------------------------------------------------------------------------------------------------- */

static void drop_lookups(struct resolve_query *q)
{
	for (size_t i = 0; i < q->n_lookups; i++) {
		struct lookup *l = &q->lookups[i];
		list_remove(&l->node);
		answer_unref(l->answer);
		*l = (struct lookup){0};
	}
	q->n_lookups = 0;
}

static struct lookup *ask(struct resolve_query *q, enum question_type type, const char *name)
{
	struct lookup *l = &q->lookups[q->n_lookups++];
	*l = (struct lookup){.query = q};
	resolver_ask(q->resolver, type, name, l);
	return l;
}

static void make_ready(struct resolve_query *q)
{
	if (!list_linked(&q->ready))
		list_append(&q->resolver->ready, &q->ready);
	loop_defer(q->resolver->loop, &q->resolver->deferred);
}

void resolve_lookup_settled(struct lookup *l)
{
	if (--l->query->held == 0)
		make_ready(l->query);
}

/* ---- stages ---------------------------------------------------------------------------------------------------- */

static bool asks_services(const struct resolve_query *q, enum config_transport t)
{
	return q->port == 0 && (!q->transport_given || q->transport == t) &&
	       !resolve_cache_is_host(q->resolver->cache, q->host);
}

static void begin_services(struct resolve_query *q)
{
	static const char *const prefixes[] = {[CONFIG_UDP] = "_sip._udp.", [CONFIG_TCP] = "_sip._tcp."};
	char name[RESOLVE_NAME];

	for (enum config_transport t = 0; t < CONFIG_TRANSPORTS; t++) {
		/* a name too long for its services has none */
		bool fits = snprintf(name, sizeof(name), "%s%s", prefixes[t], q->host) < (int)sizeof(name);
		if (fits && asks_services(q, t))
			ask(q, QUESTION_SRV, name);
		else
			q->lookups[q->n_lookups++] = (struct lookup){.query = q};
	}
}

/* The records of one transport in their order, behind those that are there. RFC 2782: a target of "." says that the
 * service is not there; it counts only when nothing else is said. Returns whether anything was said. */
static bool take_service(struct resolve_query *q, enum config_transport t, const struct answer *a)
{
	struct target *v = &q->targets[q->n_targets];
	size_t n = 0;

	for (size_t i = 0; i < a->n && q->n_targets + n < RESOLVE_MAX; i++) {
		const struct answer_record *s = &a->v[i];
		if (s->host[0] == '\0')
			continue;
		v[n++] = (struct target){
			.host = s->host, .port = s->port, .priority = s->priority, .weight = s->weight, .transport = t};
	}
	resolve_order(v, n, random_below);
	q->n_targets += n;
	return a->n > 0;
}

/* UDP first, then TCP behind it: priorities of two transports do not compare. */
static void end_services(struct resolve_query *q)
{
	bool said = false;

	for (enum config_transport t = 0; t < CONFIG_TRANSPORTS; t++) {
		struct lookup *l = &q->lookups[t];
		if (!l->answer)
			continue;
		q->services[t] = l->answer;
		l->answer = NULL;
		said |= take_service(q, t, q->services[t]);
	}
	drop_lookups(q);
	if (said && q->n_targets == 0)
		q->fault = ANSWER_NO_SERVICE;
}

static void use_host_itself(struct resolve_query *q)
{
	q->targets[0] = (struct target){.host = q->host,
					.port = q->port ? q->port : PORT_DEFAULT,
					.transport = q->transport_given ? q->transport : CONFIG_UDP};
	q->n_targets = 1;
}

static void begin_addresses(struct resolve_query *q)
{
	if (q->n_targets == 0)
		use_host_itself(q);
	for (size_t i = 0; i < q->n_targets; i++) {
		if (q->v6)
			ask(q, QUESTION_AAAA, q->targets[i].host);
		if (q->v4)
			ask(q, QUESTION_A, q->targets[i].host);
	}
}

/* Runs what can run without waiting. While a stage begins, held keeps its look-ups from making the query ready. */
static void advance(struct resolve_query *q)
{
	while (q->held == 0 && q->stage != QUERY_DONE) {
		q->held = 1;
		switch (q->stage) {
		case QUERY_BEGUN:
			q->stage = QUERY_SERVICES;
			begin_services(q);
			break;
		case QUERY_SERVICES:
			end_services(q);
			q->stage = q->fault ? QUERY_DONE : QUERY_ADDRESSES;
			if (q->stage == QUERY_ADDRESSES)
				begin_addresses(q);
			break;
		case QUERY_ADDRESSES:
			q->stage = QUERY_DONE;
			break;
		case QUERY_DONE:
			break;
		}
		q->held--;
	}
}

/* ---- results --------------------------------------------------------------------------------------------------- */

struct result {
	struct resolved v[RESOLVE_MAX];
	size_t n;
	enum answer_fault fault;
};

static bool is_known(const struct result *r, const struct resolved *v)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].transport == v->transport && addr_equal(&r->v[i].addr, &v->addr))
			return true;
	}
	return false;
}

static void add(struct result *r, const struct resolve_query *q, const struct target *t, const struct addr *addr)
{
	struct resolved v = {.addr = *addr, .transport = t->transport, .priority = t->priority, .weight = t->weight};

	addr_set_port(&v.addr, t->port);
	/* a mapped address in an AAAA record has become IPv4 */
	if (!(addr_is_v6(addr) ? q->v6 : q->v4) || addr_is_unsendable(&v.addr) || is_known(r, &v))
		return;
	if (r->n < RESOLVE_MAX)
		r->v[r->n++] = v;
}

/* IPv6 before IPv4 within a target, as RFC 6724 prefers it. */
static void collect(const struct resolve_query *q, struct result *r)
{
	size_t families = (size_t)q->v4 + q->v6;

	r->n = 0;
	r->fault = q->fault;
	for (size_t i = 0; i < q->n_lookups && q->stage == QUERY_DONE; i++) {
		const struct lookup *l = &q->lookups[i];
		r->fault = worse(r->fault, l->fault);
		for (size_t k = 0; l->answer && k < l->answer->n; k++)
			add(r, q, &q->targets[i / families], &l->answer->v[k].addr);
	}
	if (r->n == 0 && r->fault == ANSWER_NONE)
		r->fault = ANSWER_NO_FAMILY;
}

static void give(const struct result *r, resolve_fn fn, void *arg)
{
	fn(arg, r->v, r->n, r->n > 0 ? NULL : fault_text(r->fault));
}

/* ---- life of a query ------------------------------------------------------------------------------------------- */

static void query_free(struct resolve_query *q)
{
	drop_lookups(q);
	for (size_t i = 0; i < CONFIG_TRANSPORTS; i++)
		answer_unref(q->services[i]);
	list_remove(&q->node);
	list_remove(&q->ready);
	loop_timer_stop(q->resolver->loop, &q->timer);
	free(q);
}

/* The query's time is over: what its look-ups wait for is taken from the cache, however old, or not at all. The
 * questions themselves go on and fill the cache. */
static void on_late(struct wheel_timer *t)
{
	struct resolve_query *q = container_of(t, struct resolve_query, timer);

	q->late = true;
	for (size_t i = 0; i < q->n_lookups; i++) {
		struct lookup *l = &q->lookups[i];
		const struct question *x = l->question;
		if (!x)
			continue;
		list_remove(&l->node);
		l->question = NULL;
		resolver_ask(q->resolver, x->type, x->name, l);
	}
	q->held = 0;
	make_ready(q);
}

static void go_on(struct resolve_query *q)
{
	struct resolver *r = q->resolver;
	struct result result;

	list_remove(&q->ready);
	advance(q);
	if (q->stage != QUERY_DONE)
		return;
	collect(q, &result);
	loop_timer_stop(r->loop, &q->timer);
	r->delivering = q;
	give(&result, q->fn, q->arg);
	r->delivering = NULL;
	query_free(q);
}

static void on_deferred(struct loop_deferred *d)
{
	struct resolver *r = container_of(d, struct resolver, deferred);

	while (!list_empty(&r->ready))
		go_on(list_first(&r->ready, struct resolve_query, ready));
	resolver_read_system_again(r);
	resolver_rearm(r);
}

static struct resolve_query *query_new(struct resolver *r, const struct resolve_what *what, resolve_fn fn, void *arg)
{
	struct resolve_query *q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->resolver = r;
	q->fn = fn;
	q->arg = arg;
	q->port = what->port;
	q->transport = what->transport;
	q->transport_given = what->transport_given;
	q->v4 = what->v4;
	q->v6 = what->v6;
	q->timer.fn = on_late;
	resolve_name_copy(q->host, what->host);
	list_append(&r->queries, &q->node);
	return q;
}

static void give_literal(const struct resolve_what *what, const struct addr *addr, resolve_fn fn, void *arg)
{
	const struct target t = {.port = what->port ? what->port : PORT_DEFAULT,
				 .transport = what->transport_given ? what->transport : CONFIG_UDP};
	const struct resolve_query families = {.v4 = what->v4, .v6 = what->v6};
	struct result r = {.fault = ANSWER_NO_FAMILY};

	add(&r, &families, &t, addr);
	give(&r, fn, arg);
}

int resolve_start(struct resolver *r, const struct resolve_what *what, resolve_fn fn, void *arg,
		  struct resolve_query **ret_query)
{
	struct addr literal;
	struct result result;

	if (addr_parse(what->host, 0, &literal)) {
		*ret_query = NULL;
		give_literal(what, &literal, fn, arg);
		return 0;
	}
	if (!resolve_name_ok(what->host))
		return -EINVAL;
	struct resolve_query *q = query_new(r, what, fn, arg);
	if (!q)
		return -ENOMEM;
	advance(q);
	if (q->stage != QUERY_DONE) {
		loop_timer(r->loop, &q->timer, RESOLVE_TOTAL_MS);
		*ret_query = q;
		return 0;
	}
	collect(q, &result);
	query_free(q);
	if (result.n == 0 && result.fault == ANSWER_NO_MEMORY)
		return -ENOMEM;
	/* fn may do away with what ret_query points into */
	*ret_query = NULL;
	give(&result, fn, arg);
	return 0;
}

void resolve_cancel(struct resolve_query *q)
{
	if (q && q != q->resolver->delivering)
		query_free(q);
}

/* ---- life of a resolver ---------------------------------------------------------------------------------------- */

int resolver_create(struct loop *l, struct resolve_cache *c, const char *servers, struct resolver **ret)
{
	return resolver_create_system(l, c, servers, "/etc/resolv.conf", ret);
}

int resolver_create_system(struct loop *l, struct resolve_cache *c, const char *servers, const char *resolv_conf,
			   struct resolver **ret)
{
	struct resolver *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->loop = l;
	r->cache = c;
	random_bytes(&r->hash_key, sizeof(r->hash_key));
	list_init(&r->queries);
	list_init(&r->ready);
	list_init(&r->sockets);
	r->deferred.fn = on_deferred;
	int e = -ENOMEM;
	if (!servers || !servers[0]) {
		r->system = str_dup(str_z(resolv_conf));
		if (!r->system)
			goto fail_resolver;
	}
	e = resolver_open_channel(r, servers);
	if (e < 0)
		goto fail_system;
	*ret = r;
	return 0;

fail_system:
	free(r->system);
fail_resolver:
	free(r);
	return e;
}

void resolver_destroy(struct resolver *r)
{
	if (!r)
		return;
	list_for_each_safe (it, &r->queries)
		query_free(list_entry(it, struct resolve_query, node));
	r->ending = true;
	ares_destroy(r->channel); /* ends every question and every socket */
	hmap_finish(&r->questions);
	loop_timer_stop(r->loop, &r->timer);
	loop_defer_cancel(&r->deferred);
	free(r->system);
	free(r);
}
