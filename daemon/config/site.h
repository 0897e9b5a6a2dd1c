/* site.h - one site: what an operator wrote, checked and typed.
 *
 * Made by site_load() and constant from then on; everything it points to is
 * its own and goes with site_free().  The supervisor and the check child load
 * it, workers inherit it by fork.  What the settings mean is in the rows
 * (schema_site.c), from which coapd-site(5) is made; the names below follow
 * them. */
#ifndef CONFIG_SITE_H
#define CONFIG_SITE_H

#include "base/addr.h"
#include "base/log.h"
#include "config/errors.h"
#include "config/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pool;

#define SITE_LISTENERS_MAX 15   /* of all hosts together: a slot has a socket of each */

enum site_scheme { SITE_COAP };

/* "coap" */
const char *site_scheme_name(enum site_scheme scheme);

struct site_listener {
	enum site_scheme scheme;
	struct addr addr;       /* "::" is both IPv6 and IPv4; 0.0.0.0 is v4-mapped,
				 * IPv4 alone; port 0: the kernel picks */
	const char *text;       /* as written */
	const char *passed;     /* a service manager has it and calls it so; NULL: it is opened
				 * here, at addr, unless one at that address is passed */
	struct config_place at;
	uint32_t host;          /* whose it is alone: its number in hosts + 1; 0: nobody's */
};

/* A virtual host: requests that name it have resources of their own. */
struct site_host {
	const char *name;               /* as written; big and small letters are the same */
	const char *aliases;            /* further names, between spaces */
	bool bound;                     /* it has listeners of its own */
	struct config_place at;
};

/* Limits are for the whole daemon; a slot gets site_share() of those that count
 * objects.  The two per endpoint and token_length are
 * what they are. */
struct site_limits {
	uint32_t endpoints;
	uint32_t dedup;
	uint32_t exchanges;
	uint32_t waiting;
	uint32_t tasks;
	uint32_t jobs;                  /* of a worker */
	uint32_t messages;
	uint32_t fetches;
	uint32_t answers_per_endpoint;
	uint32_t answers_lent;          /* per cent of dedup */
	uint32_t exchanges_per_endpoint;
	uint32_t token_length;
	uint32_t assemblies;
	uint32_t assemblies_per_endpoint;
	uint32_t bodies;
	uint32_t observers;
	uint32_t observers_per_endpoint;
	uint32_t representations;
	uint32_t verified;
	uint64_t body_size;
	uint64_t body_memory;
};

/* RFC 7252, 4.8 */
struct site_transmission {
	uint64_t ack_timeout_ms;
	uint32_t ack_random_factor;     /* thousandths: 1500 is 1.5 */
	uint32_t max_retransmit;
	uint32_t nstart;
	uint64_t ack_delay_ms;
	uint64_t max_latency_ms;
	uint64_t processing_delay_ms;
	unsigned block_size;            /* size exponent: position in the row's words */
	uint64_t body_timeout_ms;
	uint32_t observe_confirm;
	uint64_t observe_pause_ms;
	uint32_t amplification;
};

/* Link attributes for /.well-known/core (RFC 6690, 3); "" is absent. */
struct site_link {
	const char *title;
	const char *rt;                 /* words between spaces */
	const char *iface;              /* if=, words between spaces */
	const char *ct;                 /* numbers between spaces */
	const char *sz;                 /* a number */
	bool obs;
};

/* A module mounted at a path.  Segments are decoded UTF-8, neither empty nor
 * with "/" or a zero byte in them, at most 255 bytes; "/" has none. */
struct site_mount {
	const char *path;               /* normalised: percent-encoded where needed */
	const char *const *segments;
	size_t nsegments;
	uint32_t host;                  /* number in hosts + 1; 0: of no host by name */
	const char *shown;              /* "//host/path"; NULL: as path */
	const char *module;
	uint64_t body_size;             /* 0 is auto: ask site_body_size() */
	struct site_link link;
	const struct config_pair *options;      /* for the module's rows, in file order */
	size_t noptions;
	struct config_place at;         /* of the path */
	struct config_place module_at;  /* of the module's name */
};

struct site {
	const char *file;
	uint32_t workers;               /* 0 is auto: ask site_workers() */
	uint32_t slots;                 /* 0 is auto: ask site_slots() */
	uint32_t threads;               /* of a worker, for jobs */
	const char *user;
	unsigned log_level;             /* enum log_level */
	unsigned log_parts[LOG_PARTS_N];        /* 0 as log_level, else enum log_level + 1 */
	unsigned log_format;            /* enum log_format */
	unsigned log_to;                /* enum log_to */
	const char *log_file;           /* "": it goes to log_to */
	const char *access_file;        /* "" none, "-" standard error */
	unsigned access_format;         /* enum log_format */
	uint32_t access_each;           /* one line for so many answers */
	const char *access_paths;       /* between spaces; "" all */
	const struct site_listener *listeners;  /* at least one */
	size_t nlisteners;
	uint8_t sock[SITE_LISTENERS_MAX];       /* of each listener: ask site_sock() */
	struct site_limits limits;
	struct site_transmission transmission;
	const char *dns;                /* servers instead of the system's, or "" */
	uint64_t drain_ms;
	uint64_t slow_hook_ms;          /* 0: none is slow */
	uint64_t watchdog_ms;           /* 0: workers may hang */
	uint64_t open_ms;               /* what a module may take to open */
	uint32_t crash_limit;           /* deaths in one resource; 0: any number */
	uint64_t crash_pause_ms;
	const char *modules_dir;
	const char *impl_info;          /* a URI; "" none */
	const char *control_socket;     /* a path; "": where it is by itself; "none" */
	uint32_t control_connections;
	uint64_t control_timeout_ms;
	const char *runtime_directory;  /* "": wherever there is one */
	const char *runtime_at;         /* the private one in it, while coapd runs; borrowed;
					 * NULL: there is none */
	const struct site_mount *mounts;        /* in file order, paths all different */
	size_t nmounts;
	const struct site_host *hosts;
	size_t nhosts;
	const struct config_pair *given;        /* keys of the file itself, and those of sections
						 * as "section.key", as they stand there */
	size_t ngiven;
	struct pool *pool;              /* owns all of the above, this included */
};

/* Reads and checks a file of at most 1 MiB; a pipe or a terminal is read to its end.  NULL: errors, which is emptied
 * first, says why, and holds at least one message. */
struct site *site_load(const char *file, struct config_errors *errors);

/* The same for n bytes of text; file is what messages call it, copied. */
struct site *site_load_text(const char *file, const char *text, size_t n,
			    struct config_errors *errors);

/* The same for what site_dump_plain() wrote, which may be longer than a file. */
struct site *site_load_own(const char *file, const char *text, size_t n,
			   struct config_errors *errors);

/* Both as above, for who looks for more mistakes: a site with some is returned all the
 * same, with those of its mounts that have path and module, and errors->count says that
 * it must not be used for anything else.  NULL: there is nothing to look at. */
struct site *site_read(const char *file, struct config_errors *errors);
struct site *site_read_text(const char *file, const char *text, size_t n,
			    struct config_errors *errors);

/* As site_read(), of a regular file only: it does not block. */
struct site *site_read_again(const char *file, struct config_errors *errors);

/* Where the value of a key of the file itself, or of a section ("limits.dedup"), stands; that
 * of a section is the place of the section, and that of a key which is not there is its
 * section's.  No place when neither is there. */
struct config_place site_place(const struct site *site, const char *key);

/* Puts the place of a key, "FILE:LINE:COLUMN: ", before the text of an error, if code is one,
 * and returns that. */
int site_blame(const struct site *site, const char *key, int code, struct err *err);

/* Whether that key is there and has this value, and not its default or something that was
 * set later. */
bool site_gives(const struct site *site, const char *key, const char *value);

/* The path of a mount for the eyes of a person, with its host if it has one by name. */
static inline const char *site_mount_shown(const struct site_mount *mount)
{
	return mount->shown ? mount->shown : mount->path;
}

/* The mount of another site that has the path and module of m, of this one, and is of the same
 * host; NULL: it has none. */
const struct site_mount *site_like(const struct site *other, const struct site *site,
				   const struct site_mount *m);

/* Whether two mounts of one module give it the same options. */
bool site_same_options(const struct site_mount *a, const struct site_mount *b);

/* The name of the host of a mount or listener; NULL: of none. */
const char *site_host_name(const struct site *site, uint32_t host);

/* Takes the site; NULL is fine. */
void site_free(struct site *site);

/* The number of a listener's socket in each slot.  It stays what it is when a site with other
 * listeners takes over, so that what is remembered of peers goes on to mean the same: the
 * supervisor says which in site.sock, 1 for number 0; 0 is the listener's own number. */
static inline unsigned site_sock(const struct site *site, size_t listener)
{
	return site->sock[listener] ? site->sock[listener] - 1u : (unsigned)listener;
}

/* Writes the effective site, defaults and all, as YAML that site_load() reads
 * back to the same settings.  0, or a negative errno of the writing. */
int site_dump(const struct site *site, FILE *out);

/* The same with what variables gave in it, which may be secret. */
int site_dump_plain(const struct site *site, FILE *out);

/* As site_dump() with the defaults of modules as well: known are the rows of each mount's module,
 * site->nmounts of them, with no rows where they are not known. */
struct site_rows {
	const struct config_row *rows;
	size_t n;
};
int site_dump_with(const struct site *site, const struct site_rows *known, FILE *out);

/* Sets the log of this process up as the site wants it; who is log_configure()'s. */
void site_log(const struct site *site, const char *who);

/* Both numbers with auto resolved: auto is max(2, CPUs online) workers and as
 * many slots as workers.  At least 1, and never more workers than slots. */
uint32_t site_workers(const struct site *site);
uint32_t site_slots(const struct site *site);

/* The longest body of a request to a mount, and to any of them, limits.body-size
 * included. */
uint64_t site_body_size(const struct site *site, const struct site_mount *mount);
uint64_t site_body_size_most(const struct site *site);

/* What one of slots gets of a limit of the daemon: limit / slots x 1.25, rounded
 * up, as clients do not spread evenly; the whole limit when there is one slot. */
uint32_t site_share(uint32_t limit, uint32_t slots);

#endif
