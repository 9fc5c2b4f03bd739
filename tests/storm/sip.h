/* SPDX-License-Identifier: Apache-2.0 */
/* sip: the little that a generator of load needs to read and write SIP. It speaks to Limen alone and trusts it. */
#ifndef TESTS_STORM_SIP_H
#define TESTS_STORM_SIP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIP_MAX 4096

struct text {
	const char *p;
	size_t n;
};

uint64_t now_us(void);
struct sockaddr_in at(const char *ip, unsigned port);
/* Bound, not blocking, with room for a second of a storm; ends the program when that fails. */
int udp_open(const struct sockaddr_in *here);
/* One datagram; false: none there. buf has SIP_MAX bytes and gets a NUL. */
bool udp_take(int fd, char *buf, size_t *ret_n, struct sockaddr_in *ret_from);
void udp_send(int fd, const struct sockaddr_in *to, const char *p, size_t n);

/* The nth value of this header; p NULL: none. */
struct text header(const char *m, const char *name, unsigned nth);
unsigned status_of(const char *m); /* 0: a request */
bool is_request(const char *m, const char *method);
/* The number behind `key` in the value of a header; 0: none. */
unsigned number_after(struct text value, const char *key);
/* A response with what has to be repeated; `more` are whole lines and the body's type, tag "" for 100. */
size_t respond(char *out, const char *request, const char *status, const char *tag, const char *more, const char *body);

#endif
