#include "config/include.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pool *pool;
static struct config_errors errors;
static char dir[] = "/tmp/test_include_XXXXXX";

static void setup(void)
{
	pool = pool_new();
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(mkdir("conf.d", 0755), 0);
}

static void teardown(void)
{
	char command[100];

	pool_free(pool);
	snprintf(command, sizeof command, "rm -r %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(include, .init = setup, .fini = teardown);

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static struct node *load(const char *name)
{
	errors_begin(&errors, name);
	return include_file(pool, name, INCLUDE_FROM_FILE, &errors);
}

/* The members in their order, "a b c". */
static const char *keys(const struct node *map)
{
	static char text[200];
	size_t n = 0;

	text[0] = '\0';
	for (const struct node *m = map ? map->first : NULL; m; m = m->next)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", m->key);
	return text;
}

static void expect(const char *text, const char *members)
{
	put("site.yaml", text);
	cr_expect_str_eq(keys(load("site.yaml")), members);
	cr_expect_eq(errors.count, 0, "%s", errors.text[0]);
}

/* One message, the excerpt aside. */
static void refused(const char *text, const char *message)
{
	put("site.yaml", text);
	load("site.yaml");
	cr_expect_eq(errors.count, 1, "%u of %s", errors.count, text);
	cr_expect_str_eq(errors.text[0], message);
}

Test(include, a_file_beside)
{
	put("b.yaml", "b: 1\n");
	expect("a: 1\ninclude: b.yaml\nc: 1\n", "a c b");
	put("conf.d/c.yaml", "c: 1\ninclude: d.yaml\n");
	put("conf.d/d.yaml", "d: 1\n");
	expect("include: [b.yaml, conf.d/c.yaml]\n", "b c d");
}

Test(include, a_file_somewhere_else)
{
	char text[100];

	put("b.yaml", "b: 1\n");
	snprintf(text, sizeof text, "include: %s/b.yaml\n", dir);
	put("conf.d/a.yaml", text);
	cr_expect_str_eq(keys(load("conf.d/a.yaml")), "b");
}

Test(include, a_directory)
{
	put("conf.d/20.yaml", "b: 1\n");
	put("conf.d/10.yaml", "a: 1\n");
	put("conf.d/.hidden.yaml", "[");
	put("conf.d/30.yaml~", "[");
	put("conf.d/40.yaml", "# nothing but this\n");
	expect("include: conf.d\n", "a b");
	expect("include: [ conf.d/ ]\n", "a b");
}

Test(include, a_pattern)
{
	put("conf.d/20.x", "b: 1\n");
	put("conf.d/10.x", "a: 1\n");
	put("conf.d/c", "c: 1\n");
	expect("include: conf.d/[12]*.x\n", "a b");
	expect("include: conf.d/*.none\n", "");
	put("conf.d/*", "star: 1\n");
	expect("include: conf.d/*\n", "star");
}

Test(include, places_name_their_file)
{
	struct node *root;

	put("b.yaml", "x: 1\n");
	put("site.yaml", "a: 1\ninclude: b.yaml\n");
	root = load("site.yaml");
	cr_assert_not_null(root);
	cr_expect_str_eq(root->first->at.file->name, "site.yaml");
	cr_expect_str_eq(root->first->next->at.file->name, "b.yaml");
	put("b.yaml", "x: 1\n\ty: 1\n");
	refused("include: b.yaml\n", "b.yaml:2:1: YAML does not allow a tab here, use spaces");
	cr_expect_str_eq(errors.excerpt[0], "  \\x09y: 1\n  ^");
}

Test(include, what_cannot_be_read)
{
	refused("include: b.yaml\n",
		"site.yaml:1:10: include: cannot open b.yaml: No such file or directory");
	refused("include: no.d/*.yaml\n",
		"site.yaml:1:10: include: cannot look for no.d/*.yaml: No such file or directory");
	refused("include:\n", "site.yaml:1:9: include: must be the name of a file or directory, "
		"or a pattern, not nothing");
	refused("include: [ '' ]\n", "site.yaml:1:12: include: must be the name of a file or "
		"directory, or a pattern, not nothing");
	refused("include: { a: b }\n", "site.yaml:1:10: include: must be the name of a file or "
		"directory, or a pattern, not a mapping");
	refused("include: [ [ a ] ]\n", "site.yaml:1:12: include: must be the name of a file or "
		"directory, or a pattern, not a list");
	cr_assert_eq(mkfifo("pipe", 0600), 0);
	refused("include: pipe\n", "site.yaml:1:10: include: pipe is no regular file but a pipe");
	put("b.yaml", "- a\n");
	refused("include: b.yaml\n",
		"b.yaml:1:1: a site is a mapping (key: value), not a list");
}

/* --- a site file that is none ------------------------------------------------ */

static void refused_from(const char *name, enum include_from from, const char *message)
{
	errors_begin(&errors, name);
	cr_expect_null(include_file(pool, name, from, &errors));
	cr_expect_eq(errors.count, 1, "%u", errors.count);
	cr_expect_str_eq(errors.text[0], message);
}

Test(include, a_site_that_is_no_file, .timeout = 20)
{
	static const enum include_from from[] = { INCLUDE_FROM_FILE, INCLUDE_FROM_ANY };

	for (int i = 0; i < 2; i++) {
		refused_from("conf.d", from[i], "conf.d: is no regular file but a directory");
		refused_from("/dev/zero", from[i], "/dev/zero: is no regular file but a device");
	}
	cr_assert_eq(mkfifo("pipe", 0600), 0);
	refused_from("pipe", INCLUDE_FROM_ANY, "pipe: is a pipe, and nobody writes to it");
	refused_from("pipe", INCLUDE_FROM_FILE, "pipe: is no regular file but a pipe, out of "
		     "which nothing can be read again");
}

/* One who writes in two pieces, the second when the first has been taken. */
static void *write_slowly(void *arg)
{
	int fd = *(int *)arg;
	int left = 1;

	cr_assert_eq(write(fd, "a: 1\ninclude: b.y", 17), 17);
	while (left)
		cr_assert_eq(ioctl(fd, FIONREAD, &left), 0);
	cr_assert_eq(write(fd, "aml\n", 4), 4);
	close(fd);
	return NULL;
}

Test(include, a_pipe_is_read_to_its_end, .timeout = 20)
{
	char name[40];
	pthread_t writer;
	int end[2];

	put("b.yaml", "b: 1\n");
	cr_assert_eq(pipe(end), 0);
	snprintf(name, sizeof name, "/dev/fd/%d", end[0]);
	pthread_create(&writer, NULL, write_slowly, &end[1]);
	errors_begin(&errors, name);
	cr_expect_str_eq(keys(include_file(pool, name, INCLUDE_FROM_ANY, &errors)), "a b");
	cr_expect_eq(errors.count, 0, "%s", errors.text[0]);
	pthread_join(writer, NULL);
	close(end[0]);
}

Test(include, a_terminal_too, .timeout = 20)
{
	int ours = posix_openpt(O_RDWR | O_NOCTTY);
	char message[200], name[40];

	cr_assert(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
	cr_assert_eq(ptsname_r(ours, name, sizeof name), 0);
	snprintf(message, sizeof message, "%s: is no regular file but a terminal, out of which "
		 "nothing can be read again", name);
	refused_from(name, INCLUDE_FROM_FILE, message);
	cr_assert_eq(write(ours, "a: 1\n\004", 6), 6);
	errors_begin(&errors, name);
	cr_expect_str_eq(keys(include_file(pool, name, INCLUDE_FROM_ANY, &errors)), "a");
	close(ours);
}

/* --- limits -------------------------------------------------------------------- */

Test(include, a_file_within_itself)
{
	refused("include: site.yaml\n", "site.yaml:1:10: include: site.yaml includes itself");
	put("b.yaml", "include: conf.d/../site.yaml\n");
	refused("include: b.yaml\n",
		"b.yaml:1:10: include: conf.d/../site.yaml includes itself");
	cr_assert_eq(symlink("site.yaml", "link"), 0);
	refused("include: link\n", "site.yaml:1:10: include: link includes itself");
}

Test(include, a_file_twice)
{
	put("b.yaml", "b: 1\n");
	refused("include:\n  - b.yaml\n  - 'b*.y?ml'\n"
		"", "site.yaml:3:5: include: b.yaml is included twice, before that in line 2");
}

Test(include, depth_has_a_limit)
{
	char name[20], text[40];

	for (int i = 1; i <= INCLUDE_DEPTH + 1; i++) {
		snprintf(name, sizeof name, "conf.d/%d", i);
		snprintf(text, sizeof text, i <= INCLUDE_DEPTH ? "include: %d\n" : "x: 1\n", i + 1);
		put(name, text);
	}
	expect("include: conf.d/2\n", "x");
	refused("include: conf.d/1\n",
		"conf.d/8:1:10: include: more than 8 files within each other");
}

Test(include, number_has_a_limit)
{
	char name[20];

	for (int i = 0; i < INCLUDE_FILES; i++) {
		snprintf(name, sizeof name, "conf.d/%04d.yaml", i);
		put(name, "");
	}
	refused("include: conf.d\n", "site.yaml:1:10: include: more than 1000 files");
	unlink("conf.d/0000.yaml");
	expect("include: conf.d\n", "");
}

Test(include, text_is_a_file_too)
{
	struct node *root;

	put("b.yaml", "b: 1\n");
	errors_begin(&errors, "here");
	root = include_text(pool, "here", "\xef\xbb\xbfinclude: b.yaml\na: 1", 23, &errors);
	cr_expect_str_eq(keys(root), "a b");
	cr_expect_eq(root->first->key_at.column, 1);
	cr_expect_null(include_text(pool, "here", "#", 1, &errors));
	cr_expect_str_eq(errors.text[0], "here: there is nothing in this file");
}
