/* post.h - messages from one task to another, wherever that lives: what they are, and
 * what this folder asks of whoever carries them.
 *
 * Each slot has a bounded mailbox that outlives workers (decision 0011).  Run by
 * workers. */
#ifndef RESOURCE_POST_H
#define RESOURCE_POST_H

#include "base/slab.h"
#include "coapd/module.h"

struct letter {
	ref_t task;             /* whom to wake; 0 where once says it */
	uint64_t once;          /* name of a task there is once (struct task); 0 */
	uint8_t tag;
	uint16_t n;             /* bytes of data, COAPD_WAKE_BYTES at most */
	uint8_t data[COAPD_WAKE_BYTES];
};

struct post {
	/* 0; -EAGAIN: the mailbox is full; -ENOENT: there is no such slot. */
	int (*send)(void *arg, unsigned slot, const struct letter *l);
	/* The first message, which stays; false: none.  It is as the letter says. */
	bool (*peek)(void *arg, unsigned slot, struct letter *l);
	/* It is worked on: off with it. */
	void (*take)(void *arg, unsigned slot);
	void *arg;
};

#endif
