/* option_list.h - the options of a request: collected in any order, written in the
 * ascending one that the message format wants (RFC 7252 section 3.1). */
#ifndef CLIENT_OPTION_LIST_H
#define CLIENT_OPTION_LIST_H

#include "base/err.h"
#include "coap/option.h"

#define OPTION_LIST_MANY 160u
#define OPTION_LIST_BYTES 2048u  /* more than any datagram of ours takes */

struct option_list {
	struct {
		uint16_t number;
		uint16_t at, n;         /* in bytes */
	} v[OPTION_LIST_MANY];
	unsigned n;
	bool full;
	struct writer w;
	uint8_t bytes[OPTION_LIST_BYTES];
};

void option_list_init(struct option_list *l);

/* Adds one; the value is copied.  What does not fit sets full. */
void option_list_add(struct option_list *l, uint32_t number, struct span value);
void option_list_add_uint(struct option_list *l, uint32_t number, uint64_t v);

/* Adds all of an encoded run of options. */
void option_list_add_all(struct option_list *l, struct span options);

bool option_list_has(const struct option_list *l, uint32_t number);

/* Adds what a person typed, see coap/option_text.h.  0, or -EINVAL with err. */
int option_list_parse(struct option_list *l, const char *text, struct err *err);

/* Writes all of them; those of one number stay in order.  False if full. */
bool option_list_write(const struct option_list *l, struct writer *w);

#endif
