/* store.h - the service manager keeps what a coapd that is started anew goes on with: the lasting
 * part of the estate (estate.h), in its store of descriptors (sd_notify(3), FDSTORE).
 *
 * Each descriptor has a number there, "kept/N", and so has the text, "kept/state/N", which tells
 * the number of each.  A new text follows its descriptors, and what is not in it any more goes
 * after it: whenever coapd ends, the newest text whose descriptors are all there is good.  Run
 * by the supervisor's thread. */
#ifndef SUPERVISOR_STORE_H
#define SUPERVISOR_STORE_H

#include "supervisor/bag.h"

#include <jansson.h>
#include <stdint.h>
#include <sys/stat.h>

#define STORE_PREFIX "kept/"    /* of names in the store: nobody else's begin so */

struct estate;
struct supervisor;

struct store_item {
	char name[BAG_NAME];    /* in the bag */
	unsigned number;
	dev_t dev;              /* which file it is of */
	ino_t ino;
};

struct store {
	struct store_item *item;        /* owned */
	size_t n;
	unsigned next;          /* number that nothing has had yet */
	unsigned text;          /* that of the text; 0: there is none */
};

/* For how many slots something was kept; 0: nothing was. */
uint32_t store_slots(void);

/* Looks for what was kept; what is of no use is dropped.  True: e is it, its descriptors are ours.
 * False: there is nothing. */
bool store_find(struct estate *e);

/* What was found is taken over, all of which others have by now; it is kept on. */
void store_taken(struct estate *e);

/* What was found is of no use after all. */
void store_drop(struct estate *e);

/* Goes on with what is kept: as store_find() found it, or as the program before left it. */
void store_resume(struct store *s, const struct estate *e);

/* What the program after needs for that, as members of a text. */
void store_leave(const struct store *s, json_t *text);

/* Has kept what there is now, if there is somebody who does. */
void store_keep(struct supervisor *sv);

/* Has nothing kept any more. */
void store_forget(struct store *s);

void store_free(struct store *s);

#endif
