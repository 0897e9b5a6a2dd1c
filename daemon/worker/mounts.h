/* mounts.h - from the site's mounts to modules that are loaded and configured.
 *
 * Run by a worker at boot and by the check child, in both once privileges are
 * gone. */
#ifndef WORKER_MOUNTS_H
#define WORKER_MOUNTS_H

#include "config/site.h"
#include "resource/hosts.h"
#include "resource/resource.h"

/* Loads the modules of all mounts, applies their rows and runs their check().
 * specs (site->nmounts of them) are then ready for resources_new(), which takes
 * them.  False: errors got everything that is wrong, with its place in the site
 * file, and specs hold nothing.  Strings in specs are borrowed from the site. */
bool mounts_load(const struct site *site, struct resource_mount_spec *specs,
		 struct config_errors *errors);

/* The rows of a module, for free(); what they point to is the module's.  NULL: no
 * memory. */
struct config_row *mounts_rows(const struct coapd_module *desc);

struct worker_boot;

/* Completes those that mounts_load() made, for a worker that is to serve them; opens(arg) is
 * called before each of them opens. */
void mounts_settle(const struct worker_boot *b, struct resource_mount_spec *specs,
		   void (*opens)(void *arg), void *arg);

/* The hosts of the site, for resources_hosts(); the names are the site's, the rest is for
 * mounts_hosts_free().  False: no memory. */
bool mounts_hosts(const struct site *site, struct hosts *out);
void mounts_hosts_free(struct hosts *hosts);

/* Takes modules and confs of n specs, of which none was opened. */
void mounts_free(struct resource_mount_spec *specs, size_t n);

#endif
