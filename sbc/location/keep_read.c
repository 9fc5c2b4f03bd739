/* SPDX-License-Identifier: Apache-2.0 */
/* keep_read: every value is looked at: what is out of its range makes the whole record a bad one. */
#include <errno.h>

#include "base/clock.h"
#include "sbc/location/internal.h"
#include "sbc/location/keep.h"

/* A record as read: slices of its bytes. */
struct record {
	struct str alias, network, aor, agent, core_call_id;
	struct location_contact contact;
	enum config_transport transport;
	struct addr local, remote;
	bool failed;
	uint64_t written_ms, since_ms, seen_ms, phone_until_ms, core_until_ms, core_half_ms; /* wall clock */
	uint64_t phone_call_id;
	uint32_t phone_cseq, core_cseq;
};

/* ---- values ---- */

static bool number(const struct bytes_field *f, uint64_t *ret)
{
	return bytes_get_u64(f, UINT64_MAX, ret);
}

/* It goes into headers: nothing in it may end one. */
static bool text(const struct bytes_field *f, size_t max, struct str *ret)
{
	if (!f->value.n || f->value.n > max)
		return false;
	for (size_t i = 0; i < f->value.n; i++) {
		uint8_t c = (uint8_t)f->value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	*ret = f->value;
	return true;
}

static bool uri(const struct bytes_field *f, struct str *ret)
{
	struct uri u;

	return text(f, LOCATION_URI_MAX, ret) && uri_parse(*ret, &u);
}

static bool transport(const struct bytes_field *f, enum config_transport *ret)
{
	for (unsigned i = 0; i < CONFIG_TRANSPORTS; i++)
		if (str_eq(f->value, str_z(config_transport_text((enum config_transport)i)))) {
			*ret = (enum config_transport)i;
			return true;
		}
	return false;
}

/* ---- the record ---- */

static bool field(void *arg, const struct bytes_field *f)
{
	struct record *r = arg;

	switch (f->tag) {
	case KEEP_TAG_ALIAS:
		return text(f, IDENT_LEN, &r->alias);
	case KEEP_TAG_NETWORK:
		return text(f, 255, &r->network);
	case KEEP_TAG_AOR:
		return text(f, AOR_MAX, &r->aor);
	case KEEP_TAG_URI:
		return uri(f, &r->contact.uri);
	case KEEP_TAG_PARAMS:
		return text(f, LOCATION_PARAMS_MAX, &r->contact.params);
	case KEEP_TAG_INSTANCE:
		return text(f, LOCATION_INSTANCE_MAX, &r->contact.instance);
	case KEEP_TAG_REG_ID:
		return bytes_get_u32(f, &r->contact.reg_id);
	case KEEP_TAG_AGENT:
		return text(f, LOCATION_AGENT_MAX, &r->agent);
	case KEEP_TAG_TRANSPORT:
		return transport(f, &r->transport);
	case KEEP_TAG_LOCAL:
		return bytes_get_addr(f, &r->local);
	case KEEP_TAG_REMOTE:
		return bytes_get_addr(f, &r->remote) && !addr_is_unsendable(&r->remote);
	case KEEP_TAG_FAILED:
		return bytes_get_bool(f, &r->failed);
	case KEEP_TAG_WRITTEN_MS:
		return number(f, &r->written_ms);
	case KEEP_TAG_SINCE_MS:
		return number(f, &r->since_ms);
	case KEEP_TAG_SEEN_MS:
		return number(f, &r->seen_ms);
	case KEEP_TAG_PHONE_UNTIL_MS:
		return number(f, &r->phone_until_ms);
	case KEEP_TAG_CORE_UNTIL_MS:
		return number(f, &r->core_until_ms);
	case KEEP_TAG_CORE_HALF_MS:
		return number(f, &r->core_half_ms);
	case KEEP_TAG_PHONE_CALL_ID:
		return number(f, &r->phone_call_id);
	case KEEP_TAG_PHONE_CSEQ:
		return bytes_get_u32(f, &r->phone_cseq);
	case KEEP_TAG_CORE_CALL_ID:
		return text(f, IDENT_LEN, &r->core_call_id);
	case KEEP_TAG_CORE_CSEQ:
		return bytes_get_u32(f, &r->core_cseq);
	}
	return true;
}

static bool times_fit(const struct record *r)
{
	return r->phone_until_ms <= r->core_until_ms && r->core_half_ms <= r->core_until_ms &&
	       r->since_ms <= r->seen_ms && r->seen_ms <= r->written_ms &&
	       (r->core_until_ms <= r->written_ms || r->core_until_ms - r->written_ms <= UINT32_MAX * UINT64_C(1000));
}

static int read_record(struct str bytes, struct record *ret)
{
	struct record r = {.transport = CONFIG_TRANSPORTS};
	struct bytes_reader reader;
	int err = bytes_open(&reader, bytes, KEEP_VERSION);

	if (err < 0)
		return err;
	if (!bytes_each(reader, field, &r) || !r.alias.n || !r.network.n || !r.aor.n || !r.contact.uri.n ||
	    r.core_call_id.n != IDENT_LEN || r.transport == CONFIG_TRANSPORTS || !addr_is_set(&r.remote) ||
	    (r.contact.reg_id && !r.contact.instance.n) || !times_fit(&r))
		return -EBADMSG;
	*ret = r;
	return 0;
}

/* ---- as it is now ---- */

/* Never more than when it was written: the clock may have been set back. */
static uint64_t left_ms(const struct record *r, uint64_t until_ms, uint64_t wall_ms)
{
	uint64_t since = wall_ms > r->written_ms ? wall_ms - r->written_ms : 0,
		 then = until_ms > r->written_ms ? until_ms - r->written_ms : 0;

	return then > since ? then - since : 0;
}

static struct location_times times_now(const struct record *r, uint64_t now_ms, uint64_t wall_ms)
{
	uint64_t later_ms = wall_ms > r->written_ms ? wall_ms : r->written_ms;

	return (struct location_times){
		.since_ms = now_ms - (later_ms - r->since_ms),
		.seen_ms = now_ms - (later_ms - r->seen_ms),
		.phone_until_ms = now_ms + left_ms(r, r->phone_until_ms, wall_ms),
		.core_until_ms = now_ms + left_ms(r, r->core_until_ms, wall_ms),
		.core_half_ms = now_ms + left_ms(r, r->core_half_ms, wall_ms),
	};
}

static uint64_t wall_of(uint64_t now_ms)
{
	return clock_wall_us(now_ms * 1000000) / 1000;
}

static const struct config_network *find_network(const struct config *c, struct str name)
{
	for (size_t i = 0; i < c->n_networks; i++)
		if (c->networks[i].n_listen && str_eq(str_z(c->networks[i].name), name))
			return &c->networks[i];
	return NULL;
}

/* The phone sends to this listener, and its NAT lets nothing else in. */
static bool still_listens(const struct config_network *n, const struct record *r)
{
	for (size_t i = 0; i < n->n_listen; i++)
		if (n->listen[i].transport == r->transport && addr_equal(&n->listen[i].addr, &r->local))
			return true;
	return false;
}

static enum location_state state_now(const struct record *r, const struct config_network *n,
				     const struct location_times *t, uint64_t now_ms)
{
	if (t->phone_until_ms <= now_ms)
		return LOCATION_EXPIRED;
	if (r->failed || transport_reliable(r->transport) || !still_listens(n, r))
		return LOCATION_FAILED;
	return LOCATION_LIVE;
}

static int take_over(struct location *l, const struct record *r)
{
	const struct config_network *n = find_network(l->config, r->network);
	uint64_t now_ms = location_now_ms(l);
	struct location_times t = times_now(r, now_ms, wall_of(now_ms));
	char alias[IDENT_LEN + 1] = "", call_id[IDENT_LEN + 1] = "";

	if (t.core_until_ms <= now_ms)
		return -ETIME;
	if (!n)
		return -ENOENT;
	memcpy(alias, r->alias.p, r->alias.n);
	memcpy(call_id, r->core_call_id.p, r->core_call_id.n);
	return location_take_over(l,
				  &(struct location_update){.network = (unsigned)(n - l->config->networks),
							    .aor = r->aor,
							    .contact = &r->contact,
							    .alias = alias,
							    .core_call_id = call_id,
							    .flow = {.network = (unsigned)(n - l->config->networks),
								     .transport = r->transport,
								     .local = r->local,
								     .remote = r->remote},
							    .agent = r->agent,
							    .phone_call_id = r->phone_call_id,
							    .phone_cseq = r->phone_cseq,
							    .core_cseq = r->core_cseq},
				  &t, state_now(r, n, &t, now_ms));
}

/* The alias is the key's, and of the worker that a REGISTER for this AoR comes to; the Call-ID is one of ours. */
static bool is_ours(const struct location *l, const struct record *r, struct str key)
{
	struct ident alias, call_id;

	return str_eq(r->alias, key) && ident_parse(l->key, key, &alias) && alias.slot == location_slot(l, r->aor) &&
	       ident_parse(l->key, r->core_call_id, &call_id);
}

static void count(struct location *l, int err)
{
	if (err == 0)
		location_count(l, bindings_restored, 1);
	else if (err == -ETIME)
		location_count(l, bindings_expired, 1);
	else if (err == -ENOENT)
		location_count(l, bindings_homeless, 1);
	else
		location_count(l, bindings_not_restored, 1);
}

bool keep_slot(const struct ident_key *k, struct str key, uint8_t *ret_slot)
{
	struct ident id;

	if (!ident_parse(k, key, &id))
		return false;
	*ret_slot = id.slot;
	return true;
}

int keep_restore(struct location *l, struct str key, struct str bytes)
{
	struct record r;
	int err = read_record(bytes, &r);

	if (err == 0 && !is_ours(l, &r, key))
		err = -EBADMSG;
	if (err == 0)
		err = take_over(l, &r);
	if (err == -EEXIST)
		err = -EBADMSG;
	count(l, err);
	return err;
}

bool keep_over(struct str bytes)
{
	struct record r;

	return read_record(bytes, &r) == 0 && left_ms(&r, r.core_until_ms, wall_of(clock_ms())) == 0;
}
