/* SPDX-License-Identifier: Apache-2.0 */
/* udp: datagrams in batches by recvmmsg; out one by one: a batch of sends to different places was measured to save only
 * the system call's entry, some 200 ns of 5 µs. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/transport_internal.h"

#define UDP_MAX    65536
#define UDP_BATCH  16
#define SEND_TRIES 3
#define ROUNDS     4 /* batches of one socket in one turn, so that the others get theirs */

/* The kernel writes into `msgs` what it has to tell of those that it has filled: only these are made ready again. */
struct udp_batch {
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct sockaddr_in6 from[UDP_BATCH];
	uint8_t bytes[UDP_BATCH][UDP_MAX];
};

static void make_ready(struct udp_batch *b, unsigned i)
{
	b->msgs[i].msg_hdr = (struct msghdr){
		.msg_name = &b->from[i], .msg_namelen = sizeof(b->from[i]), .msg_iov = &b->iov[i], .msg_iovlen = 1};
}

struct udp_batch *udp_batch_create(void)
{
	struct udp_batch *b = malloc(sizeof(*b));

	if (!b)
		return NULL;
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		b->iov[i] = (struct iovec){b->bytes[i], UDP_MAX};
		make_ready(b, i);
	}
	return b;
}

static void deliver(struct listener *l, const struct mmsghdr *m, const struct sockaddr *from, const uint8_t *p)
{
	struct transport *t = l->transport;
	struct flow_addr flow = {
		.network = l->network, .transport = l->kind, .local = l->addr, .remote = addr_from_sockaddr(from)};

	transport_count(&t->received, 1);
	transport_count(&t->bytes_in, m->msg_len);
	if (m->msg_hdr.msg_flags & MSG_TRUNC || m->msg_len > t->config->limits.message_bytes)
		t->user->refused(t->arg, l->network, &flow.remote, REJECT_SIZE);
	else
		(void)t->user->received(t->arg, &flow, p, m->msg_len, false); /* no room: lost, as in the network */
}

void udp_readable(void *arg, int events)
{
	struct listener *l = arg;
	struct udp_batch *b = l->transport->batch;

	if (events & LOOP_ERROR)
		udp_errors_take(l);
	for (unsigned round = 0; round < ROUNDS; round++) {
		int n = recvmmsg(l->fd, b->msgs, UDP_BATCH, MSG_DONTWAIT, NULL);

		for (int i = 0; i < n; i++) {
			deliver(l, &b->msgs[i], (struct sockaddr *)&b->from[i], b->bytes[i]);
			make_ready(b, (unsigned)i);
		}
		/* fewer than asked for: there are no more now */
		if (n < UDP_BATCH)
			return;
	}
}

int udp_send(struct listener *l, const struct addr *to, const char *text, size_t n)
{
	ssize_t sent;

	for (unsigned tries = 0;; tries++) {
		/* an error may only tell of ICMP for an earlier datagram: telling takes it off the socket, and what is
		 * still in the error queue is not looked at here, for each that is taken has the next one told */
		sent = sendto(l->fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL, &to->sa, addr_len(to));
		if (sent >= 0 || errno == EAGAIN || errno == ENOBUFS || tries == SEND_TRIES)
			break;
	}
	if (sent < 0) {
		int err = errno;

		transport_count(&l->transport->send_errors, 1);
		/* a full buffer is a lost datagram: there are timers for that */
		return err == EAGAIN || err == ENOBUFS ? 0 : -err;
	}
	transport_count(&l->transport->sent, 1);
	transport_count(&l->transport->bytes_out, n);
	return 0;
}
