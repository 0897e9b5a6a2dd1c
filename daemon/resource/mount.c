#include "resource/mount.h"

#include "base/space.h"
#include "resource/router.h"
#include "resource/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t mount_id(const struct resource_mount_spec *spec, const char *module)
{
	static const struct hash_key key = { { 0x8f14e45fceea167au, 0x5a36dedd4bea2543u } };
	struct route route = { spec->segments, spec->nsegments, spec->host };
	uint64_t id = hash_words(&key, router_hash(&route),
				 hash_bytes(&key, module, strlen(module)));

	return id ? id : 1;
}

/* Who dies here is to be named. */
static void note(const struct coapd_mount *m, uint32_t where)
{
	if (m->spec.where)
		space_set(m->spec.where, where);
}

static int does_not_open(const struct coapd_mount *m, int status, const char *why,
			 struct err *err)
{
	return err_set(err, status, "%sresource %s: module %s does not open: %s",
		       m->spec.place ? m->spec.place : "", m->spec.shown, m->desc->name, why);
}

int mount_open(struct coapd_mount *m, const struct resource_mount_spec *spec,
	       const struct coapd_module *desc, uint32_t where, struct err *err)
{
	static const uint32_t open = 0;
	int status;

	*m = (struct coapd_mount){ .resources = m->resources, .spec = *spec, .desc = desc,
				   .where = where, .self = spec->conf, .notices = m->notices,
				   .gate = spec->gate ? spec->gate : &open };
	if (!m->spec.shown)
		m->spec.shown = spec->path;
	m->id = mount_id(spec, desc->name);
	m->opening = true;
	note(m, where);
	if (spec->opens)
		spec->opens(spec->arg);
	status = desc->open ? desc->open(m, spec->conf, &m->self) : 0;
	note(m, 0);
	m->opening = false;
	m->opened = status == 0;
	/* The module need not look at what its functions say; the operator is told. */
	if (m->links.wrong[0])
		return does_not_open(m, -EINVAL, m->links.wrong, err);
	if (status == 0)
		return 0;
	/* The errno is a foreign module's: anything may be in it. */
	status = status < 0 ? status : -EINVAL;
	return does_not_open(m, status, strerror(-status), err);
}

void mount_close(struct coapd_mount *m)
{
	note(m, m->where);
	/* Before the module closes what is watched. */
	if (m->resources)
		watches_drop(&m->resources->watches, m);
	if (m->opened && m->desc->close)
		m->desc->close(m->self);
	note(m, 0);
	links_free(&m->links);
	free(m->directory);
	while (m->once) {
		struct once *next = m->once->next;

		free(m->once);
		m->once = next;
	}
	free(m->spec.conf);
	module_free(m->spec.module);
	*m = (struct coapd_mount){ 0 };
}

/* Named by what names the mount in tasks: the same in every worker. */
const char *coapd_directory(coapd_mount *m)
{
	char *path;

	errno = ENOENT;
	if (m->directory || !m->spec.directory)
		return m->directory;
	if (asprintf(&path, "%s/%016" PRIx64, m->spec.directory, m->id) < 0)
		return NULL;
	if (mkdir(path, 0700) && errno != EEXIST) {
		free(path);
		return NULL;
	}
	return m->directory = path;
}
