/* SPDX-License-Identifier: Apache-2.0 */
/* worker_internal: what worker.c (one worker's messages) and worker_group.c (all of them, their threads) share. */
#ifndef SBC_SIP_WORKER_INTERNAL_H
#define SBC_SIP_WORKER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "sbc/sip/worker.h"

struct worker_own {
	struct worker worker;
	pthread_t thread;
	bool running;
	atomic_uint_fast64_t handed_over, queue_refused, stun_answered;
};

struct worker_group {
	unsigned n;
	const struct ident_key *key;
	struct config *config;
	struct resolve_cache *cache;
	bool random_delivery;
	bool stopped;               /* the threads have ended: what they had handed over is dropped */
	struct worker_own *workers; /* n */
	struct transport *transports[WORKER_MAX];
};

static inline struct worker_own *own(struct worker *w)
{
	return container_of(w, struct worker_own, worker);
}

extern const struct transport_user worker_transport_user; /* arg: struct worker */
struct txn_io worker_txn_io(struct worker *w);
struct txn_user worker_txn_user(struct worker *w);

#endif
