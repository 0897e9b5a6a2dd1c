#include "base/windows.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct windows_def def = {
	.class = { { 8, 4 * WINDOWS_PAGE, 0 }, { 2, (uint64_t)1 << 32, 0 } },
};

static struct windows w;
static int fd;

static void fresh(void)
{
	void *at;

	fd = memfd_create("windows", MFD_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, (off_t)windows_size(&def)), 0);
	at = mmap(NULL, windows_size(&def), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(at, MAP_FAILED);
	w = (struct windows){ at, &def };
}

static void gone(void)
{
	munmap(w.at, windows_size(&def));
	close(fd);
}

TestSuite(windows, .init = fresh, .fini = gone);

/* Pages that exist. */
static uint64_t pages(void)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return (uint64_t)st.st_blocks * 512 / WINDOWS_PAGE;
}

Test(windows, do_not_overlap)
{
	cr_assert_eq(windows_size(&def), 8 * 4 * WINDOWS_PAGE + ((uint64_t)2 << 32));
	cr_assert_eq(windows_at(&w, 0, 1) - windows_at(&w, 0, 0), 4 * WINDOWS_PAGE);
	cr_assert_eq(windows_at(&w, 1, 0) - windows_at(&w, 0, 7), 4 * WINDOWS_PAGE);
	cr_assert_eq(windows_at(&w, 1, 1) - windows_at(&w, 1, 0), (ptrdiff_t)1 << 32);
}

Test(windows, take_memory_where_they_are_written)
{
	cr_assert_eq(pages(), 0);
	windows_at(&w, 1, 1)[((uint64_t)1 << 32) - 1] = 1;
	windows_at(&w, 1, 0)[5 * WINDOWS_PAGE] = 1;
	windows_at(&w, 0, 3)[0] = 1;
	cr_assert_eq(pages(), 3);
}

Test(windows, give_memory_back_page_by_page)
{
	uint8_t *at = windows_at(&w, 0, 2);

	for (unsigned i = 0; i < 4; i++)
		at[i * WINDOWS_PAGE] = 7;
	windows_release(&w, 0, 2, 1, 3 * WINDOWS_PAGE - 1);
	cr_assert_eq(pages(), 3, "only what lies whole in between goes");
	cr_assert_eq(at[0], 7);
	cr_assert_eq(at[WINDOWS_PAGE], 0);
	cr_assert_eq(at[2 * WINDOWS_PAGE], 7);
	windows_release(&w, 0, 2, 0, 4 * WINDOWS_PAGE);
	cr_assert_eq(pages(), 0);
	windows_release(&w, 0, 2, 0, 0);
}

Test(windows, of_private_memory)
{
	static const struct windows_def one = { .class = { { 1, 2 * WINDOWS_PAGE, 0 } } };
	struct windows p = { .def = &one };

	p.at = mmap(NULL, windows_size(&one), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	cr_assert_neq(p.at, MAP_FAILED);
	memset(p.at, 9, windows_size(&one));
	windows_release(&p, 0, 0, 0, WINDOWS_PAGE);
	cr_assert_eq(p.at[0], 0);
	cr_assert_eq(p.at[WINDOWS_PAGE], 9);
	munmap(p.at, windows_size(&one));
}
