/* SPDX-License-Identifier: Apache-2.0 */
/* txn_other_server: the non-INVITE server transaction, RFC 3261 §17.2.2 with RFC 4320.
 *
 *     request                      final
 *     TRYING ------------------------------> COMPLETED -- J --> TERMINATED
 *        \  100, by the layer, late  final /
 *         +----------> PROCEEDING --------+
 *
 *     no final answer within 64*T1: TERMINATED
 */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

static void act_nothing(struct txn *t, struct txn_event *e)
{
}

static void act_send_trying(struct txn *t, struct txn_event *e)
{
	server_txn_send_trying(server_of(t), NULL);
}

static void act_resend_trying(struct txn *t, struct txn_event *e)
{
	server_txn_send_trying(server_of(t), NULL);
}

static void act_answer(struct txn *t, struct txn_event *e)
{
	struct server_txn *s = server_of(t);

	free(s->head);
	s->head = NULL;
	txn_set_text(t, e->text, e->text_n);
	e->text = NULL;
	txn_timers_reply_sent(t);
	txn_send(t, (struct str){t->text, t->text_n}, true);
}

static void act_resend(struct txn *t, struct txn_event *e)
{
	txn_send(t, (struct str){t->text, t->text_n}, false);
}

static void act_tell_failed(struct txn *t, struct txn_event *e)
{
	server_txn_say_failed(server_of(t), t->error);
}

/* RFC 4320 §4.2: who asked has given up by now, and an answer would meet nobody. */
static void act_tell_late(struct txn *t, struct txn_event *e)
{
	txn_count(&t->layer->counts.timeouts, 1);
	server_txn_say_failed(server_of(t), -ETIMEDOUT);
}

#define GO(action, next)                                                                                               \
	{                                                                                                              \
		act_##action, #action, OTHER_SERVER_##next                                                             \
	}
#define EV(event) OTHER_SERVER_EV_##event

static const struct txn_cell cells[OTHER_SERVER_STATE_COUNT][OTHER_SERVER_EV_COUNT] = {
	[OTHER_SERVER_TRYING] =
		{
			[EV(REQUEST)] = GO(nothing, TRYING),
			[EV(REPLY_FINAL)] = GO(answer, COMPLETED),
			/* RFC 4320 §4.1: not before the client's timer E has reached T2, and then it must. */
			[EV(TIMER_TRYING)] = GO(send_trying, PROCEEDING),
			[EV(TIMER_LATE)] = GO(tell_late, TERMINATED),
			/* Also RFC 4320 §4.2: in the place of a 408. */
			[EV(DROP)] = GO(nothing, TERMINATED),
		},
	[OTHER_SERVER_PROCEEDING] =
		{
			[EV(REQUEST)] = GO(resend_trying, PROCEEDING),
			[EV(REPLY_FINAL)] = GO(answer, COMPLETED),
			[EV(TIMER_LATE)] = GO(tell_late, TERMINATED),
			[EV(DROP)] = GO(nothing, TERMINATED),
			[EV(SEND_FAILED)] = GO(tell_failed, PROCEEDING),
		},
	[OTHER_SERVER_COMPLETED] =
		{
			[EV(REQUEST)] = GO(resend, COMPLETED),
			[EV(RESEND)] = GO(resend, COMPLETED),
			[EV(TIMER_J)] = GO(nothing, TERMINATED),
			/* It stays, so that the same request is not carried out twice. */
			[EV(SEND_FAILED)] = GO(tell_failed, COMPLETED),
		},
};

#undef EV
#undef GO

TXN_MACHINE(txn_other_server, OTHER_SERVER, "non-INVITE server");
