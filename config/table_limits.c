/* SPDX-License-Identifier: Apache-2.0 */
/* table_limits: the rows of limits. */
#include "config/table.h"

#define LIMIT(member, lo, hi, def, life, text)                                                                         \
	{                                                                                                              \
		.name = #member, .kind = KIND_INT, M(config, limits.member), .min = lo, .max = hi, .preset = def,      \
		.lifetime = life, .doc = text                                                                          \
	}

static const struct key limits_keys[] = {
	LIMIT(calls, 1, 1000000, "10000", CONFIG_AT_ONCE, "calls at one time; more are answered 503"),
	LIMIT(transactions, 16, 10000000, "1000000", CONFIG_AT_ONCE,
	      "open transactions of one worker, lingering ones included: a call leaves three for 32 s, so 1,000 calls per second hold 100,000. Once half of them are in use, strangers and peers at their own limits are refused without one"),
	LIMIT(message_bytes, 1024, 65535, "65535", CONFIG_AT_ONCE, "largest message"),
	LIMIT(connections, 1, 1000000, "4000", CONFIG_AT_ONCE, "TCP connections"),
	LIMIT(connections_source, 1, 1000000, "100", CONFIG_AT_ONCE, "TCP connections of one source address"),
	LIMIT(answers, 1, 1000000, "1000", CONFIG_AT_ONCE,
	      "per second: answers over UDP to requests that are refused before a transaction (malformed ones, for instance) and to STUN, which forged sources make us send to others: to all strangers together, and as many to each peer"),
	LIMIT(answers_source, 1, 1000000, "50", CONFIG_AT_ONCE,
	      "of these to one source that is no peer; a peer's source gets ten times as many"),
	LIMIT(queue, 16, 1000000, "4096", CONFIG_RESTART, "messages that wait to be handed to another worker"),
	LIMIT(targets, 1, 32, "8", CONFIG_NEW_CALLS, "addresses tried for one call"),
	LIMIT(registrations, 1, 10000000, "100000", CONFIG_AT_ONCE,
	      "contacts of registered phones; more are answered 503"),
	LIMIT(registrations_source, 1, 10000000, "1000", CONFIG_AT_ONCE,
	      "of these from one source address (IPv6: its /64) that is no peer's; more are answered 503. Behind a carrier's NAT there may be thousands"),
	LIMIT(nonces, 1024, 16777216, "262144", CONFIG_RESTART,
	      "digest nonces whose counts are remembered, 36 bytes each; the oldest is forgotten and its user challenged anew"),
	LIMIT(lockouts, 1024, 16777216, "65536", CONFIG_RESTART,
	      "accounts and sources whose failed logins are remembered, 24 bytes each"),
	LATER("bans"),
	LATER("subscriptions"),
	END,
};
const struct object object_limits = {.name = "limits", .keys = limits_keys};
