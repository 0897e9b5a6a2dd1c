/* include.h - a site file and all that it includes, as one tree.
 *
 * "include" names files, patterns and directories, relative to the file it stands
 * in.  What comes from them is as if it stood in one file: members of a section, of
 * resources and of listen are put together, any other key may be in one of the files
 * only.  Files are kept in the pool with their text, for messages. */
#ifndef CONFIG_INCLUDE_H
#define CONFIG_INCLUDE_H

#include "config/yaml.h"

#define INCLUDE_DEPTH 8         /* files that include one another */
#define INCLUDE_FILES 1000      /* of one site */

/* What a site file may be, besides a regular one.  Those that it includes are regular. */
enum include_from {
	INCLUDE_FROM_FILE,      /* nothing: nobody is waited for */
	INCLUDE_FROM_ANY        /* a pipe or a terminal, read to its end; what it includes is
				 * relative to the working directory */
};

/* Opens and reads it.  NULL when there is nothing to go on with; a tree when errors
 * grew all the same is good for finding more mistakes only. */
struct node *include_file(struct pool *pool, const char *name, enum include_from from,
			  struct config_errors *errors);

/* The same for what coapd wrote itself, however long it is. */
struct node *include_own(struct pool *pool, const char *name, const char *text, size_t n,
			 struct config_errors *errors);

/* The same for a text that is there already; name and text are copied, and the
 * directory of the name is where files are looked for. */
struct node *include_text(struct pool *pool, const char *name, const char *text, size_t n,
			  struct config_errors *errors);

#endif
