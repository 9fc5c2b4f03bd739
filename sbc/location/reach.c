/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/location/reach.h"

#include "sbc/location/internal.h"

/* ---- who may ask for a phone ---------------------------------------------------------------------------------------
 */

static struct uri uri_of(struct str user, struct str host)
{
	return (struct uri){.scheme = STR("sip"), .sip = true, .user = user, .host = host};
}

/* An alias is for those that the phone's own REGISTER would go to, and their neighbours: one that went astray (in a
 * Contact that the core gave to a carrier, say) opens no way from elsewhere. Asked of the routes as they are now, so
 * that nothing of it has to be kept with a binding. */
static bool registers_with(const struct config *c, const struct location_target *p, int peer)
{
	struct border_request q = {.network = p->network,
				   .source = p->to.remote,
				   .transport = p->to.transport,
				   .method = METHOD_REGISTER,
				   .method_text = STR("REGISTER"),
				   .registered = true};
	struct str aor = str_z(p->aor), user = {aor.p, p->user_bytes},
		   host = {aor.p + p->user_bytes + 1, aor.n - p->user_bytes - 1};
	struct border_decision d;

	q.from = q.to = uri_of(user, host);
	q.ruri = uri_of(STR_NONE, host);
	border_decide(c, &q, NULL, NULL, &d);
	for (size_t i = 0; d.reject == REJECT_NONE && i < d.n_targets; i++)
		if (d.target[i] != CONFIG_TARGET_ECHO && c->peers[d.target[i]].network == c->peers[peer].network)
			return true;
	return false;
}

/* ---- the decision --------------------------------------------------------------------------------------------------
 */

int location_gone_status(const struct message *request, const char **ret_phrase)
{
	bool outbound = request && message_lists(request, STR("Supported"), STR("outbound"));

	*ret_phrase = outbound ? "Flow Failed" : reject_phrase(REJECT_FLOW_GONE);
	return outbound ? 430 : reject_status(REJECT_FLOW_GONE);
}

static void refuse(struct border_decision *d, enum reject_reason why, const struct message *m)
{
	d->reject = why;
	d->status = reject_status(why);
	d->phrase = reject_phrase(why);
	if (why == REJECT_FLOW_GONE)
		d->status = location_gone_status(m, &d->phrase);
}

static void decide(const struct config *c, const struct border_request *r, enum location_result found,
		   const struct location_target *phone, struct border_decision *ret)
{
	switch (found) {
	case LOCATION_NO_ALIAS:
	case LOCATION_FORGED:
	case LOCATION_UNKNOWN:
		refuse(ret, REJECT_ALIAS, r->message);
		return;
	case LOCATION_DEAD:
	case LOCATION_FOUND:
		break;
	}
	if (!registers_with(c, phone, ret->peer))
		refuse(ret, REJECT_ALIAS, r->message);
	else if (found == LOCATION_DEAD)
		refuse(ret, REJECT_FLOW_GONE, r->message);
	else
		ret->to_user = (struct str){memcpy(ret->buf[2], phone->aor, phone->user_bytes), phone->user_bytes};
}

bool location_reach(struct location *l, const struct config *c, const struct border_request *r,
		    struct border_decision *ret, struct location_target *ret_phone)
{
	enum location_result found;
	int peer;

	if (!location_like_alias(r->ruri.user))
		return false;
	peer = border_identify(c, r, NULL, NULL);
	if (peer < 0)
		return false;
	found = location_find(l, r->ruri.user, ret_phone);
	*ret = (struct border_decision){
		.peer = peer, .route = -1, .ruri_user = r->ruri.user, .from_user = r->from.user, .to_user = r->to.user};
	decide(c, r, found, ret_phone, ret);
	return true;
}

/* ---- flows ---------------------------------------------------------------------------------------------------------
 */

const char *location_alias_of_flow(struct location *l, unsigned network, struct str aor, const struct flow_addr *f)
{
	struct destination flow = destination_of_flow(f);
	struct location_aor *a = location_aor(l, network, aor);

	for (struct location_binding *b = location_first(a); b; b = location_next(a, b))
		if (b->state == LOCATION_LIVE && location_same_flow(&b->flow, &flow))
			return b->alias;
	return NULL;
}
