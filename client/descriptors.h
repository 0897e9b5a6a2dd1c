/* descriptors.h - as many open files as a run needs.
 *
 * The soft limit of a process is 1,024 by custom; the hard one is what an
 * administrator allows.  Run once, before sockets are opened by the thousand. */
#ifndef CLIENT_DESCRIPTORS_H
#define CLIENT_DESCRIPTORS_H

#include "base/err.h"

/* Raises the soft limit, where it is lower, so that n more files can be opened; who may
 * raise the hard one does.  0; -EMFILE with err. */
int descriptors_raise(unsigned n, struct err *err);

#endif
