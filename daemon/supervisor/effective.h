/* effective.h - the effective site, with the defaults of its modules.  The modules are loaded
 * in a child, which may crash or hang without harm.  For who asks coapd for it. */
#ifndef SUPERVISOR_EFFECTIVE_H
#define SUPERVISOR_EFFECTIVE_H

#include "config/site.h"

/* Writes the site to out; blocks for at most about limit_ms.  What could not be found out of
 * modules is told to complaints, and left out.  0, or a negative errno of the writing. */
int effective_dump(const struct site *site, unsigned limit_ms, FILE *out, FILE *complaints);

#endif
