/* SPDX-License-Identifier: Apache-2.0 */
/* schema: the tables of keys as JSON Schema (for editors) and as Markdown (for people). */
#include <errno.h>
#include <string.h>

#include "config/internal.h"

static void put_text(FILE *f, const char *z)
{
	char buf[1024];
	struct writer w = writer_init(buf, sizeof(buf));
	writer_json(&w, str_z(z));
	fwrite(buf, 1, w.n, f);
}

/* ---- JSON Schema ---- */

struct indent {
	FILE *f;
	unsigned depth;
};

static void line(struct indent *o, const char *z)
{
	fprintf(o->f, "%*s%s", (int)(2 * o->depth), "", z);
}

static void put_object(struct indent *o, const struct object *object);

static void put_words(FILE *f, const struct key *k)
{
	const char *between = "";
	fputs("\"enum\": [", f);
	for (const struct word *w = k->words; w->text; w++) {
		if (w->later)
			continue;
		fprintf(f, "%s\"%s\"", between, w->text);
		between = ", ";
	}
	fputs("]", f);
}

/* A fragment that stands for the value alone: one line, without its outer braces. */
static void put_scalar(FILE *f, const struct key *k)
{
	switch (k->kind) {
	case KIND_BOOL:
		fputs("\"type\": \"boolean\"", f);
		break;
	case KIND_INT:
		fprintf(f, "\"type\": \"integer\", \"minimum\": %lld, \"maximum\": %lld", (long long)k->min,
			(long long)k->max);
		break;
	case KIND_TIME:
		fprintf(f,
			"\"anyOf\": [{\"type\": \"integer\", \"minimum\": %lld, \"maximum\": %lld}, {\"type\": \"string\", "
			"\"pattern\": \"^[0-9]+(ms|s|m|min|h)$\"}]",
			(long long)k->min, (long long)k->max);
		break;
	case KIND_WORD:
		put_words(f, k);
		break;
	case KIND_STRINGS:
	case KIND_CIDRS:
		fputs("\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}}]",
		      f);
		break;
	case KIND_CUSTOM:
		fprintf(f, "%.*s", (int)strlen(k->schema) - 2, k->schema + 1);
		break;
	case KIND_TEXT:
	case KIND_SECRET:
	case KIND_OBJECT:
	case KIND_MAP:
	case KIND_LIST:
	case KIND_LATER:
		fputs("\"type\": \"string\"", f);
		break;
	}
}

static void put_nested(struct indent *o, const struct key *k)
{
	if (k->kind == KIND_CUSTOM) {
		line(o, "\"anyOf\": [{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}}, {\n");
		o->depth++;
		put_object(o, k->object);
		o->depth--;
		line(o, "}]");
	} else if (k->kind == KIND_OBJECT) {
		put_object(o, k->object);
		return;
	} else {
		line(o, k->kind == KIND_MAP ? "\"type\": \"object\",\n" : "\"type\": \"array\",\n");
		if (k->kind == KIND_MAP)
			line(o, "\"propertyNames\": {\"pattern\": \"^[A-Za-z0-9_-]{1,63}$\"},\n");
		line(o, k->kind == KIND_MAP ? "\"additionalProperties\": {\n" : "\"items\": {\n");
		o->depth++;
		put_object(o, k->object);
		o->depth--;
		line(o, "}");
	}
	fputs("\n", o->f);
}

static void put_key(struct indent *o, const struct key *k, bool first)
{
	fputs(first ? "" : ",\n", o->f);
	line(o, "");
	put_text(o->f, k->name);
	fputs(": {\n", o->f);
	o->depth++;
	line(o, "\"description\": ");
	put_text(o->f, k->doc);
	fputs(",\n", o->f);
	if (k->preset) {
		line(o, "\"default\": ");
		fprintf(o->f, "%s,\n", k->preset);
	}
	if (k->object) {
		put_nested(o, k);
	} else {
		line(o, "");
		put_scalar(o->f, k);
		fputs("\n", o->f);
	}
	o->depth--;
	line(o, "}");
}

static void put_required(struct indent *o, const struct object *object)
{
	bool first = true;
	for (const struct key *k = object->keys; k->name; k++) {
		if (!k->required)
			continue;
		if (first)
			line(o, "\"required\": [");
		fprintf(o->f, "%s\"%s\"", first ? "" : ", ", k->name);
		first = false;
	}
	fputs(first ? "" : "],\n", o->f);
}

/* The members of a schema of an object, without the braces. */
static void put_object(struct indent *o, const struct object *object)
{
	bool first = true;
	line(o, "\"type\": \"object\",\n");
	line(o, "\"additionalProperties\": false,\n");
	put_required(o, object);
	line(o, "\"properties\": {\n");
	o->depth++;
	for (const struct key *k = object->keys; k->name; k++) {
		if (k->kind == KIND_LATER)
			continue;
		put_key(o, k, first);
		first = false;
	}
	fputs("\n", o->f);
	o->depth--;
	line(o, "}\n");
}

int config_schema_print(FILE *f)
{
	struct indent o = {f, 1};
	fputs("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	      "  \"title\": \"Limen configuration\",\n",
	      f);
	put_object(&o, &object_root);
	fputs("}\n", f);
	return ferror(f) ? -EIO : 0;
}

/* ---- Markdown ---- */

static void put_form(FILE *f, const struct key *k)
{
	const char *between = "";
	switch (k->kind) {
	case KIND_BOOL:
		fputs("true or false", f);
		break;
	case KIND_INT:
		fprintf(f, "number, %lld to %lld", (long long)k->min, (long long)k->max);
		break;
	case KIND_TIME:
		fprintf(f, "milliseconds, %lld to %lld", (long long)k->min, (long long)k->max);
		break;
	case KIND_WORD:
		for (const struct word *w = k->words; w->text; w++) {
			if (!w->later)
				fprintf(f, "%s%s", between, w->text);
			between = ", ";
		}
		break;
	case KIND_TEXT:
		fputs("text", f);
		break;
	case KIND_SECRET:
		fputs("secret", f);
		break;
	case KIND_STRINGS:
		fputs("list of texts", f);
		break;
	case KIND_CIDRS:
		fputs("list of address or address/bits", f);
		break;
	case KIND_CUSTOM:
		fputs(k->form, f);
		break;
	case KIND_OBJECT:
		fputs("object", f);
		break;
	case KIND_MAP:
		fputs("object of named objects", f);
		break;
	case KIND_LIST:
		fputs("list of objects", f);
		break;
	case KIND_LATER:
		break;
	}
}

static void put_rows(FILE *f, const struct object *object, const char *prefix)
{
	static const char *const lifetimes[] = {
		[CONFIG_AT_ONCE] = "at once", [CONFIG_NEW_CALLS] = "new calls", [CONFIG_RESTART] = "restart"};
	for (const struct key *k = object->keys; k->name; k++) {
		char place[160];
		if (k->kind == KIND_LATER)
			continue;
		snprintf(place, sizeof(place), "%s%s%s", prefix, *prefix ? "." : "", k->name);
		fprintf(f, "| `%s` | ", place);
		put_form(f, k);
		fprintf(f, " | %s | %s | %s |\n",
			k->required ? "(needed)"
			: k->preset ? k->preset
				    : "",
			k->doc, k->object && k->kind != KIND_CUSTOM ? "" : lifetimes[k->lifetime]);
		if (!k->object)
			continue;
		const char *below = k->kind == KIND_MAP ? ".*" : k->kind == KIND_LIST ? "[]" : "";
		snprintf(place, sizeof(place), "%s%s%s%s", prefix, *prefix ? "." : "", k->name, below);
		put_rows(f, k->object, place);
	}
}

int config_keys_print(FILE *f)
{
	fputs("| key | value | default | meaning | a change applies |\n|---|---|---|---|---|\n", f);
	put_rows(f, &object_root, "");
	return ferror(f) ? -EIO : 0;
}
