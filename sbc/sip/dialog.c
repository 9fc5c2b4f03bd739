/* SPDX-License-Identifier: Apache-2.0 */
/* All strings of a dialog lie in one block, which is written anew when one of them changes: that happens once or twice
 * in a call, and a held call then costs one allocation without slack. */
#include "sbc/sip/dialog.h"

#include <errno.h>
#include <stdlib.h>

/* ---- the block --------------------------------------------------------------------------------------------------- */

/* A string to be stored, in up to five parts; none with p: not stored (NULL). */
struct text {
	struct str part[5];
};

static struct text text_of(struct str s)
{
	return (struct text){{s}};
}

static struct text text_z(const char *z)
{
	return text_of(str_z(z));
}

/* "display <uri>" */
static struct text text_identity(const struct name_addr *a)
{
	return (struct text){{a->display, a->display.n ? STR(" ") : STR_NONE, STR("<"), a->uri.text, STR(">")}};
}

struct texts {
	struct text call_id, local, remote, remote_tag, remote_target, route_set;
	const struct message *routes; /* its Record-Route instead of route_set, */
	bool routes_reversed;         /* last one first */
};

static bool text_is_set(const struct text *t)
{
	return t->part[0].p || t->part[2].p;
}

static size_t text_size(const struct text *t)
{
	size_t n = 1;
	for (size_t i = 0; i < 5; i++)
		n += t->part[i].n;
	return text_is_set(t) ? n : 0;
}

static char *text_write(struct writer *w, const struct text *t)
{
	char *at = w->p + w->n;
	if (!text_is_set(t))
		return NULL;
	for (size_t i = 0; i < 5; i++)
		writer_str(w, t->part[i]);
	writer_char(w, '\0');
	return at;
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
static char *routes_write(struct writer *w, const struct texts *t, size_t size)
{
	struct str line = STR_NONE, item;
	char *at = w->p + w->n;
	size_t low = 0, high = size - 1;
	for (unsigned nth = 0; route_next(t->routes, &nth, &line, &item);) {
		size_t n = item.n + ROUTE_OVERHEAD;
		high -= n;
		struct writer one = writer_init(at + (t->routes_reversed ? high : low), n);
		header_write(&one, STR("Route"), item);
		low += n;
	}
	at[size - 1] = '\0';
	w->n += size;
	return at;
}

/* Puts new strings in place of all old ones, which the new may point into. 0, or -ENOMEM with *d as it was. */
static int store(struct dialog *d, const struct texts *t)
{
	size_t routes = routes_size(t->routes);
	size_t size = text_size(&t->call_id) + text_size(&t->local) + text_size(&t->remote) +
		      text_size(&t->remote_tag) + text_size(&t->remote_target) + text_size(&t->route_set) + routes;
	char *block = malloc(size);
	if (!block)
		return -ENOMEM;
	struct writer w = writer_init(block, size);
	d->call_id = text_write(&w, &t->call_id);
	d->local = text_write(&w, &t->local);
	d->remote = text_write(&w, &t->remote);
	d->remote_tag = text_write(&w, &t->remote_tag);
	d->remote_target = text_write(&w, &t->remote_target);
	d->route_set = routes ? routes_write(&w, t, routes) : text_write(&w, &t->route_set);
	free(d->block);
	d->block = block;
	return 0;
}

/* What the dialog holds now, to be stored again with a change. */
static struct texts texts_of(const struct dialog *d)
{
	return (struct texts){
		.call_id = text_z(d->call_id),
		.local = text_z(d->local),
		.remote = text_z(d->remote),
		.remote_tag = text_z(d->remote_tag),
		.remote_target = text_z(d->remote_target),
		.route_set = text_z(d->route_set),
	};
}

/* ---- next hop ---------------------------------------------------------------------------------------------------- */

static bool transport_of(const struct uri *u, enum config_transport otherwise, enum config_transport *ret)
{
	struct str t;
	if (!params_get(u->params, STR("transport"), &t))
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
	if (!hop->sip || params_get(hop->params, STR("maddr"), &maddr) ||
	    !addr_parse(hop->host, hop->port ? hop->port : 5060, &a) || !may_go_to(&a, &flow->remote) ||
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

static void update_peer(struct dialog *d)
{
	struct name_addr route;
	struct uri target;
	d->peer = d->flow;
	if (!d->follow || !d->named)
		return;
	if (first_route(d, &route, NULL))
		d->peer = dialog_next_hop(&d->flow, &route.uri);
	else if (uri_parse(str_z(d->remote_target), &target))
		d->peer = dialog_next_hop(&d->flow, &target);
}

void dialog_follow(struct dialog *d)
{
	d->follow = true;
	update_peer(d);
}

void dialog_set_flow(struct dialog *d, const struct destination *flow)
{
	bool flow_only = d->flow.flow_only;

	d->flow = *flow;
	d->flow.flow_only |= flow_only;
	update_peer(d);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

/* A Contact that requests can be sent to. */
static bool contact_usable(const struct message *m)
{
	return m->n_contact && (m->contact.uri.sip || m->contact.uri.sips);
}

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
		.call_id = text_of(invite->call_id),
		.local = text_identity(&invite->to),
		.remote = text_identity(&invite->from),
		.remote_tag = text_of(invite->from.tag),
		/* §12.1.1 wants a Contact; one without gets its requests at the identity it gave */
		.remote_target = text_of(contact_usable(invite) ? invite->contact.uri.text : invite->from.uri.text),
		.routes = invite,
	};
	int r = store(&out, &t);
	if (r < 0)
		return r;
	local_tag_set(&out, local_tag);
	out.named |= out.route_set != NULL;
	*d = out;
	update_peer(d);
	return 0;
}

int dialog_init_uac(struct dialog *d, const struct dialog_uac *p)
{
	struct dialog out = {.flow = p->peer};
	struct texts t = {
		.call_id = text_of(p->call_id),
		.local = text_of(p->local),
		.remote = text_of(p->remote),
		.remote_target = text_of(p->target),
	};
	int r = store(&out, &t);
	if (r < 0)
		return r;
	local_tag_set(&out, p->local_tag);
	*d = out;
	update_peer(d);
	return 0;
}

void dialog_finish(struct dialog *d)
{
	free(d->block);
	*d = (struct dialog){.block = NULL};
}

int dialog_fork(struct dialog *d, const struct dialog *from)
{
	struct dialog out = *from;
	struct texts t = texts_of(from);
	t.remote_tag = t.route_set = (struct text){{STR_NONE}};
	out.block = NULL;
	int r = store(&out, &t);
	if (r < 0)
		return r;
	out.remote_cseq = 0;
	out.remote_cseq_set = false;
	out.named = false;
	update_peer(&out);
	*d = out;
	return 0;
}

int dialog_set_texts(struct dialog *d, const struct dialog_texts *t)
{
	return store(d, &(struct texts){
				.call_id = text_of(t->call_id),
				.local = text_of(t->local),
				.remote = text_of(t->remote),
				.remote_tag = text_of(t->remote_tag),
				.remote_target = text_of(t->remote_target),
				.route_set = text_of(t->route_set),
			});
}

/* ---- what the far side says -------------------------------------------------------------------------------------- */

int dialog_on_response(struct dialog *d, const struct message *response)
{
	if (response->status <= 100 || response->status >= 300 || !response->to.tag.n)
		return 0;
	if (d->remote_tag && !str_eq(str_z(d->remote_tag), response->to.tag))
		return -EINVAL;
	struct texts t = texts_of(d);
	t.remote_tag = text_of(response->to.tag);
	t.route_set = text_of(STR_NONE);
	t.routes = response;
	t.routes_reversed = true;
	if (contact_usable(response))
		t.remote_target = text_of(response->contact.uri.text);
	int r = store(d, &t);
	if (r < 0)
		return r;
	d->named = contact_usable(response) || d->route_set;
	update_peer(d);
	return 0;
}

int dialog_refresh_target(struct dialog *d, const struct message *m)
{
	if (!contact_usable(m))
		return 0;
	if (!str_eq(str_z(d->remote_target), m->contact.uri.text)) {
		struct texts t = texts_of(d);
		t.remote_target = text_of(m->contact.uri.text);
		int r = store(d, &t);
		if (r < 0)
			return r;
	}
	d->named = true;
	update_peer(d);
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

static void write_identity(struct writer *w, const char *name, const char *value, const char *tag)
{
	writer_z(w, name);
	writer_lit(w, ": ");
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
	write_identity(w, "From", d->local, d->local_tag);
	write_identity(w, "To", d->remote, d->remote_tag);
	header_write(w, STR("Call-ID"), str_z(d->call_id));
	writer_lit(w, "CSeq: ");
	writer_u64(w, cseq);
	writer_char(w, ' ');
	writer_z(w, method);
	writer_lit(w, "\r\n");
	write_routes(d, w);
}
