/* module.h - a module's shared object: found, loaded, and its descriptor checked.
 *
 * Owned by whoever loaded it until it is given to a mount (resource.h).  Run by
 * workers once privileges are gone, and by the check child; never by the
 * supervisor. */
#ifndef RESOURCE_MODULE_H
#define RESOURCE_MODULE_H

#include "base/err.h"
#include "coapd/module.h"

struct module {
	void *handle;                   /* of dlopen() */
	struct coapd_module desc;       /* copy; what the module does not know is 0 */
};

/* Loads DIR/NAME.so.  0; a negative errno, with one line in err: -EINVAL for a
 * name that is none (letters, digits, "_", "-"), -ENOENT when there is no such
 * file, -ENOEXEC when it is no module or one for another coapd. */
int module_load(const char *name, const char *dir, struct err *err, struct module **out);

/* Takes the module; NULL is fine. */
void module_free(struct module *m);

/* Asks the module whether its settings make sense.  0; else err tells, and row
 * (may be NULL) is the name of the row to blame or NULL. */
int module_check(const struct module *m, const void *conf, struct err *err,
		 const char **row);

#endif
