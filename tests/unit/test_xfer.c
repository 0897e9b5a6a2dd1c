/* Transfers of the client role: blocks both ways, and what is out of place. */
#include <criterion/criterion.h>

#include "talk.h"

#include <errno.h>

TestSuite(xfer, .init = talk_setup, .fini = talk_teardown);

/* --- one message each way -------------------------------------------------------------- */

Test(xfer, a_request_and_a_response_without_blocks)
{
	talk_begin(COAP_GET, 6, 0);
	cr_assert_not(talk.has1 || talk.has2);
	cr_assert_eq(talk_answer_body(COAP_CONTENT, "4=e", 0, 5), XFER_DONE);
	cr_assert_eq(talk.event.msg.payload.n, 5);
	cr_assert_eq(talk.event.offset, 0);
	talk_begin(COAP_PUT, 6, 1024);
	cr_assert_not(talk.has1);
	cr_assert_eq(talk.out.m.payload.n, 1024);
	cr_assert_eq(talk_answer(COAP_CHANGED, ""), XFER_DONE);
	cr_assert_eq(talk.event.sent, 1024);
}

Test(xfer, an_error_response_is_a_response)
{
	talk_begin(COAP_GET, 6, 0);
	cr_assert_eq(talk_answer(COAP_NOT_FOUND, ""), XFER_DONE);
	cr_assert_eq(talk.event.msg.code, COAP_NOT_FOUND);
	talk_begin(COAP_PUT, 4, 1000);
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 4)), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_INCOMPLETE, talk_block(27, 1, true, 4)), XFER_DONE);
	cr_assert_eq(talk.event.msg.code, COAP_INCOMPLETE);
	cr_assert_eq(talk.event.sent, 256);
	talk_begin(COAP_GET, 2, 0);
	cr_assert_eq(talk_answer_body(COAP_CONTENT, talk_block(23, 0, true, 2), 0, 64), XFER_PART);
	cr_assert_eq(talk_answer_body(COAP_NOT_FOUND, "", 0, 3), XFER_DONE);
	cr_assert_eq(talk.event.offset, 0);
}

/* --- downloads ------------------------------------------------------------------------- */

Test(xfer, a_download_of_any_length_in_blocks_of_any_size)
{
	static const uint64_t lengths[] = { 1, 15, 16, 17, 1023, 1024, 1025, 4096, 5000 };

	for (uint8_t asked = 0; asked <= 6; asked++)
		for (uint32_t served = 0; served <= 6; served++)
			for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
				uint32_t szx = served < asked ? served : asked;
				uint64_t size = 16u << szx;

				talk_begin(COAP_GET, asked, 0);
				cr_assert_eq(talk.has2, asked < 6);
				cr_assert_eq(talk_serve(COAP_CONTENT, lengths[i], served),
					     (lengths[i] + size - 1) / size);
			}
}

Test(xfer, later_messages_have_the_same_options_without_observe)
{
	struct span v;

	cr_assert_eq(talk_start((struct xfer_request){ .code = COAP_GET, .szx = 6 },
			   "6= 11=a 11=b 15=q 17=#32"), 0);
	talk_said();
	talk_answer_body(COAP_CONTENT, talk_block(23, 0, true, 6), 0, 1024);
	cr_assert_eq(talk.verdict, XFER_PART);
	cr_assert(message_option(&talk.out.m, OPT_URI_PATH, 1, &v) && span_eq(v, span_str("b")));
	cr_assert(message_option(&talk.out.m, OPT_URI_QUERY, 0, &v));
	cr_assert(message_option(&talk.out.m, OPT_ACCEPT, 0, &v));
	cr_assert_not(message_option(&talk.out.m, OPT_OBSERVE, 0, &v));
	cr_assert_eq(talk.block2.num, 1);
	cr_assert_not(talk.block2.more);
}

Test(xfer, the_blocks_of_a_body_have_one_token)
{
	uint8_t first[CLIENT_TOKEN];

	talk_begin(COAP_PUT, 2, 200);
	memcpy(first, talk.token, sizeof first);
	for (unsigned num = 0; num < 3; num++) {
		cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, num, true, 2)), XFER_NOTHING);
		cr_assert_arr_eq(talk.token, first, sizeof first);
	}
	talk_answer_body(COAP_CHANGED, "23=#0a 27=#32", 0, 64);
	cr_assert_eq(talk.verdict, XFER_PART);
	cr_assert_neq(memcmp(first, talk.token, sizeof first), 0);
}

Test(xfer, every_message_has_a_token_of_its_own)
{
	uint8_t first[CLIENT_TOKEN];

	talk_begin(COAP_GET, 6, 0);
	memcpy(first, talk.token, sizeof first);
	talk_answer_body(COAP_CONTENT, talk_block(23, 0, true, 6), 0, 1024);
	cr_assert_neq(memcmp(first, talk.token, sizeof first), 0);
}

Test(xfer, what_was_begun_elsewhere_goes_on_from_its_block)
{
	cr_assert_eq(talk_start((struct xfer_request){ .code = COAP_GET, .szx = 2, .from_block = 3,
						  .etag = span_str("e") }, "11=r"), 0);
	talk_said();
	cr_assert(talk.has2 && talk.block2.num == 3 && talk.block2.szx == 2);
	talk_answer_body(COAP_CONTENT, "4=e 23=#3a", 192, 64);
	cr_assert_eq(talk.verdict, XFER_PART);
	cr_assert_eq(talk.event.offset, 192);
	talk_answer_body(COAP_CONTENT, "4=f 23=#42", 256, 1);
	talk_expect_failed(-ESTALE);
	/* Without an entity tag none is what it has to be. */
	cr_assert_eq(talk_start((struct xfer_request){ .code = COAP_GET, .szx = 2,
						       .from_block = 1 }, "11=r"), 0);
	talk_said();
	cr_assert_eq(talk_answer_body(COAP_CONTENT, "23=#12", 64, 5), XFER_DONE);
	cr_assert_eq(talk.event.offset, 64);
}

Test(xfer, E52_a_representation_that_changes_midway_is_no_representation)
{
	static const char *const other[] = { "4=f 23=#12", "23=#12", "4=ee 23=#12" };

	for (size_t i = 0; i < 3; i++) {
		talk_begin(COAP_GET, 2, 0);
		talk_answer_body(COAP_CONTENT, "4=e 23=#0a", 0, 64);
		talk_answer_body(COAP_CONTENT, other[i], 64, 5);
		talk_expect_failed(-ESTALE);
	}
	talk_begin(COAP_GET, 2, 0);
	talk_answer_body(COAP_CONTENT, "23=#0a", 0, 64);
	talk_answer_body(COAP_CONTENT, "4=e 23=#12", 64, 5);
	talk_expect_failed(-ESTALE);
}

Test(xfer, blocks_out_of_place_end_a_download)
{
	static const struct { const char *options; size_t n; } second[] = {
		{ "12=0 23=#2a", 64 },          /* one too far */
		{ "12=0 23=#0a", 64 },          /* the first again */
		{ "12=0", 5 },                  /* no block at all */
		{ "12=0 23=#1a", 63 },          /* not the size it says */
		{ "12=0 23=#1a", 0 },
		{ "12=0 23=#0b", 128 },         /* larger than asked for */
		{ "12=0 23=#1f", 64 },          /* reserved size */
		{ "12=1 23=#12", 5 },           /* another Content-Format */
		{ "23=#12", 5 },
	};

	for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
		talk_begin(COAP_GET, 2, 0);
		cr_assert_eq(talk_answer_body(COAP_CONTENT, "12=0 23=#0a", 0, 64), XFER_PART);
		talk_answer_body(COAP_CONTENT, second[i].options, 64, second[i].n);
		talk_expect_failed(-EPROTO);
	}
	talk_begin(COAP_GET, 2, 0);
	talk_answer_body(COAP_CONTENT, "12=0 23=#0a", 0, 64);
	talk_answer_body(COAP_CHANGED, "12=0 23=#12", 64, 5);
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_GET, 2, 0);
	talk_answer_body(COAP_CONTENT, "12=0 23=#0a", 0, 64);
	talk_answer_body(COAP_CONTINUE, "12=0 23=#12", 64, 5);
	talk_expect_failed(-EPROTO);
}

Test(xfer, a_first_block_that_is_none_ends_a_download)
{
	talk_begin(COAP_GET, 6, 0);
	talk_answer_body(COAP_CONTENT, "23=#1e", 0, 1024);
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_GET, 6, 0);
	talk_answer_body(COAP_CONTENT, "23=#0e", 0, 1023);
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_GET, 2, 0);
	talk_answer_body(COAP_CONTENT, "23=#0b", 0, 128);
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_GET, 2, 0);
	cr_assert_eq(talk_answer_body(COAP_CONTENT, "23=#03", 0, 100), XFER_DONE,
		     "nothing is left to ask for");
}

Test(xfer, no_more_than_there_are_block_numbers)
{
	cr_assert_eq(talk_start((struct xfer_request){ .code = COAP_GET, .szx = 0,
						  .from_block = BLOCK_NUM_MAX }, "11=r"), 0);
	talk_said();
	talk_answer_body(COAP_CONTENT, talk_block(23, BLOCK_NUM_MAX, true, 0), 0, 16);
	talk_expect_failed(-EPROTO);
}

Test(xfer, a_smaller_size_in_the_middle_keeps_the_offset)
{
	talk_begin(COAP_GET, 3, 0);
	talk_answer_body(COAP_CONTENT, talk_block(23, 0, true, 3), 0, 128);
	cr_assert_eq(talk_answer_body(COAP_CONTENT, talk_block(23, 4, true, 1), 128, 32), XFER_PART);
	cr_assert_eq(talk.event.offset, 128);
	cr_assert(talk.block2.szx == 1 && talk.block2.num == 5);
}

/* --- uploads --------------------------------------------------------------------------- */

Test(xfer, an_upload_of_any_length_in_blocks_of_any_size)
{
	static const uint64_t lengths[] = { 17, 32, 1023, 1025, 4096, 5000, 66000 };

	for (uint8_t szx = 0; szx <= 6; szx++)
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			uint64_t size = 16u << szx, n = lengths[i];

			talk_begin(COAP_PUT, szx, n);
			cr_assert_eq(talk.has1, n > size);
			if (n > size)
				cr_assert_eq(talk_take(n, 6), (n + size - 1) / size);
			cr_assert_eq(talk_answer(COAP_CREATED, ""), XFER_DONE);
			cr_assert_eq(talk.event.sent, n);
		}
}

Test(xfer, E48_a_smaller_size_from_the_server_keeps_the_offset)
{
	talk_begin(COAP_PUT, 6, 3000);
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 4)), XFER_NOTHING);
	cr_assert(talk.block1.szx == 4 && talk.block1.num == 4 && talk.block1.more);
	cr_assert_eq(talk.out.m.payload.n, 256);
	cr_assert_eq(talk.out.m.payload.p[0], talk_pattern(1024));
	cr_assert_eq(talk.event.sent, 1024);
	/* Counted in the smaller size already, and in the middle. */
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 8, true, 3)), XFER_NOTHING);
	cr_assert(talk.block1.szx == 3 && talk.block1.num == 10);
	cr_assert_eq(talk.out.m.payload.p[0], talk_pattern(1280));
	/* It does not grow again. */
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 10, true, 6)), XFER_NOTHING);
	cr_assert(talk.block1.szx == 3 && talk.block1.num == 11);
}

Test(xfer, E48_all_of_the_body_arrives_in_the_smaller_size)
{
	for (uint32_t szx = 0; szx < 6; szx++) {
		talk_begin(COAP_PUT, 6, 5001);
		talk_answer(COAP_CONTINUE, talk_block(27, 0, true, szx));
		cr_assert_eq(talk.verdict, XFER_NOTHING);
		for (uint64_t at = 1024; talk.block1.more; at += 16u << szx) {
			cr_assert_eq((uint64_t)talk.block1.num << (talk.block1.szx + 4), at);
			cr_assert_eq(talk.out.m.payload.p[0], talk_pattern(at));
			talk_answer(COAP_CONTINUE, talk_block(27, talk.block1.num, true, szx));
		}
		cr_assert_eq(talk_answer(COAP_CHANGED, talk_block(27, talk.block1.num, false, szx)),
			     XFER_DONE);
		cr_assert_eq(talk.event.sent, 5001);
	}
}

Test(xfer, E48_a_size_too_small_to_number_the_body_is_not_taken_up)
{
	talk_begin(COAP_PUT, 6, 16u << 20 | 1);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 0));
	cr_assert(talk.block1.szx == 6 && talk.block1.num == 1);
	talk_answer(COAP_CONTINUE, talk_block(27, 1, true, 1));
	cr_assert(talk.block1.szx == 1 && talk.block1.num == 64);
}

Test(xfer, a_server_that_works_on_each_block_gets_them_all)
{
	talk_begin(COAP_PUT, 2, 150);
	cr_assert_eq(talk_answer(COAP_CHANGED, talk_block(27, 0, false, 2)), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_CREATED, talk_block(27, 1, true, 2)), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_CHANGED, talk_block(27, 2, false, 2)), XFER_DONE);
	cr_assert_eq(talk.event.sent, 150);
}

Test(xfer, a_final_answer_to_a_block_without_block1_is_the_response)
{
	talk_begin(COAP_PUT, 2, 500);
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2)), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_CHANGED, ""), XFER_DONE);
	cr_assert_eq(talk.event.sent, 128);
}

Test(xfer, answers_out_of_place_end_an_upload)
{
	talk_begin(COAP_PUT, 2, 500);
	talk_answer(COAP_CONTINUE, talk_block(27, 1, true, 2));
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_PUT, 2, 500);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 7));
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_PUT, 2, 100);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	talk_answer(COAP_CHANGED, talk_block(27, 0, false, 2));
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_PUT, 2, 100);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	cr_assert_not(talk.block1.more);
	talk_answer(COAP_CONTINUE, talk_block(27, 1, true, 2));
	talk_expect_failed(-EPROTO);
	talk_begin(COAP_PUT, 6, 100);
	talk_answer(COAP_CONTINUE, "");
	talk_expect_failed(-EPROTO);
}

Test(xfer, E51_each_upload_in_blocks_has_a_tag_of_its_own)
{
	uint64_t tag;
	ref_t first;

	talk_begin(COAP_PUT, 2, 500);
	tag = talk_uint(OPT_REQUEST_TAG);
	cr_assert_neq(tag, UINT64_MAX);
	first = talk.xfer;
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	cr_assert_eq(talk_uint(OPT_REQUEST_TAG), tag);
	talk.r->e.conf.params.nstart = 2;
	talk_begin(COAP_PUT, 2, 500);
	cr_assert_neq(talk_uint(OPT_REQUEST_TAG), UINT64_MAX);
	cr_assert_neq(talk_uint(OPT_REQUEST_TAG), tag);
	xfer_cancel(&talk.r->e, first);
	xfer_cancel(&talk.r->e, talk.xfer);
	engine_commit(&talk.r->e, 0);
	talk_expect_gone();
}

Test(xfer, E47_too_large_is_tried_again_in_smaller_blocks_where_that_helps)
{
	uint64_t tag;

	/* No Block1 yet: a hint to try it (2.9.3). */
	talk_begin(COAP_PUT, 6, 1000);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, ""), XFER_NOTHING);
	cr_assert(talk.has1 && talk.block1.szx == 5 && talk.block1.num == 0 && talk.block1.more);
	tag = talk_uint(OPT_REQUEST_TAG);
	cr_assert_neq(tag, UINT64_MAX);
	/* A smaller size. */
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, talk_block(27, 0, true, 2)), XFER_NOTHING);
	cr_assert(talk.block1.szx == 2 && talk.block1.num == 0 && talk.block1.more);
	cr_assert_eq(talk.event.sent, 0);
	cr_assert_eq(talk_uint(OPT_REQUEST_TAG), tag, "what was kept of it is void");
	/* The same size says that it is about the body. */
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, talk_block(27, 0, true, 2)), XFER_DONE);
	cr_assert_eq(talk.event.msg.code, COAP_TOO_LARGE);
}

Test(xfer, E47_too_large_is_the_response_where_nothing_helps)
{
	talk_begin(COAP_PUT, 6, 1000);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, "60=#64"), XFER_DONE, "more than 100 bytes");
	talk_begin(COAP_PUT, 6, 16);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, ""), XFER_DONE, "no block is smaller");
	talk_begin(COAP_GET, 6, 0);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, ""), XFER_DONE);
	talk_begin(COAP_PUT, 4, 1000);
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 4)), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, talk_block(27, 1, true, 2)), XFER_DONE, "midway");
	cr_assert_eq(talk.event.sent, 256);
	talk_begin(COAP_PUT, 6, 17u << 20);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, talk_block(27, 0, true, 0)), XFER_DONE,
		     "more blocks than there are numbers");
}

/* --- both ------------------------------------------------------------------------------ */

Test(xfer, E54_an_upload_goes_on_as_a_download)
{
	talk_begin(COAP_POST, 3, 300);
	talk_take(300, 6);
	cr_assert(talk.has2 && talk.block2.szx == 3 && talk.block2.num == 0, "early negotiation");
	talk_answer_body(COAP_CHANGED, "4=e 23=#0b 27=#23", 0, 128);
	cr_assert_eq(talk.verdict, XFER_PART);
	cr_assert_eq(talk.event.sent, 300);
	cr_assert_eq(talk.out.m.code, COAP_POST);
	cr_assert_not(talk.has1, "not in the Block2 phase");
	cr_assert_eq(talk.out.m.payload.n, 0);
	cr_assert(talk.block2.num == 1 && talk.block2.szx == 3);
	cr_assert(talk_uint(OPT_REQUEST_TAG) != UINT64_MAX, "RFC 9175 3.4");
	cr_assert_eq(talk_answer_body(COAP_CHANGED, "4=e 23=#13", 128, 7), XFER_DONE);
	cr_assert_eq(talk.event.offset, 128);
	cr_assert_eq(talk.event.sent, 300);
}

Test(xfer, E54_of_any_lengths_and_sizes)
{
	for (uint8_t szx = 0; szx <= 6; szx++)
		for (uint32_t served = 0; served <= 6; served++) {
			talk_begin(COAP_POST, szx, 3000);
			talk_take(3000, served);
			talk_serve(COAP_CHANGED, 3333, served);
		}
}
