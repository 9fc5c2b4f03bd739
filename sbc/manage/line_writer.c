/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of bytes under a mutex that is held for a memcpy of one line. The thread writes straight from the ring with
 * the mutex released: the bytes it writes are not touched by producers until it gives them back. */
#include "sbc/manage/line_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/thread.h"

#define GATHER_MS     50   /* at first, and after silence */
#define QUIET_ROUNDS  3    /* gatherings without a line before the thread sleeps until it is woken */
#define RETRY_MS      1000 /* after a failed write */
#define FINISH_MS     2000 /* line_writer_destroy() */
#define POLL_MS       100  /* how soon a thread that waits for a reader sees that it is to end */
#define FINISH_TRIES  8    /* writes for the rest of a line before a file is left */
#define WRITE_MAX     (256u << 10)
#define PIPE_SAFE_MAX 4096 /* poll() says writable: this much will not block (pipe(7), PIPE_BUF) */
#define STACK_BYTES   (256u << 10)

/* What the thread is waiting for, so that producers signal only when it helps. */
enum sleep { SLEEP_NONE, SLEEP_GATHER, SLEEP_IDLE };

struct line_writer {
	char *path; /* NULL: standard error */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;

	/* under lock; written atomically, so that gauges can read without it */
	char *ring;
	size_t cap, tail; /* tail: where the oldest byte lies */
	unsigned patience_ms;
	_Atomic size_t used;
	enum sleep sleep;
	bool reopen, stop, ended;
	uint64_t stop_ms; /* end of patience once stop is set */
	_Atomic uint64_t dropped;

	/* the thread's */
	int fd;
	bool regular; /* a file: no poll, large writes */
	bool told;    /* this failure was told on standard error */
	unsigned gather_ms;
	size_t begun; /* bytes of the oldest line that are already written */
	_Atomic uint64_t errors, wakeups;
};

/* ---- producers ---- */

/* Where the byte lies that comes n after the one at `at`. n: at most cap. */
static size_t ring_at(const struct line_writer *w, size_t at, size_t n)
{
	return n < w->cap - at ? at + n : n - (w->cap - at);
}

static size_t ring_append(struct line_writer *w, size_t at, const char *p, size_t n)
{
	size_t first = w->cap - at < n ? w->cap - at : n;
	if (first)
		memcpy(w->ring + at, p, first);
	if (n > first)
		memcpy(w->ring, p + first, n - first);
	return ring_at(w, at, n);
}

void line_writer_put_parts(struct line_writer *w, const struct str *parts, size_t n_parts)
{
	size_t n = 1, used, at;
	bool wake;

	for (size_t i = 0; i < n_parts; i++)
		n += parts[i].n;
	pthread_mutex_lock(&w->lock);
	used = atomic_load_explicit(&w->used, memory_order_relaxed);
	if (n > w->cap - used) {
		atomic_fetch_add_explicit(&w->dropped, 1, memory_order_relaxed);
		pthread_mutex_unlock(&w->lock);
		return;
	}
	at = ring_at(w, w->tail, used);
	for (size_t i = 0; i < n_parts; i++)
		at = ring_append(w, at, parts[i].p, parts[i].n);
	w->ring[at] = '\n';
	used += n;
	atomic_store_explicit(&w->used, used, memory_order_relaxed);
	wake = w->sleep == SLEEP_IDLE || (w->sleep == SLEEP_GATHER && used > w->cap / 2);
	if (wake)
		w->sleep = SLEEP_NONE; /* one signal is enough */
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->wake);
}

void line_writer_put(struct line_writer *w, const char *line, size_t n)
{
	line_writer_put_parts(w, &(struct str){line, n}, 1);
}

void line_writer_reopen(struct line_writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->reopen = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

uint64_t line_writer_dropped(const struct line_writer *w)
{
	return atomic_load_explicit(&w->dropped, memory_order_relaxed);
}

uint64_t line_writer_queued(const struct line_writer *w)
{
	return atomic_load_explicit(&w->used, memory_order_relaxed);
}

uint64_t line_writer_errors(const struct line_writer *w)
{
	return atomic_load_explicit(&w->errors, memory_order_relaxed);
}

uint64_t line_writer_wakeups(const struct line_writer *w)
{
	return atomic_load_explicit(&w->wakeups, memory_order_relaxed);
}

/* ---- the file ---- */

/* Non-blocking, so that a pipe that nobody reads cannot hold the thread; files do not care. */
static int open_file(const char *path)
{
	int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags | O_WRONLY, 0640);
	if (fd < 0 && errno == ENXIO) /* a named pipe without a reader yet */
		fd = open(path, flags | O_RDWR, 0640);
	return fd < 0 ? -errno : fd;
}

static bool is_regular(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void close_file(struct line_writer *w)
{
	if (w->path)
		close(w->fd);
}

/* Not by the log: this may be the log. */
static void failed(struct line_writer *w, const char *what, int err)
{
	char text[128];
	atomic_fetch_add_explicit(&w->errors, 1, memory_order_relaxed);
	if (w->told || !w->path)
		return;
	w->told = true;
	fprintf(stderr, "limen: %s: %s: %s\n", w->path, what, strerror_r(-err, text, sizeof(text)));
}

static void do_reopen(struct line_writer *w)
{
	int fd;
	if (!w->path)
		return;
	fd = open_file(w->path);
	if (fd < 0) {
		failed(w, "not opened anew, the old file stays", fd);
		return;
	}
	close_file(w);
	w->fd = fd;
	w->regular = is_regular(fd);
	w->begun = 0;
}

/* ---- the thread ---- */

/* Sleeps until ms from now, a signal, or a stop. Under lock. */
static void rest(struct line_writer *w, enum sleep how, unsigned ms)
{
	struct timespec until = thread_until(thread_now_ms() + ms);
	w->sleep = how;
	while (w->sleep == how && !w->stop && !w->reopen) {
		if (how == SLEEP_IDLE)
			pthread_cond_wait(&w->wake, &w->lock);
		else if (pthread_cond_timedwait(&w->wake, &w->lock, &until) == ETIMEDOUT)
			break;
	}
	w->sleep = SLEEP_NONE;
	atomic_fetch_add_explicit(&w->wakeups, 1, memory_order_relaxed);
}

static unsigned next_gather_ms(const struct line_writer *w)
{
	if (atomic_load_explicit(&w->used, memory_order_relaxed) == 0)
		return GATHER_MS;
	return 2 * w->gather_ms < w->patience_ms ? 2 * w->gather_ms : w->patience_ms;
}

/* Until there is something to write. Keeps gathering for a while after the last line: under a steady load no producer
 * ever finds the thread asleep for good, and waking it costs the producer a system call. Each gathering that found
 * lines makes the next twice as long, up to the writer's patience: what a write costs besides its bytes, some 50 µs, is
 * then shared by many lines. Under lock. */
static void gather(struct line_writer *w)
{
	unsigned quiet = 0;
	while (!w->stop && !w->reopen) {
		if (quiet == QUIET_ROUNDS) {
			rest(w, SLEEP_IDLE, 0);
			quiet = 0;
			continue;
		}
		rest(w, SLEEP_GATHER, w->gather_ms);
		w->gather_ms = next_gather_ms(w);
		if (atomic_load_explicit(&w->used, memory_order_relaxed))
			return;
		quiet++;
	}
}

/* A failed write: rest, but see a stop or a reopening at once. */
static void rest_after_failure(struct line_writer *w)
{
	pthread_mutex_lock(&w->lock);
	if (!w->stop)
		rest(w, SLEEP_NONE, RETRY_MS);
	else
		w->stop_ms = 0; /* not at the end: no time for another try */
	pthread_mutex_unlock(&w->lock);
}

/* Bytes of the n at p that belong to whole lines, counting from p; 0: none ends here. */
static size_t whole_lines(const char *p, size_t n)
{
	const char *end = memrchr(p, '\n', n);
	return end ? (size_t)(end - p) + 1 : 0;
}

/* Gives back what was written of the ring's oldest part, by whole lines. A line may go round the ring's end. */
static void give_back(struct line_writer *w, size_t from, size_t n)
{
	size_t lines = whole_lines(w->ring + from, n);
	size_t freed = lines ? w->begun + lines : 0;

	w->begun = lines ? n - lines : w->begun + n;
	pthread_mutex_lock(&w->lock);
	w->tail = (w->tail + freed) % w->cap;
	/* an empty ring begins anew, in memory that is in the caches, rather than go through all of it */
	if (atomic_fetch_sub_explicit(&w->used, freed, memory_order_relaxed) == freed)
		w->tail = 0;
	pthread_mutex_unlock(&w->lock);
}

/* One write of at most a contiguous piece. finish: no further than the end of the line that has been begun. false:
 * nothing more can be written now. */
static bool write_some(struct line_writer *w, size_t used, bool finish)
{
	const char *end;
	size_t from = (w->tail + w->begun) % w->cap, n = used - w->begun;
	ssize_t r;

	if (n > w->cap - from)
		n = w->cap - from;
	if (n > (w->regular ? WRITE_MAX : PIPE_SAFE_MAX))
		n = w->regular ? WRITE_MAX : PIPE_SAFE_MAX;
	end = finish ? memchr(w->ring + from, '\n', n) : NULL;
	if (end)
		n = (size_t)(end - (w->ring + from)) + 1;
	if (!w->regular) {
		struct pollfd p = {.fd = w->fd, .events = POLLOUT};
		if (poll(&p, 1, POLL_MS) == 0)
			return true; /* a slow reader is no failure */
	}
	r = write(w->fd, w->ring + from, n);
	if (r < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (r < 0) {
		failed(w, "not written, trying again", -errno);
		rest_after_failure(w);
		return false;
	}
	w->told = false;
	give_back(w, from, (size_t)r);
	return true;
}

/* What is queued now, and what is to be done besides. false: end. */
static bool turn(struct line_writer *w)
{
	bool stop, reopen, late;
	size_t used;

	pthread_mutex_lock(&w->lock);
	if (atomic_load_explicit(&w->used, memory_order_relaxed) == 0)
		gather(w);
	used = atomic_load_explicit(&w->used, memory_order_relaxed);
	stop = w->stop;
	late = stop && thread_now_ms() >= w->stop_ms;
	reopen = w->reopen;
	w->reopen = false;
	pthread_mutex_unlock(&w->lock);

	/* a line that has been begun ends in the file where it began, if that can still be written; it may go round the
	 * ring */
	for (unsigned i = 0; reopen && w->begun && i < FINISH_TRIES; i++)
		if (!write_some(w, used, true))
			break;
	if (reopen) {
		do_reopen(w);
		return !(stop && late);
	}
	if (stop && (used == 0 || late))
		return false;
	if (used)
		write_some(w, used, false);
	return true;
}

static void *run(void *arg)
{
	struct line_writer *w = arg;
	while (turn(w))
		;
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- life ---- */

static void free_writer(struct line_writer *w)
{
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	close_file(w);
	free(w->ring);
	free(w->path);
	free(w);
}

int line_writer_create(const char *path, size_t queue_bytes, unsigned patience_ms, struct line_writer **ret)
{
	struct line_writer *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	if (!w)
		return -ENOMEM;
	w->cap = queue_bytes ? queue_bytes : 1;
	w->patience_ms = patience_ms > GATHER_MS ? patience_ms : GATHER_MS;
	w->gather_ms = GATHER_MS;
	w->ring = malloc(w->cap);
	if (!w->ring)
		goto fail_writer;
	if (path) {
		w->path = strdup(path);
		if (!w->path)
			goto fail_ring;
	}
	w->fd = path ? open_file(path) : STDERR_FILENO;
	err = w->fd;
	if (err < 0)
		goto fail_path;
	w->regular = is_regular(w->fd);
	thread_cond_init(&w->wake);
	pthread_mutex_init(&w->lock, NULL);
	err = thread_start("limen-lines", STACK_BYTES, run, w, &w->thread);
	if (err < 0) {
		free_writer(w);
		return err;
	}
	*ret = w;
	return 0;

fail_path:
	free(w->path);
fail_ring:
	free(w->ring);
fail_writer:
	free(w);
	return err;
}

/* Tells the thread to end and waits for that. false: the kernel does not let it go. */
static bool end_thread(struct line_writer *w)
{
	uint64_t now = thread_now_ms();
	struct timespec until = thread_until(now + FINISH_MS + 2 * POLL_MS);
	bool ended;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	w->stop_ms = now + FINISH_MS;
	pthread_cond_signal(&w->wake);
	while (!w->ended && pthread_cond_timedwait(&w->wake, &w->lock, &until) != ETIMEDOUT)
		;
	ended = w->ended;
	pthread_mutex_unlock(&w->lock);
	if (ended)
		pthread_join(w->thread, NULL);
	else
		pthread_detach(w->thread);
	return ended;
}

void line_writer_destroy(struct line_writer *w)
{
	if (!w)
		return;
	if (!end_thread(w))
		return;
	if (w->path && line_writer_queued(w))
		fprintf(stderr, "limen: %s: %zu bytes were not written\n", w->path, (size_t)line_writer_queued(w));
	free_writer(w);
}
