/* Memory that processes share by a descriptor. */
#include "base/shared.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(shared, another_who_takes_it_sees_the_same)
{
	struct shared a, b;

	cr_assert_eq(shared_make(&a, "test", 5000), 0);
	cr_assert_eq(((char *)a.at)[4999], 0);
	cr_assert_eq(shared_take(&b, dup(a.fd), 5000), 0);
	strcpy(a.at, "here");
	cr_expect_str_eq(b.at, "here");
	cr_expect(fcntl(a.fd, F_GETFD) & FD_CLOEXEC);
	shared_free(&a);
	strcpy(b.at, "there");
	shared_free(&b);
	cr_expect_null(b.at);
	shared_free(&b);
}

Test(shared, nothing_needs_no_memory)
{
	struct shared a = { .at = &a };

	cr_expect_eq(shared_make(&a, "test", 0), 0);
	cr_expect_null(a.at);
}

Test(shared, of_another_size_it_is_not_taken)
{
	struct shared a, b = { .at = &a };
	int fd;

	cr_assert_eq(shared_make(&a, "test", 5000), 0);
	fd = dup(a.fd);
	cr_expect_eq(shared_take(&b, fd, 4999), -EINVAL);
	cr_expect_null(b.at);
	cr_expect(!is_open(fd), "it is closed");
	fd = dup(a.fd);
	cr_expect_eq(shared_take(&b, fd, 0), -EINVAL);
	cr_expect(!is_open(fd));
	cr_expect_eq(shared_take(&b, -1, 5000), -EBADF);
	shared_free(&a);
}
