/* guests.h - modules in the life of a slot that is fuzzed: the input says what their
 * hooks do, and each hook checks that what it is told follows from what it did before.
 *
 * Mounted are /a (all in one piece), /r (the same, harmless to repeat), /s and /q
 * (bodies in parts; /q harmless to repeat), /t (all paths below it). */
#ifndef TESTS_GUESTS_H
#define TESTS_GUESTS_H

#include "resource/resource.h"

/* Byte i of the bodies that peers send. */
static inline uint8_t guests_pattern(uint64_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

struct guests {
	struct engine *engine;  /* of the life under way */
	bool damaged;           /* nothing that is told need make sense any more */
	bool noise;             /* bodies of peers may be anything */
	bool ending;            /* hooks end whatever they can */
	void (*danger)(void);   /* called where a hook may die */
};

extern struct guests guests;

/* The mounts, made once. */
struct resources *guests_open(void);

#endif
