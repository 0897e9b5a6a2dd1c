/* completion_help.h - for tests of completions: the script in a file, and what bash makes of it. */
#ifndef UNIT_COMPLETION_HELP_H
#define UNIT_COMPLETION_HELP_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char script[] = "/tmp/test_completion.XXXXXX";
static char text[65536];

/* Opened for the script, which end() removes. */
static FILE *begin_script(void)
{
	return fdopen(mkstemp(script), "w");
}

static void end(void)
{
	unlink(script);
}

/* What bash offers for the last of these words by that function, each with a blank behind; of
 * what bash-completion brings there is as much as scripts need. */
static const char *offered_by(const char *function, const char *words)
{
	char command[1024];
	FILE *f;

	snprintf(command, sizeof command,
		 "bash -c '_init_completion() { words=(\"${COMP_WORDS[@]}\"); cword=$COMP_CWORD;"
		 " cur=${words[cword]}; prev=${words[cword-1]}; };"
		 " _filedir() { COMPREPLY=(FILES); }; compopt() { :; };"
		 " __ltrim_colon_completions() { COMPREPLY=(\"${COMPREPLY[@]#${1%%:*}:}\"); };"
		 " . %s;"
		 " COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); %s;"
		 " printf \"%%s \" \"${COMPREPLY[@]}\"' 2>&1", script, words, function);
	f = popen(command, "r");
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	pclose(f);
	return text;
}

#endif
