/* pretty.h - a payload arranged for reading: JSON with its members in lines, links a
 * line each.  Nothing is left out or changed but blanks between the parts, and control
 * characters, which a terminal would take for commands, are escaped in JSON. */
#ifndef CLIENT_PRETTY_H
#define CLIENT_PRETTY_H

#include "client/pour.h"
#include "coap/content_format.h"

#include <stdbool.h>

/* False if there is no better arrangement than its own, or it is not what its kind
 * says: nothing is written then. */
bool pretty_write(struct pour *out, enum content_kind kind, struct span body, bool color);

#endif
