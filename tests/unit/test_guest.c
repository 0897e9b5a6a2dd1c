#include "kit_host.h"

#include "base/counter.h"
#include "coapd/module.h"
#include "worker/slot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(guest, .fini = host_end);

Test(guest, counts_hooks_and_events_over_all_lives)
{
	struct guest_dgram d = host_request(COAP_GET, 1, "slow");

	host_begin("mount /slow separate", "modules", (struct death){ DEATH_BEFORE_COMMIT, 1 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect_eq(host.shared->hooks, 2, "delivered twice");
	cr_expect_eq(host.shared->events, 2);
	cr_expect_eq(host.shared->point.attempt, 1);
	cr_expect_eq(slot_counter(host.mem, COUNT_ADOPTED), 1);
}

Test(guest, knows_what_may_not_run_twice)
{
	struct guest_dgram d = host_request(COAP_POST, 1, "t");

	host_begin("mount /t tally", "tests/modules", (struct death){ DEATH_IN_HOOK, 1 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect(host.shared->victim.unsafe);
	cr_expect_str_eq(host_said(0), "ACK 5.00 pay=");
	cr_expect_eq(host.shared->hooks, 1);
	host_end();
	d = host_request(COAP_POST, 1, "slow");
	host_begin("mount /slow separate", "modules", (struct death){ DEATH_IN_HOOK, 1 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect_not(host.shared->victim.unsafe);
	cr_expect_eq(host.shared->hooks, 2);
}

Test(guest, events_without_a_hook_can_be_deadly_too)
{
	struct guest_dgram d = host_request(COAP_GET, 1, "nothing");

	host_begin("mount /slow separate", "modules", (struct death){ DEATH_AFTER_COMMIT, 1 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect_str_eq(host_said(0), "ACK 4.04 pay=");
	cr_expect_eq(host.shared->victim.mount, GUEST_NOBODY);
	cr_expect_eq(host.lives, 2);
}

Test(guest, notes_the_slowest_hook)
{
	struct guest_dgram d = host_request(COAP_GET, 1, "t");

	host_begin("mount /t { module: tally, takes: 120ms }", "tests/modules",
		   (struct death){ 0 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect(host.shared->slow_ms >= 119);
	cr_expect_eq(host.shared->slow.mount, 0);
}

/* Steps until all that is there has been read. */
static void read_all(void)
{
	do
		cr_assert_eq(host_step(&host, NULL), HOST_OK);
	while (host.shared->more);
}

Test(guest, descriptors_of_modules_are_looked_at)
{
	char path[] = "/tmp/coapd-guest-XXXXXX", fifo[64], text[128], *log;
	int fd;

	cr_assert(mkdtemp(path));
	snprintf(fifo, sizeof fifo, "%s/fifo", path);
	snprintf(text, sizeof text, "mount /p { module: pipe, file: %s }", fifo);
	mkfifo(fifo, 0600);
	fd = open(fifo, O_RDWR | O_NONBLOCK);
	host_begin(text, "tests/modules", (struct death){ DEATH_IN_HOOK, 2 });
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	cr_assert_eq(write(fd, "abt", 3), 3);
	read_all();
	log = host_log(&host);
	cr_expect(strstr(log, "read a") && strstr(log, "read b"), "%s", log);
	cr_expect(strstr(log, "a task runs"), "%s", log);
	cr_expect(host.shared->killed);
	cr_expect_eq(host.shared->victim.what, GUEST_WATCHED);
	cr_expect_eq(host.lives, 2);
	free(log);
	unlink(fifo);
	rmdir(path);
}

/* The message is still there when the one who was to read it has died. */
Test(guest, mail_and_counts_outlive_it)
{
	struct guest_dgram d = host_request(COAP_GET, 1, "w");
	struct count count;

	host_begin("mount /w works", "tests/modules", (struct death){ DEATH_BEFORE_COMMIT, 3 });
	for (unsigned i = 0; i < 20; i++) {
		cr_assert_eq(host_step(&host, i ? NULL : &d), HOST_OK);
		if (!host.shared->more)
			host.shared->now = host.shared->next;
		if (host.shared->tx_n && strstr(host_said(host.shared->tx_n - 1), "ding"))
			break;
	}
	cr_expect(host.shared->killed);
	cr_expect_eq(host.shared->victim.what, COAPD_EV_WOKEN);
	cr_expect_eq(host.lives, 2);
	cr_assert(counts_read(&host.counts, 0, 2, &count));
	cr_expect_str_eq(count.name, "rung");
	cr_expect_eq(count.value, 1);
}

Test(guest, sweeps_as_time_passes)
{
	struct guest_dgram d = host_request(COAP_POST, 1, "t");
	unsigned counted;

	host_begin("mount /t tally", "tests/modules", (struct death){ 0 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect_str_eq(host_said(0), "ACK 2.04 pay=1", "a duplicate");
	counted = host.shared->hooks;
	host.shared->now += 400000;
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect_eq(host.shared->hooks, counted + 1, "the duplicate is forgotten");
}
