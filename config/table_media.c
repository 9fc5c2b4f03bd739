/* SPDX-License-Identifier: Apache-2.0 */
/* table_media: the rows of media. */
#include "config/table.h"

static const struct key media_keys[] = {
	{.name = "workers",
	 .kind = KIND_INT,
	 M(config, media.workers),
	 .max = 64,
	 .preset = "0",
	 .lifetime = CONFIG_RESTART,
	 .doc = "threads that relay media; 0: one for each core"},
	{.name = "latch_window_ms",
	 .kind = KIND_TIME,
	 M(config, media.latch_window_ms),
	 .min = 100,
	 .max = 60000,
	 .preset = "2000",
	 .lifetime = CONFIG_RESTART,
	 .doc = "after the first packet of a stream, a source of better rank may still take its place"},
	{.name = "port_cooldown_ms",
	 .kind = KIND_TIME,
	 M(config, media.port_cooldown_ms),
	 .max = 600000,
	 .preset = "5000",
	 .lifetime = CONFIG_RESTART,
	 .doc = "a port that was released is not used again before"},
	LATER("fastpath"),
	LATER("recording"),
	LATER("ng"),
	LATER("ice"),
	LATER("srtp"),
	LATER("transcoding"),
	END,
};
const struct object object_media = {.name = "media", .keys = media_keys};
