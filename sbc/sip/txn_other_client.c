/* SPDX-License-Identifier: Apache-2.0 */
/* txn_other_client: the non-INVITE client transaction, RFC 3261 §17.1.2.
 *
 *                  final, or F, or a failed send (both: TERMINATED at once)
 *     TRYING --------------------------------> COMPLETED -- K --> TERMINATED
 *        \ 1xx                       final  /
 *         +----------> PROCEEDING ---------+
 */
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

static void act_nothing(struct txn *t, struct txn_event *e)
{
}

static void act_repeat(struct txn *t, struct txn_event *e)
{
	txn_timers_request_repeated(t, t->state == OTHER_CLIENT_PROCEEDING);
	txn_send(t, (struct str){t->text, t->text_n}, false);
}

static void act_pass(struct txn *t, struct txn_event *e)
{
	client_txn_say_response(client_of(t), e->m);
}

static void act_finish(struct txn *t, struct txn_event *e)
{
	txn_timers_request_finished(t);
	client_txn_say_final(client_of(t), e->m, NULL, 0);
}

static void act_say_timeout(struct txn *t, struct txn_event *e)
{
	client_txn_say_failed(client_of(t), REJECT_TIMEOUT);
}

static void act_say_down(struct txn *t, struct txn_event *e)
{
	client_txn_say_down(client_of(t));
}

#define GO(action, next)                                                                                               \
	{                                                                                                              \
		act_##action, #action, OTHER_CLIENT_##next                                                             \
	}
#define EV(event) OTHER_CLIENT_EV_##event

static const struct txn_cell cells[OTHER_CLIENT_STATE_COUNT][OTHER_CLIENT_EV_COUNT] = {
	[OTHER_CLIENT_TRYING] =
		{
			[EV(RESPONSE_1XX)] = GO(pass, PROCEEDING),
			[EV(RESPONSE_FINAL)] = GO(finish, COMPLETED),
			[EV(TIMER_E)] = GO(repeat, TRYING),
			[EV(TIMER_F)] = GO(say_timeout, TERMINATED),
			[EV(SEND_FAILED)] = GO(say_down, TERMINATED),
		},
	[OTHER_CLIENT_PROCEEDING] =
		{
			[EV(RESPONSE_1XX)] = GO(pass, PROCEEDING),
			[EV(RESPONSE_FINAL)] = GO(finish, COMPLETED),
			/* §17.1.2.2: every T2 from here on, at the end of the interval that runs. */
			[EV(TIMER_E)] = GO(repeat, PROCEEDING),
			[EV(TIMER_F)] = GO(say_timeout, TERMINATED),
			[EV(SEND_FAILED)] = GO(say_down, TERMINATED),
		},
	[OTHER_CLIENT_COMPLETED] =
		{
			/* Retransmitted answers, until K. */
			[EV(RESPONSE_1XX)] = GO(nothing, COMPLETED),
			[EV(RESPONSE_FINAL)] = GO(nothing, COMPLETED),
			[EV(TIMER_K)] = GO(nothing, TERMINATED),
			[EV(SEND_FAILED)] = GO(nothing, COMPLETED),
		},
};

#undef EV
#undef GO

TXN_MACHINE(txn_other_client, OTHER_CLIENT, "non-INVITE client");
