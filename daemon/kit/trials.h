/* trials.h - a script once as it is, then with a death at every place, told as TAP. */
#ifndef KIT_TRIALS_H
#define KIT_TRIALS_H

#include "kit/play.h"

#include <stdio.h>

struct trials {
	const char *modules_dir;        /* NULL: that of the installation */
	bool crash;             /* with deaths */
	unsigned most;          /* deaths of one kind; TRIALS_MOST for 0 */
	FILE *out;              /* for TAP */
	unsigned points, failed;        /* so far */
};

#define TRIALS_MOST 500u        /* of more places, every second or third or so is tried */
#define TRIALS_SHOWN 3u         /* failed deaths of a script that are told in full */

#define TRIALS_TRACE 24u        /* lines of what was sent and logged that are shown */

/* Two points for a script, or one without deaths. */
void trials_run(struct trials *t, const struct script *s);

#endif
