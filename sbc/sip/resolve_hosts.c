/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts file, read once at the start: look-ups cost no file. A name in it is what the operator says it is: no
 * question about it goes to a server, of either family, nor for its services. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sbc/sip/resolve_internal.h"

#define FILE_BYTES_MAX 65536 /* what is behind is not read */
#define NAMES_MAX      1024

struct host {
	struct hmap_node node;
	struct answer *answers[2]; /* QUESTION_A, QUESTION_AAAA */
	char name[];
};

struct hosts {
	struct hash_key key;
	struct hmap names;
};

static struct host *find(const struct hosts *h, const char *name)
{
	hmap_for_each_hash (it, &h->names, siphash_str(&h->key, str_z(name))) {
		struct host *host = container_of(it, struct host, node);
		if (strcmp(host->name, name) == 0)
			return host;
	}
	return NULL;
}

struct answer *hosts_get(const struct hosts *h, enum question_type type, const char *name)
{
	if (type != QUESTION_A && type != QUESTION_AAAA)
		return NULL;
	struct host *host = find(h, name);
	return host ? answer_ref(host->answers[type]) : NULL;
}

bool hosts_have(const struct hosts *h, const char *name)
{
	return find(h, name) != NULL;
}

static void host_free(struct host *host)
{
	answer_unref(host->answers[QUESTION_A]);
	answer_unref(host->answers[QUESTION_AAAA]);
	free(host);
}

static int host_new(struct hosts *h, const char *name, struct host **ret)
{
	size_t n = strlen(name) + 1;
	struct host *host = calloc(1, sizeof(*host) + n);
	if (!host)
		return -ENOMEM;
	memcpy(host->name, name, n);
	for (size_t i = 0; i < 2; i++) {
		if (answer_make(NULL, 0, 0, &host->answers[i]) != ANSWER_NONE)
			goto fail_host;
		host->answers[i]->fault = ANSWER_NO_DATA;
	}
	if (hmap_insert(&h->names, &host->node, siphash_str(&h->key, str_z(name))) < 0)
		goto fail_host;
	*ret = host;
	return 0;

fail_host:
	host_free(host);
	return -ENOMEM;
}

/* Answers are immutable once given out; while the file is read nobody has one yet, but a new one is no more work. */
static int add_address(struct host *host, const struct addr *addr)
{
	struct answer **at = &host->answers[addr_is_v6(addr) ? QUESTION_AAAA : QUESTION_A], *a = NULL;
	struct answer_record v[RESOLVE_MAX];
	size_t n = (*at)->n;

	if (n == RESOLVE_MAX)
		return 0;
	memcpy(v, (*at)->v, n * sizeof(*v));
	v[n++] = (struct answer_record){.addr = *addr};
	if (answer_make(v, n, 0, &a) != ANSWER_NONE)
		return -ENOMEM;
	answer_unref(*at);
	*at = a;
	return 0;
}

static int add_name(struct hosts *h, const struct addr *addr, struct str text)
{
	char name[RESOLVE_NAME];
	struct host *host;

	if (!resolve_name_ok(text))
		return 0;
	resolve_name_copy(name, text);
	host = find(h, name);
	if (!host && h->names.n >= NAMES_MAX)
		return 0;
	if (!host) {
		int e = host_new(h, name, &host);
		if (e < 0)
			return e;
	}
	return add_address(host, addr);
}

/* The next word of a line, of space and tabulator; empty at its end. */
static struct str word(struct str *line)
{
	size_t n = 0;

	*line = str_trim(*line);
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	struct str w = {line->p, n};
	*line = (struct str){line->p + n, line->n - n};
	return w;
}

static int add_line(struct hosts *h, struct str line)
{
	struct addr addr;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = str_cut(&line, '#');
	if (!addr_parse(word(&line), 0, &addr))
		return 0;
	for (struct str w = word(&line); w.n > 0; w = word(&line)) {
		int e = add_name(h, &addr, w);
		if (e < 0)
			return e;
	}
	return 0;
}

static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t n = 0;

	if (fd < 0)
		return 0;
	while (n < size) {
		ssize_t got = read(fd, buf + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	return n;
}

int hosts_load(const char *path, struct hosts **ret)
{
	struct hosts *h = calloc(1, sizeof(*h));
	char *text = malloc(FILE_BYTES_MAX);
	int e = h && text ? 0 : -ENOMEM;

	if (e < 0)
		goto out;
	random_bytes(&h->key, sizeof(h->key));
	struct str rest = {text, read_file(path, text, FILE_BYTES_MAX)};
	while (rest.n > 0 && e == 0)
		e = add_line(h, str_cut(&rest, '\n'));
out:
	free(text);
	if (e < 0)
		hosts_free(h);
	else
		*ret = h;
	return e;
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	hmap_for_each_safe (it, &h->names) {
		hmap_remove(&h->names, it);
		host_free(container_of(it, struct host, node));
	}
	hmap_finish(&h->names);
	free(h);
}
