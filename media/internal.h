/* SPDX-License-Identifier: Apache-2.0 */
/* internal: the structs behind media.h and who owns what.
 *
 *   media (engine)  pools by network; workers; ports
 *   media_port      its sessions, by slot and generation; memory of sessions, sides, streams is taken and freed here
 *   session         made by the port, given a worker at its first commit
 *   side, stream    sockets bound and, with the first commit, watched by the port's thread; the worker closes them
 *   remote          one fork's far end of one stream; made by the port, given to the worker with the commit
 *
 * Each struct has fields of the port's thread and fields of the worker's thread; no field belongs to both. Orders go to
 * the worker and notices come back as letters that are members of these structs, so that ending, releasing and telling
 * never need memory. A session's last letters are the order `end` and the notice `ended`; after the latter all of it is
 * the port's again. */
#ifndef MEDIA_INTERNAL_H
#define MEDIA_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/histogram.h"
#include "base/list.h"
#include "base/wheel.h"
#include "media/counters.h"
#include "media/io.h"
#include "media/latch.h"
#include "media/mailbox.h"
#include "media/media.h"
#include "media/pool.h"
#include "media/rtp.h"

#define NS_PER_MS    1000000ull
#define MAX_WORKERS  64
#define MAX_PORTS    64    /* signalling workers */
#define MAX_ORDERS   16384 /* commits and queries of one port that no worker has seen yet */
#define PORT_TRIES   64    /* ports tried for one stream before it is NO_PORT */
#define DOZE_MS      20    /* a worker that was given orders lately looks by itself this often, unasked */
#define DOZE_FOR_MS  100   /* and goes on doing so for this long */
#define FEW_SESSIONS 512   /* so many take a quarter of a processor at most, all of them audio */
#define TURN_MAX_US  300   /* no further order is begun in a turn that took so long */

struct session;
struct side;
struct worker;

enum profile { PROFILE_RTP, PROFILE_DATAGRAM, PROFILE_COUNT };

/* ---- letters ------------------------------------------------------------------------------------------------- */

enum order_what { ORDER_COMMIT, ORDER_SETTINGS, ORDER_RELEASE, ORDER_QUERY, ORDER_ACL, ORDER_END };

struct order {
	struct letter letter; /* first */
	enum order_what what;
	struct session *session;
};

enum notice_what { NOTICE_RELEASED, NOTICE_STATS, NOTICE_ENDED, NOTICE_SOURCE, NOTICE_SILENT };

struct notice {
	struct letter letter; /* first */
	enum notice_what what;
	struct session *session;
};

/* ---- streams ------------------------------------------------------------------------------------------------- */

struct component {
	struct io_socket sock; /* first */
	struct stream *stream;
	enum latch_component which;
};

/* One fork's far end of one stream, and what came from there. Worker's. */
struct remote {
	/* what sending a packet there needs: one line of the cache */
	struct addr target[2]; /* where to send; unset: nowhere; [latch_component] */
	bool used, send, receive, rtcp_mux, rtp;
	bool silent;   /* SILENT was told, and nothing came since */
	bool restored; /* its past came with it, and has not been taken up yet */
	/* and an RTP packet from there: four more */
	uint64_t packets, bytes, relayed;
	uint64_t first_ns, last_ns; /* packets accepted, RTCP not included */
	uint64_t alive_ns;          /* last accepted packet of any kind */
	uint32_t clock_hz, silence_ms;
	struct rtp_source source;
	struct latch latch[2]; /* [latch_component] */
	/* the rest */
	uint64_t rtcp_packets;
	uint64_t committed_ns;
	uint64_t selected_ns; /* last selection of either side: silence is counted from there */
	struct latch_rules rules;
	uint64_t drops[MEDIA_DROP_COUNT];
	struct cidr acl[];
};

struct source_notice {
	struct notice notice;
	atomic_bool busy; /* under way to the port */
	unsigned fork;
	enum media_evidence evidence;
	struct addr from, to;
	/* worker's: what is still to be told, once the notice is back */
	bool due;
	unsigned due_fork;
	enum media_evidence due_evidence;
	struct addr due_from;
};

struct silent_notice {
	struct notice notice;
	atomic_bool busy;
	unsigned fork;
	uint32_t silent_ms;
};

struct stream {
	struct component component[2]; /* [latch_component] */
	/* worker's: a packet's way, found anew with each order */
	struct stream *out;   /* where what comes in goes out, or NULL */
	struct remote *heard; /* of the selected fork, or NULL */
	unsigned selected;
	enum profile profile;
	unsigned n_forks; /* remotes that are there */
	unsigned index;
	uint16_t port;
	uint8_t dscp; /* of its sockets */
	struct side *side;
	/* worker's */
	struct remote *remotes[MEDIA_MAX_FORKS];
	struct wheel_timer silence;
	struct source_notice source;
	struct silent_notice silent;
};

struct side {
	struct session *session;
	enum media_side which;
	uint16_t network;
	bool v6;
	bool handed; /* the worker knows it */
	struct pool *pool;
	struct addr advertise; /* port 0 */
	size_t n_streams;
	struct stream *streams[MEDIA_MAX_STREAMS]; /* NULL: no ports */
	struct order release;
	struct notice released;
	/* said by the port, read by the worker when it gets to the order */
	struct order settings;
	atomic_bool settings_sent;
	atomic_uint want_fork;
	atomic_bool want_echo;
	/* worker's */
	struct stream *live[MEDIA_MAX_STREAMS];
	unsigned selected;
	bool echo;
	struct acl *acl; /* that replaced those of the remotes, or NULL */
};

struct session {
	media_id id;
	uint64_t cookie;
	struct media_port *port;
	struct worker *worker; /* NULL: nothing committed yet, all of it is the port's */
	bool ending;
	struct side *sides[2];
	struct order end;
	struct notice ended;
	/* worker's */
	struct side *live[2];
};

struct commit {
	struct order order;
	struct side *side;
	unsigned fork;
	bool restored; /* all of it: nothing begins anew */
	size_t n;
	struct stream *streams[MEDIA_MAX_STREAMS];
	struct remote *remotes[MEDIA_MAX_STREAMS]; /* NULL: not used */
};

/* A media ACL that replaces those of a side's remotes; from then on the side's. */
struct acl {
	struct order order;
	struct side *side;
	size_t n;
	struct cidr list[];
};

struct query {
	struct order order;
	struct notice notice;
	struct media_stats stats;
};

/* ---- threads ------------------------------------------------------------------------------------------------- */

struct worker {
	struct media *media;
	pthread_t thread;
	bool running;
	struct io *io;
	struct mailbox box;
	atomic_bool stop;
	atomic_uint sessions;
	/* its own */
	struct letter *orders; /* taken from the box, not carried out yet */
	uint64_t ordered_ns;   /* when it last carried one out */
	struct wheel wheel;
	struct media_port *to_ring[MAX_PORTS];
	unsigned n_to_ring;
	struct counters counters;
	struct histogram turns;
};

/* An answer that the port gives itself, at the next dispatch. */
struct answer {
	media_id session;
	uint64_t cookie;
	enum media_event_type type;
	enum media_side side;
	unsigned fork;
	enum media_error error;
};

struct slot {
	struct session *session;
	uint32_t generation;
	uint32_t next_free;
};

struct media_port {
	struct media_port *self; /* media_port_pending() takes a const port and marks that it looked */
	struct media *media;
	unsigned index;
	bool open;
	bool looks; /* the caller uses media_port_pending() */
	media_event_fn fn;
	void *arg;
	int fd; /* eventfd */
	atomic_bool fd_written;
	struct mailbox box;
	atomic_uint in_flight; /* commits and queries */
	struct slot *slots;
	uint32_t n_slots, free_slot; /* free_slot == n_slots: none */
	size_t n_sessions;
	struct answer *answers; /* ring of a power of two */
	size_t answers_cap, answers_head, answers_n;
	struct media_stats stats; /* scratch for ENDED */
};

struct networks {
	atomic_uint refs;
	size_t n;
	struct network {
		char device[32];
		uint8_t dscp;
		size_t n_addresses;
		struct pool *pools[MEDIA_MAX_ADDRESSES];
		struct addr advertise[MEDIA_MAX_ADDRESSES];
	} list[];
};

struct media {
	uint64_t window_ns, cooldown_ns;
	uint32_t max_sessions;
	bool plain_sends;
	struct hash_key rtcp_key; /* rtcp_hide() */
	atomic_uint sessions;
	atomic_uint_fast64_t queue_full;
	pthread_mutex_t lock; /* networks, ports */
	struct networks *networks;
	struct media_port *ports[MAX_PORTS]; /* kept until the engine goes: a worker may ring late */
	unsigned n_workers;
	struct worker *workers;
};

/* ---- engine.c ------------------------------------------------------------------------------------------------ */

struct networks *media_networks(struct media *m); /* a reference; any thread */
void networks_unref(struct networks *n);

/* ---- port.c (port's thread) ---------------------------------------------------------------------------------- */

/* The session of that id, ended ones included until ENDED was told; or NULL. */
struct session *port_find(const struct media_port *p, media_id id);
/* Its id dies. */
void port_forget(struct media_port *p, media_id id);
/* The live session of that id, or NULL. */
struct session *port_session(struct media_port *p, media_id id);
/* Ended, and ENDED not told yet. */
bool port_session_ending(struct media_port *p, media_id id);
/* An event at the next dispatch. */
void port_answer(struct media_port *p, const struct answer *a);
void port_order(struct media_port *p, struct worker *w, struct order *o);
/* Any worker: there is mail. */
void port_ring(struct media_port *p);
/* A worker has freed or handed back a commit or query. */
void port_order_done(struct media_port *p);

/* ---- deliver.c (port's thread) ------------------------------------------------------------------------------- */

/* What the port itself has to say; what callbacks add waits for the next call. */
void deliver_answers(struct media_port *p);
/* What the workers have sent. */
void deliver_mail(struct media_port *p);

/* ---- side.c: sockets and memory of a side -------------------------------------------------------------------- */

struct side *side_create(struct session *s, enum media_side which, const struct media_prepare *what,
			 const struct networks *nets, enum media_error *ret_error);
/* Opens what `what` asks for and the side lacks; all or nothing. */
enum media_error side_extend(struct side *d, const struct media_prepare *what, const struct networks *nets);
/* Closes every socket and gives the ports back. Thread: whoever owns the side. */
void side_close(struct side *d, uint64_t now_ns);
/* Frees a closed side, its streams and remotes. Port's thread; NULL is allowed. */
void side_free(struct side *d);

/* ---- remote.c: a far end ------------------------------------------------------------------------------------- */

struct remote *remote_create(const struct media_remote *what, uint64_t window_ns, uint64_t now_ns);
/* Takes over counters from what was there before (NULL: nothing, or what it was created with), and the latches when the
 * addresses are the same. */
void remote_begin(struct remote *r, const struct remote *before, uint64_t now_ns);
/* Computes the targets anew: after a commit, and when a latch moved. */
void remote_aim(struct remote *r, const struct side *d);
/* From now on this list; acl outlives r, or is replaced. */
void remote_set_acl(struct remote *r, const struct acl *acl, const struct side *d);
void remote_stats(const struct remote *r, uint64_t now_ns, struct media_direction *ret);
void session_stats(const struct session *s, uint64_t now_ns, struct media_stats *ret);

/* ---- worker.c, orders.c, packet.c (worker's thread) ---------------------------------------------------------- */

int worker_start(struct worker *w, struct media *m);
void worker_stop(struct worker *w);
void worker_notify(struct worker *w, struct notice *n);
void worker_orders(struct worker *w);
void order_silence(struct wheel_timer *t);
/* After anything that changes where a session's packets go. */
void session_find_ways(struct session *s);
/* A change of source is due to be told (stream.source.due): now, or when the notice before has been read. */
void worker_tell_source(struct worker *w, struct stream *st);
/* struct io_user, arg is the worker: one datagram through all stages; what waited for too long; one that could not
 * be sent; one that is about to come. */
void packet_arrived(void *arg, struct io_socket *s, const struct addr *from, uint8_t *p, size_t n, size_t size);
void packets_discarded(void *arg, struct io_socket *s, unsigned n);
void packet_not_sent(void *arg, void *tag);
void packet_expected(void *arg, struct io_socket *s, unsigned step);

#endif
