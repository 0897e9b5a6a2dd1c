#include "supervisor/estate.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "supervisor/control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the lasting part --------------------------------------------------------------------- */

static json_t *listener(const struct sockets_group *g, unsigned number)
{
	char wanted[ADDR_TEXT];

	return json_pack("{s:i, s:i, s:s, s:b, s:s?}", "number", (int)number, "scheme",
			 (int)g->scheme, "wanted", addr_print(&g->wanted, wanted, sizeof wanted),
			 "passed", g->passed, "name", g->name);
}

static json_t *listeners(const struct supervisor *sv, struct bag *bag)
{
	json_t *all = json_array();

	for (unsigned n = 0; n < SITE_LISTENERS_MAX; n++) {
		const struct sockets_group *g = &sv->sockets.group[n];

		if (!g->open)
			continue;
		if (json_array_append_new(all, listener(g, n)) < 0)
			bag->full = true;
		for (unsigned s = 0; s < sv->nslots; s++)
			bag_put(bag, sv->sockets.fd[(size_t)s * SITE_LISTENERS_MAX + n],
				"listener.%u.%u", n, s);
	}
	return all;
}

static void put_slots(const struct supervisor *sv, struct bag *bag)
{
	const struct memory *m = &sv->now->memory;

	for (unsigned s = 0; s < sv->nslots; s++) {
		bag_put(bag, m->fd[s], "memory.%u", s);
		bag_put(bag, sv->sockets.client[s], "client.%u", s);
		bag_put(bag, sv->mail.in[s], "mail-in.%u", s);
		bag_put(bag, sv->mail.out[s], "mail-out.%u", s);
	}
	bag_put(bag, sv->wakes.memory.fd, "changes");
}

static json_t *lasting(const struct supervisor *sv, struct bag *bag)
{
	char key[40];

	snprintf(key, sizeof key, "%016" PRIx64 "%016" PRIx64, sv->key.k[0], sv->key.k[1]);
	put_slots(sv, bag);
	return json_pack("{s:i, s:s, s:i, s:o}", "state", ESTATE_VERSION, "key", key, "slots",
			 (int)sv->nslots, "listeners", listeners(sv, bag));
}

/* --- the living part ----------------------------------------------------------------------- */

static json_t *site_as_text(const struct site *site)
{
	json_t *out = NULL;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int rc = f ? site_dump_plain(site, f) : -ENOMEM;

	if (f && fclose(f) == 0 && rc == 0)
		out = json_stringn(text, n);
	free(text);
	return out;
}

/* Their order says which number each has for workers; and what may be secret is known to be. */
static json_t *mount(const struct supervisor *sv, size_t i)
{
	const struct site *site = sv->now->site;
	const struct site_mount *m = &site->mounts[i];
	const struct crashes *c = &sv->now->crashes;
	json_t *written = json_object();

	for (size_t k = 0; k < m->noptions; k++)
		if (m->options[k].written)
			json_object_set_new(written, m->options[k].key,
					    json_string(m->options[k].written));
	return json_pack("{s:s?, s:s, s:o, s:I, s:I, s:I}", "host", site_host_name(site, m->host),
			 "path", m->path, "written", written, "deaths",
			 (json_int_t)c->mount[i].deaths, "closings",
			 (json_int_t)c->mount[i].closings, "closed",
			 (json_int_t)crashes_left(c, i, clock_ms()));
}

static json_t *mounts(const struct supervisor *sv, struct bag *bag)
{
	json_t *all = json_array();

	for (size_t i = 0; i < sv->now->site->nmounts; i++)
		if (json_array_append_new(all, mount(sv, i)) < 0)
			bag->full = true;
	return all;
}

static json_t *workers(const struct supervisor *sv, struct bag *bag)
{
	json_t *all = json_array();

	for (unsigned w = 0; w < sv->now->nworkers; w++) {
		const struct process *p = &sv->now->process[w];
		const struct crew_worker *c = &sv->crew.worker[w];
		json_t *one = json_pack("{s:i, s:I, s:b, s:I}", "pid", (int)p->pid, "starts",
					(json_int_t)p->starts, "runs", c->state == CREW_RUNNING,
					"age", (json_int_t)(clock_ms() - c->born));

		if (json_array_append_new(all, one) < 0)
			bag->full = true;
		bag_put(bag, p->control, "worker.%u", w);
	}
	return all;
}

static void put_shared(const struct supervisor *sv, struct bag *bag)
{
	const struct generation *g = sv->now;

	for (unsigned i = 0; i < sv->wakes.n; i++)
		bag_put(bag, sv->wakes.fd[i], "wake.%u", i);
	bag_put(bag, g->counts.memory.at ? g->counts.memory.fd : -1, "counts");
	bag_put(bag, g->crashes.gates.memory.at ? g->crashes.gates.memory.fd : -1, "gates");
	bag_put(bag, g->where_memory.fd, "where");
	bag_put(bag, sv->program_fd, "program");
}

static json_t *levels(void)
{
	json_t *all = json_array();

	for (unsigned part = 0; part < LOG_PARTS_N; part++)
		json_array_append_new(all, json_integer(log_level_of((enum log_part)part)));
	return all;
}

/* A path need not be text, as a string of JSON must: then it is a list of its bytes. */
static json_t *path(const char *name)
{
	json_t *bytes;

	if (!name)
		return json_null();
	if (utf8_valid(name, strlen(name)))
		return json_string(name);
	bytes = json_array();
	for (; *name; name++)
		json_array_append_new(bytes, json_integer((unsigned char)*name));
	return bytes;
}

static json_t *living(const struct supervisor *sv, struct bag *bag)
{
	const struct site *site = sv->now->site;
	json_t *all = json_pack("{s:o, s:o?, s:o, s:o, s:o, s:o, s:o, s:I, s:i, s:i, s:I}",
				"program", path(sv->program), "site", site_as_text(site), "file",
				path(site->file), "mounts", mounts(sv, bag), "workers",
				workers(sv, bag), "runtime", path(site->runtime_at), "modules",
				path(site->modules_dir), "deaths", (json_int_t)sv->crew.deaths,
				"taken-over", (int)sv->reload.taken_over, "refused",
				(int)sv->reload.refused, "began", (json_int_t)sv->reload.began);

	put_shared(sv, bag);
	control_leave(sv->control, all, bag);
	store_leave(&sv->store, all);
	json_object_set_new(all, "log", levels());
	return all;
}

void estate_note_again(struct estate *e, const struct reload *r)
{
	if (json_object_set_new(e->root, "again", json_boolean(r->again)) < 0 ||
	    json_object_set_new(e->root, "again-upgrades", json_boolean(r->again_upgrades)) < 0)
		e->bag.full = true;
}

/* It may be cut, or be what anybody wrote: without this there would be no way back for it. */
bool estate_note_verdict(struct estate *e, const char *why)
{
	size_t left = strlen(why), n;
	char *text = strdup(why), *p = text;
	uint32_t c;
	int rc;

	for (; text && left; left -= n, p += n) {
		n = utf8_next(p, left, &c);
		if (n == 0) {
			*p = '?';
			n = 1;
		}
	}
	rc = text ? json_object_set_new(e->root, "verdict", json_string(text)) : -1;
	free(text);
	return rc == 0;
}

bool estate_make(struct estate *e, const struct supervisor *sv, bool with_living)
{
	json_t *more;

	*e = (struct estate){ .root = NULL };
	e->root = lasting(sv, &e->bag);
	if (with_living && e->root) {
		more = living(sv, &e->bag);
		if (!more || json_object_update(e->root, more) < 0)
			e->bag.full = true;
		estate_note_again(e, &sv->reload);
		json_decref(more);
	}
	if (e->root && !e->bag.full)
		return true;
	estate_free(e);
	return false;
}

/* --- as memory ------------------------------------------------------------------------------- */

static json_t *numbers(const struct bag *bag)
{
	json_t *all = json_object();

	for (size_t i = 0; i < bag->n; i++)
		json_object_set_new(all, bag->item[i].name, json_integer(bag->item[i].fd));
	return all;
}

int estate_text_memory(const struct estate *e)
{
	int fd = memfd_create("coapd-state", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (json_dumpfd(e->root, fd, JSON_COMPACT) == 0)
		return fd;
	close(fd);
	return -ENOMEM;
}

int estate_write(const struct estate *e)
{
	if (json_object_set_new(e->root, "descriptors", numbers(&e->bag)) < 0)
		return -ENOMEM;
	return estate_text_memory(e);
}

/* The position of a descriptor is shared by all who have it. */
static json_t *load(int fd, struct err *err)
{
	json_error_t why = { .text = "it cannot be read" };
	json_t *root = NULL;
	struct stat st;
	char *text = fstat(fd, &st) == 0 && st.st_size > 0 ? malloc((size_t)st.st_size) : NULL;

	if (text && pread(fd, text, (size_t)st.st_size, 0) == st.st_size)
		root = json_loadb(text, (size_t)st.st_size, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		err_set(err, -EINVAL, "the state of the program before: %s", why.text);
	free(text);
	return root;
}

int estate_parse(struct estate *e, int fd, struct err *err)
{
	*e = (struct estate){ .root = load(fd, err) };
	if (!e->root)
		return -EINVAL;
	if (estate_number(e, "state") == ESTATE_VERSION && estate_number(e, "slots") > 0)
		return 0;
	err_set(err, -EINVAL, "the state of the program before is of version %" PRIu64 ", and %d "
		"is known: a restart is needed", estate_number(e, "state"), ESTATE_VERSION);
	estate_free(e);
	return -EINVAL;
}

int estate_read(struct estate *e, int fd, struct err *err)
{
	const char *name;
	json_t *number;
	int rc = estate_parse(e, fd, err);

	if (rc)
		return rc;
	json_object_foreach(json_object_get(e->root, "descriptors"), name, number)
		bag_put(&e->bag, (int)json_integer_value(number), "%s", name);
	bag_keep(&e->bag, false);
	if (!e->bag.full)
		return 0;
	estate_free(e);
	return err_set(err, -ENOMEM, "no memory for the state of the program before");
}

void estate_free(struct estate *e)
{
	json_decref(e->root);
	bag_free(&e->bag);
	*e = (struct estate){ .root = NULL };
}

bool estate_lives(const struct estate *e)
{
	return estate_text(e, "site");
}

const char *estate_text(const struct estate *e, const char *name)
{
	return json_string_value(json_object_get(e->root, name));
}

char *estate_path(const struct estate *e, const char *name)
{
	const json_t *value = json_object_get(e->root, name);
	size_t n = json_array_size(value);
	char *made;

	if (!json_is_array(value))
		return json_is_string(value) ? strdup(json_string_value(value)) : NULL;
	made = malloc(n + 1);
	for (size_t i = 0; made && i < n; i++)
		made[i] = (char)json_integer_value(json_array_get(value, i));
	if (made)
		made[n] = '\0';
	return made;
}

uint64_t estate_number(const struct estate *e, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(e->root, name));

	return n > 0 ? (uint64_t)n : 0;
}
