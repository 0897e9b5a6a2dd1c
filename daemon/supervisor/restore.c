#include "supervisor/restore.h"

#include "base/clock.h"
#include "supervisor/process.h"
#include "transport/udp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int missing(struct err *err, const char *what)
{
	return err_set(err, -EINVAL, "the program before left no %s", what);
}

int restore_key(struct supervisor *sv, struct err *err)
{
	const char *text = estate_text(sv->left, "key");

	if (text && strlen(text) == 32 &&
	    sscanf(text, "%16" SCNx64 "%16" SCNx64, &sv->key.k[0], &sv->key.k[1]) == 2)
		return 0;
	return missing(err, "key");
}

/* --- sockets ------------------------------------------------------------------------------- */

static int take_sockets(struct supervisor *sv, struct sockets_group *g, unsigned number,
			struct err *err)
{
	struct bag *bag = &sv->left->bag;

	for (unsigned s = 0; s < sv->nslots; s++) {
		int *fd = &sv->sockets.fd[(size_t)s * SITE_LISTENERS_MAX + number];

		/* The service manager's are found where it put them, later ones too. */
		*fd = g->passed ? bag_have(bag, "listener.%u.%u", number, s) :
				  bag_take(bag, "listener.%u.%u", number, s);
		if (*fd < 0 || udp_bound(*fd, &g->bound, err))
			return missing(err, "socket of a listener");
	}
	return 0;
}

static int restore_group(struct supervisor *sv, json_t *of, struct err *err)
{
	struct sockets_group g = { .open = true };
	const char *wanted = NULL, *name = json_string_value(json_object_get(of, "name"));
	int number = -1, scheme = 0, passed = 0;

	if (json_unpack(of, "{s:i, s:i, s:s, s:b}", "number", &number, "scheme", &scheme,
			"wanted", &wanted, "passed", &passed) < 0 ||
	    number < 0 || number >= SITE_LISTENERS_MAX || addr_parse(wanted, &g.wanted) ||
	    sv->sockets.group[number].open)
		return missing(err, "listener that makes sense");
	g.scheme = (enum site_scheme)scheme;
	g.passed = passed;
	g.name = name ? strdup(name) : NULL;
	sv->sockets.group[number] = g;
	/* Who began anew was passed them again. */
	if (passed && !estate_lives(sv->left))
		return sockets_pass(&sv->sockets, sv->site, (unsigned)number, err);
	return take_sockets(sv, &sv->sockets.group[number], (unsigned)number, err);
}

int restore_sockets(struct supervisor *sv, struct err *err)
{
	json_t *all = json_object_get(sv->left->root, "listeners"), *of;
	int rc = sockets_begin(&sv->sockets, sv->nslots, err);
	struct addr at;
	size_t i;

	json_array_foreach(all, i, of)
		if (rc == 0)
			rc = restore_group(sv, of, err);
	for (unsigned s = 0; s < sv->nslots && rc == 0; s++) {
		sv->sockets.client[s] = bag_take(&sv->left->bag, "client.%u", s);
		if (sv->sockets.client[s] < 0 || udp_bound(sv->sockets.client[s], &at, err))
			rc = missing(err, "socket of a slot");
	}
	if (rc == 0)
		rc = sockets_add(&sv->sockets, sv->site, err);
	if (rc)
		sockets_close(&sv->sockets);
	else
		sockets_prune(&sv->sockets, sv->site);
	return rc;
}

/* --- what a slot or a worker has one of ------------------------------------------------------ */

/* n of that name, from 0 on, the caller's; NULL: not all are there. */
static int *take_all(struct supervisor *sv, const char *name, unsigned n)
{
	int *fd = malloc((n + 1) * sizeof *fd);
	unsigned got = 0;

	while (fd && got < n) {
		fd[got] = bag_take(&sv->left->bag, "%s.%u", name, got);
		if (fd[got] < 0)
			break;
		got++;
	}
	if (fd && got == n)
		return fd;
	while (got > 0)
		close(fd[--got]);
	free(fd);
	return NULL;
}

static void give_back(int *fd, unsigned n)
{
	for (unsigned i = 0; fd && i < n; i++)
		close(fd[i]);
	free(fd);
}

int restore_wakes(struct supervisor *sv, struct err *err)
{
	int memory = bag_take(&sv->left->bag, "changes"), rc;
	int *fd = take_all(sv, "wake", sv->nslots);

	if (memory < 0 || (!fd && estate_lives(sv->left))) {
		close(memory);
		give_back(fd, sv->nslots);
		return missing(err, "memory of changes");
	}
	rc = wakes_take_over(&sv->wakes, memory, fd, sv->nslots, err);
	free(fd);
	/* Nobody has looked for changes since then. */
	if (rc == 0 && !estate_lives(sv->left))
		wakes_all_changed(&sv->wakes);
	return rc;
}

static bool are_sockets(const int *fd, unsigned n)
{
	struct stat st;

	for (unsigned i = 0; i < n; i++)
		if (fstat(fd[i], &st) < 0 || !S_ISSOCK(st.st_mode))
			return false;
	return true;
}

int restore_mail(struct supervisor *sv, struct err *err)
{
	int *in = take_all(sv, "mail-in", sv->nslots), *out = take_all(sv, "mail-out", sv->nslots);
	int rc;

	if (in && out && are_sockets(in, sv->nslots) && are_sockets(out, sv->nslots)) {
		rc = mail_take_over(&sv->mail, sv->nslots, in, out, err);
		free(in);
		free(out);
		return rc;
	}
	give_back(in, sv->nslots);
	give_back(out, sv->nslots);
	return missing(err, "mailboxes");
}

/* --- generations ------------------------------------------------------------------------------ */

static struct generation *again(struct supervisor *sv, struct site *site, struct err *err)
{
	int *memory = take_all(sv, "memory", sv->nslots);
	struct generation_left left = { .memory = memory, .counts = -1, .gates = -1, .where = -1 };
	struct generation *g;

	if (!memory) {
		missing(err, "memory of slots");
		return NULL;
	}
	if (site) {
		left.counts = bag_take(&sv->left->bag, "counts");
		left.gates = bag_take(&sv->left->bag, "gates");
		left.where = bag_take(&sv->left->bag, "where");
	}
	g = generation_again(sv, site, &left, sv->on_control, err);
	free(memory);
	return g;
}

int restore_memory(struct supervisor *sv, struct err *err)
{
	sv->old = again(sv, NULL, err);
	return sv->old ? 0 : -EINVAL;
}

/* It may have ended while nobody listened. */
static void find_process(struct process *p, json_t *of, int control)
{
	pid_t pid = (pid_t)json_integer_value(json_object_get(of, "pid"));
	int status;

	p->starts = (uint64_t)json_integer_value(json_object_get(of, "starts"));
	if (pid > 0 && control >= 0 && waitpid(pid, &status, WNOHANG) == 0) {
		p->pid = pid;
		p->control = control;
		return;
	}
	if (pid > 0)
		log_error("worker %u (pid %d) ended during the upgrade", p->number, (int)pid);
	if (control >= 0)
		close(control);
}

static void find_troubles(struct generation *g, const json_t *mounts)
{
	for (size_t i = 0; i < g->site->nmounts; i++) {
		json_int_t deaths = 0, closings = 0, closed = 0;

		if (json_unpack(json_array_get(mounts, i), "{s:I, s:I, s:I}", "deaths", &deaths,
				"closings", &closings, "closed", &closed) == 0)
			crashes_resume(&g->crashes, i, (uint64_t)deaths, (uint64_t)closings,
				       (uint64_t)closed, clock_ms());
	}
}

int restore_generation(struct supervisor *sv, struct err *err)
{
	const json_t *workers = json_object_get(sv->left->root, "workers");

	sv->now = again(sv, sv->site, err);
	if (!sv->now)
		return -EINVAL;
	for (unsigned w = 0; w < sv->now->nworkers; w++)
		find_process(&sv->now->process[w], json_array_get(workers, w),
			     bag_take(&sv->left->bag, "worker.%u", w));
	find_troubles(sv->now, json_object_get(sv->left->root, "mounts"));
	/* Who comes back to its own program begins its own workers. */
	sv->now->foreign = !estate_text(sv->left, "verdict");
	return 0;
}

void restore_crew(struct supervisor *sv)
{
	const json_t *workers = json_object_get(sv->left->root, "workers");
	uint64_t now = clock_ms();

	sv->crew.deaths = (unsigned)estate_number(sv->left, "deaths");
	for (unsigned w = 0; w < sv->now->nworkers; w++) {
		const json_t *of = json_array_get(workers, w);
		json_int_t age = json_integer_value(json_object_get(of, "age"));

		crew_resume(&sv->crew, w, sv->now->process[w].pid != 0,
			    json_is_true(json_object_get(of, "runs")), now - (uint64_t)age, now);
		if (sv->now->process[w].pid)
			process_heard(&sv->now->process[w]);
	}
}
