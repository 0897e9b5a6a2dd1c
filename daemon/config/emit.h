/* emit.h - text as YAML that reads back as the same text. */
#ifndef CONFIG_EMIT_H
#define CONFIG_EMIT_H

#include <stdio.h>

/* Writes text, which is UTF-8, plain where that is safe and in double quotes
 * with escapes elsewhere. */
void emit_text(FILE *out, const char *text);

/* The same for a value, in which "${" would begin a variable. */
void emit_value(FILE *out, const char *text);

#endif
