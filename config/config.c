/* SPDX-License-Identifier: Apache-2.0 */
/* config: one load from end to end, and the life of a config. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"

#define FILE_BYTES_MAX (16u << 20)

struct config *config_ref(struct config *c)
{
	struct config_box *b = (struct config_box *)((char *)c - offsetof(struct config_box, c));
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return c;
}

static void box_free(struct config_box *b)
{
	arena_finish(&b->arena);
	free(b);
}

void config_unref(struct config *c)
{
	if (!c)
		return;
	struct config_box *b = (struct config_box *)((char *)c - offsetof(struct config_box, c));
	if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
		box_free(b);
}

const char *config_transport_text(enum config_transport t)
{
	return t < CONFIG_TRANSPORTS ? transport_words[t].text : "?";
}

/* "etc/limen.json" -> "etc/" */
static const char *folder_of(struct arena *a, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	return arena_str(a, path, slash ? (size_t)(slash - path) + 1 : 0);
}

static int box_fill(struct config_box *b, char *text, size_t n, const struct config *old, struct config_faults *faults)
{
	struct loader l = {.arena = &b->arena, .c = &b->c, .faults = faults};
	size_t before = faults->n;
	int r = json_parse(&b->arena, text, n, &b->root, faults);
	if (r < 0)
		return r;
	l.folder = folder_of(&b->arena, b->c.path);
	l.oom = !l.folder;
	if (old && !l.oom) {
		l.old = box_of(old)->root;
		reload_order_networks(&l, b->root);
	}
	if (!l.oom)
		object_apply(&l, &object_root, b->root, &b->c);
	if (!l.oom && faults->n == before)
		check_all(&l, b->root);
	return l.oom ? -ENOMEM : faults->n > before ? -EINVAL : 0;
}

/* text ends in NUL and is written to. */
static int load_buffer(char *text, size_t n, const char *path, const struct config *old, struct config **ret,
		       struct config_faults *faults)
{
	struct config_box *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	int r = -ENOMEM;
	atomic_init(&b->refs, 1);
	if (path && !(b->c.path = arena_str(&b->arena, path, strlen(path))))
		goto fail_free;
	r = box_fill(b, text, n, old, faults);
	if (r < 0)
		goto fail_free;
	*ret = &b->c;
	return 0;
fail_free:
	if (r == -ENOMEM)
		config_faults_finish(faults);
	box_free(b);
	return r;
}

int config_load_text(const char *text, size_t n, const char *path, struct config **ret,
		     struct config_faults *ret_faults)
{
	char *copy = malloc(n + 1);
	*ret_faults = (struct config_faults){NULL, 0};
	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, text, n);
	copy[n] = '\0';
	int r = load_buffer(copy, n, path, NULL, ret, ret_faults);
	explicit_bzero(copy, n);
	free(copy);
	return r;
}

/* 0 with *ret_text to be freed, or -errno. */
static int read_all(FILE *f, char **ret_text, size_t *ret_n)
{
	size_t n = 0, cap = 16384;
	char *text = malloc(cap);
	int r = -ENOMEM;
	while (text) {
		size_t got = fread(text + n, 1, cap - 1 - n, f);
		n += got;
		if (ferror(f)) {
			r = errno ? -errno : -EIO;
			break;
		}
		if (n < cap - 1) {
			text[n] = '\0';
			*ret_text = text;
			*ret_n = n;
			return 0;
		}
		r = cap >= FILE_BYTES_MAX ? -EFBIG : -ENOMEM;
		char *more = r == -EFBIG ? NULL : realloc(text, cap *= 2);
		if (!more)
			break;
		text = more;
	}
	free(text);
	return r;
}

static int read_file(const char *path, char **ret_text, size_t *ret_n)
{
	FILE *f = fopen(path, "rbe");
	if (!f)
		return -errno;
	setvbuf(f, NULL, _IONBF, 0); /* the file may hold secrets: no second copy */
	int r = read_all(f, ret_text, ret_n);
	fclose(f);
	return r;
}

int load_file(const char *path, const struct config *old, struct config **ret, struct config_faults *faults)
{
	char *text = NULL;
	size_t n = 0;
	int r = read_file(path, &text, &n);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return faults_add(faults, "file", 0, "cannot read %s: %s", QUOTE(path), strerror(-r)) < 0 ? -ENOMEM : r;
	r = load_buffer(text, n, path, old, ret, faults);
	explicit_bzero(text, n);
	free(text);
	return r;
}

int config_load(const char *path, struct config **ret, struct config_faults *ret_faults)
{
	*ret_faults = (struct config_faults){NULL, 0};
	return load_file(path, NULL, ret, ret_faults);
}
