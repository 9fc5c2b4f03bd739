/* SPDX-License-Identifier: Apache-2.0 */
/* transport_internal: what the files of the transport share: transport.c (listeners, the way out), udp.c, stream.c (a
 * TCP connection), stream_table.c (all of them: ids, reuse, limits). */
#ifndef SBC_SIP_TRANSPORT_INTERNAL_H
#define SBC_SIP_TRANSPORT_INTERNAL_H

#include <stdatomic.h>

#include "base/hash.h"
#include "base/hmap.h"
#include "base/sock.h"
#include "sbc/sip/scan.h"
#include "sbc/sip/transport.h"

#define STREAM_CHUNK 65536        /* read at once */
#define STREAM_OUT   (256 * 1024) /* bytes queued on one connection before it counts as slow */
#define STREAM_KERNEL                                                                                                  \
	(256 * 1024) /* the kernel's buffers each way: left alone they grow to megabytes for a peer that               \
		       does not read, or that we do not read */
#define STREAM_HELD                                                                                                    \
	(16 * STREAM_OUT) /* bytes that a worker holds for connections of others while their queues are full */
#define ACCEPT_BATCH 64   /* connections taken in one turn from one listener */
#define ACCEPT_REST  100  /* ms without accepting once descriptors or memory are used up */

/* A socket of ours that is named in the configuration. */
struct listener {
	struct list node;
	struct transport *transport;
	unsigned network;
	enum config_transport kind;
	struct addr addr; /* with network and kind its identity */
	int fd;
	struct loop_poll *poll;
	struct wheel_timer retire; /* taken out of the configuration: closed when this runs */
	struct wheel_timer rest;   /* no descriptors left: what waits is accepted when this runs */
	bool retired;
};

/* The news of a connection's death. Made with the connection, so that lack of memory cannot keep it from anybody; held
 * by its worker until it is in every other worker's queue, and by these until they have read it. */
struct obituary {
	struct list node; /* transport.untold, while a queue had no room for it */
	struct transport *holder;
	unsigned network;
	uint64_t id;
	atomic_uint refs;
	unsigned n, next; /* siblings; those before `next` have it in their queue */
	struct obituary_copy {
		struct obituary *of;
		struct transport *to;
	} copies[]; /* n */
};

struct stream_out {
	struct stream_out *next;
	struct transport *from; /* whose user is told when it is lost: not always the stream's own */
	uint64_t cookie;
	size_t n, sent;
	char bytes[];
};

struct source; /* connections from one source address, at all workers */
struct source_table;

struct stream {
	struct transport *transport;
	uint64_t id;
	struct hmap_node by_remote;
	struct source *source; /* accepted ones */
	unsigned network;
	enum config_transport kind;
	struct addr local; /* of the listener that it came to or is sent from */
	struct addr remote;
	int fd;
	struct loop_poll *poll;
	bool connecting, dead;
	bool heard; /* a whole message came */
	struct loop_deferred bury;
	struct obituary *obituary; /* NULL: nobody wants to know */
	struct list dying;         /* while it waits to be buried */
	struct list paused;        /* while its next message waits for room with the user: stream_pause.c */
	bool again;                /* the next message was told before */
	int error;                 /* what it died of */
	struct wheel_timer timer;
	uint64_t last_ms;    /* of the last byte read or written */
	uint64_t partial_ms; /* since when a message is incomplete; 0: none is */
	uint64_t stuck_ms;   /* since when the first message in the queue waits to be written whole; 0: none does */
	uint8_t *in;         /* an incomplete message; NULL: none */
	size_t in_n, in_cap;
	struct scan_frame frame;
	struct stream_out *out, **out_end;
	size_t out_bytes;
};

#define TRANSPORT_COUNTS(X)                                                                                            \
	X(connections)                                                                                                 \
	X(received)                                                                                                    \
	X(sent)                                                                                                        \
	X(bytes_in)                                                                                                    \
	X(bytes_out)                                                                                                   \
	X(send_errors)                                                                                                 \
	X(closed_idle)                                                                                                 \
	X(closed_slow)                                                                                                 \
	X(refused_limit)                                                                                               \
	X(pauses)                                                                                                      \
	X(held)                                                                                                        \
	X(unreachable)                                                                                                 \
	X(icmp_ignored)

struct transport {
	struct loop *loop;
	struct config *config;
	unsigned worker;
	const struct transport_user *user;
	void *arg;
	struct transport *const *siblings;
	unsigned n_siblings;
	struct list listeners;
	struct list dying;  /* streams that died in this turn */
	struct list paused; /* streams that are not read */
	struct wheel_timer read_again;
	struct list untold; /* obituaries that some worker's queue had no room for */
	struct wheel_timer tell_again;
	struct list held_sends; /* messages for connections of workers whose queue had no room */
	size_t held_bytes;
	uint64_t held_for; /* a bit for each of these workers */
	struct wheel_timer post_again;
	atomic_uint_fast64_t n_untold; /* count as connections, so that the limit holds for them, too */
	struct hash_key key;
	struct hmap by_remote;        /* streams */
	struct source_table *sources; /* all workers' */
	struct stream **streams;      /* by index of their id */
	size_t n_streams;             /* length of that array */
	uint32_t generation;
	struct udp_batch *batch;
	uint8_t *chunk; /* STREAM_CHUNK */
#define X(name) atomic_uint_fast64_t name;
	TRANSPORT_COUNTS(X)
#undef X
};

static inline void transport_count(atomic_uint_fast64_t *c, uint64_t n)
{
	/* one writer: no locked instruction is needed */
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

/* A listener that a destination may be sent from; NULL: there is none. */
struct listener *transport_listener(struct transport *t, const struct destination *d);

/* What datagrams are read into, of all listeners; NULL: no memory. free() it. */
struct udp_batch *udp_batch_create(void);
void udp_readable(void *arg, int events); /* arg: struct listener */
void udp_errors_take(struct listener *l); /* a bounded number; the rest stays ready */
int udp_send(struct listener *l, const struct addr *to, const char *text, size_t n);

void stream_acceptable(void *arg, int events); /* arg: struct listener */
void stream_accept_again(struct wheel_timer *rest);
/* The stream that this destination shall go by: the one it names, a live one to that remote, else a new one. 0 or
 * -errno. */
int stream_for(struct transport *t, const struct destination *d, struct stream **ret);
/* from's user is told by cookie if it is lost. 0, or -errno: nothing was taken. */
int stream_send(struct stream *s, struct transport *from, const char *text, size_t n, uint64_t cookie);
/* Tells from's user that a send was lost, on from's own thread, which may be another one. */
void transport_tell_lost(struct transport *t, struct transport *from, uint64_t cookie, int error);
/* Connections of all workers together. */
uint64_t transport_connections(const struct transport *t);
void stream_kill(struct stream *s, int error);
void stream_ready(void *arg, int events); /* arg: struct stream */
void stream_start(struct stream *s);      /* timers and events of a new one */
void stream_free(struct stream *s);
/* Hands up what was kept when it was paused; pauses it anew if there still is no room. */
void stream_take_again(struct stream *s);

/* stream_pause.c */
void stream_pause(struct stream *s);
static inline bool stream_paused(const struct stream *s)
{
	return list_linked(&s->paused);
}

/* stream_obituary.c: 0 or -ENOMEM; *ret may be NULL then, and when nobody is to be told. */
int obituary_create(struct transport *t, struct obituary **ret);
/* Tells every worker; the obituary is no longer the caller's. NULL is allowed. */
void obituary_publish(struct obituary *o, unsigned network, uint64_t id);
void obituary_drop(struct obituary *o); /* tells nobody; NULL is allowed */
void obituaries_finish(struct transport *t);

/* stream_held.c: by a connection that holder, another worker, has. 0: taken; -ENOMEM, -ENOBUFS: too much waits. */
int stream_send_by(struct transport *t, struct transport *holder, const struct destination *d, const char *text,
		   size_t n, uint64_t cookie);
void held_finish(struct transport *t); /* what still waits is lost */

/* stream_table.c */
struct stream *stream_new(const struct listener *l, int fd, const struct addr *remote);
struct stream *stream_by_id(struct transport *t, uint64_t id);
struct stream *stream_by_remote(struct transport *t, unsigned network, const struct addr *remote);
void stream_forget(struct stream *s);
unsigned stream_worker(uint64_t id);

/* stream_sources.c: any thread */
int source_table_create(struct source_table **ret); /* 0 or -ENOMEM */
struct source_table *source_table_ref(struct source_table *t);
void source_table_unref(struct source_table *t); /* the last one: no source may be held. NULL is allowed */
/* One more connection from this source, if it has fewer than `most`? */
bool source_take(struct source_table *t, unsigned network, const struct addr *remote, unsigned most,
		 struct source **ret);
void source_give(struct source_table *t, struct source *s); /* NULL is allowed */
size_t source_table_count(struct source_table *t);

#endif
