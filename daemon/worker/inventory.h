/* inventory.h - the modules in a directory with what they say of themselves.
 *
 * For who asks coapd for them, in a process that serves nothing: modules are loaded,
 * so privileges are to be gone before (sandbox.h). */
#ifndef WORKER_INVENTORY_H
#define WORKER_INVENTORY_H

#include "config/site.h"

/* A line for each: name, version, summary, and then a line for each setting.  Those that
 * cannot be loaded are told to complaints.  0; a negative errno with err. */
int inventory_list(const char *dir, FILE *out, FILE *complaints, struct err *err);

/* The JSON Schema of a site with these modules; likewise.  Without the directory it is
 * one in which modules have any settings. */
int inventory_schema(const char *dir, FILE *out, FILE *complaints, struct err *err);

/* The effective site, with the defaults of its modules' settings; those of a module that
 * cannot be loaded are left out, which is told to complaints.  0, or a negative errno of the
 * writing; nothing is written before all modules are loaded. */
int inventory_dump(const struct site *site, FILE *out, FILE *complaints);

/* A page of mdoc(7) about the settings of one module, "coapd-NAME(5)". */
int inventory_page(const char *dir, const char *module, FILE *out, struct err *err);

#endif
