/* SPDX-License-Identifier: Apache-2.0 */
/* parties: the two far sides of a call as a test plays them, on sockets of their own: a calls, b answers. What has no
 * answer yet is kept, so that the test can say it again. */
#ifndef TESTS_UNIT_CALL_PARTIES_H
#define TESTS_UNIT_CALL_PARTIES_H

#include "sbc/sip/digest.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/message.h"
#include "tests/unit/sip/net.h"

static uint16_t limen_port;

struct party {
	int fd;
	struct addr addr;
	unsigned cseq;
	char request[2000]; /* not answered yet */
	size_t request_n;
	char answer[2000]; /* a 2xx not acknowledged yet */
	size_t answer_n;
	unsigned answer_cseq;
	char remote_tag[64], contact[200];
	int final; /* of the last request */
	bool talking, ended;
	bool answered, acked; /* b: its 2xx of the first INVITE */
};
static struct party a, b;
static unsigned call_number;
static char alias[IDENT_LEN + 1]; /* b is a registered phone, called by it; empty: a peer */
static bool asks;                 /* b wants to know who asks, and has a new nonce each time */
static bool late;                 /* the offer comes in the 2xx, the answer in the ACK */

#define SDP                                                                                                            \
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n"    \
	"a=rtpmap:101 telephone-event/8000\r\n"

static inline void send_text(struct party *p, const char *text, size_t n)
{
	struct addr to = at("127.0.0.1:1");

	addr_set_port(&to, limen_port);
	(void)!sendto(p->fd, text, n, 0, &to.sa, addr_len(&to));
}

static inline size_t make_request(char *buf, size_t cap, const char *method, unsigned cseq, const char *branch,
				  const char *body)
{
	char tag[80] = "", callee[80];

	snprintf(callee, sizeof(callee), "sip:%s@127.0.0.1", alias[0] ? alias : "100");
	if (a.remote_tag[0])
		snprintf(tag, sizeof(tag), ";tag=%s", a.remote_tag);
	return (size_t)snprintf(
		buf, cap,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%u-%u\r\n"
		"From: <sip:alice@example.com>;tag=fa%u\r\nTo: <sip:100@example.net>%s\r\nCall-ID: oom-%u\r\n"
		"CSeq: %u %s\r\nMax-Forwards: 70\r\nContact: <sip:alice@127.0.0.1:%u>\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, a.contact[0] ? a.contact : callee, addr_port(&a.addr), branch, call_number, cseq, call_number,
		tag, call_number, cseq, method, addr_port(&a.addr), body[0] ? "Content-Type: application/sdp\r\n" : "",
		strlen(body), body);
}

static inline void a_request(const char *method, const char *body)
{
	a.final = 0;
	a.cseq++;
	a.request_n = make_request(a.request, sizeof(a.request), method, a.cseq, method, body);
	send_text(&a, a.request, a.request_n);
}

static unsigned nonces;

static inline void reply(struct party *p, const struct message *m, int status, const char *body)
{
	char buf[2000];
	struct writer w = writer_init(buf, sizeof(buf));
	const void *it = NULL;
	struct header h;

	writer_fmt(&w, "SIP/2.0 %d X\r\n", status);
	while (message_next_header(m, &it, &h))
		if (str_eq(h.name, str_z("Via")) || str_eq(h.name, str_z("From")) || str_eq(h.name, str_z("To")) ||
		    str_eq(h.name, str_z("Call-ID")) || str_eq(h.name, str_z("CSeq")))
			writer_fmt(&w, "%.*s: %.*s%s\r\n", STR_FMT(h.name), STR_FMT(h.value),
				   str_eq(h.name, str_z("To")) && !m->to.tag.n ? ";tag=tb" : "");
	if (status == 407)
		writer_fmt(&w, "Proxy-Authenticate: Digest realm=\"b\", nonce=\"%u\", qop=\"auth\"\r\n", ++nonces);
	writer_fmt(&w, "Contact: <sip:bob@127.0.0.2:%u>\r\n%sContent-Length: %zu\r\n\r\n%s", addr_port(&p->addr),
		   body[0] ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
	send_text(p, buf, w.n);
	if (m->method == METHOD_INVITE && status >= 200 && status < 300) {
		memcpy(p->answer, buf, w.n);
		p->answer_n = w.n;
		p->answer_cseq = m->cseq;
	}
}

/* a request of ours to b, whose tag is "tb" */
static inline void in_dialog(const struct party *p, const struct message *m)
{
	if (p == &b && !str_eq(m->to.tag, str_z("tb")))
		fail_msg("%.*s with To tag \"%.*s\"", STR_FMT(m->method_text), STR_FMT(m->to.tag));
}

/* One that carries the nonce given last. */
static inline bool knows_nonce(const struct message *m)
{
	struct digest_credentials c;
	struct str value;
	uint64_t n;

	return message_header(m, STR("Proxy-Authorization"), 0, &value) && digest_credentials_parse(value, &c) == 0 &&
	       str_to_u64(c.nonce, UINT32_MAX, &n) && n == nonces;
}

static inline void take_request(struct party *p, const struct message *m)
{
	if (asks && p == &b && m->method != METHOD_ACK && m->method != METHOD_CANCEL && !knows_nonce(m)) {
		reply(p, m, 407, "");
		return;
	}
	switch (m->method) {
	case METHOD_INVITE:
		if (p->answer_n && p->answer_cseq == m->cseq)
			break; /* repeated */
		if (!m->to.tag.n)
			reply(p, m, 180, "");
		reply(p, m, 200, SDP);
		p->answered = true;
		p->acked = false;
		break;
	case METHOD_ACK:
		in_dialog(p, m);
		p->acked = true;
		p->answer_n = 0;
		break;
	case METHOD_BYE:
		in_dialog(p, m);
		p->answer_n = 0;
		p->ended = true;
		reply(p, m, 200, "");
		break;
	default:
		reply(p, m, 200, "");
	}
}

static inline void take_response(struct party *p, const struct message *m)
{
	char buf[2000];

	if (m->status < 200)
		return;
	if (m->method == METHOD_INVITE) {
		bool ok = m->status < 300;

		if (ok) {
			snprintf(p->remote_tag, sizeof(p->remote_tag), "%.*s", STR_FMT(m->to.tag));
			snprintf(p->contact, sizeof(p->contact), "%.*s", STR_FMT(m->contact.uri.text));
			p->talking = true;
		}
		char was[64];
		snprintf(was, sizeof(was), "%s", p->remote_tag);
		if (!ok)
			snprintf(p->remote_tag, sizeof(p->remote_tag), "%.*s", STR_FMT(m->to.tag));
		size_t n = make_request(buf, sizeof(buf), "ACK", m->cseq, ok ? "ack" : "INVITE", ok && late ? SDP : "");
		send_text(p, buf, n);
		snprintf(p->remote_tag, sizeof(p->remote_tag), "%s", was);
	} else if (m->method == METHOD_BYE) {
		p->ended = true;
	}
	if (m->cseq == p->cseq && p->request_n) {
		p->request_n = 0;
		p->final = m->status;
	}
}

static inline bool party_take(struct party *p)
{
	uint8_t buf[4000];
	struct flow_addr from = {.remote = at("127.0.0.1:1")};
	bool any = false;
	ssize_t n;

	while ((n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct message *m = NULL;

		any = true;
		if (message_parse(buf, (size_t)n, &from, &m) != REJECT_NONE)
			fail_msg("unreadable: %.*s", (int)n, (char *)buf);
		if (m->request)
			take_request(p, m);
		else
			take_response(p, m);
		message_free(m);
	}
	return any;
}

static inline void new_call(void)
{
	int fa = a.fd, fb = b.fd;
	struct addr aa = a.addr, ab = b.addr;

	a = (struct party){.fd = fa, .addr = aa};
	b = (struct party){.fd = fb, .addr = ab};
	call_number++;
}

static inline void open_party(struct party *p, const char *host)
{
	struct addr local = at(host);

	p->fd = client_socket(SOCK_DGRAM, &local);
	p->addr = client_addr(p->fd);
}

#endif
