/* SPDX-License-Identifier: Apache-2.0 */
/* addr: one IPv4 or IPv6 transport address, and prefixes of them. Plain values, compared by content. IPv4-mapped IPv6
 * addresses are turned into IPv4 by every constructor, so one host has one form. Any thread. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/str.h"
#include "base/writer.h"

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
}; /* all zero: no address (family AF_UNSPEC) */

struct cidr {
	struct addr net;
	unsigned bits;
};

#define ADDR_STRLEN 56 /* "[v6]:port" and its NUL fit */

static inline bool addr_is_set(const struct addr *a)
{
	return a->sa.sa_family != AF_UNSPEC;
}
static inline bool addr_is_v6(const struct addr *a)
{
	return a->sa.sa_family == AF_INET6;
}

/* A literal address: "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". No names, no port. false: not an address. */
bool addr_parse(struct str host, uint16_t port, struct addr *ret);
/* "host:port" or "[v6]:port"; the port is needed (0 to 65535). */
bool addr_parse_hostport(struct str s, struct addr *ret);
/* From what the kernel gave us; maps ::ffff:a.b.c.d to IPv4. */
struct addr addr_from_sockaddr(const struct sockaddr *sa);
socklen_t addr_len(const struct addr *a);
uint16_t addr_port(const struct addr *a);
void addr_set_port(struct addr *a, uint16_t port);
static inline bool addr_equal_host(const struct addr *a, const struct addr *b) /* host alone */
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	switch (a->sa.sa_family) {
	case AF_INET:
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	case AF_INET6:
		return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0;
	}
	return true; /* neither is set */
}
static inline bool addr_equal(const struct addr *a, const struct addr *b) /* host and port */
{
	/* the port is in the same place in both families */
	return addr_equal_host(a, b) && (!addr_is_set(a) || a->in4.sin_port == b->in4.sin_port);
}
bool addr_is_any(const struct addr *a); /* 0.0.0.0 or :: */
bool addr_is_loopback(const struct addr *a);
/* RFC 1918, RFC 6598, link local, site local, ULA, loopback: an address that a far network cannot reach. */
bool addr_is_private(const struct addr *a);
/* Multicast, broadcast, 0.0.0.0/8, ::, port 0, or no address at all: never a place to send to. */
bool addr_is_unsendable(const struct addr *a);

/* "192.0.2.1" / "2001:db8::1" (RFC 5952); with brackets for URIs and Via when asked. "-" when unset. */
void addr_write_host(struct writer *w, const struct addr *a, bool brackets);
/* "192.0.2.1:5060" / "[2001:db8::1]:5060" */
void addr_write(struct writer *w, const struct addr *a);
/* addr_write into a static-size buffer of the caller, NUL-terminated; returns buf. "-" when unset. */
const char *addr_text(const struct addr *a, char buf[ADDR_STRLEN]);
const char *addr_text_host(const struct addr *a, char buf[ADDR_STRLEN]);

/* Family, host and port, and nothing else, in a fixed form for hashing: returns the bytes used (at most 19;
 * IPv4 7, unset 1). */
size_t addr_key(const struct addr *a, uint8_t buf[19]);

/* "192.0.2.0/24", or an address alone (all bits). Host bits below the prefix must be zero. A mapped prefix of 96 bits
 * or more becomes IPv4. */
bool cidr_parse(struct str s, struct cidr *ret);
bool cidr_contains(const struct cidr *c, const struct addr *a);

#endif
