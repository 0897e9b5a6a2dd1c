/* logfile.h - the file of the log, opened before another user is become and handed to the
 * workers.  Supervisor only. */
#ifndef SUPERVISOR_LOGFILE_H
#define SUPERVISOR_LOGFILE_H

#include "base/err.h"
#include "config/site.h"

/* Opens what the site names, to append to it; it is made if it is not there.  The descriptor,
 * 0 if no file is wanted, or a negative errno with err. */
int logfile_open(const struct site *site, struct err *err);

/* Has the log of this process written there from now on (log_file()); fd stays the caller's.
 * 0: to no file any more. */
void logfile_use(int fd);

#endif
