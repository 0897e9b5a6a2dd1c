#include "supervisor/memory.h"

#include "base/space.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE ((size_t)1 << 20)

static struct memory m;
static struct err err;

static int make(struct memory *out, unsigned n, size_t size, uint64_t shared, size_t available)
{
	struct memory_need need = { .n = n, .size = size, .sparse = 2 * SIZE, .shared = shared };

	return memory_make(out, &need, available, &err);
}

static void setup(void)
{
	cr_assert_eq(make(&m, 3, SIZE, 0, SIZE_MAX), 0, "%s", err.text);
}

static void teardown(void)
{
	memory_free(&m);
}

TestSuite(memory, .init = setup, .fini = teardown);

/* As a worker would have it. */
static struct space_ctl *map(unsigned slot)
{
	void *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd[slot], 0);

	cr_assert_neq(at, MAP_FAILED);
	return at;
}

Test(memory, counters_are_summed_over_slots)
{
	struct space_ctl *a = map(0), *c = map(2);

	cr_assert_eq(memory_counter(&m, COUNT_RX), 0);
	a->counter[COUNT_RX] = 40;
	c->counter[COUNT_RX] = 2;
	c->counter[COUNT_TX] = 7;
	cr_assert_eq(memory_counter(&m, COUNT_RX), 42);
	cr_assert_eq(memory_counter(&m, COUNT_TX), 7);
}

Test(memory, is_reserved_and_cannot_change_its_size)
{
	struct stat st;

	cr_assert_eq(fstat(m.fd[1], &st), 0);
	cr_assert_eq((size_t)st.st_size, 3 * SIZE);
	cr_assert_eq((size_t)st.st_blocks * 512, SIZE, "what is behind it only as it is used");
	cr_assert_eq(ftruncate(m.fd[1], 4096), -1);
	cr_assert_eq(ftruncate(m.fd[1], 2 * SIZE), -1);
	cr_assert_eq(fcntl(m.fd[1], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

Test(memory, what_is_late_is_not_reserved_but_counts_as_asked_for)
{
	struct memory_need need = { .n = 1, .size = SIZE, .late_at = SIZE / 4,
				    .late_n = SIZE / 2 };
	struct memory late;
	struct stat st;
	uint8_t *at;

	cr_assert_eq(memory_make(&late, &need, SIZE, &err), -ENOMEM);
	cr_assert_eq(memory_make(&late, &need, 2 * SIZE, &err), 0, "%s", err.text);
	cr_assert_eq(fstat(late.fd[0], &st), 0);
	cr_expect_eq((size_t)st.st_blocks * 512, SIZE / 2);
	at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, late.fd[0], 0);
	cr_assert_neq(at, MAP_FAILED);
	at[SIZE / 4] = 1;
	cr_assert_eq(fstat(late.fd[0], &st), 0);
	cr_expect_eq((size_t)st.st_blocks * 512, SIZE / 2 + 4096);
	munmap(at, SIZE);
	memory_free(&late);
}

Test(memory, what_a_dead_process_wrote_stays)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct space_ctl *mine = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
					      m.fd[0], 0);

		mine->counter[COUNT_REQUESTS] = 9;
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_eq(memory_counter(&m, COUNT_REQUESTS), 9);
}

/* A worker must not be able to touch other workers' slots through a mapping it
 * merely inherited. */
Test(memory, the_supervisors_mapping_is_not_inherited)
{
	unsigned char resident;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(mincore(m.at[0], 4096, &resident) < 0 && errno == ENOMEM ? 7 : 8);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 7);
}

Test(memory, what_cannot_be_had_is_refused_and_nothing_is_left)
{
	struct rlimit few;
	struct memory other;
	int before = dup(0), after;

	close(before);
	few.rlim_cur = few.rlim_max = (rlim_t)before + 2;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_assert_eq(make(&other, 3, SIZE, 0, SIZE_MAX), -EMFILE);
	cr_assert(strstr(err.text, "cannot reserve 3 MiB of memory for 3 slots"));
	cr_assert_eq(other.n, 0u);
	after = dup(0);
	cr_assert_eq(after, before);
	close(after);
	memory_free(&other);
}

/* Were it tried, the machine would run out of memory; small, so that this test
 * does not do so if it fails. */
Test(memory, more_than_there_is_is_not_even_tried)
{
	struct memory other;

	cr_assert_eq(make(&other, 2, SIZE, 0, 2 * SIZE), -ENOMEM);
	cr_assert_str_eq(err.text, "2 MiB of memory for 2 slots and 0 MiB for bodies are asked "
			 "for, but only 1 MiB are to be had: lower the limits or free memory");
	cr_assert_eq(other.n, 0u);
	memory_free(&other);
	cr_assert_eq(make(&other, 2, SIZE, 2 * SIZE, 4 * SIZE), -ENOMEM);
	cr_assert_eq(make(&other, 1, SIZE, 5 * SIZE, 4 * SIZE), -ENOMEM);
	cr_assert_eq(make(&other, 2, (size_t)1 << 60, 0, (size_t)1 << 40), -ENOMEM);
	cr_assert_eq(make(&other, 7, SIZE, 0, 8 * SIZE), 0);
	memory_free(&other);
}
