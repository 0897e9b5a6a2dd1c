#include "worker/where.h"

#include "base/counter.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

static struct space_ctl *memory(int *fd)
{
	struct space_ctl *ctl;

	*fd = memfd_create("slot", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(*fd, sizeof *ctl), 0);
	ctl = mmap(NULL, sizeof *ctl, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	cr_assert_neq(ctl, MAP_FAILED);
	return ctl;
}

Test(where, is_seen_by_those_who_look_into_the_slot)
{
	struct where p = { NULL };
	struct err err;
	int fd;
	struct space_ctl *ctl = memory(&fd);

	cr_assert_null(where_word(&p));
	cr_assert_eq(where_open(&p, fd, &err), 0, "%s", err.text);
	space_set(where_word(&p), SPACE_OPENS | 3);
	cr_assert_eq(ctl->where, SPACE_OPENS | 3);
	where_close(&p);
	where_close(&p);
	cr_assert_null(where_word(&p));
	munmap(ctl, sizeof *ctl);
	close(fd);
}

Test(where, who_died_there_is_counted_once)
{
	struct where p = { NULL };
	struct err err;
	int fd;
	struct space_ctl *ctl = memory(&fd);

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(where_open(&p, fd, &err), 0, "%s", err.text);
		if (i == 0)
			space_set(where_word(&p), SPACE_OPENS | 1);
		where_close(&p);
	}
	cr_assert_eq(ctl->counter[COUNT_OPEN_LOST], 1);
	ctl->where = 1;         /* in a hook: that is counted elsewhere */
	cr_assert_eq(where_open(&p, fd, &err), 0, "%s", err.text);
	cr_assert_eq(ctl->counter[COUNT_OPEN_LOST], 1);
	cr_assert_eq(ctl->where, 0);
	where_close(&p);
	munmap(ctl, sizeof *ctl);
	close(fd);
}

Test(where, that_of_the_dead_is_forgotten_in_other_slots)
{
	int fd;
	struct space_ctl *ctl = memory(&fd);

	ctl->where = 2;
	ctl->tries = ctl->hwm[0] = 7;
	where_forget(fd);
	cr_assert_eq(ctl->where, 0);
	cr_assert_eq(ctl->tries, 7);
	cr_assert_eq(ctl->hwm[0], 7);
	where_forget(-1);
	munmap(ctl, sizeof *ctl);
	close(fd);
}

Test(where, says_why_it_cannot)
{
	struct where p = { NULL };
	struct err err = { "" };

	cr_assert_lt(where_open(&p, -1, &err), 0);
	cr_assert_not_null(strstr(err.text, "memory of a slot"));
}
