#include "resource/reply.h"

#include "coap/block.h"

#include <stdarg.h>
#include <stdio.h>

void reply_wrong(struct reply *r, const char *fmt, ...)
{
	va_list args;

	if (r->wrong[0])
		return;
	va_start(args, fmt);
	vsnprintf(r->wrong, sizeof r->wrong, fmt, args);
	va_end(args);
}

void reply_no_response(struct reply *r)
{
	char text[CODE_TEXT];

	reply_wrong(r, "%s is no response code", code_print(r->code, text));
}

void reply_add(struct reply *r, uint16_t number, struct span value)
{
	if (r->noptions == REPLY_OPTIONS)
		return reply_wrong(r, "more than %u options", REPLY_OPTIONS);
	if (value.n > REPLY_VALUES - r->nvalues)
		return reply_wrong(r, "more than %u bytes of options", REPLY_VALUES);
	r->option[r->noptions++] = (struct reply_option){
		number, (uint16_t)value.n, (uint32_t)r->nvalues };
	bytes_copy(r->values + r->nvalues, value.p, value.n);
	r->nvalues += value.n;
}

void reply_add_uint(struct reply *r, uint16_t number, uint64_t value)
{
	uint8_t bytes[8];

	reply_add(r, number, span_of(bytes, option_uint_encode(value, bytes)));
}

void reply_data(struct reply *r, struct span data)
{
	if (r->seekable && !r->reading)
		return reply_wrong(r, "a payload, and a body to be read besides");
	if (data.n > COAPD_REPLY_MAX - r->npayload)
		return reply_wrong(r, "more than %u bytes of payload", COAPD_REPLY_MAX);
	bytes_copy(r->payload + r->npayload, data.p, data.n);
	r->npayload += data.n;
}

void reply_body(struct reply *r, uint64_t size, struct span etag)
{
	r->seekable = true;
	r->size = size;
	if (r->npayload)
		reply_wrong(r, "a payload, and a body to be read besides");
	if (size > (uint64_t)(BLOCK_NUM_MAX + 1) * 1024)
		reply_wrong(r, "a body of more than 2^20 blocks");
	if (etag.n)
		reply_add(r, OPT_ETAG, etag);
}

static struct span value_of(const struct reply *r, const struct reply_option *o)
{
	return span_of(r->values + o->at, o->len);
}

bool reply_option(const struct reply *r, uint16_t number, struct span *value)
{
	for (unsigned i = 0; i < r->noptions; i++)
		if (r->option[i].number == number) {
			*value = value_of(r, &r->option[i]);
			return true;
		}
	return false;
}

/* By insertion: few options, most of them in order already. */
static void sort(struct reply *r)
{
	for (unsigned i = 1; i < r->noptions; i++) {
		struct reply_option o = r->option[i];
		unsigned k = i;

		for (; k && r->option[k - 1].number > o.number; k--)
			r->option[k] = r->option[k - 1];
		r->option[k] = o;
	}
}

/* An option we know must be one that the peer will know as well. */
static void check(struct reply *r, const struct reply_option *o, unsigned nth)
{
	const struct option_def *def = option_def(o->number);
	enum option_flaw flaw;

	if (!def)
		return;
	flaw = option_flaw(def, r->code, nth, value_of(r, o));
	if (flaw != FLAW_NONE)
		reply_wrong(r, "option %s %s", def->name, option_flaw_text(flaw));
}

static void write_options(struct reply *r, struct writer *w)
{
	struct option_writer ow = option_writer(w);
	unsigned nth = 0;

	for (unsigned i = 0; i < r->noptions; i++) {
		const struct reply_option *o = &r->option[i];

		nth = i && o->number == o[-1].number ? nth + 1 : 0;
		check(r, o, nth);
		option_write(&ow, o->number, value_of(r, o));
	}
}

bool reply_write_any(struct reply *r, struct span payload, struct writer *w)
{
	if (!r->code)
		reply_wrong(r, "no reply was made");
	if (r->wrong[0])
		return false;
	sort(r);
	write_options(r, w);
	message_write_payload(w, payload);
	if (w->full)
		reply_wrong(r, "the reply does not fit a datagram");
	return !r->wrong[0];
}
