/* verb.h - the verbs of the command line, a row each.
 *
 * main() reads the command line, opens the tool (tool.h) and calls the verb's
 * function, which gives back the exit status (outcome.h).  A verb that works on URIs
 * makes an errand (errand.h) of each, and looks at what they bring. */
#ifndef CLIENT_VERB_H
#define CLIENT_VERB_H

#include <stdint.h>

/* Identifier, name, method if it has one of its own, function, what follows the
 * name, and what it does. */
#define VERB_TABLE(X) \
	X(GET, "get", COAP_GET, method_run, "URI...", \
	  "fetch a representation") \
	X(POST, "post", COAP_POST, method_run, "URI...", \
	  "have a body worked on") \
	X(PUT, "put", COAP_PUT, method_run, "URI...", \
	  "store a representation") \
	X(DELETE, "delete", COAP_DELETE, method_run, "URI...", \
	  "remove a resource") \
	X(FETCH, "fetch", COAP_FETCH, method_run, "URI...", \
	  "fetch what a body asks for") \
	X(PATCH, "patch", COAP_PATCH, method_run, "URI...", \
	  "change a part of a resource") \
	X(IPATCH, "ipatch", COAP_IPATCH, method_run, "URI...", \
	  "the same, harmless to repeat") \
	X(OBSERVE, "observe", COAP_GET, observe_run, "URI...", \
	  "show each new state of a resource") \
	X(DISCOVER, "discover", COAP_GET, discover_run, "[URI]", \
	  "list the resources of a server, or of all around") \
	X(PING, "ping", 0, ping_run, "URI...", \
	  "ask whether a server is there") \
	X(BENCH, "bench", COAP_GET, bench_run, "URI", \
	  "put load on a server and measure")

enum verb_id {
#define X(id, name, code, run, operand, summary) VERB_##id,
	VERB_TABLE(X)
#undef X
	VERBS
};

struct tool;

struct verb {
	const char *name;
	uint8_t code;           /* enum code; 0: none of its own */
	int (*run)(struct tool *t);     /* returns an enum outcome_exit; NULL: not built */
	const char *operand;
	const char *summary;
};

extern const struct verb verbs[VERBS];

/* The plain methods: a request and its response for each URI. */
int method_run(struct tool *t);

int observe_run(struct tool *t);
int discover_run(struct tool *t);
int ping_run(struct tool *t);

/* Load, and what comes of it. */
int bench_run(struct tool *t);

#endif
