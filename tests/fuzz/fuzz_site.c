/* fuzz_site - any bytes as a site file: refused with a message, or loaded, and
 * then what it dumps loads to the same dump.  And any text as a value: what is
 * emitted loads as the same text. */
#include "config/emit.h"
#include "config/site.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the leak sanitizer, where that is linked. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static struct config_errors errors;

static char *dump(const struct site *site, size_t *n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, n);

	assert(out);
	assert(site_dump(site, out) == 0);
	fclose(out);
	return text;
}

static void check_round_trip(const struct site *site)
{
	size_t n, m;
	char *once = dump(site, &n), *twice;
	struct site *back = site_load_text("dump", once, n, &errors);

	assert(back);
	twice = dump(back, &m);
	assert(n == m && memcmp(once, twice, n) == 0);
	site_free(back);
	free(once);
	free(twice);
}

static void check_value(const char *value)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct site *site;

	assert(out);
	fputs("resources: { /a: { module: m, key: ", out);
	emit_value(out, value);
	fputs(" } }\n", out);
	fclose(out);
	site = site_load_text("value", text, n, &errors);
	assert(site && strcmp(site->mounts[0].options[0].value, value) == 0);
	site_free(site);
	free(text);
}

static void check_text(const char *data, size_t size)
{
	char *copy = strndup(data, size);

	assert(copy);
	if (utf8_valid(copy, strlen(copy)))
		check_value(copy);
	free(copy);
}

static void check_leaks(void)
{
	static unsigned runs;

	if (++runs % 4096 == 0 && __lsan_do_recoverable_leak_check)
		assert(__lsan_do_recoverable_leak_check() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct site *site = site_load_text("fuzz", (const char *)data, size, &errors);

	assert(!site == !!errors.count);
	if (site)
		check_round_trip(site);
	site_free(site);
	check_text((const char *)data, size);
	check_leaks();
	return 0;
}
