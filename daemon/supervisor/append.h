/* append.h - a file that is only ever appended to: a log.  Supervisor only. */
#ifndef SUPERVISOR_APPEND_H
#define SUPERVISOR_APPEND_H

#include "config/errors.h"

/* Opens a file at an absolute path, which is made if it is not there.  A descriptor, 3 or
 * more, or a negative errno. */
int append_open(const char *path);

/* Whether that would do; looks only.  If not, adds to errors why, and what to do about it:
 * key is the setting that names the file, at its place. */
bool append_check(const char *path, const char *key, struct config_place at,
		  struct config_errors *errors);

/* The same of anything else that is to be made at path: whether its directory lets us. */
bool append_check_directory(const char *path, const char *key, struct config_place at,
			    struct config_errors *errors);

#endif
