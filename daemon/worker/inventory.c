#include "worker/inventory.h"

#include "config/json_schema.h"
#include "config/manual.h"
#include "resource/module.h"
#include "worker/mounts.h"
#include "worker/shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One that is loaded. */
struct entry {
	struct module *module;
	struct config_row *rows;
};

/* 0, or a negative errno with err: it is no module, or its rows make no sense. */
static int load(const char *dir, const char *name, struct entry *e, struct err *err)
{
	int status = module_load(name, dir, err, &e->module);
	struct err why;

	e->rows = NULL;
	if (status) {
		e->module = NULL;
		return status;
	}
	e->rows = mounts_rows(&e->module->desc);
	if (!e->rows)
		return err_set(err, -ENOMEM, "module %s: out of memory", name);
	if (schema_sane(e->rows, e->module->desc.nrows, &why))
		return err_set(err, -EINVAL, "module %s is broken: %s", name, why.text);
	return 0;
}

static void drop(struct entry *e)
{
	free(e->rows);
	module_free(e->module);
}

/* All that can be loaded; the list is for free().  How many, or a negative errno. */
static int load_all(const char *dir, struct entry **list, FILE *complaints, struct err *err)
{
	char **names;
	int n = shelf_names(dir, &names), loaded = 0;

	if (n < 0)
		return err_set(err, n, "cannot read directory %s: %s", dir, strerror(-n));
	*list = calloc((size_t)n + 1, sizeof **list);
	for (int i = 0; *list && i < n; i++) {
		struct entry *e = &(*list)[loaded];

		if (load(dir, names[i], e, err) == 0) {
			loaded++;
			continue;
		}
		fprintf(complaints, "%s\n", err->text);
		drop(e);
	}
	shelf_free(names, n);
	return *list ? loaded : err_set(err, -ENOMEM, "out of memory");
}

static void drop_all(struct entry *list, int n)
{
	for (int i = 0; i < n; i++)
		drop(&list[i]);
	free(list);
}

static void print(const struct entry *e, FILE *out)
{
	const struct coapd_module *d = &e->module->desc;

	fprintf(out, "%s %s: %s\n", d->name, d->version ? d->version : "",
		d->summary ? d->summary : "");
	for (size_t i = 0; i < d->nrows; i++) {
		const struct config_row *row = &e->rows[i];

		fprintf(out, "    %s: %s%s%s%s%s\n", row->name, row->type,
			row->range ? ", " : "", row->range ? row->range : "",
			row->deflt ? ", default " : ", must be given",
			row->deflt ? *row->deflt ? row->deflt : "empty" : "");
	}
}

int inventory_list(const char *dir, FILE *out, FILE *complaints, struct err *err)
{
	struct entry *list;
	int n = load_all(dir, &list, complaints, err);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		print(&list[i], out);
	drop_all(list, n);
	return fflush(out) == 0 ? 0 : err_set(err, -errno, "%s", strerror(errno));
}

int inventory_schema(const char *dir, FILE *out, FILE *complaints, struct err *err)
{
	struct json_schema_module *modules;
	struct entry *list = NULL;
	int n = load_all(dir, &list, complaints, err), status;

	n = n < 0 ? 0 : n;
	modules = calloc((size_t)n + 1, sizeof *modules);
	if (!modules)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < n; i++) {
		const struct coapd_module *d = &list[i].module->desc;

		modules[i] = (struct json_schema_module){ d->name, d->summary, list[i].rows,
							  d->nrows };
	}
	status = json_schema_site(out, modules, (size_t)n);
	free(modules);
	drop_all(list, n);
	return status ? err_set(err, status, "%s", strerror(-status)) : 0;
}

static void load_of(const struct site *site, const struct site_mount *m, struct entry *e,
		    FILE *complaints)
{
	char place[PLACE_TEXT];
	struct err err;

	if (load(site->modules_dir, m->module, e, &err) == 0)
		return;
	fprintf(complaints, "%s%s; the defaults of its settings are left out\n",
		place_print(m->module_at, site->file, place), err.text);
	drop(e);
	*e = (struct entry){ 0 };
}

int inventory_dump(const struct site *site, FILE *out, FILE *complaints)
{
	struct site_rows *known = calloc(site->nmounts + 1, sizeof *known);
	struct entry *list = calloc(site->nmounts + 1, sizeof *list);
	int status;

	for (size_t i = 0; list && known && i < site->nmounts; i++) {
		load_of(site, &site->mounts[i], &list[i], complaints);
		if (list[i].module)
			known[i] = (struct site_rows){ list[i].rows, list[i].module->desc.nrows };
	}
	status = list && known ? site_dump_with(site, known, out) : -ENOMEM;
	if (list)
		drop_all(list, (int)site->nmounts);
	free(known);
	return status;
}

int inventory_page(const char *dir, const char *module, FILE *out, struct err *err)
{
	struct entry e;
	int status = load(dir, module, &e, err);

	if (status == 0)
		status = manual_module(out, module, e.module->desc.summary, e.rows,
				       e.module->desc.nrows);
	drop(&e);
	return status;
}
