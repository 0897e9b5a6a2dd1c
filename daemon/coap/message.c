#include "coap/message.h"

const char *message_type_name(enum message_type type)
{
	static const char *const names[] = { "CON", "NON", "ACK", "RST" };

	return names[type];
}

bool message_parse_body(struct span body, struct message *out)
{
	struct option_iter it = option_iter(body);
	struct option o;

	while (option_next(&it, &o))
		;
	if (it.r.bad)
		return false;
	out->options = span_of(body.p, (size_t)(it.r.p - body.p));
	out->payload = span_of(it.r.p, 0);
	if (it.r.p == it.r.end)
		return true;
	out->payload = span_of(it.r.p + 1, reader_left(&it.r) - 1);
	return out->payload.n > 0;
}

bool message_option(const struct message *m, uint32_t number, unsigned nth,
		    struct span *out)
{
	const struct option_def *def = option_def(number);
	struct option_iter it = option_iter(m->options);
	struct option o;
	unsigned seen = 0, good = 0;

	while (option_next(&it, &o) && o.number <= number) {
		if (o.number != number)
			continue;
		if (def && option_flaw(def, m->code, seen++, o.value) != FLAW_NONE)
			continue;
		if (good++ < nth)
			continue;
		*out = o.value;
		return true;
	}
	return false;
}

bool message_option_uint(const struct message *m, uint32_t number, uint64_t *out)
{
	struct span value;

	return message_option(m, number, 0, &value) && option_uint(value, out);
}

void message_write_payload(struct writer *w, struct span payload)
{
	if (!payload.n)
		return;
	write_u8(w, 0xff);
	write_span(w, payload);
}
