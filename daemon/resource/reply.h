/* reply.h - a reply while a module builds it: options in any order, payload in
 * pieces, mistakes kept for the end.
 *
 * Private memory of the worker, one for the hook that runs; what is added is
 * copied. */
#ifndef RESOURCE_REPLY_H
#define RESOURCE_REPLY_H

#include "base/bytes.h"
#include "coapd/module.h"
#include "coap/message.h"

#define REPLY_OPTIONS 32u
#define REPLY_VALUES 1024u

struct reply_option {
	uint16_t number, len;
	uint32_t at;                    /* in values */
};

struct reply {
	uint8_t code;                   /* 0: none was made */
	bool seekable;                  /* the payload is read in parts (COAPD_EV_READ) */
	bool reading;                   /* ...and a part of it just now */
	char wrong[97];                 /* the first mistake; "" none */
	unsigned noptions;
	size_t nvalues, npayload;
	uint64_t size;                  /* of the whole, where it is seekable */
	struct reply_option option[REPLY_OPTIONS];
	uint8_t values[REPLY_VALUES];
	uint8_t payload[COAPD_REPLY_MAX];
};

/* No reply yet. */
static inline void reply_clear(struct reply *r)
{
	r->code = 0;
	r->seekable = r->reading = false;
	r->wrong[0] = 0;
	r->noptions = 0;
	r->nvalues = r->npayload = 0;
}

/* For reply_begin(): a mistake. */
void reply_no_response(struct reply *r);

/* Begins it anew. */
static inline void reply_begin(struct reply *r, uint8_t code)
{
	reply_clear(r);
	r->code = code;
	if (!code_is_response(code))
		reply_no_response(r);
}

void reply_add(struct reply *r, uint16_t number, struct span value);
void reply_add_uint(struct reply *r, uint16_t number, uint64_t value);
void reply_data(struct reply *r, struct span data);

/* The payload has size bytes, to be read in parts; an ETag tells it from others. */
void reply_body(struct reply *r, uint64_t size, struct span etag);

/* Remembers a mistake of the module, if it is the first. */
void reply_wrong(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The first option of that number; false if there is none. */
bool reply_option(const struct reply *r, uint16_t number, struct span *value);

/* Checks what was built and writes options and payload as they travel: sorted,
 * those of one number in the order they were added.  False: wrong says why.
 * payload is the part of it that is to be sent. */
bool reply_write_any(struct reply *r, struct span payload, struct writer *w);
static inline bool reply_write(struct reply *r, struct span payload, struct writer *w)
{
	/* Many that say that something was done have nothing to be written. */
	if (r->code && !r->wrong[0] && !r->noptions && !payload.n && !w->full)
		return true;
	return reply_write_any(r, payload, w);
}

#endif
