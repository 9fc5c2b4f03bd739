/* SPDX-License-Identifier: Apache-2.0 */
/* cli_table: what a terminal is shown. */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/cli.h"

#define CELL_COLUMNS 48 /* more of a value is for --json */
#define NAME_COLUMNS 10
#define LINE_MAX_    4096

/* ---- text ---- */

/* Bytes of the UTF-8 character at p, with its number; 0: none. */
static size_t decode(const unsigned char *p, uint32_t *ret)
{
	size_t n = p[0] < 0x80                   ? 1
		   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		   : (p[0] & 0xf0) == 0xe0       ? 3
		   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						 : 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	*ret = c;
	return n;
}

/* Control characters (C0, DEL, C1), and those that turn or hide text (bidirectional marks, zero width). */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff || c >= 0xe0000;
}

/* One character as it is shown; its bytes of the input. */
static size_t shown(const char *p, char buf[16], size_t *ret_columns)
{
	uint32_t c;
	size_t n = decode((const unsigned char *)p, &c);

	if (n && !is_harmful(c)) {
		memcpy(buf, p, n);
		buf[n] = '\0';
		*ret_columns = 1;
		return n;
	}
	if (n && c > 0xff)
		snprintf(buf, 16, "\\u%04x", c);
	else
		snprintf(buf, 16, "\\x%02x", n ? c : (unsigned char)*p);
	*ret_columns = strlen(buf);
	return n ? n : 1;
}

static size_t columns_of(const char *text)
{
	size_t all = 0, columns;
	char buf[16];

	for (const char *p = text; *p; all += columns)
		p += shown(p, buf, &columns);
	return all;
}

size_t cli_print_text(FILE *f, const char *text, size_t max_columns)
{
	bool cut = max_columns && columns_of(text) > max_columns;
	size_t room = cut ? max_columns - 3 : SIZE_MAX, all = 0;

	for (const char *p = text; *p;) {
		size_t columns;
		char buf[16];

		p += shown(p, buf, &columns);
		if (columns > room - all)
			break;
		fputs(buf, f);
		all += columns;
	}
	if (cut)
		fputs("...", f);
	return all + (cut ? 3 : 0);
}

/* ---- tables ---- */

void cli_table_init(struct cli_table *t, const char *const *heads)
{
	*t = (struct cli_table){.heads = heads};
	while (heads[t->n_columns] && t->n_columns < CLI_COLUMNS_MAX)
		t->n_columns++;
}

void cli_table_put(struct cli_table *t, const char *cell)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 256;
		char **grown = realloc(t->cells, cap * sizeof(*grown));

		if (!grown) {
			t->oom = true;
			return;
		}
		t->cells = grown;
		t->cap = cap;
	}
	t->cells[t->n] = strdup(cell && *cell ? cell : "-");
	if (t->cells[t->n])
		t->n++;
	else
		t->oom = true;
}

static void print_row(const struct cli_table *t, const char *const *cells, const size_t *width, FILE *f)
{
	for (unsigned i = 0; i < t->n_columns; i++) {
		size_t n = cli_print_text(f, cells[i], CELL_COLUMNS);

		if (i + 1 < t->n_columns)
			fprintf(f, "%*s", (int)(width[i] - n + 2), "");
	}
	fputc('\n', f);
}

void cli_table_print(const struct cli_table *t, FILE *f)
{
	size_t width[CLI_COLUMNS_MAX];

	if (t->oom) {
		fputs("limen: out of memory\n", stderr);
		return;
	}
	for (unsigned i = 0; i < t->n_columns; i++) {
		width[i] = strlen(t->heads[i]);
		for (size_t r = 0; r + t->n_columns <= t->n; r += t->n_columns) {
			size_t n = columns_of(t->cells[r + i]);

			n = n > CELL_COLUMNS ? CELL_COLUMNS : n;
			width[i] = n > width[i] ? n : width[i];
		}
	}
	print_row(t, t->heads, width, f);
	for (size_t r = 0; r + t->n_columns <= t->n; r += t->n_columns)
		print_row(t, (const char *const *)t->cells + r, width, f);
}

void cli_table_finish(struct cli_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct cli_table){0};
}

/* ---- values ---- */

const char *cli_duration(const json_t *ms, char buf[CLI_DURATION_LEN])
{
	unsigned long long s = json_is_integer(ms) ? (unsigned long long)json_integer_value(ms) / 1000 : 0;

	if (!json_is_integer(ms))
		return "-";
	if (s < 3600)
		snprintf(buf, CLI_DURATION_LEN, "%llu:%02llu", s / 60, s % 60);
	else
		snprintf(buf, CLI_DURATION_LEN, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
	return buf;
}

const char *cli_text(const json_t *object, const char *key)
{
	const char *z = json_string_value(json_object_get(object, key));

	return z ? z : "";
}

const char *cli_user(const char *value, char *buf, size_t cap)
{
	const char *from = strrchr(value, '<');
	size_t n;

	from = from ? from + 1 : value;
	if (!strncasecmp(from, "sip:", 4) || !strncasecmp(from, "tel:", 4))
		from += 4;
	else if (!strncasecmp(from, "sips:", 5))
		from += 5;
	n = strcspn(from, ">;?");
	snprintf(buf, cap, "%.*s", (int)(n < cap ? n : cap - 1), from);
	return buf;
}

void cli_line(FILE *f, const char *name, const char *fmt, ...)
{
	char text[LINE_MAX_];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(f, "%-*s", NAME_COLUMNS, name);
	cli_print_text(f, text[0] ? text : "-", 0);
	fputc('\n', f);
}

/* ---- whole answers ---- */

void cli_print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	putchar('\n');
}

int cli_say_missing(const json_t *list)
{
	json_int_t n = json_integer_value(json_object_get(list, "workers_missing"));

	if (!n)
		return CLI_GOOD;
	fprintf(stderr, "limen: %lld of its workers did not answer in time: this is not all\n", (long long)n);
	return CLI_REFUSED;
}

int cli_show(const struct cli_options *o, int status, json_t *answer, void (*print)(const json_t *answer))
{
	if (status != CLI_GOOD)
		return status;
	if (o->json)
		cli_print_json(answer);
	else
		print(answer);
	status = cli_say_missing(answer);
	json_decref(answer);
	return status;
}
