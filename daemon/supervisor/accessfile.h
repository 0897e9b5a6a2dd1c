/* accessfile.h - the file of the access log, opened before another user is become and handed
 * to the workers.  Supervisor only. */
#ifndef SUPERVISOR_ACCESSFILE_H
#define SUPERVISOR_ACCESSFILE_H

#include "base/err.h"
#include "config/site.h"

/* Opens what the site names, to append to it; it is made if it is not there.  The
 * descriptor, 0 if no log is wanted, or a negative errno with err. */
int accessfile_open(const struct site *site, struct err *err);

#endif
