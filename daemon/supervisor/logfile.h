/* logfile.h - the file of the log, opened before another user is become.  Workers are forked
 * with it; a new one is handed to them (turn.h).  Supervisor only. */
#ifndef SUPERVISOR_LOGFILE_H
#define SUPERVISOR_LOGFILE_H

#include "base/err.h"
#include "config/site.h"

/* Opens what the site names and has the log written there from now on (log_file()).  1; 0: no
 * file is wanted, and there is none any more; or a negative errno with err, and the log goes on
 * as before. */
int logfile_begin(const struct site *site, struct err *err);

#endif
