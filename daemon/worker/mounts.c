#include "worker/mounts.h"

#include "config/pairs.h"
#include "config/pool.h"
#include "config/schema_site.h"
#include "worker/shelf.h"
#include "worker/worker.h"

#include <errno.h>
#include <stdlib.h>

/* The public header may not include ours, so the same row has two names. */
struct config_row *mounts_rows(const struct coapd_module *desc)
{
	struct config_row *rows = calloc(desc->nrows ? desc->nrows : 1, sizeof *rows);

	for (size_t i = 0; rows && i < desc->nrows; i++) {
		const struct coapd_row *r = &desc->rows[i];

		rows[i] = (struct config_row){ r->name, r->type, r->deflt, r->range,
					       r->unit, r->text, r->offset };
	}
	return rows;
}

static struct config_place place_of(const struct site_mount *m, const char *row)
{
	for (size_t i = 0; row && i < m->noptions; i++)
		if (strcmp(m->options[i].key, row) == 0)
			return m->options[i].value_at;
	return m->module_at;
}

/* A row that the site has for every mount: the module would never be given its value. */
static const char *taken(const struct config_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (schema_find(schema_mount.rows, schema_mount.nrows, rows[i].name))
			return rows[i].name;
	return NULL;
}

static bool apply(const struct site_mount *m, struct resource_mount_spec *spec,
		  const struct config_row *rows, struct config_errors *errors)
{
	const struct coapd_module *desc = &spec->module->desc;
	struct err err;
	const char *row = NULL;
	int status;

	if (schema_sane(rows, desc->nrows, &err))
		return errors_add(errors, m->module_at, "module %s is broken: %s", m->module,
				  err.text);
	if (taken(rows, desc->nrows))
		return errors_add(errors, m->module_at, "module %s is broken: \"%s\" is a key of "
				  "every mount", m->module, taken(rows, desc->nrows));
	if (!config_apply_rows(rows, desc->nrows, spec->conf, m->options, m->noptions,
			       m->module_at, errors))
		return false;
	status = module_check(spec->module, spec->conf, &err, &row);
	if (status == 0)
		return true;
	veil_text(spec->veils, spec->nveils, err.text, sizeof err.text);
	errors->passing += status != -EINVAL && errors->count < CONFIG_ERRORS_MAX;
	return errors_add(errors, place_of(m, row), "%s", err.text);
}

static bool configure(const struct site_mount *m, struct resource_mount_spec *spec,
		      struct config_errors *errors)
{
	const struct coapd_module *desc = &spec->module->desc;
	struct config_row *rows = mounts_rows(desc);
	bool fine;

	if (desc->conf_size)
		spec->conf = calloc(1, desc->conf_size);
	if (!rows || (desc->conf_size && !spec->conf))
		fine = errors_add(errors, m->module_at, "no memory for the settings");
	else
		fine = apply(m, spec, rows, errors);
	free(rows);
	return fine;
}

static bool load_one(const struct site *site, const struct site_mount *m,
		     struct resource_mount_spec *spec, struct config_errors *errors)
{
	char nearest[SHELF_NAME];
	struct err err;
	int status;

	*spec = (struct resource_mount_spec){
		.path = m->path, .segments = m->segments, .nsegments = m->nsegments,
		.host = site_host_name(site, m->host), .shown = site_mount_shown(m),
		.link = { .title = m->link.title, .rt = m->link.rt, .iface = m->link.iface,
			  .ct = m->link.ct, .sz = m->link.sz, .obs = m->link.obs },
		.directory = site->runtime_at,
		.body_size = site_body_size(site, m),
	};
	spec->veils = pairs_veils(site->pool, m->options, m->noptions, &spec->nveils);
	status = module_load(m->module, site->modules_dir, &err, &spec->module);
	if (status) {
		bool meant = status == -ENOENT &&
			     shelf_nearest(site->modules_dir, m->module, nearest);

		spec->module = NULL;
		return errors_add(errors, m->module_at, "%s%s%s%s", err.text,
				  meant ? ", did you mean " : "", meant ? nearest : "",
				  meant ? "?" : "");
	}
	return configure(m, spec, errors);
}

bool mounts_load(const struct site *site, struct resource_mount_spec *specs,
		 struct config_errors *errors)
{
	bool fine = true;

	for (size_t i = 0; i < site->nmounts; i++)
		fine = load_one(site, &site->mounts[i], &specs[i], errors) && fine;
	if (!fine)
		mounts_free(specs, site->nmounts);
	return fine;
}

void mounts_free(struct resource_mount_spec *specs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		module_free(specs[i].module);
		free(specs[i].conf);
		specs[i] = (struct resource_mount_spec){ .path = NULL };
	}
}

static const char *written_at(const struct site *site, const struct site_mount *mount)
{
	char text[PLACE_TEXT];

	place_print(mount->module_at, site->file, text);
	return pool_copy(site->pool, text, strlen(text));
}

static bool is_renewed(const struct site *site, const struct site_mount *mount,
		       const struct site *before)
{
	const struct site_mount *was = before ? site_like(before, site, mount) : NULL;

	return was && !site_same_options(was, mount);
}

void mounts_settle(const struct worker_boot *b, struct resource_mount_spec *specs,
		   void (*opens)(void *arg), void *arg)
{
	for (size_t i = 0; i < b->site->nmounts; i++) {
		const struct coapd_module *module = &specs[i].module->desc;

		specs[i].where = b->where ? &b->where->mount : NULL;
		specs[i].opens = opens;
		specs[i].arg = arg;
		specs[i].place = written_at(b->site, &b->site->mounts[i]);
		specs[i].gate = gates_word(b->gates, i);
		specs[i].renewed = is_renewed(b->site, &b->site->mounts[i], b->before);
		specs[i].counts = counts_begin(b->counts, b->number, i, module->counters,
					       module->ncounters);
	}
}

bool mounts_hosts(const struct site *site, struct hosts *out)
{
	struct resource_host *list = calloc(site->nhosts + 1, sizeof *list);
	const char **of_socket = calloc(SITE_LISTENERS_MAX, sizeof *of_socket);

	*out = (struct hosts){ list, site->nhosts, of_socket, SITE_LISTENERS_MAX };
	if (!list || !of_socket) {
		mounts_hosts_free(out);
		return false;
	}
	for (size_t i = 0; i < site->nhosts; i++)
		list[i] = (struct resource_host){ site->hosts[i].name, site->hosts[i].aliases,
						  site->hosts[i].bound };
	for (size_t i = 0; i < site->nlisteners; i++)
		of_socket[site_sock(site, i)] = site_host_name(site, site->listeners[i].host);
	return true;
}

void mounts_hosts_free(struct hosts *hosts)
{
	free((void *)hosts->list);
	free((void *)hosts->of_socket);
	*hosts = (struct hosts){ 0 };
}
