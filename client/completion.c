#include "client/completion.h"

#include "client/arguments.h"
#include "coap/content_format.h"

#include <string.h>

/* The name of an option as typed; what takes a value behind "=" alone ends with that. */
static void put_name(FILE *out, const char *name, const struct argument_row *row)
{
	fprintf(out, " --%s%s", name, row->kind == ARG_MAYBE && row->value ? "=" : "");
}

/* All that a verb takes. */
static void put_options(FILE *out, unsigned verb)
{
	for (unsigned i = 0; i < argument_count; i++) {
		const struct argument_row *row = &argument_rows[i];
		char name[ARGUMENT_NAME];

		if (row->kind == ARG_ABSENT || !(row->verbs >> verb & 1))
			continue;
		argument_name(row, 0, name);
		put_name(out, name, row);
	}
}

static void put_verbs(FILE *out)
{
	for (unsigned i = 0; i < VERBS; i++)
		fprintf(out, "%s%s", i ? " " : "", verbs[i].name);
}

/* "--output|-o", of rows whose value is what how says. */
static void put_words(FILE *out, bool (*how)(const struct argument_row *))
{
	bool first = true;

	for (unsigned i = 0; i < argument_count; i++) {
		const struct argument_row *row = &argument_rows[i];
		char name[ARGUMENT_NAME];

		if (!row->value || row->kind == ARG_ABSENT || !how(row))
			continue;
		for (unsigned nth = 0; argument_name(row, nth, name); nth++, first = false)
			fprintf(out, "%s--%s", first ? "" : "|", name);
		for (const char *c = row->letters; *c; c++)
			fprintf(out, "|-%c", *c);
	}
}

static bool is_file(const struct argument_row *row)
{
	return strcmp(row->value, "FILE") == 0;
}

static bool is_format(const struct argument_row *row)
{
	return row->kind == ARG_FORMAT;
}

static bool is_method(const struct argument_row *row)
{
	return row->kind == ARG_METHOD;
}

static bool is_block(const struct argument_row *row)
{
	return row->kind == ARG_BLOCK;
}

static bool is_other(const struct argument_row *row)
{
	return row->kind != ARG_MAYBE && !is_file(row) && !is_format(row) && !is_method(row) &&
	       !is_block(row);
}

static void put_formats(FILE *out)
{
	const struct content_format *f;

	/* Without those whose names bash would have to quote. */
	for (size_t i = 0; (f = content_format_row(i)); i++)
		if (!strpbrk(f->name, ";\"' "))
			fprintf(out, " %s", f->name);
}

static void put_case(FILE *out, bool (*how)(const struct argument_row *))
{
	fputs("\t", out);
	put_words(out, how);
	fputs(")\n", out);
}

/* The word before says what this one is. */
static void put_values(FILE *out)
{
	fputs("\tcase $prev in\n", out);
	put_case(out, is_file);
	fputs("\t\t_filedir; return ;;\n", out);
	put_case(out, is_format);
	fputs("\t\tCOMPREPLY=($(compgen -W 'text", out);
	put_formats(out);
	fputs("' -- \"$cur\")); return ;;\n", out);
	put_case(out, is_method);
	fputs("\t\tCOMPREPLY=($(compgen -W 'GET POST PUT DELETE FETCH PATCH iPATCH' -- "
	      "\"$cur\")); return ;;\n", out);
	put_case(out, is_block);
	fputs("\t\tCOMPREPLY=($(compgen -W '16 32 64 128 256 512 1024' -- \"$cur\")); "
	      "return ;;\n", out);
	put_case(out, is_other);
	fputs("\t\treturn ;;\n\tesac\n", out);
}

static void put_each_verb(FILE *out)
{
	fputs("\tcase $verb in\n", out);
	for (unsigned i = 0; i < VERBS; i++) {
		fprintf(out, "\t%s) options='", verbs[i].name);
		put_options(out, i);
		fputs("' ;;\n", out);
	}
	fputs("\tesac\n", out);
}

void completion_bash(FILE *out)
{
	fputs("# bash completion of coap\n"
	      "_coap()\n"
	      "{\n"
	      "\tlocal cur prev words cword options verb=get word\n"
	      "\t_init_completion -n =: || return\n", out);
	put_values(out);
	fputs("\tfor word in \"${words[@]:1:cword-1}\"; do\n"
	      "\t\tcase $word in\n\t\t", out);
	for (unsigned i = 0; i < VERBS; i++)
		fprintf(out, "%s%s", i ? "|" : "", verbs[i].name);
	fputs(") verb=$word; break ;;\n\t\tesac\n\tdone\n", out);
	put_each_verb(out);
	fputs("\tcase $cur in\n"
	      "\t-*)\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\t\t[[ ${COMPREPLY-} == *= ]] && compopt -o nospace ;;\n"
	      "\t*)\n"
	      "\t\t[ \"$cword\" -gt 1 ] || COMPREPLY=($(compgen -W '", out);
	put_verbs(out);
	/* bash itself completes what stands behind the colon. */
	fputs(" coap://' -- \"$cur\"))\n"
	      "\t\t[[ ${COMPREPLY-} == coap:// ]] && compopt -o nospace\n"
	      "\t\t__ltrim_colon_completions \"$cur\" ;;\n"
	      "\tesac\n"
	      "} && complete -F _coap coap\n", out);
}
