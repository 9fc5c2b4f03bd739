/* SPDX-License-Identifier: Apache-2.0 */
/* table_log: the rows of log. */
#include "config/table.h"

static const struct word level_words[] = {
	{"error", CONFIG_LOG_ERROR, false},
	{"warn", CONFIG_LOG_WARN, false},
	{"info", CONFIG_LOG_INFO, false},
	{"debug", CONFIG_LOG_DEBUG, false},
	{NULL, 0, false},
};

static const struct key log_keys[] = {
	{.name = "level",
	 .kind = KIND_WORD,
	 M(config, log.level),
	 .words = level_words,
	 .preset = "\"info\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "error: you must act; warn: degraded; info: a line per call phase; debug: all"},
	{.name = "file",
	 .kind = KIND_TEXT,
	 M(config, log.file),
	 .check = check_path,
	 .lifetime = CONFIG_RESTART,
	 .doc = "log file; a relative path is taken from where Limen was started. Default: standard error"},
	{.name = "mask",
	 .kind = KIND_BOOL,
	 M(config, log.mask),
	 .preset = "false",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "user parts and addresses are masked in the log"},
	LATER("syslog"),
	LATER("journald"),
	LATER("hep"),
	END,
};
const struct object object_log = {.name = "log", .keys = log_keys};
