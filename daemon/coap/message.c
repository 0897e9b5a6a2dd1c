#include "coap/message.h"

#include "coap/path_abbrev.h"
#include "coap/path_hash.h"

const char *message_type_name(enum message_type type)
{
	static const char *const names[] = { "CON", "NON", "ACK", "RST" };

	return names[type];
}

/* Whether a critical option is right in itself. */
static bool is_right(uint8_t code, uint32_t number, bool again, struct span value)
{
	const struct option_def *def = option_def(number);

	/* What an abbreviation says takes a look at others. */
	return def && number != OPT_URI_PATH_ABBREV &&
	       option_flaw(def, code, again, value) == FLAW_NONE;
}

/* What is noted while options are taken apart. */
struct notes {
	uint64_t present, hash;
	const uint8_t *path, *path_end;
	bool plain;
};

#define NOTES(body) { 0, PATH_HASH, (body).p, (body).p, true }

/* An option whose bytes are from at to next. */
__attribute__((always_inline)) static inline void
note(struct notes *n, uint32_t number, struct span value, const uint8_t *at, const uint8_t *next)
{
	n->present |= 1ull << option_row(number);
	if (number == OPT_URI_PATH) {
		n->path = n->path_end == at ? n->path : at;
		n->path_end = next;
		n->hash = path_hash_add(n->hash, value);
	}
}

/* p: where the options end. */
__attribute__((always_inline)) static inline bool
take(struct message *m, const struct notes *n, struct span body, const uint8_t *p)
{
	const uint8_t *end = body.p + body.n;

	m->absent = ~n->present;
	m->path = span_of(n->path, (size_t)(n->path_end - n->path));
	m->path_hash = n->hash;
	/* A path in a response is wrong, though each segment is right in itself. */
	m->plain = n->plain && (code_is_request(m->code) || !m->path.n);
	m->options = span_of(body.p, (size_t)(p - body.p));
	m->payload = span_of(p, 0);
	if (p == end)
		return true;
	m->payload = span_of(p + 1, (size_t)(end - p) - 1);
	return m->payload.n > 0;
}

/* Any options: those from at on, behind one with the number last.  Not in line, so that the
 * pass over plain ones is in registers. */
static __attribute__((noinline)) bool parse_any(struct span body, struct message *m,
						struct notes n, const uint8_t *at, uint32_t last)
{
	struct option_iter it = option_iter(span_of(at, body.n - (size_t)(at - body.p)));
	struct option o;

	it.number = last;
	for (; option_next(&it, &o); at = it.r.p) {
		note(&n, o.number, o.value, at, it.r.p);
		if (option_is_critical(o.number) &&
		    !(o.number == OPT_URI_PATH && option_is_plain_text(o.value)) &&
		    !is_right(m->code, o.number, o.number == last, o.value))
			n.plain = false;
		last = o.number;
	}
	return !it.r.bad && take(m, &n, body, it.r.p);
}

/* Segments of a path that are short and plain text, and what is elective, as most options are;
 * from others on it is parse_any()'s. */
bool message_parse_body(struct span body, struct message *out)
{
	const uint8_t *p = body.p, *end = body.n ? p + body.n : p, *next;
	struct notes n = NOTES(body);
	uint32_t number = 0;

	for (; p != end && *p != 0xff; p = next) {
		unsigned delta = *p >> 4, length = *p & 15;
		uint64_t word;

		if (delta > 12 || length > 12 || length >= (size_t)(end - p))
			break;
		next = p + 1 + length;
		if (number + delta == OPT_URI_PATH && length <= 8) {
			word = bytes_word(p + 1, length);
			if (!option_is_plain_word(span_of(p + 1, length), word))
				break;
			n.present |= MESSAGE_ROW(URI_PATH);
			n.path = n.path_end == p ? n.path : p;
			n.path_end = next;
			n.hash = path_hash_word(n.hash, word, length);
		} else if (option_is_critical(number + delta) || number + delta > OPTION_LAST) {
			break;
		} else {
			n.present |= 1ull << option_rows[number + delta];
		}
		number += delta;
	}
	return p == end || *p == 0xff ? take(out, &n, body, p) :
					parse_any(body, out, n, p, number);
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

void message_write_some_payload(struct writer *w, struct span payload)
{
	if (w->full || writer_left(w) <= payload.n) {
		w->full = true;
		return;
	}
	*w->p = 0xff;
	bytes_copy(w->p + 1, payload.p, payload.n);
	w->p += 1 + payload.n;
}
