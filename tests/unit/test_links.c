/* Links that modules add while they open. */
#include <criterion/criterion.h>

#include "resource/links.h"
#include "stage.h"

#include <errno.h>

static struct mount_links links;
static const char *mount = "/m";

static void teardown(void)
{
	links_free(&links);
}

TestSuite(links, .fini = teardown);

static int add(const char *path, const char *attributes)
{
	return links_add(&links, mount, span_str(path), attributes);
}

/* All of them, as they would be listed. */
static const char *all(void)
{
	static char text[1024];
	struct link_stream s = link_stream(writer_of(text, sizeof text - 1), 0);

	for (const struct mount_link *l = links.first; l; l = l->next)
		link_stream_add(&s, &l->link);
	text[s.total] = 0;
	return text;
}

Test(links, are_kept_in_their_order)
{
	cr_assert_eq(add("b", "rt=\"x y\";obs;sz=9"), 0);
	cr_assert_eq(add("a/b%20c", ""), 0);
	cr_assert_eq(add("a/", NULL), 0);
	cr_assert_str_eq(all(), "</m/b>;rt=\"x y\";obs;sz=9,</m/a/b%20c>,</m/a/>");
	cr_assert_str_eq(links.wrong, "");
}

Test(links, below_the_root)
{
	mount = "/";
	cr_assert_eq(add("b", "title=\"a \\\"b\\\"\""), 0);
	cr_assert_str_eq(all(), "</b>;title=\"a \\\"b\\\"\"");
}

Test(links, paths_that_are_none)
{
	static const char *const bad[] = { "", "/a", "a b", "a>b", "a%2", "\xc3\xa9", "a?b", "a#b" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(add(bad[i], NULL), -EINVAL, "%s", bad[i]);
	cr_assert_null(links.first);
	/* The first mistake is the one that is told. */
	cr_assert_str_eq(links.wrong, "link to \"\": no path below a mount");
}

Test(links, attributes_that_are_none)
{
	static const char *const bad[] = { ";obs", "rt=", "rt=\"x", "=x", "obs,</x>", "rt=a;rt=b",
					   "href=x", "title=\"\xff\"", "title=\"a\nb\"", "a b" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(add("a", bad[i]), -EINVAL, "%s", bad[i]);
	cr_assert_null(links.first);
	cr_assert(strstr(links.wrong, "link to \"a\": "), "%s", links.wrong);
}

Test(links, each_once)
{
	cr_assert_eq(add("a", "obs"), 0);
	cr_assert_eq(add("a", NULL), -EEXIST);
	cr_assert_str_eq(links.wrong, "link to \"a\" is there twice");
	cr_assert_str_eq(all(), "</m/a>;obs");
}

/* --- by modules -------------------------------------------------------------------- */

static int late = 1;

static enum coapd_verdict linking_hook(void *self, coapd_task *task,
				       const struct coapd_event *event)
{
	(void)event;
	late = coapd_link(coapd_task_mount(task), coapd_text("late"), NULL);
	return stage_say(task, self ? "self" : "none");
}

static int open_wrongly(coapd_mount *m, const void *conf, void **self)
{
	(void)conf;
	(void)self;
	cr_assert_eq(coapd_link(m, coapd_text("x"), "rt=\"x"), -EINVAL);
	return 0;
}

STAGE_MODULE(wrong, linking_hook, .open = open_wrongly);
STAGE_MODULE(linking, linking_hook, .flags = 0);

Test(links, a_mistake_keeps_the_mount_from_opening)
{
	struct resource_mount_spec spec = stage_spec("/a", &wrong);
	struct err err;

	cr_assert_null(resources_new(&spec, 1, &err));
	cr_assert_str_eq(err.text, "resource /a: module wrong does not open: "
			 "link to \"x\": links: a quote without its second one (byte 11)");
}

Test(links, none_later)
{
	struct stage *s = stage_one("/a", &linking);

	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 pay=none");
	cr_assert_eq(late, -EPERM);
	stage_free(s);
}
