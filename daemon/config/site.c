#include "config/site.h"
#include "config/include.h"
#include "config/load.h"
#include "config/pool.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

/* --- loading -------------------------------------------------------------- */

static struct site *load(struct pool *pool, const char *file, const struct node *root,
			 struct config_errors *errors)
{
	struct site *site = pool_get(pool, sizeof *site);

	site->pool = pool;
	site->file = pool_copy(pool, file, strlen(file));
	if (root && root->kind == NODE_MAP) {
		load_site(site, root, errors);
		return site;
	}
	if (root)
		errors_add(errors, root->at, "a site is a mapping (key: value), not %s",
			   node_kind_name(root->kind));
	site_free(site);
	return NULL;
}

struct site *site_read_text(const char *file, const char *text, size_t n,
			    struct config_errors *errors)
{
	struct pool *pool = pool_new();

	errors_begin(errors, file);
	return load(pool, file, include_text(pool, file, text, n, errors), errors);
}

static struct site *read_from(const char *file, enum include_from from,
			      struct config_errors *errors)
{
	struct pool *pool = pool_new();

	errors_begin(errors, file);
	return load(pool, file, include_file(pool, file, from, errors), errors);
}

struct site *site_read(const char *file, struct config_errors *errors)
{
	return read_from(file, INCLUDE_FROM_ANY, errors);
}

struct site *site_read_again(const char *file, struct config_errors *errors)
{
	return read_from(file, INCLUDE_FROM_FILE, errors);
}

static struct site *only_without(const struct config_errors *errors, struct site *site)
{
	if (!errors->count)
		return site;
	site_free(site);
	return NULL;
}

struct site *site_load_own(const char *file, const char *text, size_t n,
			   struct config_errors *errors)
{
	struct pool *pool = pool_new();

	errors_begin(errors, file);
	return only_without(errors, load(pool, file, include_own(pool, file, text, n, errors),
					 errors));
}

struct site *site_load_text(const char *file, const char *text, size_t n,
			    struct config_errors *errors)
{
	return only_without(errors, site_read_text(file, text, n, errors));
}

struct site *site_load(const char *file, struct config_errors *errors)
{
	return only_without(errors, site_read(file, errors));
}

static const struct config_pair *given(const struct site *site, const char *key)
{
	for (size_t i = 0; i < site->ngiven; i++)
		if (strcmp(site->given[i].key, key) == 0)
			return &site->given[i];
	return NULL;
}

struct config_place site_place(const struct site *site, const char *key)
{
	const struct config_pair *pair = given(site, key);
	struct config_place nowhere = { 0 };
	char section[32];

	if (!pair && strchr(key, '.')) {
		snprintf(section, sizeof section, "%.*s", (int)strcspn(key, "."), key);
		pair = given(site, section);
	}
	return pair ? pair->value_at : nowhere;
}

int site_blame(const struct site *site, const char *key, int code, struct err *err)
{
	char place[PLACE_TEXT], what[sizeof err->text];

	if (code >= 0)
		return code;
	memcpy(what, err->text, sizeof what);
	return err_set(err, code, "%s%s", place_print(site_place(site, key), site->file, place),
		       what);
}

bool site_gives(const struct site *site, const char *key, const char *value)
{
	const struct config_pair *pair = given(site, key);

	return pair && pair->value && strcmp(pair->value, value) == 0;
}

const char *site_host_name(const struct site *site, uint32_t host)
{
	return host ? site->hosts[host - 1].name : NULL;
}

void site_free(struct site *site)
{
	if (site)
		pool_free(site->pool);
}

/* --- numbers -------------------------------------------------------------- */

static uint32_t online(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 2 ? 2 : n > 256 ? 256 : (uint32_t)n;
}

uint32_t site_workers(const struct site *site)
{
	uint32_t n = site->workers ? site->workers : online();

	return site->slots && site->slots < n ? site->slots : n;
}

uint32_t site_slots(const struct site *site)
{
	return site->slots ? site->slots : site_workers(site);
}

uint32_t site_share(uint32_t limit, uint32_t slots)
{
	uint64_t share;

	assert(slots > 0);
	share = ((uint64_t)limit * 5 + (uint64_t)slots * 4 - 1) / ((uint64_t)slots * 4);
	return share < limit ? (uint32_t)share : limit;
}

uint64_t site_body_size(const struct site *site, const struct site_mount *mount)
{
	return mount->body_size ? mount->body_size : site->limits.body_size;
}

uint64_t site_body_size_most(const struct site *site)
{
	uint64_t most = site->limits.body_size;

	for (size_t i = 0; i < site->nmounts; i++)
		if (site->mounts[i].body_size > most)
			most = site->mounts[i].body_size;
	return most;
}

void site_log(const struct site *site, const char *who)
{
	struct log_conf conf = { .format = (enum log_format)site->log_format,
				 .to = (enum log_to)site->log_to };

	if (site->log_file && *site->log_file)
		conf.to = LOG_TO_STDERR;
	for (unsigned p = 0; p < LOG_PARTS_N; p++)
		conf.most[p] = (enum log_level)(site->log_parts[p] ? site->log_parts[p] - 1 :
						site->log_level);
	log_configure(&conf, who);
}

static bool same_host(const char *x, const char *y)
{
	return x && y ? strcasecmp(x, y) == 0 : x == y;
}

const struct site_mount *site_like(const struct site *other, const struct site *site,
				   const struct site_mount *m)
{
	const char *host = site_host_name(site, m->host);

	for (size_t i = 0; i < other->nmounts; i++) {
		const struct site_mount *o = &other->mounts[i];

		if (strcmp(o->path, m->path) == 0 && strcmp(o->module, m->module) == 0 &&
		    same_host(site_host_name(other, o->host), host))
			return o;
	}
	return NULL;
}

static bool has_option(const struct site_mount *m, const struct config_pair *option)
{
	for (size_t i = 0; i < m->noptions; i++)
		if (strcmp(m->options[i].key, option->key) == 0)
			return strcmp(m->options[i].value, option->value) == 0;
	return false;
}

/* In any order; a key is there once. */
bool site_same_options(const struct site_mount *a, const struct site_mount *b)
{
	if (a->noptions != b->noptions)
		return false;
	for (size_t i = 0; i < a->noptions; i++)
		if (!has_option(b, &a->options[i]))
			return false;
	return true;
}
