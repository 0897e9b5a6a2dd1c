/* pretty.h - a payload arranged for reading: JSON with its members in lines, CBOR as its
 * diagnostic notation (diag.h), links a line each.
 *
 * Of JSON and links nothing is left out or changed but blanks between the parts; control
 * characters in JSON, which a terminal would take for commands, are escaped. */
#ifndef CLIENT_PRETTY_H
#define CLIENT_PRETTY_H

#include "client/pour.h"
#include "coap/content_format.h"

#include <stdbool.h>

/* False if there is no better arrangement than its own, or it is not what its kind
 * says: nothing is written then. */
bool pretty_write(struct pour *out, enum content_kind kind, struct span body, bool color);

#endif
