/* SPDX-License-Identifier: Apache-2.0 */
/* core: a registrar that gives what it is asked for and notes when, and a callee that answers at once. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "storm.h"

#define SEEN_MAX 1000000

static int fd = -1;
static uint64_t *seen_us;
static unsigned n_seen;

void core_open(int epoll)
{
	struct sockaddr_in here = at(CORE_IP, 5060);
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
	fd = udp_open(&here);
	seen_us = calloc(SEEN_MAX, sizeof(*seen_us));
	if (!seen_us || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		err(1, "core");
}

static void answer(const struct sockaddr_in *to, const char *m, const char *status, const char *more, const char *body)
{
	char out[SIP_MAX];
	udp_send(fd, to, out, respond(out, m, status, "core", more, body));
}

static void registrar(const struct sockaddr_in *from, const char *m)
{
	char contacts[SIP_MAX / 2];
	struct text c;
	size_t n = 0;
	contacts[0] = '\0';
	if (n_seen < SEEN_MAX)
		seen_us[n_seen++] = now_us();
	for (unsigned i = 0; (c = header(m, "Contact", i)).p && n < sizeof(contacts) / 2; i++)
		if (number_after(c, "expires="))
			n += (size_t)snprintf(contacts + n, sizeof(contacts) - n, "Contact: %.*s\r\n", (int)c.n, c.p);
	answer(from, m, "200 OK", contacts, "");
}

static void callee(const struct sockaddr_in *from, const char *m)
{
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 " CORE_IP "\r\ns=-\r\nc=IN IP4 " CORE_IP
				  "\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
	static const char contact[] = "Contact: <sip:callee@" CORE_IP ":5060>\r\n";
	static const char with_sdp[] = "Contact: <sip:callee@" CORE_IP ":5060>\r\nContent-Type: application/sdp\r\n";
	if (is_request(m, "INVITE")) {
		answer(from, m, "180 Ringing", contact, "");
		answer(from, m, "200 OK", with_sdp, sdp);
	} else if (!is_request(m, "ACK")) {
		answer(from, m, "200 OK", "", "");
	}
}

void core_read(void)
{
	struct sockaddr_in from;
	char m[SIP_MAX];
	size_t n;
	while (udp_take(fd, m, &n, &from)) {
		if (is_request(m, "REGISTER"))
			registrar(&from, m);
		else if (!status_of(m))
			callee(&from, m);
	}
}

void core_reset(void)
{
	n_seen = 0;
}

/* Of any window of that length, wherever it begins. */
static unsigned most_within(uint64_t us)
{
	unsigned most = 0;
	for (unsigned first = 0, i = 0; i < n_seen; i++) {
		while (seen_us[i] - seen_us[first] >= us)
			first++;
		if (i - first + 1 > most)
			most = i - first + 1;
	}
	return most;
}

struct core_figures core_figures(void)
{
	return (struct core_figures){n_seen, most_within(100000), most_within(1000000)};
}
