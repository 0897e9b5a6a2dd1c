/* estate.h - what a supervisor leaves to the next one: a text, and descriptors by name.
 *
 * The text is JSON, an object whose "state" is ESTATE_VERSION.  There are two kinds.  The
 * lasting part is what a coapd that begins anew goes on with: the key, sockets, and the memory
 * of slots (the service manager keeps it meanwhile, store.h).  The living part besides has the
 * workers and the site that they serve, for a program that this process becomes (upgrade.h).
 *
 *	           lasting                                  living besides
 *	text       key, slots, listeners                    site, mounts, workers, troubles, ...
 *	bag        memory.S client.S mail-in.S mail-out.S   wake.W counts gates where worker.W
 *	           listener.N.S changes                     control lock asker.K program
 *
 * S is a slot, N the number of a listener's sockets, W a worker.  Where nothing else is said,
 * a descriptor in the text of what is left is borrowed.  Run by the supervisor's thread. */
#ifndef SUPERVISOR_ESTATE_H
#define SUPERVISOR_ESTATE_H

#include "supervisor/bag.h"
#include "supervisor/state.h"

#include <jansson.h>

#define ESTATE_VERSION 1        /* of the text, what workers are told, and what they share */

struct estate {
	json_t *root;
	struct bag bag;
};

/* What there is to be left, living or the lasting part alone; false: there is no memory. */
bool estate_make(struct estate *e, const struct supervisor *sv, bool living);

/* Memory with the text in it, and in it which descriptor has which number now.  A descriptor,
 * the caller's, or a negative errno. */
int estate_write(const struct estate *e);

/* The same without numbers of descriptors. */
int estate_text_memory(const struct estate *e);

/* Reads what is in such memory; the descriptors in it are ours.  0, or -EINVAL with err. */
int estate_read(struct estate *e, int fd, struct err *err);

/* The text alone, its descriptors come from elsewhere. */
int estate_parse(struct estate *e, int fd, struct err *err);

/* Whether another reload is to follow, which a program before did not know yet. */
void estate_note_again(struct estate *e, const struct reload *r);

/* Why the program before comes back; bytes that are no text are "?" in it.  False: there is no
 * memory. */
bool estate_note_verdict(struct estate *e, const char *why);

/* Forgets it; descriptors stay open. */
void estate_free(struct estate *e);

/* Members of its text: of that type, or what there is instead. */
const char *estate_text(const struct estate *e, const char *name);      /* or NULL */
uint64_t estate_number(const struct estate *e, const char *name);       /* or 0 */

/* A member that is a path, of whatever bytes: the caller's to free; NULL: it is not there, or
 * there is no memory. */
char *estate_path(const struct estate *e, const char *name);

/* Whether it has the living part. */
bool estate_lives(const struct estate *e);

/* The site that was served, as its text says it, with its mounts in their order; the caller's.
 * NULL: err says why not. */
struct site *estate_site(const struct estate *e, struct err *err);

#endif
