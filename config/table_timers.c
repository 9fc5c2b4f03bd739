/* SPDX-License-Identifier: Apache-2.0 */
/* table_timers: the rows of timers. */
#include "config/table.h"

#define TIMER(member, lo, hi, def, text)                                                                               \
	{                                                                                                              \
		.name = #member, .kind = KIND_TIME, M(config, timers.member), .min = lo, .max = hi, .preset = def,     \
		.lifetime = CONFIG_NEW_CALLS, .doc = text                                                              \
	}

static const struct key timers_keys[] = {
	TIMER(t1, 10, 10000, "500", "round trip estimate (RFC 3261 timer T1)"),
	TIMER(t2, 10, 60000, "4000",
	      "longest interval between retransmissions of requests other than INVITE, and of 2xx"),
	TIMER(t4, 10, 60000, "5000", "how long a message stays in the network"),
	TIMER(b, 0, HOUR_MS, "0", "INVITE without any response; 0: 64*T1"),
	TIMER(f, 0, HOUR_MS, "0", "another request without a final response; 0: 64*T1"),
	TIMER(h, 0, HOUR_MS, "0", "wait for ACK; 0: 64*T1"),
	TIMER(c, 1000, HOUR_MS, "180000", "longest ringing"),
	TIMER(call_max, 1000, 168LL * HOUR_MS, "43200000", "longest call"),
	TIMER(media_silence, 0, 24LL * HOUR_MS, "60000",
	      "a call ends when no packet came for so long where there should be some; 0: never"),
	TIMER(hold_silence, 0, 168LL * HOUR_MS, "3600000", "the same for a call on hold; 0: never"),
	TIMER(drain, 0, 24LL * HOUR_MS, "300000", "upon SIGTERM, calls may go on for so long"),
	TIMER(farewell, 0, 60000, "5000",
	      "calls that are ended by SIGTERM, a second one or that of timers.drain: their BYE may go unanswered for so long"),
	TIMER(tcp_idle, 1000, 24LL * HOUR_MS, "120000", "an idle TCP connection without calls is closed"),
	TIMER(tcp_header, 100, 10LL * 60000, "5000", "from the first byte of a message to its last on TCP"),
	LATER("session_expires"),
	LATER("min_se"),
	LATER("register"),
	END,
};
const struct object object_timers = {.name = "timers", .keys = timers_keys};
