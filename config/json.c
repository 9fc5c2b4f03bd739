/* SPDX-License-Identifier: Apache-2.0 */
/* json: RFC 8259 text with // comments -> nodes. jansson judges and decodes; it keeps no positions, so a second walk
 * over the text (by then known to be valid) runs beside jansson's tree and notes the lines. */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"

#define JSON_DEPTH_MAX 32

/* jansson's lexer ignores a failed append to its buffer and goes on with a shorter token. Its allocator is therefore
 * wrapped in one that only takes note; memory is still malloc's, so other users of jansson are not touched. */
static _Thread_local bool alloc_failed;

static void *noting_malloc(size_t n)
{
	void *p = malloc(n);
	if (!p)
		alloc_failed = true;
	return p;
}

static void set_allocator(void)
{
	json_set_alloc_funcs(noting_malloc, free);
}

/* ---- comments ---- */

static size_t skip_string(const char *p, size_t n, size_t i)
{
	for (i++; i < n && p[i] != '"' && p[i] != '\n'; i++)
		if (p[i] == '\\' && i + 1 < n)
			i++;
	return i < n ? i + 1 : n;
}

static void blank_comments(char *p, size_t n)
{
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		memset(p, ' ', 3); /* a byte order mark some editors leave */
	for (size_t i = 0; i < n;) {
		if (p[i] == '"') {
			i = skip_string(p, n, i);
		} else if (p[i] == '/' && i + 1 < n && p[i + 1] == '/') {
			while (i < n && p[i] != '\n')
				p[i++] = ' ';
		} else {
			i++;
		}
	}
}

/* ---- where in the tree a position of the text is, for syntax errors ---- */

struct where {
	struct {
		const char *key; /* NULL: a list */
		size_t n;
		unsigned index;
	} at[JSON_DEPTH_MAX];
	unsigned depth;
};

static void where_step(struct where *w, const char *p, size_t n, size_t *i)
{
	size_t start = *i;
	switch (p[start]) {
	case '"':
		*i = skip_string(p, n, start);
		size_t colon = *i + strspn(p + *i, " \t\r\n");
		if (p[colon] == ':' && w->depth && w->depth <= JSON_DEPTH_MAX && w->at[w->depth - 1].key) {
			w->at[w->depth - 1].key = p + start + 1;
			w->at[w->depth - 1].n = *i - start - 2;
		}
		return;
	case '{':
	case '[':
		if (w->depth++ < JSON_DEPTH_MAX) {
			memset(&w->at[w->depth - 1], 0, sizeof(w->at[0]));
			w->at[w->depth - 1].key = p[start] == '{' ? "" : NULL;
		}
		break;
	case '}':
	case ']':
		if (w->depth)
			w->depth--;
		break;
	case ',':
		if (w->depth && w->depth <= JSON_DEPTH_MAX) {
			w->at[w->depth - 1].index++;
			w->at[w->depth - 1].n = 0;
		}
		break;
	default:
		break;
	}
	(*i)++;
}

/* text ends in NUL. */
static void where_place(const char *text, size_t end, char buf[PLACE_MAX])
{
	struct where w = {.depth = 0};
	for (size_t i = 0; i < end;)
		where_step(&w, text, end, &i);
	struct writer out = writer_init(buf, PLACE_MAX - 1);
	for (unsigned i = 0; i < w.depth && i < JSON_DEPTH_MAX; i++) {
		if (!w.at[i].key)
			writer_fmt(&out, "[%u]", w.at[i].index);
		else if (w.at[i].n)
			writer_fmt(&out, "%s%.*s", out.n ? "." : "", (int)w.at[i].n, w.at[i].key);
	}
	for (size_t i = 0; i < out.n; i++)
		if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
			buf[i] = '?';
	buf[out.n] = '\0';
	if (!out.n)
		strcpy(buf, "file");
}

/* What is mostly behind a token that jansson did not expect. */
static const char *syntax_mend(const char *message, const char *token)
{
	if (token[0] == '}' || token[0] == ']')
		return "; is there a comma too many before it?";
	if (token[0] == '/' || token[0] == '#')
		return "; comments are // up to the end of the line";
	if (strstr(message, "string or '}'"))
		return token[0] == ',' ? "; is it a comma too many?" : "; keys are in double quotes";
	/* where a list or an object could only end or go on, something new begins */
	if (token[0] != ':' && (strstr(message, "']' expected") || strstr(message, "'}' expected")))
		return "; is a comma missing before it?";
	if (strstr(message, "invalid token"))
		return "; texts are in double quotes";
	return "";
}

/* What jansson read, up to the ' that it puts behind; a text without the quotes of its own. */
static struct quoted quote_token(const char *p)
{
	size_t n = strlen(p) - 1;
	if (n > 1 && p[0] == '"' && p[n - 1] == '"')
		return quote_n(p + 1, n - 2);
	return quote_n(p, n);
}

static int syntax_fault(const char *text, size_t n, const json_error_t *e, struct config_faults *faults)
{
	char place[PLACE_MAX];
	size_t end = e->position > 0 ? (size_t)e->position : 0;
	where_place(text, end < n ? end : n, place);
	const char *near = strstr(e->text, " near '");
	struct quoted token = near ? quote_token(near + strlen(" near '")) : (struct quoted){""};
	unsigned line = e->line > 0 ? (unsigned)e->line : 0;
	switch (json_error_code(e)) {
	case json_error_duplicate_key:
		return faults_add(faults, place, line, "the same key a second time in one object; keep one");
	case json_error_premature_end_of_input:
		return faults_add(faults, place, line, "the text ends too early; a } or ] is missing");
	case json_error_end_of_input_expected:
		return faults_add(faults, place, line, "text after the end of the configuration: %s; remove it",
				  token.s);
	case json_error_numeric_overflow:
		return faults_add(faults, place, line, "this number is too large");
	case json_error_invalid_utf8:
		return faults_add(faults, place, line, "not UTF-8; save the file as UTF-8");
	case json_error_null_character:
		return faults_add(faults, place, line, "\\u0000 is not allowed in a text; remove it");
	case json_error_stack_overflow:
		return faults_add(faults, place, line, "nested too deeply");
	default:
		break;
	}
	if (!near)
		return faults_add(faults, place, line, "this is not JSON: %s", e->text);
	return faults_add(faults, place, line, "this is not JSON: %.*s near %s%s", (int)(near - e->text), e->text,
			  token.s, syntax_mend(e->text, near + strlen(" near '")));
}

/* ---- copy ---- */

struct scan {
	const char *p; /* ends in NUL */
	unsigned line;
};

static void scan_space(struct scan *s)
{
	for (; *s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'; s->p++)
		s->line += *s->p == '\n';
}

static void scan_scalar(struct scan *s)
{
	if (*s->p == '"') {
		for (s->p++; *s->p && *s->p != '"'; s->p++)
			if (*s->p == '\\' && s->p[1])
				s->p++;
		if (*s->p)
			s->p++;
		return;
	}
	s->p += strcspn(s->p, ",]} \t\r\n");
}

static void scan_punct(struct scan *s)
{
	scan_space(s);
	if (*s->p)
		s->p++;
}

static int copy_value(struct arena *a, json_t *j, struct scan *s, unsigned depth, struct node **ret);

static int copy_child(struct arena *a, struct node *parent, const char *key, json_t *j, struct scan *s, unsigned depth)
{
	struct node *child;
	int r = copy_value(a, j, s, depth + 1, &child);
	if (r < 0)
		return r;
	if (key && !(child->key = arena_str(a, key, strlen(key))))
		return -ENOMEM;
	node_append(parent, child);
	return 0;
}

static int copy_object(struct arena *a, json_t *j, struct scan *s, unsigned depth, struct node *n)
{
	const char *key;
	json_t *value;
	n->kind = NODE_OBJECT;
	json_object_foreach(j, key, value)
	{
		scan_punct(s); /* { or , */
		scan_space(s);
		scan_scalar(s);
		scan_punct(s); /* : */
		int r = copy_child(a, n, key, value, s, depth);
		if (r < 0)
			return r;
	}
	if (!n->n)
		scan_punct(s); /* the { of an empty object */
	scan_punct(s);
	return 0;
}

static int copy_list(struct arena *a, json_t *j, struct scan *s, unsigned depth, struct node *n)
{
	size_t i;
	json_t *value;
	n->kind = NODE_LIST;
	json_array_foreach(j, i, value)
	{
		scan_punct(s);
		int r = copy_child(a, n, NULL, value, s, depth);
		if (r < 0)
			return r;
	}
	if (!n->n)
		scan_punct(s);
	scan_punct(s);
	return 0;
}

static int copy_scalar(struct arena *a, json_t *j, struct scan *s, struct node *n)
{
	scan_scalar(s);
	switch (json_typeof(j)) {
	case JSON_STRING:
		n->kind = NODE_TEXT;
		n->text = arena_str(a, json_string_value(j), json_string_length(j));
		return n->text ? 0 : -ENOMEM;
	case JSON_INTEGER:
		n->kind = NODE_INT;
		n->integer = json_integer_value(j);
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		n->kind = NODE_BOOL;
		n->integer = json_is_true(j);
		return 0;
	case JSON_REAL:
		n->kind = NODE_REAL;
		return 0;
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	n->kind = NODE_NULL;
	return 0;
}

static int copy_value(struct arena *a, json_t *j, struct scan *s, unsigned depth, struct node **ret)
{
	if (depth > JSON_DEPTH_MAX)
		return -E2BIG;
	struct node *n = arena_alloc(a, sizeof(*n));
	if (!n)
		return -ENOMEM;
	scan_space(s);
	n->line = s->line;
	int r = json_is_object(j)  ? copy_object(a, j, s, depth, n)
		: json_is_array(j) ? copy_list(a, j, s, depth, n)
				   : copy_scalar(a, j, s, n);
	if (r == 0)
		*ret = n;
	return r;
}

int json_parse(struct arena *a, char *text, size_t n, struct node **ret, struct config_faults *faults)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, set_allocator);
	blank_comments(text, n);
	if (strspn(text, " \t\r\n") == n)
		return faults_add(faults, "file", 0, "there is nothing in it") < 0 ? -ENOMEM : -EINVAL;
	json_error_t e;
	alloc_failed = false;
	json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	int r;
	if (alloc_failed)
		r = -ENOMEM;
	else if (!j)
		r = syntax_fault(text, n, &e, faults) < 0 ? -ENOMEM : -EINVAL;
	else
		r = copy_value(a, j, &(struct scan){text, 1}, 0, ret);
	json_decref(j);
	if (r == -E2BIG)
		r = faults_add(faults, "file", 0, "nested too deeply") < 0 ? -ENOMEM : -EINVAL;
	return r;
}

/* ---- nodes ---- */

struct node *node_find(const struct node *object, const char *key)
{
	node_for_each(it, object) if (it->key && strcmp(it->key, key) == 0) return it;
	return NULL;
}

void node_append(struct node *parent, struct node *child)
{
	child->parent = parent;
	child->index = parent->n++;
	if (parent->last)
		parent->last->next = child;
	else
		parent->child = child;
	parent->last = child;
}

static bool scalar_equal(const struct node *a, const struct node *b)
{
	if (a->kind == NODE_TEXT)
		return strcmp(a->text, b->text) == 0;
	return a->integer == b->integer;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind != NODE_OBJECT && a->kind != NODE_LIST)
		return scalar_equal(a, b);
	const struct node *y = b->child;
	for (const struct node *x = a->child; x; x = x->next, y = y ? y->next : NULL) {
		const struct node *other = x->key ? node_find(b, x->key) : y;
		if (!other || !node_equal(x, other))
			return false;
	}
	return true;
}
