#include "coap/message.h"

#include "coap/path_abbrev.h"
#include "coap/path_hash.h"

const char *message_type_name(enum message_type type)
{
	static const char *const names[] = { "CON", "NON", "ACK", "RST" };

	return names[type];
}

/* Whether a critical option is right in itself.  Not in line, so that the pass is in
 * registers. */
static __attribute__((noinline)) bool is_right(uint8_t code, uint32_t number, bool again,
					       struct span value)
{
	const struct option_def *def = option_def(number);

	/* What an abbreviation says takes a look at others. */
	return def && number != OPT_URI_PATH_ABBREV &&
	       option_flaw(def, code, again, value) == FLAW_NONE;
}

bool message_parse_body(struct span body, struct message *out)
{
	struct option_iter it = option_iter(body);
	const uint8_t *at = body.p, *path = at, *path_end = at;
	uint64_t present = 0, hash = PATH_HASH;
	bool plain = true, request = code_is_request(out->code);
	uint32_t last = 0;
	struct option o;

	for (; option_next(&it, &o); at = it.r.p, last = o.number) {
		present |= 1ull << option_row(o.number);
		if (o.number == OPT_URI_PATH) {
			path = last == OPT_URI_PATH ? path : at;
			path_end = it.r.p;
			hash = path_hash_add(hash, o.value);
			if (request && option_is_plain_text(o.value))
				continue;
		}
		if (option_is_critical(o.number) &&
		    !is_right(out->code, o.number, o.number == last, o.value))
			plain = false;
	}
	if (it.r.bad)
		return false;
	out->absent = ~present;
	out->path = span_of(path, (size_t)(path_end - path));
	out->path_hash = hash;
	out->plain = plain;
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
