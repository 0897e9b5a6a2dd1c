#include "supervisor/generation.h"

#include "supervisor/accessfile.h"
#include "supervisor/available.h"
#include "supervisor/logfile.h"
#include "supervisor/process.h"
#include "supervisor/state.h"
#include "base/legend.h"
#include "worker/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
	struct stat st;

	return fstat(g->memory.fd[0], &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int make_memory(struct generation *g, unsigned nslots, struct err *err)
{
	struct memory_need need = { .n = nslots, .size = slot_def_size(&g->def),
				    .sparse = windows_size(&g->def.windows),
				    .shared = g->site->limits.body_memory };

	need.late_at = space_late(&g->def, &need.late_n);
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

/* What has room for workers and slots; where they are is not told of yet. */
static int make_tables(struct generation *g, struct supervisor *sv,
		       void (*on_control)(struct ev_loop *, ev_io *, int), struct err *err)
{
	g->process = calloc(g->nworkers, sizeof *g->process);
	if (g->process)
		begin_processes(g, sv, on_control);
	g->slot = calloc(sv->nslots, sizeof *g->slot);
	g->socks = calloc(sv->nslots * g->site->nlisteners + 1, sizeof *g->socks);
	return g->process && g->slot && g->socks ? 0 :
	       err_set(err, -ENOMEM, "no memory for the table of workers");
}

static int make_crashes(struct generation *g, struct err *err)
{
	return crashes_make(&g->crashes, g->site->nmounts, g->site->crash_limit,
			    g->site->crash_pause_ms, err);
}

static int fill(struct generation *g, struct supervisor *sv, const struct generation *before,
		void (*on_control)(struct ev_loop *, ev_io *, int), struct err *err)
{
	int rc = get_memory(g, sv->nslots, before, err);

	if (rc == 0)
		rc = make_tables(g, sv, on_control, err);
	if (rc == 0 && shared_make(&g->where_memory, "coapd-where", where_size(g)))
		rc = err_set(err, -ENOMEM, "no memory for the table of workers");
	g->where = g->where_memory.at;
	if (rc)
		return rc;
	rc = counts_make(&g->counts, g->nworkers, g->site->nmounts, err);
	if (rc)
		return rc;
	rc = make_crashes(g, err);
	return rc ? rc : open_files(g, err);
}

/* NULL: there is no memory. */
static struct generation *begin(struct site *site, struct err *err)
{
	struct generation *g = calloc(1, sizeof *g);

	if (!g) {
		err_set(err, -ENOMEM, "no memory for the table of workers");
		return NULL;
	}
	g->site = site;
	g->nworkers = site ? site_workers(site) : 0;
	return g;
}

struct generation *generation_make(struct supervisor *sv, struct site *site,
				   const struct generation *before,
				   void (*on_control)(struct ev_loop *, ev_io *, int),
				   struct err *err)
{
	struct generation *g = begin(site, err);

	if (!g || fill(g, sv, before, on_control, err)) {
		generation_free(g, before);
		return NULL;
	}
	list_sockets(g, sv);
	deal_slots(g, sv, before);
	return g;
}

/* --- what another supervisor left ------------------------------------------------------- */

static int read_legend(struct generation *g, int fd, size_t *reserved, struct err *err)
{
	struct stat st = { .st_size = 0 };
	void *at = MAP_FAILED;
	size_t n;
	int rc;

	g->legend = malloc(sizeof *g->legend);
	if (g->legend && fstat(fd, &st) == 0 && st.st_size > 0)
		at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return err_set(err, -ENOMEM, "the memory of slots cannot be mapped");
	n = (size_t)st.st_size;
	rc = legend_read(g->legend, at, n, n, err);
	munmap(at, n);
	if (rc)
		return rc;
	*reserved = (size_t)legend_end(g->legend, n);
	legend_def(g->legend, &g->def);
	return *reserved >= sizeof(struct space_ctl) ? 0 : err_set(err, -EINVAL, "it is too short");
}

/* Each is one of its own, to be written to, and as large as the others. */
static bool are_alike(const struct generation *g)
{
	struct stat st, other;

	for (unsigned s = 0; s < g->memory.n; s++) {
		if (fstat(g->memory.fd[s], &st) < 0 || (uint64_t)st.st_size != size_of(g) ||
		    (fcntl(g->memory.fd[s], F_GETFL) & O_ACCMODE) != O_RDWR)
			return false;
		for (unsigned k = 0; k < s; k++)
			if (fstat(g->memory.fd[k], &other) < 0 || other.st_ino == st.st_ino)
				return false;
	}
	return true;
}

/* Laid out as this program does it for that site, it can be looked at. */
static void recognize(struct generation *g)
{
	struct space_def own;

	g->strange = true;
	if (!g->site)
		return;
	slot_def(g->site, &own);
	space_hold(&own, &g->def);
	for (unsigned s = 0; s < g->memory.n; s++)
		if (!slot_same(&own, g->memory.at[s], size_of(g)))
			return;
	g->def = own;
	g->strange = false;
}

static int find_memory(struct generation *g, unsigned nslots, const int *fd, struct err *err)
{
	size_t reserved = 0;
	int rc = read_legend(g, fd[0], &reserved, err);

	if (rc) {
		for (unsigned s = 0; s < nslots; s++)
			close(fd[s]);
		return rc;
	}
	rc = memory_take_over(&g->memory, nslots, fd, reserved, err);
	if (rc == 0 && !are_alike(g))
		rc = err_set(err, -EINVAL, "the memories of slots are not alike");
	if (rc == 0)
		recognize(g);
	return rc;
}

/* All descriptors are taken over, whatever happens in between. */
static int find_shared(struct generation *g, const struct generation_left *left, struct err *err)
{
	int rc, more;

	rc = left->counts < 0 ? 0 : counts_take_over(&g->counts, left->counts, g->nworkers,
						      g->site->nmounts, err);
	gates_free(&g->crashes.gates);
	more = left->gates < 0 ? 0 : gates_take_over(&g->crashes.gates, left->gates,
						     g->site->nmounts, err);
	rc = rc ? rc : more;
	more = shared_take(&g->where_memory, left->where, where_size(g));
	g->where = g->where_memory.at;
	if (more)
		more = err_set(err, more, "workers do not say where they are as this program has "
			       "them do");
	return rc ? rc : more;
}

static int find(struct generation *g, struct supervisor *sv, const struct generation_left *left,
		void (*on_control)(struct ev_loop *, ev_io *, int), struct err *err)
{
	int rc = find_memory(g, sv->nslots, left->memory, err), more = 0;

	if (!g->site)
		return rc;
	if (rc == 0)
		rc = make_tables(g, sv, on_control, err);
	if (rc == 0)
		rc = make_crashes(g, err);
	more = find_shared(g, left, rc ? &(struct err){ "" } : err);
	rc = rc ? rc : more;
	return rc ? rc : open_files(g, err);
}

struct generation *generation_again(struct supervisor *sv, struct site *site,
				    const struct generation_left *left,
				    void (*on_control)(struct ev_loop *, ev_io *, int),
				    struct err *err)
{
	struct generation *g = begin(site, err);

	if (!g || find(g, sv, left, on_control, err)) {
		generation_free(g, NULL);
		return NULL;
	}
	if (site) {
		list_sockets(g, sv);
		deal_slots(g, sv, NULL);
	}
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
	shared_free(&g->where_memory);
	free(g->legend);
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
