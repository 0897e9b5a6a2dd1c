#include "supervisor/generation.h"

#include "supervisor/accessfile.h"
#include "supervisor/available.h"
#include "supervisor/logfile.h"
#include "supervisor/process.h"
#include "supervisor/state.h"
#include "worker/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Slot s is worker s modulo workers'. */
static void deal_slots(struct generation *g, struct supervisor *sv,
		       const struct generation *before)
{
	bool moves = before && before->memory.fd != g->memory.fd;

	unsigned at = 0;

	for (unsigned w = 0; w < g->nworkers; w++) {
		struct process *p = &g->process[w];

		p->slots = &g->slot[at];
		for (unsigned s = w; s < sv->nslots; s += g->nworkers, p->nslots++)
			g->slot[at++] = (struct worker_slot){
				.slot = s,
				.memfd = g->memory.fd[s],
				.old_memfd = moves ? before->memory.fd[s] : 0,
				.mail = sv->mail.out[s],
				.socks = &g->socks[s * g->site->nlisteners],
				.client_sock = sv->sockets.client[s],
			};
	}
}

static void list_sockets(struct generation *g, const struct supervisor *sv)
{
	size_t n = 0;

	for (unsigned s = 0; s < sv->nslots; s++)
		for (unsigned l = 0; l < g->site->nlisteners; l++)
			g->socks[n++] = sockets_of(&sv->sockets, g->site, s, l);
}

static void begin_processes(struct generation *g, struct supervisor *sv,
			    void (*on_control)(struct ev_loop *, ev_io *, int))
{
	for (unsigned w = 0; w < g->nworkers; w++) {
		struct process *p = &g->process[w];

		*p = (struct process){ .control = -1, .sv = sv, .of = g, .number = w };
		ev_init(&p->readable, on_control);
		p->readable.data = p;
	}
}

/* --- memory ------------------------------------------------------------------------------ */

static uint64_t size_of(const struct generation *g)
{
	return g->memory.size + windows_size(&g->def.windows);
}

static int make_memory(struct generation *g, unsigned nslots, struct err *err)
{
	struct memory_need need = { .n = nslots, .size = slot_def_size(&g->def),
				    .sparse = windows_size(&g->def.windows),
				    .shared = g->site->limits.body_memory };

	if (!need.size)
		err_set(err, -EINVAL, "the limits ask for more than %zu GiB of memory per slot",
			SLOT_SIZE_MAX >> 30);
	return site_blame(g->site, "limits", need.size ?
			  memory_make(&g->memory, &need, available_memory(""), err) : -EINVAL, err);
}

/* Whether what there is can go on as it is; if not, there is room for it in the definition. */
static bool fits(struct generation *g, const struct generation *before)
{
	bool same = true;

	space_hold(&g->def, &before->def);
	for (unsigned s = 0; s < before->memory.n && same; s++)
		same = slot_same(&g->def, before->memory.at[s], size_of(before));
	return same;
}

static int get_memory(struct generation *g, unsigned nslots, const struct generation *before,
		      struct err *err)
{
	slot_def(g->site, &g->def);
	if (!before || !fits(g, before))
		return make_memory(g, nslots, err);
	g->memory = before->memory;
	return 0;
}

void generation_settle(struct generation *g)
{
	for (unsigned s = 0; s < g->memory.n; s++)
		g->slot[s].old_memfd = 0;
}

/* --- all of it --------------------------------------------------------------------------- */

static size_t where_size(const struct generation *g)
{
	return g->nworkers * sizeof *g->where;
}

static int open_files(struct generation *g, struct err *err)
{
	int log = logfile_open(g->site, err), access = log < 0 ? log : accessfile_open(g->site, err);

	g->log_fd = log > 0 ? log : 0;
	g->access_fd = access > 0 ? access : 0;
	return access < 0 ? access : 0;
}

static int fill(struct generation *g, struct supervisor *sv, const struct generation *before,
		void (*on_control)(struct ev_loop *, ev_io *, int), struct err *err)
{
	int rc = get_memory(g, sv->nslots, before, err);


	if (rc)
		return rc;
	g->process = calloc(g->nworkers, sizeof *g->process);
	if (g->process)
		begin_processes(g, sv, on_control);
	g->slot = calloc(sv->nslots, sizeof *g->slot);
	g->socks = calloc(sv->nslots * g->site->nlisteners + 1, sizeof *g->socks);
	g->where = mmap(NULL, where_size(g), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g->where == MAP_FAILED)
		g->where = NULL;
	if (!g->process || !g->slot || !g->socks || !g->where)
		return err_set(err, -ENOMEM, "no memory for the table of workers");
	rc = counts_make(&g->counts, g->nworkers, g->site->nmounts, err);
	if (rc)
		return rc;
	rc = crashes_make(&g->crashes, g->site->nmounts, g->site->crash_limit,
			  g->site->crash_pause_ms, err);
	return rc ? rc : open_files(g, err);
}

struct generation *generation_make(struct supervisor *sv, struct site *site,
				   const struct generation *before,
				   void (*on_control)(struct ev_loop *, ev_io *, int),
				   struct err *err)
{
	struct generation *g = calloc(1, sizeof *g);

	if (!g) {
		err_set(err, -ENOMEM, "no memory for the table of workers");
		return NULL;
	}
	g->site = site;
	g->nworkers = site_workers(site);
	if (fill(g, sv, before, on_control, err)) {
		generation_free(g, before);
		return NULL;
	}
	list_sockets(g, sv);
	deal_slots(g, sv, before);
	return g;
}

void generation_free(struct generation *g, const struct generation *other)
{
	if (!g)
		return;
	for (unsigned w = 0; g->process && w < g->nworkers; w++)
		process_close(&g->process[w]);
	if (g->access_fd > 0)
		close(g->access_fd);
	if (g->log_fd > 0)
		close(g->log_fd);
	if (!other || other->memory.fd != g->memory.fd)
		memory_free(&g->memory);
	counts_free(&g->counts);
	crashes_free(&g->crashes);
	if (g->where)
		munmap(g->where, where_size(g));
	free(g->process);
	free(g->slot);
	free(g->socks);
	free(g);
}

/* --- what modules have counted --------------------------------------------------------- */

static void inherit(struct generation *g, size_t to, const struct generation *from, size_t mount)
{
	struct count c;

	for (unsigned n = 0; counts_read(&from->counts, mount, n, &c); n++)
		counts_give(&g->counts, to, c.name, c.value);
	g->crashes.mount[to].deaths += from->crashes.mount[mount].deaths;
	g->crashes.mount[to].closings += from->crashes.mount[mount].closings;
}

void generation_inherit(struct generation *g, const struct generation *from)
{
	for (size_t i = 0; i < g->site->nmounts; i++) {
		const struct site_mount *m = site_like(from->site, g->site, &g->site->mounts[i]);

		if (m)
			inherit(g, i, from, (size_t)(m - from->site->mounts));
	}
}

/* --- processes --------------------------------------------------------------------------- */

struct process *generation_find(struct generation *g, pid_t pid)
{
	for (unsigned w = 0; g && w < g->nworkers; w++)
		if (g->process[w].pid == pid)
			return &g->process[w];
	return NULL;
}

unsigned generation_alive(const struct generation *g)
{
	unsigned n = 0;

	for (unsigned w = 0; w < g->nworkers; w++)
		n += g->process[w].pid != 0;
	return n;
}
