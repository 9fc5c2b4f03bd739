/* SPDX-License-Identifier: Apache-2.0 */
/* sock: the one module that creates sockets. Every descriptor is non-blocking and close-on-exec, and is kept in a table
 * name -> descriptor until sock_close(), so that an in-place upgrade can hand them over and a gauge can tell of a leak.
 * Thread-safe (one mutex around the table; not taken per packet). */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct sock_options {
	const char *device; /* SO_BINDTODEVICE, or NULL */
	int rcvbuf_bytes;   /* 0: the kernel's default */
	int sndbuf_bytes;   /* 0: the kernel's default */
	uint8_t dscp;       /* 0..63 */
	bool reuseport;     /* SO_REUSEPORT: several workers on one address */
	bool packet_info;   /* IP_PKTINFO/IPV6_RECVPKTINFO */
};

enum sock_kind {
	SOCK_KIND_SIGNALLING,
	SOCK_KIND_STREAM, /* accepted and connected TCP */
	SOCK_KIND_MEDIA,
	SOCK_KIND_COUNT,
};

/* Bound UDP socket. Returns the descriptor, or -errno. IPv6 sockets are IPV6_V6ONLY. */
int sock_udp(enum sock_kind kind, const struct addr *local, const struct sock_options *o);
/* Bound and listening TCP socket (SO_REUSEADDR set). */
int sock_listen(const struct addr *local, int backlog, const struct sock_options *o);
/* Starts a TCP connection from local (port 0: any) to remote: the descriptor, with the connect possibly in progress. */
int sock_connect(const struct addr *local, const struct addr *remote, const struct sock_options *o);
/* Accepts one connection. -EAGAIN when there is none. TCP_NODELAY set. */
int sock_accept(int listener, struct addr *ret_remote);
/* Closes and forgets; fd < 0 is allowed and does nothing. */
void sock_close(enum sock_kind kind, int fd);
/* Open descriptors of this kind. */
size_t sock_count(enum sock_kind kind);

/* Names in the table: "KIND/local address" for bound sockets. Calls fn for each entry under the table's lock. */
void sock_for_each(void (*fn)(void *arg, const char *name, int fd), void *arg);

#endif
