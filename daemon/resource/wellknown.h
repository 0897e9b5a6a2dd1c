/* wellknown.h - /.well-known/core: the links to all mounts (RFC 6690, RFC 7252
 * section 7.2).
 *
 * Built in, and yet a module like any other as far as dispatch goes.  Nothing is
 * kept between the blocks of a long list: each is made from the links again.
 * One per host of struct resources, constant once made. */
#ifndef RESOURCE_WELLKNOWN_H
#define RESOURCE_WELLKNOWN_H

#include "coap/linkdata.h"
#include "resource/mount.h"

#define WELLKNOWN_ATTRS 6u

struct wellknown_entry {
	struct link link;
	struct link_attr attr[WELLKNOWN_ATTRS];
};

struct wellknown {
	struct wellknown_entry *entry;  /* owned; a mount's own link each */
	const struct link **link;       /* owned; all links in their order */
	size_t n;
	struct wellknown_entry about;   /* the link about coapd itself */
	uint64_t etag;                  /* of the list as text; changes when any link does */
};

/* The descriptor; self is a struct wellknown. */
extern const struct coapd_module wellknown_module;

/* Makes the links for those of n open mounts that are of a host: a mount's own, then those that its module added,
 * but for those to other mounts.  The mounts are borrowed.  0, -ENOMEM. */
int wellknown_init(struct wellknown *wk, const struct coapd_mount *mounts, size_t n,
		   const char *host);

/* Appends a link to what this program is (rel=impl-info, RFC 9176 4.3); uri is
 * borrowed, "" is none. */
void wellknown_about(struct wellknown *wk, const char *uri);
void wellknown_free(struct wellknown *wk);

#endif
