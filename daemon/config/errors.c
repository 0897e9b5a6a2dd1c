#include "config/errors.h"

#include <stdarg.h>
#include <string.h>

void errors_begin(struct config_errors *e, const char *file)
{
	size_t n = strlen(file);

	e->count = 0;
	e->left_out = e->passing = 0;
	if (n < sizeof e->file)
		memcpy(e->file, file, n + 1);
	else
		snprintf(e->file, sizeof e->file, "...%s",
			 file + n - (sizeof e->file - 4));
}

/* Names and values come from the file; they shall not forge lines. */
static void clean(char *out, size_t cap, const char *in)
{
	size_t n = 0;

	for (; *in && n + 5 < cap; in++) {
		unsigned char c = (unsigned char)*in;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(out + n, cap - n, "\\x%02x", c);
		else
			out[n++] = *in;
	}
	out[n] = 0;
}

/* Messages are kept in the order of the files, whatever the order of checking. */
static unsigned slot_for(struct config_errors *e, struct config_place at)
{
	unsigned i = e->count++;

	for (; i; i--) {
		if (!place_is_before(at, e->at[i - 1]))
			break;
		e->at[i] = e->at[i - 1];
		memcpy(e->text[i], e->text[i - 1], sizeof e->text[i]);
		memcpy(e->excerpt[i], e->excerpt[i - 1], sizeof e->excerpt[i]);
	}
	e->at[i] = at;
	return i;
}

bool errors_add(struct config_errors *e, struct config_place at, const char *fmt, ...)
{
	const char *file = at.file ? at.file->name : e->file;
	char what[400], line[sizeof e->text[0]];
	unsigned i;
	va_list ap;

	if (e->count == CONFIG_ERRORS_MAX) {
		e->left_out++;
		return false;
	}
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (at.line)
		snprintf(line, sizeof line, "%.280s:%u:%u: %s", file, at.line, at.column, what);
	else
		snprintf(line, sizeof line, "%.280s: %s", file, what);
	i = slot_for(e, at);
	clean(e->text[i], sizeof e->text[i], line);
	place_excerpt(at, e->excerpt[i]);
	return false;
}

bool errors_told(const struct config_errors *e, struct config_place at)
{
	for (unsigned i = 0; at.line && i < e->count; i++)
		if (e->at[i].line == at.line && e->at[i].column == at.column &&
		    e->at[i].file == at.file)
			return true;
	return false;
}

void errors_join(struct config_errors *e, const struct config_errors *more)
{
	e->left_out += more->left_out;
	e->passing += more->passing;
	for (unsigned i = 0; i < more->count; i++) {
		unsigned at;

		if (e->count == CONFIG_ERRORS_MAX) {
			e->left_out++;
			continue;
		}
		at = slot_for(e, more->at[i]);
		memcpy(e->text[at], more->text[i], sizeof e->text[at]);
		memcpy(e->excerpt[at], more->excerpt[i], sizeof e->excerpt[at]);
	}
}

void errors_print(const struct config_errors *e, FILE *out)
{
	for (unsigned i = 0; i < e->count; i++) {
		fprintf(out, "%s\n", e->text[i]);
		if (e->excerpt[i][0])
			fprintf(out, "%s\n", e->excerpt[i]);
	}
	if (e->left_out)
		fprintf(out, "%s: %u more\n", e->file, e->left_out);
}
