/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where the head of a message meets sofia-sip.
 *
 * sofia works in place on its own copy, which lies in our block and is handed over with msg_buf_set(), so it copies
 * nothing. It never sees the body: its multipart and SDP parsers are never reached. Its decoded headers stay available
 * in m->sofia for header families that want them. */
#include <errno.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include "sbc/sip/message_internal.h"

/* Enough for the headers of a typical message: one allocation instead of some fifteen. What goes beyond is allocated.
 */
#define PRELOAD_BYTES 4096

enum reject_reason message_sofia_parse(struct message_block *b)
{
	/* sofia tells no memory and bad syntax apart by nothing but errno; a failed allocation inside a header that it
	 * deems uncritical would even pass for success with that header missing. */
	errno = 0;
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	if (!msg)
		return REJECT_NO_MEMORY;
	su_home_preload(msg_home(msg), 1, PRELOAD_BYTES);
	msg_buf_set(msg, b->scratch, b->head + 2);
	msg_buf_commit(msg, b->head, 1);
	int r = msg_extract(msg);
	enum reject_reason why = errno == ENOMEM ? REJECT_NO_MEMORY : r < 0 ? REJECT_MALFORMED : REJECT_NONE;
	if (why != REJECT_NONE)
		msg_destroy(msg);
	else
		b->m.sofia = msg;
	return why;
}

void message_sofia_free(void *sofia)
{
	msg_destroy(sofia);
}
