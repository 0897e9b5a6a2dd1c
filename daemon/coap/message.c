#include "coap/message.h"

#include "coap/path_abbrev.h"

const char *message_type_name(enum message_type type)
{
	static const char *const names[] = { "CON", "NON", "ACK", "RST" };

	return names[type];
}

bool message_parse_body(struct span body, struct message *out)
{
	struct option_iter it = option_iter(body);
	uint64_t present = 0;
	struct option o;

	while (option_next(&it, &o))
		present |= 1ull << option_row(o.number);
	if (it.r.bad)
		return false;
	out->absent = ~present;
	out->options = span_of(body.p, (size_t)(it.r.p - body.p));
	out->payload = span_of(it.r.p, 0);
	if (it.r.p == it.r.end)
		return true;
	out->payload = span_of(it.r.p + 1, reader_left(&it.r) - 1);
	return out->payload.n > 0;
}

struct message_walk message_walk(const struct message *m, uint32_t number)
{
	return (struct message_walk){
		option_iter(m->options), option_def(number), number, 0, m->code,
		number == OPT_URI_PATH && !message_lacks(m, OPT_URI_PATH_ABBREV) ?
			path_abbrev_of(m->options) : NULL };
}

bool message_walk_next(struct message_walk *walk, struct span *out)
{
	struct option o;

	if (walk->abbrev) {
		if (walk->seen == walk->abbrev->n)
			return false;
		*out = span_str(walk->abbrev->segment[walk->seen++]);
		return true;
	}
	while (option_next(&walk->it, &o) && o.number <= walk->number) {
		if (o.number != walk->number)
			continue;
		*out = o.value;
		if (!walk->def || option_flaw(walk->def, walk->code, walk->seen++,
					      o.value) == FLAW_NONE)
			return true;
	}
	return false;
}

bool message_find(const struct message *m, uint32_t number, unsigned nth, struct span *out)
{
	struct message_walk walk = message_walk(m, number);
	struct span value;

	do {
		if (!message_walk_next(&walk, &value))
			return false;
	} while (nth-- > 0);
	*out = value;
	return true;
}

void message_write_payload(struct writer *w, struct span payload)
{
	if (!payload.n)
		return;
	if (w->full || writer_left(w) <= payload.n) {
		w->full = true;
		return;
	}
	*w->p = 0xff;
	bytes_copy(w->p + 1, payload.p, payload.n);
	w->p += 1 + payload.n;
}
