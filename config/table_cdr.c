/* SPDX-License-Identifier: Apache-2.0 */
/* table_cdr: the rows of cdr. */
#include "config/table.h"

static const struct key cdr_keys[] = {
	{.name = "file",
	 .kind = KIND_TEXT,
	 M(config, cdr.file),
	 .check = check_path,
	 .lifetime = CONFIG_RESTART,
	 .doc = "file that call records are written to, one JSON object a line; a relative path is taken from where Limen was started. Default: none are written"},
	LATER("csv"),
	LATER("sqlite"),
	LATER("postgres"),
	LATER("http"),
	LATER("retention"),
	END,
};
const struct object object_cdr = {.name = "cdr", .keys = cdr_keys};
