#include "worker/where.h"

#include "base/space.h"

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

Test(where, nobody_need_note_it)
{
	where_begin(NULL);
	cr_assert_eq(where_lost(NULL), 0);
}

Test(where, who_died_there_is_counted_once)
{
	struct where p = { 0 };

	where_begin(&p);
	cr_assert_eq(where_lost(&p), 0);
	p.mount = 3;
	where_begin(&p);
	cr_assert_eq(p.mount, 0);
	p.mount = 1;
	where_begin(&p);
	cr_assert_eq(where_lost(&p), 2);
	where_begin(&p);
	cr_assert_eq(where_lost(&p), 0);
}

Test(where, that_of_the_dead_is_forgotten_in_slots)
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

Test(where, only_a_mount_is_believed)
{
	struct where p = { 0 };

	cr_expect_eq(where_mount(&p, 2), -1);
	p.mount = 2;
	cr_expect_eq(where_mount(&p, 2), 1);
	p.mount = 3;
	cr_expect_eq(where_mount(&p, 2), -1);
}
