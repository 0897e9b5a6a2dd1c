/* shelf.h - the modules that are in a directory, by their names.
 *
 * Nothing is loaded here.  Used by the check child, and by who lists modules. */
#ifndef WORKER_SHELF_H
#define WORKER_SHELF_H

#include <stdbool.h>
#include <stddef.h>

/* The names of all NAME.so there whose NAME a module can have, in the order of the
 * alphabet: *names and what it points to come from malloc(), shelf_free() takes them.
 * How many, or a negative errno. */
int shelf_names(const char *dir, char ***names);
void shelf_free(char **names, int n);

/* Which of them was probably meant by a name; false: none. */
#define SHELF_NAME 65
bool shelf_nearest(const char *dir, const char *wanted, char out[SHELF_NAME]);

#endif
