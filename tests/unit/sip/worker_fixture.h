/* SPDX-License-Identifier: Apache-2.0 */
/* Three workers on threads of their own, or some that the test turns; a client of theirs. */
#ifndef TESTS_UNIT_SIP_WORKER_FIXTURE_H
#define TESTS_UNIT_SIP_WORKER_FIXTURE_H

#include <stdatomic.h>

#include "sbc/sip/scan.h"
#include "sbc/sip/worker_internal.h"
#include "tests/unit/sip/net.h"

#define WORKERS 3

static struct {
	struct worker_group *g;
	struct config *config;
	struct ident_key key;
	uint16_t port;
	atomic_uint requests, acks, stray, refused[REJECT_COUNT];
	atomic_uint closed[WORKERS]; /* connections, as each worker was told */
	atomic_uint wrong_thread;    /* a message that another worker owns */
	bool mute;                   /* nothing refused is answered */
} f;

static inline enum reject_reason on_screen(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	return REJECT_NONE;
}

static inline void on_refused(void *arg, const struct flow_addr *from, enum reject_reason why)
{
	atomic_fetch_add(&f.refused[why], 1);
}

static inline bool on_may_answer(void *arg, const struct flow_addr *to)
{
	return !f.mute;
}

static inline bool on_outgoing(void *arg, void *guard, const struct destination *d, struct str text)
{
	return true;
}

static inline void check_owner(void *arg, const struct message *m)
{
	struct worker *w = arg;

	if (worker_of_slot(worker_count(f.g), message_owner(&f.key, m)) != w->index)
		atomic_fetch_add(&f.wrong_thread, 1);
}

static inline void on_request(void *arg, struct server_txn *t, const struct message *m)
{
	check_owner(arg, m);
	atomic_fetch_add(&f.requests, 1);
	server_txn_reply(t, &(struct reply){.status = 200});
}

static inline void on_ack(void *arg, const struct message *m)
{
	check_owner(arg, m);
	atomic_fetch_add(&f.acks, 1);
}

static inline void on_stray(void *arg, const struct message *m)
{
	check_owner(arg, m);
	atomic_fetch_add(&f.stray, 1);
}

static inline void on_connection_closed(void *arg, unsigned network, uint64_t connection)
{
	const struct worker *w = arg;

	if (connection)
		atomic_fetch_add(&f.closed[w->index], 1);
}

static const struct worker_user user = {.screen = on_screen,
					.refused = on_refused,
					.may_answer = on_may_answer,
					.connection_closed = on_connection_closed,
					.outgoing = on_outgoing,
					.request = on_request,
					.ack = on_ack,
					.stray_response = on_stray};

static inline void begin_more(unsigned n, bool random_delivery, unsigned queue, const char *network)
{
	char text[1000], err[256] = "";

	f.port = free_port();
	snprintf(
		text, sizeof(text),
		"{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\",\"tcp:127.0.0.1:%u\"],\"unknown\":\"accept\"%s}},"
		"\"routes\":[],\"limits\":{\"queue\":%u,\"connections_source\":1000}}",
		f.port, f.port, network, queue);
	f.mute = false;
	f.config = config_of(text);
	f.key = ident_key_init(str_z("a key for this test"), 1, 1);
	f.requests = f.acks = f.stray = f.wrong_thread = 0;
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		f.refused[i] = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		f.closed[i] = 0;
	if (worker_group_create(&(struct worker_group_params){.config = f.config,
							      .n = n,
							      .key = &f.key,
							      .dns_servers = "127.0.0.1:9",
							      .user = &user,
							      .random_delivery = random_delivery},
				err, sizeof(err), &f.g) < 0)
		fail_msg("%s", err);
	for (unsigned i = 0; i < n; i++)
		worker_set_arg(f.g, i, worker_get(f.g, i));
}

static inline void begin(unsigned n, bool random_delivery, unsigned queue)
{
	begin_more(n, random_delivery, queue, "");
}

static inline void end(void)
{
	worker_group_stop(f.g);
	worker_group_destroy(f.g);
	config_unref(f.config);
	assert_int_equal(f.wrong_thread, 0);
	assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 0);
	assert_int_equal(sock_count(SOCK_KIND_STREAM), 0);
}

static inline struct addr ours(void)
{
	struct addr a = at("127.0.0.1:1");

	addr_set_port(&a, f.port);
	return a;
}

static inline int client(void)
{
	struct addr a = ours(), local = at("127.0.0.1:0");
	int fd = client_socket(SOCK_DGRAM, &local);

	assert_int_equal(connect(fd, &a.sa, addr_len(&a)), 0);
	return fd;
}

static inline size_t request(char *buf, size_t cap, const char *method, unsigned i, const char *more)
{
	return (size_t)snprintf(buf, cap,
				"%s sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK%s%u\r\n"
				"From: <sip:b@c>;tag=%u\r\nTo: <sip:a@d>\r\nCall-ID: call-%u\r\nCSeq: 1 %s\r\n%s"
				"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
				method, method, i, i, i, method, more);
}

/* Waits for bytes: workers run by themselves. */
static inline ssize_t wait_for(int fd, char *buf, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (poll(&p, 1, DEADLINE_S * 1000) != 1)
		fail_msg("no answer");
	ssize_t n = recv(fd, buf, cap - 1, MSG_DONTWAIT);
	if (n >= 0)
		buf[n] = 0;
	return n;
}

static inline void turn_all(void)
{
	for (unsigned i = 0; i < worker_count(f.g); i++)
		turn_some(worker_get(f.g, i)->loop);
}

#define UNTIL_ALL(cond) UNTIL(worker_get(f.g, 0)->loop, (turn_all(), cond))

#endif
