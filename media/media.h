/* SPDX-License-Identifier: Apache-2.0 */
/* media: endpoints and packets. Plain structs in, events out; knows neither SIP nor SDP.
 *
 *   session -> two sides (A, B) -> streams -> components (RTP, RTCP)
 *
 * A side's stream has one local port pair that stays while the side lives. What is behind it may be several remotes:
 * one per early dialog ("fork"), each with a latch and counters of its own; one of them is selected, and what the other
 * side sends goes to it and only its packets are heard.
 *
 * Ids. Sessions are named by 64-bit ids with a generation; a stale id is harmless: the request is answered by
 * MEDIA_EV_FAILED with MEDIA_ERR_GONE, or ignored where no answer is due.
 *
 * Threads. Each signalling worker opens one struct media_port. All media_*() calls that take a port are made on that
 * worker's thread and return at once; what comes of them is told by events, delivered from media_port_dispatch() on the
 * same thread. media_port_fd() turns readable when there is something to dispatch. Packets are relayed on threads of
 * the engine's own; no allocation, lock or log line per packet.
 *
 * Memory. Structs passed in are copied. Events are valid during the callback. */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct media;
struct media_port;
typedef uint64_t media_id; /* 0: none */

#define MEDIA_MAX_STREAMS   8 /* m-lines of one side that get ports */
#define MEDIA_MAX_FORKS     8 /* remotes of one side */
#define MEDIA_MAX_ADDRESSES 4
#define MEDIA_MAX_ACL       64

/* ---- the engine ---------------------------------------------------------------------------------------------- */

enum media_latch {
	MEDIA_LATCH_STRICT,     /* SDP address and port only */
	MEDIA_LATCH_RESTRICTED, /* SDP address, signalling source address, or media ACL */
	MEDIA_LATCH_OPEN,       /* any source inside the window */
};

/* Where ports are taken from; index in media_config.networks is the network's number everywhere in this interface. */
struct media_network {
	const char *name;
	const char *device;                         /* or NULL */
	struct addr address[MEDIA_MAX_ADDRESSES];   /* bind to; at most one used per family */
	struct addr advertise[MEDIA_MAX_ADDRESSES]; /* what is told to the far side; unset: the bound address */
	size_t n_addresses;
	uint16_t port_min, port_max; /* inclusive; RTP ports are even, RTCP the next */
	uint8_t dscp;
};

struct media_config {
	const struct media_network *networks;
	size_t n_networks;
	unsigned workers;          /* 0: one per core */
	uint32_t latch_window_ms;  /* 2000 */
	uint32_t port_cooldown_ms; /* a released port is not taken again before: 5000 */
	uint32_t max_sessions;     /* beyond: media_session() gives 0; 0: no limit */
	bool plain_sends;          /* do not use io_uring even where the kernel has it */
};

/* 0, -ENOMEM, -EINVAL (an address without ports, too many). A network without addresses carries no media: preparing on
 * it fails with MEDIA_ERR_NO_ADDRESS. Starts the threads. The config is copied. */
int media_create(const struct media_config *c, struct media **ret);
/* Ends every session without events, joins the threads. All ports must have been closed before. */
void media_destroy(struct media *m);
/* Replaces the networks (reload): new sessions use the new ones, live sockets stay. Numbers may change meaning only for
 * networks that no session uses; callers keep numbers stable by appending. 0 or -errno. Main thread. */
int media_set_networks(struct media *m, const struct media_network *n, size_t n_networks);

/* ---- events -------------------------------------------------------------------------------------------------- */

#define MEDIA_ERRORS(X)                                                                                                \
	X(MEDIA_ERR_NO_PORT, "no free media port")                                                                     \
	X(MEDIA_ERR_PORT, "the media port that was asked for is taken, or not of this network")                        \
	X(MEDIA_ERR_NO_ADDRESS, "network has no media address of this family")                                         \
	X(MEDIA_ERR_NO_MEMORY, "out of memory")                                                                        \
	X(MEDIA_ERR_LIMIT, "too many media sessions")                                                                  \
	X(MEDIA_ERR_GONE, "no such media session")                                                                     \
	X(MEDIA_ERR_SOCKET, "the kernel refused a socket")

enum media_error {
	MEDIA_OK = 0,
#define X(name, text) name,
	MEDIA_ERRORS(X)
#undef X
};
const char *media_error_text(enum media_error e);

enum media_side { MEDIA_A, MEDIA_B };

enum media_event_type {
	MEDIA_EV_PREPARED, /* answer to media_prepare(): local addresses */
	MEDIA_EV_FAILED,   /* answer to media_prepare(): error; nothing was changed. Also when media_commit(),
			    * media_set_acl() or media_query() found no memory, or a stale id was prepared, queried or
			    * ended */
	MEDIA_EV_SOURCE,   /* a later change of source was taken; log and count */
	MEDIA_EV_SILENT,   /* no packet for the stream's inactivity time, in the direction it should flow */
	MEDIA_EV_STATS,    /* answer to media_query() */
	MEDIA_EV_ENDED,    /* answer to media_end(): the last statistics; the id is dead */
};

/* A local component address pair, as the far side must be told (advertised) and as bound. */
struct media_local {
	struct addr rtp;    /* advertised; unset: the stream has no ports */
	uint16_t rtcp_port; /* advertised; the RTP port when there is none of its own (RFC 5761) */
};

/* Why the source of packets was accepted, or changed. Ranks: smaller is better. */
enum media_rank {
	MEDIA_RANK_SDP,        /* SDP address and port */
	MEDIA_RANK_SDP_HOST,   /* SDP address, other port */
	MEDIA_RANK_SIGNALLING, /* where the signalling came from */
	MEDIA_RANK_ACL,        /* inside the peer's media ACL */
	MEDIA_RANK_ANY,        /* `open` only */
	MEDIA_RANK_NONE,       /* nothing latched */
};
enum media_evidence {
	MEDIA_EVIDENCE_RTP_CONTINUED, /* same address and SSRC, next sequence numbers, old port silent for 200 ms */
	MEDIA_EVIDENCE_ACL_SILENT,    /* inside the media ACL, old source silent for 500 ms */
	MEDIA_EVIDENCE_SRTP,          /* SRTP authenticated the new source */
};
#define MEDIA_EVIDENCE_COUNT 3

/* Why a packet was not relayed. Counted per stream direction and summed per engine; never logged. */
#define MEDIA_DROPS(X)                                                                                                 \
	X(MEDIA_DROP_SHORT, "short", "shorter than its header")                                                        \
	X(MEDIA_DROP_KIND, "kind", "not RTP or RTCP (RFC 7983)")                                                       \
	X(MEDIA_DROP_SOURCE, "source", "source refused by the latch: injection or RTP bleed")                          \
	X(MEDIA_DROP_RTP, "rtp", "malformed RTP header")                                                               \
	X(MEDIA_DROP_RTCP, "rtcp", "malformed RTCP packet")                                                            \
	X(MEDIA_DROP_SIZE, "size", "larger than is relayed")                                                           \
	X(MEDIA_DROP_UNSELECTED, "unselected", "from a fork that is not the one heard")                                \
	X(MEDIA_DROP_DIRECTION, "direction", "media against the agreed direction (hold)")                              \
	X(MEDIA_DROP_NO_TARGET, "no_target", "the other side has no address to send to yet")                           \
	X(MEDIA_DROP_SEND, "send", "the kernel refused the packet")                                                    \
	X(MEDIA_DROP_STALE, "stale", "came long before anything was agreed: too old to be sent on")                    \
	X(MEDIA_DROP_HIDDEN, "hidden", "RTCP of which nothing may cross: APP and what is not known")

enum media_drop {
#define X(name, key, text) name,
	MEDIA_DROPS(X)
#undef X
		MEDIA_DROP_COUNT
};
const char *media_drop_key(enum media_drop d);

/* What came in from one side of one stream and what became of it. Times are monotonic ns, 0: never. */
struct media_direction {
	uint64_t packets, bytes; /* RTP (or other payload) accepted from this side; bytes of UDP payload */
	uint64_t relayed;        /* of them, sent on to the other side */
	uint64_t rtcp_packets;
	uint64_t lost, reordered, duplicated;
	uint32_t jitter_us; /* RFC 3550 §6.4.1, with the clock rate given at commit */
	uint64_t drops[MEDIA_DROP_COUNT];
	uint64_t first_ns, last_ns; /* packets accepted */
	uint64_t committed_ns;      /* since when media was expected from here */
	struct addr expected;       /* what the far description said */
	struct addr latched;        /* where packets come from and go to; unset: nothing latched */
	struct addr latched_rtcp;   /* the same for RTCP on a port of its own */
	struct addr refused;        /* last source refused by the latch */
	enum media_rank rank, rank_rtcp;
	uint32_t source_changes;
	uint32_t ssrc; /* of the last RTP packet from `latched`, and its sequence number */
	uint16_t seq;
	bool has_rtp;       /* ssrc and seq are valid */
	bool receives;      /* agreed direction lets this side send to us */
	uint32_t window_ms; /* nothing latched: so long `open` still takes anybody */
};

/* What a far end has been through, as it must outlive the process that saw it. Ages are ms before the moment it was
 * taken; who keeps it for a while adds that to the ages, and takes it from window_ms. */
struct media_past {
	uint64_t packets, bytes, relayed, rtcp_packets, lost, reordered, duplicated;
	uint64_t drops[MEDIA_DROP_COUNT];
	uint64_t first_age_ms, last_age_ms, committed_age_ms; /* MEDIA_NEVER: has not happened */
	uint32_t jitter_us, source_changes, window_ms;
	struct addr latched[2]; /* RTP, RTCP; unset: nothing */
	enum media_rank rank[2];
	struct addr refused;
	uint32_t ssrc;
	uint16_t seq;
	bool has_rtp;
};
#define MEDIA_NEVER UINT64_MAX

struct media_stats {
	struct {
		bool used;
		struct media_direction from[2]; /* [MEDIA_A], [MEDIA_B]; B: of the selected fork */
	} streams[MEDIA_MAX_STREAMS];
	size_t n_streams;
	uint64_t now_ns; /* when it was so; the clock of all times in it */
};

/* Of a direction in a struct media_stats, with its now_ns. Pure. */
void media_past_of(const struct media_direction *d, uint64_t now_ns, struct media_past *ret);

struct media_event {
	enum media_event_type type;
	media_id session;
	uint64_t cookie; /* as given to media_session(); the caller's own */
	enum media_side side;
	unsigned stream, fork;
	union {
		struct {
			struct media_local local[MEDIA_MAX_STREAMS];
			size_t n_streams;
		} prepared;
		enum media_error error; /* FAILED */
		struct {
			struct addr from, to;
			enum media_evidence evidence;
		} source;
		struct {
			uint32_t silent_ms;
		} silent;
		const struct media_stats *stats; /* STATS, ENDED */
	};
};

typedef void (*media_event_fn)(void *arg, const struct media_event *e);

/* ---- a signalling worker's door ------------------------------------------------------------------------------ */

int media_port_open(struct media *m, media_event_fn fn, void *arg, struct media_port **ret);
/* Sessions opened through this port are ended; no more events. */
void media_port_close(struct media_port *p);
int media_port_fd(const struct media_port *p);
/* True when media_port_dispatch() would deliver something, without a system call. A caller that uses it promises to
 * call it after its last media_*() or dispatch call and before it sleeps, and to dispatch when it is true: then the
 * descriptor is written only while the caller sleeps. A caller that never uses it relies on the descriptor alone. */
bool media_port_pending(const struct media_port *p);
void media_port_dispatch(struct media_port *p);

/* ---- sessions ------------------------------------------------------------------------------------------------ */

/* A new, empty session; 0 when the limit is reached or memory is out. No event. */
media_id media_session(struct media_port *p, uint64_t cookie);

struct media_prepare {
	uint16_t network; /* index in media_config.networks */
	bool v6;          /* family of the ports */
	size_t n_streams; /* total; streams that the side already has stay as they are, more are added, none removed */
	uint32_t used;    /* bit per stream: gets ports (0: an m-line rejected or not carried) */
	bool rtcp;        /* a second port for RTCP */
	uint16_t port[MEDIA_MAX_STREAMS]; /* exactly this RTP port (a call that was elsewhere before); 0: any */
};
/* Takes ports, on the caller's thread. Answered by PREPARED or FAILED. When the side is already prepared on another
 * network or family it is released first (serial failover to another target). A port that is named and not to be had
 * fails with MEDIA_ERR_PORT; its rest after another use is not waited for. Streams with and without RTCP ports of
 * their own take two calls. */
void media_prepare(struct media_port *p, media_id s, enum media_side side, const struct media_prepare *what);

/* One stream of one remote, as agreed. */
struct media_remote {
	bool used;
	bool rtp;              /* else plain datagrams (UDPTL, ...): no RTP checks */
	struct addr rtp_addr;  /* where the far description wants RTP; unset: learn by latching only */
	struct addr rtcp_addr; /* unset: with rtcp_mux, or none */
	bool rtcp_mux;
	enum media_latch latch;
	struct addr signalling; /* where this side's signalling comes from; for ranks */
	const struct cidr *acl; /* peer's media ACL, copied */
	size_t n_acl;
	bool send;           /* we may send towards this remote */
	bool receive;        /* this remote may send to us */
	uint32_t clock_hz;   /* of the first codec, for jitter; 0: 8000 */
	uint32_t silence_ms; /* inactivity time-out while `receive`; 0: none */
	/* What this far end has been through in another process (or NULL), copied. Looked at when the stream had no
	 * remote of this fork before: counters and latches then go on from there, no window opens but what was left of
	 * one, inactivity is counted from now. */
	const struct media_past *past;
};
/* A call that is restored: session, prepare both sides with their ports, select the fork, then commit both with their
 * past; a selection or commit without past after that opens windows as ever. */
/* Sets or replaces what is behind a side's ports for one fork (0-based). A remote whose address is unchanged keeps its
 * latch and counters; otherwise a new latch window opens and the counters go on. Every commit and selection of a
 * session opens the window anew for latches that hold nothing yet. No event (but FAILED when there is no memory: then
 * all is as it was). Needs a prepared side. */
void media_commit(struct media_port *p, media_id s, enum media_side side, unsigned fork,
		  const struct media_remote *streams, size_t n);
/* Replaces the media ACL of all remotes of a side (a reload: it holds for live calls). A source that only the ACL
 * vouched for and that is outside now is dropped, and counts as refused; no window opens for others on that account.
 * The list is copied. No event, but FAILED when there is no memory: then the old list still holds, and a caller who
 * cannot live with that ends the session. A side that has not been committed ignores it: its commit brings a list. */
void media_set_acl(struct media_port *p, media_id s, enum media_side side, const struct cidr *acl, size_t n_acl);
/* From now on this fork is heard, and spoken to. Fork 0 is until another is named, which may be before its commit. The
 * inactivity time of both sides begins anew. */
void media_select(struct media_port *p, media_id s, enum media_side side, unsigned fork);
/* RTP of a side goes back to where it came from (built-in target `echo`); RTCP is read and not returned. Works with one
 * side only; the side must be committed to be heard. */
void media_set_echo(struct media_port *p, media_id s, enum media_side side, bool on);
/* Statistics now: answered by STATS. */
void media_query(struct media_port *p, media_id s);
/* Ends the session and gives all ports back: answered by ENDED, after which the id is dead. */
void media_end(struct media_port *p, media_id s);

/* ---- what management shows ----------------------------------------------------------------------------------- */

struct media_gauges {
	uint64_t sessions;
	uint64_t ports_used, ports_total; /* RTP ports; each has its RTCP port with it */
	uint64_t ports_open;    /* of the unused: resting or rested with their sockets open, for the next call */
	uint64_t ports_skipped; /* times that a port was found taken by another program */
	uint64_t packets, bytes, drops[MEDIA_DROP_COUNT];
	uint64_t latches[MEDIA_RANK_NONE], races, source_changes[MEDIA_EVIDENCE_COUNT];
	uint64_t queue_full; /* requests refused because too many waited, and events that waited for the one before */
	uint64_t loop_p50_us, loop_p99_us, loop_max_us; /* a worker's loop turns, worst worker */
};
/* Any thread. */
void media_gauges(struct media *m, struct media_gauges *ret);

#endif
