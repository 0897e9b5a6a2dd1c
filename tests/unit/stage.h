/* stage.h - resources over a test engine: what the tests of daemon/resource
 * stand on.
 *
 * Mounts are made of descriptors in the test itself.  A hook dies by calling
 * stage_die(): control comes back to the stage, nothing was committed, and
 * stage_crash() goes on with what a successor would find. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "resource/resource.h"
#include "rig.h"

#define STAGE_TASKS 4u          /* requests that can wait */

struct stage {
	struct rig *rig;
	struct resources *R;
	bool died;                      /* the last hook did */
};

/* A mount of path "/a/b" ("/" has no segments) for a descriptor. */
struct resource_mount_spec stage_spec(const char *path, const struct coapd_module *desc);

/* Opens n mounts; aborts the test when that fails. */
struct stage *stage_new(const struct resource_mount_spec *specs, size_t n);
void stage_free(struct stage *s);

/* One datagram from peer 1, confirmable, served and committed; what is sent is
 * told by stage_next(). */
void stage_ask(struct stage *s, uint8_t method, uint16_t mid, const char *options);
void stage_ask_type(struct stage *s, uint8_t type, uint8_t method, uint16_t mid,
		    const char *options);

/* Sets the clock forward and does all that is due. */
void stage_wait(struct stage *s, uint64_t ms);

/* The worker is gone; its successor adopts, settles what was executing, and works
 * on the rest of the batch. */
void stage_crash(struct stage *s);

_Noreturn void stage_die(void);

/* "ACK 2.05 12=#00 pay=x" of the next datagram sent: options as rig_build() takes
 * them, values in hex; "nothing". */
const char *stage_next(struct stage *s);

/* Asks and tells. */
const char *stage_get(struct stage *s, const char *options);

#endif
