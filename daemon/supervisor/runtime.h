/* runtime.h - the directory for files that modules keep while coapd runs.
 *
 * A private one, made before the first worker and owned by whom they become; removed
 * with all that is in it when coapd ends.  Owned and run by the supervisor. */
#ifndef SUPERVISOR_RUNTIME_H
#define SUPERVISOR_RUNTIME_H

#include "base/err.h"

/* Makes it within the directory wanted; "": in $RUNTIME_DIRECTORY, else /tmp.  user is
 * whom workers become if we are root.  NULL: err says why. */
char *runtime_make(const char *wanted, const char *user, struct err *err);

/* Gives it, and the files in it, to another user if we are root.  Files that have other names as
 * well are left alone: who could be them is not known.  0, or a negative errno with err. */
int runtime_give(const char *path, const char *user, struct err *err);

/* Removes it and frees its name; NULL is fine. */
void runtime_remove(char *path);

#endif
