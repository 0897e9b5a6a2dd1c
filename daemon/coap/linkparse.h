/* linkparse.h - links read out of a document in CoRE Link Format (RFC 6690).
 *
 *	link  = "<" reference ">" *( ";" name [ "=" ( token / quoted string ) ] )
 *	links = [ link *( "," link ) ]
 *
 * Beside what section 2 of it allows, blanks and line breaks may stand around
 * links and their commas, and a line break with blanks before a semicolon, for
 * so the examples of section 5 are printed.  Links and attributes borrow the
 * document, values that had escapes the parser.  Nothing is allocated.  Pure;
 * used in the client. */
#ifndef COAP_LINKPARSE_H
#define COAP_LINKPARSE_H

#include "base/err.h"
#include "coap/linkformat.h"

#define LINK_ATTRS_MAX 32u       /* attributes of one link */
#define LINK_ESCAPED_MAX 1024u   /* bytes of all values of one link that have escapes */

struct link_parse {
	struct span text;               /* the document; borrowed */
	size_t at;                      /* how far it is read; behind an error: where */
	bool comma;                     /* so a link must follow */
	struct link_attr attrs[LINK_ATTRS_MAX];
	size_t attr_count;
	uint8_t unescaped[LINK_ESCAPED_MAX];
	size_t unescaped_n;
};

/* Begins with a document. */
void link_parse(struct link_parse *p, struct span text);

/* Reads the next link, good until the next call: 1, 0 at the end, or -EINVAL
 * with what is wrong and at which byte; p->at is that byte, counted from 0.  There
 * is no reading on after an error. */
int link_parse_next(struct link_parse *p, struct link *out, struct err *e);

/* The first attribute of that name, or NULL. */
const struct link_attr *link_find(const struct link *link, const char *name);

#endif
