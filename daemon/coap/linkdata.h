/* linkdata.h - documents of links in one of three notations: CoRE Link Format (RFC
 * 6690), and the same as JSON and as CBOR (draft-ietf-core-links-json-10).
 *
 *	[{"href":"/temp","rt":"temperature-c","obs":true}]
 *	[{1: "/temp", 9: "temperature-c", 13: true}]
 *
 * An array of maps; each has the target as href and the attributes by their names,
 * values always as text, and true for one without a value.  In CBOR the names of
 * the draft's table are numbers.  Links have no attribute twice.
 *
 * Written through the window of a link_stream.  Pure; used in every process. */
#ifndef COAP_LINKDATA_H
#define COAP_LINKDATA_H

#include "coap/linkformat.h"

enum link_notation { LINKS_TEXT, LINKS_JSON, LINKS_CBOR };

/* Begins a document of n links, which follow. */
void linkdata_begin(struct link_stream *s, enum link_notation notation, size_t n);

void linkdata_add(struct link_stream *s, enum link_notation notation, const struct link *link);

/* Ends it. */
void linkdata_end(struct link_stream *s, enum link_notation notation);

#endif
