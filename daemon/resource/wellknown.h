/* wellknown.h - /.well-known/core: the links to all mounts (RFC 6690, RFC 7252
 * section 7.2).
 *
 * Built in, and yet a module like any other as far as dispatch goes.  Nothing is
 * kept between the blocks of a long list: each is made from the links again.
 * One per struct resources, constant once made. */
#ifndef RESOURCE_WELLKNOWN_H
#define RESOURCE_WELLKNOWN_H

#include "coap/linkformat.h"
#include "resource/resource.h"

#define WELLKNOWN_ATTRS 6u

struct wellknown_entry {
	struct link link;
	struct link_attr attr[WELLKNOWN_ATTRS];
};

struct wellknown {
	struct wellknown_entry *entry;  /* owned */
	size_t n;
	uint64_t etag;                  /* changes when any link does */
};

/* The descriptor; self is a struct wellknown. */
extern const struct coapd_module wellknown_module;

/* Makes the links for n mounts, whose strings are borrowed.  0, -ENOMEM. */
int wellknown_init(struct wellknown *wk, const struct resource_mount_spec *specs, size_t n);
void wellknown_free(struct wellknown *wk);

#endif
