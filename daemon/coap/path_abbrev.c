#include "coap/path_abbrev.h"

#include "coap/option.h"

#include <stddef.h>

/* The registry ("Initial Uri-Path-Abbrev values"). */
static const struct path_abbrev rows[] = {
	{ 0, 2, { ".well-known", "core" } },
	{ 1, 2, { ".well-known", "rd" } },
	{ 2, 2, { ".well-known", "edhoc" } },
	{ 301, 3, { ".well-known", "est", "crts" } },
	{ 302, 3, { ".well-known", "est", "sen" } },
	{ 303, 3, { ".well-known", "est", "sren" } },
	{ 304, 3, { ".well-known", "est", "skg" } },
	{ 305, 3, { ".well-known", "est", "skc" } },
	{ 306, 3, { ".well-known", "est", "att" } },
	{ 401, 3, { ".well-known", "brski", "es" } },
	{ 402, 3, { ".well-known", "brski", "rv" } },
	{ 403, 3, { ".well-known", "brski", "vs" } },
};

const struct path_abbrev *path_abbrev(struct span value)
{
	uint64_t number;

	if (!option_uint(value, &number))
		return NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

const struct path_abbrev *path_abbrev_of(struct span options)
{
	struct option_iter it = option_iter(options);
	struct option o;

	while (option_next(&it, &o) && o.number <= OPT_URI_PATH_ABBREV)
		if (o.number == OPT_URI_PATH_ABBREV)
			return path_abbrev(o.value);
	return NULL;
}
