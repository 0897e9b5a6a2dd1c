/* script.h - a test script, read: what coapd-module-test(1) describes.
 *
 * A plain list of commands, in the order of the file.  All that it points to is in
 * one pool of its own.  Pure but for the reading of the file. */
#ifndef KIT_SCRIPT_H
#define KIT_SCRIPT_H

#include "base/bytes.h"
#include "config/errors.h"

#include <stdint.h>

#define SCRIPT_BYTES 1048576u   /* of a script at most, */
#define SCRIPT_LINE 4096u       /* and of a line (WORDS_LINE) */
#define SCRIPT_COMMANDS 10000u
#define SCRIPT_WORDS 256u       /* options of one command */
#define SCRIPT_MS_MAX (366ull * 24 * 3600 * 1000)

enum command_kind {
	COMMAND_MOUNT,          /* key: the path, yaml: what stands below it in a site */
	COMMAND_SITE,           /* key and yaml of a site's top level */
	COMMAND_ANSWER,         /* what a peer answers from here on when it is asked */
	COMMAND_REQUEST,        /* sends one */
	COMMAND_EXPECT,         /* a response comes, sooner or later */
	COMMAND_NOTHING,        /* none does, for a time */
	COMMAND_ACK,            /* an empty acknowledgement has come, */
	COMMAND_RST,            /* or a reset */
	COMMAND_WAIT,           /* time passes */
	COMMAND_LOG,            /* a line has been logged */
	COMMAND_COUNT,          /* a counter of a mount (key) stands at number */
	COMMAND_JOBS,           /* jobs take so long from here on */
	COMMAND_CRASH,          /* the worker is killed between two events */
	COMMAND_REPEAT,         /* the datagram of a request once more */
	COMMAND_RESET           /* what comes for a request is rejected from here on */
};

enum expect_way { WAY_ANY, WAY_PIGGYBACKED, WAY_SEPARATE };
enum expect_payload { PAYLOAD_ANY, PAYLOAD_EQUAL, PAYLOAD_LIKE };

struct script_option {
	uint16_t number;
	bool any;               /* expected with any value, */
	bool absent;            /* or not to be there */
	struct span value;
};

#define SCRIPT_NEVER UINT64_MAX

struct command {
	enum command_kind kind;
	unsigned line, column;
	struct span text;               /* the line, for reports */
	const char *name;               /* of a request; NULL: the last one's */
	const char *key;
	uint64_t number;
	struct span yaml;
	unsigned yaml_column;
	/* Requests, and what is expected of responses. */
	uint8_t type, code;             /* type of a request: COAP_CON or COAP_NON */
	unsigned peer;                  /* which one asks, from 1 */
	bool has_token;
	struct span token;
	struct script_option *option;   /* of a request sorted, as they travel */
	size_t noptions;
	uint8_t method;                 /* of an answer: to which requests, */
	struct script_option *asked;    /* of which path and query; */
	size_t nasked;
	bool silent;                    /* or it does not answer at all */
	struct span payload;
	enum expect_payload how;
	enum expect_way way;
	uint64_t after_ms;              /* exactly so long after the request; or SCRIPT_NEVER */
	uint64_t within_ms;             /* of patience; how long nothing may come */
};

struct script {
	const char *file;
	struct command *command;
	size_t n;
	struct pool *pool;
};

/* Reads n bytes of text, or a file, which messages call file.  NULL: errors, emptied
 * first, has the place of each mistake and what was expected there. */
struct script *script_read(const char *file, const char *text, size_t n,
			   struct config_errors *errors);
struct script *script_load(const char *file, struct config_errors *errors);

/* Takes the script; NULL is fine. */
void script_free(struct script *s);

#endif
