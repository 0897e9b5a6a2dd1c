/* audit.h - everything the engine derives and counts, worked out once more from
 * what is stored, and compared.
 *
 * To be called between events.  Whatever disagrees is printed and ends the
 * process. */
#ifndef TESTS_AUDIT_H
#define TESTS_AUDIT_H

#include "exchange/engine.h"

#include <stdio.h>
#include <stdlib.h>

/* Like assert(), with a word on what it is about. */
#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

/* damaged: the memory was, before it was adopted; what the engine cannot know to be
 * wrong, like order and twins, is not asked then. */
void audit(struct engine *e, bool damaged);

/* After the last event and a long time: nothing but endpoints is left. */
void audit_empty(struct engine *e, bool damaged);

/* Damages a few bytes or bits anywhere behind magic and layout. */
void audit_harm(struct space *s, uint32_t (*draw)(uint32_t below));

#endif
