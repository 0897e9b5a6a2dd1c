#include "client/page.h"

#include "client/arguments.h"

#include <ctype.h>
#include <string.h>

/* Text for a line of its own: a dot or quote in front would be a request, a backslash
 * begins an escape, and a plain minus sign is a hyphen. */
static void put_text(FILE *out, const char *text, size_t n)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-' && text[i + 1] == '-')
			fputs("\\-", out);
		else
			fputc(text[i], out);
}

/* One sentence to a line. */
static void put_sentences(FILE *out, const char *text)
{
	const char *next;

	for (; (next = strstr(text, ".  ")); text = next + 3) {
		put_text(out, text, (size_t)(next - text) + 1);
		fputc('\n', out);
	}
	if (!*text)
		return;
	put_text(out, text, strlen(text));
	fputc('\n', out);
}

/* A line of help as a sentence. */
static void put_help(FILE *out, const char *help)
{
	fputc(toupper((unsigned char)*help), out);
	put_text(out, help + 1, strlen(help) - 1);
	fputs(".\n", out);
}

static void put_value(FILE *out, const struct argument_row *row)
{
	if (row->value)
		fprintf(out, row->kind == ARG_MAYBE ? " Ns Op = Ns Ar %s" : " Ar %s", row->value);
}

/* ".It Fl o Ar FILE , Fl -output Ar FILE". */
static void put_names(FILE *out, const struct argument_row *row)
{
	const char *comma = "";
	char name[ARGUMENT_NAME];

	fputs(".It", out);
	for (const char *c = row->letters; *c; c++, comma = " ,") {
		fprintf(out, "%s Fl %c", comma, *c);
		put_value(out, row);
	}
	for (unsigned nth = 0; argument_name(row, nth, name); nth++, comma = " ,") {
		fprintf(out, "%s Fl -%s", comma, name);
		put_value(out, row);
	}
	fputc('\n', out);
}

/* "get, put and post". */
static void put_set(FILE *out, uint32_t set)
{
	bool first = true;

	for (unsigned i = 0; i < VERBS; i++)
		if (set >> i & 1) {
			fprintf(out, "%s%s", first ? "" : set >> (i + 1) ? ", " : " and ",
				verbs[i].name);
			first = false;
		}
}

/* Where it may be given, or where not if that is shorter. */
static void put_where(FILE *out, const struct argument_row *row)
{
	uint32_t all = (1u << VERBS) - 1, others = all & ~row->verbs;
	bool with = __builtin_popcount(row->verbs) <= __builtin_popcount(others);

	if (!others)
		return;
	fputs(with ? "Only with " : "Not with ", out);
	put_set(out, with ? row->verbs : others);
	fputs(".\n", out);
}

void page_verbs(FILE *out)
{
	for (unsigned i = 0; i < VERBS; i++) {
		fprintf(out, ".It Cm %s\n", verbs[i].name);
		put_help(out, verbs[i].summary);
	}
}

void page_options(FILE *out)
{
	for (unsigned i = 0; i < argument_count; i++) {
		const struct argument_row *row = &argument_rows[i];

		if (row->kind == ARG_ABSENT)
			continue;
		put_names(out, row);
		put_help(out, row->help);
		put_sentences(out, row->more);
		put_where(out, row);
	}
}
