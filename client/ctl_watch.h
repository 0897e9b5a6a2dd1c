/* ctl_watch.h - the figures of a coapd as a screen that is made anew again and again, until
 * somebody asks us to end. */
#ifndef CLIENT_CTL_WATCH_H
#define CLIENT_CTL_WATCH_H

#include "client/ctl_options.h"

/* An enum ctl_exit. */
int ctl_watch(const struct ctl_options *o);

/* Prints the first rows of text that a terminal has, of columns bytes each at most, in place
 * of what is there. */
void ctl_watch_screen(const char *text, unsigned rows, unsigned columns, FILE *out);

#endif
