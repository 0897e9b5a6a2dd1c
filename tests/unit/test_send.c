/* Appending to the batch: nothing counts before the commit. */
#include <criterion/criterion.h>

#include "exchange/send.h"
#include "rig.h"

Test(send, appended_but_not_committed_is_not_there_after_a_death)
{
	struct rig *r = rig_new(NULL);
	struct addr a = rig_peer(1);
	struct local l = rig_local();
	struct batch *b = batch_of(&r->e.space);

	b->tx_hdr[1].msg_len = 4;       /* of an earlier round */
	send_empty(&r->e, &a, &l, COAP_RST, 1);
	engine_commit(&r->e, 0);
	send_empty(&r->e, &a, &l, COAP_RST, 2);
	cr_assert_eq(b->tx_hdr[1].msg_len, BATCH_UNTOUCHED, "not taken for sent");
	cr_assert_eq(rig_sent_n(r), 1);
	rig_crash(r);
	cr_assert_eq(rig_sent_n(r), 1);
	cr_assert_eq(r->e.tx_n, 1);
	cr_assert_str_eq(rig_next(r), "RST 0.00 mid=1 tok= pay=");
	rig_free(r);
}
