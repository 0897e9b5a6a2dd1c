/* warm.h - whether what a GET needs is in memory, and the job that brings it there from a
 * disk, so that the worker need not wait for one.
 *
 * A hint: what was in memory may be gone a moment later, and is then waited for. */
#ifndef FILES_WARM_H
#define FILES_WARM_H

#include "tree.h"

/* The part at offset of the file at path can be read without waiting, or there is nothing to
 * be read.  Of a directory nobody knows: false. */
bool warm_is(int root, const char *path, uint64_t offset);

/* Begins the job; COAPD_EV_JOB comes with the tag.  As coapd_job(). */
int warm_begin(coapd_task *task, uint8_t tag, int root, const char *path, uint64_t offset);

#endif
