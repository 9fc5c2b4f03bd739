/* SPDX-License-Identifier: Apache-2.0 */
/* find: what a binding says, and whose an address of record, a contact or an alias is. */
#include "sbc/location/internal.h"

/* ---- texts and times ---- */

struct str location_uri(const struct location_binding *b)
{
	return (struct str){b->text, b->n_uri};
}

struct str location_params(const struct location_binding *b)
{
	return (struct str){b->text + b->n_uri + 1, b->n_params};
}

struct str location_instance(const struct location_binding *b)
{
	return (struct str){b->text + b->n_uri + b->n_params + 2, b->n_instance};
}

struct str location_agent(const struct location_binding *b)
{
	return (struct str){b->text + b->n_uri + b->n_params + b->n_instance + 3, b->n_agent};
}

struct str location_aor_text(const struct location_binding *b)
{
	return (struct str){b->aor->text, b->aor->n_text};
}

unsigned location_network(const struct location_binding *b)
{
	return b->aor->network;
}

uint64_t location_now_ms(const struct location *l)
{
	return loop_now_ms(l->loop);
}

unsigned location_left_s(const struct location *l, uint64_t until_ms)
{
	uint64_t now = location_now_ms(l);

	return until_ms <= now ? 0 : (unsigned)((until_ms - now + 999) / 1000);
}

uint64_t location_call_id(const struct location *l, struct str call_id)
{
	return siphash_str(&l->alias_key, call_id);
}

/* ---- finding ---- */

uint64_t location_aor_hash(const struct location *l, unsigned network, struct str aor)
{
	return hash_str(&l->aor_key, aor) + network;
}

struct location_aor *location_aor(struct location *l, unsigned network, struct str aor)
{
	hmap_for_each_hash (n, &l->aors, location_aor_hash(l, network, aor)) {
		struct location_aor *a = container_of(n, struct location_aor, node);

		if (a->network == network && str_eq((struct str){a->text, a->n_text}, aor))
			return a;
	}
	return NULL;
}

struct location_binding *location_first(const struct location_aor *a)
{
	return a ? list_first(&a->bindings, struct location_binding, node) : NULL;
}

struct location_binding *location_next(const struct location_aor *a, const struct location_binding *b)
{
	return b->node.next == &a->bindings ? NULL : list_entry(b->node.next, struct location_binding, node);
}

static bool matches(const struct location_binding *b, const struct location_contact *c)
{
	if (c->instance.n && c->reg_id)
		return b->reg_id == c->reg_id && str_eq(location_instance(b), c->instance);
	return !b->reg_id && location_same_uri(location_uri(b), c->uri);
}

struct location_binding *location_match(const struct location_aor *a, const struct location_contact *c)
{
	for (struct location_binding *b = location_first(a); b; b = location_next(a, b))
		if (matches(b, c))
			return b;
	return NULL;
}

uint64_t location_alias_hash(const struct ident *id)
{
	return id->random; /* of a keyed hash, and under a MAC: nobody chooses it */
}

static struct location_binding *find_alias(struct location *l, const struct ident *id, struct str alias)
{
	hmap_for_each_hash (n, &l->aliases, location_alias_hash(id)) {
		struct location_binding *b = container_of(n, struct location_binding, by_alias);

		if (str_eq(str_z(b->alias), alias))
			return b;
	}
	return NULL;
}

struct location_binding *location_by_alias(struct location *l, struct str alias)
{
	struct ident id;

	return ident_parse(l->key, alias, &id) ? find_alias(l, &id, alias) : NULL;
}

/* ---- requests towards phones ---- */

/* [a-z2-7] of our length: no telephone number is. */
bool location_like_alias(struct str s)
{
	if (s.n != IDENT_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '2' && s.p[i] <= '7')))
			return false;
	return true;
}

static void target_of(const struct location_binding *b, struct location_target *ret)
{
	struct str aor = location_aor_text(b);

	ret->network = b->aor->network;
	ret->to = b->flow;
	memcpy(ret->uri, b->text, (size_t)b->n_uri + 1);
	memcpy(ret->aor, aor.p, aor.n);
	ret->aor[aor.n] = '\0';
	ret->user_bytes = str_find(aor, '@');
}

enum location_result location_find(struct location *l, struct str alias, struct location_target *ret)
{
	struct location_binding *b;
	struct ident id;

	if (!location_like_alias(alias))
		return LOCATION_NO_ALIAS;
	if (!ident_parse(l->key, alias, &id)) {
		location_count(l, aliases_forged, 1);
		return LOCATION_FORGED;
	}
	b = find_alias(l, &id, alias);
	if (!b) {
		location_count(l, aliases_unknown, 1);
		return LOCATION_UNKNOWN;
	}
	target_of(b, ret);
	if (b->state != LOCATION_LIVE) {
		location_count(l, aliases_dead, 1);
		return LOCATION_DEAD;
	}
	location_count(l, aliases_found, 1);
	return LOCATION_FOUND;
}

bool location_same_flow(const struct destination *a, const struct destination *b)
{
	return a->network == b->network && a->transport == b->transport && a->connection == b->connection &&
	       addr_equal(&a->remote, &b->remote);
}
