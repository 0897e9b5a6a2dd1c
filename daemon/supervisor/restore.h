/* restore.h - goes on with what another supervisor left (estate.h): each is the way up of a
 * stage (stages.h) in place of making it anew.
 *
 * The descriptors in the bag of sv->left stay as they are: if one of these fails, or what
 * follows, the program before can go on with them.  Run by the supervisor's thread. */
#ifndef SUPERVISOR_RESTORE_H
#define SUPERVISOR_RESTORE_H

#include "supervisor/estate.h"

/* Each: 0, or a negative errno with err. */
int restore_key(struct supervisor *sv, struct err *err);
int restore_sockets(struct supervisor *sv, struct err *err);
int restore_wakes(struct supervisor *sv, struct err *err);
int restore_mail(struct supervisor *sv, struct err *err);

/* The generation that is served, with its processes, of the living part. */
int restore_generation(struct supervisor *sv, struct err *err);

/* The memory alone, as the generation before. */
int restore_memory(struct supervisor *sv, struct err *err);

/* How the workers do, once the crew is made. */
void restore_crew(struct supervisor *sv);

#endif
