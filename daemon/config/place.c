#include "config/place.h"

#include <stdio.h>

#define INDENT 2u

static unsigned number_of(struct config_place at)
{
	return at.file ? at.file->number : 0;
}

bool place_is_before(struct config_place a, struct config_place b)
{
	if (number_of(a) != number_of(b))
		return number_of(a) < number_of(b);
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

const char *place_other(struct config_place at, const struct config_file *from,
			char out[PLACE_TEXT])
{
	if (at.file && at.file != from)
		snprintf(out, PLACE_TEXT, "line %u of %s", at.line, at.file->name);
	else
		snprintf(out, PLACE_TEXT, "line %u", at.line);
	return out;
}

const char *place_print(struct config_place at, const char *file, char out[PLACE_TEXT])
{
	const char *name = at.file ? at.file->name : file;

	if (at.line)
		snprintf(out, PLACE_TEXT, "%.250s:%u:%u: ", name, at.line, at.column);
	else
		snprintf(out, PLACE_TEXT, "%.250s: ", name);
	return out;
}

static struct span line_of(const struct config_file *file, unsigned line)
{
	const char *p = file->text, *end = p + file->n, *next;

	while (--line && (next = memchr(p, '\n', (size_t)(end - p))))
		p = next + 1;
	if (line)
		return span_of(end, 0);
	next = memchr(p, '\n', (size_t)(end - p));
	end = next ? next : end;
	return span_of(p, (size_t)(end - p - (end > p && end[-1] == '\r')));
}

/* Columns are characters, an excerpt counts bytes. */
static size_t byte_of(struct span line, unsigned column)
{
	size_t i = 0;

	while (--column && i < line.n) {
		i++;
		while (i < line.n && (line.p[i] & 0xc0) == 0x80)
			i++;
	}
	return i;
}

void place_excerpt(struct config_place at, char out[EXCERPT_MAX])
{
	struct writer w = writer_of(out, EXCERPT_MAX - 1);
	struct span line;

	out[0] = '\0';
	if (!at.line || !at.column || !at.file || !at.file->text)
		return;
	line = line_of(at.file, at.line);
	/* Behind the end of the file there is nothing that would help. */
	if (line.n == 0)
		return;
	excerpt_write(&w, line, byte_of(line, at.column), INDENT);
	*w.p = '\0';
}
