/* SPDX-License-Identifier: Apache-2.0 */
/* text: what a binding says, and what two phones, and two ways to write one, are told apart by. */
#include "sbc/location/internal.h"

/* ---- texts of a binding ---- */

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

/* ---- contacts ---- */

static struct str param_of(const struct uri *u, struct str name)
{
	struct str v = STR_NONE;

	params_get(u->params, name, &v);
	return v;
}

/* RFC 3261 §19.1.4 for what tells contacts apart: scheme, user, host, port, and the parameters that choose a way. */
bool location_same_uri(struct str a, struct str b)
{
	static const struct str names[] = {{"transport", 9}, {"maddr", 5}, {"ttl", 3}, {"user", 4}, {"method", 6}};
	struct uri x, y;

	if (str_eq(a, b))
		return true;
	if (!uri_parse(a, &x) || !uri_parse(b, &y))
		return false;
	if (!str_eq_nocase(x.scheme, y.scheme) || !str_eq(x.user, y.user) || !str_eq_nocase(x.host, y.host) ||
	    x.port != y.port)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!str_eq_nocase(param_of(&x, names[i]), param_of(&y, names[i])))
			return false;
	return true;
}

/* ---- aliases ---- */

struct hash_key location_alias_key(const struct ident_key *k)
{
	return (struct hash_key){{siphash_str(&k->mac, STR("alias key 0")), siphash_str(&k->mac, STR("alias key 1"))}};
}

uint8_t location_slot(const struct location *l, struct str aor)
{
	return ident_slot_of_aor(l->key, aor);
}

void location_alias(const struct location *l, uint8_t slot, unsigned network, struct str aor,
		    const struct location_contact *c, char ret[IDENT_LEN + 1])
{
	bool by_instance = c->instance.n && c->reg_id;
	uint64_t in[4] = {
		network,
		siphash_str(&l->alias_key, aor),
		siphash_str(&l->alias_key, by_instance ? c->instance : c->uri),
		by_instance ? c->reg_id : 0,
	};

	ident_mint_as(l->key, slot, siphash(&l->alias_key, in, sizeof(in)), ret);
}
