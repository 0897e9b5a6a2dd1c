/* plugtest.h - what the files of this module share: the request in hand, and the table
 * of resources.
 *
 * Private memory of a worker; what must be the same in all of them is in the store. */
#ifndef PLUGTEST_PLUGTEST_H
#define PLUGTEST_PLUGTEST_H

#include <coapd/module.h>

#include "store.h"

enum { TIMER };                 /* tags */

struct conf {
	const char *directory;
	uint64_t delay, interval;
	uint32_t created;
};

struct plugtest {
	const struct conf *conf;
	coapd_mount *mount;
	const char *directory;
	struct store store;
	struct item now;                /* what the resource in hand is just now */
};

struct resource;

/* A request in hand. */
struct call {
	struct plugtest *p;
	coapd_task *task;
	const coapd_msg *request;
	const struct resource *resource;
	char name[48];                  /* where its item is: the path with dots */
};

struct resource {
	const char *path;
	unsigned allow;                 /* methods */
	void (*content)(struct call *); /* makes what it is without any change; NULL:
					 * it does not exist then */
	const char *text;               /* for it */
	enum coapd_verdict (*get)(struct call *), (*post)(struct call *);
	const char *link;               /* attributes; NULL: not listed */
};

/* --- content.c -------------------------------------------------------------------- */

/* What resources are without any change; for struct resource. */
void has_text(struct call *c);          /* its text */
void is_large(struct call *c);          /* that in many lines */
void ticks(struct call *c);             /* a number that goes up as time goes by */
void ticks_at_large(struct call *c);

/* Milliseconds until they change next. */
uint32_t until_tick(const struct plugtest *p);

/* It changes by itself; and how observers are told. */
bool is_observable(const struct resource *r);
enum coapd_notify notified_as(const struct resource *r);

/* Finds what the resource is just now: c->p->now.  0, or a negative errno. */
int look(struct call *c);

/* What tells it from others: the same in all workers; empty if it does not exist. */
coapd_span etag_of(const struct item *item, uint8_t etag[8]);

/* --- methods.c --------------------------------------------------------------------- */

enum coapd_verdict say(struct call *c, uint8_t code);

/* The store does not do its work: 5.00, and a line in the log. */
enum coapd_verdict fail(struct call *c, int status);

/* GET as most have it, PUT, and DELETE, after which it is as it was at first. */
enum coapd_verdict give(struct call *c);
enum coapd_verdict put(struct call *c);
enum coapd_verdict delete(struct call *c);

/* Who observes the resource is to be told of it. */
void tell_observers(struct plugtest *p, const struct resource *r);

/* Keeps the payload under a name; the lock is held.  0, or a negative errno. */
int keep(struct call *c, const char *name);

/* How many segments the mount's own path has. */
unsigned segments_above(const struct call *c);

/* Adds the Location-Path of what is at path below the mount. */
void add_location(struct call *c, const char *path);

/* --- lists.c -------------------------------------------------------------------------- */

/* GET /path (LINK_09). */
enum coapd_verdict list_path(struct call *c);

/* GET and POST /large-create (BLOCK_04). */
enum coapd_verdict list_created(struct call *c);
enum coapd_verdict create(struct call *c);

/* Where the item of a created one is. */
void name_created(char name[48], unsigned long number);

/* --- resources.c ------------------------------------------------------------------------ */

extern const struct resource resources[];
extern const size_t nresources;
extern const struct resource created;   /* each of those below /large-create */

#endif
