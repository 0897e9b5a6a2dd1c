/* body_import.h - the bytes of bodies go over from memory of another layout (base/import.h):
 * only pages that there are, each part of a window to where it is now.
 *
 * Run by the worker that takes the memory over. */
#ifndef EXCHANGE_BODY_IMPORT_H
#define EXCHANGE_BODY_IMPORT_H

#include "base/import.h"

/* Between import_begin() and import_end(); old is the descriptor of the old memory, which is
 * only read.  The new memory is mapped with its windows behind it.  0, or a negative errno
 * with err. */
int body_import(struct import *i, int old, struct err *err);

#endif
