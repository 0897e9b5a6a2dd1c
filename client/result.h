/* result.h - an answer on its way to the user: the payload to standard output or to a
 * file, the rest as a remark. */
#ifndef CLIENT_RESULT_H
#define CLIENT_RESULT_H

#include "client/errand.h"

/* Gives out what an errand brought, in the form that the command line asks for; without
 * an answer that is nothing, or a JSON object that says so.  Returns an enum outcome_exit; what went wrong here has been shown. */
int result_give(struct errand *e);

/* Shows the line of an outcome that is not OUTCOME_OK; returns its exit status. */
int result_show(struct tool *t, const struct outcome *o);

#endif
