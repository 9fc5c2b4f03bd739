/* SPDX-License-Identifier: Apache-2.0 */
/* What REGISTERs may ask of the core and of us. All of it is numbers in tables of a fixed size. */
#include "sbc/border/internal.h"

/* A storm begins all at once: with a second's worth in the bucket the core would see twice its rate in the first. */
#define BUCKET_MS 100
/* Of the bucket, on top: nobody but known phones gets it. While strangers take every token that there is, it is full.
 */
#define KEPT_PART 4

#define VOUCHED_MAX    4 /* in a row: a refresh that is challenged is two */
#define VOUCHED_GAP_NS 5000000000

#define HOUR_NS 3600000000000

bool border_register_take(struct border_state *s, unsigned per_second, bool known, uint64_t now_ms)
{
	uint64_t gap, most, kept;

	if (!per_second)
		return true;
	gap = 1000000000 / per_second;
	most = gap * per_second / 1000 * BUCKET_MS;
	if (most < gap)
		most = gap;
	kept = most / KEPT_PART > gap ? most / KEPT_PART : gap;
	return gcra_take_within(&s->registers, gap, known ? most + kept : most, now_ms);
}

static uint64_t aor_hash(const struct border_state *s, unsigned network, struct str aor)
{
	return siphash_str(&s->key, aor) + network;
}

bool border_register_vouch(struct border_state *s, unsigned network, struct str aor, const struct addr *from,
			   uint64_t now_ms)
{
	uint64_t who[2] = {aor_hash(s, network, aor), 0};
	uint8_t key[19];

	if (from)
		who[1] = siphash(&s->key, key, addr_key(from, key));
	return sources_take_hash(s->vouched, siphash(&s->key, who, sizeof(who)), VOUCHED_GAP_NS,
				 VOUCHED_MAX * VOUCHED_GAP_NS, now_ms);
}

bool border_contacts_left(struct border_state *s, unsigned per_hour, unsigned network, struct str aor, unsigned n,
			  uint64_t now_ms)
{
	return !per_hour ||
	       sources_taken_ns(s->contacts, aor_hash(s, network, aor), now_ms) + n * (HOUR_NS / per_hour) <= HOUR_NS;
}

void border_contact_made(struct border_state *s, unsigned per_hour, unsigned network, struct str aor, uint64_t now_ms)
{
	if (per_hour)
		sources_take_hash(s->contacts, aor_hash(s, network, aor), HOUR_NS / per_hour, HOUR_NS, now_ms);
}
