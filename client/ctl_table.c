#include "client/ctl_table.h"

#include "base/quote.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *ctl_number(uint64_t n, char out[CTL_TEXT])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
	return out;
}

const char *ctl_bytes(uint64_t n, char out[CTL_TEXT])
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	unsigned u = 0;

	for (; v >= 1024 && u < 4; u++)
		v /= 1024;
	snprintf(out, CTL_TEXT, u ? "%.1f %s" : "%.0f %s", v, unit[u]);
	return out;
}

const char *ctl_age(uint64_t ms, char out[CTL_TEXT])
{
	uint64_t s = ms / 1000;
	int n = 0;

	if (s >= 86400)
		n = snprintf(out, CTL_TEXT, "%" PRIu64 "d ", s / 86400);
	snprintf(out + n, CTL_TEXT - (size_t)n, "%u:%02u:%02u", (unsigned)(s / 3600 % 24),
		 (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	return out;
}

void ctl_table_begin(struct ctl_table *t, unsigned columns)
{
	*t = (struct ctl_table){ .columns = columns, .left = 1 };
}

static void take(struct ctl_table *t, char *text)
{
	char **cell = realloc(t->cell, (t->cells + 1) * sizeof *cell);

	if (!cell || !text) {
		fputs("coapctl: out of memory\n", stderr);
		exit(1);
	}
	t->cell = cell;
	t->cell[t->cells++] = text;
}

/* Foreign text in quotes if it is not plain. */
void ctl_table_text(struct ctl_table *t, const char *text)
{
	size_t n = strlen(text) * 4 + 8;
	char *copy = malloc(n);
	struct writer w = writer_of(copy, copy ? n - 1 : 0);

	if (copy && (!*text || quote_is_plain(span_str(text), true)))
		write_span(&w, span_str(text));
	else if (copy)
		quote_write(&w, span_str(text), strlen(text), true);
	if (copy)
		*w.p = 0;
	take(t, copy);
}

void ctl_table_format(struct ctl_table *t, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	take(t, text);
}

void ctl_table_number(struct ctl_table *t, uint64_t n)
{
	char text[CTL_TEXT];

	ctl_table_format(t, "%s", ctl_number(n, text));
}

void ctl_table_bytes(struct ctl_table *t, uint64_t n)
{
	char text[CTL_TEXT];

	ctl_table_format(t, "%s", ctl_bytes(n, text));
}

void ctl_table_age(struct ctl_table *t, uint64_t ms)
{
	char text[CTL_TEXT];

	ctl_table_format(t, "%s", ctl_age(ms, text));
}

void ctl_table_head(struct ctl_table *t, const char *const *names)
{
	for (; *names; names++)
		ctl_table_format(t, "%s", *names);
}

static int width_of(const char *text)
{
	size_t left = strlen(text);
	int n = 0;

	for (uint32_t c; left; n++) {
		size_t used = utf8_next(text, left, &c);

		used += !used;
		text += used;
		left -= used;
	}
	return n;
}

void ctl_table_end(struct ctl_table *t, FILE *out)
{
	int width[CTL_TABLE_COLUMNS] = { 0 };

	for (unsigned i = 0; i < t->cells; i++)
		if (width_of(t->cell[i]) > width[i % t->columns])
			width[i % t->columns] = width_of(t->cell[i]);
	for (unsigned i = 0; i < t->cells; i++) {
		unsigned c = i % t->columns;
		int pad = width[c] - width_of(t->cell[i]);
		bool left = t->left >> c & 1, last = c + 1 == t->columns;

		fprintf(out, "%*s%s%*s%s", left ? 0 : pad, "", t->cell[i],
			left && !last ? pad : 0, "", last ? "\n" : "  ");
	}
	ctl_table_drop(t);
}

void ctl_table_drop(struct ctl_table *t)
{
	for (unsigned i = 0; i < t->cells; i++)
		free(t->cell[i]);
	free(t->cell);
	*t = (struct ctl_table){ .cells = 0 };
}
