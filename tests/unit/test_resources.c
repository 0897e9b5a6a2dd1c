#include "site_help.h"

Test(resources, mounts)
{
	struct site *s = help_site(
		"resources:\n"
		"  /hello: hello\n"
		"  /a/%62:\n"
		"    delay: 1s\n"
		"    module: separate\n"
		"    text: \"x y\"\n"
		"    link: { title: A b, rt: x.y z, if: core.s, ct: 0 50, obs: yes }\n"
		"  /: { module: root }\n");
	const struct site_mount *m;

	cr_assert_eq(s->nmounts, 3);
	m = &s->mounts[0];
	cr_expect_str_eq(m->path, "/hello");
	cr_expect_str_eq(m->module, "hello");
	cr_expect_eq(m->noptions, 0);
	cr_expect_str_eq(m->link.rt, "");
	cr_expect_not(m->link.obs);
	cr_expect_eq(m->at.line, 2);
	cr_expect_eq(m->at.column, 3);
	cr_expect_eq(m->module_at.column, 11);
	m = &s->mounts[1];
	cr_expect_str_eq(m->path, "/a/b");
	cr_assert_eq(m->nsegments, 2);
	cr_expect_str_eq(m->segments[0], "a");
	cr_expect_str_eq(m->segments[1], "b");
	cr_expect_str_eq(m->module, "separate");
	cr_assert_eq(m->noptions, 2);
	cr_expect_str_eq(m->options[0].key, "delay");
	cr_expect_str_eq(m->options[0].value, "1s");
	cr_expect_eq(m->options[0].key_at.line, 4);
	cr_expect_eq(m->options[0].value_at.column, 12);
	cr_expect_str_eq(m->options[1].value, "x y");
	cr_expect_str_eq(m->link.title, "A b");
	cr_expect_str_eq(m->link.rt, "x.y z");
	cr_expect_str_eq(m->link.iface, "core.s");
	cr_expect_str_eq(m->link.ct, "0 50");
	cr_expect(m->link.obs);
	cr_expect_str_eq(s->mounts[2].path, "/");
	cr_expect_eq(s->mounts[2].nsegments, 0);
	site_free(s);
}

Test(resources, the_options_of_a_mount_fill_a_modules_rows)
{
	struct conf { uint64_t delay_ms; const char *text; } c = { 0 };
	static const struct config_row rows[] = {
		{ "delay", "duration", "5s", "0..1h", NULL, "Text.",
		  offsetof(struct conf, delay_ms) },
		{ "text", "string", "hello", NULL, NULL, "Text.",
		  offsetof(struct conf, text) },
	};
	struct site *s = help_site("resources:\n  /a: { module: m, delay: 1s }\n"
				   "  /b: { module: m, dealy: 1s, text: x }\n");
	const struct site_mount *a = &s->mounts[0], *b = &s->mounts[1];

	cr_expect(config_apply_rows(rows, 2, &c, a->options, a->noptions, a->at,
				    &help_errors));
	cr_expect_eq(c.delay_ms, 1000);
	cr_expect_str_eq(c.text, "hello");
	cr_expect_not(config_apply_rows(rows, 2, &c, b->options, b->noptions, b->at,
					&help_errors));
	cr_expect_eq(help_errors.count, 1);
	cr_expect_str_eq(help_errors.text[0],
			 "t.yaml:3:20: unknown key \"dealy\", did you mean \"delay\"?");
	site_free(s);
}

Test(resources, modules)
{
	REFUSED("resources: hello\n",
		"t.yaml:1:12: resources: must be a mapping (path: module), not a single value");
	REFUSED("resources:\n", "t.yaml:1:11: resources: must be a mapping (path: module), "
		"not nothing");
	REFUSED("resources:\n  /a:\n", "t.yaml:2:6: module: must be a name, not nothing");
	REFUSED("resources: { /a: [x] }\n", "t.yaml:1:18: module: must be a name, not a list");
	REFUSED("resources: { /a: { text: x } }\n",
		"t.yaml:1:14: resources: \"/a\" has no module");
	REFUSED("resources: { /a: { modul: x } }\n", "t.yaml:1:14: resources: \"/a\" has no "
		"module, is \"modul\" a slip of the pen?");
	REFUSED("resources: { /a: ../../lib/x }\n", "t.yaml:1:18: module: \"../../lib/x\" is "
		"not a name (small letters, digits, \"-\" and \"_\")");
	REFUSED("resources: { /a: '' }\n",
		"t.yaml:1:18: module: \"\" has 0 bytes, 1..64 are possible");
	REFUSED("resources: { /a: { module: [x] } }\n",
		"t.yaml:1:28: module: must be a name, not a list");
}

Test(resources, values_of_the_mounts_own)
{
	struct site *s = help_site("resources: { /a: { body-size: 1.5MiB, module: x, y: 1 } }\n");

	cr_expect_eq(s->mounts[0].body_size, 3 << 19);
	cr_expect_eq(s->mounts[0].noptions, 1);
	site_free(s);
	REFUSED("resources: { /a: { module: x, body-size: [1] } }\n",
		"t.yaml:1:42: body-size: must be a single value, not a list");
	REFUSED("resources: { /a: { module: x, body-size: 15 } }\n",
		"t.yaml:1:42: body-size: \"15\" is out of range, 16..1GiB");
	REFUSED("resources: { /a: { module: x, body-size: big } }\n",
		"t.yaml:1:42: body-size: \"big\" is not a size");
}

Test(resources, options_are_single_values_with_short_keys)
{
	REFUSED("resources: { /a: { module: x, opt: [1] } }\n",
		"t.yaml:1:36: \"opt\" must have a single value, not a list");
	REFUSED("resources: { /a: { module: x, opt: } }\n",
		"t.yaml:1:31: \"opt\" must have a single value, not nothing");
	REFUSED("resources: { /a: { module: x, aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
		"eeeeeeeeeeffffffffff12345: 1 } }\n",
		"t.yaml:1:31: a key of more than 64 bytes");
}

Test(resources, paths)
{
	REFUSED("resources: { hello: x }\n",
		"t.yaml:1:14: resources: \"hello\": a path begins with \"/\"");
	REFUSED("resources: { /a/: x }\n", "t.yaml:1:14: resources: \"/a/\": a path has no "
		"empty segments (is there a \"/\" too many?)");
	REFUSED("resources:\n  /ab: x\n  /%61b: y\n", "t.yaml:3:3: resources: path /ab is "
		"there twice, before that in line 2");
	REFUSED("resources:\n  /ab: x\n  /ab: y\n",
		"t.yaml:3:3: key \"/ab\" is there twice, before that in line 2");
	REFUSED("resources: { /.well-known/core: x }\n", "t.yaml:1:14: resources: "
		"/.well-known/core is built in, nothing can be mounted there");
	REFUSED("resources: { /.well-known/%63ore/x: x }\n", "t.yaml:1:14: resources: "
		"/.well-known/core is built in, nothing can be mounted there");
	site_free(help_site("resources: { /.well-known: x, /.well-known/rd: x }\n"));
}

Test(resources, links)
{
	REFUSED("resources: { /a: { module: x, link: y } }\n",
		"t.yaml:1:37: link: must be a mapping (key: value), not a single value");
	REFUSED("resources: { /a: { module: x, link: { titel: y } } }\n",
		"t.yaml:1:39: unknown key \"titel\", did you mean \"title\"?");
	REFUSED("resources: { /a: { module: x, link: { rt: 'a\"b' } } }\n",
		"t.yaml:1:43: rt: a quote or backslash cannot be part of a link");
	REFUSED("resources: { /a: { module: x, link: { title: \"a\\nb\" } } }\n",
		"t.yaml:1:46: title: a control character cannot be part of a link");
	REFUSED("resources: { /a: { module: x, link: { if: 'a  b' } } }\n",
		"t.yaml:1:43: if: words are separated by one space each");
	REFUSED("resources: { /a: { module: x, link: { ct: 65536 } } }\n",
		"t.yaml:1:43: ct: \"65536\" is out of range, 0..65535");
	REFUSED("resources: { /a: { module: x, link: { sz: 1 2 } } }\n",
		"t.yaml:1:43: sz: one number is possible");
	REFUSED("resources: { /a: { module: x, link: { sz: many } } }\n",
		"t.yaml:1:43: sz: \"many\" is not a whole number");
	site_free(help_site("resources: { /a: { module: x, link: { title: 'a\"b\\' } } }\n"));
}
