/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_location: ul.*: registrations. */
#include "sbc/manage/rpc_internal.h"

static void not_supported(struct rpc_entry *e, json_t *params)
{
	rpc_fail(e, RPC_NOT_SUPPORTED, "this build keeps no registrations");
}

const struct rpc_method rpc_location_methods[] = {
	{"ul.dump", "[limit, after]", "registrations, oldest first", false, not_supported},
	{"ul.lookup", "aor", "the contacts of one address of record", false, not_supported},
	{"ul.rm", "aor", "removes all contacts of an address of record", true, not_supported},
	{0},
};
