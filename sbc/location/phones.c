/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/location/phones.h"

#include <errno.h>
#include <stdlib.h>

#include "sbc/location/keep.h"

/* A phone that leaves so many OPTIONS in a row unanswered is unreachable. */
#define MISSED_MAX 2

/* An OPTIONS under way. */
struct location_probe {
	struct phones *phones;
	struct location_binding *binding; /* which ends it when it goes */
	struct client_txn *txn;
	struct leak_set guard;
};

static void probe_end(void *arg, struct location_binding *b)
{
	struct location_probe *probe = b->probe;

	b->probe = NULL;
	if (probe->txn)
		client_txn_detach(probe->txn);
	free(probe);
}

/* ---- what comes back ---- */

static void on_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct location_probe *probe = arg;

	if (m->status < 200)
		return;
	location_alive(probe->binding);
	probe_end(probe->phones, probe->binding);
}

static void on_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct location_probe *probe = arg;
	struct location_binding *b = probe->binding;

	if (why == REJECT_FLOW_GONE)
		location_flow_dead(b, "keep-alive not sent");
	else
		probe_end(probe->phones, b);
}

static void on_terminated(void *arg, struct client_txn *t)
{
	struct location_probe *probe = arg;

	probe->txn = NULL;
}

static const struct client_ops probe_ops = {.response = on_response, .failed = on_failed, .terminated = on_terminated};

/* ---- what is sent ---- */

static void write_headers(struct writer *h, const struct worker *w, const struct location_binding *b, uint8_t slot,
			  const struct addr *local)
{
	char id[IDENT_LEN + 1];

	writer_lit(h, "Max-Forwards: 70\r\nFrom: <sip:");
	addr_write_host(h, local, true);
	ident_mint(w->key, slot, id);
	writer_fmt(h, ">;tag=%s\r\nTo: <", id);
	writer_str(h, location_uri(b));
	ident_mint(w->key, slot, id);
	writer_fmt(h, ">\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nAccept: application/sdp\r\n", id);
	if (w->config->server_name)
		header_write(h, STR("User-Agent"), str_z(w->config->server_name));
}

static int send_options(struct phones *p, struct location_binding *b, struct location_probe *probe)
{
	struct worker *w = p->worker;
	char headers[2048], via[ADDR_STRLEN];
	struct writer h = writer_init(headers, sizeof(headers)), v = writer_init(via, sizeof(via));
	struct addr local = transport_local(w->config, b->flow.network, b->flow.transport, addr_is_v6(&b->flow.remote),
					    &b->flow.local);
	struct client_request req = {
		.method = METHOD_OPTIONS,
		.ruri = location_uri(b),
		.to = b->flow,
		.slot = location_slot(p->location, location_aor_text(b)),
		.guard = &probe->guard,
		.ops = &probe_ops,
		.arg = probe,
	};
	struct uri u;
	int err;

	/* the phone has said this host itself, whatever else it is the name of */
	if (uri_parse(location_uri(b), &u))
		leak_set_allow(&probe->guard, u.host);
	addr_write(&v, &local);
	req.via_host = writer_result(&v);
	write_headers(&h, w, b, req.slot, &local);
	req.headers = writer_result(&h);
	if (h.overflow)
		return -EMSGSIZE;
	probe->txn = client_txn_start(w->txn, &req, &err);
	return probe->txn ? 0 : err;
}

/* The flow is gone; anything else may be better next time. */
static bool flow_gone(int err)
{
	return err == -ENOTCONN || err == -EDESTADDRREQ;
}

static int probe(struct phones *p, struct location_binding *b)
{
	struct location_probe *probe = calloc(1, sizeof(*probe));
	int err;

	if (!probe)
		return -ENOMEM;
	probe->phones = p;
	probe->binding = b;
	err = send_options(p, b, probe);
	if (err < 0)
		free(probe);
	else
		b->probe = probe;
	return err;
}

static void keepalive(void *arg, struct location_binding *b)
{
	struct phones *p = arg;
	enum config_keepalive how = p->worker->config->networks[b->flow.network].keepalive;
	int err;

	if (b->probe) {
		probe_end(p, b);
		b->missed++;
		location_count(p->location, keepalives_lost, 1);
		if (b->missed == MISSED_MAX) {
			location_flow_dead(b, "keep-alives not answered");
			return;
		}
	}
	location_count(p->location, keepalives, 1);
	/* RFC 5626 §3.5.1 has the client ping so; here it is the other way round, and means no more than "still here"
	 */
	err = how == CONFIG_KEEPALIVE_OPTIONS ? probe(p, b)
					      : transport_send(p->worker->transport, &b->flow, "\r\n\r\n", 4, 0);
	if (flow_gone(err))
		location_flow_dead(b, "keep-alive not sent");
}

static void source(void *arg, const struct location_binding *b, bool known)
{
	struct phones *p = arg;

	border_phone_known(p->border, location_network(b), &b->flow.remote, location_aor_text(b), known);
}

static void changed(void *arg, const struct location_binding *b)
{
	struct phones *p = arg;

	if (p->store)
		keep_binding(p->store, b);
}

static void removed(void *arg, const struct location_binding *b)
{
	struct phones *p = arg;

	store_del(p->store, STORE_BINDINGS, str_z(b->alias));
}

/* ---- other workers ---- */

struct letter {
	struct phones *to;
	struct phones_move move;
};

static void on_letter(void *arg)
{
	struct letter *x = arg;

	x->to->moved(x->to->moved_arg, &x->move);
	free(x);
}

static void post(struct phones *p, struct phones *to, const struct phones_move *m)
{
	struct letter *x = malloc(sizeof(*x));

	if (x) {
		*x = (struct letter){to, *m};
		if (loop_post(to->worker->loop, on_letter, x))
			return;
		free(x);
	}
	location_count(p->location, moves_untold, 1);
}

static void moved(void *arg, const struct location_binding *b, const struct destination *from)
{
	struct phones *p = arg;
	struct str aor = location_aor_text(b);
	struct phones_move m = {.was_known = from, .to = b->flow, .n_aor = aor.n};

	if (!p->moved)
		return;
	if (from)
		m.from = *from;
	memcpy(m.alias, b->alias, sizeof(m.alias));
	memcpy(m.aor, aor.p, aor.n);
	p->moved(p->moved_arg, &m);
	for (unsigned i = 0; i < p->n; i++)
		if (&p->all[i] != p)
			post(p, &p->all[i], &m);
}

struct location_user phones_user(struct phones *p)
{
	return (struct location_user){.keepalive = keepalive,
				      .probe_end = probe_end,
				      .changed = changed,
				      .removed = removed,
				      .moved = moved,
				      .source = source,
				      .arg = p};
}
