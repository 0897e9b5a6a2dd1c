/* ctl_options.h - the command line of coapctl, as typed.  Texts are borrowed from argv.
 * Owned by its main(). */
#ifndef CLIENT_CTL_OPTIONS_H
#define CLIENT_CTL_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ctl_options;

/* Identifier, name, function, what follows the name, how many words that may be at least
 * and at most, what it does. */
#define CTL_VERBS(X) \
	X(STATUS, "status", ctl_status_run, "", 0, 0, "what coapd does and has done") \
	X(PEERS, "peers", ctl_peers_run, "[PEER]", 0, 1, "whom it remembers something about") \
	X(OBSERVERS, "observers", ctl_observers_run, "[PATH]", 0, 1, \
	  "who observes, all or below a path") \
	X(TRACE, "trace", ctl_trace_run, "[PEER|PATH]", 0, 1, \
	  "each message as it comes and goes") \
	X(KICK, "kick", ctl_kick_run, "PEER", 1, 1, "forget what is kept for a peer") \
	X(LOG, "log", ctl_log_run, "[PART LEVEL]", 0, 2, \
	  "how much is logged, and change it") \
	X(METRICS, "metrics", ctl_metrics_run, "", 0, 0, "all figures as Prometheus reads them") \
	X(RELOAD, "reload", ctl_reload_run, "", 0, 0, \
	  "read the site again and serve it, or tell what is wrong with it") \
	X(UPGRADE, "upgrade", ctl_upgrade_run, "", 0, 0, \
	  "have the installed program take over, or tell why it cannot") \
	X(STOP, "stop", ctl_stop_run, "", 0, 0, "end it, and wait for the end")

enum ctl_verb {
#define X(id, name, run, operand, least, most, summary) CTL_##id,
	CTL_VERBS(X)
#undef X
	CTL_VERB_COUNT
};

#define CTL_WORDS 2

struct ctl_options {
	enum ctl_verb verb;
	const char *socket;     /* NULL: to be looked for */
	const char *word[CTL_WORDS];    /* behind the verb */
	unsigned nwords;
	bool json, watch, help, version, pcapng;
	int64_t interval_ms;
	int64_t count;          /* of messages; 0: until interrupted */
};

/* Exit statuses, as coapctl(1) has them. */
enum ctl_exit { CTL_OK = 0, CTL_FAILED = 1, CTL_WRONG = 2 };

struct ctl_row {
	const char *name;
	int (*run)(const struct ctl_options *o);        /* gives an enum ctl_exit */
	const char *operand;
	unsigned least, most;
	const char *summary;
};

extern const struct ctl_row ctl_rows[CTL_VERB_COUNT];

struct ctl_option {
	const char *name;
	char key;
	bool letter;            /* the key is a short form of it that help tells */
	const char *value;      /* what its value is called; NULL: it has none */
	uint32_t verbs;         /* 1 << CTL_..., where it means something */
	const char *help;
	const char *more;       /* for coapctl(1) besides, sentences of mdoc */
};

extern const struct ctl_option ctl_option_rows[];
extern const unsigned ctl_option_count;

int ctl_status_run(const struct ctl_options *o);
int ctl_peers_run(const struct ctl_options *o);
int ctl_observers_run(const struct ctl_options *o);
int ctl_metrics_run(const struct ctl_options *o);
int ctl_trace_run(const struct ctl_options *o);
int ctl_kick_run(const struct ctl_options *o);
int ctl_log_run(const struct ctl_options *o);
int ctl_reload_run(const struct ctl_options *o);
int ctl_upgrade_run(const struct ctl_options *o);
int ctl_stop_run(const struct ctl_options *o);

/* 0, or -EINVAL and err says what is wrong. */
int ctl_options_read(struct ctl_options *o, int argc, char *const argv[], struct err *err);

/* All of it on one screen; and the options as a part of coapctl(1). */
void ctl_options_help(FILE *out);
void ctl_options_page(FILE *out);

#endif
