/* variable.h - ${NAME} and ${credential:NAME} in the values of a site file.
 *
 * The first is a variable of the environment, and ${NAME:-text} has a default; the
 * second is a file in the directory that a service manager keeps credentials in
 * ($CREDENTIALS_DIRECTORY, systemd.exec(5)).  Values are replaced after the YAML was
 * read, so what a variable holds is never YAML; keys are left alone, and what was
 * put in is not looked at again.
 *
 * What a module's setting got from a variable may be a secret: the value is for the
 * module alone, and whoever shows the setting shows node.written. */
#ifndef CONFIG_VARIABLE_H
#define CONFIG_VARIABLE_H

#include "config/yaml.h"

#define VARIABLE_BYTES 65536u   /* the longest value that comes of it */

/* Replaces those in all values of a file's tree; everything wrong is added to errors, and
 * such a value becomes NODE_WRONG. */
void variables_expand(struct pool *pool, struct node *root, struct config_errors *errors);

#endif
