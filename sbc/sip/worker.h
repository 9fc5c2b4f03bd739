/* SPDX-License-Identifier: Apache-2.0 */
/* worker: one signalling thread's SIP stack put together: loop, transport, transactions, resolver, and the hand-over of
 * messages to the worker that owns them. Messages come in by transport, are screened (by the user's hook), scanned for
 * their owner, handed over as raw bytes through the owner's bounded queue if that is another worker, parsed there, and
 * given to the transaction layer. */
#ifndef SBC_SIP_WORKER_H
#define SBC_SIP_WORKER_H

#include "config/config.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/loop.h"
#include "sbc/sip/resolve.h"
#include "sbc/sip/transaction.h"
#include "sbc/sip/transport.h"

#define WORKER_MAX 64

struct worker_user {
	/* Before the parse, on the worker that received it: ACL, bans, rates. REJECT_NONE lets it in. */
	enum reject_reason (*screen)(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n);
	/* May what is refused without a transaction be answered? Also asked for STUN. NULL: always. */
	bool (*may_answer)(void *arg, const struct flow_addr *to);
	/* Counts a refusal or drop, wherever it happened in the stack. */
	void (*refused)(void *arg, const struct flow_addr *from, enum reject_reason why);
	/* A connection has died, whoever held it: what has it as its flow (a binding, a dialog) must find another. Told
	 * on every worker, once each. NULL: not wanted. */
	void (*connection_closed)(void *arg, unsigned network, uint64_t connection);
	bool (*outgoing)(void *arg, void *guard, const struct destination *d, struct str text);
	/* As in txn_user. */
	bool (*glance)(void *arg, const struct message *m);
	enum reject_reason (*judge)(void *arg, const struct message *m);
	void (*request)(void *arg, struct server_txn *t, const struct message *m);
	void (*ack)(void *arg, const struct message *m);
	void (*stray_response)(void *arg, const struct message *m);
};

struct worker {
	unsigned index;
	struct loop *loop;
	struct transport *transport;
	struct txn_layer *txn;
	struct resolver *resolver;
	const struct ident_key *key;
	struct config *config; /* this worker's reference; replaced by worker_set_config() */
	const struct worker_user *user;
	void *arg;
	struct worker_group *group;
};

/* All workers of the process. */
struct worker_group;
struct worker_group_params {
	struct config *config;
	unsigned n;
	const struct ident_key *key; /* kept by pointer */
	const char *dns_servers;     /* NULL: the system's */
	const struct worker_user *user;
	bool random_delivery; /* test hook: each datagram and connection is treated as if a random worker had received
				 it */
};
/* Opens all sockets before any thread runs, so that errors are told at start: 0 or -errno with a text for the operator
 * in err. */
int worker_group_create(const struct worker_group_params *p, char *err, size_t err_n, struct worker_group **ret);
/* arg of worker i's hooks; before start. */
void worker_set_arg(struct worker_group *g, unsigned i, void *arg);
struct worker *worker_get(struct worker_group *g, unsigned i);
unsigned worker_count(const struct worker_group *g);
int worker_group_start(struct worker_group *g);
/* Stops the loops, joins the threads, and runs what was posted and not yet taken, so that nothing is lost with it. */
void worker_group_stop(struct worker_group *g);
void worker_group_destroy(struct worker_group *g);
/* A new configuration, on the worker's own thread; takes its own reference. Its user must know the new configuration
 * before: new listeners bring messages at once. 0, or -errno: everything goes by the new one, but a listener could not
 * be opened (logged). */
int worker_set_config(struct worker *w, struct config *c);

static inline unsigned worker_of_slot(unsigned n_workers, uint8_t slot)
{
	return slot % n_workers;
}
/* A slot of this worker's, by chance. */
uint8_t worker_random_slot(const struct worker *w);

#define WORKER_LONG_TURNS 5
struct worker_gauges {
	struct transport_gauges transport;
	struct txn_gauges txn;
	uint64_t handed_over, queue_refused, stun_answered;
	uint64_t turn_p50_us, turn_p99_us, turn_max_us;
	uint64_t long_turns[WORKER_LONG_TURNS]; /* longer than worker_long_turn_ms[] */
};
static const unsigned worker_long_turn_ms[WORKER_LONG_TURNS] = {1, 2, 5, 20, 100};
void worker_gauges(struct worker *w, struct worker_gauges *ret); /* any thread, approximate */

#endif
