/* SPDX-License-Identifier: Apache-2.0 */
/* reject: every reason for which a peer's request is refused or its message dropped: one table gives the status, the
 * reason phrase and the counter. Status 0: dropped in silence (never answered). Pure data, any thread. */
#ifndef SBC_SIP_REJECT_H
#define SBC_SIP_REJECT_H

#define REJECT_REASONS(X)                                                                                              \
	/* before or in the parse: dropped, or 400 where a reply is safe */                                            \
	X(REJECT_SIZE, 0, "", "size")                                                                                  \
	X(REJECT_FRAMING, 0, "", "framing")                                                                            \
	X(REJECT_ACL, 0, "", "acl")                                                                                    \
	X(REJECT_RATE, 0, "", "rate")                                                                                  \
	X(REJECT_ANSWER_RATE, 0, "", "answer_rate") /* would be answered, but too many were */                         \
	X(REJECT_UNKNOWN_DROP, 0, "", "unknown_source_dropped")                                                        \
	X(REJECT_CONNECTIONS, 0, "", "connections")                                                                    \
	X(REJECT_QUEUE, 0, "", "queue_full")                                                                           \
	X(REJECT_OWNER, 0, "", "owner_mismatch")                                                                       \
	X(REJECT_STRAY_RESPONSE, 0, "", "stray_response")                                                              \
	X(REJECT_STRAY_ACK, 0, "", "stray_ack")                                                                        \
	X(REJECT_MALFORMED, 400, "Bad Request", "malformed")                                                           \
	X(REJECT_MALFORMED_DROP, 0, "", "malformed_dropped")                                                           \
	X(REJECT_VERSION, 505, "Version Not Supported", "version")                                                     \
	/* decisions */                                                                                                \
	X(REJECT_UNKNOWN_SOURCE, 403, "Forbidden", "unknown_source")                                                   \
	X(REJECT_ROUTE_DENY, 403, "Forbidden", "route_deny")                                                           \
	X(REJECT_NO_ROUTE, 404, "Not Found", "no_route")                                                               \
	X(REJECT_METHOD, 405, "Method Not Allowed", "method")                                                          \
	X(REJECT_METHOD_UNKNOWN, 501, "Not Implemented", "method_unknown")                                             \
	X(REJECT_SCHEME, 416, "Unsupported URI Scheme", "uri_scheme")                                                  \
	X(REJECT_MEDIA_TYPE, 415, "Unsupported Media Type", "media_type")                                              \
	X(REJECT_EXTENSION, 420, "Bad Extension", "extension")                                                         \
	X(REJECT_NO_DIALOG, 481, "Call/Transaction Does Not Exist", "no_dialog")                                       \
	X(REJECT_LOOP, 482, "Loop Detected", "loop")                                                                   \
	X(REJECT_HOPS, 483, "Too Many Hops", "too_many_hops")                                                          \
	X(REJECT_CSEQ, 500, "Server Internal Error", "cseq_order")                                                     \
	X(REJECT_GLARE, 491, "Request Pending", "glare")                                                               \
	X(REJECT_GLARE_RETRY, 500, "Server Internal Error", "invite_pending")                                          \
	X(REJECT_SDP, 488, "Not Acceptable Here", "sdp")                                                               \
	X(REJECT_NO_CODEC, 488, "Not Acceptable Here", "no_codec")                                                     \
	X(REJECT_CANCELLED, 487, "Request Terminated", "cancelled")                                                    \
	/* limits */                                                                                                   \
	X(REJECT_PEER_CALLS, 503, "Service Unavailable", "peer_calls")                                                 \
	X(REJECT_PEER_CPS, 503, "Service Unavailable", "peer_cps")                                                     \
	X(REJECT_TARGET_CALLS, 480, "Temporarily Unavailable", "target_calls")                                         \
	X(REJECT_TARGET_CPS, 480, "Temporarily Unavailable", "target_cps")                                             \
	X(REJECT_CALLS, 503, "Service Unavailable", "calls")                                                           \
	X(REJECT_TRANSACTIONS, 503, "Service Unavailable", "transactions")                                             \
	X(REJECT_DRAINING, 503, "Service Unavailable", "draining")                                                     \
	/* rang when the process before this one died */                                                               \
	X(REJECT_RESTARTED, 503, "Service Unavailable", "restarted")                                                   \
	X(REJECT_NO_MEMORY, 500, "Server Internal Error", "no_memory")                                                 \
	X(REJECT_NO_PORT, 503, "Service Unavailable", "no_media_port")                                                 \
	X(REJECT_TOO_LARGE, 513, "Message Too Large", "too_large")                                                     \
	X(REJECT_TARGETS_DOWN, 503, "Service Unavailable", "unreachable")                                              \
	/* RFC 5626 §5.3: nobody but the phone itself can make its flow anew */                                       \
	X(REJECT_FLOW_GONE, 480, "Temporarily Unavailable", "flow_gone")                                               \
	X(REJECT_RESOLVE, 503, "Service Unavailable", "unresolved")                                                    \
	X(REJECT_TIMEOUT, 408, "Request Timeout", "timeout")                                                           \
	X(REJECT_RINGING_BOUND, 408, "Request Timeout", "ringing_bound")                                               \
	/* registrations, and requests to what they left */                                                            \
	X(REJECT_FOREIGN_CONTACT, 403, "Forbidden", "foreign_contact")                                                 \
	X(REJECT_CONTACTS, 403, "Forbidden", "contacts")                                                               \
	X(REJECT_BRIEF, 423, "Interval Too Brief", "brief")                                                            \
	X(REJECT_REGISTRATIONS, 503, "Service Unavailable", "registrations")                                           \
	X(REJECT_REGISTRATIONS_SOURCE, 503, "Service Unavailable", "registrations_source")                             \
	X(REJECT_NEW_CONTACTS, 503, "Service Unavailable", "new_contacts")                                             \
	X(REJECT_REGISTER_RATE, 503, "Service Unavailable", "register_rate")                                           \
	X(REJECT_REGISTER_PENDING, 503, "Service Unavailable", "register_pending")                                     \
	X(REJECT_REGISTRAR_SILENT, 503, "Service Unavailable", "registrar_silent")                                     \
	/* digest */                                                                                                   \
	X(REJECT_LOGIN, 403, "Forbidden", "credentials")                                                               \
	X(REJECT_LOGIN_LOCKED, 403, "Forbidden", "locked")                                                             \
	X(REJECT_LOGIN_OTHER, 403, "Forbidden", "other_user")                                                          \
	X(REJECT_LOGIN_ERROR, 500, "Server Internal Error", "login_error")                                             \
	X(REJECT_PEER_CREDENTIALS, 403, "Forbidden", "peer_credentials")                                               \
	X(REJECT_ALIAS, 404, "Not Found", "alias")                                                                     \
	X(REJECT_UPDATE_OVERDUE, 504, "Server Time-out", "update_overdue")                                             \
	X(REJECT_LEAK, 500, "Server Internal Error", "leak_blocked")

enum reject_reason {
	REJECT_NONE = 0,
#define X(name, status, reason, key) name,
	REJECT_REASONS(X)
#undef X
		REJECT_COUNT
};

int reject_status(enum reject_reason r); /* 0: dropped */
const char *reject_phrase(enum reject_reason r);
const char *reject_key(enum reject_reason r); /* counter and log name */
/* "Ringing" for 180 and so on (RFC 3261 §21 and the registry); a class phrase for codes without one. */
const char *status_phrase(int status);

#endif
