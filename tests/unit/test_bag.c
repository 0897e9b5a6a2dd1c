/* Descriptors by name. */
#include "supervisor/bag.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct bag bag;
static int fds[3];

static void setup(void)
{
	for (int i = 0; i < 3; i++) {
		fds[i] = memfd_create("test", MFD_CLOEXEC);
		bag_put(&bag, fds[i], "thing.%d", i);
	}
	bag_put(&bag, -1, "nothing");
}

static void teardown(void)
{
	bag_free(&bag);
}

TestSuite(bag, .init = setup, .fini = teardown);

static bool same(int a, int b)
{
	char byte = 'x', found = 0;

	return a >= 0 && a != b && pwrite(a, &byte, 1, 0) == 1 && pread(b, &found, 1, 0) == 1 &&
	       found == 'x';
}

Test(bag, what_is_taken_is_another_descriptor_of_the_same)
{
	int fd = bag_take(&bag, "thing.%d", 1);

	cr_assert(same(fd, fds[1]));
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	bag_close(&bag);
	cr_assert_lt(fcntl(fds[1], F_GETFD), 0);
	cr_assert_geq(fcntl(fd, F_GETFD), 0);
}

Test(bag, what_is_had_stays_open)
{
	cr_assert_eq(bag_have(&bag, "thing.%d", 2), fds[2]);
	bag_close(&bag);
	cr_assert_geq(fcntl(fds[2], F_GETFD), 0);
	cr_assert_lt(fcntl(fds[0], F_GETFD), 0);
	cr_assert_eq(bag.n, 0);
}

Test(bag, what_is_not_there)
{
	cr_assert_eq(bag_take(&bag, "thing.%d", 3), -1);
	cr_assert_eq(bag_have(&bag, "thing"), -1);
	cr_assert_eq(bag_take(&bag, "nothing"), -1, "one that is none was put in");
	cr_assert_eq(bag.n, 3);
}

Test(bag, all_go_on_to_be_there_for_another_program_or_not)
{
	bag_keep(&bag, true);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(fcntl(fds[i], F_GETFD), 0);
	bag_keep(&bag, false);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
}

Test(bag, those_whose_names_begin_so_are_forgotten)
{
	bag_put(&bag, fds[0], "other");
	bag_forget(&bag, "thing.");
	cr_assert_eq(bag.n, 1);
	cr_assert_eq(bag_have(&bag, "other"), fds[0]);
	cr_assert_geq(fcntl(fds[1], F_GETFD), 0, "it is not ours to close");
}

Test(bag, many_have_room)
{
	for (int i = 3; i < 1000; i++)
		bag_put(&bag, fds[0], "thing.%d", i);
	cr_assert_eq(bag.n, 1000);
	cr_assert_eq(bag_have(&bag, "thing.%d", 999), fds[0]);
	cr_assert(!bag.full);
}
