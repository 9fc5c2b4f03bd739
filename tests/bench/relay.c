/* SPDX-License-Identifier: Apache-2.0 */
/* relay: drives media.h alone, for measuring it.
 *
 *   relay hold  A_IP A_REMOTE_IP B_IP B_REMOTE_IP CALLS SOCKS PORTS_FILE
 *       sets CALLS calls up between far ends that send from port 40000 + 2 * (call % SOCKS) on both sides, writes a
 * line "A_IP port B_IP port" for each to PORTS_FILE, prints READY, relays until end of file on stdin, prints figures
 *   relay churn A_IP A_REMOTE_IP B_IP B_REMOTE_IP CALLS RATE HELD
 *       prepares, commits and ends CALLS audio calls, both sides with RTCP, at RATE calls a second while HELD calls
 *       stay; prints CPU time per call of all threads, and the door's alone
 *   relay memory A_IP A_REMOTE_IP B_IP B_REMOTE_IP LOW HIGH
 *       proportional set size per held call, as the slope between LOW and HIGH calls */
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "media/media.h"

struct bench {
	struct media *media;
	struct media_port *port;
	struct addr remote[2];
	FILE *ports_file;
	uint64_t prepared, ended, failed;
	media_id *ids;
	struct addr *local[2]; /* by cookie */
};

static void on_event(void *arg, const struct media_event *e)
{
	struct bench *b = arg;
	if (e->type == MEDIA_EV_PREPARED) {
		b->local[e->side][e->cookie] = e->prepared.local[0].rtp;
		b->prepared++;
	} else if (e->type == MEDIA_EV_ENDED)
		b->ended++;
	else if (e->type == MEDIA_EV_FAILED) {
		b->failed++;
		fprintf(stderr, "failed: %s\n", media_error_text(e->error));
		exit(1);
	}
}

static void dispatch(struct bench *b, int timeout_ms)
{
	if (!media_port_pending(b->port))
		poll(&(struct pollfd){.fd = media_port_fd(b->port), .events = POLLIN}, 1, timeout_ms);
	media_port_dispatch(b->port);
}

/* What a signalling worker does for one call: prepare, prepare, and a commit for each side. */
static void set_up(struct bench *b, uint64_t cookie, uint16_t remote_port)
{
	const struct media_prepare a = {.network = 0, .n_streams = 1, .used = 1, .rtcp = true};
	const struct media_prepare z = {.network = 1, .n_streams = 1, .used = 1, .rtcp = true};
	media_id id = media_session(b->port, cookie);

	b->ids[cookie] = id;
	media_prepare(b->port, id, MEDIA_A, &a);
	media_prepare(b->port, id, MEDIA_B, &z);
	for (unsigned side = 0; side < 2; side++) {
		struct media_remote r = {
			.used = true,
			.rtp = true,
			.rtp_addr = b->remote[side],
			.rtcp_addr = b->remote[side],
			.latch = MEDIA_LATCH_RESTRICTED,
			.signalling = b->remote[side],
			.send = true,
			.receive = true,
			.silence_ms = 60000,
		};
		addr_set_port(&r.rtp_addr, remote_port);
		addr_set_port(&r.rtcp_addr, (uint16_t)(remote_port + 1));
		media_commit(b->port, id, side, 0, &r, 1);
	}
}

static uint64_t thread_cpu_ns(const char *task)
{
	char path[300];
	uint64_t ns = 0;
	snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", task);
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%" SCNu64, &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

static uint64_t process_cpu_ns(void)
{
	uint64_t sum = 0;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			sum += thread_cpu_ns(e->d_name);
	if (d)
		closedir(d);
	return sum;
}

static uint64_t own_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t pss_kb(void)
{
	char line[256];
	unsigned long long kb = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static void print_gauges(struct bench *b)
{
	struct media_gauges g;
	media_gauges(b->media, &g);
	printf("{\"packets\":%" PRIu64 ",\"loop_p50_us\":%" PRIu64 ",\"loop_p99_us\":%" PRIu64
	       ",\"loop_max_us\":%" PRIu64 ",\"cpu_s\":%.3f,\"drops\":{",
	       g.packets, g.loop_p50_us, g.loop_p99_us, g.loop_max_us, (double)process_cpu_ns() / 1e9);
	for (unsigned i = 0; i < MEDIA_DROP_COUNT; i++)
		printf("%s\"%s\":%" PRIu64, i ? "," : "", media_drop_key(i), g.drops[i]);
	printf("}}\n");
	fflush(stdout);
}

static int hold(struct bench *b, uint64_t calls, unsigned socks, const char *path)
{
	char line[8];
	FILE *f = fopen(path, "w");
	if (!f)
		return 1;
	for (uint64_t i = 0; i < calls; i++) {
		set_up(b, i, (uint16_t)(40000 + 2 * (i % socks)));
		while (b->prepared < 2 * (i + 1))
			dispatch(b, 1000);
		char one[ADDR_STRLEN], two[ADDR_STRLEN];
		fprintf(f, "%s %u %s %u\n", addr_text_host(&b->local[0][i], one), addr_port(&b->local[0][i]),
			addr_text_host(&b->local[1][i], two), addr_port(&b->local[1][i]));
	}
	fclose(f);
	printf("READY %d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		print_gauges(b);
	print_gauges(b);
	return 0;
}

static void end_all(struct bench *b, uint64_t from, uint64_t n)
{
	uint64_t want = b->ended + n;
	for (uint64_t i = from; i < from + n; i++)
		media_end(b->port, b->ids[i]);
	while (b->ended < want)
		dispatch(b, 1000);
}

static int churn(struct bench *b, uint64_t calls, uint64_t rate, uint64_t held)
{
	for (uint64_t i = 0; i < held; i++)
		set_up(b, calls + i, 40000);
	while (b->prepared < 2 * held)
		dispatch(b, 1000);
	usleep(200000);
	uint64_t cpu = process_cpu_ns(), own = own_cpu_ns(), start = clock_ns();
	uint64_t lasting = rate / 10 ? rate / 10 : 1; /* a call lasts 100 ms */
	for (uint64_t i = 0; i < calls + lasting; i++) {
		uint64_t due = start + i * 1000000000u / rate;
		for (uint64_t now = clock_ns(); now < due; now = clock_ns())
			dispatch(b, due - now > 1000000 ? (int)((due - now) / 1000000) : 1);
		if (i < calls)
			set_up(b, i, 40000);
		if (i >= lasting)
			media_end(b->port, b->ids[i - lasting]);
	}
	while (b->ended < calls)
		dispatch(b, 1000);
	cpu = process_cpu_ns() - cpu;
	own = own_cpu_ns() - own;
	printf("{\"calls\":%" PRIu64 ",\"rate\":%" PRIu64 ",\"held\":%" PRIu64
	       ",\"cpu_us_per_call\":%.2f,\"door_us_per_call\":%.2f,\"seconds\":%.2f}\n",
	       calls, rate, held, (double)cpu / 1e3 / (double)calls, (double)own / 1e3 / (double)calls,
	       (double)(clock_ns() - start) / 1e9);
	end_all(b, calls, held);
	return 0;
}

static int memory(struct bench *b, uint64_t low, uint64_t high)
{
	uint64_t kb[2] = {0};
	for (uint64_t i = 0; i < high; i++) {
		if (i == low)
			kb[0] = pss_kb();
		set_up(b, i, 40000);
		while (b->prepared < 2 * (i + 1))
			dispatch(b, 1000);
		usleep(i % 100 == 0 ? 6000 : 0);
	}
	usleep(100000);
	kb[1] = pss_kb();
	printf("{\"low\":%" PRIu64 ",\"high\":%" PRIu64 ",\"pss_bytes_per_call\":%.0f}\n", low, high,
	       (double)(kb[1] - kb[0]) * 1024.0 / (double)(high - low));
	end_all(b, 0, high);
	return 0;
}

static struct addr address(const char *text)
{
	struct addr a = {0};
	if (!addr_parse(str_z(text), 0, &a)) {
		fprintf(stderr, "%s: not an address\n", text);
		exit(2);
	}
	return a;
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	struct rlimit files;

	if (argc < 8) {
		fprintf(stderr, "see the head of tests/bench/relay.c\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	struct media_network nets[2] = {
		{.name = "a", .address = {address(argv[2])}, .n_addresses = 1, .port_min = 10000, .port_max = 59999},
		{.name = "b", .address = {address(argv[4])}, .n_addresses = 1, .port_min = 10000, .port_max = 59999},
	};
	b.remote[0] = address(argv[3]);
	b.remote[1] = address(argv[5]);
	const char *workers = getenv("WORKERS");
	const struct media_config c = {
		.networks = nets,
		.n_networks = 2,
		.workers = workers ? (unsigned)atoi(workers) : 0,
		.port_cooldown_ms = 1000,
	};
	if (media_create(&c, &b.media) < 0 || media_port_open(b.media, on_event, &b, &b.port) < 0)
		return 1;
	uint64_t x = strtoull(argv[6], NULL, 10), y = strtoull(argv[7], NULL, 10);
	uint64_t z = argc > 8 ? strtoull(argv[8], NULL, 10) : 0, most = x + y + z;
	b.ids = calloc(most, sizeof(*b.ids));
	b.local[0] = calloc(most, sizeof(struct addr));
	b.local[1] = calloc(most, sizeof(struct addr));
	int r = 2;
	if (!b.ids || !b.local[0] || !b.local[1])
		return 1;
	if (strcmp(argv[1], "hold") == 0 && argc > 8 && y)
		r = hold(&b, x, (unsigned)y, argv[8]);
	else if (strcmp(argv[1], "churn") == 0 && y)
		r = churn(&b, x, y, z);
	else if (strcmp(argv[1], "memory") == 0 && y > x)
		r = memory(&b, x, y);
	media_port_close(b.port);
	media_destroy(b.media);
	free(b.ids);
	free(b.local[0]);
	free(b.local[1]);
	return r;
}
