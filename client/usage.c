#include "client/usage.h"

#include <ctype.h>
#include <string.h>

#define HELP_COLUMN 31

static void capital(const char *text, FILE *out)
{
	fprintf(out, "%c%s.\n", toupper((unsigned char)text[0]), text + 1);
}

static void usage_program(FILE *out)
{
	fputs("Usage: coap [VERB] URI... [OPTION...]\n"
	      "Makes requests to CoAP servers.\n\n", out);
	for (unsigned i = 0; i < VERBS; i++)
		fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nWithout a verb it is get, with -d post, with -T put.  Payloads go to standard\n"
	      "output, all else to standard error.  Each verb has options:\n\n"
	      "  coap put --help\n"
	      "  coap coap://[::1]/hello -v\n"
	      "  coap put coap://host/file -T FILE --content-format json\n\n"
	      "Exit status: 0 ok, 1 error response or network, 2 usage, 3 interrupted.\n", out);
}

/* "  -o, --output FILE". */
static void print_row(const struct argument_row *row, FILE *out)
{
	char name[ARGUMENT_NAME];
	int n;

	argument_name(row, 0, name);
	n = row->letters[0] ? fprintf(out, "  -%c, ", row->letters[0]) : fprintf(out, "      ");
	n += fprintf(out, "--%s", name);
	if (row->value && row->kind == ARG_MAYBE)
		n += fprintf(out, "[=%s]", row->value);
	else if (row->value)
		n += fprintf(out, " %s", row->value);
	fprintf(out, "%*s%s\n", n < HELP_COLUMN ? HELP_COLUMN - n : 1, "", row->help);
}

/* The names of those that are not explained, in lines. */
static void print_rare(enum verb_id verb, FILE *out)
{
	int column = fprintf(out, "\nAlso, see coap(1):");

	for (unsigned i = 0; i < argument_count; i++) {
		const struct argument_row *row = &argument_rows[i];
		char name[ARGUMENT_NAME];
		int n;

		if (!row->rare || row->kind == ARG_ABSENT || !(row->verbs >> verb & 1))
			continue;
		argument_name(row, 0, name);
		n = (int)strlen(name) + 3 + (row->value ? (int)strlen(row->value) + 1 : 0);
		if (column + n > USAGE_COLUMNS) {
			fputs("\n", out);
			column = 0;
		}
		column += fprintf(out, " --%s%s%s", name, row->value ? " " : "",
				  row->value ? row->value : "");
	}
	fputs("\n", out);
}

static void usage_verb(enum verb_id verb, FILE *out)
{
	fprintf(out, "Usage: coap %s %s [OPTION...]\n", verbs[verb].name, verbs[verb].operand);
	capital(verbs[verb].summary, out);
	fputs("\n", out);
	for (unsigned i = 0; i < argument_count; i++) {
		const struct argument_row *row = &argument_rows[i];

		if (!row->rare && row->kind != ARG_ABSENT && row->verbs >> verb & 1)
			print_row(row, out);
	}
	print_rare(verb, out);
}

void usage_print(const struct arguments *a, FILE *out)
{
	if (a->verb_given)
		usage_verb(a->verb, out);
	else
		usage_program(out);
}
