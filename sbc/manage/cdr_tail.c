/* SPDX-License-Identifier: Apache-2.0 */
/* cdr_tail: which calls the end of the CDR file has already: a process may die between a call's line there and the
 * deletion of the record from which the next one would go on, and record it again. */
#include "sbc/manage/cdr_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES (8 << 20)
#define LINE_BEGIN "{\"id\":\""

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, CDR_ID_LEN);
}

/* The last bytes of a file that can be read at any place; else none. */
static int read_tail(int fd, char **ret, size_t *ret_n)
{
	struct stat st;
	size_t n = 0, size;
	off_t from;
	char *p;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return 0;
	size = st.st_size < TAIL_BYTES ? (size_t)st.st_size : TAIL_BYTES;
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

	while (next_id(&rest, &id))
		n++;
	if (!n)
		return 0;
	t->ids = malloc(n * CDR_ID_LEN);
	if (!t->ids)
		return -ENOMEM;
	for (rest = text; next_id(&rest, &id); t->n++)
		memcpy(t->ids + t->n * CDR_ID_LEN, id.p, CDR_ID_LEN);
	qsort(t->ids, t->n, CDR_ID_LEN, compare);
	return 0;
}

int cdr_tail_read(const char *path, struct cdr_tail *ret)
{
	struct cdr_tail t = {0};
	char *p = NULL;
	size_t n = 0;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1, err;

	if (fd < 0 && path && errno != ENOENT)
		return -errno;
	err = fd < 0 ? 0 : read_tail(fd, &p, &n);
	if (fd >= 0)
		close(fd);
	if (err == 0 && p)
		err = take_ids((struct str){p, n}, &t);
	free(p);
	if (err == 0)
		*ret = t;
	return err;
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
