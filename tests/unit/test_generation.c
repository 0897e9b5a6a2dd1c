/* What one site brings to the supervisor, without any process. */
#include "supervisor/generation.h"
#include "supervisor/state.h"
#include "slot_stub.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

int slot_where(const void *mem, const struct site *s)
{
	(void)mem, (void)s;
	return -1;
}

int worker_run(const struct worker_boot *b)
{
	(void)b;
	return 1;
}

static struct site_listener listener;
static struct site_mount mounts[3] = {
	{ .path = "/a", .module = "m" }, { .path = "/b", .module = "m" },
	{ .path = "/c", .module = "m" },
};
static struct site site = { .file = "site.yaml", .workers = 2, .slots = 5, .access_file = "",
			    .listeners = &listener, .nlisteners = 1, .mounts = mounts, .nmounts = 2 };
static struct site other = { .file = "other.yaml", .workers = 3, .slots = 5, .access_file = "",
			     .listeners = &listener, .nlisteners = 1, .mounts = mounts + 1,
			     .nmounts = 2 };
static int fds[5] = { -1, -1, -1, -1, -1 };
static struct supervisor sv = { .nslots = 5, .mail = { .out = fds } };
static struct err err;

static void setup(void)
{
	addr_parse("[::1]:0", &listener.addr);
	cr_assert_eq(sockets_open(&sv.sockets, &site, 5, &err), 0, "%s", err.text);
	cr_assert_eq(sockets_add(&sv.sockets, &other, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	sockets_close(&sv.sockets);
}

TestSuite(generation, .init = setup, .fini = teardown);

static void expect_slots(const struct process *p, unsigned n, const unsigned *slots)
{
	cr_assert_eq(p->nslots, n);
	for (unsigned i = 0; i < n; i++) {
		cr_expect_eq(p->slots[i].slot, slots[i]);
		cr_expect_eq(p->slots[i].socks[0], sockets_of(&sv.sockets, &site, slots[i], 0));
		cr_expect_eq(p->slots[i].client_sock, sv.sockets.client[slots[i]]);
	}
}

Test(generation, deals_every_slot_to_one_worker)
{
	struct generation *g = generation_make(&sv, &site, NULL, NULL, &err);

	cr_assert_not_null(g);
	expect_slots(&g->process[0], 3, (const unsigned[]){ 0, 2, 4 });
	expect_slots(&g->process[1], 2, (const unsigned[]){ 1, 3 });
	cr_expect_eq(generation_alive(g), 0);
	generation_free(g, NULL);
	g = generation_make(&sv, &other, NULL, NULL, &err);
	cr_assert_not_null(g);
	expect_slots(&g->process[2], 1, (const unsigned[]){ 2 });
	generation_free(g, NULL);
	generation_free(NULL, NULL);
}

Test(generation, that_cannot_be_made_leaves_nothing_and_says_why)
{
	site.access_file = "/nonexistent/log";
	site.access_paths = "";
	cr_assert_null(generation_make(&sv, &site, NULL, NULL, &err));
	cr_expect(strstr(err.text, "access-log.file: cannot open /nonexistent/log"), "%s", err.text);
	cr_expect_geq(fcntl(STDIN_FILENO, F_GETFD), 0, "it is not ours to close");
	site.access_file = "";
}

Test(generation, finds_its_processes)
{
	struct generation *g = generation_make(&sv, &site, NULL, NULL, &err);

	g->process[1].pid = 4711;
	cr_expect_eq(generation_find(g, 4711), &g->process[1]);
	cr_expect_null(generation_find(g, 4712));
	cr_expect_null(generation_find(NULL, 4711));
	cr_expect_eq(generation_alive(g), 1);
	generation_free(g, NULL);
}

Test(generation, goes_on_counting_where_mount_and_name_are_the_same)
{
	static const char *const names[] = { "x" };
	struct generation *g = generation_make(&sv, &site, NULL, NULL, &err);
	struct generation *h = generation_make(&sv, &other, NULL, NULL, &err);
	struct count c;

	for (unsigned i = 0; i < 2; i++)
		counts_add(counts_begin(&g->counts, 1, i, names, 1), 0, 10 + i);
	for (unsigned i = 0; i < 2; i++)
		cr_assert_not_null(counts_begin(&h->counts, 2, i, names, 1));
	generation_inherit(h, g);
	cr_assert(counts_read(&h->counts, 0, 0, &c));
	cr_expect_eq(c.value, 11, "of /b");
	cr_assert(counts_read(&h->counts, 1, 0, &c));
	cr_expect_eq(c.value, 0, "of /c");
	generation_free(g, NULL);
	generation_free(h, NULL);
}

Test(generation, goes_on_with_memory_that_fits)
{
	struct generation *g = generation_make(&sv, &site, NULL, NULL, &err), *h;

	cr_assert_not_null(g, "%s", err.text);
	h = generation_make(&sv, &other, g, NULL, &err);
	cr_assert_not_null(h, "%s", err.text);
	cr_expect_eq(h->memory.fd, g->memory.fd);
	cr_expect_eq(h->slot[0].old_memfd, 0);
	generation_free(g, h);
	cr_expect_geq(fcntl(h->memory.fd[4], F_GETFD), 0);
	generation_free(h, NULL);
}

Test(generation, takes_memory_of_another_layout_over)
{
	struct generation *g = generation_make(&sv, &site, NULL, NULL, &err), *h;

	slot_stub_same = false;
	h = generation_make(&sv, &other, g, NULL, &err);
	cr_assert_not_null(h, "%s", err.text);
	for (unsigned i = 0; i < 5; i++) {
		cr_expect_eq(h->slot[i].memfd, h->memory.fd[h->slot[i].slot]);
		cr_expect_eq(h->slot[i].old_memfd, g->memory.fd[h->slot[i].slot]);
	}
	generation_settle(h);
	cr_expect_eq(h->slot[3].old_memfd, 0);
	generation_free(g, h);
	cr_expect_geq(fcntl(h->memory.fd[4], F_GETFD), 0);
	generation_free(h, NULL);
}
