/* SPDX-License-Identifier: Apache-2.0 */
/* udp: datagrams in batches, in by recvmmsg, out by sendmmsg at the end of the turn. */
#include <errno.h>

#include "sbc/sip/transport_internal.h"

#define UDP_MAX 65536
#define ROUNDS  4 /* batches of one socket in one turn, so that the others get theirs */

static void deliver(struct listener *l, const struct mmsghdr *m, const struct sockaddr *from, const uint8_t *p)
{
	struct transport *t = l->transport;
	struct flow_addr flow = {.network = l->network, .listener = l->index, .remote = addr_from_sockaddr(from)};

	transport_count(&t->received, 1);
	transport_count(&t->bytes_in, m->msg_len);
	if (m->msg_hdr.msg_flags & MSG_TRUNC || m->msg_len > t->config->limits.message_bytes)
		t->user->refused(t->arg, l->network, &flow.remote, REJECT_SIZE);
	else
		t->user->received(t->arg, &flow, p, m->msg_len);
}

void udp_readable(void *arg, int events)
{
	struct listener *l = arg;
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct sockaddr_in6 from[UDP_BATCH];

	for (unsigned i = 0; i < UDP_BATCH; i++) {
		iov[i] = (struct iovec){l->transport->udp_buffers + (size_t)i * UDP_MAX, UDP_MAX};
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i], .msg_iovlen = 1};
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		int n = recvmmsg(l->fd, msgs, UDP_BATCH, MSG_DONTWAIT, NULL);

		/* an error that ICMP brought is for a datagram of ours that its transaction will repeat */
		for (int i = 0; i < n; i++)
			deliver(l, &msgs[i], (struct sockaddr *)&from[i], iov[i].iov_base);
		/* fewer than asked for: there are no more now */
		if (n < UDP_BATCH)
			return;
		for (unsigned i = 0; i < UDP_BATCH; i++)
			msgs[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
}

/* ---- the way out ---- */

static void sent(struct listener *l, struct udp_out *o, int err)
{
	struct transport *t = l->transport;

	o->from = NULL;
	if (err == 0) {
		transport_count(&t->sent, 1);
		transport_count(&t->bytes_out, o->n);
		return;
	}
	transport_count(&t->send_errors, 1);
	/* a full buffer is a lost datagram: there are timers for that */
	if (o->cookie && err != EAGAIN && err != ENOBUFS)
		t->user->send_failed(t->arg, o->cookie, -err);
}

/* All that waits for one socket, in order. */
static void send_from(struct listener *l, unsigned n_out)
{
	struct transport *t = l->transport;
	struct mmsghdr msgs[UDP_OUT];
	struct iovec iov[UDP_OUT];
	struct udp_out *which[UDP_OUT];
	unsigned n = 0, at = 0;
	bool again = false;

	for (unsigned i = 0; i < n_out; i++) {
		struct udp_out *o = &t->udp_out[i];

		if (o->from != l)
			continue;
		iov[n] = (struct iovec){t->udp_out_text + o->at, o->n};
		msgs[n].msg_hdr = (struct msghdr){
			.msg_name = &o->to.sa, .msg_namelen = addr_len(&o->to), .msg_iov = &iov[n], .msg_iovlen = 1};
		which[n++] = o;
	}
	while (at < n) {
		int r = sendmmsg(l->fd, msgs + at, n - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		for (int i = 0; i < r; i++)
			sent(l, which[at++], 0);
		if (r > 0) {
			again = false;
			continue;
		}
		/* the first try may only have told of an ICMP error for an earlier datagram */
		if (!again && errno == ECONNREFUSED) {
			again = true;
			continue;
		}
		sent(l, which[at++], errno);
		again = false;
	}
}

void udp_send_all(struct transport *t)
{
	unsigned n = t->n_udp_out;

	/* what send_failed() brings about is posted, never sent from inside */
	for (unsigned i = 0; i < n; i++)
		if (t->udp_out[i].from)
			send_from(t->udp_out[i].from, n);
	t->n_udp_out = 0;
}

void udp_flush(struct loop_deferred *d)
{
	udp_send_all(container_of(d, struct transport, udp_flush));
}

/* Until the end of the turn: each send wakes its receiver, and one on the same processor would run at once, in the
 * midst of our work. */
int udp_send(struct listener *l, const struct addr *to, const char *text, size_t n, uint64_t cookie)
{
	struct transport *t = l->transport;
	struct udp_out *last = t->n_udp_out ? &t->udp_out[t->n_udp_out - 1] : NULL;
	size_t at = last ? last->at + last->n : 0;

	if (n > UDP_OUT_BYTES)
		return -EMSGSIZE;
	if (t->n_udp_out == UDP_OUT || n > UDP_OUT_BYTES - at) {
		udp_send_all(t);
		at = 0;
	}
	memcpy(t->udp_out_text + at, text, n);
	t->udp_out[t->n_udp_out++] = (struct udp_out){.from = l, .to = *to, .at = at, .n = n, .cookie = cookie};
	loop_defer(t->loop, &t->udp_flush);
	return 0;
}
