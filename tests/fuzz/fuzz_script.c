/* fuzz_script - any bytes as a test script: refused with places in it, or read, and then
 * each command is whole, and as a site it is refused with places or loaded. */
#include "kit/setting.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config_errors errors;

static void check_places(const struct script *s, unsigned lines)
{
	for (unsigned i = 0; i < errors.count; i++)
		assert(errors.at[i].line <= lines && (s || errors.at[i].line));
}

static void check_command(const struct script *s, size_t i, unsigned lines)
{
	const struct command *c = &s->command[i];
	uint32_t last = 0;

	assert(c->line >= 1 && c->line <= lines && c->column >= 1);
	assert(i == 0 || c->line > s->command[i - 1].line);
	assert(c->kind != COMMAND_REQUEST || (c->peer >= 1 && c->peer <= 99));
	assert((c->kind != COMMAND_MOUNT && c->kind != COMMAND_SITE) || c->key[0]);
	for (size_t k = 0; c->kind == COMMAND_REQUEST && k < c->noptions; k++) {
		assert(c->option[k].number >= last);
		last = c->option[k].number;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script *s = script_read("fuzz", (const char *)data, size, &errors);
	struct site *site;
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	assert(!s == !!errors.count);
	check_places(s, lines);
	if (!s)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		check_command(s, i, lines);
	site = setting_make(s, NULL, "/d", &errors);
	assert(!site == !!errors.count);
	check_places(s, lines);
	site_free(site);
	script_free(s);
	return 0;
}
