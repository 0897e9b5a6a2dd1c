/* path_abbrev.h - Uri-Path-Abbrev: a well-known path written as a number
 * (draft-ietf-core-uri-path-abbrev, option 13).
 *
 * A server takes the option for the Uri-Path options that it stands for.  So whoever
 * walks the Uri-Path of a message (message_walk) or routes it meets the segments of
 * the path, and nobody need know which way it was written.  Pure; used in every
 * process. */
#ifndef COAP_PATH_ABBREV_H
#define COAP_PATH_ABBREV_H

#include "base/bytes.h"

#define PATH_ABBREV_SEGMENTS 3u

struct path_abbrev {
	uint16_t number;
	uint8_t n;                      /* segments */
	const char *segment[PATH_ABBREV_SEGMENTS];
};

/* The row for the value of an option, or NULL: unknown, which a server answers 4.02
 * ("Server processing"), never 4.04. */
const struct path_abbrev *path_abbrev(struct span value);

/* The row of the option among encoded ones, NULL if there is none or it is unknown. */
const struct path_abbrev *path_abbrev_of(struct span options);

#endif
