/* SPDX-License-Identifier: Apache-2.0 */
/* All strings of a dialog lie in one block, which is written anew when one of them changes: that happens once or twice
 * in a call, and a held call then costs one allocation without slack. */
#include "sbc/sip/dialog.h"

#include <errno.h>
#include <stdlib.h>

/* ---- the block --------------------------------------------------------------------------------------------------- */

/* What is to be stored. p NULL: nothing (NULL). */
struct texts {
	struct str call_id, local, remote, remote_tag, remote_target, route_set;
	const struct name_addr *local_of, *remote_of; /* instead of local and remote: their display and <uri> */
	const struct message *routes;                 /* its Record-Route instead of route_set, */
	bool routes_reversed;                         /* last one first */
};

static size_t text_size(struct str s)
{
	return s.p ? s.n + 1 : 0;
}

static size_t identity_size(struct str s, const struct name_addr *a)
{
	return a ? a->display.n + (a->display.n > 0) + a->uri.text.n + sizeof("<>") : text_size(s);
}

/* Into *at, which it moves. */
static void put(char **at, struct str s)
{
	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
}

static char *text_put(char **at, struct str s)
{
	char *text = *at;

	if (!s.p)
		return NULL;
	put(at, s);
	*(*at)++ = '\0';
	return text;
}

/* "display <uri>" */
static char *identity_put(char **at, struct str s, const struct name_addr *a)
{
	char *text = *at;

	if (!a)
		return text_put(at, s);
	put(at, a->display);
	if (a->display.n)
		*(*at)++ = ' ';
	*(*at)++ = '<';
	put(at, a->uri.text);
	text_put(at, STR(">"));
	return text;
}

#define ROUTE_OVERHEAD (sizeof("Route: \r\n") - 1)

/* Calls fn for each Record-Route element of m, in order. */
static bool route_next(const struct message *m, unsigned *nth, struct str *line, struct str *ret_item)
{
	while (!list_next(line, ret_item))
		if (!message_header(m, STR("Record-Route"), (*nth)++, line))
			return false;
	return true;
}

static size_t routes_size(const struct message *m)
{
	struct str line = STR_NONE, item;
	size_t n = 0;
	for (unsigned nth = 0; m && route_next(m, &nth, &line, &item);)
		n += item.n + ROUTE_OVERHEAD;
	return n ? n + 1 : 0;
}

/* The route set takes exactly `size` bytes, its NUL included; reversed, it is filled from its end. */
static char *routes_put(char **ret_at, const struct texts *t, size_t size)
{
	struct str line = STR_NONE, item;
	char *at = *ret_at;
	size_t low = 0, high = size - 1;
	for (unsigned nth = 0; route_next(t->routes, &nth, &line, &item);) {
		size_t n = item.n + ROUTE_OVERHEAD;
		high -= n;
		struct writer one = writer_init(at + (t->routes_reversed ? high : low), n);
		header_write(&one, STR("Route"), item);
		low += n;
	}
	at[size - 1] = '\0';
	*ret_at += size;
	return at;
}

/* Puts new strings in place of all old ones, which the new may point into. 0, or -ENOMEM with *d as it was. */
static int store(struct dialog *d, const struct texts *t)
{
	size_t routes = routes_size(t->routes);
	char *block = malloc(text_size(t->call_id) + identity_size(t->local, t->local_of) +
			     identity_size(t->remote, t->remote_of) + text_size(t->remote_tag) +
			     text_size(t->remote_target) + text_size(t->route_set) + routes);
	char *at = block;
	if (!block)
		return -ENOMEM;
	d->call_id = text_put(&at, t->call_id);
	d->local = identity_put(&at, t->local, t->local_of);
	d->remote = identity_put(&at, t->remote, t->remote_of);
	d->remote_tag = text_put(&at, t->remote_tag);
	d->remote_target = text_put(&at, t->remote_target);
	d->route_set = routes ? routes_put(&at, t, routes) : text_put(&at, t->route_set);
	free(d->block);
	d->block = block;
	return 0;
}

/* What the dialog holds now, to be stored again with a change. */
static struct texts texts_of(const struct dialog *d)
{
	return (struct texts){
		.call_id = str_z(d->call_id),
		.local = str_z(d->local),
		.remote = str_z(d->remote),
		.remote_tag = str_z(d->remote_tag),
		.remote_target = str_z(d->remote_target),
		.route_set = str_z(d->route_set),
	};
}

/* ---- next hop ---------------------------------------------------------------------------------------------------- */

static bool transport_of(const struct uri *u, enum config_transport otherwise, enum config_transport *ret)
{
	struct str t;
	if (!u->params.n || !params_get(u->params, STR("transport"), &t))
		*ret = otherwise;
	else if (str_eq_nocase(t, STR("udp")))
		*ret = CONFIG_UDP;
	else if (str_eq_nocase(t, STR("tcp")))
		*ret = CONFIG_TCP;
	else
		return false;
	return true;
}

static bool may_go_to(const struct addr *a, const struct addr *flow)
{
	return a->sa.sa_family == flow->sa.sa_family && !addr_is_unsendable(a) &&
	       (!addr_is_private(a) || addr_is_private(flow)) && (!addr_is_loopback(a) || addr_is_loopback(flow));
}

struct destination dialog_next_hop(const struct destination *flow, const struct uri *hop)
{
	struct destination d = *flow;
	enum config_transport transport;
	struct addr a;
	struct str maddr;
	if (!hop->sip || (hop->params.n && params_get(hop->params, STR("maddr"), &maddr)) ||
	    !addr_parse(hop->host, hop->port ? hop->port : 5060, &a) ||
	    (!addr_equal(&a, &flow->remote) && !may_go_to(&a, &flow->remote)) ||
	    !transport_of(hop, flow->transport, &transport))
		return d;
	if (transport != flow->transport) {
		d.transport = transport;
		d.local = (struct addr){0};
		d.connection = 0;
	} else if (!addr_equal_host(&a, &flow->remote)) {
		d.connection = 0;
	}
	d.flow_only &= addr_equal(&a, &flow->remote) && transport == flow->transport;
	d.remote = a;
	return d;
}

static bool first_route(const struct dialog *d, struct name_addr *ret, size_t *ret_line)
{
	if (!d->route_set)
		return false;
	struct str s = str_z(d->route_set);
	size_t line = str_find(s, '\n') + 1;
	if (ret_line)
		*ret_line = line;
	return name_addr_parse((struct str){s.p + 7, line - ROUTE_OVERHEAD}, ret);
}

/* A Contact that requests can be sent to. */
static bool contact_usable(const struct message *m)
{
	return m->n_contact && (m->contact.uri.sip || m->contact.uri.sips);
}

/* target: remote_target as a message has it parsed already; NULL: it is to be parsed. */
static void update_peer(struct dialog *d, const struct uri *target)
{
	struct name_addr route;
	struct uri own;
	d->peer = d->flow;
	if (!d->follow || !d->named)
		return;
	if (first_route(d, &route, NULL))
		target = &route.uri;
	else if (!target && uri_parse(str_z(d->remote_target), &own))
		target = &own;
	if (target)
		d->peer = dialog_next_hop(&d->flow, target);
}

void dialog_follow(struct dialog *d, const struct message *invite)
{
	d->follow = true;
	update_peer(d, invite && contact_usable(invite) ? &invite->contact.uri : NULL);
}

void dialog_set_flow(struct dialog *d, const struct destination *flow)
{
	bool flow_only = d->flow.flow_only;

	d->flow = *flow;
	d->flow.flow_only |= flow_only;
	update_peer(d, NULL);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void local_tag_set(struct dialog *d, const char *tag)
{
	struct writer w = writer_init(d->local_tag, IDENT_LEN);
	writer_z(&w, tag);
	d->local_tag[w.n] = '\0';
}

int dialog_init_uas(struct dialog *d, const struct message *invite, const char *local_tag)
{
	struct dialog out = {
		.remote_cseq = invite->cseq,
		.remote_cseq_set = true,
		.named = contact_usable(invite),
		.flow = destination_of_flow(&invite->source),
	};
	struct texts t = {
		.call_id = invite->call_id,
		.local_of = &invite->to,
		.remote_of = &invite->from,
		.remote_tag = invite->from.tag,
		/* §12.1.1 wants a Contact; one without gets its requests at the identity it gave */
		.remote_target = contact_usable(invite) ? invite->contact.uri.text : invite->from.uri.text,
		.routes = invite,
	};
	int r = store(&out, &t);
	if (r < 0)
		return r;
	local_tag_set(&out, local_tag);
	out.named |= out.route_set != NULL;
	out.peer = out.flow;
	*d = out;
	return 0;
}

int dialog_init_uac(struct dialog *d, const struct dialog_uac *p)
{
	struct dialog out = {.flow = p->peer, .peer = p->peer};
	struct texts t = {.call_id = p->call_id, .local = p->local, .remote = p->remote, .remote_target = p->target};
	int r = store(&out, &t);
	if (r < 0)
		return r;
	local_tag_set(&out, p->local_tag);
	*d = out;
	return 0;
}

void dialog_finish(struct dialog *d)
{
	free(d->block);
	*d = (struct dialog){.block = NULL};
}

int dialog_set_texts(struct dialog *d, const struct dialog_texts *t)
{
	return store(d, &(struct texts){
				.call_id = t->call_id,
				.local = t->local,
				.remote = t->remote,
				.remote_tag = t->remote_tag,
				.remote_target = t->remote_target,
				.route_set = t->route_set,
			});
}

/* ---- what the far side says -------------------------------------------------------------------------------------- */

static bool makes_dialog(const struct message *response)
{
	return response->status > 100 && response->status < 300 && response->to.tag.n;
}

/* Of the dialog `known`, with what the response says of its far side. */
static int learn(struct dialog *d, const struct dialog *known, const struct message *response)
{
	struct texts t = texts_of(known);
	t.remote_tag = response->to.tag;
	t.route_set = STR_NONE;
	t.routes = response;
	t.routes_reversed = true;
	if (contact_usable(response))
		t.remote_target = response->contact.uri.text;
	int r = store(d, &t);
	if (r < 0)
		return r;
	d->named = contact_usable(response) || d->route_set;
	update_peer(d, contact_usable(response) ? &response->contact.uri : NULL);
	return 0;
}

int dialog_on_response(struct dialog *d, const struct message *response)
{
	if (!makes_dialog(response))
		return 0;
	if (d->remote_tag && !str_eq(str_z(d->remote_tag), response->to.tag))
		return -EINVAL;
	return learn(d, d, response);
}

int dialog_fork(struct dialog *d, const struct dialog *from, const struct message *response)
{
	struct dialog out = *from;
	if (!makes_dialog(response))
		return -EINVAL;
	out.block = NULL;
	out.remote_cseq = 0;
	out.remote_cseq_set = false;
	int r = learn(&out, from, response);
	if (r < 0)
		return r;
	*d = out;
	return 0;
}

int dialog_refresh_target(struct dialog *d, const struct message *m)
{
	if (!contact_usable(m))
		return 0;
	if (!str_eq(str_z(d->remote_target), m->contact.uri.text)) {
		struct texts t = texts_of(d);
		t.remote_target = m->contact.uri.text;
		int r = store(d, &t);
		if (r < 0)
			return r;
	}
	d->named = true;
	update_peer(d, &m->contact.uri);
	return 0;
}

bool dialog_accept_cseq(struct dialog *d, const struct message *m)
{
	/* §12.2.2: lower is out of order; a retransmission never gets here. */
	if (d->remote_cseq_set && m->cseq < d->remote_cseq)
		return false;
	d->remote_cseq = m->cseq;
	d->remote_cseq_set = true;
	return true;
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

/* The first route is a strict router's (RFC 2543) when it has no lr: §12.2.1.1. */
static bool strict_route(const struct dialog *d, struct name_addr *ret, size_t *ret_line)
{
	struct str lr;
	return first_route(d, ret, ret_line) && !params_get(ret->uri.params, STR("lr"), &lr);
}

struct str dialog_ruri(const struct dialog *d)
{
	struct name_addr route;
	if (!strict_route(d, &route, NULL))
		return str_z(d->remote_target);
	struct str uri = route.uri.text;
	size_t host = route.uri.host.n ? (size_t)(route.uri.host.p - uri.p) : 0;
	size_t headers = host + str_find((struct str){uri.p + host, uri.n - host}, '?');
	return (struct str){uri.p, headers}; /* headers have no place in a Request-URI */
}

static void write_routes(const struct dialog *d, struct writer *w)
{
	struct name_addr route;
	size_t line = 0;
	if (!d->route_set)
		return;
	if (!strict_route(d, &route, &line)) {
		writer_z(w, d->route_set);
		return;
	}
	writer_z(w, d->route_set + line);
	writer_lit(w, "Route: <");
	writer_z(w, d->remote_target);
	writer_lit(w, ">\r\n");
}

void dialog_write_record_routes(const struct dialog *d, struct writer *w)
{
	struct str rest = d->route_set ? str_z(d->route_set) : STR_NONE;

	while (rest.n) {
		writer_lit(w, "Record-");
		writer_str(w, str_cut(&rest, '\n'));
		writer_char(w, '\n');
	}
}

static void write_line(struct writer *w, struct str name, const char *value, const char *tag)
{
	writer_str(w, name);
	writer_z(w, value);
	if (tag && tag[0]) {
		writer_lit(w, ";tag=");
		writer_z(w, tag);
	}
	writer_lit(w, "\r\n");
}

void dialog_write_head(const struct dialog *d, struct writer *w, const char *method, uint32_t cseq,
		       unsigned max_forwards)
{
	writer_lit(w, "Max-Forwards: ");
	writer_u64(w, max_forwards);
	writer_lit(w, "\r\n");
	write_line(w, STR("From: "), d->local, d->local_tag);
	write_line(w, STR("To: "), d->remote, d->remote_tag);
	write_line(w, STR("Call-ID: "), d->call_id, NULL);
	writer_lit(w, "CSeq: ");
	writer_u64(w, cseq);
	writer_char(w, ' ');
	writer_z(w, method);
	writer_lit(w, "\r\n");
	write_routes(d, w);
}
