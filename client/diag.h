/* diag.h - CBOR in its diagnostic notation, for reading (RFC 8949 section 8): what
 * edn.h reads, and indefinite lengths besides. */
#ifndef CLIENT_DIAG_H
#define CLIENT_DIAG_H

#include "client/pour.h"

#include <stdbool.h>

/* Writes a data item, or a sequence of them (RFC 8742), members in lines.  False if it is
 * not well-formed or nested deeper than a person can follow: nothing is written then. */
bool diag_write(struct pour *out, struct span cbor, bool sequence, bool color);

#endif
