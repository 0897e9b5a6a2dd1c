/* listen.h - the URI of a listener: scheme, address, port and nothing else.  Pure. */
#ifndef CONFIG_LISTEN_H
#define CONFIG_LISTEN_H

#include "config/site.h"

/* Fills scheme, addr and passed (borrowed from text; addr is then any, port 0); the port is that of the scheme where none is written
 * (RFC 7252, 6.1).  Names are not resolved.  0, or -EINVAL: err
 * says what is wrong. */
int listen_read(const char *text, struct site_listener *out, struct err *err);

#endif
