/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/unheard.h"

#include "base/log.h"

#define LINE_MS   1000
#define SOURCE_MS 60000

/* What else is refused has a line of its own. */
static const bool tells[REJECT_COUNT] = {
	[REJECT_SIZE] = true,        [REJECT_FRAMING] = true,        [REJECT_ACL] = true,
	[REJECT_RATE] = true,        [REJECT_ANSWER_RATE] = true,    [REJECT_UNKNOWN_DROP] = true,
	[REJECT_CONNECTIONS] = true, [REJECT_MALFORMED] = true,      [REJECT_MALFORMED_DROP] = true,
	[REJECT_VERSION] = true,     [REJECT_UNKNOWN_SOURCE] = true,
};

static bool told_before(const struct unheard *u, const struct addr *host, uint64_t now_ms)
{
	for (unsigned i = 0; i < UNHEARD_SOURCES; i++)
		if (addr_is_set(&u->source[i].host) && addr_equal_host(&u->source[i].host, host) &&
		    now_ms - u->source[i].told_ms < SOURCE_MS)
			return true;
	return false;
}

void unheard_note(struct unheard *u, const struct config *c, const struct flow_addr *from, enum reject_reason why,
		  uint64_t now_ms)
{
	struct log_line l;

	if (!tells[why])
		return;
	u->since++;
	if ((u->told_ms && now_ms - u->told_ms < LINE_MS) || told_before(u, &from->remote, now_ms) ||
	    !log_begin(&l, LOG_INFO, reject_status(why) ? "message refused" : "message dropped"))
		return;
	log_z(&l, "network", from->network < c->n_networks ? c->networks[from->network].name : "-");
	log_addr(&l, "source", &from->remote);
	log_z(&l, "transport", config_transport_text(from->transport));
	log_z(&l, "why", reject_key(why));
	log_u64(&l, "others", u->since - 1);
	log_end(&l);
	u->told_ms = now_ms;
	u->since = 0;
	u->source[u->next].host = from->remote;
	u->source[u->next].told_ms = now_ms;
	u->next = (u->next + 1) % UNHEARD_SOURCES;
}
