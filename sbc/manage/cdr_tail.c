/* SPDX-License-Identifier: Apache-2.0 */
/* cdr_tail: which calls the end of the CDR file has already: a process may die between a call's line there and the
 * deletion of the record from which the next one would go on, and record it again. The file may have been moved away in
 * between, so what was moved last belongs to its end. */
#include "sbc/manage/cdr_tail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES (8 << 20)
#define LINE_BEGIN "{\"id\":\""

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, CDR_ID_LEN);
}

/* The last bytes, so many at most, of a file that can be read at any place; else none. */
static int read_tail(int fd, size_t most, char **ret, size_t *ret_n)
{
	struct stat st;
	size_t n = 0, size;
	off_t from;
	char *p;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return 0;
	size = (size_t)st.st_size < most ? (size_t)st.st_size : most;
	from = st.st_size - (off_t)size;
	p = malloc(size);
	if (!p)
		return -ENOMEM;
	while (n < size) {
		ssize_t got = pread(fd, p + n, size - n, from + (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	*ret = p;
	*ret_n = n;
	return 0;
}

/* Whole lines only: one that was cut off is no record. */
static bool next_id(struct str *rest, struct str *ret)
{
	while (rest->n) {
		size_t end = str_find(*rest, '\n');
		struct str line = {rest->p, end};

		if (end == rest->n)
			return false;
		rest->p += end + 1;
		rest->n -= end + 1;
		if (!str_starts(line, STR(LINE_BEGIN)) || line.n < sizeof(LINE_BEGIN) - 1 + CDR_ID_LEN)
			continue;
		*ret = (struct str){line.p + sizeof(LINE_BEGIN) - 1, CDR_ID_LEN};
		return true;
	}
	return false;
}

static int take_ids(struct str text, struct cdr_tail *t)
{
	struct str rest = text, id;
	size_t n = 0;
	char *ids;

	while (next_id(&rest, &id))
		n++;
	if (!n)
		return 0;
	ids = realloc(t->ids, (t->n + n) * CDR_ID_LEN);
	if (!ids)
		return -ENOMEM;
	t->ids = ids;
	for (rest = text; next_id(&rest, &id); t->n++)
		memcpy(t->ids + t->n * CDR_ID_LEN, id.p, CDR_ID_LEN);
	return 0;
}

/* fd is closed. *left: bytes that may be read yet. */
static int take_file(int fd, size_t *left, struct cdr_tail *t)
{
	char *p = NULL;
	size_t n = 0;
	int err = read_tail(fd, *left, &p, &n);

	close(fd);
	if (err == 0 && p)
		err = take_ids((struct str){p, n}, t);
	free(p);
	*left -= n;
	return err;
}

/* ---- what was moved away ---- */

static bool is_later(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* The file written last of those whose names begin with this one and go on: "cdr.json.1", "cdr.json-20260130". false:
 * none. */
static bool find_moved(DIR *folder, const char *name, char ret[NAME_MAX + 1])
{
	struct stat st, best = {0};
	struct dirent *e;
	size_t n = strlen(name);
	bool found = false;

	while ((e = readdir(folder))) {
		if (strncmp(e->d_name, name, n) != 0 || !e->d_name[n])
			continue;
		if (fstatat(dirfd(folder), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (found && !is_later(&st, &best))
			continue;
		found = true;
		best = st;
		strcpy(ret, e->d_name);
	}
	return found;
}

static DIR *folder_of(const char *path, size_t n)
{
	char *copy = n ? strndup(path, n) : NULL;
	DIR *d = n && !copy ? NULL : opendir(n ? copy : ".");

	free(copy);
	return d;
}

/* Also when the CDR file itself is not there: that is how it looks until its writer has opened it anew. */
static int take_moved(const char *path, size_t left, struct cdr_tail *t)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char moved[NAME_MAX + 1];
	DIR *folder = folder_of(path, (size_t)(name - path));
	int fd = -1, err;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	if (left && find_moved(folder, name, moved))
		fd = openat(dirfd(folder), moved, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	err = fd < 0 ? 0 : take_file(fd, &left, t);
	closedir(folder);
	return err;
}

int cdr_tail_read(const char *path, struct cdr_tail *ret)
{
	struct cdr_tail t = {0};
	size_t left = TAIL_BYTES;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1, err = 0;

	if (fd < 0 && path && errno != ENOENT)
		return -errno;
	if (fd >= 0)
		err = take_file(fd, &left, &t);
	if (err == 0 && path)
		err = take_moved(path, left, &t);
	if (err < 0) {
		free(t.ids);
		return err;
	}
	if (t.n)
		qsort(t.ids, t.n, CDR_ID_LEN, compare);
	*ret = t;
	return 0;
}

bool cdr_tail_has(const struct cdr_tail *t, struct str id)
{
	return t->n && id.n == CDR_ID_LEN && bsearch(id.p, t->ids, t->n, CDR_ID_LEN, compare);
}

void cdr_tail_finish(struct cdr_tail *t)
{
	free(t->ids);
	*t = (struct cdr_tail){0};
}
