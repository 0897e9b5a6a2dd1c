#include "supervisor/stages.h"
#include "slot_stub.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

int slot_where(const void *mem, const struct site *site)
{
	(void)mem, (void)site;
	return -1;
}

int worker_run(const struct worker_boot *b)
{
	(void)b;
	return 1;
}

static struct site_listener listener = { .text = "coap://[::1]:0", .at = { .line = 3, .column = 5 } };
static struct site site = { .file = "site.yaml", .workers = 2, .slots = 5,
			    .listeners = &listener, .nlisteners = 1, .access_file = "" };

static struct supervisor five_slots(void)
{
	addr_parse("[::1]:0", &listener.addr);
	return (struct supervisor){ .site = &site, .nslots = 5 };
}

static unsigned files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

Test(stages, deal_each_slot_to_one_worker_and_leave_nothing_open)
{
	struct supervisor sv = five_slots();
	struct err err = { "" };
	unsigned before = files();

	cr_assert_eq(stages_up(&sv, &err), 0, "%s", err.text);
	cr_assert_gt(files(), before + 5);
	for (unsigned w = 0, slot = 0; w < 2; w++) {
		cr_assert_eq(sv.now->process[w].nslots, w ? 2u : 3u);
		cr_assert_eq(sv.now->process[w].pid, 0);
		cr_assert_eq(sv.now->process[w].control, -1);
		for (unsigned i = 0; i < sv.now->process[w].nslots; i++, slot++)
			cr_assert_eq(sv.now->process[w].slots[i].slot, w + 2 * i);
	}
	stages_down(&sv);
	cr_assert_eq(files(), before);
}

Test(stages, that_fail_late_undo_those_before)
{
	struct supervisor sv = five_slots();
	struct err err = { "" };
	unsigned before = files();

	slot_stub_size = 0;
	cr_assert_eq(stages_up(&sv, &err), -EINVAL);
	cr_assert(strstr(err.text, "site.yaml: the limits ask for more than"), "%s", err.text);
	cr_assert_eq(files(), before);
}

Test(stages, say_how_many_files_are_too_few)
{
	struct supervisor sv = five_slots();
	struct err err = { "" };
	struct rlimit few = { .rlim_cur = 60, .rlim_max = 60 };

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_assert_eq(stages_up(&sv, &err), -EMFILE);
	cr_assert(strstr(err.text, "only 60 are allowed"), "%s", err.text);
}
