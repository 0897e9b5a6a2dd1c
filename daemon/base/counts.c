#include "base/counts.h"

#include <errno.h>
#include <string.h>

bool counts_name_good(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < COUNTS_NAME && !name[n];
}

static size_t bytes(unsigned workers, size_t mounts)
{
	return workers * mounts * sizeof(struct counts_row);
}

/* --- in the supervisor ------------------------------------------------------------- */

int counts_make(struct counts *c, unsigned workers, size_t mounts, struct err *err)
{
	int rc;

	*c = (struct counts){ .workers = workers, .mounts = mounts };
	/* Rows of mounts that count nothing are never touched, and take no memory. */
	rc = shared_make(&c->memory, "coapd-counts", bytes(workers, mounts));
	c->row = c->memory.at;
	return rc ? err_set(err, rc, "no memory for what modules count") : 0;
}

int counts_take_over(struct counts *c, int fd, unsigned workers, size_t mounts, struct err *err)
{
	int rc;

	*c = (struct counts){ .workers = workers, .mounts = mounts };
	rc = shared_take(&c->memory, fd, bytes(workers, mounts));
	c->row = c->memory.at;
	return rc ? err_set(err, rc, "modules do not count as this program has them do") : 0;
}

void counts_free(struct counts *c)
{
	shared_free(&c->memory);
	*c = (struct counts){ .row = NULL };
}

/* --- in a worker ----------------------------------------------------------------------- */

static bool has_names(const struct counts_row *row, const char *const *names, size_t n)
{
	if (row->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strncmp(row->name[i], names[i], COUNTS_NAME) != 0)
			return false;
	return true;
}

/* What a row has under a name; 0 if there is none. */
static uint64_t value_of(const struct counts_row *row, const char *name)
{
	for (unsigned i = 0; i < row->n && i < COUNTS_MAX; i++)
		if (strncmp(row->name[i], name, COUNTS_NAME) == 0)
			return __atomic_load_n(&row->value[i], __ATOMIC_RELAXED);
	return 0;
}

struct counts_row *counts_begin(const struct counts *c, unsigned worker, size_t mount,
				const char *const *names, size_t n)
{
	struct counts_row old, *row;

	if (!c || !c->row || !n || n > COUNTS_MAX || worker >= c->workers || mount >= c->mounts)
		return NULL;
	row = &c->row[worker * c->mounts + mount];
	if (has_names(row, names, n))
		return row;
	/* The module is another one than before, or this is the first worker. */
	old = *row;
	__atomic_store_n(&row->n, 0, __ATOMIC_RELEASE);
	for (size_t i = 0; i < n; i++) {
		strncpy(row->name[i], names[i], COUNTS_NAME - 1);
		row->name[i][COUNTS_NAME - 1] = 0;
		__atomic_store_n(&row->value[i], value_of(&old, names[i]), __ATOMIC_RELAXED);
	}
	__atomic_store_n(&row->n, (uint32_t)n, __ATOMIC_RELEASE);
	return row;
}

/* --- for those who look on: a module may have written anything ---------------------------- */

static const struct counts_row *row_of(const struct counts *c, unsigned worker, size_t mount)
{
	return &c->row[worker * c->mounts + mount];
}

static unsigned names_of(const struct counts_row *row)
{
	uint32_t n = __atomic_load_n(&row->n, __ATOMIC_ACQUIRE);

	return n <= COUNTS_MAX ? n : 0;
}

/* Copies a name; false if it is none. */
static bool take_name(const struct counts_row *row, unsigned i, char out[COUNTS_NAME])
{
	memcpy(out, row->name[i], COUNTS_NAME);
	out[COUNTS_NAME - 1] = 0;
	return counts_name_good(out);
}

/* Sums up the name over the workers from this one on; false: an earlier one has it. */
static bool sum_up(const struct counts *c, size_t mount, unsigned from, struct count *out)
{
	char name[COUNTS_NAME];

	out->value = 0;
	for (unsigned w = 0; w < c->workers; w++) {
		const struct counts_row *row = row_of(c, w, mount);

		for (unsigned i = 0; i < names_of(row); i++) {
			if (!take_name(row, i, name) || strcmp(name, out->name) != 0)
				continue;
			if (w < from)
				return false;
			out->value += __atomic_load_n(&row->value[i], __ATOMIC_RELAXED);
			break;
		}
	}
	return true;
}

static bool give(struct counts_row *row, const char *name, uint64_t value)
{
	char has[COUNTS_NAME];

	for (unsigned i = 0; i < names_of(row); i++)
		if (take_name(row, i, has) && strcmp(has, name) == 0) {
			__atomic_fetch_add(&row->value[i], value, __ATOMIC_RELAXED);
			return true;
		}
	return false;
}

void counts_give(const struct counts *c, size_t mount, const char *name, uint64_t value)
{
	for (unsigned w = 0; c->row && mount < c->mounts && w < c->workers; w++)
		if (give(&c->row[w * c->mounts + mount], name, value))
			return;
}

bool counts_read(const struct counts *c, size_t mount, unsigned nth, struct count *out)
{
	if (!c->row || mount >= c->mounts)
		return false;
	for (unsigned w = 0; w < c->workers; w++) {
		const struct counts_row *row = row_of(c, w, mount);

		for (unsigned i = 0; i < names_of(row); i++)
			if (take_name(row, i, out->name) && sum_up(c, mount, w, out) && !nth--)
				return true;
	}
	return false;
}
