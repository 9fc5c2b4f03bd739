/* SPDX-License-Identifier: Apache-2.0 */
/* The text is read into one block; each line becomes an entry whose names are slices of it, after which what was a
 * password or a hash in the text is blanked. The table is open addressing under a random key, at most half full. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "sbc/border/accounts.h"

enum { HASH_MD5, HASH_SHA256, HASHES };
#define HASH_BYTES_MAX 32

static const struct {
	const char *text;
	enum digest_algorithm algorithm;
	size_t bytes;
} hashes[HASHES] = {
	[HASH_MD5] = {"MD5", DIGEST_MD5, 16},
	[HASH_SHA256] = {"SHA-256", DIGEST_SHA256, 32},
};

struct account {
	struct str user, realm;
	bool has[HASHES];
	uint8_t ha1[HASHES][HASH_BYTES_MAX];
};

struct realm {
	struct realm *next;
	struct str name;
	bool lacks[HASHES]; /* some account has none of it */
};

struct accounts {
	atomic_uint refs;
	struct hash_key key;
	char *text;
	size_t text_bytes;
	struct account *v; /* n of them, in the order of the file */
	size_t n, cap;
	uint32_t *slots; /* index + 1; 0: free */
	uint64_t mask;
	struct realm *realms;
	size_t n_realms;
};

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void accounts_free(struct accounts *a)
{
	if (a->text)
		explicit_bzero(a->text, a->text_bytes);
	if (a->v)
		explicit_bzero(a->v, a->cap * sizeof(*a->v));
	for (struct realm *r = a->realms, *next; r; r = next) {
		next = r->next;
		free(r);
	}
	free(a->text);
	free(a->v);
	free(a->slots);
	explicit_bzero(&a->key, sizeof(a->key));
	free(a);
}

struct accounts *accounts_ref(struct accounts *a)
{
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

void accounts_unref(struct accounts *a)
{
	if (a && atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) == 1)
		accounts_free(a);
}

size_t accounts_count(const struct accounts *a)
{
	return a->n;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static uint64_t name_hash(const struct accounts *a, struct str user, struct str realm)
{
	return siphash_str(&a->key, user) ^ siphash_str(&(struct hash_key){{a->key.k[1], a->key.k[0]}}, realm);
}

/* The slot of this name, or the free one where it would go. */
static uint64_t slot_of(const struct accounts *a, struct str user, struct str realm)
{
	uint64_t i = name_hash(a, user, realm) & a->mask;
	for (; a->slots[i]; i = (i + 1) & a->mask) {
		const struct account *e = &a->v[a->slots[i] - 1];
		if (str_eq(e->user, user) && str_eq(e->realm, realm))
			break;
	}
	return i;
}

static const struct realm *realm_find(const struct accounts *a, struct str name)
{
	const struct realm *r = a->realms;
	while (r && !str_eq(r->name, name))
		r = r->next;
	return r;
}

static int hash_index(enum digest_algorithm a)
{
	return digest_base(a) == DIGEST_MD5 ? HASH_MD5 : digest_base(a) == DIGEST_SHA256 ? HASH_SHA256 : -1;
}

bool accounts_ha1(const struct accounts *a, struct str user, struct str realm, enum digest_algorithm algorithm,
		  char ret[DIGEST_HEX_MAX + 1])
{
	int h = hash_index(algorithm);
	uint32_t at = a->slots[slot_of(a, user, realm)];
	if (h < 0 || !at || !a->v[at - 1].has[h])
		return false;
	struct writer w = writer_init(ret, DIGEST_HEX_MAX);
	writer_hex(&w, a->v[at - 1].ha1[h], hashes[h].bytes);
	ret[w.n] = '\0';
	return true;
}

bool accounts_all_have(const struct accounts *a, struct str realm, enum digest_algorithm algorithm)
{
	int h = hash_index(algorithm);
	const struct realm *r = realm_find(a, realm);
	return h >= 0 && !(r && r->lacks[h]);
}

/* ---- faults ----------------------------------------------------------------------------------------------------- */

struct reader {
	struct accounts *a;
	const char *path;
	unsigned line;
	struct config_faults *faults, *warnings;
	size_t more; /* faults that are not told */
	int error;   /* -ENOMEM or -EIO: all stops */
};

static void say(struct reader *r, struct config_faults *f, unsigned line, const char *text)
{
	if (r->error)
		return;
	struct config_fault *v = realloc(f->v, (f->n + 1) * sizeof(*v));
	if (v)
		f->v = v;
	char *place = v ? strdup(r->path) : NULL, *copy = v ? strdup(text) : NULL;
	if (!place || !copy) {
		free(place);
		free(copy);
		r->error = -ENOMEM;
		return;
	}
	f->v[f->n++] = (struct config_fault){place, copy, line};
}

static void fault(struct reader *r, const char *text)
{
	if (r->faults->n < ACCOUNTS_FAULT_MAX)
		say(r, r->faults, r->line, text);
	else
		r->more++;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n <= ACCOUNT_NAME_MAX;
}

/* The first ":word:" of rest, for one of our words. HASHES: plain. -1: none. */
static int split_realm(struct str rest, struct str *ret_realm, struct str *ret_value)
{
	static const char *const words[] = {"MD5", "SHA-256", "plain"};
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] != ':')
			continue;
		struct str after = {rest.p + i + 1, rest.n - i - 1};
		for (int k = 0; k <= HASHES; k++) {
			struct str word = str_z(words[k]);
			if (str_starts_nocase(after, word) && after.n > word.n && after.p[word.n] == ':') {
				*ret_realm = (struct str){rest.p, i};
				*ret_value = (struct str){after.p + word.n + 1, after.n - word.n - 1};
				return k;
			}
		}
	}
	return -1;
}

static bool unhex(struct str hex, uint8_t *ret, size_t bytes)
{
	uint8_t v[HASH_BYTES_MAX] = {0};
	if (hex.n != 2 * bytes)
		return false;
	for (size_t i = 0; i < hex.n; i++) {
		char c = hex.p[i], low = (char)(c | 0x20);
		if (!((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f')))
			return false;
		v[i / 2] = (uint8_t)(v[i / 2] << 4 | (c <= '9' ? c - '0' : low - 'a' + 10));
	}
	memcpy(ret, v, bytes);
	explicit_bzero(v, sizeof(v));
	return true;
}

/* The account of this name, made when there is none. */
static struct account *account_of(struct accounts *a, struct str user, struct str realm)
{
	uint64_t slot = slot_of(a, user, realm);
	if (!a->slots[slot]) {
		a->v[a->n] = (struct account){.user = user, .realm = realm};
		a->slots[slot] = (uint32_t)++a->n;
	}
	return &a->v[a->slots[slot] - 1];
}

static void take_plain(struct reader *r, struct account *e, struct str password)
{
	char hex[DIGEST_HEX_MAX + 1];
	for (int h = 0; h < HASHES && !r->error; h++) {
		r->error = digest_ha1(hashes[h].algorithm, e->user, e->realm, password, hex);
		e->has[h] = r->error == 0 && unhex(str_z(hex), e->ha1[h], hashes[h].bytes);
	}
	explicit_bzero(hex, sizeof(hex));
}

static void take_line(struct reader *r, struct str line)
{
	struct str rest = line, user = str_cut(&rest, ':'), realm, value;
	int k = split_realm(rest, &realm, &value);
	if (line.n > ACCOUNTS_LINE_MAX)
		return fault(r, "longer than 1024 bytes; shorten it");
	if (k < 0)
		return fault(
			r, "not user:realm:algorithm:HA1 or user:realm:plain:password, with algorithm MD5 or SHA-256");
	if (!user.n || !realm.n)
		return fault(r, "user or realm is empty; write both");
	if (!name_ok(user) || !name_ok(realm))
		return fault(r, "user or realm is longer than 255 bytes or has a control character in it");
	if (memchr(value.p, '\0', value.n))
		return fault(r, "the password has a NUL in it");
	if (!value.n)
		return fault(r, "nothing behind the last colon; write the HA1 or password");
	struct account *e = account_of(r->a, user, realm);
	if (k == HASHES ? e->has[HASH_MD5] || e->has[HASH_SHA256] : e->has[k])
		return fault(r, "this user of this realm a second time; keep one line for each algorithm");
	if (k == HASHES)
		return take_plain(r, e, value);
	if (!unhex(value, e->ha1[k], hashes[k].bytes))
		return fault(r, k == HASH_MD5 ? "the HA1 is not 32 hex digits, as of MD5"
					      : "the HA1 is not 64 hex digits, as of SHA-256");
	e->has[k] = true;
}

static void take_lines(struct reader *r)
{
	struct str text = {r->a->text, r->a->text_bytes};
	for (r->line = 1; text.n && !r->error; r->line++) {
		struct str line = str_cut(&text, '\n');
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (str_trim(line).n && line.p[0] != '#')
			take_line(r, line);
	}
	if (r->more) {
		char text_more[64];
		snprintf(text_more, sizeof(text_more), "and %zu lines more with faults", r->more);
		say(r, r->faults, 0, text_more);
	}
}

/* ---- realms ----------------------------------------------------------------------------------------------------- */

static struct realm *realm_of(struct reader *r, struct str name)
{
	struct realm *it = r->a->realms;
	while (it && !str_eq(it->name, name))
		it = it->next;
	if (it)
		return it;
	it = calloc(1, sizeof(*it));
	if (!it) {
		r->error = -ENOMEM;
		return NULL;
	}
	it->name = name;
	it->next = r->a->realms;
	r->a->realms = it;
	r->a->n_realms++;
	return it;
}

#define REALMS_MAX 1000 /* they are looked for one by one */

/* A challenge must be one that each of its users can answer. */
static void take_realms(struct reader *r)
{
	struct realm *it = NULL;
	for (size_t i = 0; i < r->a->n && !r->error; i++) {
		const struct account *e = &r->a->v[i];
		if (!it || !str_eq(it->name, e->realm))
			it = realm_of(r, e->realm);
		if (r->a->n_realms > REALMS_MAX)
			return say(r, r->faults, 0, "more than 1000 realms; a file has those of our networks");
		for (int h = 0; it && h < HASHES; h++)
			it->lacks[h] |= !e->has[h];
	}
	for (it = r->a->realms; it && !r->error; it = it->next)
		if (it->lacks[HASH_MD5] && it->lacks[HASH_SHA256]) {
			char text[ACCOUNT_NAME_MAX + 160];
			snprintf(
				text, sizeof(text),
				"realm %.*s: some users have an MD5 line only, others SHA-256 only; give all of them the same, or a plain line",
				STR_FMT(it->name));
			say(r, r->faults, 0, text);
		}
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Passwords and hashes leave the text; the names stay, for the entries point at them. */
static void text_blank(struct accounts *a)
{
	char *at = a->text;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *e = &a->v[i];
		explicit_bzero(at, (size_t)(e->user.p - at));
		at = a->text + (e->realm.p + e->realm.n - a->text);
	}
	explicit_bzero(at, (size_t)(a->text + a->text_bytes - at));
}

static int read_fd(int fd, struct accounts *a, size_t bytes)
{
	a->text = malloc(bytes + 1);
	if (!a->text)
		return -ENOMEM;
	while (a->text_bytes < bytes) {
		ssize_t n = read(fd, a->text + a->text_bytes, bytes - a->text_bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		a->text_bytes += (size_t)n;
	}
	return 0;
}

static int read_path(struct reader *r)
{
	struct stat st;
	/* non-blocking: a FIFO of that name would hold us */
	int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int e = fstat(fd, &st) < 0 ? -errno : 0;
	if (e == 0 && !S_ISREG(st.st_mode))
		e = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (e == 0 && st.st_size > (off_t)ACCOUNTS_FILE_MAX)
		e = -EFBIG;
	if (e == 0)
		e = read_fd(fd, r->a, (size_t)st.st_size);
	close(fd);
	if (e == 0 && (st.st_mode & 0037))
		say(r, r->warnings, 0, "may be read or written by others; chmod 0640 or less");
	return e;
}

static int table_alloc(struct accounts *a)
{
	size_t lines = 1, slots = 16;
	for (size_t i = 0; i < a->text_bytes; i++)
		lines += a->text[i] == '\n';
	while (slots < lines * 2)
		slots *= 2;
	a->cap = lines;
	a->mask = slots - 1;
	a->v = calloc(lines, sizeof(*a->v));
	a->slots = calloc(slots, sizeof(*a->slots));
	return a->v && a->slots ? 0 : -ENOMEM;
}

static int fill(struct reader *r)
{
	int e = read_path(r);
	if (e < 0 && e != -ENOMEM) {
		char text[160];
		snprintf(text, sizeof(text), "accounts.file, cannot be read: %s",
			 e == -EINVAL ? "not a plain file" : strerror(-e));
		say(r, r->faults, 0, text);
	}
	if (e == 0)
		e = table_alloc(r->a);
	if (e < 0)
		return r->error ? r->error : e;
	take_lines(r);
	if (!r->error && !r->faults->n)
		take_realms(r);
	if (!r->a->n && !r->faults->n)
		say(r, r->warnings, 0, "no account in it; nobody can log in");
	text_blank(r->a);
	return r->error ? r->error : r->faults->n ? -EINVAL : 0;
}

int accounts_load(const char *path, struct accounts **ret, struct config_faults *ret_faults,
		  struct config_faults *ret_warnings)
{
	*ret_faults = *ret_warnings = (struct config_faults){NULL, 0};
	struct reader r = {.path = path, .faults = ret_faults, .warnings = ret_warnings};
	r.a = calloc(1, sizeof(*r.a));
	if (!r.a)
		return -ENOMEM;
	atomic_init(&r.a->refs, 1);
	random_bytes(&r.a->key, sizeof(r.a->key));
	int e = fill(&r);
	if (e < 0) {
		accounts_free(r.a);
		return e;
	}
	*ret = r.a;
	return 0;
}
