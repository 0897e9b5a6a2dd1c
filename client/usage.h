/* usage.h - what --help prints, of the program or of one verb: at most a screen of 80
 * by 24, with room for the prompt. */
#ifndef CLIENT_USAGE_H
#define CLIENT_USAGE_H

#include "client/arguments.h"

#include <stdio.h>

#define USAGE_COLUMNS 80
#define USAGE_LINES 23

/* Of the verb, if one was given. */
void usage_print(const struct arguments *a, FILE *out);

#endif
