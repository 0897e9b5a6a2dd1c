/* What is kept for a peer ends, and for no other. */
#include "exchange/kick.h"

#include "watched.h"

#include <errno.h>

static struct addr victim;

static bool is_victim(const void *arg, const struct addr *peer)
{
	return addr_eq(arg, peer);
}

static struct kick begin(unsigned peer)
{
	victim = rig_peer(peer);
	return (struct kick){ .wanted = is_victim, .arg = &victim };
}

/* All of it; the last verdict that was not EXPIRE_DONE, and how many there were. */
static enum expire_verdict kick(unsigned peer, struct kick *k, struct expired *last)
{
	enum expire_verdict verdict, other = EXPIRE_NOTHING;
	struct expired x;

	*k = begin(peer);
	while (kick_next(&r->e, k, &x, &verdict)) {
		if (verdict != EXPIRE_DONE) {
			other = verdict;
			*last = x;
		}
		rig_commit(r);
	}
	return other;
}

TestSuite(kick, .init = fresh, .fini = teardown);

Test(kick, observers_end_with_what_they_are_told)
{
	struct expired x;
	struct kick k;

	enter(1, "ab");
	enter(1, "ac");
	enter(2, "ab");
	change();
	tell();
	cr_expect_eq(kick(1, &k, &x), EXPIRE_NOTHING);
	cr_expect_eq(observers(), 1);
	cr_expect_eq(k.counts.observers, 2);
	cr_expect_eq(rig_counter(r, COUNT_OBSERVERS_KICKED), 2);
	kick(2, &k, &x);
	cr_expect_eq(observers(), 0);
	cr_expect_eq(r->e.outgoing_n, 0, "nor is anything under way");
	cr_expect_eq(r->e.space.ctl->live[SLAB_REPRESENTATION], 0);
}

Test(kick, a_request_that_waits_is_withdrawn)
{
	struct expired x;
	struct kick k;

	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	rig_serve(r, 2, COAP_CON, COAP_GET, 7, "tk", "11=w");
	cr_assert_eq(r->e.waiting_n, 2);
	cr_expect_eq(kick(1, &k, &x), EXPIRE_WITHDRAWN);
	cr_expect_eq(k.counts.requests, 1);
	cr_expect_neq(x.response.owner, 0);
	cr_expect_eq(r->e.waiting_n, 1);
	kick(1, &k, &x);
	cr_expect_eq(k.counts.requests, 0, "it is over");
}

Test(kick, a_separate_response_is_not_sent_again)
{
	struct expired x;
	struct kick k;

	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	rig_wait(r, 200);
	rig_finish(r, "late");
	cr_assert_eq(r->e.outgoing_n, 1);
	cr_expect_eq(kick(1, &k, &x), EXPIRE_NOTHING);
	cr_expect_eq(k.counts.exchanges, 1);
	cr_expect_eq(r->e.outgoing_n, 0);
}

Test(kick, a_request_of_ours_fails)
{
	struct client_request q = { .to = rig_peer(1), .from = rig_local(), .code = COAP_GET,
				    .owner = 5 };
	struct expired x;
	ref_t ref;
	struct kick k;

	cr_assert_eq(client_send(&r->e, &q, &ref), 0);
	rig_commit(r);
	cr_expect_eq(kick(1, &k, &x), EXPIRE_FAILED);
	cr_expect_eq(x.response.status, -ECONNREFUSED);
	cr_expect_eq(k.counts.exchanges, 1);
}

Test(kick, a_request_that_ran_does_not_run_again)
{
	struct expired x;
	struct kick k;

	rig_serve(r, 1, COAP_CON, COAP_POST, 7, "tk", "11=x");
	kick(1, &k, &x);
	rig_serve(r, 1, COAP_CON, COAP_POST, 7, "tk", "11=x");
	cr_expect_eq(r->runs, 1);
}
