/* term.h - what the words of a line mean: times, options, paths, payloads.
 *
 * Each function reads further words, or takes one that was read, into the command in
 * hand; false means that errors has what is wrong and what was expected. */
#ifndef KIT_TERM_H
#define KIT_TERM_H

#include "kit/script.h"
#include "kit/words.h"

/* The line in hand. */
struct reading {
	struct words *words;
	struct command *c;
	struct script_option option[SCRIPT_WORDS];      /* read and not taken yet */
	size_t noptions;
};

/* A word is not what may stand there.  False. */
bool term_wrong(struct reading *r, const struct word *w, const char *expected);

/* The next word, which must be there; nothing more follows. */
bool term_must(struct reading *r, struct word *w, const char *expected);
bool term_ends(struct reading *r);

/* "1.5s" */
bool term_time(struct reading *r, uint64_t *ms);

/* "0x1a2b" */
bool term_is_hex(const struct word *w);
bool term_hex(struct reading *r, const struct word *w, struct span *out);

/* Text in quotes or bytes, the last of the line. */
bool term_is_payload(const struct word *w);
bool term_payload(struct reading *r, const struct word *w);

/* "Name=VALUE"; with any also "Name=*".  A bare name that must not be there. */
bool term_is_option(const struct word *w);
bool term_option(struct reading *r, const struct word *w, bool any);
bool term_absent(struct reading *r);

/* Path and query, which become options as those of a URI do. */
bool term_path(struct reading *r);

/* Takes the options that were read; sorted as they travel, or as they came. */
void term_take_options(struct reading *r, bool sorted, struct script_option **out, size_t *n);

/* A method's code, -1 for another word; the number of a peer. */
int term_method(const struct word *w);
bool term_peer(struct reading *r);

/* "2.05", of a response. */
bool term_is_code(const struct word *w);
bool term_code(struct reading *r, const struct word *w);

#endif
