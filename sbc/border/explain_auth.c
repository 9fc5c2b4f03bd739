/* SPDX-License-Identifier: Apache-2.0 */
/* What `limen explain` says of challenges, by the functions that decide it. */
#include "sbc/border/internal.h"

/* The end that does not relay, in words that say where to set it. */
static void tell_missing(const struct crossing *x, unsigned from_network, const char *other, border_tell tell,
			 void *arg)
{
	const struct config *c = x->config;
	const int peer = auth_end_relays(c, x->to_network, x->to_peer) ? x->from_peer : x->to_peer;
	tellf(tell, arg, "  its %schallenges do not cross, but become 403: %s %s does not say auth: relay", other,
	      peer >= 0 ? "peer" : "network", peer >= 0 ? c->peers[peer].name : c->networks[from_network].name);
}

void explain_challenges(const struct crossing *x, unsigned from_network, border_tell tell, void *arg)
{
	const struct config *c = x->config;
	const struct config_peer *to = &c->peers[x->to_peer];
	const struct message m = {.source.network = from_network};
	const char *realm = to->credentials.realm, *other = to->credentials.user ? "other " : "";
	if (to->credentials.user)
		tellf(tell, arg, "  its challenges%s%s%s are answered with its credentials",
		      realm ? " for realm \"" : "", realm ? realm : "", realm ? "\"" : "");
	if (headers_relay_auth(&m, x))
		tellf(tell, arg,
		      "  its %schallenges cross, and credentials with the Request-URI that they name (auth: relay here and there)",
		      other);
	else if ((realm || !to->credentials.user) &&
		 (auth_end_relays(c, from_network, x->from_peer) || auth_end_relays(c, x->to_network, x->to_peer)))
		tell_missing(x, from_network, other, tell, arg);
}
