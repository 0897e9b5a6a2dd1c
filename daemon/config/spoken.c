#include "config/spoken.h"
#include "config/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A path may have "=" in it, a module has none. */
static void put_mount(FILE *out, const char *mount)
{
	const char *module = strrchr(mount, '=');
	char *path = strndup(mount, module ? (size_t)(module - mount) : strlen(mount));

	fputs("  ", out);
	emit_text(out, path ? path : "");
	fputs(": ", out);
	emit_value(out, module ? module + 1 : "");
	fputc('\n', out);
	free(path);
}

char *spoken_text(const struct spoken *said, size_t *n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, n);

	if (!out)
		return NULL;
	if (said->file) {
		fputs("include: ", out);
		emit_value(out, said->file);
		fputc('\n', out);
	}
	if (said->nlisten)
		fputs("listen:\n", out);
	for (size_t i = 0; i < said->nlisten; i++) {
		fputs("  - ", out);
		emit_value(out, said->listen[i]);
		fputc('\n', out);
	}
	fputs(said->nmounts ? "resources:\n" : "resources: {}\n", out);
	for (size_t i = 0; i < said->nmounts; i++)
		put_mount(out, said->mount[i]);
	return fclose(out) == 0 ? text : NULL;
}
