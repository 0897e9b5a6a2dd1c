/* links.h - the links that modules add below their mounts while they open, for
 * /.well-known/core (coapd_link).
 *
 * A list per mount, in the order of their making, so that it is the same in every
 * worker.  Owned by the mount, made at boot, constant from then on. */
#ifndef RESOURCE_LINKS_H
#define RESOURCE_LINKS_H

#include "coap/linkformat.h"

struct mount_link {
	struct mount_link *next;
	struct link link;               /* points to what follows */
	char *text;                     /* owned; target, names and values */
	struct link_attr attr[];
};

struct mount_links {
	struct mount_link *first;
	char wrong[160];                /* the first mistake; "" none */
};

/* Adds a link to what is at path below the mount: segments with "/" in between, as in
 * a URI; attributes as in a link, without the first semicolon.  0; -EINVAL, -EEXIST or
 * -ENOMEM, and wrong says what it is. */
int links_add(struct mount_links *links, const char *mount, struct span path,
	      const char *attributes);

void links_free(struct mount_links *links);

#endif
