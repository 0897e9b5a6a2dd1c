/* picture.h - what can be told of a life from outside and from its memory, peer by
 * peer, in words that two lives can be compared by.
 *
 * Left out is what no peer and no later event can tell: indices, generations, the
 * order of free lists, the token of a request of ours (it names the object that
 * happened to be free). */
#ifndef TESTS_CRASH_PICTURE_H
#define TESTS_CRASH_PICTURE_H

#include "life.h"

#define PICTURE_TEXT 2048

struct picture {
	char text[PEERS][PICTURE_TEXT];
	size_t n[PEERS];
	bool failed[PEERS];     /* was answered 5.00 */
};

void picture_take(struct picture *p, struct life *l);

#endif
