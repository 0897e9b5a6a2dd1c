/* What one supervisor leaves, as the next one finds it. */
#include "supervisor/estate.h"
#include "supervisor/stages.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct config_errors errors;
static struct supervisor sv;
static struct estate left, found;
static struct err err;

static const char text[] = "workers: 2\nslots: 3\nlisten: [ \"coap://[::1]:0\", \"coap://127.0.0.1:0\" ]\n"
	"limits: { endpoints: 100, dedup: 100, exchanges: 100, waiting: 16, messages: 100 }\n"
	"hosts: { h: { resources: { /b: hello } } }\n"
	"resources: { /a: { module: hello, text: \"${SECRET}\" }, /c: time }\n";

static void setup(void)
{
	setenv("SECRET", "$${x} \"y\"", 1);
	sv = (struct supervisor){ .nslots = 3, .program_fd = -1, .program = "/sbin/coapd" };
	sv.site = site_load_text("site.yaml", text, strlen(text), &errors);
	cr_assert(sv.site, "%s", errors.text[0]);
	cr_assert_eq(stages_up(&sv, &err), 0, "%s", err.text);
	sv.now->crashes.mount[1].deaths = 7;
}

static void teardown(void)
{
	stages_down(&sv);
	site_free(sv.site);
}

TestSuite(estate, .init = setup, .fini = teardown);

static void hand_over(bool living)
{
	int fd;

	cr_assert(estate_make(&left, &sv, living));
	fd = estate_write(&left);
	cr_assert_geq(fd, 0);
	cr_assert_eq(estate_read(&found, fd, &err), 0, "%s", err.text);
	close(fd);
}

Test(estate, the_lasting_part)
{
	hand_over(false);
	cr_expect(!estate_lives(&found));
	cr_expect_eq(estate_number(&found, "slots"), 3);
	cr_expect_eq(strlen(estate_text(&found, "key")), 32);
	/* memory, client, two of mail, two listeners of each slot; and the changes. */
	cr_expect_eq(found.bag.n, 3 * 6 + 1);
	cr_expect_eq(bag_have(&found.bag, "memory.2"), sv.now->memory.fd[2]);
	cr_expect_null(estate_site(&found, &err));
	cr_expect(strstr(err.text, "it is not there"), "%s", err.text);
}

Test(estate, the_site_comes_back_with_its_mounts_in_their_order)
{
	struct site *site;

	hand_over(true);
	cr_expect(estate_lives(&found));
	site = estate_site(&found, &err);
	cr_assert(site, "%s", err.text);
	cr_expect_eq(site->workers, 2);
	cr_expect_eq(site->slots, 3);
	cr_assert_eq(site->nmounts, sv.site->nmounts);
	for (size_t i = 0; i < site->nmounts; i++) {
		const struct site_mount *m = &site->mounts[i], *was = &sv.site->mounts[i];

		cr_expect_str_eq(m->path, was->path);
		cr_expect_str_eq(m->module, was->module);
		cr_expect(site_same_options(m, was));
		for (size_t k = 0; k < m->noptions; k++)
			cr_expect_eq(!m->options[k].written, !was->options[k].written);
		if (m->noptions)
			cr_expect_str_eq(m->options[0].written, "${SECRET}");
	}
	site_free(site);
}

Test(estate, paths_may_be_of_any_bytes)
{
	struct site *site;
	char *program;

	sv.program = "/sbin/\xff\xe2\x82/coapd";
	sv.site->runtime_at = "/run/\xe4";
	sv.site->modules_dir = "/lib/\xf6";
	sv.site->file = "\xfc.yaml";
	hand_over(true);
	program = estate_path(&found, "program");
	cr_expect_str_eq(program, sv.program);
	free(program);
	cr_expect_null(estate_path(&found, "no such member"));
	site = estate_site(&found, &err);
	cr_assert(site, "%s", err.text);
	cr_expect_str_eq(site->runtime_at, sv.site->runtime_at);
	cr_expect_str_eq(site->modules_dir, sv.site->modules_dir);
	cr_expect_str_eq(site->file, sv.site->file);
	site_free(site);
}

Test(estate, a_site_may_be_longer_than_a_file)
{
	static char longer[3 << 20];
	size_t n = sizeof longer - 100;
	struct site *site;

	memset(longer, '#', n);
	snprintf(longer + n, 100, "\nresources: { /a: hello }\n");
	cr_expect_null(site_load_text("site.yaml", longer, strlen(longer), &errors));
	site = site_load_own("site.yaml", longer, strlen(longer), &errors);
	cr_assert(site, "%s", errors.text[0]);
	cr_expect_eq(site->nmounts, 1);
	site_free(site);
}

Test(estate, sites_that_cannot_be_read_are_told)
{
	hand_over(true);
	json_object_set_new(found.root, "site", json_string("nonsense: {"));
	cr_expect_null(estate_site(&found, &err));
	cr_expect(strstr(err.text, "cannot be read by this program"), "%s", err.text);
	estate_free(&left);
	hand_over(true);
	json_array_clear(json_object_get(found.root, "mounts"));
	cr_expect_null(estate_site(&found, &err));
	cr_expect(strstr(err.text, "does not have the resources"), "%s", err.text);
}

/* What was said may be cut within a character. */
Test(estate, a_verdict_of_any_bytes_is_told)
{
	int fd;

	hand_over(true);
	cr_assert(estate_note_verdict(&found, "a \xc3\xa9 b \xff c \xe2\x82"));
	fd = estate_write(&found);
	cr_assert_geq(fd, 0);
	cr_assert_eq(estate_read(&left, fd, &err), 0, "%s", err.text);
	cr_expect_str_eq(estate_text(&left, "verdict"), "a \xc3\xa9 b ? c ??");
	close(fd);
}

static int memory_with(const char *bytes)
{
	int fd = memfd_create("test", 0);

	cr_assert_eq(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	return fd;
}

Test(estate, what_is_none_is_refused)
{
	static const struct { const char *text, *why; } wrong[] = {
		{ "", "cannot be read" },
		{ "{", "the state of the program before" },
		{ "[]", "is of version 0" },
		{ "{\"state\":2,\"slots\":1}", "is of version 2, and 1 is known" },
		{ "{\"state\":1}", "is of version 1" },
		{ "{\"state\":1,\"state\":1,\"slots\":1}", "duplicate" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int fd = memory_with(wrong[i].text);

		cr_expect_eq(estate_read(&found, fd, &err), -EINVAL);
		cr_expect(strstr(err.text, wrong[i].why), "%s: %s", wrong[i].text, err.text);
		close(fd);
	}
	cr_expect_eq(estate_read(&found, -1, &err), -EINVAL);
}
