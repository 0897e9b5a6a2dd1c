/* message.h - one message as a view of the bytes that carried it.
 *
 * A view borrows: it is good as long as the datagram or buffer is.  The same
 * view serves every framing; type and mid mean nothing over streams.  Pure;
 * used in every process. */
#ifndef COAP_MESSAGE_H
#define COAP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "coap/option.h"

/* Values of the type field.  (MSG_ as a prefix belongs to <sys/socket.h>, which
 * has an MSG_RST of its own.) */
enum message_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

struct message {
	uint8_t type;           /* enum message_type */
	uint8_t code;           /* enum code */
	uint16_t mid;
	struct span token;
	struct span options;    /* as encoded; walk with option_iter() */
	struct span payload;    /* without its marker; empty if there is none */
	uint64_t absent;        /* a bit for each row (option_row()) of which no option is
				 * known to be there; 0 where nobody looked */
	struct span path;       /* the Uri-Path options as encoded, and... */
	uint64_t path_hash;     /* ...the number of that path (path_hash.h); where there are
				 * none or nobody looked, path is empty */
	bool plain;             /* no critical option is wrong, if all of them are known */
};

/* Whether an option is known not to be there: most that are asked for are not. */
__attribute__((always_inline)) static inline bool message_lacks(const struct message *m, uint32_t number)
{
	return m->absent >> option_row(number) & 1;
}

/* A bit of message.absent. */
#define MESSAGE_ROW(id) (1ull << ROW_##id)

/* Whether none of several is there, given by their bits. */
static inline bool message_lacks_all(const struct message *m, uint64_t rows)
{
	return !(~m->absent & rows);
}

/* "CON", "NON", "ACK", "RST". */
const char *message_type_name(enum message_type type);

/* Splits what follows the token into options and payload, and notes what else the struct
 * has; out->code has been set.  False if an option
 * uses nibble 15, runs past the end or passes number 65535, or if nothing
 * follows the payload marker (RFC 7252 sections 3 and 3.1). */
bool message_parse_body(struct span body, struct message *out);

/* option_check() for a message; most have nothing that is to be looked at twice. */
static inline enum option_verdict message_check(const struct message *m,
						const struct option_set *known,
						struct option_fault *fault)
{
	return m->plain && !(~m->absent & option_critical & ~known->rows) ?
		OPTIONS_OK : option_check(m->options, m->code, known, fault);
}

struct path_abbrev;

/* The options of one number, in order, that are free of flaws, see
 * option_flaw(): wrong lengths and surplus repetitions are passed over as if
 * they were not there.  For a number not assigned every occurrence counts.  Uri-Path
 * is that which Uri-Path-Abbrev stands for, where there is one. */
struct message_walk {
	struct option_iter it;
	const struct option_def *def;
	uint32_t number;
	unsigned seen;
	uint8_t code;
	const struct path_abbrev *abbrev;       /* what stands for all of Uri-Path */
};

struct message_walk message_walk(const struct message *m, uint32_t number);

/* The next of them; false if there is none. */
bool message_walk_next(struct message_walk *walk, struct span *out);

/* The nth of them, from 0; false if there is none.  It starts from the first
 * option: who wants them all walks, for a peer chooses how many there are. */
bool message_find(const struct message *m, uint32_t number, unsigned nth, struct span *out);
__attribute__((always_inline)) static inline bool
message_option(const struct message *m, uint32_t number, unsigned nth, struct span *out)
{
	if (message_lacks(m, number) && number != OPT_URI_PATH)
		return false;
	return message_find(m, number, nth, out);
}

/* The first of them as a number; false if there is none. */
__attribute__((always_inline)) static inline bool
message_option_uint(const struct message *m, uint32_t number, uint64_t *out)
{
	struct span value;

	return message_option(m, number, 0, &value) && option_uint(value, out);
}

/* Appends the payload marker and the payload; nothing for an empty payload. */
void message_write_some_payload(struct writer *w, struct span payload);
static inline void message_write_payload(struct writer *w, struct span payload)
{
	if (payload.n)
		message_write_some_payload(w, payload);
}

#endif
