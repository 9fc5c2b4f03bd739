/* SPDX-License-Identifier: Apache-2.0 */
/* storm: phones that register in waves.
 *
 *     storm PHONES SOCKETS
 *
 * reads one wave a line from standard input and answers each with a line of figures (JSON):
 *
 *     SECONDS EXPIRES CALLS_PER_SECOND HURRY LIMIT
 *
 * All phones begin within SECONDS, evenly; the wave is over when each has been accepted and no call is left, or after
 * LIMIT seconds. Who is sent away with a Retry-After comes back after the HURRYth part of it. A phone repeats itself as
 * RFC 3261 §17.1.2 says, and gives up (failed) on anything else, on silence and on a 503 without Retry-After. */
#include "storm.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SOCKETS_MAX 50000
#define FIRST_PORT  10000
#define T1_US       500000
#define T2_US       4000000
#define REPEATS_MAX 10
#define TICK_MS     2

struct phone {
	enum { WAITING, ASKED, ACCEPTED, FAILED } state;
	unsigned cseq, repeats;
	uint64_t due_us; /* WAITING: to ask; ASKED: to ask again */
};

static struct phone *phones;
static int *sockets;
static unsigned n_phones, n_sockets, expires, hurry;
static unsigned n_accepted, n_failed, n_turned_away, n_repeated;
static unsigned ack_us[2000000], n_answers; /* how long the accepted ones waited for their 200 */
static uint64_t *asked_us;

static void say(unsigned i)
{
	struct sockaddr_in to = at(LIMEN_NEAR, 5060);
	unsigned s = i % n_sockets, port = FIRST_PORT + s;
	char out[SIP_MAX];
	int n = snprintf(out, sizeof(out),
			 "REGISTER sip:storm.example SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP " PHONES_IP ":%u;branch=z9hG4bK-r%u-%u;rport\r\n"
			 "Max-Forwards: 70\r\n"
			 "From: <sip:u%06u@storm.example>;tag=t%u\r\n"
			 "To: <sip:u%06u@storm.example>\r\n"
			 "Call-ID: r%u@" PHONES_IP "\r\n"
			 "CSeq: %u REGISTER\r\n"
			 "Contact: <sip:u%06u@" PHONES_IP ":%u;transport=udp>;expires=%u\r\n"
			 "User-Agent: Deskphone 7000\r\n"
			 "Content-Length: 0\r\n\r\n",
			 port, i, phones[i].cseq, i, phones[i].cseq, i, i, phones[i].cseq, i, port, expires);
	udp_send(sockets[s], &to, out, (size_t)n);
}

static void give_up(unsigned i, const char *why)
{
	if (n_failed++ < 5)
		warnx("phone %u: %s", i, why);
	phones[i].state = FAILED;
}

static void ask(unsigned i, uint64_t now)
{
	struct phone *p = &phones[i];
	p->state = ASKED;
	p->repeats = 0;
	p->cseq++;
	p->due_us = now + T1_US;
	asked_us[i] = now;
	say(i);
}

static void ask_again(unsigned i, uint64_t now)
{
	struct phone *p = &phones[i];
	uint64_t wait = (uint64_t)T1_US << (++p->repeats);
	if (p->repeats > REPEATS_MAX) {
		give_up(i, "no answer");
		return;
	}
	p->due_us = now + (wait < T2_US ? wait : T2_US);
	n_repeated++;
	say(i);
}

static void turned_away(unsigned i, const char *m)
{
	struct text after = header(m, "Retry-After", 0);
	unsigned s = after.p ? (unsigned)strtoul(after.p, NULL, 10) : 0;
	n_turned_away++;
	if (!s) {
		give_up(i, "503 without Retry-After");
		return;
	}
	phones[i].state = WAITING;
	phones[i].due_us = now_us() + (uint64_t)s * 1000000 / hurry;
}

static void response(const char *m)
{
	unsigned i = number_after(header(m, "Call-ID", 0), "r"), status = status_of(m);
	if (i >= n_phones || status < 200 || phones[i].state != ASKED ||
	    number_after(header(m, "CSeq", 0), "") != phones[i].cseq)
		return;
	if (status == 503) {
		turned_away(i, m);
	} else if (status != 200) {
		give_up(i, m);
	} else if (expires && !number_after(header(m, "Contact", 0), "expires=")) {
		give_up(i, "200 without its Contact");
	} else {
		phones[i].state = ACCEPTED;
		n_accepted++;
		if (n_answers < sizeof(ack_us) / sizeof(ack_us[0]))
			ack_us[n_answers++] = (unsigned)(now_us() - asked_us[i]);
	}
}

static void phone_read(int fd)
{
	struct sockaddr_in from;
	char m[SIP_MAX];
	size_t n;
	while (udp_take(fd, m, &n, &from))
		if (status_of(m))
			response(m);
}

static void phones_tick(void)
{
	uint64_t now = now_us();
	for (unsigned i = 0; i < n_phones; i++) {
		if (phones[i].due_us > now)
			continue;
		if (phones[i].state == WAITING)
			ask(i, now);
		else if (phones[i].state == ASKED)
			ask_again(i, now);
	}
}

/* ---- waves ---- */

static int epoll = -1;

static void turn(void)
{
	struct epoll_event e[256];
	int n = epoll_wait(epoll, e, 256, TICK_MS);
	for (int k = 0; k < n; k++) {
		if (e[k].data.u32 == UINT32_MAX)
			core_read();
		else if (e[k].data.u32 == UINT32_MAX - 1)
			calls_read();
		else
			phone_read(sockets[e[k].data.u32]);
	}
}

static int by_size(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return (x > y) - (x < y);
}

static void tell(double seconds)
{
	struct core_figures core = core_figures();
	struct call_figures calls = call_figures();
	qsort(ack_us, n_answers, sizeof(ack_us[0]), by_size);
	printf("{\"seconds\": %.2f, \"accepted\": %u, \"failed\": %u, \"turned_away\": %u, \"repeated\": %u, "
	       "\"answer_p99_us\": %u, \"core\": %u, \"core_100ms\": %u, \"core_1s\": %u, \"calls\": %u, \"calls_ok\": %u, "
	       "\"calls_failed\": %u, \"calls_repeated\": %u, \"setup_p50_us\": %u, \"setup_p99_us\": %u, "
	       "\"setup_max_us\": %u}\n",
	       seconds, n_accepted, n_failed, n_turned_away, n_repeated,
	       n_answers ? ack_us[(size_t)n_answers * 99 / 100] : 0, core.registers, core.most_per_100ms,
	       core.most_per_s, calls.asked, calls.ok, calls.failed, calls.repeated, calls.p50_us, calls.p99_us,
	       calls.max_us);
	fflush(stdout);
}

static void wave(double seconds, unsigned calls_per_second, double limit)
{
	uint64_t begin = now_us(), last = 0;
	double took = 0;
	n_accepted = n_failed = n_turned_away = n_repeated = n_answers = 0;
	for (unsigned i = 0; i < n_phones; i++) {
		phones[i].state = WAITING;
		phones[i].due_us = begin + (uint64_t)(seconds * 1e6 * i / n_phones);
	}
	core_reset();
	calls_reset(calls_per_second);
	for (;;) {
		bool storming = n_accepted + n_failed < n_phones;
		uint64_t now = now_us();
		if (storming)
			took = (double)(now - begin) / 1e6;
		if ((!storming && !calls_open_now()) || (double)(now - begin) / 1e6 > limit)
			break;
		if (now - last >= TICK_MS * 1000) {
			last = now;
			phones_tick();
			calls_tick(storming);
		}
		turn();
	}
	tell(took);
}

static void open_sockets(void)
{
	epoll = epoll_create1(0);
	for (unsigned i = 0; i < n_sockets; i++) {
		struct sockaddr_in here = at(PHONES_IP, FIRST_PORT + i);
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
		sockets[i] = udp_open(&here);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &e) < 0)
			err(1, "epoll");
	}
	core_open(epoll);
	calls_open(epoll);
}

int main(int argc, char **argv)
{
	unsigned calls_per_second;
	double seconds, limit;
	if (argc != 3)
		errx(2, "usage: storm PHONES SOCKETS");
	n_phones = (unsigned)strtoul(argv[1], NULL, 10);
	n_sockets = (unsigned)strtoul(argv[2], NULL, 10);
	if (!n_phones || !n_sockets || n_sockets > SOCKETS_MAX)
		errx(2, "usage: storm PHONES SOCKETS (at most %u)", SOCKETS_MAX);
	phones = calloc(n_phones, sizeof(*phones));
	sockets = calloc(n_sockets, sizeof(*sockets));
	asked_us = calloc(n_phones, sizeof(*asked_us));
	if (!phones || !sockets || !asked_us)
		err(1, "memory");
	open_sockets();
	puts("ready");
	fflush(stdout);
	while (scanf("%lf %u %u %u %lf", &seconds, &expires, &calls_per_second, &hurry, &limit) == 5)
		wave(seconds, calls_per_second, limit);
	return 0;
}
