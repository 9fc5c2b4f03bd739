/* SPDX-License-Identifier: Apache-2.0 */
/* message_values: single header values as slices of the text they are given. Shared by message.c and scan.c, so that
 * both read a tag or a branch alike. Nothing is allocated; pure; any thread. */
#ifndef SBC_SIP_MESSAGE_VALUES_H
#define SBC_SIP_MESSAGE_VALUES_H

#include "sbc/sip/message.h"

/* One Via element (RFC 3261 §20.42, white space around '/' and ':' allowed). version: "2.0", or what is there. */
bool via_parse(struct str text, struct via *ret, struct str *ret_version);
/* The first element of a Via line. */
bool via_parse_first(struct str line, struct via *ret, struct str *ret_version);

/* A sip(s) URI with "?name=value" headers. */
bool uri_has_headers(const struct uri *u);

/* Number and method of CSeq. A number that is out of range is 0 with *ret_in_range false: the line can still be
 * repeated in a reply. */
bool cseq_parse(struct str value, uint32_t *ret_number, struct str *ret_method, bool *ret_in_range);

/* Walks parameters after their first ';': cuts "name", "name=value" or "name=\"quoted\"" off *params; false at the end.
 */
struct param {
	struct str name, value;
};
bool params_next(struct str *params, struct param *ret);

#endif
