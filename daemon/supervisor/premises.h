/* premises.h - whether what a site takes for granted is there: its user, its
 * directories, its addresses, and room for what its limits allow.
 *
 * Looks only, and changes nothing.  Run by whoever starts or checks a site. */
#ifndef SUPERVISOR_PREMISES_H
#define SUPERVISOR_PREMISES_H

#include "config/site.h"

#include <stdio.h>

/* Adds what is missing for good: user, directory of modules, memory; and what to do about
 * it.  False: modules cannot be looked at, as their directory or their user is not there. */
bool premises_check(const struct site *site, struct config_errors *errors);

/* The same of what may be there at another time: addresses, the directory at run time, and
 * those of files that are written to. */
void premises_around(const struct site *site, struct config_errors *errors);

/* The most memory that the limits allow, by what it is for. */
void premises_memory(const struct site *site, FILE *out);

#endif
