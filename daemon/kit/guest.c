#include "kit/guest.h"

#include "base/clock.h"
#include "base/log.h"
#include "kit/pace.h"
#include "resource/mount.h"
#include "resource/resources.h"
#include "worker/dispatch.h"
#include "worker/mailbox.h"
#include "worker/mounts.h"
#include "worker/slot.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* The module's own functions, which ours stand before. */
struct original {
	int (*open)(coapd_mount *, const void *, void **);
	enum coapd_verdict (*handle)(void *, coapd_task *, const struct coapd_event *);
	bool retry;
};

/* One to a process: hooks have no other way to it. */
static struct guest {
	struct guest_shared *shared;
	const struct site *site;
	struct original *original;
	struct resources *resources;
	struct dispatch dispatch;
	struct space_def def;
	struct windows_def windows;
	struct bodies bodies;
	struct body_budget budget;
	const uint64_t *used;
	uint64_t swept;
	struct pace pace;
	struct worker_slot slot;
	struct worker_boot boot;        /* as far as the mailbox looks at it */
	struct mailbox mailbox;
} guest;

#define SWEEP_MS 1000u

size_t guest_size(const struct site *site)
{
	struct windows_def windows = slot_windows(site);

	return slot_size(site) + windows_size(&windows);
}

/* --- deaths ------------------------------------------------------------------------ */

static void die_if(enum death_place place, uint32_t nth)
{
	struct guest_shared *s = guest.shared;

	if (s->killed || s->death.place != place || s->death.nth != nth)
		return;
	s->victim = s->in_event ? s->point : (struct guest_point){ .mount = GUEST_NOBODY };
	s->killed = 1;
	kill(getpid(), SIGKILL);
}

/* The dispatch tells of each event's end. */
static void on_commit(void *arg, bool done)
{
	struct guest_shared *s = arg;

	if (!done) {
		if (guest.pace.jobs.prepared)
			s->job = s->point;
		s->events++;
		die_if(DEATH_BEFORE_COMMIT, s->events);
		return;
	}
	die_if(DEATH_AFTER_COMMIT, s->events);
	s->in_event = 0;
}

/* --- around the functions of modules -------------------------------------------------- */

static bool may_not_run_twice(const coapd_task *task, const struct original *o)
{
	const coapd_msg *m = coapd_request(task);

	return m && !o->retry && !code_is_safe(coapd_code(m));
}

static enum coapd_verdict handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	struct guest_shared *s = guest.shared;
	uint32_t mount = coapd_task_mount(task)->where - 1;
	const struct original *o = &guest.original[mount];
	uint64_t began = clock_ms(), took;
	enum coapd_verdict v;

	s->point = (struct guest_point){ mount, event->what, event->tag, event->attempt,
					 may_not_run_twice(task, o) };
	s->hooks++;
	s->in_event++;
	die_if(DEATH_IN_HOOK, s->hooks);
	s->stage = GUEST_IN_HOOK;
	v = o->handle(self, task, event);
	s->stage = GUEST_SERVING;
	took = clock_ms() - began;
	if (took > GUEST_SLOW_MS && took > s->slow_ms) {
		s->slow = s->point;
		s->slow_ms = (uint32_t)took;
	}
	return v;
}

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	uint32_t i = mount->where - 1;

	guest.shared->point.mount = i;
	guest.shared->stage = GUEST_OPENING;
	return guest.original[i].open(mount, conf, self);
}

static void wrap(struct resource_mount_spec *specs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct coapd_module *d = &specs[i].module->desc;

		guest.original[i] = (struct original){ d->open, d->handle,
						       d->flags & COAPD_F_RETRY };
		d->handle = handle;
		if (d->open)
			d->open = open_mount;
	}
}

/* --- start ------------------------------------------------------------------------- */

static void start_resources(void)
{
	resources_slots(guest.resources, 1);
	resources_post(guest.resources, &guest.mailbox.post);
	if (guest.site->threads)
		resources_jobs(guest.resources, &guest.pace.jobs);
}

static void begin_counts(struct resource_mount_spec *specs, size_t n,
			 const struct counts *counts)
{
	for (size_t i = 0; i < n; i++)
		specs[i].counts = counts_begin(counts, 0, i, specs[i].module->desc.counters,
					       specs[i].module->desc.ncounters);
}

static bool start_modules(const struct counts *counts)
{
	struct guest_shared *s = guest.shared;
	size_t n = guest.site->nmounts;
	struct resource_mount_spec *specs = calloc(n + 1, sizeof *specs);
	struct config_errors *errors = &s->errors;
	struct err err = { "no memory for the mounts" };

	s->stage = GUEST_LOADING;
	errors_begin(errors, guest.site->file);
	guest.original = calloc(n + 1, sizeof *guest.original);
	if (specs && guest.original && mounts_load(guest.site, specs, errors)) {
		wrap(specs, n);
		begin_counts(specs, n, counts);
		s->point.mount = GUEST_NOBODY;
		guest.resources = resources_new(specs, n, &err);
	}
	if (guest.resources)
		start_resources();
	if (!guest.resources && !errors->count)
		errors_add(errors, s->stage == GUEST_OPENING ?
			   guest.site->mounts[s->point.mount].module_at :
			   (struct config_place){ 0 }, "%s", err.text);
	free(specs);
	return guest.resources != NULL;
}

/* A script gives addresses, no names; and there is a way to all of its peers. */
static struct outside outside;

static bool start_slot(void *mem)
{
	static const struct hash_key key = { { 0x5bd1e995u, 0x1b873593u } };
	struct engine_conf conf = slot_conf(guest.site);
	struct dispatch *d = &guest.dispatch;
	enum space_state state;

	slot_def(guest.site, &guest.def);
	guest.windows = slot_windows(guest.site);
	guest.used = slot_body_pages(mem);
	guest.budget = (struct body_budget){
		.pages = guest.site->limits.body_memory / WINDOWS_PAGE, .n = 1,
		.used = &guest.used };
	guest.bodies = (struct bodies){
		.windows = { (uint8_t *)mem + space_size(&guest.def), &guest.windows },
		.budget = &guest.budget };
	conf.bodies = &guest.bodies;
	if (dispatch_open(d, mem, &guest.def, 0, &key, &conf, guest.resources, &state))
		return errors_add(&guest.shared->errors, (struct config_place){ 0 },
				  "no memory for the tables of a slot");
	outside.client_sock = (uint16_t)guest.site->nlisteners;
	d->outside = &outside;
	d->commits = on_commit;
	d->committing = guest.shared;
	if (state == SPACE_OLD && !dispatch_adopt(d, guest.shared->now))
		log_error("the slot is wiped, as workers keep dying when they take it over");
	return true;
}

/* The one mailbox that there is. */
static void start_mail(const struct guest_boot *b)
{
	guest.slot = (struct worker_slot){ .slot = 0, .mail = b->mail_out };
	guest.boot = (struct worker_boot){ .slots = &guest.slot, .nslots = 1, .nmemfds = 1,
					   .mail = &b->mail_in };
	mailbox_init(&guest.mailbox, &guest.boot);
}

/* --- service: what worker/service.c does with sockets ---------------------------------- */

static struct space *space(void)
{
	return &guest.dispatch.engine.space;
}

static void receive(void)
{
	struct guest_shared *s = guest.shared;
	struct batch *b = batch_of(space());
	struct rx_dgram *rx = &b->rx[0];

	if (!s->has_rx || space_rx_next(space()) < b->rx_n)
		return;
	rx->from = addr_to_sin6(&s->rx.peer);
	rx->to = s->rx.local;
	rx->tries = 0;
	rx->len = s->rx.len;
	memcpy(rx->data, s->rx.data, s->rx.len);
	space_commit(space(), 0, space_tx_n(space()), space_exec(space()));
	space_set(&b->rx_n, 1);
	s->has_rx = 0;
}

static void flush(void)
{
	struct guest_shared *s = guest.shared;
	const struct batch *b = batch_of(space());

	s->tx_n = space_tx_n(space());
	for (unsigned i = 0; i < s->tx_n; i++) {
		s->tx[i].peer = b->tx[i].to;
		s->tx[i].local = b->tx[i].from;
		s->tx[i].len = b->tx[i].len;
		memcpy(s->tx[i].data, b->tx[i].data, b->tx[i].len);
	}
	dispatch_flushed(&guest.dispatch);
}

/* There is nobody else: what changed is looked for in each round. */
static void wake_nobody(void *arg, uint32_t word)
{
	(void)arg;
	(void)word;
}

static void look(void)
{
	struct notices *n = &guest.resources->notices;
	uint32_t from = 0, word;

	while ((word = notices_here(n)) < CHANGES_WORDS)
		dispatch_changed(&guest.dispatch, guest.shared->now, word);
	while ((word = changes_next(n->changes, n->seen, &from)) < CHANGES_WORDS)
		dispatch_changed(&guest.dispatch, guest.shared->now, word);
}

/* What is ready is looked for in each round. */
static void need_nothing(void *arg, unsigned i, int fd, int events)
{
	(void)arg, (void)i, (void)fd, (void)events;
}

static const struct watching watching = { .set = need_nothing };

static void run_watched(unsigned i, const struct watch *w, int revents)
{
	struct guest_shared *s = guest.shared;
	int events = (revents & ~POLLOUT ? COAPD_READABLE : 0) |
		     (revents & ~POLLIN ? COAPD_WRITABLE : 0);

	s->point = (struct guest_point){ .mount = w->mount->where - 1, .what = GUEST_WATCHED };
	s->hooks++;
	s->in_event++;
	die_if(DEATH_IN_HOOK, s->hooks);
	s->stage = GUEST_IN_HOOK;
	dispatch_watched(&guest.dispatch, s->now, i, events);
	s->stage = GUEST_SERVING;
}

/* Descriptors of modules; true if any was ready. */
static bool watch(void)
{
	const struct watches *w = &guest.resources->watches;
	bool ready = false;

	for (unsigned i = 0; i < w->n; i++) {
		const struct watch *one = &w->watch[i];
		struct pollfd p = { .fd = one->fd,
				    .events = (one->events & COAPD_READABLE ? POLLIN : 0) |
					      (one->events & COAPD_WRITABLE ? POLLOUT : 0) };

		if (!one->mount || poll(&p, 1, 0) <= 0 || p.revents & POLLNVAL)
			continue;
		run_watched(i, one, p.revents);
		ready = true;
	}
	return ready;
}

static bool has_mail(void)
{
	struct letter l;

	return guest.mailbox.post.peek(guest.mailbox.post.arg, 0, &l);
}

/* Jobs that this round began are done while time stands still. */
static void work(void)
{
	struct guest_shared *s = guest.shared;

	if (pace_works(&guest.pace))
		s->stage = GUEST_IN_JOB;
	pace_settle(&guest.pace, s->now, s->job_ms);
	s->stage = GUEST_SERVING;
}

static uint64_t next(void)
{
	uint64_t due = dispatch_next(&guest.dispatch);

	return due < guest.pace.next ? due : guest.pace.next;
}

/* One round: until there is no more to do, or no room for more answers. */
static void advance(void)
{
	struct guest_shared *s = guest.shared;
	struct dispatch *d = &guest.dispatch;
	bool done, ready;

	receive();
	work();
	d->mail = has_mail();
	done = dispatch_batch(d, s->now);
	ready = done && watch();
	look();
	if (done && (dispatch_next(d) <= s->now || dispatch_pending(d)))
		done = dispatch_due(d, s->now);
	flush();
	if (done && s->now >= guest.swept + SWEEP_MS) {
		dispatch_sweep(d, s->now);
		guest.swept = s->now;
	}
	work();
	s->next = next();
	s->more = !done || ready || s->has_rx || s->next <= s->now || dispatch_pending(d) ||
		  has_mail();
	s->in_event = 0;
}

static int serve(int fd)
{
	char byte;

	guest.shared->stage = GUEST_SERVING;
	guest.swept = guest.shared->now;
	while (read(fd, &byte, 1) == 1) {
		advance();
		dispatch_survived(&guest.dispatch);
		if (write(fd, &byte, 1) != 1)
			break;
	}
	return GUEST_EXIT_OK;
}

int guest_run(const struct guest_boot *b, int fd)
{
	guest.shared = b->shared;
	guest.site = b->site;
	log_setup(LOG_DEBUG, "worker 0");
	start_mail(b);
	if (!pace_open(&guest.pace, b->site)) {
		errors_add(&b->shared->errors, (struct config_place){ 0 }, "no memory for jobs");
		return GUEST_EXIT_START;
	}
	if (!start_modules(b->counts))
		return GUEST_EXIT_START;
	resources_changes(guest.resources, &b->shared->changes, 0, wake_nobody, NULL);
	resources_watching(guest.resources, &watching);
	if (!start_slot(b->mem))
		return GUEST_EXIT_START;
	return serve(fd);
}
