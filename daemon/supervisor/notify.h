/* notify.h - what the service manager is told (sd_notify(3)): supervisor only.
 *
 * Each returns 1 when it was told, 0 when nobody is to be told (no NOTIFY_SOCKET), or a
 * negative errno; -EAGAIN: it has been told so much that it has not read, and does not for a
 * second. */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

/* Everything is up, or up again after notify_reloading(). */
int notify_ready(const char *status);

/* The site is being read again; notify_ready() follows, whatever comes of it. */
int notify_reloading(void);

/* How things are, while nothing changes; this and notify_alive() wait for nobody. */
int notify_status(const char *status);

/* No more requests are taken, the last ones are being answered. */
int notify_stopping(void);

/* How often the service manager wants to hear notify_alive(), in ms, or it ends us; 0: it
 * does not. */
uint64_t notify_watchdog_ms(void);
int notify_alive(void);

/* Has a descriptor kept under a name, whatever becomes of it, until the service is stopped; and no
 * longer. */
int notify_keep(const char *name, int fd);
int notify_drop(const char *name);

/* In a child: it has nothing to tell. */
void notify_forget(void);

#endif
