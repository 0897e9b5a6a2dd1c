/* coapd/descriptor.h - what a module is to coapd: its events and verdicts, its settings, and
 * the one structure that it exports.  Included by coapd/module.h, which tells how all of it
 * works together. */
#ifndef COAPD_DESCRIPTOR_H
#define COAPD_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define COAPD_ABI 1u            /* modules of another number are not loaded */

#define COAPD_SCRATCH 128u      /* bytes of scratch in a task */
#define COAPD_TAGS 8u           /* things one task can await at a time, tags 0..7 */
#define COAPD_REPLY_MAX 65536u  /* bytes of payload in a reply; more is read in parts */
#define COAPD_ATTEMPTS 3u       /* deliveries of one event before the core gives up */
#define COAPD_COUNTERS 16u      /* counters of a module */

typedef struct {
	const uint8_t *p;
	size_t n;
} coapd_span;

struct coapd_peer;                      /* coapd/module.h */
typedef struct coapd_mount coapd_mount; /* one module at one path in one worker */
typedef struct coapd_task coapd_task;   /* what the hook is called for */
typedef struct coapd_msg coapd_msg;     /* a message, to be read */
typedef uint64_t coapd_id;              /* names a task for ever; 0 none */

/* A string as a span, without its zero byte. */
static inline coapd_span coapd_text(const char *s)
{
	coapd_span span = { (const uint8_t *)s, strlen(s) };

	return span;
}

/* --- the hook ------------------------------------------------------------------ */

enum coapd_verdict {
	COAPD_DONE = 0,         /* the reply is complete */
	COAPD_WAIT = 1,         /* what has been awaited (coapd_after) brings us back;
				 * the core acknowledges the request in time (RFC
				 * 7252, 5.2.2) and drops what there is of a reply.  If
				 * the client rejects that, or is gone, the task ends
				 * without an event */
	COAPD_MORE = 2,         /* the part has been consumed: the next one, please (the
				 * core answers 2.31, and drops what there is of a reply
				 * and what is awaited); COAPD_F_STREAM alone, and not for
				 * the last part */
	COAPD_DECLINE = 3       /* not ours: the next shorter mount is asked, 4.04 at
				 * the end; an answer to COAPD_EV_REQUEST alone */
};

enum coapd_what {
	COAPD_EV_REQUEST = 0,   /* a request came; with COAPD_F_STREAM, it or the first part
				 * of it: see last */
	COAPD_EV_PART = 1,      /* a further part of the body, coapd_payload(), at
				 * event->offset: the next one in order; after a crash the
				 * same may come again.  COAPD_F_STREAM alone */
	COAPD_EV_CANCEL = 2,    /* no further part will come: the client gave up or began
				 * anew, it became too long, or a part failed.  What was
				 * done is to be undone; there is scratch, but no request
				 * any more, and the verdict is ignored.  May come again
				 * after a crash.  COAPD_F_STREAM alone */
	COAPD_EV_READ = 3,      /* a part of the body that coapd_reply_body() announced is
				 * wanted: give coapd_reply_data() event->want bytes from
				 * event->offset on, and return COAPD_DONE */
	COAPD_EV_RENDER = 4,    /* the state is wanted for those who observe it: the request
				 * is a registration (coapd_observe), the reply is to be
				 * made as for any GET, at once: COAPD_DONE */
	COAPD_EV_RUN = 5,       /* a task that coapd_task_start() began runs first */
	COAPD_EV_TIMER = 6,     /* the time given to coapd_after() is up, see tag */
	COAPD_EV_JOB = 7,       /* what coapd_job() began is over, see tag, status, data */
	COAPD_EV_RESPONSE = 8,  /* something came for the request that coapd_fetch() made,
				 * or nothing will, see status */
	COAPD_EV_WOKEN = 9      /* coapd_wake() was called for the task, see tag and data */
	/* 10 and 11 are kept for further awaits */
};

struct coapd_event {
	enum coapd_what what;
	uint8_t tag;            /* which await of the task */
	int status;             /* 0, or -errno when what was awaited failed */
	unsigned attempt;       /* 0: first delivery; n: n workers died in it */
	uint64_t offset;        /* READ, PART, RESPONSE: of the part within the body */
	size_t want;            /* READ: its bytes */
	bool last;              /* PART, RESPONSE: nothing follows */
	const coapd_msg *msg;   /* RESPONSE: what came; NULL else */
	coapd_span data;        /* JOB: its result; WOKEN: bytes that came with it; RESPONSE: part of the body */
	bool over;              /* RESPONSE: the tag awaits nothing any more */
	const struct coapd_peer *from;  /* RESPONSE to a group's request: the member that it
				 * comes from, its address and port; NULL else */
	/* fields are added here */
};

/* --- configuration ------------------------------------------------------------- */

/* One setting.  The loader, --check, the dump and the manual are made from it.  Names
 * that the site has for every mount (module, link, body-size) are refused.
 * Types, and what is stored at the offset in the module's structure:
 *	bool        bool
 *	uint        uint64_t
 *	count       uint32_t
 *	duration    uint64_t, milliseconds; written 100ms, 2s, 1.5s, 5m, 1h, 1d
 *	size        uint64_t, bytes; written 512, 64KiB, 1.5MiB
 *	ratio       uint32_t, thousandths; written 1.5
 *	string      const char *, good until close()
 *	enum a|b    unsigned, position of the word */
struct coapd_row {
	const char *name;
	const char *type;
	const char *deflt;      /* as a person would write it; NULL: must be given */
	const char *range;      /* "1..256", "8..", NULL any; of a string: its length */
	const char *unit;       /* what is counted; NULL */
	const char *text;       /* one or more sentences for the manual */
	size_t offset;          /* offsetof() in the module's structure */
};

/* What check() finds wrong. */
struct coapd_err {
	const char *row;        /* name of the row to blame, NULL for none */
	char text[200];
};

/* --- the descriptor -------------------------------------------------------------- */

#define COAPD_F_STREAM 1u       /* bodies that come in blocks (RFC 7959) are not put
				 * together but handed on part by part, each when it comes:
				 * the first as COAPD_EV_REQUEST whose last is false, the
				 * others as COAPD_EV_PART.  The hook returns COAPD_MORE, or
				 * for the last one COAPD_DONE with the reply; COAPD_DONE
				 * earlier ends the transfer with that reply, and undoing
				 * what was done is the hook's business then.  All parts
				 * are events of one task, with its scratch, and with the
				 * options of their own messages.  COAPD_WAIT is fine within
				 * a part.  A body in one message is one COAPD_EV_REQUEST
				 * with last set */
#define COAPD_F_RETRY 8u        /* running a request twice does no harm: unsafe
				 * methods are delivered again after a crash too */
#define COAPD_F_TREE 16u        /* serves all paths below its mount, see
				 * coapd_path(); without it the mount's path alone */
#define COAPD_F_CONDITIONS 32u  /* calls coapd_current() before it acts: only then are
				 * requests with If-Match or If-None-Match let in,
				 * others are answered 4.02 */
#define COAPD_F_WATCHES 64u     /* what changes from outside is noticed by something that
				 * ends with the worker (coapd_watch_fd()), for its own
				 * observers: a worker that takes over from a dead one has
				 * each state of theirs made anew (COAPD_EV_RENDER), so that
				 * the module watches again and nothing is missed */
#define COAPD_F_CONSTANT 128u   /* what it answers GET with depends on its settings and the
				 * options of the request alone, and whether it was asked
				 * is no matter: coapd may answer again by itself what it
				 * answered once, without the hook */
/* 2 and 4 are kept */

struct coapd_module {
	uint32_t abi;           /* COAPD_ABI */
	uint32_t size;          /* sizeof(struct coapd_module) */
	const char *name;       /* that of the file, without .so */
	const char *version;
	const char *summary;    /* one line */
	uint32_t flags;         /* COAPD_F_...; unknown ones are refused */

	/* The module's settings and the structure they are stored in. */
	const struct coapd_row *rows;
	size_t nrows, conf_size;

	/* Whether the settings make sense together, and what they name is there; may look
	 * and change nothing, may be NULL.  Runs where a site is checked, as the user of
	 * workers; nothing is open then.  0; with the reason, -EINVAL if they are wrong, or
	 * another -errno: what they name is not there now, and may be another time. */
	int (*check)(const void *conf, struct coapd_err *err);

	/* Begins a mount in a worker that has given up its privileges; may block
	 * shortly, at most for the site's open-time; may be NULL.  Not run by checks.
	 * conf is borrowed until close().  What is stored in self comes back in each
	 * call; conf does where open() is NULL.  0, or -errno: the worker does not
	 * start. */
	int (*open)(coapd_mount *mount, const void *conf, void **self);

	/* Ends the mount; may be NULL.  Not called when a worker is killed. */
	void (*close)(void *self);

	/* The hook; must be there. */
	enum coapd_verdict (*handle)(void *self, coapd_task *task,
				     const struct coapd_event *event);

	/* What the module counts (coapd_count()), COAPD_COUNTERS at most: names that
	 * operators see, each of 1 to 31 small letters, digits and "-".  They only rise. */
	const char *const *counters;
	size_t ncounters;

	/* hooks are added here */
};

/* What a module defines, and all that it exports. */
extern const struct coapd_module coapd_module;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
