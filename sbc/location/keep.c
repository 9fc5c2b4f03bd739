/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/location/keep.h"

#include "base/clock.h"
#include "base/log.h"
#include "sbc/location/internal.h"

/* ---- writing ---- */

/* A field that is empty is not there. */
static void put_text(struct bytes_writer *w, enum keep_tag tag, struct str s)
{
	if (s.n)
		bytes_put(w, tag, s);
}

static void put_number(struct bytes_writer *w, enum keep_tag tag, uint64_t v)
{
	if (v)
		bytes_u64(w, tag, v);
}

static void put_flow(struct bytes_writer *w, const struct location_binding *b)
{
	bytes_z(w, KEEP_TAG_TRANSPORT, config_transport_text(b->flow.transport));
	bytes_addr(w, KEEP_TAG_LOCAL, &b->flow.local);
	bytes_addr(w, KEEP_TAG_REMOTE, &b->flow.remote);
	put_number(w, KEEP_TAG_FAILED, b->state == LOCATION_FAILED);
}

/* Monotonic times count from now, so that one before the clock's beginning is right too. */
static void put_times(struct bytes_writer *w, const struct location_binding *b)
{
	uint64_t now = location_now_ms(b->location), wall = clock_wall_us(now * 1000000) / 1000;

	bytes_u64(w, KEEP_TAG_WRITTEN_MS, wall);
	bytes_u64(w, KEEP_TAG_SINCE_MS, wall + (b->since_ms - now));
	bytes_u64(w, KEEP_TAG_SEEN_MS, wall + (b->seen_ms - now));
	bytes_u64(w, KEEP_TAG_PHONE_UNTIL_MS, wall + (b->phone_until_ms - now));
	bytes_u64(w, KEEP_TAG_CORE_UNTIL_MS, wall + (b->core_until_ms - now));
	bytes_u64(w, KEEP_TAG_CORE_HALF_MS, wall + (b->core_half_ms - now));
}

int keep_write(const struct location_binding *b, uint8_t buf[KEEP_BYTES_MAX], struct str *ret)
{
	const struct location *l = b->location;
	struct bytes_writer w;

	bytes_writer_init(&w, buf, KEEP_BYTES_MAX, KEEP_VERSION, KEEP_OLDEST);
	bytes_z(&w, KEEP_TAG_ALIAS, b->alias);
	bytes_z(&w, KEEP_TAG_NETWORK, l->config->networks[location_network(b)].name);
	bytes_put(&w, KEEP_TAG_AOR, location_aor_text(b));
	bytes_put(&w, KEEP_TAG_URI, location_uri(b));
	put_text(&w, KEEP_TAG_PARAMS, location_params(b));
	put_text(&w, KEEP_TAG_INSTANCE, location_instance(b));
	put_number(&w, KEEP_TAG_REG_ID, b->reg_id);
	put_text(&w, KEEP_TAG_AGENT, location_agent(b));
	put_flow(&w, b);
	put_times(&w, b);
	bytes_u64(&w, KEEP_TAG_PHONE_CALL_ID, b->phone_call_id);
	bytes_u64(&w, KEEP_TAG_PHONE_CSEQ, b->phone_cseq);
	bytes_z(&w, KEEP_TAG_CORE_CALL_ID, b->core_call_id);
	bytes_u64(&w, KEEP_TAG_CORE_CSEQ, b->core_cseq);
	return bytes_seal(&w, ret);
}

static bool is_news(const struct location_binding *b)
{
	switch ((enum location_state)b->state) {
	case LOCATION_LIVE:
		return true;
	case LOCATION_FAILED:
		return !transport_reliable(b->flow.transport);
	case LOCATION_EXPIRED:
		return false;
	}
	return false;
}

/* What finds no room in the queue is counted there; the record before it stays, and the next change is the next try. */
void keep_binding(struct store *s, const struct location_binding *b)
{
	uint8_t buf[KEEP_BYTES_MAX];
	struct str record;

	if (is_news(b) && keep_write(b, buf, &record) == 0)
		store_put(s, STORE_BINDINGS, str_z(b->alias), record);
}
