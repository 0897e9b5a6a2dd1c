/* catalog.h - the links that a server's document has, read and looked through.
 *
 * The document is borrowed.  A link's target is resolved (uri_resolve.h) where it is
 * relative to the server's origin (RFC 6690 section 2.1), and taken apart if it is on the
 * same server.  Owned by whoever asked. */
#ifndef CLIENT_CATALOG_H
#define CLIENT_CATALOG_H

#include "coap/linkparse.h"
#include "coap/uri.h"

struct catalog_entry {
	struct span text;       /* the whole link, for catalog_link() */
	struct span href;       /* as written */
	bool here;              /* it is on the server, at path */
	struct span path;       /* without the slash at its beginning, with the query; in target */
	uint8_t *target;        /* owned */
	bool relation;          /* it says something of another resource (anchor) */
};

struct catalog {
	struct catalog_entry *v;
	size_t n;
	size_t passed_over;     /* links that did not pass the filters */
	bool malformed;         /* what follows could not be read */
	struct err wrong;       /* then: why */
	size_t at;              /* and where */
};

/* Reads what can be read, and keeps the links that pass every filter ("name=value",
 * linkformat.h).  base is the document's own URI.  0, or -ENOMEM; catalog_free() in
 * either case. */
int catalog_read(struct catalog *c, struct span document, const struct uri *base,
		 const char *const *filters, unsigned nfilters);
void catalog_free(struct catalog *c);

/* The link with its attributes; it borrows the parser. */
void catalog_link(const struct catalog_entry *e, struct link_parse *p, struct link *out);

#endif
