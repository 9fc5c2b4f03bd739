/* SPDX-License-Identifier: Apache-2.0 */
/* table_registrations: the rows of registrations. */
#include "config/table.h"

#define REGISTRATION(member, lo, hi, def, text)                                                                        \
	{                                                                                                              \
		.name = #member, .kind = KIND_INT, M(config, registrations.member), .min = lo, .max = hi,              \
		.preset = def, .lifetime = CONFIG_AT_ONCE, .doc = text                                                 \
	}
#define WEEK_S 604800

static const struct key registrations_keys[] = {
	REGISTRATION(
		expires_core, 0, WEEK_S, "3600",
		"seconds of registration asked of the core at least; refreshes of phones are answered here until half of what it gave is over. 0: what the phone asks for"),
	REGISTRATION(expires_phone, 1, WEEK_S, "60",
		     "seconds told to phones on a network with nat at most, so that their refreshes keep the NAT open"),
	REGISTRATION(expires_min, 0, 3600, "10", "phones that ask for fewer seconds are answered 423; 0: no bound"),
	REGISTRATION(max_contacts, 1, 64, "10", "contacts of one address of record; more are answered 403"),
	REGISTRATION(
		new_contacts, 0, 1000000, "120",
		"contacts that are new to one address of record, per hour and at once; more are answered 503. 0: no limit"),
	REGISTRATION(
		core_rate, 0, 1000000, "1000",
		"REGISTERs per second towards the core, a tenth of them at once; more are answered 503 with a Retry-After by chance. Phones that are registered, or have logged in here, go first. 0: no limit"),
	REGISTRATION(
		pending, 1, 1000000, "1000",
		"REGISTERs under way to the core, per worker; more are answered 503. A quarter is kept for phones that are registered, or have logged in here"),
	END,
};
const struct object object_registrations = {.name = "registrations", .keys = registrations_keys};
