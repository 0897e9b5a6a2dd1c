/* available.h - how much memory may be taken without somebody being killed for it.
 *
 * The kernel hands out memory that is not there, and ends a process when it is
 * touched; so whoever reserves much at once has to ask before.  Read by the
 * supervisor at the start, once. */
#ifndef SUPERVISOR_AVAILABLE_H
#define SUPERVISOR_AVAILABLE_H

#include <stddef.h>

/* Bytes that the kernel thinks can be had: of the machine, and of every control
 * group (v2) that we are in, the least.  SIZE_MAX if nothing says.  root stands
 * before /proc and /sys: "" but for tests. */
size_t available_memory(const char *root);

#endif
