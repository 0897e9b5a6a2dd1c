/* option_text.h - an option as a person types it: "Name=VALUE", "NUMBER=VALUE".
 *
 * Names are those of the registry in any case; a number may be any.  The value
 * follows from the format of the option:
 *
 *	uint                    5683, 0x1633; a name for Content-Format and Accept
 *	string                  as it is
 *	opaque, and unknown     0x1a2b for bytes, any other text as it is
 *	empty                   nothing, with or without the "="
 *
 * Length and value must be such that a server can take them; whether the option
 * belongs in a request, and how often, is left to who types it.  Pure; used in
 * the client. */
#ifndef COAP_OPTION_TEXT_H
#define COAP_OPTION_TEXT_H

#include "base/err.h"
#include "coap/option.h"

#define OPTION_TEXT_MAX 1034u    /* bytes of a value, as many as Proxy-Uri has */

struct option_text {
	uint16_t number;
	uint16_t n;
	uint8_t value[OPTION_TEXT_MAX];
};

/* 0, or -EINVAL with what is wrong with it and what would be right. */
int option_text_parse(const char *text, struct option_text *out, struct err *e);

/* The number of an option, given as a name or number.  0, or -EINVAL. */
int option_text_number(struct span name, uint16_t *number, struct err *e);

static inline struct span option_text_value(const struct option_text *o)
{
	return span_of(o->value, o->n);
}

#endif
