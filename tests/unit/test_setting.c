#include "kit/setting.h"

#include "kit_script.h"

Test(setting, a_site_of_one_slot_and_the_mounts)
{
	struct script *s = kit_script("mount /a { module: x, y: ${dir}/z }\nget /a\n"
				      "site limits: { waiting: 16, endpoints: 5000 }\n"
				      "mount /b/c z\n");
	struct site *site = setting_make(s, "/mods", "/tmp/d", &kit_errors);

	cr_assert(site, "%s", kit_errors.text[0]);
	cr_expect_eq(site_slots(site), 1);
	cr_assert_eq(site->nmounts, 2);
	cr_expect_str_eq(site->mounts[0].path, "/a");
	cr_expect_str_eq(site->mounts[0].options[0].value, "/tmp/d/z");
	cr_expect_str_eq(site->mounts[1].module, "z");
	cr_expect_eq(site->limits.waiting, 16);
	cr_expect_eq(site->limits.endpoints, SETTING_LIMIT);
	cr_expect_str_eq(site->modules_dir, "/mods");
	cr_expect_eq(setting_mount(s, 1)->line, 4);
	cr_expect_null(setting_mount(s, 2));
	site_free(site);
	script_free(s);
}

static void refused(const char *text, const char *message)
{
	struct script *s = kit_script(text);

	cr_expect_null(setting_make(s, NULL, "/", &kit_errors), "%s", text);
	cr_expect_str_eq(kit_errors.text[0], message);
	script_free(s);
}

Test(setting, what_is_wrong_is_told_by_its_place_in_the_script)
{
	refused("get /\nmount /a x\n  mount /a y\n",
		"t:3:3: key \"/a\" is there twice, before that in line 2");
	refused("\nsite  limits:  { waiting: many }\n",
		"t:2:27: waiting: \"many\" is not a whole number");
	refused("mount /a { text: x }", "t:1:1: resources: \"/a\" has no module");
}
