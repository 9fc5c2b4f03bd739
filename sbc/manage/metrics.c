/* SPDX-License-Identifier: Apache-2.0 */
/* One function a room; plain numbers by tables of (name, type, help, where it lies in the room's struct). */
#include "sbc/manage/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/sock.h"
#include "sbc/manage/metrics_process.h"
#include "sbc/manage/prometheus.h"

#define COUNTER PROMETHEUS_COUNTER
#define GAUGE   PROMETHEUS_GAUGE
#define SUMMARY PROMETHEUS_SUMMARY

struct field {
	const char *name;
	enum prometheus_type type;
	const char *help;
	size_t at; /* offset of a uint64_t */
};

static uint64_t read_field(const void *base, const struct field *f)
{
	uint64_t v;
	memcpy(&v, (const char *)base + f->at, sizeof(v));
	return v;
}

static void write_fields(struct writer *w, const struct field *f, size_t n, const void *base)
{
	for (size_t i = 0; i < n; i++)
		prometheus_single(w, f[i].name, f[i].type, f[i].help, read_field(base, &f[i]));
}

#define WRITE_FIELDS(w, table, base) write_fields((w), (table), sizeof(table) / sizeof((table)[0]), (base))

/* Structs that hold nothing but uint64_t add up as arrays. */
static void add_all(void *sum, const void *one, size_t bytes)
{
	uint64_t *to = sum;
	const uint64_t *from = one;
	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] += from[i];
}

/* ---- calls ---- */

/* "calls_total" stays, "failovers" becomes "failovers_total". */
static void counter_name(const char *key, char *buf, size_t n)
{
	bool has = strlen(key) > 6 && strcmp(key + strlen(key) - 6, "_total") == 0;
	snprintf(buf, n, "limen_%s%s", key, has ? "" : "_total");
}

static void write_calls(const struct metrics_sources *s, struct writer *w)
{
	static const struct field counters[] = {
#define X(name, help) {#name, COUNTER, help, offsetof(struct call_counters, name)},
		CALL_COUNTERS(X)
#undef X
	};
	static const char *const reject_keys[REJECT_COUNT] = {
#define X(name, status, phrase, key) [name] = key,
		REJECT_REASONS(X)
#undef X
	};
	struct call_counters sum = {0}, one;
	char name[96];

	for (unsigned i = 0; i < worker_count(s->group); i++) {
		calls_counters(s->calls[i], &one);
		add_all(&sum, &one, sizeof(sum));
	}
	prometheus_single(w, "limen_calls", GAUGE, "calls alive", sum.calls);
	prometheus_single(w, "limen_legs", GAUGE, "legs of calls alive", sum.legs);
	prometheus_single(w, "limen_calls_unwritten", GAUGE, "calls of which the store does not hold all that is known",
			  sum.calls_unwritten);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		counter_name(counters[i].name, name, sizeof(name));
		prometheus_single(w, name, COUNTER, counters[i].help, read_field(&sum, &counters[i]));
	}
	prometheus_family(w, "limen_rejects_total", COUNTER, "requests refused and messages dropped, by reason");
	for (size_t i = REJECT_NONE + 1; i < REJECT_COUNT; i++)
		prometheus_sample(w, "limen_rejects_total", "reason", reject_keys[i], sum.rejects[i]);
}

/* ---- registrations ---- */

static void write_registrations(const struct metrics_sources *s, struct writer *w)
{
	static const struct field counters[] = {
#define X(name, help) {#name, COUNTER, help, offsetof(struct location_counters, name)},
		LOCATION_COUNTERS(X)
#undef X
	};
	static const struct field gauges[] = {
		{"limen_registrations", GAUGE, "contacts of phones held", offsetof(struct location_counters, bindings)},
		{"limen_registrations_live", GAUGE, "contacts whose phone can be reached",
		 offsetof(struct location_counters, live)},
		{"limen_registrations_aors", GAUGE, "addresses of record with contacts",
		 offsetof(struct location_counters, aors)},
		{"limen_registrations_pending", GAUGE, "REGISTERs under way to the core",
		 offsetof(struct location_counters, pending)},
	};
	struct location_counters sum = {0}, one;
	char name[96];

	for (unsigned i = 0; s->location && i < worker_count(s->group); i++) {
		location_counters(s->location[i], &one);
		add_all(&sum, &one, sizeof(sum));
	}
	WRITE_FIELDS(w, gauges, &sum);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		snprintf(name, sizeof(name), "limen_register_%s_total", counters[i].name);
		prometheus_single(w, name, COUNTER, counters[i].help, read_field(&sum, &counters[i]));
	}
}

/* ---- signalling workers ---- */

static void write_transport(const struct transport_gauges *g, struct writer *w)
{
#define F(name, type, help, member)                                                                                    \
	{                                                                                                              \
		"limen_sip_" name, type, help, offsetof(struct transport_gauges, member)                               \
	}
	static const struct field fields[] = {
		F("connections", GAUGE, "TCP connections open", connections),
		F("received_total", COUNTER, "messages received", received),
		F("sent_total", COUNTER, "messages sent", sent),
		F("received_bytes_total", COUNTER, "bytes of messages received", bytes_in),
		F("sent_bytes_total", COUNTER, "bytes of messages sent", bytes_out),
		F("send_errors_total", COUNTER, "messages that the kernel refused to send", send_errors),
		F("closed_idle_total", COUNTER, "connections closed because nothing came", closed_idle),
		F("closed_slow_total", COUNTER, "connections closed because a message took too long", closed_slow),
		F("refused_limit_total", COUNTER, "connections refused at a limit", refused_limit),
		F("pauses_total", COUNTER, "times a connection was not read because a worker's queue was full", pauses),
		F("held_total", COUNTER, "messages for a connection that waited because its worker's queue was full",
		  held),
		F("unreachable_total", COUNTER, "requests that ICMP says did not arrive", unreachable),
		F("icmp_ignored_total", COUNTER, "ICMP errors that are not proven to be about a request of ours",
		  icmp_ignored),
	};
#undef F
	WRITE_FIELDS(w, fields, g);
}

static void write_transactions(const struct txn_gauges *g, struct writer *w)
{
	static const struct field alive[] = {
		{"server_invite", GAUGE, NULL, offsetof(struct txn_gauges, server_invite)},
		{"server_other", GAUGE, NULL, offsetof(struct txn_gauges, server_other)},
		{"client_invite", GAUGE, NULL, offsetof(struct txn_gauges, client_invite)},
		{"client_other", GAUGE, NULL, offsetof(struct txn_gauges, client_other)},
	};
#define F(name, type, help, member)                                                                                    \
	{                                                                                                              \
		"limen_" name, type, help, offsetof(struct txn_gauges, member)                                         \
	}
	static const struct field fields[] = {
		F("retransmissions_in_total", COUNTER, "retransmissions absorbed", retransmissions_in),
		F("retransmissions_out_total", COUNTER, "retransmissions sent", retransmissions_out),
		F("transaction_timeouts_total", COUNTER, "transactions that timed out", timeouts),
		F("transaction_limit_total", COUNTER, "requests refused at the limit of transactions", limit_refused),
	};
#undef F
	prometheus_family(w, "limen_transactions", GAUGE, "transactions alive, lingering ones included");
	for (size_t i = 0; i < sizeof(alive) / sizeof(alive[0]); i++)
		prometheus_sample(w, "limen_transactions", "kind", alive[i].name, read_field(g, &alive[i]));
	WRITE_FIELDS(w, fields, g);
}

/* The turns of one loop; several share a family. */
static void write_turns(struct writer *w, const char *name, const char *label, const char *value, const uint64_t us[3])
{
	static const char *const quantiles[] = {"0.5", "0.99", "1"};
	for (unsigned i = 0; i < 3; i++) {
		writer_z(w, name);
		if (label)
			prometheus_labels(w, (const char *const[2]){label, "quantile"},
					  (const char *const[2]){value, quantiles[i]});
		else
			prometheus_labels(w, (const char *const[2]){"quantile", NULL},
					  (const char *const[2]){quantiles[i], NULL});
		prometheus_us(w, us[i]);
		writer_char(w, '\n');
	}
}

static void write_per_worker(const struct worker_gauges *g, unsigned n, struct writer *w)
{
	static const struct field fields[] = {
		{"limen_handed_over_total", COUNTER, "messages handed over to the worker that owns them",
		 offsetof(struct worker_gauges, handed_over)},
		{"limen_stun_answered_total", COUNTER, "STUN keep-alives answered",
		 offsetof(struct worker_gauges, stun_answered)},
		{"limen_handover_refused_total", COUNTER, "messages that found a worker's queue full",
		 offsetof(struct worker_gauges, queue_refused)},
	};
	char index[WORKER_MAX][4];

	for (unsigned i = 0; i < n; i++)
		snprintf(index[i], sizeof(index[i]), "%u", i % 1000);
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
		prometheus_family(w, fields[f].name, fields[f].type, fields[f].help);
		for (unsigned i = 0; i < n; i++)
			prometheus_sample(w, fields[f].name, "worker", index[i], read_field(&g[i], &fields[f]));
	}
	prometheus_family(w, "limen_worker_turn_seconds", SUMMARY,
			  "work in one turn of a signalling loop, since the start");
	for (unsigned i = 0; i < n; i++)
		write_turns(w, "limen_worker_turn_seconds", "worker", index[i],
			    (uint64_t[]){g[i].turn_p50_us, g[i].turn_p99_us, g[i].turn_max_us});
}

/* What the quantiles since the start do not tell: whether there were any just now. */
static void write_long_turns(const struct worker_gauges *g, unsigned n, struct writer *w)
{
	static const char *const label[2] = {"worker", "over"};

	prometheus_family(w, "limen_worker_long_turns_total", COUNTER,
			  "turns of a signalling loop that worked for longer than so many seconds");
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < WORKER_LONG_TURNS; k++) {
			char worker[12], over[16];

			snprintf(worker, sizeof(worker), "%u", i);
			snprintf(over, sizeof(over), "0.%03u", worker_long_turn_ms[k]);
			prometheus_sample2(w, "limen_worker_long_turns_total", label,
					   (const char *const[2]){worker, over}, g[i].long_turns[k]);
		}
}

static void write_workers(const struct metrics_sources *s, struct writer *w)
{
	struct worker_gauges g[WORKER_MAX];
	struct transport_gauges transport = {0};
	struct txn_gauges txn = {0};
	unsigned n = worker_count(s->group);

	for (unsigned i = 0; i < n; i++) {
		worker_gauges(worker_get(s->group, i), &g[i]);
		add_all(&transport, &g[i].transport, sizeof(transport));
		add_all(&txn, &g[i].txn, sizeof(txn));
	}
	prometheus_single(w, "limen_workers", GAUGE, "signalling workers", n);
	write_transactions(&txn, w);
	write_transport(&transport, w);
	write_per_worker(g, n, w);
	write_long_turns(g, n, w);
}

/* ---- media ---- */

/* One family with a sample for each key of a table. */
static void write_keyed(struct writer *w, const char *name, const char *help, const char *label,
			const char *const *keys, const uint64_t *v, size_t n)
{
	prometheus_family(w, name, COUNTER, help);
	for (size_t i = 0; i < n; i++)
		prometheus_sample(w, name, label, keys[i], v[i]);
}

static void write_media_tables(const struct media_gauges *g, struct writer *w)
{
	static const char *const drops[MEDIA_DROP_COUNT] = {
#define X(name, key, text) [name] = key,
		MEDIA_DROPS(X)
#undef X
	};
	static const char *const ranks[MEDIA_RANK_NONE] = {[MEDIA_RANK_SDP] = "sdp",
							   [MEDIA_RANK_SDP_HOST] = "sdp_host",
							   [MEDIA_RANK_SIGNALLING] = "signalling",
							   [MEDIA_RANK_ACL] = "media_acl",
							   [MEDIA_RANK_ANY] = "any"};
	static const char *const evidence[MEDIA_EVIDENCE_COUNT] = {[MEDIA_EVIDENCE_RTP_CONTINUED] = "rtp_continued",
								   [MEDIA_EVIDENCE_ACL_SILENT] = "acl_silent",
								   [MEDIA_EVIDENCE_SRTP] = "srtp"};

	write_keyed(w, "limen_media_drops_total", "packets not relayed, by reason", "drop", drops, g->drops,
		    MEDIA_DROP_COUNT);
	write_keyed(w, "limen_media_latches_total", "sources latched, by rank", "rank", ranks, g->latches,
		    MEDIA_RANK_NONE);
	write_keyed(w, "limen_media_moves_total", "sources that moved, by evidence", "evidence", evidence,
		    g->source_changes, MEDIA_EVIDENCE_COUNT);
}

static void write_media(const struct metrics_sources *s, struct writer *w)
{
#define F(name, type, help, member)                                                                                    \
	{                                                                                                              \
		"limen_media_" name, type, help, offsetof(struct media_gauges, member)                                 \
	}
	static const struct field fields[] = {
		F("sessions", GAUGE, "media sessions alive", sessions),
		F("ports_used", GAUGE, "RTP ports in use, each with its RTCP port", ports_used),
		F("ports", GAUGE, "RTP ports that the configuration gives", ports_total),
		F("ports_open", GAUGE, "RTP ports not in use whose sockets are kept for the next call", ports_open),
		F("ports_skipped_total", COUNTER, "ports found taken by another program", ports_skipped),
		F("packets_total", COUNTER, "packets received", packets),
		F("bytes_total", COUNTER, "bytes of packets received", bytes),
		F("races_total", COUNTER, "latches for which two sources of one rank asked", races),
		F("queue_full_total", COUNTER, "requests and events that found a queue full", queue_full),
	};
#undef F
	struct media_gauges g = {0};

	media_gauges(s->media, &g);
	WRITE_FIELDS(w, fields, &g);
	write_media_tables(&g, w);
	prometheus_family(w, "limen_media_turn_seconds", SUMMARY,
			  "work in one turn of a media loop, the worst worker's");
	write_turns(w, "limen_media_turn_seconds", NULL, NULL,
		    (uint64_t[]){g.loop_p50_us, g.loop_p99_us, g.loop_max_us});
}

/* ---- peers ---- */

static void write_peers(const struct metrics_sources *s, struct writer *w)
{
	static const struct {
		struct field f;
		const char *label, *value; /* besides the peer */
	} rows[] = {
		{{"limen_peer_calls", GAUGE, "calls of a peer alive", offsetof(struct border_peer_gauges, calls_in)},
		 "direction",
		 "in"},
		{{"limen_peer_calls", GAUGE, NULL, offsetof(struct border_peer_gauges, calls_out)}, "direction", "out"},
		{{"limen_peer_refused_total", COUNTER, "calls refused at a peer's limit",
		  offsetof(struct border_peer_gauges, rejected_calls)},
		 "limit",
		 "calls"},
		{{"limen_peer_refused_total", COUNTER, NULL, offsetof(struct border_peer_gauges, rejected_cps)},
		 "limit",
		 "cps"},
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		if (rows[r].f.help)
			prometheus_family(w, rows[r].f.name, rows[r].f.type, rows[r].f.help);
		for (size_t i = 0; i < s->config->n_peers; i++) {
			const char *peer = s->config->peers[i].name;
			struct border_peer_gauges g;
			if (border_peer_gauges(s->border, peer, &g))
				prometheus_sample2(w, rows[r].f.name, (const char *const[2]){"peer", rows[r].label},
						   (const char *const[2]){peer, rows[r].value},
						   read_field(&g, &rows[r].f));
		}
	}
}

/* ---- sockets and writers ---- */

static void write_sockets(struct writer *w)
{
	static const char *const kinds[SOCK_KIND_COUNT] = {
		[SOCK_KIND_SIGNALLING] = "signalling", [SOCK_KIND_STREAM] = "stream", [SOCK_KIND_MEDIA] = "media"};
	prometheus_family(w, "limen_sockets", GAUGE, "sockets open; signalling includes the management port");
	for (unsigned i = 0; i < SOCK_KIND_COUNT; i++)
		prometheus_sample(w, "limen_sockets", "kind", kinds[i], sock_count((enum sock_kind)i));
}

static void write_line_writers(const struct metrics_sources *s, struct writer *w)
{
	static const struct {
		const char *name;
		enum prometheus_type type;
		const char *help;
		uint64_t (*get)(const struct line_writer *w);
	} rows[] = {
		{"limen_lines_dropped_total", COUNTER, "lines that found the queue full", line_writer_dropped},
		{"limen_lines_queued_bytes", GAUGE, "bytes that wait to be written", line_writer_queued},
		{"limen_lines_errors_total", COUNTER, "failed writes", line_writer_errors},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		prometheus_family(w, rows[i].name, rows[i].type, rows[i].help);
		if (s->log)
			prometheus_sample(w, rows[i].name, "file", "log", rows[i].get(s->log));
		if (s->cdr)
			prometheus_sample(w, rows[i].name, "file", "cdr", rows[i].get(s->cdr));
	}
}

static void write_logins(const struct metrics_sources *s, struct writer *w)
{
	struct challenge_counters c = {0};
	if (s->logins)
		logins_counters(s->logins, &c);
#define X(name, text) prometheus_single(w, "limen_login_" #name "_total", COUNTER, text, c.name);
	CHALLENGE_COUNTERS(X)
#undef X
}

static void write_store(const struct metrics_sources *s, struct writer *w)
{
	static const struct field fields[] = {
#define X(name, help) {#name, COUNTER, help, offsetof(struct store_gauges, name)},
		STORE_GAUGES(X)
#undef X
	};
	struct store_gauges g;
	char name[96];

	store_gauges(s->store, &g);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		bool now = strncmp(fields[i].name, "queued", 6) == 0;
		snprintf(name, sizeof(name), "limen_store_%s%s", fields[i].name, now ? "" : "_total");
		prometheus_single(w, name, now ? GAUGE : COUNTER, fields[i].help, read_field(&g, &fields[i]));
	}
}

void metrics_write(const struct metrics_sources *s, struct writer *w)
{
	write_calls(s, w);
	write_registrations(s, w);
	write_workers(s, w);
	write_media(s, w);
	write_peers(s, w);
	write_logins(s, w);
	write_sockets(w);
	write_line_writers(s, w);
	write_store(s, w);
	metrics_write_process(s->started_ns, w);
}
