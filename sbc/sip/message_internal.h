/* SPDX-License-Identifier: Apache-2.0 */
/* message_internal: what the message*.c files share: the block behind a struct message.
 *
 * One malloc holds the struct, the table of header fields and the text with its folds blanked (every slice points
 * there). Whoever has the struct message owns the block. */
#ifndef SBC_SIP_MESSAGE_INTERNAL_H
#define SBC_SIP_MESSAGE_INTERNAL_H

#include "sbc/sip/message.h"
#include "sbc/sip/message_lines.h"

#define MESSAGE_MAX_BYTES (256 * 1024)
#define MESSAGE_MAX_VIAS  70
#define MESSAGE_MAX_LIST  70 /* Contacts; Route and Record-Route elements */

struct field {
	struct str name, value; /* full name; unfolded and trimmed */
	enum header_id id;
};

_Static_assert(HEAD_MAX_FIELDS <= 256, "places in the table are bytes");

struct message_block {
	struct message m; /* first: message_free() gets this */
	unsigned n_fields;
	unsigned count[HEADER_IDS];
	uint8_t first[HEADER_IDS]; /* of those that there are: its place in `fields` */
	size_t head;
	struct str start_line;
	struct field fields[];
};

static inline const struct message_block *block_of(const struct message *m)
{
	return (const struct message_block *)m;
}

/* The grammar's second reader (message_sofia.c): parses the start line and the fields of HEADERS_READ with sofia-sip's
 * header classes. REJECT_NONE, REJECT_MALFORMED, or REJECT_NO_MEMORY; nothing is kept. */
enum reject_reason message_sofia_parse(const struct message_block *b);

#endif
