/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/pass/outward.h"

#include <errno.h>

const struct config_peer *outward_peer(const struct config *c, const struct target *at)
{
	return at->peer == BORDER_NO_PEER ? NULL : &c->peers[at->peer];
}

static struct str target_host(struct outward *o, const struct target *at, const char *domain)
{
	struct writer w = writer_init(o->host_buf, sizeof(o->host_buf));

	if (domain)
		writer_z(&w, domain);
	else if (at->configured)
		headers_write_target_host(at->configured, &w);
	else
		addr_write(&w, &o->x.local);
	/* nobody's name: a message without it would go astray */
	o->headers.overflow |= w.overflow;
	return writer_result(&w);
}

void outward_begin(struct outward *o, const struct config *c, const struct message *m, int from_peer,
		   const struct target *at, const char *domain)
{
	struct writer via = writer_init(o->via_buf, sizeof(o->via_buf));
	int hops = m->max_forwards;

	o->peer = outward_peer(c, at);
	o->headers = writer_init(o->headers_buf, sizeof(o->headers_buf));
	o->ruri = writer_init(o->ruri_buf, sizeof(o->ruri_buf));
	o->x = (struct crossing){
		.config = c,
		.from_peer = from_peer,
		.to_peer = at->peer,
		.to_network = at->to.network,
		.local = transport_local(c, at->to.network, at->to.transport, addr_is_v6(&at->to.remote), NULL),
	};
	o->x.target_host = target_host(o, at, domain);
	addr_write(&via, &o->x.local);
	o->req = (struct client_request){.to = at->to, .via_host = writer_result(&via)};
	writer_fmt(&o->headers, "Max-Forwards: %d\r\n", hops < 0 ? 70 : hops - 1);
}

struct client_txn *outward_send(struct outward *o, struct keyring *k, struct txn_layer *layer, int *ret_error)
{
	const struct config *c = o->x.config;

	if (c->server_name)
		header_write(&o->headers, STR("User-Agent"), str_z(c->server_name));
	o->req.ruri = writer_result(&o->ruri);
	keyring_write(k, o->peer, str_z(method_text(o->req.method)), o->req.ruri, STR_NONE, &o->headers);
	o->req.headers = writer_result(&o->headers);
	if (o->headers.overflow || o->ruri.overflow) {
		*ret_error = -EMSGSIZE;
		return NULL;
	}
	return client_txn_start(layer, &o->req, ret_error);
}
