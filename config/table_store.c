/* SPDX-License-Identifier: Apache-2.0 */
/* table_store: the rows of store. */
#include "config/table.h"

static const struct key store_keys[] = {
	{.name = "file",
	 .kind = KIND_TEXT,
	 M(config, store.file),
	 .check = check_path,
	 .lifetime = CONFIG_RESTART,
	 .doc = "SQLite file for what a next process goes on with; made with mode 0600; a relative path is taken from where Limen was started. Default: nothing is kept"},
	{.name = "calls",
	 .kind = KIND_BOOL,
	 M(config, store.calls),
	 .preset = "true",
	 .lifetime = CONFIG_RESTART,
	 .doc = "answered calls are kept in it, and go on in a process started anew on the same file"},
	{.name = "registrations",
	 .kind = KIND_BOOL,
	 M(config, store.registrations),
	 .preset = "true",
	 .lifetime = CONFIG_RESTART,
	 .doc = "registered phones are kept in it, and are known in a process started anew on the same file"},
	END,
};
const struct object object_store = {.name = "store", .keys = store_keys};
