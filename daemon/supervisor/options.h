/* options.h - the command line of coapd, as typed.  Used by main(). */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include "base/err.h"

#include <stdio.h>

enum options_what {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_DUMP,
	OPTIONS_DEBUG,
	OPTIONS_VERSION,
	OPTIONS_HELP
};

struct options {
	enum options_what what;
	const char *file;               /* site file, never NULL */
	const char *modules_dir;        /* NULL: what the site says */
};

/* Reads the command line; strings are borrowed from argv.  0, or -EINVAL and err
 * says what is wrong with it. */
int options_read(struct options *o, int argc, char *const argv[], struct err *err);

/* All options on one screen. */
void options_help(FILE *out);

#endif
