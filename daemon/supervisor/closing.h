/* closing.h - the supervisor closes resources that keep killing workers, and opens them
 * again: what crashes.h decides, with the log and the loop. */
#ifndef SUPERVISOR_CLOSING_H
#define SUPERVISOR_CLOSING_H

#include "control/desk.h"
#include "supervisor/state.h"

/* Before the loop runs, and at its end. */
void closing_begin(struct supervisor *sv);
void closing_end(struct supervisor *sv);

/* Whether a worker that ended like this is itself to blame, or the hook it was in: it
 * crashed, left, or hung, and nobody had told it to end.  silent: we killed it, as it hung. */
bool closing_blames(int status, bool asked, bool silent);

/* A worker that is to blame died in a hook of this mount.  Before its successor starts. */
void closing_note(struct supervisor *sv, size_t mount);

/* Another site has taken over from that of this generation: what was closed there is open. */
void closing_replaced(const struct generation *old);

/* For those who ask: of a mount. */
void closing_tell(const struct supervisor *sv, size_t mount, struct desk_trouble *out);

#endif
