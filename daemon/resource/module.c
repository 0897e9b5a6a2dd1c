#include "resource/module.h"

#include "base/counts.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Modules call these, and nothing in here need do: one of each file of functions for
 * modules, so that the linker takes it along. */
static void (*const for_modules[])(void) __attribute__((used)) = {
	(void (*)(void))coapd_reply, (void (*)(void))coapd_peer,
	(void (*)(void))coapd_task_start, (void (*)(void))coapd_job,
	(void (*)(void))coapd_watch_fd,
	(void (*)(void))coapd_wake, (void (*)(void))coapd_observe,
	(void (*)(void))coapd_fetch, (void (*)(void))coapd_count,
};

/* Descriptors only grow at their end; this is the oldest there is. */
#define DESC_MIN (offsetof(struct coapd_module, handle) + \
		  sizeof(((struct coapd_module *)0)->handle))

_Static_assert(COAPD_COUNTERS == COUNTS_MAX, "counters of a mount");

#define FLAGS_KNOWN (COAPD_F_STREAM | COAPD_F_RETRY | COAPD_F_TREE | \
		     COAPD_F_CONDITIONS | COAPD_F_WATCHES | COAPD_F_CONSTANT)

/* Nothing in a name leads out of the directory. */
static bool name_is_good(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	return n > 0 && n <= 64;
}

static int open_object(const char *name, const char *path, struct err *err, void **handle)
{
	if (access(path, F_OK) != 0)
		return err_set(err, -ENOENT, "module %s: %s: %s", name, path, strerror(errno));
	*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!*handle)
		return err_set(err, -ENOEXEC, "module %s: cannot be loaded: %s", name, dlerror());
	return 0;
}

/* Size and ABI come first in a descriptor of any age. */
static int check_age(const char *name, const struct coapd_module *d, struct err *err)
{
	if (d->abi != COAPD_ABI)
		return err_set(err, -ENOEXEC, "module %s: made for module interface %u, this"
			       " coapd has %u; build it again", name, d->abi, COAPD_ABI);
	if (d->size < DESC_MIN || d->size > sizeof *d)
		return err_set(err, -ENOEXEC, "module %s: made with another coapd/module.h: its"
			       " descriptor has %u bytes, this coapd knows %zu to %zu", name,
			       d->size, DESC_MIN, sizeof *d);
	return 0;
}

static int check_rows(const struct coapd_module *d, struct err *err)
{
	if (d->nrows && (!d->rows || !d->conf_size))
		return err_set(err, -ENOEXEC, "module %s: has settings and no place for them",
			       d->name);
	for (size_t i = 0; i < d->nrows; i++)
		if (d->rows[i].offset >= d->conf_size)
			return err_set(err, -ENOEXEC, "module %s: row %zu lies outside its"
				       " structure", d->name, i);
	return 0;
}

static bool is_there_before(const char *const *names, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(names[k], names[i]) == 0)
			return true;
	return false;
}

static int check_counters(const struct coapd_module *d, struct err *err)
{
	if (d->ncounters > COAPD_COUNTERS)
		return err_set(err, -ENOEXEC, "module %s: has %zu counters, at most %u are "
			       "possible", d->name, d->ncounters, COAPD_COUNTERS);
	for (size_t i = 0; i < d->ncounters; i++) {
		if (!d->counters || !d->counters[i] || !counts_name_good(d->counters[i]))
			return err_set(err, -ENOEXEC, "module %s: counter %zu has no name of 1 "
				       "to %u small letters, digits and \"-\"", d->name, i,
				       COUNTS_NAME - 1);
		if (is_there_before(d->counters, i))
			return err_set(err, -ENOEXEC, "module %s: counter %s is there twice",
				       d->name, d->counters[i]);
	}
	return 0;
}

static int check_contents(const char *name, const struct coapd_module *d, struct err *err)
{
	if (!d->name || strcmp(d->name, name) != 0)
		return err_set(err, -ENOEXEC, "module %s: calls itself %s", name,
			       d->name ? d->name : "nothing");
	if (d->flags & ~FLAGS_KNOWN)
		return err_set(err, -ENOEXEC, "module %s: asks for what this coapd does not"
			       " have (flags %#x)", name, d->flags & ~FLAGS_KNOWN);
	if (!d->handle)
		return err_set(err, -ENOEXEC, "module %s: its descriptor is incomplete", name);
	return check_rows(d, err) || check_counters(d, err) ? -ENOEXEC : 0;
}

static int read_desc(const char *name, struct module *m, struct err *err)
{
	const struct coapd_module *d = dlsym(m->handle, "coapd_module");
	int status;

	if (!d)
		return err_set(err, -ENOEXEC, "module %s: is no coapd module, it exports no"
			       " coapd_module", name);
	status = check_age(name, d, err);
	if (status)
		return status;
	memcpy(&m->desc, d, d->size);
	return check_contents(name, &m->desc, err);
}

int module_load(const char *name, const char *dir, struct err *err, struct module **out)
{
	char path[PATH_MAX];
	struct module *m;
	int status;

	if (!name_is_good(name))
		return err_set(err, -EINVAL, "module %s: a name is made of letters, digits, _"
			       " and -", name);
	if ((size_t)snprintf(path, sizeof path, "%s/%s.so", dir, name) >= sizeof path)
		return err_set(err, -ENAMETOOLONG, "module %s: the path is too long", name);
	m = calloc(1, sizeof *m);
	if (!m)
		return err_set(err, -ENOMEM, "module %s: out of memory", name);
	status = open_object(name, path, err, &m->handle);
	if (status == 0)
		status = read_desc(name, m, err);
	if (status) {
		module_free(m);
		return status;
	}
	*out = m;
	return 0;
}

void module_free(struct module *m)
{
	if (!m)
		return;
	if (m->handle)
		dlclose(m->handle);
	free(m);
}

int module_check(const struct module *m, const void *conf, struct err *err, const char **row)
{
	struct coapd_err why = { 0 };
	int status = m->desc.check ? m->desc.check(conf, &why) : 0;

	if (row)
		*row = why.row;
	if (status == 0)
		return 0;
	why.text[sizeof why.text - 1] = 0;
	return err_set(err, status < 0 ? status : -EINVAL, "module %s: %s%s%s", m->desc.name,
		       why.row ? why.row : "", why.row ? ": " : "",
		       why.text[0] ? why.text : "its settings are not right");
}
