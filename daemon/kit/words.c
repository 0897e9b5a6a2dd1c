#include "kit/words.h"

#include "base/ascii.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct words *w)
{
	while (w->at < w->end && is_blank(*w->at))
		w->at++;
}

static unsigned column_of(const struct words *w, const char *p)
{
	return (unsigned)(p - w->line) + 1;
}

bool words_wrong(const struct words *w, unsigned column, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return errors_add(w->errors, place_at(w->number, column), "%s", what);
}

/* What a backslash and the characters after it stand for, -1 for nothing. */
static int escaped(struct words *w)
{
	int high, low, c = w->at < w->end ? *w->at : 0;

	w->at++;
	switch (c) {
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case '"':
	case '\\': return c;
	case 'x': break;
	default: return -1;
	}
	if (w->end - w->at < 2)
		return -1;
	high = ascii_hex_value((uint8_t)w->at[0]);
	low = ascii_hex_value((uint8_t)w->at[1]);
	w->at += 2;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* From behind a quote to behind the next. */
static bool read_quoted(struct words *w, struct word *out)
{
	unsigned column = column_of(w, w->at) - 1;

	while (w->at < w->end && *w->at != '"') {
		const char *p = w->at++;
		int c = (uint8_t)*p;

		if (c == '\\')
			c = escaped(w);
		if (c < 0)
			return words_wrong(w, column_of(w, p), "this is no escape; expected "
					   "\\n, \\r, \\t, \\\", \\\\ or \\xNN");
		out->text[out->n++] = (char)c;
	}
	if (w->at >= w->end)
		return words_wrong(w, column, "the quote is not closed; expected a \" before "
				   "the end of the line");
	w->at++;
	return true;
}

/* Behind text in quotes: "*3". */
static bool read_times(struct words *w, struct word *out)
{
	unsigned column = column_of(w, w->at);
	uint64_t times = 0;
	char *all;

	if (w->at == w->end || *w->at != '*')
		return true;
	for (w->at++; w->at < w->end && ascii_is_digit((uint8_t)*w->at); w->at++)
		if (times <= WORDS_LITERAL)
			times = times * 10 + (unsigned)(*w->at - '0');
	if (times == 0 || times * (out->n ? out->n : 1) > WORDS_LITERAL)
		return words_wrong(w, column, "expected how often the text is meant, so that "
				   "it has from 1 to %u bytes", WORDS_LITERAL);
	w->repeated += out->n * times;
	if (w->repeated > WORDS_LITERALS)
		return words_wrong(w, column, "repeated text of the script has more than %u "
				   "bytes in all", WORDS_LITERALS);
	all = pool_get(w->pool, out->n * times + 1);
	for (uint64_t i = 0; i < times; i++)
		memcpy(all + i * out->n, out->text, out->n);
	out->text = all;
	out->n *= times;
	return true;
}

/* A whole word that is text in quotes. */
static bool read_literal(struct words *w, struct word *out)
{
	if (!read_times(w, out))
		return false;
	return w->at == w->end || is_blank(*w->at) ||
	       words_wrong(w, column_of(w, w->at), "expected a blank behind the quote");
}

bool words_next(struct words *w, struct word *out)
{
	char text[WORDS_LINE + 1];

	skip_blanks(w);
	if (w->at >= w->end || *w->at == '#')
		return false;
	assert(w->end - w->at <= (ptrdiff_t)WORDS_LINE);
	*out = (struct word){ .column = column_of(w, w->at), .quoted = *w->at == '"',
			      .text = text };
	while (w->at < w->end && !is_blank(*w->at)) {
		if (*w->at != '"') {
			out->text[out->n++] = *w->at++;
			continue;
		}
		w->at++;
		if (!read_quoted(w, out))
			return false;
		if (out->quoted)
			break;
	}
	out->text = pool_copy(w->pool, text, out->n);
	return !out->quoted || read_literal(w, out);
}

struct span words_rest(struct words *w, unsigned *column)
{
	const char *end = w->end;

	skip_blanks(w);
	while (end > w->at && is_blank(end[-1]))
		end--;
	*column = column_of(w, w->at);
	return span_of(w->at, (size_t)(end - w->at));
}

bool word_is(const struct word *w, const char *text)
{
	return !w->quoted && span_eq(span_of(w->text, w->n), span_str(text));
}
