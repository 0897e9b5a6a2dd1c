/* What time does, beyond what test_client and test_request show. */
#include <criterion/criterion.h>

#include "rig.h"

Test(expire, E20_separate_responses_are_given_up_after_max_retransmit)
{
	struct rig *r = rig_new(NULL);
	unsigned sent = 0;

	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	rig_wait(r, 200);
	rig_finish(r, "late");
	while (engine_next(&r->e) != UINT64_MAX) {
		rig_wait(r, engine_next(&r->e) - r->e.now);
		sent += rig_sent_n(r);
	}
	cr_assert_eq(sent, 4);
	cr_assert_eq(rig_counter(r, COUNT_TIMEOUTS), 1);
	cr_assert_eq(r->expired, EXPIRE_NOTHING);
	cr_assert_eq(r->failed.owner, 0, "nobody above is told");
	cr_assert_eq(r->e.outgoing_n, 0);
	rig_free(r);
}

Test(expire, the_sweep_reaches_everything_in_time)
{
	struct rig *r = rig_new(NULL);

	for (unsigned peer = 1; peer <= 8; peer++)
		for (uint16_t mid = 1; mid <= 4; mid++)
			rig_serve(r, peer, COAP_CON, COAP_POST, mid, "tk", "11=x");
	cr_assert_eq(r->e.space.ctl->live[SLAB_DEDUP], 32);
	r->e.now += 248000;
	expire_sweep(&r->e);
	cr_assert_eq(r->e.space.ctl->live[SLAB_DEDUP], 0);
	rig_free(r);
}
