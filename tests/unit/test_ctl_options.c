#include "client/ctl_options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>


static struct ctl_options o;
static struct err err;

static int words(const char *a, const char *b, const char *c, const char *d)
{
	char *argv[] = { (char *)"coapctl", (char *)a, (char *)b, (char *)c, (char *)d, NULL };
	int argc = 1;

	while (argv[argc])
		argc++;
	return ctl_options_read(&o, argc, argv, &err);
}

Test(ctl_options, options_may_stand_anywhere)
{
	cr_assert_eq(words("status", "--json", "-s", "/x"), 0, "%s", err.text);
	cr_expect_eq(o.verb, CTL_STATUS);
	cr_expect(o.json);
	cr_expect_str_eq(o.socket, "/x");
	cr_assert_eq(words("-w", "--interval", "0.5", "status"), 0, "%s", err.text);
	cr_expect(o.watch);
	cr_expect_eq(o.interval_ms, 500);
	cr_assert_eq(words("observers", "/a", NULL, NULL), 0, "%s", err.text);
	cr_expect_eq(o.nwords, 1);
	cr_expect_str_eq(o.word[0], "/a");
}

static void refused(const char *a, const char *b, const char *why)
{
	cr_expect_eq(words(a, b, NULL, NULL), -EINVAL);
	cr_expect(strstr(err.text, why), "%s", err.text);
}

Test(ctl_options, what_is_wrong_is_told)
{
	refused(NULL, NULL, "what is to be done");
	refused("statsu", NULL, "is it status");
	refused("zzzzzz", NULL, "--help");
	refused("status", "more", "it is: coapctl status");
	refused("--colour", NULL, "--colour");
	refused("status", "--socket", "lacks its value");
	refused("status", "--interval=no", "no");
	refused("peers", "-w", "only status");
}

Test(ctl_options, the_page_has_every_option)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	ctl_options_page(f);
	fclose(f);
	cr_expect(strstr(text, ".It Fl s Ar path , Fl -socket Ar path\nThe control socket, if "), "%s", text);
	cr_expect(strstr(text, "\n.It Fl -json\nLines of JSON, as coapd says them.\n.Pa control.md\n"), "%s",
		  text);
	free(text);
}

Test(ctl_options, help_names_every_verb)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	cr_assert_eq(words("--help", NULL, NULL, NULL), 0);
	cr_expect(o.help);
	cr_assert_eq(words("--version", NULL, NULL, NULL), 0);
	cr_expect(o.version);
	ctl_options_help(f);
	fclose(f);
	for (unsigned i = 0; i < CTL_VERB_COUNT; i++)
		cr_expect(strstr(text, ctl_rows[i].name));
	free(text);
}
