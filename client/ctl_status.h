/* ctl_status.h - the figures of a coapd as a page for people. */
#ifndef CLIENT_CTL_STATUS_H
#define CLIENT_CTL_STATUS_H

#include "client/ctl_figures.h"

#include <stdio.h>

/* Prints them.  before, if not NULL, is what they were seconds ago: rates are told then. */
void ctl_status_print(const struct ctl_figures *f, const struct ctl_figures *before,
		      double seconds, FILE *out);

#endif
