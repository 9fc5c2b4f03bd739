/* SPDX-License-Identifier: Apache-2.0 */
/* calls: so many a second, each INVITE, 200, ACK, half a second, BYE, 200. A call fails when it is refused or when
 * something stays unanswered for five seconds. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "storm.h"

#define CALLS_MAX  20000
#define SPEAK_US   500000
#define REPEAT_US  500000
#define PATIENT_US 5000000

struct call {
	enum { ASKED, SPEAKING, ENDING, OVER } state;
	uint64_t begun_us, since_us, said_us;
	unsigned setup_us;
	char to_tag[64], contact[200];
};

static int fd = -1;
static struct call calls[CALLS_MAX];
static unsigned n_calls, n_first, rate, n_ok, n_failed, n_repeated;
static uint64_t next_us;

void calls_open(int epoll)
{
	struct sockaddr_in here = at(CALLER_IP, 5060);
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = UINT32_MAX - 1};
	fd = udp_open(&here);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		err(1, "calls");
}

static void request(unsigned i, const char *method, unsigned cseq, const char *ruri, const char *to_tag,
		    const char *more, const char *body)
{
	struct sockaddr_in to = at(LIMEN_NEAR, 5060);
	char out[SIP_MAX];
	int n = snprintf(out, sizeof(out),
			 "%s %s SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP " CALLER_IP ":5060;branch=z9hG4bK-c%u-%u-%s;rport\r\n"
			 "Max-Forwards: 70\r\n"
			 "From: <sip:caller@" CALLER_IP ">;tag=f%u\r\n"
			 "To: <sip:callee@" LIMEN_NEAR ">%s%s\r\n"
			 "Call-ID: c%u@" CALLER_IP "\r\n"
			 "CSeq: %u %s\r\n"
			 "Contact: <sip:caller@" CALLER_IP ":5060>\r\n"
			 "%sContent-Length: %zu\r\n\r\n%s",
			 method, ruri, i, cseq, method, i, *to_tag ? ";tag=" : "", to_tag, i, cseq, method, more,
			 strlen(body), body);
	udp_send(fd, &to, out, (size_t)n);
}

static void say(unsigned i)
{
	struct call *c = &calls[i];
	c->said_us = now_us();
	if (c->state == ASKED)
		request(i, "INVITE", 1, "sip:callee@" LIMEN_NEAR, "", "Content-Type: application/sdp\r\n",
			"v=0\r\no=- 1 1 IN IP4 " CALLER_IP "\r\ns=-\r\nc=IN IP4 " CALLER_IP
			"\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n");
	else
		request(i, "BYE", 2, c->contact, c->to_tag, "", "");
}

static void enter(unsigned i, int state)
{
	calls[i].state = state;
	calls[i].since_us = now_us();
	if (state == ASKED || state == ENDING)
		say(i);
}

static void end(unsigned i, bool ok)
{
	enter(i, OVER);
	n_ok += ok;
	n_failed += !ok;
}

static void answered(unsigned i, const char *m)
{
	struct text to = header(m, "To", 0), contact = header(m, "Contact", 0);
	struct call *c = &calls[i];
	const char *tag = memmem(to.p, to.n, ";tag=", 5), *uri = memchr(contact.p, '<', contact.n);
	if (!tag || !uri)
		errx(1, "an answer without tag or Contact");
	snprintf(c->to_tag, sizeof(c->to_tag), "%.*s", (int)strcspn(tag + 5, ";\r"), tag + 5);
	snprintf(c->contact, sizeof(c->contact), "%.*s", (int)strcspn(uri + 1, ">"), uri + 1);
	if (c->state == ASKED) {
		c->setup_us = (unsigned)(now_us() - c->begun_us);
		enter(i, SPEAKING);
	}
	request(i, "ACK", 1, c->contact, c->to_tag, "", "");
}

static void response(const char *m)
{
	unsigned status = status_of(m), i = number_after(header(m, "Call-ID", 0), "c");
	bool bye = strstr(header(m, "CSeq", 0).p, "BYE") == header(m, "CSeq", 0).p + 2;
	if (i >= n_calls || status < 200)
		return;
	if (bye && calls[i].state == ENDING)
		end(i, status == 200);
	else if (!bye && status == 200)
		answered(i, m);
	else if (!bye && calls[i].state == ASKED)
		end(i, false);
}

void calls_read(void)
{
	struct sockaddr_in from;
	char m[SIP_MAX], out[SIP_MAX];
	size_t n;
	while (udp_take(fd, m, &n, &from)) {
		if (status_of(m))
			response(m);
		else if (!is_request(m, "ACK")) /* Limen has no reason to end a call: it shows as failed */
			udp_send(fd, &from, out, respond(out, m, "200 OK", "x", "", ""));
	}
}

void calls_reset(unsigned per_second)
{
	n_first = n_calls;
	n_ok = n_failed = n_repeated = 0;
	rate = per_second;
	next_us = now_us();
}

static void look_at(unsigned i, uint64_t now)
{
	struct call *c = &calls[i];
	if (c->state == OVER)
		return;
	if (c->state == SPEAKING) {
		if (now - c->since_us >= SPEAK_US)
			enter(i, ENDING);
	} else if (now - c->since_us >= PATIENT_US) {
		end(i, false);
	} else if (now - c->said_us >= REPEAT_US) {
		n_repeated++;
		say(i);
	}
}

void calls_tick(bool begin)
{
	uint64_t now = now_us();
	for (unsigned i = n_first; i < n_calls; i++)
		look_at(i, now);
	while (begin && rate && next_us <= now && n_calls < CALLS_MAX) {
		calls[n_calls].begun_us = now;
		enter(n_calls++, ASKED);
		next_us += 1000000 / rate;
	}
}

unsigned calls_open_now(void)
{
	return n_calls - n_first - n_ok - n_failed;
}

static int by_size(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return (x > y) - (x < y);
}

struct call_figures call_figures(void)
{
	struct call_figures f = {.asked = n_calls - n_first, .ok = n_ok, .failed = n_failed, .repeated = n_repeated};
	unsigned *us = calloc(n_ok + n_failed + 1, sizeof(*us)), n = 0;
	if (!us)
		err(1, "figures");
	for (unsigned i = n_first; i < n_calls; i++)
		if (calls[i].setup_us)
			us[n++] = calls[i].setup_us;
	qsort(us, n, sizeof(*us), by_size);
	if (n) {
		f.p50_us = us[n / 2];
		f.p99_us = us[n * 99 / 100];
		f.max_us = us[n - 1];
	}
	free(us);
	return f;
}
