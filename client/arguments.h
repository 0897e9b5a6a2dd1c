/* arguments.h - the command line of coap, as typed.
 *
 * What options there are is in arguments_rows.h, a row each; this file has where
 * their values go.  Texts are borrowed from argv.  Owned by main(). */
#ifndef CLIENT_ARGUMENTS_H
#define CLIENT_ARGUMENTS_H

#include "base/err.h"
#include "client/verb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGUMENTS_MANY 64       /* how often a repeatable option may be given */
#define ARGUMENTS_TAGS 8

struct texts {
	unsigned n;
	const char *v[ARGUMENTS_MANY];
};

struct tag {                    /* of up to 8 bytes: an ETag, a token */
	uint8_t n;
	uint8_t bytes[8];
};

struct tags {
	unsigned n;
	struct tag v[ARGUMENTS_TAGS];
};

/* Numbers that were not given are -1, texts NULL, switches 0; a switch that can be
 * turned either way is 1 or -1. */
struct arguments {
	enum verb_id verb;
	bool verb_given;        /* as a word */
	uint8_t code;           /* of the request: the verb's, or --method */
	const char **uris;      /* owned */
	unsigned nuris;
	int help, version;
	/* the body and what is said about it */
	const char *payload, *upload;
	int64_t content_format, accept;
	struct tags if_match, etag;
	int if_none_match;
	/* the message */
	int non;
	int64_t method;
	struct tag token;
	struct texts option;    /* NUMBER=VALUE; option_list.h reads them */
	int64_t no_response;
	int64_t szx;            /* of the largest block */
	const char *proxy;
	int set_hostname;
	/* the network */
	int64_t timeout_ms, loss_permille;
	/* output */
	struct texts output;
	int json, verbose, quiet, color, pretty;
	/* observe, discover, ping */
	int observe;
	int64_t count, for_ms, interval_ms;
	const char *exec;
	const char *multicast;  /* interface, empty for all of them */
	const char *rt, *interface, *ct, *href, *title;
	struct texts filter;
	/* bench */
	int64_t endpoints, window, rate, duration_ms, warmup_ms, size, processes, cpu;
	const char *expect, *trigger, *pids;
	int64_t trigger_method;
	struct texts source;
	int busy, segments, reuse_mids;
	/* what is understood but not there */
	int absent;
};

/* Reads the command line.  0, or -EINVAL and err says what is wrong with it;
 * arguments_free() in either case. */
int arguments_read(struct arguments *a, int argc, char *const argv[], struct err *err);
void arguments_free(struct arguments *a);

/* --- the rows ------------------------------------------------------------------- */

/* What a value is, and what the field that keeps it is. */
enum argument_kind {
	ARG_ON,                 /* none; int, becomes 1 */
	ARG_OFF,                /* none; int, becomes -1 */
	ARG_MORE,               /* none; int, one more each time */
	ARG_TEXT,               /* const char * */
	ARG_TEXTS,              /* struct texts, repeatable */
	ARG_MAYBE,              /* const char *, empty if left out; only as --name=VALUE */
	ARG_NUMBER,             /* int64_t, least to most */
	ARG_SECONDS,            /* int64_t, milliseconds; fractions may be written */
	ARG_PERCENT,            /* int64_t, thousandths; fractions may be written */
	ARG_FORMAT,             /* int64_t: a content format by number or name */
	ARG_METHOD,             /* int64_t: a method by name or number */
	ARG_BLOCK,              /* int64_t, a size exponent: written in bytes */
	ARG_TAG,                /* struct tag, hexadecimal */
	ARG_TAGS,               /* struct tags, repeatable */
	ARG_ABSENT              /* coap has no such thing; the help text says it */
};

struct argument_row {
	const char *names;      /* without dashes, the usual one first */
	const char *letters;    /* one-letter forms, empty for none */
	const char *value;      /* what its value is called, NULL if it takes none */
	uint8_t kind;           /* enum argument_kind */
	bool rare;              /* --help names it, coap(1) explains it */
	uint32_t verbs;         /* 1 << VERB_..., where it may be given */
	int64_t least, most;
	size_t offset;          /* of the field in struct arguments */
	const char *help;       /* one line */
	const char *more;       /* sentences for coap(1), two blanks between them */
};

extern const struct argument_row argument_rows[];
extern const unsigned argument_count;

/* The nth of a row's names, from 0, into out; false when there are no more. */
#define ARGUMENT_NAME 32
bool argument_name(const struct argument_row *row, unsigned nth, char out[ARGUMENT_NAME]);

#endif
