/* SPDX-License-Identifier: Apache-2.0 */
/* No printf and no allocation: a line of eight keys is to cost well under a microsecond. */
#include "base/log.h"

#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/word.h"

/* Longer values are cut here, so that one long header cannot push the other keys off the line. */
#define VALUE_MAX 300
/* Kept free at the end of a line for the words that say it was cut. */
static const char cut_mark[] = " cut=yes";
#define CUT_BYTES (sizeof(cut_mark) - 1)

static _Atomic(log_sink) sink_fn;
static _Atomic(void *) sink_arg;
static atomic_int max_level = LOG_INFO;
static atomic_bool masked;

const char *log_level_text(enum log_level level)
{
	static const char *const text[] = {"ERROR", "WARN", "INFO", "DEBUG"};
	return text[level];
}

static void to_stderr(enum log_level level, const char *line, size_t n)
{
	char time[CLOCK_TEXTLEN];
	clock_wall_text(clock_wall_us(clock_ns()), time);
	time[CLOCK_TEXTLEN - 1] = ' ';
	struct iovec v[3] = {{time, CLOCK_TEXTLEN}, {(void *)(uintptr_t)line, n}, {(void *)(uintptr_t) "\n", 1}};
	ssize_t r = writev(STDERR_FILENO, v, 3);
	(void)r; /* nobody is left to tell */
}

void log_set_sink(log_sink sink, void *arg)
{
	if (!sink)
		atomic_store(&sink_fn, NULL);
	atomic_store(&sink_arg, arg);
	if (sink)
		atomic_store(&sink_fn, sink);
}

void log_set_level(enum log_level level)
{
	atomic_store(&max_level, (int)level);
}

void log_set_mask(bool mask)
{
	atomic_store(&masked, mask);
}

bool log_begin(struct log_line *l, enum log_level level, const char *msg)
{
	if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
		return false;
	l->level = level;
	l->cut = false;
	l->w = writer_init(l->text, sizeof(l->text) - CUT_BYTES);
	writer_z(&l->w, log_level_text(level));
	writer_char(&l->w, ' ');
	writer_z(&l->w, msg);
	if (l->w.overflow) {
		l->w.overflow = false;
		l->cut = true;
	}
	return true;
}

/* ---- pairs: written whole or not at all ---- */

static size_t pair_begin(struct log_line *l, const char *key)
{
	size_t mark = l->w.n;
	writer_char(&l->w, ' ');
	writer_z(&l->w, key);
	writer_char(&l->w, '=');
	return mark;
}

static void pair_end(struct log_line *l, size_t mark)
{
	if (l->w.overflow) {
		l->w.n = mark;
		l->w.overflow = false;
		l->cut = true;
	}
}

/* What stands for itself without quotes is printable, but a space, the quote, the backslash and '='. */
static bool word_plain(uint64_t v)
{
	return !(word_outside(v, '!') | word_ascii_has(v, '"') | word_ascii_has(v, '\\') | word_ascii_has(v, '='));
}

/* Where a cut at VALUE_MAX does not split a UTF-8 sequence. */
static struct str value_cut(struct str s)
{
	s.n = VALUE_MAX;
	while (s.n > VALUE_MAX - 3 && ((uint8_t)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

static void write_quoted(struct writer *w, struct str s)
{
	if (s.n > VALUE_MAX) {
		writer_json(w, value_cut(s));
		if (!w->overflow)
			w->n--; /* its closing quote */
		writer_lit(w, "...\"");
	} else {
		writer_json(w, s);
	}
}

void log_pair(struct log_line *l, struct str key, struct str value)
{
	const bool plain = value.n && value.n <= VALUE_MAX && word_all(value.p, value.n, word_plain);
	const size_t mark = l->w.n;
	char *at = writer_take(&l->w, 1 + key.n + 1 + (plain ? value.n : 0));
	if (at) {
		*at++ = ' ';
		memcpy(at, key.p, key.n);
		at[key.n] = '=';
		if (plain)
			memcpy(at + key.n + 1, value.p, value.n);
		else
			write_quoted(&l->w, value);
	}
	pair_end(l, mark);
}

void log_u64(struct log_line *l, const char *key, uint64_t value)
{
	size_t mark = pair_begin(l, key);
	writer_u64(&l->w, value);
	pair_end(l, mark);
}

/* ---- masking ---- */

/* A v4 /16 or a v6 /32 is left of the address: enough to tell networks apart. The port stays. */
static void write_masked_addr(struct writer *w, const struct addr *a)
{
	const uint8_t *p;
	if (!addr_is_set(a)) {
		writer_char(w, '-');
		return;
	}
	if (addr_is_v6(a)) {
		p = a->in6.sin6_addr.s6_addr;
		writer_char(w, '[');
		writer_hex(w, p, 2);
		writer_char(w, ':');
		writer_hex(w, p + 2, 2);
		writer_lit(w, ":x]");
	} else {
		p = (const uint8_t *)&a->in4.sin_addr;
		writer_u64(w, p[0]);
		writer_char(w, '.');
		writer_u64(w, p[1]);
		writer_lit(w, ".x.x");
	}
	writer_char(w, ':');
	writer_u64(w, addr_port(a));
}

void log_write_addr(struct writer *w, const struct addr *a)
{
	if (atomic_load_explicit(&masked, memory_order_relaxed))
		write_masked_addr(w, a);
	else
		addr_write(w, a);
}

void log_addr(struct log_line *l, const char *key, const struct addr *a)
{
	size_t mark = pair_begin(l, key);
	log_write_addr(&l->w, a);
	pair_end(l, mark);
}

/* The end of a number tells a support desk which call is meant; short extensions lose more. */
static size_t shown_of_user(size_t n)
{
	return n > 6 ? 3 : n > 3 ? 2 : 0;
}

void log_user(struct log_line *l, const char *key, struct str user)
{
	char text[3 + 3] = "***";
	size_t shown = shown_of_user(user.n);

	if (user.n == 0 || !atomic_load_explicit(&masked, memory_order_relaxed)) {
		log_str(l, key, user);
		return;
	}
	if (shown)
		memcpy(text + 3, user.p + user.n - shown, shown);
	log_str(l, key, (struct str){text, 3 + shown});
}

void log_end(struct log_line *l)
{
	log_sink sink = atomic_load_explicit(&sink_fn, memory_order_acquire);

	if (l->cut) {
		memcpy(l->text + l->w.n, cut_mark, CUT_BYTES);
		l->w.n += CUT_BYTES;
	}
	if (sink)
		sink(atomic_load_explicit(&sink_arg, memory_order_relaxed), l->level, l->text, l->w.n);
	else
		to_stderr(l->level, l->text, l->w.n);
}
