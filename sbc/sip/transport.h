/* SPDX-License-Identifier: Apache-2.0 */
/* transport: one worker's sockets: a UDP and a listening TCP socket per listener (SO_REUSEPORT), TCP connections,
 * framing, bounded buffers. Hands up raw whole messages with where they came from; sends text to where it is told.
 * Knows nothing of what a message says beyond its framing. Worker's thread only.
 *
 * Connections have ids that name their worker: sending on another worker's connection goes through that worker's queue.
 */
#ifndef SBC_SIP_TRANSPORT_H
#define SBC_SIP_TRANSPORT_H

#include "config/config.h"
#include "sbc/sip/loop.h"
#include "sbc/sip/message.h"

struct transport;

struct transport_user {
	/* A whole message (valid during the call only). false, for streams only: there is no room for it now; nothing
	 * more is read from that connection until the same message, told as `again`, is taken. */
	bool (*received)(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n, bool again);
	/* A connection that was opened or used for sending is gone: cookie of each queued send that was lost comes one
	 * by one. */
	void (*send_failed)(void *arg, uint64_t cookie, int error);
	/* A connection is gone, whichever worker held it and whether or not anything was queued on it: told once on
	 * every worker. What was queued is told first, on the worker that held it. NULL: not wanted. */
	void (*closed)(void *arg, unsigned network, uint64_t connection);
	/* ICMP says that a datagram for `to` did not arrive, and quotes so much of it (the beginning). Anyone can send
	 * that: true when the quotation proves that it was sent by us. May be called from inside transport_send(); must
	 * not send. NULL: not wanted. */
	bool (*unreachable)(void *arg, unsigned network, const struct addr *to, const uint8_t *quoted, size_t n,
			    int error);
	/* Counted refusals that happen below messages: connections, sources, buffers. */
	void (*refused)(void *arg, unsigned network, const struct addr *from, enum reject_reason why);
};

/* Where to send. network, transport and local choose the socket. */
struct destination {
	unsigned network;
	enum config_transport transport;
	struct addr local; /* a listener's address; unset, or none any more: the first of that transport and family */
	struct addr remote;
	uint64_t connection; /* streams: reuse exactly this one if it lives; 0: any live one to remote, else open one */
	bool flow_only; /* Only by the flow that exists: `connection`, or for UDP `local`; -ENOTCONN once it is gone.
			   For replies (RFC 3261 §18.2.2 is not followed to Via's host) and for requests to who is
			   reached by its own flow alone: a phone behind NAT (RFC 5626 §5.3) */
};
/* flow_only is not set. */
static inline struct destination destination_of_flow(const struct flow_addr *f)
{
	return (struct destination){
		.network = f->network,
		.transport = f->transport,
		.local = f->local,
		.remote = f->remote,
		.connection = f->connection,
	};
}

/* Opens every listener of the configuration. 0, or -errno with a line for the operator in err. */
int transport_create(struct loop *l, struct config *c, unsigned worker, const struct transport_user *user, void *arg,
		     struct transport **ret, char *err, size_t err_n);
/* The transports of all workers, this one included, in their order: for sending on a connection that another worker
 * holds, and for counting each source's connections together. Before any thread runs; all[0] is set already, the array
 * stays the caller's and must stay. */
void transport_set_siblings(struct transport *t, struct transport *const *all, unsigned n);
void transport_destroy(struct transport *t);
/* New listeners are opened, removed ones closed after open transactions had 64*T1; connections stay. 0, or -errno with
 * a line in err: a new listener could not be opened; the rest is done, and the next call tries it again. */
int transport_set_config(struct transport *t, struct config *c, char *err, size_t err_n);

/* Sends one message; text is the caller's again on return. UDP: at once. TCP: bounded backlog; what is lost with its
 * connection is told by send_failed(cookie). 0 (taken), or -errno: -EDESTADDRREQ (unsendable address, no
 * listener of that transport and family), -ENOBUFS (backlog full, or too much waits for another worker), -ENOMEM,
 * -ENOTCONN (flow_only, and the flow is gone), ... cookie 0: do not tell of failure. A connection that another worker
 * holds is asked there: then -ENOTCONN comes by send_failed. */
int transport_send(struct transport *t, const struct destination *d, const char *text, size_t n, uint64_t cookie);
bool transport_reliable(enum config_transport t);
/* The network has a listener of that transport and family: something can be sent from there. */
bool transport_listens(const struct config *c, unsigned network, enum config_transport t, bool v6);

/* Our own address as the far side must see it, for Via and Contact: advertised host and listener's port. local: the
 * listener's; NULL, unset, or not in c: the first of that transport and family. */
struct addr transport_local(const struct config *c, unsigned network, enum config_transport t, bool v6,
			    const struct addr *local);
/* The same as text: "192.0.2.1:5060", "[2001:db8::1]:5060"; of the configuration's. "-": there is none. */
struct str transport_local_text(const struct config *c, unsigned network, enum config_transport t, bool v6,
				const struct addr *local);

struct transport_gauges {
	uint64_t connections, received, sent, bytes_in, bytes_out, send_errors, closed_idle, closed_slow, refused_limit,
		pauses, held, unreachable, icmp_ignored;
};
void transport_gauges(const struct transport *t, struct transport_gauges *ret); /* any thread, approximate */

#endif
