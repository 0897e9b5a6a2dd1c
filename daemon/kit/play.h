/* play.h - one run of a test script, with or without a death in it.
 *
 * Joins host and peers: carries their datagrams, lets the invented time pass from one
 * deadline to the next, and judges what comes. */
#ifndef KIT_PLAY_H
#define KIT_PLAY_H

#include "kit/host.h"
#include "kit/script.h"

#define PLAY_WHY 1024
#define PLAY_PATIENCE_MS 300000u        /* how long a response may take in invented time */

enum play_verdict {
	PLAY_OK,
	PLAY_FAILED,            /* an expectation does not hold, or a module broke down */
	PLAY_WRONG              /* the script mounts what cannot be: errors says why */
};

struct play {
	/* Given: */
	const struct script *script;
	const char *modules_dir;        /* NULL: that of the installation */
	struct death death;
	/* Made: */
	const struct command *failed;   /* the command that failed; NULL none */
	char why[PLAY_WHY];
	char where[HOST_POINT]; /* the death was in it; "" none has happened */
	char slow[HOST_POINT];  /* a hook that took long; "" none */
	uint32_t slow_ms;
	uint32_t hooks, events, lives;
	char *trace;            /* what was sent and logged, a line each; owned */
};

/* Runs; errors is used for PLAY_WRONG. */
enum play_verdict play_run(struct play *p, struct config_errors *errors);

void play_free(struct play *p);

#endif
