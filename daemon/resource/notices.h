/* notices.h - observers of what modules serve: entered when a module says so, told when
 * it says that something changed (RFC 7641 4).
 *
 * A representation is made once, by the module's hook (COAPD_EV_RENDER) into private
 * memory of the worker, and sent to its observers a few at a time; a successor makes it
 * again.  Nothing of a change is kept but the word that tells of it (base/changes.h):
 * each representation knows the value that its observers were told of.
 *
 * Each call is part of one event: the caller commits after it (engine.h). */
#ifndef RESOURCE_NOTICES_H
#define RESOURCE_NOTICES_H

#include "base/changes.h"
#include "exchange/observer.h"
#include "resource/call.h"

struct representation;

#define NOTICE_PAYLOAD 1024u    /* the first block; the rest is asked for (RFC 7959 2.6) */

/* A representation as it was made last; private memory. */
struct notice {
	ref_t of;               /* 0: none */
	uint64_t seen;          /* value of its word when it was made */
	uint64_t at;            /* ms */
	uint64_t total;         /* bytes of the whole */
	uint8_t code;
	bool aged;              /* it has a Max-Age */
	bool tagged;            /* it has an ETag */
	enum observer_type type;        /* of the messages that tell it */
	uint64_t etag;          /* else: what stands for one */
	size_t options_n, payload_n;
	uint8_t options[REPLY_VALUES + 8 * REPLY_OPTIONS];
	uint8_t payload[NOTICE_PAYLOAD];
};

/* What a worker knows of changes; within struct resources. */
struct notices {
	struct changes *changes;        /* borrowed, or own */
	struct changes *own;
	unsigned reader;                /* our number among those who are woken */
	void (*wake)(void *arg, uint32_t word); /* wakes all who listen for it; NULL: there
					 * are none */
	void *arg;
	uint64_t seen[CHANGES_WORDS];   /* what we have looked at */
	/* What this worker alone noticed: a number of its own for each time, in the upper half
	 * of the value of the word (the lower one counts what was told to all), and which
	 * words are to be looked at for it. */
	uint64_t here[CHANGES_WORDS];
	uint64_t due[CHANGES_WORDS / 64];
	void (*wake_here)(void *arg);   /* due is to be looked at; NULL */
	struct notice notice;
};

/* Begins with words of our own; 0, -ENOMEM. */
int notices_init(struct notices *n);
void notices_free(struct notices *n);

/* The state of the mount's resource at a path below it ("" is the mount itself) has
 * changed; may be called by anything of the worker, within an event or not. */
void notices_tell(const struct notices *n, uint64_t mount, struct span path);

/* The same for the observers of this worker alone. */
void notices_tell_here(struct notices *n, uint64_t mount, struct span path);

/* The next word that notices_tell_here() was called for, which is taken; CHANGES_WORDS if
 * there is none. */
uint32_t notices_here(struct notices *n);

/* The run in hand is going to read state: notes what is known of changes to it, for
 * requests that ask to observe. */
void notices_watch(struct coapd_task *t);

/* The request in hand is about to be answered with the reply that its module made:
 * enters the peer if both want it, and adds the option.  True: it was entered. */
bool notices_enter(struct coapd_task *t);
/* It could not be answered like that. */
void notices_undo(struct coapd_task *t);

struct resources;

/* A representation is due (EXPIRE_OTHER with SLAB_REPRESENTATION): tells some of its
 * observers. */
void notices_due(struct resources *R, struct engine *e, struct representation *p);

/* A word has changed; wakes the representations that have it. */
void notices_word(struct engine *e, uint32_t word);

/* After an adoption: wakes those whose words have changed meanwhile. */
void notices_adopted(struct resources *R, struct engine *e);

/* Nobody knows whether the request's effect happened: whatever its path leads to may
 * have changed. */
void notices_lost(struct resources *R, const struct request *r);

#endif
