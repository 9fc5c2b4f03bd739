/* SPDX-License-Identifier: Apache-2.0 */
/* value: single values of every kind, from node to member. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"

/* ---- texts ---- */

static bool is_name_char(char c, bool first)
{
	return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

/* Length of "${NAME}" at p, or 0. */
static size_t variable_at(const char *p)
{
	if (p[0] != '$' || p[1] != '{' || !is_name_char(p[2], true))
		return 0;
	size_t i = 3;
	while (is_name_char(p[i], false))
		i++;
	return p[i] == '}' ? i + 1 : 0;
}

static const char *variable_value(struct loader *l, struct node *n, const char *p, size_t len)
{
	char name[128];
	if (len - 3 >= sizeof(name)) {
		fault(l, n, "the name of this environment variable is too long");
		return NULL;
	}
	memcpy(name, p + 2, len - 3);
	name[len - 3] = '\0';
	const char *v = getenv(name);
	if (!v)
		fault(l, n, "environment variable %s is not set; set it, or write the value here", name);
	return v;
}

/* One pass: out == NULL only measures. Values are not expanded again. */
static bool expand(struct loader *l, struct node *n, char *out, size_t *ret_bytes)
{
	size_t bytes = 0;
	for (const char *p = n->text; *p;) {
		size_t len = variable_at(p);
		const char *v = len ? variable_value(l, n, p, len) : p;
		if (!v)
			return false;
		size_t add = len ? strlen(v) : 1;
		if (out)
			memcpy(out + bytes, v, add);
		bytes += add;
		p += len ? len : 1;
	}
	*ret_bytes = bytes;
	return true;
}

const char *node_text(struct loader *l, struct node *n)
{
	if (n->kind != NODE_TEXT) {
		fault(l, n, "must be a text, in quotes");
		return NULL;
	}
	if (n->expanded || !strstr(n->text, "${"))
		return n->text;
	size_t bytes;
	if (!expand(l, n, NULL, &bytes))
		return NULL;
	char *out = loader_alloc(l, bytes + 1);
	if (!out || !expand(l, n, out, &bytes))
		return NULL;
	n->expanded = true;
	n->text = out;
	return out;
}

bool items_of(struct loader *l, struct node *n, const char *what, struct items *ret)
{
	if (n->kind == NODE_TEXT) {
		*ret = (struct items){n, 1, 1};
		return true;
	}
	if (n->kind != NODE_LIST) {
		fault(l, n, "must be a list of %s", what);
		return false;
	}
	*ret = (struct items){n->child, n->n, n->n};
	return true;
}

struct node *items_next(struct items *it)
{
	if (!it->left)
		return NULL;
	struct node *n = it->at;
	it->at = n->next;
	it->left--;
	return n;
}

/* ---- values of each kind ---- */

static void put_uint(void *base, const struct key *k, uint64_t v)
{
	unsigned char *p = (unsigned char *)base + k->offset;
	switch (k->size) {
	case 1:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)(void *)p = (uint16_t)v;
		break;
	default:
		*(uint32_t *)(void *)p = (uint32_t)v;
		break;
	}
}

static void value_bool(struct loader *l, const struct key *k, struct node *n, void *base)
{
	if (n->kind != NODE_BOOL)
		fault(l, n, "must be true or false");
	else
		*(bool *)((char *)base + k->offset) = n->integer;
}

static void value_int(struct loader *l, const struct key *k, struct node *n, void *base)
{
	if (n->kind != NODE_INT)
		fault(l, n, "must be a whole number from %lld to %lld", (long long)k->min, (long long)k->max);
	else if (n->integer < k->min || n->integer > k->max)
		fault(l, n, "%lld is out of range; from %lld to %lld", (long long)n->integer, (long long)k->min,
		      (long long)k->max);
	else
		put_uint(base, k, (uint64_t)n->integer);
}

static bool time_parse(const char *z, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}};
	size_t digits = strspn(z, "0123456789");
	uint64_t v;
	if (!str_to_u64((struct str){z, digits}, 1000000000, &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(z + digits, units[i].unit) == 0) {
			*ret = (int64_t)v * units[i].ms;
			return true;
		}
	return false;
}

/* "4s" and 4000 are the same value, so the node becomes the number. */
static void value_time(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const char *z = n->kind == NODE_TEXT ? node_text(l, n) : NULL;
	if (n->kind == NODE_TEXT && !z)
		return;
	if (z && time_parse(z, &n->integer))
		n->kind = NODE_INT;
	if (n->kind != NODE_INT)
		fault(l, n, "must be milliseconds, or a text with a unit: \"500ms\", \"4s\", \"3m\", \"12h\"");
	else if (n->integer < k->min || n->integer > k->max)
		fault(l, n, "%lld ms is out of range; from %lld to %lld", (long long)n->integer, (long long)k->min,
		      (long long)k->max);
	else
		put_uint(base, k, (uint64_t)n->integer);
}

static bool word_parse(struct loader *l, const struct key *k, struct node *n, int *ret)
{
	char list[160];
	struct writer w = writer_init(list, sizeof(list) - 1);
	for (const struct word *x = k->words; x->text; x++)
		if (!x->later)
			writer_fmt(&w, "%s%s", w.n ? ", " : "", x->text);
	list[w.n] = '\0';
	const char *z = n->kind == NODE_TEXT ? n->text : NULL;
	if (!z) {
		fault(l, n, "must be one of %s", list);
		return false;
	}
	struct nearest s = nearest_init(z);
	for (const struct word *x = k->words; x->text; x++) {
		if (strcmp(x->text, z) == 0 && x->later) {
			fault(l, n, "\"%s\" is not in this build; use one of %s", z, list);
			return false;
		}
		if (strcmp(x->text, z) == 0) {
			*ret = x->value;
			return true;
		}
		if (!x->later)
			nearest_offer(&s, x->text);
	}
	fault(l, n, "%s is not one of %s%s", QUOTE(z), list, nearest_mend(&s).s);
	return false;
}

static void value_word(struct loader *l, const struct key *k, struct node *n, void *base)
{
	int v;
	if (word_parse(l, k, n, &v))
		put_uint(base, k, (uint64_t)v);
}

static void value_text(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const char *z = node_text(l, n);
	if (!z)
		return;
	const char *wrong = *z && k->check ? k->check(z) : NULL;
	if (wrong)
		fault(l, n, "%s %s", QUOTE(z), wrong);
	else
		*(const char **)(void *)((char *)base + k->offset) = *z ? z : NULL;
}

#define SECRET_BYTES_MAX 4096

static const char *secret_of_file(struct loader *l, struct node *n, const char *name)
{
	char path[4352], buf[SECRET_BYTES_MAX + 1];
	struct writer w = writer_init(path, sizeof(path) - 1);
	writer_z(&w, name[0] == '/' ? "" : l->folder);
	writer_z(&w, name);
	path[w.n] = '\0';
	FILE *f = w.overflow ? NULL : fopen(path, "rbe");
	if (!f) {
		if (errno == ENOMEM && !w.overflow)
			l->oom = true;
		else
			fault(l, n, "cannot read %s: %s", QUOTE(path), w.overflow ? "name too long" : strerror(errno));
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0);
	size_t bytes = fread(buf, 1, sizeof(buf), f);
	bool failed = ferror(f);
	fclose(f);
	const char *z = NULL;
	while (bytes && (buf[bytes - 1] == '\n' || buf[bytes - 1] == '\r'))
		bytes--;
	if (failed)
		fault(l, n, "cannot read %s", QUOTE(path));
	else if (bytes > SECRET_BYTES_MAX || memchr(buf, '\0', bytes))
		fault(l, n, "%s is not a text of at most %d bytes", QUOTE(path), SECRET_BYTES_MAX);
	else if (!bytes)
		fault(l, n, "%s is empty; write the secret into it", QUOTE(path));
	else if (!(z = arena_str(l->arena, buf, bytes)))
		l->oom = true;
	explicit_bzero(buf, sizeof(buf));
	return z;
}

/* The node takes the secret itself, so that config_diff() sees a change behind the same name. */
static void value_secret(struct loader *l, const struct key *k, struct node *n, void *base)
{
	const char *z = n->resolved ? n->text : node_text(l, n);
	if (z && !n->resolved && strncmp(z, "file:", 5) == 0)
		z = secret_of_file(l, n, z + 5);
	if (!z)
		return;
	n->text = z;
	n->resolved = true;
	const char *wrong = k->check ? k->check(z) : NULL;
	if (wrong)
		fault(l, n, "this secret %s", wrong);
	else
		*(const char **)(void *)((char *)base + k->offset) = *z ? z : NULL;
}

/* Beside the configuration, unless it starts at the root. */
void parse_accounts_file(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_accounts *accounts = base;
	const char *z = node_text(l, n);
	if (!z || !*z)
		return;
	size_t folder = z[0] == '/' ? 0 : strlen(l->folder), bytes = strlen(z);
	if (folder + bytes >= 4096) {
		fault(l, n, "is longer than a path may be");
		return;
	}
	char *path = loader_alloc(l, folder + bytes + 1);
	if (!path)
		return;
	memcpy(path, l->folder, folder);
	memcpy(path + folder, z, bytes);
	accounts->file = path;
}

static const char *string_item(struct loader *l, const struct key *k, struct node *n)
{
	const char *z = node_text(l, n);
	const char *wrong = z && k->check ? k->check(z) : NULL;
	if (wrong)
		fault(l, n, "%s %s", QUOTE(z), wrong);
	return wrong ? NULL : z;
}

void value_strings(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct items it;
	if (!items_of(l, n, "texts", &it))
		return;
	const char **v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;) {
		const char *z = string_item(l, k, x);
		for (size_t i = 0; z && i < count; i++)
			if (strcasecmp(v[i], z) == 0) {
				fault(l, x, "%s a second time in this list; keep one", QUOTE(z));
				z = NULL;
			}
		if (z)
			v[count++] = z;
	}
	*(struct config_strings *)(void *)((char *)base + k->offset) = (struct config_strings){v, count};
}

static void value_cidrs(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct items it;
	if (!items_of(l, n, "addresses or prefixes (\"192.0.2.0/24\")", &it))
		return;
	struct cidr *v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;)
		count += cidr_of(l, x, &v[count]);
	*(const struct cidr **)(void *)((char *)base + k->offset) = v;
	*(size_t *)(void *)((char *)base + k->count) = count;
}

void value_apply(struct loader *l, const struct key *k, struct node *n, void *base)
{
	static void (*const of_kind[])(struct loader *, const struct key *, struct node *, void *) = {
		[KIND_BOOL] = value_bool,       [KIND_INT] = value_int,     [KIND_TIME] = value_time,
		[KIND_WORD] = value_word,       [KIND_TEXT] = value_text,   [KIND_SECRET] = value_secret,
		[KIND_STRINGS] = value_strings, [KIND_CIDRS] = value_cidrs,
	};
	of_kind[k->kind](l, k, n, base);
}
