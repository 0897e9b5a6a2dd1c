/* All that a slot can have, taken over into another layout. */
#include "worker/slot_import.h"

#include "exchange/observer.h"
#include "resource/notices.h"
#include "resource/resources.h"
#include "moving.h"
#include "stage.h"
#include "twisted.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define UPSTREAM "coap://[::9]:1009/x"
#define expect(text) cr_assert_str_eq(stage_next(s), text)

static struct stage *s;
static const char *state = "one";
static coapd_mount *observed;
static struct space_def def, other;
static struct err err;
static int old, new;

/* --- the modules ------------------------------------------------------------------- */

static enum coapd_verdict store_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	char text[32];

	(void)self;
	stage_note(event);
	snprintf(text, sizeof text, "%u+%zu", s->runs,
		 coapd_payload(coapd_request(task)).n);
	return stage_say(task, text);
}

static enum coapd_verdict later_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	char *kept = coapd_scratch(task, 8);

	(void)self;
	stage_note(event);
	if (event->what != COAPD_EV_REQUEST)
		return stage_say(task, kept);
	strcpy(kept, "kept");
	return coapd_after(task, 0, 5000) ? COAPD_DONE : COAPD_WAIT;
}

static enum coapd_verdict watch_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	observed = coapd_task_mount(task);
	coapd_observe(task);
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_data(task, coapd_text(state));
	return COAPD_DONE;
}

static enum coapd_verdict relay_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	struct coapd_out out = { .uri = UPSTREAM, .code = COAPD_GET };

	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST)
		return coapd_fetch(task, 1, &out) ? COAPD_DONE : COAPD_WAIT;
	return stage_say(task, event->status ? "failed" : "fetched");
}

STAGE_MODULE(store, store_hook, .flags = 0);
STAGE_MODULE(later, later_hook, .flags = 0);
STAGE_MODULE(watch, watch_hook, .flags = 0);
STAGE_MODULE(relay, relay_hook, .flags = 0);

/* --- a slot with some of everything -------------------------------------------------- */

static void put(uint16_t mid, unsigned num, bool more)
{
	char options[32], payload[17] = "0123456789abcdef";

	snprintf(options, sizeof options, "11=s 27=#%02x", num << 4 | more << 3);
	stage_send(s, 2, COAP_PUT, mid, options, payload);
}

static struct rig_sent asked;           /* our own request, */
static uint8_t asked_token[8];          /* its token */

static void populate(void)
{
	struct resource_mount_spec specs[] = { stage_spec("/s", &store), stage_spec("/l", &later),
					       stage_spec("/w", &watch), stage_spec("/r", &relay) };

	specs[0].body_size = 1000;
	s = stage_new(specs, 4);
	moving_begin(s->rig, &s->windows);
	stage_ask(s, COAP_POST, 1, "11=s");
	expect("ACK 2.05 pay=1+0");
	stage_ask(s, COAP_GET, 2, "11=l");
	stage_wait(s, 200);
	expect("ACK 0.00 pay=");
	stage_ask(s, COAP_GET, 3, "6= 11=w");
	stage_next(s);
	put(4, 0, true);
	expect("ACK 2.31 27=#08 pay=");
	stage_ask(s, COAP_GET, 7, "11=r");
	stage_wait(s, 0);
	cr_assert(strncmp(stage_next(s), "CON 0.01 11=#78", 15) == 0);
	asked = s->last;
	memcpy(asked_token, s->token, sizeof asked_token);
	def = s->rig->def;
	old = moving_file(&def, s->rig->mem, s->bodies.windows.at);
}

static uint32_t lives[SPACE_SLABS];     /* before, by name as that in def */

static void note_lives(void)
{
	memcpy(lives, s->rig->e.space.ctl->live, sizeof lives);
	cr_assert_eq(lives[SLAB_ENDPOINT], 3);
	cr_assert_geq(lives[SLAB_DEDUP], 2);
	cr_assert_geq(lives[SLAB_EXCHANGE], 3);
	cr_assert_eq(lives[SLAB_XFER], 1);
	cr_assert_eq(lives[SLAB_BODY_SMALL], 1);
	cr_assert_eq(lives[SLAB_ASSEMBLY], 1);
	cr_assert_eq(lives[SLAB_OBSERVER], 1);
	cr_assert_eq(lives[SLAB_REPRESENTATION], 1);
	cr_assert_eq(lives[TASK_SLAB], 2);
	cr_assert_eq(lives[FETCH_SLAB], 1);
}

static void *fresh(const struct space_def *d)
{
	new = memfd_create("new", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(new, (off_t)moving_size(d)), 0);
	return moving_map(new, d, MAP_SHARED);
}

/* The stage goes on in what was imported. */
static void go_on(const struct space_def *d, const void *mem)
{
	free(s->bodies.windows.at);
	moving_end(s->rig, &s->bodies.windows, d, mem);
	s->used = &engine_root(&s->rig->e)->body_pages;
	stage_crash(s);
	cr_assert_eq(stage_counter(s, COUNT_ADOPT_DROPPED), 0);
	cr_assert_eq(stage_counter(s, COUNT_IMPORT_DROPPED), 0);
	for (unsigned i = 0; i < d->nslabs; i++)
		cr_expect_eq(s->rig->e.space.ctl->live[i], lives[i], "%s", d->slab[i].name);
}

/* All of it works on. */
static void expect_all(void)
{
	struct notices *n = &s->R->notices;
	uint32_t from = 0, word;

	stage_ask(s, COAP_POST, 1, "11=s");
	expect("ACK 2.05 pay=1+0");
	put(10, 1, true);
	expect("ACK 2.31 27=#18 pay=");
	put(11, 2, false);
	cr_assert_not_null(strstr(stage_next(s), "+48"));
	s->last = asked;
	memcpy(s->token, asked_token, sizeof s->token);
	stage_reply(s, COAP_ACK, COAP_CONTENT, NULL, "abc");
	cr_assert_not_null(strstr(stage_next(s), "pay=fetched"));
	state = "two";
	coapd_changed(observed, coapd_text(""), COAPD_CHANGED);
	while ((word = changes_next(n->changes, n->seen, &from)) < CHANGES_WORDS)
		notices_word(&s->rig->e, word);
	stage_wait(s, 0);
	cr_assert_not_null(strstr(stage_next(s), "pay=two"));
	rig_msg(s->rig, 1, COAP_ACK, COAP_EMPTY, s->last.m.mid, "", "");
	rig_commit(s->rig);
	stage_wait(s, 5000);
	for (unsigned i = 0; i < 10; i++)
		if (strstr(stage_next(s), "pay=kept"))
			return;
	cr_assert_fail("the task that waited is gone");
}

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(slot_import, .fini = teardown);

Test(slot_import, everything_is_there_in_a_larger_layout)
{
	uint64_t pages;
	void *to;

	populate();
	note_lives();
	pages = moving_pages(old, &def);
	other = def;
	for (unsigned i = 0; i < other.nslabs; i++)
		other.slab[i].cap = other.slab[i].cap * 2 + 5;
	other.windows = body_windows(other.slab[SLAB_BODY_SMALL].cap, other.slab[SLAB_BODY].cap,
				     1 << 18);
	to = fresh(&other);
	cr_assert_eq(slot_import(to, &other, old, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(moving_pages(old, &def), pages, "what is only read has grown");
	cr_assert_eq(slot_import(to, &other, old, NULL, &err), -EALREADY);
	go_on(&other, to);
	expect_all();
}

Test(slot_import, what_was_under_way_is_undone_in_a_copy)
{
	struct endpoint *p;
	uint32_t seen;
	uint8_t *before, *after;
	void *to;

	populate();
	note_lives();
	p = slab_at(engine_slab(&s->rig->e, SLAB_ENDPOINT), 0);
	seen = p->seen_s;
	undo_set(&s->rig->e.space, &p->seen_s, seen + 4711);
	old = moving_file(&def, s->rig->mem, s->bodies.windows.at);
	before = moving_map(old, &def, MAP_SHARED);
	after = malloc(moving_size(&def));
	memcpy(after, before, moving_size(&def));
	to = fresh(&def);
	cr_assert_eq(slot_import(to, &def, old, NULL, &err), 0, "%s", err.text);
	cr_assert_arr_eq(after, before, moving_size(&def), "only read");
	free(after);
	go_on(&def, to);
	p = slab_at(engine_slab(&s->rig->e, SLAB_ENDPOINT), 0);
	cr_assert_eq(p->seen_s, seen);
}

Test(slot_import, lower_limits_evict_nobody)
{
	struct space_def was;
	struct legend legend;
	void *to;

	populate();
	note_lives();
	other = def;
	for (unsigned i = 0; i < other.nslabs; i++)
		if (i != SLAB_DEDUP)
			other.slab[i].cap = 0;
	other.windows = body_windows(0, 0, 1 << 16);
	to = moving_map(old, &def, MAP_PRIVATE);
	cr_assert_eq(legend_read(&legend, to, space_size(&def), moving_size(&def), &err), 0);
	legend_def(&legend, &was);
	space_hold(&other, &was);
	to = fresh(&other);
	cr_assert_eq(slot_import(to, &other, old, NULL, &err), 0, "%s", err.text);
	go_on(&other, to);
	expect_all();
	put(20, 0, true);
	cr_assert_not_null(strstr(stage_next(s), "ACK 5.03"), "there is no room for a new one");
}

/* As another binary has it, and back. */
Test(slot_import, everything_is_there_after_other_structs)
{
	static struct import i;
	struct space_def twisted;
	uint8_t *to, *from;

	populate();
	note_lives();
	twisted_def(&def, &twisted);
	to = fresh(&twisted);
	from = moving_map(old, &def, MAP_PRIVATE);
	cr_assert_eq(import_begin(&i, to, &twisted, from, space_size(&def), moving_size(&def), NULL,
				  &err), 0, "%s", err.text);
	for (unsigned k = 0; k < WINDOWS_CLASSES; k++) {
		const struct legend_slab *a = &i.old.slab[def.windowed + k];
		const struct legend_slab *b = &i.new.slab[legend_slab_of(&i.new, a->name)];

		cr_assert_eq(a->window, b->window);
		memcpy(to + b->window_at, from + a->window_at, a->cap * a->window);
	}
	import_end(&i);
	cr_assert(!import_needless(to, moving_size(&twisted), &def));
	old = new;
	to = fresh(&def);
	cr_assert_eq(slot_import(to, &def, old, NULL, &err), 0, "%s", err.text);
	go_on(&def, to);
	cr_assert_eq(stage_counter(s, COUNT_IMPORTED), 2);
	expect_all();
}

/* --- other listeners ------------------------------------------------------------------- */

Test(slot_import, sockets_have_other_numbers_or_are_gone)
{
	static struct import_socks socks = { .now = { 2, 0 } };
	struct endpoint *p;
	void *to;

	populate();
	note_lives();
	batch_of(&s->rig->e.space)->rx_sock = 1;
	old = moving_file(&def, s->rig->mem, s->bodies.windows.at);
	to = fresh(&def);
	cr_assert_eq(slot_import(to, &def, old, &socks, &err), 0, "%s", err.text);
	go_on(&def, to);
	cr_assert_eq(batch_of(&s->rig->e.space)->rx_sock, 0);
	for (uint32_t i = 0; i < 3; i++) {
		p = slab_at(engine_slab(&s->rig->e, SLAB_ENDPOINT), i);
		cr_assert_eq(p->local.sock, p->remote.port == 1009 ? 0 : 2);
	}
}

Test(slot_import, what_a_socket_that_is_gone_was_for_goes_with_it)
{
	static struct import_socks socks = { .now = { -1, 0 } };
	struct engine *e;
	void *to;

	populate();
	old = moving_file(&def, s->rig->mem, s->bodies.windows.at);
	to = fresh(&def);
	cr_assert_eq(slot_import(to, &def, old, &socks, &err), 0, "%s", err.text);
	free(s->bodies.windows.at);
	moving_end(s->rig, &s->bodies.windows, &def, to);
	s->used = &engine_root(&s->rig->e)->body_pages;
	stage_crash(s);
	e = &s->rig->e;
	cr_assert_eq(stage_counter(s, COUNT_IMPORT_DROPPED), 3, "two peers and the batch");
	cr_assert_eq(e->space.ctl->live[SLAB_ENDPOINT], 1);
	cr_assert_eq(e->space.ctl->live[SLAB_DEDUP] + e->space.ctl->live[SLAB_OBSERVER] +
		     e->space.ctl->live[SLAB_ASSEMBLY] + e->space.ctl->live[SLAB_BODY_SMALL] +
		     e->space.ctl->live[TASK_SLAB], 0);
	cr_assert_eq(batch_of(&e->space)->rx_n, 0);
}

/* --- deaths -------------------------------------------------------------------------- */

/* In a process of its own, which dies when it comes to a page; false: it did not. */
static bool dies_at(uint8_t *to, const struct space_def *d, size_t page)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		mprotect(to + page * WINDOWS_PAGE, WINDOWS_PAGE, PROT_READ);
		_exit(slot_import(to, d, old, NULL, &err) != 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status != 0;     /* where the kernel writes, it is an error */
}

Test(slot_import, who_dies_in_it_is_followed_by_one_who_begins_again)
{
	uint8_t *whole, *to;
	unsigned deaths = 0;
	size_t n;

	populate();
	note_lives();
	other = def;
	for (unsigned i = 0; i < other.nslabs; i++)
		other.slab[i].cap += 7;
	other.windows.class[0].n += 7;
	other.windows.class[1].n += 7;
	n = moving_size(&other) / WINDOWS_PAGE;
	whole = fresh(&other);
	cr_assert_eq(slot_import(whole, &other, old, NULL, &err), 0, "%s", err.text);
	for (size_t page = 0; page < n; page++) {
		if (page == space_slab_at(&other, other.nslabs) / WINDOWS_PAGE + 200)
			page = n - 10;
		to = fresh(&other);
		if (dies_at(to, &other, page)) {
			deaths++;
			cr_assert(!import_is_late(to, &other));
			cr_assert_eq(slot_import(to, &other, old, NULL, &err), 0, "%s", err.text);
		}
		cr_assert_arr_eq(to, whole, n * WINDOWS_PAGE, "death at page %zu", page);
		munmap(to, n * WINDOWS_PAGE);
		close(new);
	}
	cr_assert_gt(deaths, 20);
	go_on(&other, whole);
	expect_all();
}

/* --- damage --------------------------------------------------------------------------- */

Test(slot_import, what_is_no_memory_is_refused)
{
	int pipes[2];
	void *to;

	populate();
	to = fresh(&def);
	cr_assert_eq(pipe(pipes), 0);
	cr_assert_eq(slot_import(to, &def, pipes[0], NULL, &err), -EINVAL);
	cr_assert_eq(ftruncate(old, 100), 0);
	cr_assert_eq(slot_import(to, &def, old, NULL, &err), -EINVAL);
	cr_assert_str_eq(err.text, "it does not say how it is laid out");
	cr_assert_eq(ftruncate(old, 8), 0);
	cr_assert_eq(slot_import(to, &def, old, NULL, &err), -EINVAL);
	cr_assert_str_eq(err.text, "it is too short");
	cr_assert_eq(slot_import(fresh(&def), &def, new, NULL, &err), -ENODATA);
}

/* Every word of control block and legend, turned over: the rest is refused or served. */
Test(slot_import, every_header_field_turned_over_does_no_harm)
{
	size_t n = sizeof(struct space_ctl);
	struct space_ctl *ctl;
	unsigned refused = 0;
	uint8_t *to, *mem;

	populate();
	other = def;
	other.slab[SLAB_ENDPOINT].cap += 4;
	mem = moving_map(old, &def, MAP_SHARED);
	ctl = (void *)mem;
	to = fresh(&other);
	for (size_t at = 0; at + 4 <= ctl->legend_at + ctl->legend_n; at += at < n ? 4 : 20) {
		uint32_t word, wrong;
		int rc;

		if (at >= n && at < ctl->legend_at)
			at = ctl->legend_at;
		memcpy(&word, mem + at, 4);
		wrong = ~word;
		memcpy(mem + at, &wrong, 4);
		memset(to, 0, sizeof(struct space_ctl));
		rc = slot_import(to, &other, old, NULL, &err);
		refused += rc != 0;
		if (!rc) {
			struct engine e;
			enum space_state open;

			cr_assert_eq(engine_open(&e, to, &other, 3, &(struct hash_key){ { 1 } },
						 &s->rig->conf, &open), 0);
			cr_assert_eq(open, SPACE_OLD);
			e.now = s->rig->e.now;
			if (adopt_begin(&e))
				adopt_end(&e);
			engine_close(&e);
			unpoison(to, space_size(&other));
		}
		memcpy(mem + at, &word, 4);
	}
	cr_assert_gt(refused, 100);
	memset(to, 0, sizeof(struct space_ctl));
	cr_assert_eq(slot_import(to, &other, old, NULL, &err), 0, "all is as it was");
}
