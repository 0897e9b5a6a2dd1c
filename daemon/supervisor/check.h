/* check.h - the check child: loads the modules of a site and lets them look at
 * their settings, in a process that may crash or hang without harm, as a
 * supervisor loads nothing itself. */
#ifndef SUPERVISOR_CHECK_H
#define SUPERVISOR_CHECK_H

#include "config/site.h"

#include <stdbool.h>

#define CHECK_MS 10000  /* what loading and checking may take */

enum check {
	CHECK_FINE,
	CHECK_WRONG,
	CHECK_IMPOSSIBLE        /* there was no child to do it, which may be better next time */
};

/* Empties errors and checks; blocks for at most about twice limit_ms.  Unless all is fine,
 * errors says what is wrong, and names the module that crashed or hung. */
enum check check_modules(const struct site *site, unsigned limit_ms,
			 struct config_errors *errors);

#endif
