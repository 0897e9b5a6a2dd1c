#include "worker/budget.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

Test(budget, is_read_where_the_slots_say_it)
{
	struct budget b;
	struct err err;
	int fd[2];
	struct space_ctl *ctl[2];

	for (unsigned i = 0; i < 2; i++) {
		fd[i] = memfd_create("slot", MFD_CLOEXEC);
		cr_assert_eq(ftruncate(fd[i], sizeof **ctl), 0);
		ctl[i] = mmap(NULL, sizeof **ctl, PROT_READ | PROT_WRITE, MAP_SHARED, fd[i], 0);
		cr_assert_neq(ctl[i], MAP_FAILED);
	}
	cr_assert_eq(budget_open(&b, fd, 2, 10 * WINDOWS_PAGE + 1, &err), 0, "%s", err.text);
	for (unsigned i = 0; i < 2; i++)
		close(fd[i]);
	cr_assert_eq(b.limit.pages, 10);
	cr_assert_eq(b.limit.n, 2);
	((struct engine_root *)(void *)ctl[0]->root)->body_pages = 3;
	((struct engine_root *)(void *)ctl[1]->root)->body_pages = 4;
	cr_assert_eq(*b.limit.used[0] + *b.limit.used[1], 7);
	budget_close(&b);
	cr_assert_eq(b.limit.n, 0);
	for (unsigned i = 0; i < 2; i++)
		munmap(ctl[i], sizeof **ctl);
}

Test(budget, says_why_it_cannot_look)
{
	struct budget b;
	struct err err = { "" };
	int fd = -1;

	cr_assert_lt(budget_open(&b, &fd, 1, 0, &err), 0);
	cr_assert_not_null(strstr(err.text, "memory of 1 slots"));
}
