/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/store/store.h"

static const char *const names[] = {
#define X(name, text) text,
	STORE_TABLES(X)
#undef X
};

const char *store_table_name(enum store_table t)
{
	return names[t];
}
