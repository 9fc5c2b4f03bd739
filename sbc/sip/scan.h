/* SPDX-License-Identifier: Apache-2.0 */
/* scan: a bounded look at a raw message before any parsing, to find its owner, and the framing of streams. No
 * allocation; pure; any thread. */
#ifndef SBC_SIP_SCAN_H
#define SBC_SIP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sbc/sip/ident.h"
#include "sbc/sip/message.h"

enum scan_result {
	SCAN_OWNER,     /* ret_slot says whose it is */
	SCAN_UNSURE,    /* parse here, then ask message_owner() and hand over */
	SCAN_KEEPALIVE, /* only CR LF (RFC 5626 §3.5.1), or an empty datagram */
	SCAN_NOT_SIP,   /* first line is neither request nor response: dropped, never answered */
	SCAN_NO_END,    /* no blank line after the headers: dropped */
};

/* A response's owner: our branch in the topmost Via; a request's: our tag in To; else an identifier of ours as user of
 * its Request-URI (an alias); else, for a REGISTER, the keyed hash of To's user@host; else a Call-ID that we have made
 * ourselves; else the keyed hash of its Call-ID. */
enum scan_result scan_owner(const struct ident_key *k, const uint8_t *p, size_t n, uint8_t *ret_slot);
/* The beginning of a datagram, as ICMP quotes it: a request of ours, by the MAC in the branch of its Via? */
struct scan_quoted {
	struct str method, branch; /* slices of p */
	uint8_t slot;
};
bool scan_quoted(const struct ident_key *k, const uint8_t *p, size_t n, struct scan_quoted *ret);
/* The same question asked of a parsed message; scan_owner() is SCAN_UNSURE or agrees (fuzzed). */
uint8_t message_owner(const struct ident_key *k, const struct message *m);

/* Framing of a stream (RFC 3261 §18.3), resumable: state is zeroed at the start of each message. */
struct scan_frame {
	size_t looked; /* bytes already looked at */
	size_t head;   /* length of start line and headers with the blank line; 0: not complete yet */
	size_t total;  /* head + Content-Length, once known */
};
enum scan_frame_result {
	FRAME_MORE,      /* not complete */
	FRAME_MESSAGE,   /* p[0..f->total) is one message */
	FRAME_KEEPALIVE, /* p[0..f->total) is CR LF or CR LF CR LF between messages */
	FRAME_BROKEN,    /* no or two different Content-Length, too large, not text: the connection is to be closed */
};
enum scan_frame_result scan_frame(struct scan_frame *f, const uint8_t *p, size_t n, size_t max_bytes);

#endif
