/* SPDX-License-Identifier: Apache-2.0 */
/* location: bindings from their making to their end. location_set_state() is the one writer of a binding's state. */
#include "sbc/location/location.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "sbc/location/internal.h"

/* ---- state ---- */

static void tell(const struct location_binding *b, enum log_level level, const char *msg, const char *why)
{
	const struct location *l = b->location;
	struct str user = location_aor_text(b);
	struct log_line line;

	if (!log_begin(&line, level, msg))
		return;
	log_z(&line, "network", l->config->networks[b->aor->network].name);
	log_user(&line, "user", str_cut(&user, '@'));
	log_addr(&line, "flow", &b->flow.remote);
	log_z(&line, "transport", config_transport_text(b->flow.transport));
	if (why)
		log_z(&line, "why", why);
	log_end(&line);
}

static void tell_source(struct location_binding *b, bool known)
{
	struct location *l = b->location;

	if (l->user.source)
		l->user.source(l->user.arg, b, known);
}

static void set_state(struct location_binding *b, enum location_state s)
{
	bool was = b->state == LOCATION_LIVE, is = s == LOCATION_LIVE;

	b->state = (uint8_t)s;
	if (was == is)
		return;
	location_count(b->location, live, is ? 1 : -1);
	tell_source(b, is);
}

static void stop_probe(struct location_binding *b)
{
	if (b->probe)
		b->location->user.probe_end(b->location->user.arg, b);
	b->missed = 0;
}

static void arm(struct location_binding *b)
{
	uint64_t at = b->core_until_ms, now = location_now_ms(b->location);

	if (b->state != LOCATION_EXPIRED && b->phone_until_ms < at)
		at = b->phone_until_ms;
	if (b->state == LOCATION_LIVE && b->keepalive_ms && b->keepalive_ms < at)
		at = b->keepalive_ms;
	/* one that comes too early finds nothing to do and is set anew, which is less than to move it with each refresh
	 */
	if (!wheel_armed(&b->timer) || b->timer.due_ms > at)
		loop_timer_coarse(b->location->loop, &b->timer, at > now ? at - now : 0);
}

/* Keep-alives of many phones that registered at once are spread over the whole interval. */
static void plan_keepalive(struct location_binding *b, bool first)
{
	const struct config_network *n = &b->location->config->networks[b->aor->network];
	uint64_t now = location_now_ms(b->location);

	if (n->keepalive == CONFIG_KEEPALIVE_NONE || !b->location->user.keepalive)
		b->keepalive_ms = 0;
	else
		b->keepalive_ms = now + (first ? 1 + random_below(n->keepalive_ms) : n->keepalive_ms);
}

static void expire(struct location_binding *b)
{
	location_count(b->location, bindings_expired, 1);
	tell(b, LOG_DEBUG, "registration expired", NULL);
	set_state(b, LOCATION_EXPIRED);
	stop_probe(b);
}

static void on_timer(struct wheel_timer *t)
{
	struct location_binding *b = container_of(t, struct location_binding, timer);
	struct location *l = b->location;
	uint64_t now = location_now_ms(l);

	if (now >= b->core_until_ms) {
		if (b->state != LOCATION_EXPIRED)
			expire(b);
		location_drop(b);
		return;
	}
	if (b->state != LOCATION_EXPIRED && now >= b->phone_until_ms) {
		expire(b);
		if (l->user.changed)
			l->user.changed(l->user.arg, b);
	}
	if (b->state == LOCATION_LIVE && b->keepalive_ms && now >= b->keepalive_ms) {
		plan_keepalive(b, false);
		if (b->keepalive_ms)
			l->user.keepalive(l->user.arg, b);
	}
	arm(b);
}

void location_flow_dead(struct location_binding *b, const char *why)
{
	struct location *l = b->location;

	if (b->state != LOCATION_LIVE)
		return;
	location_count(l, flows_failed, 1);
	tell(b, LOG_INFO, "phone unreachable", why);
	set_state(b, LOCATION_FAILED);
	stop_probe(b);
	arm(b);
	if (l->user.changed)
		l->user.changed(l->user.arg, b);
}

void location_alive(struct location_binding *b)
{
	b->missed = 0;
}

void location_flow_failed(struct location *l, struct str alias, const struct destination *tried)
{
	struct location_binding *b = location_by_alias(l, alias);

	if (b && b->state == LOCATION_LIVE && location_same_flow(&b->flow, tried))
		location_flow_dead(b, "no answer");
}

/* ---- connections ---- */

static uint64_t connection_hash(uint64_t id)
{
	return id * 0x9e3779b97f4a7c15u;
}

static int flow_link(struct location_binding *b, const struct destination *d)
{
	b->flow = *d;
	b->flow.flow_only = true;
	return d->connection ? hmap_insert(&b->location->connections, &b->by_connection, connection_hash(d->connection))
			     : 0;
}

static void flow_unlink(struct location_binding *b)
{
	if (b->flow.connection)
		hmap_remove(&b->location->connections, &b->by_connection);
}

void location_connection_closed(struct location *l, uint64_t connection)
{
	for (struct hmap_node *n = hmap_first(&l->connections, connection_hash(connection)); n; n = hmap_next(n)) {
		struct location_binding *b = container_of(n, struct location_binding, by_connection);

		if (b->flow.connection == connection)
			location_flow_dead(b, "connection closed");
	}
}

/* ---- making and ending ---- */

static struct location_aor *aor_new(struct location *l, unsigned network, struct str aor)
{
	struct location_aor *a = malloc(sizeof(*a) + aor.n);

	if (!a)
		return NULL;
	*a = (struct location_aor){.network = network, .n_text = (uint16_t)aor.n};
	memcpy(a->text, aor.p, aor.n);
	list_init(&a->bindings);
	if (hmap_insert(&l->aors, &a->node, location_aor_hash(l, network, aor)) < 0) {
		free(a);
		return NULL;
	}
	location_count(l, aors, 1);
	return a;
}

static void aor_drop_if_empty(struct location *l, struct location_aor *a)
{
	if (a->n)
		return;
	hmap_remove(&l->aors, &a->node);
	location_count(l, aors, -1);
	free(a);
}

static char *put_text(char *at, struct str s)
{
	if (s.n)
		memcpy(at, s.p, s.n);
	at[s.n] = '\0';
	return at + s.n + 1;
}

static struct location_binding *binding_new(const struct location_update *u)
{
	const struct location_contact *c = u->contact;
	struct str agent = u->agent;
	struct location_binding *b;
	char *at;

	if (agent.n > LOCATION_AGENT_MAX)
		agent.n = LOCATION_AGENT_MAX;
	b = malloc(sizeof(*b) + c->uri.n + c->params.n + c->instance.n + agent.n + 4);
	if (!b)
		return NULL;
	*b = (struct location_binding){
		.reg_id = c->instance.n ? c->reg_id : 0,
		.n_uri = (uint16_t)c->uri.n,
		.n_params = (uint16_t)c->params.n,
		.n_instance = (uint16_t)c->instance.n,
		.n_agent = (uint16_t)agent.n,
		.state = LOCATION_FAILED, /* until all is in its place */
	};
	b->timer.fn = on_timer;
	at = put_text(b->text, c->uri);
	at = put_text(at, c->params);
	at = put_text(at, c->instance);
	put_text(at, agent);
	memcpy(b->alias, u->alias, sizeof(b->alias));
	return b;
}

/* Out of all tables, without a word. */
static void binding_unlink(struct location_binding *b)
{
	struct location *l = b->location;

	set_state(b, LOCATION_FAILED);
	stop_probe(b);
	loop_timer_stop(l->loop, &b->timer);
	flow_unlink(b);
	hmap_remove(&l->aliases, &b->by_alias);
	list_remove(&b->node);
	b->aor->n--;
	location_count(l, bindings, -1);
	atomic_fetch_sub_explicit(l->shared, 1, memory_order_relaxed);
}

void location_drop(struct location_binding *b)
{
	struct location *l = b->location;
	struct location_aor *a = b->aor;

	if (l->user.removed)
		l->user.removed(l->user.arg, b);
	binding_unlink(b);
	free(b);
	aor_drop_if_empty(l, a);
}

static int binding_link(struct location *l, struct location_aor *a, struct location_binding *b)
{
	struct ident id;

	if (!ident_parse(l->key, str_z(b->alias), &id))
		return -EINVAL;
	if (hmap_insert(&l->aliases, &b->by_alias, location_alias_hash(&id)) < 0)
		return -ENOMEM;
	list_append(&a->bindings, &b->node);
	a->n++;
	location_count(l, bindings, 1);
	atomic_fetch_add_explicit(l->shared, 1, memory_order_relaxed);
	return 0;
}

int location_room(const struct location *l, const struct location_aor *a, unsigned n)
{
	unsigned live = 0;

	for (const struct location_binding *b = location_first(a); b; b = location_next(a, b))
		live += b->state == LOCATION_LIVE;
	if (live + n > l->config->registrations.max_contacts)
		return -EMFILE;
	if (n && atomic_load_explicit(l->shared, memory_order_relaxed) + n > l->config->limits.registrations)
		return -ENOSPC;
	return 0;
}

/* The oldest that nobody reaches, when the AoR is full. */
static void make_room(struct location *l, struct location_aor *a)
{
	if (a->n <= l->config->registrations.max_contacts)
		return;
	for (struct location_binding *b = location_first(a); b; b = location_next(a, b))
		if (b->state != LOCATION_LIVE) {
			location_count(l, bindings_removed, 1);
			location_drop(b);
			return;
		}
}

static int check(const struct location_update *u)
{
	const struct location_contact *c = u->contact;

	if (u->aor.n > AOR_MAX || c->uri.n > LOCATION_URI_MAX || c->params.n > LOCATION_PARAMS_MAX ||
	    c->instance.n > LOCATION_INSTANCE_MAX)
		return -EMSGSIZE;
	return 0;
}

static void renew(struct location_binding *b, const struct location_update *u)
{
	uint64_t now = location_now_ms(b->location);
	unsigned phone_s = u->phone_s < u->core_s ? u->phone_s : u->core_s;

	memcpy(b->core_call_id, u->core_call_id, sizeof(b->core_call_id));
	b->phone_call_id = u->phone_call_id;
	b->phone_cseq = u->phone_cseq;
	b->core_cseq = u->core_cseq;
	b->seen_ms = now;
	b->phone_until_ms = now + (uint64_t)phone_s * 1000;
	b->core_until_ms = now + (uint64_t)u->core_s * 1000;
	b->core_half_ms = now + (uint64_t)u->core_s * 500;
}

static bool same_flow(const struct destination *a, const struct destination *b)
{
	return a->network == b->network && a->transport == b->transport && addr_equal(&a->local, &b->local) &&
	       a->connection == b->connection && addr_equal(&a->remote, &b->remote);
}

/* Takes over what is the old one's and stays: its alias, its beginning. */
static void replace(const struct location_binding *old, struct location_binding *b)
{
	memcpy(b->alias, old->alias, sizeof(b->alias));
	b->since_ms = old->since_ms;
	b->keepalive_ms = old->state == LOCATION_LIVE ? old->keepalive_ms : 0;
}

/* Makes a binding that stands in all tables, but is FAILED and without times yet. old: whose place it takes, or NULL.
 */
static int add(struct location *l, const struct location_update *u, const struct location_binding *old,
	       struct location_binding **ret)
{
	struct location_aor *a = location_aor(l, u->network, u->aor), *found = a;
	struct location_binding *b = binding_new(u);
	int err;

	if (!b)
		return -ENOMEM;
	if (!a)
		a = aor_new(l, u->network, u->aor);
	err = a ? 0 : -ENOMEM;
	if (err < 0)
		goto fail_binding;
	b->location = l;
	b->aor = a;
	b->since_ms = location_now_ms(l);
	err = flow_link(b, &u->flow);
	if (err < 0)
		goto fail_aor;
	if (old)
		replace(old, b);
	err = binding_link(l, a, b);
	if (err < 0)
		goto fail_flow;
	*ret = b;
	return 0;

fail_flow:
	flow_unlink(b);
fail_aor:
	if (!found)
		aor_drop_if_empty(l, a);
fail_binding:
	free(b);
	return err;
}

static void tell_changed(struct location_binding *b)
{
	struct location *l = b->location;

	b->told_until_ms = b->phone_until_ms;
	if (l->user.changed)
		l->user.changed(l->user.arg, b);
}

static void tell_moved(struct location_binding *b, const struct destination *from)
{
	struct location *l = b->location;

	if (l->user.moved && !(from && same_flow(from, &b->flow)))
		l->user.moved(l->user.arg, b, from);
}

int location_put(struct location *l, const struct location_update *u, struct location_binding **ret)
{
	struct location_aor *a = location_aor(l, u->network, u->aor);
	struct location_binding *old = location_match(a, u->contact), *b;
	int err = u->phone_s && u->core_s ? check(u) : -EINVAL;

	if (err == 0 && !old)
		err = location_room(l, a, 1);
	if (err == 0)
		err = add(l, u, old, &b);
	if (err)
		return err;
	renew(b, u);
	set_state(b, LOCATION_LIVE);
	if (old) {
		location_count(l, bindings_renewed, 1);
		location_count(l, flows_moved, !same_flow(&old->flow, &b->flow));
		tell_moved(b, &old->flow);
		binding_unlink(old);
		free(old);
	} else {
		location_count(l, bindings_new, 1);
		tell_moved(b, NULL);
		make_room(l, b->aor);
	}
	if (!b->keepalive_ms)
		plan_keepalive(b, true);
	arm(b);
	tell_changed(b);
	if (!old)
		tell(b, LOG_INFO, "registered", NULL);
	*ret = b;
	return 0;
}

int location_take_over(struct location *l, const struct location_update *u, const struct location_times *t,
		       enum location_state s)
{
	struct location_aor *a = location_aor(l, u->network, u->aor);
	struct location_binding *b;
	int err = location_match(a, u->contact) ? -EEXIST : check(u);

	if (err == 0 && a && a->n >= l->config->registrations.max_contacts)
		err = -EMFILE;
	if (err == 0)
		err = location_room(l, a, 1);
	if (err == 0)
		err = add(l, u, NULL, &b);
	if (err < 0)
		return err;
	renew(b, u);
	b->since_ms = t->since_ms;
	b->seen_ms = t->seen_ms;
	b->phone_until_ms = b->told_until_ms = t->phone_until_ms;
	b->core_until_ms = t->core_until_ms;
	b->core_half_ms = t->core_half_ms;
	set_state(b, s);
	plan_keepalive(b, true);
	arm(b);
	return 0;
}

void location_asked(struct location_binding *b, const char *core_call_id, uint32_t core_cseq)
{
	if (strcmp(b->core_call_id, core_call_id) == 0 && core_cseq > b->core_cseq)
		b->core_cseq = core_cseq;
}

void location_seen(struct location_binding *b, uint64_t phone_call_id, uint32_t phone_cseq, unsigned phone_s)
{
	uint64_t now = location_now_ms(b->location);

	b->phone_call_id = phone_call_id;
	b->phone_cseq = phone_cseq;
	b->seen_ms = now;
	b->missed = 0;
	b->phone_until_ms = now + (uint64_t)phone_s * 1000;
	if (b->phone_until_ms > b->core_until_ms)
		b->phone_until_ms = b->core_until_ms;
	arm(b);
	if (b->phone_until_ms >= b->told_until_ms + (uint64_t)phone_s * 500)
		tell_changed(b);
}

/* ---- life ---- */

int location_create(const struct location_params *p, struct location **ret)
{
	struct location *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->loop = p->loop;
	l->key = p->key;
	l->config = config_ref(p->config);
	l->shared = p->shared ? p->shared : &l->own;
	l->user = p->user;
	l->alias_key = location_alias_key(p->key);
	random_bytes(&l->aor_key, sizeof(l->aor_key));
	*ret = l;
	return 0;
}

void location_destroy(struct location *l)
{
	if (!l)
		return;
	l->user = (struct location_user){.probe_end = l->user.probe_end, .arg = l->user.arg};
	hmap_for_each_safe (n, &l->aors) {
		struct location_aor *a = container_of(n, struct location_aor, node);

		/* the last one takes its AoR along */
		for (unsigned left = a->n; left; left--)
			location_drop(location_first(a));
	}
	hmap_finish(&l->aors);
	hmap_finish(&l->aliases);
	hmap_finish(&l->connections);
	config_unref(l->config);
	free(l);
}

void location_set_config(struct location *l, struct config *c)
{
	config_ref(c);
	config_unref(l->config);
	l->config = c;
}
