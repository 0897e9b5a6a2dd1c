/* options.h - the command line of coapd, as typed.  Used by main(); the page coapd(8)
 * has its list of options from the same rows. */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>

#define OPTIONS_MANY 32         /* how often one that may be repeated may be given */

enum options_what {
	OPTIONS_RUN,
	OPTIONS_TAKE_OVER,      /* these two only by coapd itself */
	OPTIONS_REHEARSE,
	OPTIONS_CHECK,
	OPTIONS_DUMP,
	OPTIONS_DEBUG,
	OPTIONS_DIFF,
	OPTIONS_SCHEMA,
	OPTIONS_LIST_MODULES,
	OPTIONS_VERSION,
	OPTIONS_HELP
};

/* Values of an option that may be repeated. */
struct options_list {
	const char *value[OPTIONS_MANY];
	size_t n;
};

struct options {
	enum options_what what;
	const char *file;               /* site file; NULL: only what mount and listen say */
	const char *other;              /* the second file of --diff, else NULL */
	const char *modules_dir;        /* NULL: what the site says */
	char *const *argv;              /* all of it; not set here */
	int state;                      /* of --take-over and --rehearse: a descriptor */
	struct options_list mount;      /* "PATH=MODULE" */
	struct options_list listen;     /* URIs */
};

/* Reads the command line; strings are borrowed from argv.  0, or -EINVAL and err
 * says what is wrong with it. */
int options_read(struct options *o, int argc, char *const argv[], struct err *err);

/* All options on one screen. */
void options_help(FILE *out);

/* All options as items of a list in mdoc. */
void options_page(FILE *out);

#endif
