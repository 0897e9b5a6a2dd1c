/* notify.h - what the service manager is told (sd_notify(3)): supervisor only.
 *
 * Each returns 1 when it was told, 0 when nobody listens (no NOTIFY_SOCKET), or a
 * negative errno. */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <stddef.h>

/* Everything is up. */
int notify_ready(unsigned workers, unsigned slots, size_t resources);

/* No more requests are taken, the last ones are being answered. */
int notify_stopping(void);

/* In a child: it has nothing to tell. */
void notify_forget(void);

#endif
