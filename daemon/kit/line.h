/* line.h - one line of a test script becomes a command.  Pure. */
#ifndef KIT_LINE_H
#define KIT_LINE_H

#include "kit/script.h"
#include "kit/words.h"

/* Reads the line that w is at the start of into c, whose line and text are set.  False
 * for one that has no command, or a wrong one: the errors of w say what is wrong. */
bool line_read(struct words *w, struct command *c);

#endif
