/* SPDX-License-Identifier: Apache-2.0 */
/* sock: the one module that creates sockets. Every descriptor is non-blocking and close-on-exec, and is kept in a table
 * name -> descriptor until sock_close(), so that an in-place upgrade can hand them over and a gauge can tell of a leak.
 * The caller owns the descriptor and gives it back with sock_close(), never close(). Thread-safe (one mutex around the
 * table; not taken per packet). Options may be NULL: all defaults. */
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
	bool errors;        /* IP_RECVERR/IPV6_RECVERR: what ICMP quotes of sent datagrams, from MSG_ERRQUEUE */
};

enum sock_kind {
	SOCK_KIND_SIGNALLING,
	SOCK_KIND_STREAM, /* accepted and connected TCP */
	SOCK_KIND_MEDIA,
	SOCK_KIND_COUNT,
};

/* Bound UDP socket. Returns the descriptor, or -errno (-ENOMEM: the table; -EAFNOSUPPORT: local is unset; -EINVAL:
 * dscp; else the kernel's). IPv6 sockets are IPV6_V6ONLY. Three system calls when no option is set, one less for IPv4.
 */
int sock_udp(enum sock_kind kind, const struct addr *local, const struct sock_options *o);
/* Bound and listening TCP socket (SO_REUSEADDR set), of kind SOCK_KIND_SIGNALLING. Errors as sock_udp(). */
int sock_listen(const struct addr *local, int backlog, const struct sock_options *o);
/* Starts a TCP connection from local (port 0: any) to remote: the descriptor, with the connect possibly in progress.
 * TCP_NODELAY set, kind SOCK_KIND_STREAM. Errors as sock_udp(), and -EAFNOSUPPORT when the families differ. */
int sock_connect(const struct addr *local, const struct addr *remote, const struct sock_options *o);
/* Accepts one connection, of kind SOCK_KIND_STREAM. -EAGAIN when there is none; connections that died while they waited
 * are passed over. -EMFILE, -ENFILE, -ENOMEM, -ENOBUFS: the caller must rest, or a level-triggered loop will spin.
 * TCP_NODELAY set when listener is from sock_listen(). */
int sock_accept(int listener, struct addr *ret_remote);
/* Puts a descriptor made elsewhere (inherited at an upgrade, a socketpair in a test) into the table as if made here; it
 * must be non-blocking and close-on-exec already. 0, or -ENOMEM, and then the caller still owns fd. */
int sock_adopt(enum sock_kind kind, int fd);
/* Closes and forgets; fd < 0 is allowed and does nothing. Asserts that fd is in the table under this kind: a descriptor
 * closed twice would be somebody else's by then. */
void sock_close(enum sock_kind kind, int fd);
/* What mostly helps when a port cannot be opened for this -errno: "; ..." to be put behind its name, or "". */
const char *sock_mend(int err);
/* Open descriptors of this kind. */
size_t sock_count(enum sock_kind kind);

/* Names in the table: "media/udp:192.0.2.1:20000", with "%device" after it when bound to one, and for connections
 * "stream/tcp:192.0.2.1:5060>198.51.100.7:40112". Sockets that share an address (reuseport) share a name. Calls fn for
 * each entry, in order of descriptors, under the table's lock: fn calls nothing of this module. name lives for the
 * call. Asks the kernel about each descriptor: for upgrades and diagnosis, not for counting. */
#define SOCK_NAMELEN 160
void sock_for_each(void (*fn)(void *arg, const char *name, int fd), void *arg);

#endif
