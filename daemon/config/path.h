/* path.h - the path of a mount: what an operator wrote, as segments and normalised.
 *
 * "/" has no segments.  A segment is decoded text that can be a Uri-Path option
 * (RFC 7252, 5.10.1): 1 to 255 bytes of UTF-8 without "/", and neither "." nor
 * "..", which URIs resolve away (RFC 3986, 5.2.4).  Pure. */
#ifndef CONFIG_PATH_H
#define CONFIG_PATH_H

#include "config/pool.h"
#include "config/schema.h"

#define PATH_SEGMENTS 64
#define PATH_SEGMENT_BYTES 255
#define PATH_BYTES 1000

struct path {
	const char *text;               /* normalised, in the pool like the rest */
	const char *const *segments;
	size_t nsegments;
};

/* Percent-encoding is decoded; the normalised text encodes what a URI cannot
 * hold (RFC 3986, 3.3) and nothing else.  0, or
 * -EINVAL: err says what is wrong. */
int path_read(struct pool *pool, const char *text, struct path *out,
	       struct err *err);

#endif
