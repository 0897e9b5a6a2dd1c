/* control.h - the supervisor's part in the control socket: what it tells and does for who
 * asks there (daemon/control).  Run by the supervisor's thread. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include "supervisor/bag.h"
#include "supervisor/state.h"

#include <jansson.h>

struct control;

/* Opens the socket that the site names; sv->loop and all that stages_up() made are there.
 * 0 with out NULL: there is to be none, or there is no place for one, which is logged.
 * Else a negative errno with err. */
int control_open(struct control **out, struct supervisor *sv, struct err *err);

/* A worker has become ready: it is told what others were told before.  NULL is fine. */
void control_worker_ready(struct control *c, const struct process *p);

/* Another site is served, with as many slots: what is told from now on is of that one; what
 * modules have counted, once no old one is there.  NULL is fine. */
void control_renew(struct control *c, const struct supervisor *sv);

/* What the next supervisor needs to go on with it (estate.h): the file of the socket, and who
 * waits for the end of a reload.  NULL is fine. */
void control_leave(const struct control *c, json_t *text, struct bag *bag);

/* NULL is fine. */
void control_close(struct control *c);

#endif
