#include "config/site.h"
#include "config/load.h"
#include "config/pool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct config_place nowhere;

/* --- loading -------------------------------------------------------------- */

static struct site *load_text(const char *file, const char *text, size_t n,
			      struct config_errors *errors)
{
	struct pool *pool = pool_new();
	struct site *site = pool_get(pool, sizeof *site);
	struct config_file *at = pool_get(pool, sizeof *at);
	struct node *root;

	site->pool = pool;
	site->file = pool_copy(pool, file, strlen(file));
	*at = (struct config_file){ .name = site->file, .text = pool_copy(pool, text, n),
				    .n = n };
	root = yaml_read(pool, at, errors);
	if (root)
		load_site(site, root, errors);
	if (!errors->count)
		return site;
	site_free(site);
	return NULL;
}

struct site *site_load_text(const char *file, const char *text, size_t n,
			    struct config_errors *errors)
{
	errors_begin(errors, file);
	return load_text(file, text, n, errors);
}

/* One byte more than a site may have, so that the excess is seen.  -errno. */
static ssize_t read_all(int fd, char *buf, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, buf + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

struct site *site_load(const char *file, struct config_errors *errors)
{
	struct pool *scratch;
	struct site *site = NULL;
	ssize_t n;
	char *text;
	int fd;

	errors_begin(errors, file);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		errors_add(errors, nowhere, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	scratch = pool_new();
	text = pool_get(scratch, YAML_BYTES + 1);
	n = read_all(fd, text, YAML_BYTES + 1);
	close(fd);
	if (n < 0)
		errors_add(errors, nowhere, "cannot be read: %s", strerror((int)-n));
	else
		site = load_text(file, text, (size_t)n, errors);
	pool_free(scratch);
	return site;
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
