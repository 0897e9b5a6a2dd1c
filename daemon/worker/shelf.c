#include "worker/shelf.h"

#include "base/nearest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

static int is_module(const struct dirent *d)
{
	size_t n = strspn(d->d_name, letters);

	return n > 0 && n < SHELF_NAME && strcmp(d->d_name + n, ".so") == 0;
}

/* An entry becomes its name, in the same memory. */
static char *name_of(struct dirent *d)
{
	size_t n = strspn(d->d_name, letters);

	memmove(d, d->d_name, n);
	((char *)d)[n] = '\0';
	return (char *)d;
}

int shelf_names(const char *dir, char ***names)
{
	struct dirent **list;
	int n = scandir(dir, &list, is_module, alphasort);

	if (n < 0)
		return -errno;
	*names = calloc((size_t)n + 1, sizeof **names);
	for (int i = 0; *names && i < n; i++)
		(*names)[i] = name_of(list[i]);
	for (int i = 0; !*names && i < n; i++)
		free(list[i]);
	free(list);
	return *names ? n : -ENOMEM;
}

void shelf_free(char **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

bool shelf_nearest(const char *dir, const char *wanted, char out[SHELF_NAME])
{
	struct nearest nearest = { .wanted = wanted };
	char **names;
	int n = shelf_names(dir, &names);

	if (n < 0)
		return false;
	for (int i = 0; i < n; i++)
		nearest_offer(&nearest, names[i]);
	if (nearest.best)
		strcpy(out, nearest.best);
	shelf_free(names, n);
	return nearest.best;
}
