/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/told.h"

#include "sbc/call/call.h"

/* ---- what we say of ourselves ---- */

struct addr leg_local_addr(const struct leg *l)
{
	return transport_local(l->call->calls->config, l->network, l->transport, addr_is_v6(&l->dialog.peer.remote),
			       &l->dialog.peer.local);
}

struct str leg_via_host(const struct leg *l)
{
	return transport_local_text(l->call->calls->config, l->network, l->transport,
				    addr_is_v6(&l->dialog.peer.remote), &l->dialog.peer.local);
}

void leg_write_contact(const struct leg *l, struct writer *w)
{
	writer_lit(w, "Contact: <sip:");
	writer_z(w, l->dialog.local_tag);
	writer_char(w, '@');
	writer_str(w, leg_via_host(l));
	if (l->transport == CONFIG_TCP)
		writer_lit(w, ";transport=tcp");
	writer_lit(w, ">\r\n");
}

void write_own_headers(const struct leg *l, bool request, bool with_contact, struct writer *w)
{
	const char *name = l->call->config->server_name;

	if (with_contact) {
		leg_write_contact(l, w);
		txn_write_allow(w);
	}
	if (!name)
		return;
	if (request)
		writer_lit(w, "User-Agent: ");
	else
		writer_lit(w, "Server: ");
	writer_z(w, name);
	writer_lit(w, "\r\n");
}

void write_routes_back(const struct leg *l, struct writer *w)
{
	if (l->uas && l->state == LEG_INCOMING)
		dialog_write_record_routes(&l->dialog, w);
}

/* ---- what the other side said ---- */

void write_crossing(struct call *c, int from_peer, struct leg *to, const struct message *m, struct writer *w)
{
	struct crossing x = {
		.config = c->config,
		.from_peer = from_peer,
		.to_peer = to->peer,
		.to_network = to->network,
		.local = leg_local_addr(to),
	};

	headers_cross(m, &x, w);
	to->hiding.set.auth_relay = headers_relay_auth(m, &x);
}

int told_status(const struct leg *to, int from_peer, const struct message *m)
{
	struct crossing x = {
		.config = to->call->config, .from_peer = from_peer, .to_peer = to->peer, .to_network = to->network};

	if ((m->status == 401 || m->status == 407) && headers_relay_auth(m, &x))
		return m->status;
	return status_across(m->status);
}

bool told_as(struct call *c, int from_peer, struct leg *to, const struct message *m, int status, bool with_contact,
	     struct told *ret)
{
	struct writer h = writer_init(ret->headers, sizeof(ret->headers));

	write_own_headers(to, false, with_contact, &h);
	if (with_contact)
		write_routes_back(to, &h);
	write_crossing(c, from_peer, to, m, &h);
	ret->reply = (struct reply){
		.status = status,
		.phrase = phrase_across(m, status, ret->phrase),
		.headers =
			h.overflow ? STR_NONE : writer_result(&h), /* what did not fit ends in the middle of a line */
		.guard = &to->hiding.set,
	};
	return !h.overflow;
}
