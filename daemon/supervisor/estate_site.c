#include "supervisor/estate.h"

#include "config/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool same_text(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

static const struct site_mount *find(const struct site *site, const json_t *of)
{
	const char *host = json_string_value(json_object_get(of, "host"));
	const char *path = json_string_value(json_object_get(of, "path"));

	for (size_t i = 0; i < site->nmounts; i++)
		if (same_text(path, site->mounts[i].path) &&
		    same_text(host, site_host_name(site, site->mounts[i].host)))
			return &site->mounts[i];
	return NULL;
}

/* What was given by a variable is not to be shown, whoever reads the site now. */
static const struct config_pair *veiled(struct site *site, const struct site_mount *m,
					const json_t *written)
{
	struct config_pair *options = pool_array(site->pool, m->noptions + 1, sizeof *options);

	memcpy(options, m->options, m->noptions * sizeof *options);
	for (size_t k = 0; k < m->noptions; k++) {
		const char *text = json_string_value(json_object_get(written, options[k].key));

		if (text)
			options[k].written = pool_copy(site->pool, text, strlen(text));
	}
	return options;
}

/* In the order in which workers know them. */
static bool order(struct site *site, const json_t *wanted)
{
	struct site_mount *mounts = pool_array(site->pool, site->nmounts + 1, sizeof *mounts);

	if (json_array_size(wanted) != site->nmounts)
		return false;
	for (size_t i = 0; i < site->nmounts; i++) {
		const json_t *of = json_array_get(wanted, i);
		const struct site_mount *m = find(site, of);

		if (!m)
			return false;
		mounts[i] = *m;
		/* Its places are those of another text. */
		mounts[i].at = mounts[i].module_at = (struct config_place){ 0 };
		mounts[i].options = veiled(site, m, json_object_get(of, "written"));
	}
	site->mounts = mounts;
	return true;
}

/* In the pool of the site. */
static const char *kept_path(const struct estate *e, const char *name, const struct site *site)
{
	char *path = estate_path(e, name);
	const char *kept = path ? pool_copy(site->pool, path, strlen(path)) : NULL;

	free(path);
	return kept;
}

/* What the text of a site does not say, or cannot. */
static void set_paths(const struct estate *e, struct site *site)
{
	const char *modules = kept_path(e, "modules", site);

	site->runtime_at = kept_path(e, "runtime", site);
	if (modules)
		site->modules_dir = modules;
}

struct site *estate_site(const struct estate *e, struct err *err)
{
	const char *text = estate_text(e, "site");
	char *file = estate_path(e, "file");
	struct config_errors *errors = text ? malloc(sizeof *errors) : NULL;
	struct site *site = errors ? site_load_own(file ? file : "site", text,
						    strlen(text), errors) : NULL;

	if (site && order(site, json_object_get(e->root, "mounts"))) {
		site->slots = (uint32_t)estate_number(e, "slots");
		site->workers = (uint32_t)json_array_size(json_object_get(e->root, "workers"));
		set_paths(e, site);
	} else if (site) {
		site_free(site);
		site = NULL;
		err_set(err, -EINVAL, "the site that is served does not have the resources that "
			"it had");
	} else {
		err_set(err, -EINVAL, "the site that is served cannot be read by this program: %s",
			errors && errors->count ? errors->text[0] : "it is not there");
	}
	free(errors);
	free(file);
	return site;
}
