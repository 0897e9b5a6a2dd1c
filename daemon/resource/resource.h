/* resource.h - from a request in hand to the module that answers it.
 *
 * One struct resources per generation and worker: the mounts of the site, made
 * at boot, constant from then on but for what the modules keep.  It works on any
 * engine (one per slot the worker owns).  Each call is part of one event: the
 * caller commits after it (engine.h).
 *
 * Adoption: the layout is engine_layout() then task_layout(); between
 * adopt_begin() and adopt_end() comes task_adopt(), after it request_lost() with
 * resource_lost() and a commit. */
#ifndef RESOURCE_RESOURCE_H
#define RESOURCE_RESOURCE_H

#include "base/err.h"
#include "base/veil.h"
#include "exchange/request.h"
#include "resource/module.h"
#include "resource/task.h"

struct resources;

/* Link attributes for /.well-known/core (RFC 6690, 3); NULL or "" is absent. */
struct resource_link {
	const char *title;
	const char *rt;                 /* words between spaces */
	const char *iface;              /* if=, words between spaces */
	const char *ct;                 /* numbers between spaces */
	const char *sz;                 /* a number */
	bool obs;
};

/* One mount as the site describes it.  Strings are borrowed and live as long as
 * the resources. */
struct resource_mount_spec {
	const char *path;               /* "/" or "/a/b", percent-encoded where needed */
	const char *const *segments;    /* the same decoded */
	size_t nsegments;
	const char *host;               /* NULL: the default one (hosts.h) */
	const char *shown;              /* the path with its host, for messages; NULL: as path */
	const struct veil *veils;       /* what is not to be shown of its settings */
	size_t nveils;
	const char *place;              /* "FILE:LINE:COLUMN: ", for messages; NULL none */
	struct resource_link link;
	struct module *module;          /* taken */
	void *conf;                     /* module->desc.conf_size bytes from malloc() with
					 * the module's rows applied; taken; NULL if the
					 * module has no rows */
	const char *directory;          /* for files of modules, shared by all workers; NULL */
	struct counts_row *counts;      /* where it counts (base/counts.h), borrowed; NULL */
	const uint32_t *gate;           /* whether it is closed (base/gates.h), borrowed; NULL:
					 * it never is */
	uint64_t body_size;             /* longest body of a request; 0: none in blocks */
	bool renewed;                   /* the site before this one had it with other options */
	uint32_t *where;                /* its number + 1 is there while it opens or closes;
					 * NULL: it is not noted */
	void (*opens)(void *arg);       /* called before it opens, when that is noted; NULL */
	void *arg;
};

/* Opens n mounts in their order, and /.well-known/core of each host.  NULL: err says which
 * and why, all is closed.  Modules and confs of all specs are taken either way. */
struct resources *resources_new(const struct resource_mount_spec *specs, size_t n,
				struct err *err);

/* Closes the mounts in reverse order; NULL is fine. */
void resources_free(struct resources *R);

/* Adds the options that mounts understand, for engine_conf.options. */
void resource_options(struct option_set *set);

/* Adds a link to what this program is to /.well-known/core, once (wellknown_about()). */
void resources_about(struct resources *R, const char *uri);

/* The hosts that the mounts are of, and their listeners; borrowed.  Before any slot is
 * served, and not needed if all are of the default host. */
struct hosts;
void resources_hosts(struct resources *R, const struct hosts *hosts);

/* From here on no request begins to wait (5.03, counted as shed); those that
 * wait are served to their end. */
void resources_drain(struct resources *R);

/* How many slots the daemon has (1 unless said); before any of them is served. */
void resources_slots(struct resources *R, uint32_t n);

/* Where jobs run; borrowed. */
struct jobs;
void resources_jobs(struct resources *R, struct jobs *jobs);

/* Hooks that take longer than slow_ms are logged and counted (0: none); clock tells
 * milliseconds, and costs next to nothing. */
void resources_clock(struct resources *R, uint64_t (*clock)(void), uint64_t slow_ms);

/* How tasks are woken; borrowed. */
struct post;
void resources_post(struct resources *R, const struct post *post);

/* Changes are told by these words from now on, which all workers share; we are reader
 * number of them, and wake() is called when others are to look at them.  Before any
 * slot is adopted.  Borrowed. */
struct changes;
void resources_changes(struct resources *R, struct changes *changes, unsigned number,
		       void (*wake)(void *arg, uint32_t word), void *arg);

/* The loop that descriptors of modules are watched in; borrowed. */
struct watching;
void resources_watching(struct resources *R, const struct watching *loop);

/* Works on a fresh request (INPUT_REQUEST); rx is its place in the batch.  The
 * request is settled in any case: answered, or waiting.
 *
 * While a hook runs, space_ctl.where is the mount's place in the specs + 1;
 * what is past the last is /.well-known/core of a host. */
void resource_request(struct resources *R, struct engine *e, struct request *r, unsigned rx);

#endif
