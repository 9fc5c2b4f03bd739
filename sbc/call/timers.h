/* SPDX-License-Identifier: Apache-2.0 */
/* timers: every timer of this room, its value and source. Callers report facts; timers.c decides what runs. (The
 * transaction timers A to M are in sbc/sip.) Worker's thread. */
#ifndef SBC_CALL_TIMERS_H
#define SBC_CALL_TIMERS_H

#include "sbc/call/call.h"

/* A 2xx was sent: it goes again after T1, doubling to T2, until its ACK; given up after 64*T1 (RFC 3261 §13.3.1.4).
 * Over reliable transports too: the 2xx crosses hops that need not be. */
void call_timers_2xx_sent(struct leg *l);
/* Another process sent it, so long ago: it goes at once, and on as there. */
void call_timers_2xx_restored(struct leg *l, uint64_t age_ms);
void call_timers_acked(struct leg *l);
/* A call was begun: rings at most timers.c (RFC 3261 §16.6, kept as a bound of ours). */
void call_timers_begun(struct call *c);
/* It was answered: lasts at most timers.call_max. */
void call_timers_answered(struct call *c);
void call_timers_over(struct call *c);
/* It was answered in another process: what is left of timers.call_max. */
void call_timers_restored(struct call *c);
/* It, or its exchange (t), cannot go on here; ended as soon as its worker runs, four each millisecond. */
void call_timers_soon(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t));
/* Its record has changed, and is given to the store within 250 ms with what changes until then, after an answer within
 * 70 ms; the relay's latches settle in one window; then counters are written every minute. One timer for all calls of a
 * worker: they are written many at once, and so are the questions to the relay. */
void call_timers_checkpoint(struct call *c, enum checkpoint_due due);
void call_timers_checkpoint_init(struct calls *cs);
void call_timers_checkpoint_stop(struct calls *cs);
/* A re-INVITE or UPDATE went on: its final response has timers.c to come, then it is cancelled. (The transaction alone
 * bounds it only until a provisional response.) bridged: an UPDATE that went on as re-INVITE has half of the 64*T1 that
 * its sender waits (RFC 3261 §17.1.2.2, timer F). */
void call_timers_exchange_sent(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t), bool bridged);
void call_timers_exchange_over(struct call *c, struct wheel_timer *t);
/* A request could not be sent: fn runs at the next interval of RFC 3261 §17.1.2.2, timer E, as if it had been sent and
 * lost; false: that went on for most_t1 times T1. */
bool call_timers_unsent(struct call *c, struct unsent *u, void (*fn)(struct wheel_timer *t), unsigned most_t1);
void call_timers_unsent_over(struct call *c, struct unsent *u);
/* A BYE went on, and its answer is waited for: half of the 64*T1 that its sender waits (timer F). */
void call_timers_parting_sent(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t));
/* Its challenge was passed back: whoever hung up has 64*T1 to do it with credentials. */
void call_timers_parting_challenged(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t));
void call_timers_parting_over(struct call *c, struct wheel_timer *t);
/* SIGTERM: what is left after timeout_ms is ended, and calls_drained() runs `farewell` later: 64*T1 of a far side that
 * does not answer is longer than whoever stops a service waits. Whose ACK is still awaited then gets its BYE. */
void call_timers_drain(struct calls *cs, unsigned timeout_ms);
void call_timers_drained(struct calls *cs);
#endif
