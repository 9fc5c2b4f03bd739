/* SPDX-License-Identifier: Apache-2.0 */
/* rtpgen: sends and receives the RTP of many calls on both sides of a relay, and measures loss and added latency.
 *
 *   rtpgen PORTS A_NETNS:A_IP B_NETNS:B_IP SECONDS WARMUP_SECONDS INTERVAL_MS
 *
 * PORTS has a line "a_ip a_port b_ip b_port" for each call: where side A and side B of it send to. Call i sends from
 * and receives on port 40000 + 2 * (i % 4) on both sides, a packet of 160 bytes of G.711 each way every INTERVAL_MS.
 * Sending goes by slots of a millisecond: call i has slot i % INTERVAL_MS, so that a relay sees small bursts, as from a
 * switch. The SSRC names call and direction and the sequence number the round. Latency is the kernel's time of
 * reception less the time just before the batch was handed to the kernel.
 *
 * Prints READY and waits for a line; prints START and END around the measured window, then one JSON line.
 * One thread sends, one receives. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	SOCKETS = 4,        /* of a side */
	FIRST_PORT = 40000, /* even ports from here */
	BATCH = 16,         /* packets handed to the kernel at once */
	RECEIVE = 64,
	SENT_TIMES = 128, /* rounds whose sending time is remembered */
	HEADER = 12,
	PAYLOAD = 160,
	FINE_US = 20000, /* the histogram has bins of 1 us to here, */
	COARSE_US = 250, /* then of this */
	BINS = FINE_US + 20000,
};

struct packet {
	uint8_t bytes[HEADER + PAYLOAD];
};

struct result {
	_Atomic uint64_t received; /* all, ever */
	uint64_t in_window;        /* of packets sent in the window */
	uint32_t bins[BINS];
	uint32_t max_us;
};

static struct {
	uint32_t calls, interval_ms;
	uint32_t first_round, end_round; /* of the measured window */
	int fd[2][SOCKETS];
	struct sockaddr_in (*to)[2];        /* by call: where side A, side B send to */
	uint32_t (*sent_us[2])[SENT_TIMES]; /* by direction and call */
	struct result result[2];            /* by direction: 0 is A to B */
	uint64_t stray;
	_Atomic bool stop;
} g;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *must(void *p)
{
	if (!p)
		die("memory");
	return p;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t ssrc_of(uint32_t dir, uint32_t call)
{
	return 0x40000000u | dir << 24 | call;
}

/* ---- set-up ---- */

static void open_sockets(int side, char *where)
{
	char path[128], *ip = strchr(where, ':');
	int own = open("/proc/thread-self/ns/net", O_RDONLY), ns;

	if (!ip)
		exit(2);
	*ip++ = '\0';
	snprintf(path, sizeof(path), "/run/netns/%s", where);
	ns = open(path, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		die(path);
	for (int i = 0; i < SOCKETS; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + 2 * i))};
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 16 << 20, one = 1;

		inet_pton(AF_INET, ip, &at.sin_addr);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
		if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
			die(ip);
		g.fd[side][i] = fd;
	}
	if (setns(own, CLONE_NEWNET) < 0)
		die("setns");
	close(own);
	close(ns);
}

static void read_ports(const char *path)
{
	char line[256], ip[2][64];
	unsigned port[2];
	FILE *f = fopen(path, "r");

	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %u %63s %u", ip[0], &port[0], ip[1], &port[1]) != 4)
			continue;
		g.to = must(realloc(g.to, (g.calls + 1) * sizeof(*g.to)));
		for (int side = 0; side < 2; side++) {
			struct sockaddr_in *to = &g.to[g.calls][side];

			*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port[side])};
			inet_pton(AF_INET, ip[side], &to->sin_addr);
		}
		g.calls++;
	}
	fclose(f);
}

/* ---- receiving ---- */

static void take_time(struct result *r, struct msghdr *h, uint32_t sent_us)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	struct timespec t;
	uint32_t us, bin;

	if (!c || c->cmsg_type != SCM_TIMESTAMPNS)
		return;
	memcpy(&t, CMSG_DATA(c), sizeof(t));
	us = (uint32_t)((uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000) - sent_us;
	if ((int32_t)us < 0)
		us = 0;
	if (us > r->max_us)
		r->max_us = us;
	bin = us < FINE_US ? us : FINE_US + (us - FINE_US) / COARSE_US;
	r->bins[bin < BINS ? bin : BINS - 1]++;
}

static void take(uint32_t side, const uint8_t *p, size_t n, struct msghdr *h)
{
	uint32_t ssrc = n == sizeof(struct packet) ? get32(p + 8) : 0;
	uint32_t dir = ssrc >> 24 & 1, call = ssrc & 0xffffff, round = (uint32_t)p[2] << 8 | p[3];

	if (ssrc >> 30 != 1 || dir == side || call >= g.calls) {
		g.stray++;
		return;
	}
	g.result[dir].received++;
	if (round < g.first_round || round >= g.end_round)
		return;
	g.result[dir].in_window++;
	take_time(&g.result[dir], h, g.sent_us[dir][call][round % SENT_TIMES]);
}

static void drain(uint32_t side, int fd)
{
	static uint8_t bytes[RECEIVE][512];
	static char control[RECEIVE][64];
	struct mmsghdr m[RECEIVE];
	struct iovec v[RECEIVE];
	int n;

	for (int i = 0; i < RECEIVE; i++) {
		v[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i],
					       .msg_iovlen = 1,
					       .msg_control = control[i],
					       .msg_controllen = sizeof(control[i])};
	}
	n = recvmmsg(fd, m, RECEIVE, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(side, bytes[i], m[i].msg_len, &m[i].msg_hdr);
}

static void *receive_main(void *arg)
{
	struct epoll_event ev[2 * SOCKETS];
	int ep = epoll_create1(0);

	for (uint32_t i = 0; i < 2 * SOCKETS; i++)
		epoll_ctl(ep, EPOLL_CTL_ADD, g.fd[i / SOCKETS][i % SOCKETS],
			  &(struct epoll_event){.events = EPOLLIN, .data.u32 = i});
	while (!g.stop) {
		int n = epoll_wait(ep, ev, 2 * SOCKETS, 20);

		for (int i = 0; i < n; i++)
			drain(ev[i].data.u32 / SOCKETS, g.fd[ev[i].data.u32 / SOCKETS][ev[i].data.u32 % SOCKETS]);
	}
	close(ep);
	return NULL;
}

/* ---- sending ---- */

/* One direction's packets, ordered by slot and, inside a slot, by socket: a batch shares both. */
struct train {
	uint32_t dir;
	uint32_t *call; /* by place */
	struct packet *packet;
	struct iovec *iov;
	struct mmsghdr *msg;
	uint32_t *slot_start; /* interval_ms + 1 of them */
	uint64_t sent, failed;
};

static void train_fill(struct train *t, uint32_t at, uint32_t call)
{
	uint8_t *p = t->packet[at].bytes;

	memset(p, 0xd5, sizeof(t->packet[at]));
	memset(p, 0, HEADER);
	p[0] = 0x80;
	p[1] = 8;
	put32(p + 8, ssrc_of(t->dir, call));
	t->call[at] = call;
	t->iov[at] = (struct iovec){p, sizeof(t->packet[at])};
	t->msg[at].msg_hdr = (struct msghdr){.msg_name = &g.to[call][t->dir],
					     .msg_namelen = sizeof(g.to[call][t->dir]),
					     .msg_iov = &t->iov[at],
					     .msg_iovlen = 1};
}

static void train_init(struct train *t, uint32_t dir)
{
	uint32_t at = 0;

	t->dir = dir;
	t->call = must(calloc(g.calls, sizeof(*t->call)));
	t->packet = must(calloc(g.calls, sizeof(*t->packet)));
	t->iov = must(calloc(g.calls, sizeof(*t->iov)));
	t->msg = must(calloc(g.calls, sizeof(*t->msg)));
	t->slot_start = must(calloc(g.interval_ms + 1, sizeof(*t->slot_start)));
	for (uint32_t slot = 0; slot < g.interval_ms; slot++) {
		t->slot_start[slot] = at;
		for (uint32_t s = 0; s < SOCKETS; s++)
			for (uint32_t call = slot; call < g.calls; call += g.interval_ms)
				if (call % SOCKETS == s)
					train_fill(t, at++, call);
	}
	t->slot_start[g.interval_ms] = at;
}

static void send_batch(struct train *t, uint32_t from, uint32_t n, uint32_t round)
{
	uint32_t us = (uint32_t)(now_ns(CLOCK_REALTIME) / 1000), done = 0;
	bool counts = round >= g.first_round;

	for (uint32_t i = from; i < from + n; i++)
		g.sent_us[t->dir][t->call[i]][round % SENT_TIMES] = us;
	while (done < n) {
		int k = sendmmsg(g.fd[t->dir][t->call[from] % SOCKETS], t->msg + from + done, n - done, 0);

		if (k < 0 && errno == EINTR)
			continue;
		t->failed += k <= 0;
		k = k <= 0 ? 1 : k;
		t->sent += counts ? (uint32_t)k : 0;
		done += (uint32_t)k;
	}
}

static void send_slot(struct train *t, uint32_t slot, uint32_t round)
{
	uint32_t end = t->slot_start[slot + 1];

	for (uint32_t i = t->slot_start[slot], n; i < end; i += n) {
		for (n = 0; n < BATCH && i + n < end && t->call[i + n] % SOCKETS == t->call[i] % SOCKETS; n++) {
			uint8_t *p = t->packet[i + n].bytes;

			p[2] = (uint8_t)(round >> 8);
			p[3] = (uint8_t)round;
			put32(p + 4, round * 8 * g.interval_ms);
		}
		send_batch(t, i, n, round);
	}
}

struct window {
	uint64_t start_ns, end_ns, received_before, received;
	uint64_t late_slots, late_max_us; /* this program's own lateness: above 5 ms */
};

static void edge(const char *name, uint64_t *ret_ns, uint64_t *ret_received)
{
	*ret_ns = now_ns(CLOCK_MONOTONIC);
	*ret_received = g.result[0].received + g.result[1].received;
	puts(name);
	fflush(stdout);
}

static void wait_for(uint64_t due_ns, struct window *w)
{
	struct timespec t = {(time_t)(due_ns / 1000000000u), (long)(due_ns % 1000000000u)};
	uint64_t late_us;

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	late_us = (now_ns(CLOCK_MONOTONIC) - due_ns) / 1000;
	if (!w->start_ns)
		return;
	w->late_slots += late_us > 5000;
	if (late_us > w->late_max_us)
		w->late_max_us = late_us;
}

static void send_all(struct train t[2], struct window *w)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC) + 5000000;

	for (uint32_t round = 0; round < g.end_round; round++) {
		if (round == g.first_round)
			edge("START", &w->start_ns, &w->received_before);
		for (uint32_t slot = 0; slot < g.interval_ms; slot++) {
			wait_for(start + ((uint64_t)round * g.interval_ms + slot) * 1000000u, w);
			send_slot(&t[0], slot, round);
			send_slot(&t[1], slot, round);
		}
	}
	edge("END", &w->end_ns, &w->received);
}

/* ---- the account ---- */

static double percentile(const struct result *r, double share)
{
	uint64_t n = 0, sum = 0;

	for (int i = 0; i < BINS; i++)
		n += r->bins[i];
	for (int i = 0; i < BINS; i++) {
		sum += r->bins[i];
		if (n && (double)sum >= share * (double)n)
			return i < FINE_US ? i : FINE_US + (double)(i - FINE_US) * COARSE_US;
	}
	return 0;
}

static void print_direction(const char *name, const struct result *r)
{
	printf(",\"%s\":{\"p50\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%u}", name, percentile(r, .5),
	       percentile(r, .99), percentile(r, .999), r->max_us);
}

static void print_result(const struct train t[2], const struct window *w)
{
	uint64_t sent = t[0].sent + t[1].sent, got = g.result[0].in_window + g.result[1].in_window;
	uint64_t relayed = w->received - w->received_before;
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	printf("{\"calls\":%u,\"interval_ms\":%u,\"sent\":%lu,\"received\":%lu,\"relayed\":%lu,\"seconds\":%.3f,"
	       "\"send_failed\":%lu,\"stray\":%lu,\"late_slots\":%lu,\"late_max_us\":%lu,\"own_cpu_s\":%.2f",
	       g.calls, g.interval_ms, sent, got, relayed, (double)(w->end_ns - w->start_ns) / 1e9,
	       t[0].failed + t[1].failed, g.stray, w->late_slots, w->late_max_us,
	       (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
	print_direction("a_to_b", &g.result[0]);
	print_direction("b_to_a", &g.result[1]);
	puts("}");
}

int main(int argc, char **argv)
{
	struct train train[2] = {0};
	struct window w = {0};
	pthread_t receiver;
	char line[8];

	if (argc != 7) {
		fprintf(stderr, "usage: rtpgen PORTS A_NETNS:A_IP B_NETNS:B_IP SECONDS WARMUP_SECONDS INTERVAL_MS\n");
		return 2;
	}
	g.interval_ms = (uint32_t)atoi(argv[6]);
	if (!g.interval_ms)
		return 2;
	g.first_round = (uint32_t)atoi(argv[5]) * 1000 / g.interval_ms;
	g.end_round = g.first_round + (uint32_t)atoi(argv[4]) * 1000 / g.interval_ms;
	read_ports(argv[1]);
	open_sockets(0, argv[2]);
	open_sockets(1, argv[3]);
	for (uint32_t dir = 0; dir < 2; dir++) {
		g.sent_us[dir] = must(calloc(g.calls, sizeof(*g.sent_us[dir])));
		train_init(&train[dir], dir);
	}
	puts("READY");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	if (pthread_create(&receiver, NULL, receive_main, NULL) != 0)
		die("thread");
	send_all(train, &w);
	usleep(500000); /* what is still under way */
	g.stop = true;
	pthread_join(receiver, NULL);
	print_result(train, &w);
	return 0;
}
