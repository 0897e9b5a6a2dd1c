/* files_bed.h - what the tests of the module files stand on: a directory to be served, and
 * one that must not be. */
#ifndef TESTS_FILES_BED_H
#define TESTS_FILES_BED_H

#include "resource/resources.h"

#include "module_test.h"

#include <fcntl.h>
#include <sys/stat.h>

static char top[] = "/tmp/files-test-XXXXXX";
static uint16_t mid;

static inline const char *at(const char *name)
{
	static char path[2][200];
	static unsigned i;

	i = !i;
	snprintf(path[i], sizeof path[i], "%s/%s", top, name);
	return path[i];
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static inline const char *read_file(const char *name)
{
	static char text[200];
	FILE *f = fopen(at(name), "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return f ? text : "none";
}

/* root/ has what is served; outside/ what must not be. */
static inline void build(void)
{
	cr_assert(mkdtemp(top));
	mkdir(at("root"), 0755);
	mkdir(at("root/sub"), 0755);
	mkdir(at("outside"), 0755);
	write_file("outside/secret", "secret");
	write_file("root/a.json", "{}");
	write_file("root/sub/b.txt", "in sub");
}

static inline void clean(void)
{
	unmount();
	nftw(top, runtime_drop, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void serve(const char *more)
{
	char text[300];

	snprintf(text, sizeof text, "  /f: { module: files, root: %s/root%s }", top, more);
	mount_it(text);
}

static inline const char *ask(uint8_t method, const char *options, const char *payload)
{
	stage_send(s, 1, method, ++mid, options, payload);
	return stage_next(s);
}

#define expect_ask(method, options, payload, text) do { \
	const char *ask_ = ask(method, options, payload); \
	cr_assert_str_eq(ask_, text, "%s", ask_); \
} while (0)

static inline bool is(const char *answer, const char *code, const char *payload)
{
	const char *p = strstr(answer, " pay=");

	return strstr(answer, code) && p && strcmp(p + 5, payload) == 0;
}

#endif
