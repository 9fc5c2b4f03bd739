/* SPDX-License-Identifier: Apache-2.0 */
/* One route against one request, and the order in which a route's targets are tried. */
#include "sbc/border/internal.h"

static struct str lower(struct str host, char *buf, size_t cap)
{
	if (host.n > cap)
		return host;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];
		buf[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return (struct str){buf, host.n};
}

bool route_view_init(struct route_view *v, const struct border_request *r)
{
	v->from.host = lower(r->from.host, v->from.host_buf, HOST_MAX);
	v->to.host = lower(r->to.host, v->to.host_buf, HOST_MAX);
	v->ruri.host = lower(r->ruri.host, v->ruri.host_buf, HOST_MAX);
	return user_plain(r->from.user, uri_is_phone(&r->from), v->from.user_buf, USER_PLAIN_MAX, &v->from.user) &&
	       user_plain(r->to.user, uri_is_phone(&r->to), v->to.user_buf, USER_PLAIN_MAX, &v->to.user) &&
	       user_plain(r->ruri.user, uri_is_phone(&r->ruri), v->ruri.user_buf, USER_PLAIN_MAX, &v->ruri.user);
}

/* Any line of that header. */
static bool header_matches(const struct config_header_match *h, const struct message *m, bool *limit)
{
	struct str value;
	for (unsigned nth = 0; m && message_header(m, str_z(h->name), nth, &value); nth++)
		if (config_match(&h->match, value, STR_NONE, limit))
			return true;
	return false;
}

enum route_field route_mismatch(const struct config_route *rt, const struct border_request *r,
				const struct route_view *v, int peer, bool *limit)
{
	if (rt->network >= 0 && (unsigned)rt->network != r->network)
		return ROUTE_NETWORK;
	if (rt->peer >= 0 && rt->peer != peer)
		return ROUTE_PEER;
	if (rt->method && !str_eq(str_z(rt->method), r->method_text)) /* RFC 3261 §7.1: case counts */
		return ROUTE_METHOD;
	if (rt->from && !config_match(rt->from, v->from.user, v->from.host, limit))
		return ROUTE_FROM;
	if (rt->to && !config_match(rt->to, v->to.user, v->to.host, limit))
		return ROUTE_TO;
	if (rt->ruri && !config_match(rt->ruri, v->ruri.user, v->ruri.host, limit))
		return ROUTE_RURI;
	if (rt->header && !header_matches(rt->header, r->message, limit))
		return ROUTE_HEADER;
	return ROUTE_MATCHES;
}

/* splitmix64: spreads the request's one random number over as many draws as there are targets. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

#define ORDER_MAX 256 /* targets of one route among which weights choose; further ones are not reached */

/* The next target by weight among those not taken yet; once only weights of 0 are left, in the order of the file. */
static size_t choose(const struct config_route *rt, const bool *taken, size_t n, uint64_t *state)
{
	uint64_t sum = 0;
	size_t first = n;
	for (size_t i = n; i-- > 0;)
		if (!taken[i]) {
			sum += rt->targets[i].weight;
			first = i;
		}
	if (sum == 0)
		return first;
	uint64_t at = draw(state) % sum; /* sum is tiny against 2^64: the bias is nothing */
	for (size_t i = 0; i < n; i++) {
		if (taken[i])
			continue;
		if (at < rt->targets[i].weight)
			return i;
		at -= rt->targets[i].weight;
	}
	return first;
}

size_t route_order(const struct config_route *rt, uint32_t random, unsigned ret[BORDER_MAX_TARGETS])
{
	const size_t n = rt->n_targets < ORDER_MAX ? rt->n_targets : ORDER_MAX;
	const size_t want = n < BORDER_MAX_TARGETS ? n : BORDER_MAX_TARGETS;
	bool taken[ORDER_MAX] = {false};
	uint64_t state = random;
	for (size_t k = 0; k < want; k++) {
		size_t i = rt->strategy == CONFIG_WEIGHT ? choose(rt, taken, n, &state) : k;
		taken[i] = true;
		ret[k] = rt->targets[i].peer;
	}
	return want;
}
