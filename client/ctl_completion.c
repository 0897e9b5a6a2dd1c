#include "client/ctl_completion.h"

#include "base/log.h"
#include "client/ctl_options.h"

#include <string.h>

/* Those of some verbs, as bits. */
static void put_options(FILE *out, const char *pattern, uint32_t verbs)
{
	fprintf(out, "\t%s) options='", pattern);
	for (unsigned i = 0; i < ctl_option_count; i++)
		if (ctl_option_rows[i].verbs & verbs)
			fprintf(out, "%s--%s", i ? " " : "", ctl_option_rows[i].name);
	fputs("' ;;\n", out);
}

static void put_verbs(FILE *out, const char *between)
{
	for (unsigned v = 0; v < CTL_VERB_COUNT; v++)
		fprintf(out, "%s%s", v ? between : "", ctl_rows[v].name);
}

/* Those whose value is a file, or those whose value is anything else. */
static void put_valued(FILE *out, bool files)
{
	bool first = true;

	fputc('\t', out);
	for (unsigned i = 0; i < ctl_option_count; i++) {
		const struct ctl_option *row = &ctl_option_rows[i];

		if (!row->value || (strcmp(row->value, "PATH") == 0) != files)
			continue;
		fprintf(out, "%s--%s", first ? "" : "|", row->name);
		if (row->letter)
			fprintf(out, "|-%c", row->key);
		first = false;
	}
}

static void put_log_words(FILE *out)
{
	fputs("\tlog:1:*)\n\t\tCOMPREPLY=($(compgen -W 'all", out);
	for (unsigned p = 0; p < LOG_PARTS_N; p++)
		fprintf(out, " %s", log_part_name((enum log_part)p));
	fputs("' -- \"$cur\")) ;;\n\tlog:2:*)\n\t\tCOMPREPLY=($(compgen -W '", out);
	for (unsigned l = 0; l <= LOG_DEBUG; l++)
		fprintf(out, "%s%s", l ? " " : "", log_level_name((enum log_level)l));
	fputs("' -- \"$cur\")) ;;\n", out);
}

void ctl_completion_bash(FILE *out)
{
	fputs("# bash completion of coapctl\n"
	      "_coapctl()\n"
	      "{\n"
	      "\tlocal cur prev words cword options verb= at=0 i\n"
	      "\t_init_completion -n =: || return\n"
	      "\tcase $prev in\n", out);
	put_valued(out, true);
	fputs(")\n\t\t_filedir; return ;;\n", out);
	put_valued(out, false);
	fputs(")\n\t\treturn ;;\n\tesac\n"
	      "\tfor ((i = 1; i < cword; i++)); do\n"
	      "\t\tcase ${words[i]} in\n\t\t", out);
	put_verbs(out, "|");
	fputs(")\n\t\t\tverb=${words[i]} at=$((cword - i)); break ;;\n\t\tesac\n\tdone\n"
	      "\tcase $verb in\n", out);
	for (unsigned v = 0; v < CTL_VERB_COUNT; v++)
		put_options(out, ctl_rows[v].name, 1u << v);
	put_options(out, "*", UINT32_MAX);
	fputs("\tesac\n"
	      "\tcase $verb:$at:$cur in\n"
	      "\t*:-*)\n\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\")) ;;\n"
	      "\t:*)\n\t\tCOMPREPLY=($(compgen -W '", out);
	put_verbs(out, " ");
	fputs("' -- \"$cur\")) ;;\n", out);
	put_log_words(out);
	fputs("\tesac\n} && complete -F _coapctl coapctl\n", out);
}
