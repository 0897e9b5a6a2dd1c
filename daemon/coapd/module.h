/* coapd/module.h - how a resource is written for coapd.
 *
 * A module is a shared object that exports one constant, `coapd_module`.  The
 * site file mounts it at paths; each mount is an instance of its own in each
 * worker, with its own configuration.  Every request below the mount comes to
 * the module's one hook, handle(), which builds a reply and returns
 * COAPD_DONE, or arranges to be called again and returns COAPD_WAIT.
 *
 *	static enum coapd_verdict
 *	handle(void *self, coapd_task *task, const struct coapd_event *event)
 *	{
 *		if (!coapd_allow(task, COAPD_ALLOW_GET))
 *			return COAPD_DONE;
 *		coapd_reply(task, COAPD_205_CONTENT);
 *		coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
 *		coapd_reply_data(task, coapd_text("hello"));
 *		return COAPD_DONE;
 *	}
 *
 * Tasks.  A request that waits is a task: an object in memory that outlives
 * workers and reloads of the site.  It holds numbers and 128 bytes of scratch,
 * never a pointer: the worker that goes on with it may be another process than
 * the one that began it.  So the hook is a state machine: what it has to
 * remember goes into the scratch, and what happened comes as the event.
 *
 * Crashes.  When a worker dies inside a hook, the scratch is as it was before
 * the hook.  A safe method (GET, FETCH) and any method of a module with
 * COAPD_F_RETRY is delivered again, COAPD_ATTEMPTS times in all, with
 * event->attempt counting up; then it is answered 5.00.  So is any other request
 * at once, because nobody can know whether its effect happened.
 *
 * Ownership.  Every span lent to a module is good until the hook returns; every
 * span given by a module is copied.  Pointers to tasks and messages are good
 * until the hook returns.
 *
 * Threads and time.  All hooks run on the worker's one thread, and the worker
 * does nothing else meanwhile: a hook that blocks, blocks every peer of the
 * worker, and one that does so for longer than the site's watchdog is ended with
 * it, as if it had crashed.  Functions below are called from that thread, inside a hook.
 *
 * Compatibility.  Events, verdicts, flags and fields are added at the end or at
 * numbers kept free, never changed.  A module is sent only events that it asked
 * for by a function or a flag, so one built today meets no event it cannot
 * know.  Build with the flags of `pkg-config --cflags coapd`, link with -shared
 * and nothing of coapd's: the functions are found in the running daemon. */
#ifndef COAPD_MODULE_H
#define COAPD_MODULE_H

#include <coapd/descriptor.h>
#include <coapd/numbers.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* --- reading the request ---------------------------------------------------------- */

/* The request of the task, the same in each event; NULL for a task that is none
 * (coapd_task_start()).  Of no message, the functions below find nothing. */
const coapd_msg *coapd_request(const coapd_task *task);

/* The method or response code. */
uint8_t coapd_code(const coapd_msg *msg);

/* The nth option (from 0) of that number; value may be NULL.  False if there is
 * none.  Values whose length or form is not what the option is defined for are
 * passed over (RFC 7252, 5.4.3).  A path that came as a number (Uri-Path-Abbrev) is
 * found as the Uri-Path options that it stands for. */
bool coapd_opt(const coapd_msg *msg, uint16_t number, unsigned nth, coapd_span *value);

/* The first option of that number as an unsigned integer (RFC 7252, 3.2). */
bool coapd_opt_uint(const coapd_msg *msg, uint16_t number, uint64_t *value);

/* The payload; empty if there is none.  Of a request whose body came in blocks (RFC
 * 7959) it is the whole body in one piece, up to the mount's body-size: before it is
 * whole the hook is not called, and what is longer is answered 4.13. */
coapd_span coapd_payload(const coapd_msg *msg);

/* The nth path segment (from 0) below the mount; value may be NULL.  A "/" at the
 * end of a path is one more segment, which is empty: /a/ is not /a. */
bool coapd_path(const coapd_task *task, unsigned nth, coapd_span *segment);

/* The value of the first query argument "name=value", empty for a bare "name";
 * value may be NULL.  False if there is none. */
bool coapd_query(const coapd_task *task, const char *name, coapd_span *value);

/* --- who asks ------------------------------------------------------------------------
 * Who looks here answers this peer alone: the reply is not shared between observers,
 * and has Max-Age 0, so that caches do not either, unless the module adds another. */

/* Both ends of the way that the request came, good until the hook returns.  Addresses
 * as in RFC 5952: 192.0.2.1, 2001:db8::1, fe80::1%eth0. */
struct coapd_peer {
	const char *transport;          /* "udp" for now */
	const char *address;            /* the peer's */
	uint16_t port;
	const char *local_address;      /* what was asked: ours, or a multicast group's */
	uint16_t local_port;
	/* fields are added here */
};

const struct coapd_peer *coapd_peer(const coapd_task *task);

/* Who the peer has proved to be, text in UTF-8: "psk:IDENTITY", "cert:SUBJECT",
 * "oscore:LABEL"; empty where nobody proves anything, as over UDP.  An address is no
 * proof: it can be made up. */
coapd_span coapd_identity(const coapd_task *task);

/* --- what most requests are asked first -------------------------------------------
 * Each is true when all is well; else it has made the reply, and the hook has
 * only to return COAPD_DONE. */

/* Methods, as COAPD_ALLOW_GET | COAPD_ALLOW_POST; else 4.05 (RFC 7252, 5.8). */
bool coapd_allow(coapd_task *task, unsigned methods);

/* The content format we answer in is what the client accepts; else 4.06.  A
 * client that names none takes all (RFC 7252, 5.10.4). */
bool coapd_offer(coapd_task *task, uint16_t format);

/* The content format of the request's payload is one that we read; else 4.15
 * (RFC 7252, 5.9.2.9).  A client that names none is believed (5.5.1). */
bool coapd_take(coapd_task *task, uint16_t format);

/* The client's conditions hold (RFC 7252, 5.10.6.2 and 5.10.8), given whether what it
 * asks for exists now, and its ETag (empty: none); else 4.12, or for a GET or FETCH
 * that names the ETag 2.03 with no payload.  For a GET, the ETag is to be added to the
 * reply (coapd_add) by the module, or is given to coapd_reply_body(). */
bool coapd_current(coapd_task *task, bool exists, coapd_span etag);

/* --- the reply ----------------------------------------------------------------------
 * Mistakes are remembered and found by the core once, after COAPD_DONE: it
 * answers 5.00 and logs the first. */

/* Begins the reply anew, with a response code of class 2, 4 or 5. */
void coapd_reply(coapd_task *task, uint8_t code);

/* Adds an option, in any order; those of one number keep theirs.  At most 32
 * options with 1,024 bytes of values. */
void coapd_add(coapd_task *task, uint16_t number, coapd_span value);
void coapd_add_uint(coapd_task *task, uint16_t number, uint64_t value);

/* Appends to the payload, COAPD_REPLY_MAX bytes at most.  What does not fit one
 * message travels in blocks (RFC 7959): a GET or FETCH is delivered anew for each, so
 * its reply must be the same each time, or have an ETag of its own that tells that it
 * is not; replies to other methods, and to requests that came in blocks themselves,
 * are kept until they have been fetched. */
void coapd_reply_data(coapd_task *task, coapd_span data);

/* Instead of a payload: the body has size bytes, at most 2^30, of which any part can
 * be read: the hook is called again at once with COAPD_EV_READ for the one that is
 * wanted now.  The ETag (1 to 8 bytes) stands for these very bytes: another one, when
 * they have changed.  For GET and FETCH. */
void coapd_reply_body(coapd_task *task, uint64_t size, coapd_span etag);

/* --- the task -----------------------------------------------------------------------*/

/* The task's memory, n bytes from its start, aligned to 8: zero at the first
 * event, then as the hook left it when it last returned COAPD_WAIT.  NULL when n
 * is over COAPD_SCRATCH. */
void *coapd_scratch(coapd_task *task, size_t n);

/* The name of the task, the same in all its events and in no other task's for a
 * long time.  0 when no more requests may wait. */
coapd_id coapd_task_id(coapd_task *task);

/* Sends COAPD_EV_TIMER with this tag in ms milliseconds, if the hook returns
 * COAPD_WAIT; a running timer of the same tag is replaced.  It survives the
 * worker.  0; -EINVAL for a tag over 7; -EAGAIN when no more requests may wait,
 * which is best asked before an effect happens: a hook that returns COAPD_WAIT
 * all the same is answered for with 5.03. */
int coapd_after(coapd_task *task, uint8_t tag, uint32_t ms);

/* Runs fn(in, out, out_cap) on a thread beside the loop, for what takes long or blocks,
 * and sends COAPD_EV_JOB with this tag when it is over, if the hook returns COAPD_WAIT;
 * it begins then.  in is copied; fn has these bytes and nothing else: it calls no function
 * of coapd's, keeps no pointer of the module's that may end with the mount, and returns how
 * many bytes it put out, or -errno.  That is event->status, and the bytes are event->data.
 *
 * A job ends with its worker.  The task goes on with the next one, which sends the event
 * with the status -EOWNERDEAD: what the job does may have been done, in part or whole.
 * One that is replaced (a new one of the tag) or cancelled may run to its end all the
 * same; its result is dropped.
 *
 * 0; -EINVAL for a tag over 7; -E2BIG when in and out_cap are more than
 * COAPD_JOB_BYTES together; -EAGAIN when no more jobs or requests may wait;
 * -ENOTSUP when the site has no threads for jobs. */
#define COAPD_JOB_BYTES 65536u
typedef int coapd_jobfn(coapd_span in, uint8_t *out, size_t out_cap);
int coapd_job(coapd_task *task, uint8_t tag, coapd_jobfn *fn, coapd_span in, size_t out_cap);

/* Awaits COAPD_EV_WOKEN with this tag.  0; -EINVAL for a tag over 7; -EAGAIN when no more
 * requests may wait. */
int coapd_await(coapd_task *task, uint8_t tag);

/* Wakes a task of any mount, wherever it lives, by its name or, begun with COAPD_ONCE by
 * this mount, by its key: it is sent COAPD_EV_WOKEN with this tag and data (COAPD_WAKE_BYTES
 * at most), if it awaits that when the message is read, which is when the hook under way
 * is over.  Else the message is dropped and counted.
 *
 * The message outlives both workers.  It comes at least once: again, when a worker died of
 * its event; and when the caller dies in its hook, it has come all the same, and comes
 * again if that hook is run again.
 *
 * 0; -EAGAIN when the mailbox of the slot that the task lives in is full; -EINVAL for a
 * tag over 7 or more data; -ENOENT for a name that cannot be that of a task. */
#define COAPD_WAKE_BYTES 256u
int coapd_wake(coapd_mount *mount, coapd_id task, uint8_t tag, coapd_span data);
int coapd_wake_once(coapd_mount *mount, coapd_span key, uint8_t tag, coapd_span data);

/* Awaits nothing more under the tag, whatever it was.  A request that coapd_fetch() made
 * is given up, and the server of an observation is told. */
void coapd_cancel(coapd_task *task, uint8_t tag);

/* --- tasks that are no requests --------------------------------------------------------*/

/* Begins a task with nobody behind it: the hook is called with COAPD_EV_RUN as soon as
 * what is under way is over, then for whatever it awaits, until it returns COAPD_DONE.
 * coapd_request() is NULL in it, and a reply to nobody is a mistake, as any verdict but
 * these two.  scratch, COAPD_SCRATCH bytes at most, is what its scratch begins with.
 *
 * From within a hook: the task lives and dies with the slot of the event under way,
 * outlives workers, and begins only if the hook returns; a hook may begin 16.
 *
 * With COAPD_ONCE, and from open() alone: there is one of that key in this mount in the
 * whole daemon, however many workers ask for it.  It moves with its slot to whoever takes
 * over from a dead worker, and goes on with its scratch and its timers.  One that is over
 * begins anew with the next worker that takes its slot.
 *
 * When a worker dies in such a task, the event is delivered again, COAPD_ATTEMPTS times in
 * all, with event->attempt counting up; then the task is ended, and that is logged.  A task
 * ends, without an event, with a site that has its mount or module no longer.
 *
 * key names it for COAPD_ONCE (any bytes), else it is not looked at.  id (may be NULL) is
 * its name, as coapd_task_id() tells it; 0 with COAPD_ONCE, for it is not known where it
 * lives.  0; -EAGAIN at the limit (limits.tasks) or when a hook begins too many; -EINVAL
 * for what is not as said here. */
enum { COAPD_ONCE = 1 };
int coapd_task_start(coapd_mount *mount, coapd_span key, unsigned flags, coapd_span scratch,
		     coapd_id *id);

/* --- requests of a module's own ----------------------------------------------------- */

struct coapd_optval {
	uint16_t number;
	coapd_span value;
};

struct coapd_out {
	const char *uri;        /* "coap://host:port/path?query", host a name or an address; an
				 * address of a group sends to all its members.  With peer
				 * only "/path?query", or NULL */
	coapd_id peer;          /* or: who has spoken to us, by coapd_endpoint() */
	const coapd_msg *like;  /* a request whose options go along, as a proxy forwards them
				 * (RFC 7252, 5.7): those that are safe to forward, but for
				 * those between two neighbours (blocks, Echo); Hop-Limit is
				 * one less.  NULL: none */
	uint8_t code;           /* COAPD_GET ... */
	bool non;               /* non-confirmable */
	bool observe;           /* and each new state (RFC 7641) */
	uint32_t timeout_ms;    /* for each message, once it is acknowledged or if it is
				 * non-confirmable; to a group: for all answers.  0: as long
				 * as RFC 7252 says (93 s) */
	const struct coapd_optval *opts;        /* further options, in any order; one takes
				 * the place of those of its number in like */
	size_t nopts;
	coapd_span payload;     /* all or part of the payload of the task's own request, which is
				 * read from there, whatever its length; or other bytes, at most
				 * about 1,000, which are copied */
};

/* Makes a request once the hook has returned COAPD_WAIT.  It survives the worker, and
 * ends with the task.  A body of any length is sent and received in blocks (RFC 7959).
 *
 * What comes is told by COAPD_EV_RESPONSE with this tag.  event->status 0: event->msg
 * has code and options of a response, event->data a part of its body that begins at
 * event->offset; event->last says that this was all of it.  Offset 0 begins another body:
 * what has come of one that is not complete is void.  event->over: nothing more comes,
 * the tag is free.  It stays false after the last part where other responses may follow:
 * from the members of a group until the time is up, and of an observation until the
 * server ends it, with a response that has it true.  event->from is which member it was.
 *
 * Any other status ends it, over is true and msg is NULL: -ETIMEDOUT, -ECONNREFUSED,
 * -ECONNRESET, -ENETUNREACH or -EHOSTUNREACH (no way, or the name has no address),
 * -EMSGSIZE, -EAGAIN (a limit), -EPROTO (blocks out of place), -ESTALE (the body changes
 * faster than it comes), -EIO (the payload is no more), -EOWNERDEAD (lost with a worker;
 * it may have been carried out).  The end of a group's answers is -ETIMEDOUT.
 *
 * At most 8 at a time in one task.  What the tag awaited before is cancelled.  0; or
 * nothing has changed: -EINVAL; -EPROTONOSUPPORT for schemes other than coap; -EMSGSIZE;
 * -ENOENT: that peer is no longer known; -ELOOP: the Hop-Limit of like is used up; -EAGAIN
 * at a limit. */
int coapd_fetch(coapd_task *task, uint8_t tag, const struct coapd_out *out);

/* Who made the request of the task, for coapd_out.peer: as long as coapd remembers the
 * endpoint, which it does while it has anything to do with it.  0 at a limit, and for a
 * task that is no request. */
coapd_id coapd_endpoint(const coapd_task *task);

/* Begins the reply with the code of a response that came and those of its options that a
 * proxy hands on (RFC 7252, 5.7): all but those between two neighbours. */
void coapd_reply_like(coapd_task *task, const coapd_msg *msg);

/* --- observers ------------------------------------------------------------------------
 * Who sends a GET or FETCH with Observe wants to be told of each new state (RFC 7641).
 * The list is the core's, and survives workers; a module says two things. */

/* While it answers a GET or FETCH: this state can be observed, coapd_changed() will tell
 * of changes.  To be called in the event in which the state is read.  If the client asked
 * for it and the reply is of class 2, it is entered; else this does nothing.  From
 * then on the hook gets COAPD_EV_RENDER when the state is to be told: once for all
 * observers whose requests have the same options and payload, with one of them as the
 * request.  It has no ETag, so that the state is always given; options that are for one
 * message alone are missing, too.  A reply of another class than 2 (4.04 for what is gone),
 * COAPD_DECLINE (4.04) or another Content-Format than the first reply's (4.06) ends
 * the observation.  COAPD_WAIT is a mistake here (5.00): let the state be at hand. */
void coapd_observe(coapd_task *task);

/* The same, and says how this state is told when it is told (RFC 7641, 4.5): what counts is
 * what the hook says in COAPD_EV_RENDER, each time anew.  A non-confirmable notification may
 * be lost; it suits states that are followed by others soon.  So that who is gone is found
 * out, one in as many as the site's observe-confirm says, and one a day, is confirmable all
 * the same, and so is what is sent again or ends the observation. */
enum coapd_notify {
	COAPD_NOTIFY_AS_ASKED = 0,      /* as the request that registered came: coapd_observe() */
	COAPD_NOTIFY_CON = 1,           /* confirmable */
	COAPD_NOTIFY_NON = 2            /* non-confirmable */
};
void coapd_observe_as(coapd_task *task, enum coapd_notify how);

/* The client asks to observe: for modules that have something to do before they read a
 * state that is observed, as in COAPD_EV_RENDER, where this is false. */
bool coapd_wants_observe(const coapd_task *task);

/* To be called after the state has changed, where all workers can read the new one: of
 * the resource at a path below the mount ("" the mount itself, "a/b").  Observers of all
 * workers are told the state that is there by then, not each state in between.  May be
 * called in any hook.  A hook that dies before this is made up for: what a request's
 * path leads to is then taken for changed. */
enum coapd_change {
	COAPD_CHANGED = 0,
	COAPD_GONE = 1          /* it is gone: the hook answers 4.04, which ends the
				 * observations; if it is there again by the time it is asked,
				 * that is what observers are told */
};
void coapd_changed(coapd_mount *mount, coapd_span path, enum coapd_change change);

/* The same for observers of this worker alone: for what each worker notices by itself, as
 * otherwise all were told as many times as there are workers.  It dies with the worker, see
 * COAPD_F_WATCHES. */
void coapd_changed_here(coapd_mount *mount, coapd_span path);

/* --- what goes on outside: descriptors of foreign libraries ------------------------------
 * Nothing of it outlives the worker: its successor opens the mount anew. */

enum {
	COAPD_READABLE = 1,     /* can be read without waiting, or is at its end */
	COAPD_WRITABLE = 2
};

/* Runs fn(self, fd, events) whenever the descriptor can be read or written, as events say,
 * for as long as it can be; events are those that are so now.  One that is watched already
 * is watched as said now; with events 0 it is no longer, and fn may be NULL.  It is to be
 * non-blocking, and to be taken off before it is closed, as the kernel does not tell of
 * that.  Before close() all of the mount are off.  Of use in open(), where it is noted for
 * when the worker serves, in any hook and in fn, on the worker's own thread.
 *
 * fn runs like a hook without a task: it must not block, and is named in the log when it is
 * slow or kills the worker.  It may call the functions that take a mount, and begins tasks
 * (coapd_task_start() without COAPD_ONCE) but at moments in which no slot of the worker can
 * have any: -EINVAL.  That is one event: all of it or nothing, but messages to tasks and
 * word of changes are on their way at once.
 *
 * 0; -EMFILE when the mount has COAPD_WATCHES of them; -EBADF; -EPERM for a file or
 * directory, which are always ready, and for another thread; -ENOENT when there is none to be
 * taken off; -EINVAL for other events, or no fn; -ENOTSUP where there is no loop. */
#define COAPD_WATCHES 64u       /* for each mount in each worker */
typedef void coapd_watchfn(void *self, int fd, int events);
int coapd_watch_fd(coapd_mount *mount, int fd, int events, coapd_watchfn *fn);

/* --- the mount ----------------------------------------------------------------------*/

/* The mount that the task came to. */
coapd_mount *coapd_task_mount(const coapd_task *task);

/* Adds a link to /.well-known/core (RFC 6690): to what is served at path below the
 * mount, with attributes as they stand in a link, `rt="temperature-c";if="sensor";obs`
 * (NULL: none).  The path is written as in a URI, "a" or "a/b%20c".  Only in open(), and
 * the same in each worker.  The mount's own link is the site's to describe.  0; -EPERM
 * outside of open(); -EINVAL or -EEXIST for a mistake, and then the mount does not open,
 * whatever open() returns. */
int coapd_link(coapd_mount *mount, coapd_span path, const char *attributes);

/* A directory of this mount alone, that all workers share: made when it is first asked
 * for, empty when coapd starts, gone with all that is in it when coapd ends.  Good until
 * close(); may be called within open().  NULL with errno when there is none to be had. */
const char *coapd_directory(coapd_mount *mount);

/* Adds n to a counter of the mount, by its place in the descriptor's counters; another
 * number is passed over.  All workers count together, and a counter outlives them; what
 * a hook counts is counted even if it dies, and again if it is run again.  May be called
 * in open() and in any hook.  It costs next to nothing. */
void coapd_count(coapd_mount *mount, unsigned counter, uint64_t n);

/* Writes one line to the log, with the mount's path in front.  At most 20 lines a
 * second and mount; the rest is counted.  Payloads and secrets do not belong
 * here; what a variable of the site file gave to a setting is shown as it is written
 * there. */
enum {
	COAPD_LOG_ERROR, COAPD_LOG_WARN, COAPD_LOG_NOTICE, COAPD_LOG_INFO, COAPD_LOG_DEBUG
};
void coapd_log(coapd_mount *mount, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
