/* links.h - reading a document of links in CoRE Link Format (RFC 6690 section 2).
 *
 * Blanks and line ends around separators are passed over, as in HTTP's Link header;
 * all else that the grammar does not allow ends the reading.  What is read borrows
 * the document.  Pure; used by whoever asks servers what they have. */
#ifndef COAP_LINKS_H
#define COAP_LINKS_H

#include "coap/linkformat.h"

struct links_reader {
	struct span document;
	size_t at;              /* where it is; after a failure, what is wrong */
	const char *wrong;      /* what that is; NULL: nothing */
	bool begun;
	bool lax;               /* blanks were passed over: it is not as the RFC says */
};

struct links_link {
	struct span href;       /* as it stands between < and > */
	struct span params;     /* for links_param(); checked */
};

struct links_param {
	struct span name;
	struct span value;      /* escapes still in it if quoted */
	uint8_t form;           /* enum link_form */
};

static inline struct links_reader links_reader(struct span document)
{
	return (struct links_reader){ .document = document };
}

/* The next link; false at the end of the document, and where it is malformed: then
 * wrong is set. */
bool links_next(struct links_reader *r, struct links_link *out);

/* The next attribute of a link; takes it off params.  False if there is none. */
bool links_param(struct span *params, struct links_param *out);

/* Writes a value as it is meant, without escapes. */
void links_write_value(struct writer *w, const struct links_param *p);

#endif
