/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"

void config_faults_finish(struct config_faults *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].place);
		free(f->v[i].text);
	}
	free(f->v);
	*f = (struct config_faults){NULL, 0};
}

int faults_vadd(struct config_faults *f, const char *place, unsigned line, const char *fmt, va_list ap)
{
	char text[512];
	vsnprintf(text, sizeof(text), fmt, ap);
	struct config_fault *v = realloc(f->v, (f->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	f->v = v;
	char *p = strdup(place), *t = strdup(text);
	if (!p || !t) {
		free(p);
		free(t);
		return -ENOMEM;
	}
	f->v[f->n++] = (struct config_fault){p, t, line};
	return 0;
}

int faults_add(struct config_faults *f, const char *place, unsigned line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = faults_vadd(f, place, line, fmt, ap);
	va_end(ap);
	return r;
}

/* Keys come from the file; a place must stay one printable line. */
static void put_key(struct writer *w, const char *key)
{
	if (w->n)
		writer_char(w, '.');
	if (!*key)
		writer_lit(w, "\"\"");
	for (size_t i = 0; key[i] && i < 64; i++)
		writer_char(w, iscntrl((unsigned char)key[i]) ? '?' : key[i]);
}

static void put_place(struct writer *w, const struct node *n)
{
	if (!n->parent)
		return;
	put_place(w, n->parent);
	if (n->key)
		put_key(w, n->key);
	else
		writer_fmt(w, "[%u]", n->index);
}

const char *node_place(const struct node *n, const char *key, char buf[PLACE_MAX])
{
	struct writer w = writer_init(buf, PLACE_MAX - 1);
	put_place(&w, n);
	if (key)
		put_key(&w, key);
	buf[w.n] = '\0';
	return w.n ? buf : strcpy(buf, "file");
}

struct quoted quote_n(const char *p, size_t n)
{
	struct quoted q;
	struct writer w = writer_init(q.s, sizeof(q.s) - 1);
	size_t shown = n > 64 ? 64 : n;
	writer_char(&w, '"');
	for (size_t i = 0; i < shown; i++)
		writer_char(&w, iscntrl((unsigned char)p[i]) ? '?' : p[i]);
	writer_z(&w, n > shown ? "...\"" : "\"");
	q.s[w.n] = '\0';
	return q;
}

/* ---- nearest ---- */

#define NEAREST_MAX 40

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Levenshtein, with case counted as equal: a slip of the shift key is no difference. */
static unsigned edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[NEAREST_MAX + 1];
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
			unsigned d = min3(row[j] + 1, row[j - 1] + 1, diagonal + !same);
			diagonal = row[j];
			row[j] = d;
		}
	}
	return row[nb];
}

struct nearest nearest_init(const char *given)
{
	/* a third of the letters may be wrong; two in short words, so that "tragets" finds "targets" */
	size_t n = strlen(given);
	unsigned allowed = n <= 2 ? 1 : n < 9 ? 2 : (unsigned)n / 3;
	return (struct nearest){given, NULL, allowed + 1};
}

void nearest_offer(struct nearest *s, const char *name)
{
	size_t na = strlen(s->given), nb = strlen(name);
	if (na > NEAREST_MAX || nb > NEAREST_MAX)
		return;
	unsigned d = edit_distance(s->given, na, name, nb);
	/* "rate" in "source_rate": one name holding the other is a likely slip, too */
	if (d >= s->distance && na >= 4 && strstr(name, s->given))
		d = s->distance - 1;
	if (d < s->distance && d < nb) {
		s->distance = d;
		s->best = name;
	}
}

struct mend nearest_mend(const struct nearest *s)
{
	struct mend m = {""};
	if (s->best)
		snprintf(m.s, sizeof(m.s), "; did you mean \"%s\"?", s->best);
	return m;
}
