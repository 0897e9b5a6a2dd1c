#include "supervisor/pulse.h"

#include <criterion/criterion.h>
#include <string.h>

static struct pulse p;
static struct pulse_figures f = { .workers = 2, .running = 2, .slots = 4, .resources = 3 };

Test(pulse, a_new_daemon_has_little_to_tell)
{
	cr_assert(pulse_look(&p, &f, 1000));
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources");
	cr_assert_not(pulse_look(&p, &f, 6000));
}

Test(pulse, requests_are_told_with_their_rate)
{
	f.requests = 7;
	pulse_look(&p, &f, 1000);
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources; 7 requests, 0/s");
	f.requests = 12507;
	cr_assert(pulse_look(&p, &f, 6000));
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources; 12507 requests, 2500/s");
	cr_assert(pulse_look(&p, &f, 11000));
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources; 12507 requests, 0/s");
	cr_assert_not(pulse_look(&p, &f, 16000));
}

Test(pulse, dead_workers_are_told)
{
	f.running = 1;
	f.deaths = 1;
	pulse_look(&p, &f, 1000);
	cr_assert_str_eq(p.text, "1 of 2 workers, 4 slots, 3 resources; 1 worker replaced");
}

Test(pulse, who_is_there_is_told)
{
	f.requests = 7;
	f.peers = 3;
	pulse_look(&p, &f, 1000);
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources; 7 requests, 0/s; 3 peers, 0 observers");
	f.observers = 2;
	cr_assert(pulse_look(&p, &f, 6000));
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources; 7 requests, 0/s; 3 peers, 2 observers");
}

Test(pulse, counters_that_begin_anew_are_no_rate)
{
	f.requests = 1000;
	pulse_look(&p, &f, 1000);
	f.requests = 10;
	pulse_look(&p, &f, 6000);
	cr_assert_str_eq(p.text, "2 workers, 4 slots, 3 resources; 10 requests, 0/s");
}

Test(pulse, the_largest_figures_fit)
{
	f = (struct pulse_figures){ 256, 255, 256, SIZE_MAX, 1, UINT32_MAX, UINT64_MAX, UINT64_MAX };
	pulse_look(&p, &f, 1);
	f.requests = UINT64_MAX;
	pulse_look(&p, &f, 2);
	cr_assert(strstr(p.text, "4294967295 workers replaced"), "%s", p.text);
}
