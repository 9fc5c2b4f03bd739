/* SPDX-License-Identifier: Apache-2.0 */
/* udp_errors: what ICMP says of datagrams that we sent, from the sockets' error queues (IP_RECVERR). The kernel keeps
 * the destination of the datagram in question and what the ICMP message quotes of it. Anyone can send us ICMP: who acts
 * on it must find in the quotation what only a receiver or a router on the way can have seen.
 *
 * With these queues an error also comes back from the next system call on the socket, whomever that is for, and taking
 * one from the queue has the next one come back so: udp_send() only tries again, and the queue is left to the loop. */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <time.h>

#include <linux/errqueue.h>

#include "sbc/sip/transport_internal.h"

#define BATCH 16 /* what one look takes: the rest is ready still */
#define QUOTED                                                                                                         \
	1280 /* RFC 792 quotes at least 8 bytes of a datagram, RFC 1812 up to 576 of all, RFC 4443 up to 1280          \
	      */

/* RFC 3261 §18.4: unreachable host, network, port or protocol is told; the others are not about our peer. */
static bool is_unreachable(const struct sock_extended_err *e)
{
	if (e->ee_origin == SO_EE_ORIGIN_ICMP)
		return e->ee_type == ICMP_DEST_UNREACH && e->ee_code != ICMP_FRAG_NEEDED;
	return e->ee_origin == SO_EE_ORIGIN_ICMP6 && e->ee_type == ICMP6_DST_UNREACH;
}

static const struct sock_extended_err *error_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			return (const struct sock_extended_err *)CMSG_DATA(c);
	return NULL;
}

static bool take(struct listener *l)
{
	struct transport *t = l->transport;
	uint8_t quoted[QUOTED];
	struct sockaddr_in6 to = {0};
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct iovec iov = {quoted, sizeof(quoted)};
	struct msghdr m = {.msg_name = &to,
			   .msg_namelen = sizeof(to),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(l->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
	const struct sock_extended_err *e = n < 0 ? NULL : error_of(&m);
	struct addr remote;

	if (n < 0)
		return false;
	remote = addr_from_sockaddr((struct sockaddr *)&to);
	if (e && is_unreachable(e) && t->user->unreachable &&
	    t->user->unreachable(t->arg, l->network, &remote, quoted, (size_t)n, -(int)e->ee_errno))
		transport_count(&t->unreachable, 1);
	else
		transport_count(&t->icmp_ignored, 1);
	return true;
}

void udp_errors_take(struct listener *l)
{
	for (unsigned i = 0; i < BATCH && take(l); i++)
		;
}
