/* said.h - for tests of what a verb prints: a directory of the test's own, and in it the files "out"
 * and "err", which standard output and standard error go to. */
#ifndef UNIT_SAID_H
#define UNIT_SAID_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char said_dir[] = "/tmp/test_said.XXXXXX";
static char text[4096];         /* of the file that was looked at last */

static void said_begin(void)
{
	cr_assert(mkdtemp(said_dir));
	cr_assert_eq(chdir(said_dir), 0);
	dup2(open("out", O_RDWR | O_CREAT, 0600), STDOUT_FILENO);
	dup2(open("err", O_RDWR | O_CREAT, 0600), STDERR_FILENO);
}

/* A test may have made "file" besides. */
static void said_end(void)
{
	unlink("out");
	unlink("err");
	unlink("file");
	cr_assert_eq(chdir("/"), 0);
	rmdir(said_dir);
}

static const char *content(const char *name)
{
	FILE *f = fopen(name, "r");

	if (!f)
		return "(none)";
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	return text;
}

__attribute__((unused)) static void said(const char *name, const char *part)
{
	cr_expect(strstr(content(name), part), "%s lacks: %s", text, part);
}

#endif
