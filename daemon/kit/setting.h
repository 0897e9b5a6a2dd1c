/* setting.h - the site that a test script asks for: one slot, and its mounts.
 *
 * Made of the script's lines, so what is wrong with it is told by their place. */
#ifndef KIT_SETTING_H
#define KIT_SETTING_H

#include "config/site.h"
#include "kit/script.h"

#include <stddef.h>

#define SETTING_LIMIT 1000u     /* the most that a limit of the site can be here */

/* The site; modules_dir is borrowed and goes before what the script says of it, NULL
 * leaves it to that.  In what is mounted ${dir} stands for dir.  NULL: errors, emptied
 * first, says where in the script what is wrong. */
struct site *setting_make(const struct script *s, const char *modules_dir, const char *dir,
			  struct config_errors *errors);

/* What was found wrong with the site, by its places in the script. */
void setting_blame(const struct script *s, const struct config_errors *found,
		   struct config_errors *errors);

/* The mount command that became the nth mount. */
const struct command *setting_mount(const struct script *s, size_t nth);

#endif
