#include "client/ctl_match.h"

#include "coap/frame_udp.h"
#include "coap/code.h"

#include <criterion/criterion.h>

static struct ctl_match t = { .path = "/a" };
static struct addr peer = { .port = 5 }, other = { .port = 6 };

enum { HERE, THERE };   /* sent by the daemon, or by the peer */

/* A message with a token of one letter, and a segment of a path. */
static bool is(const struct addr *who, int from, uint8_t type, uint8_t code, uint16_t mid,
	       char token, char segment)
{
	uint8_t bytes[32];
	struct writer w = writer_of(bytes, sizeof bytes);

	frame_udp_head(&w, type, code, mid, span_of(&token, token != 0));
	if (segment) {
		write_u8(&w, 0xb1);
		write_u8(&w, (uint8_t)segment);
	}
	return ctl_match(&t, who, from == HERE, span_of(bytes, (size_t)(w.p - bytes)));
}

Test(ctl_match, a_request_and_what_answers_it)
{
	cr_expect(is(&peer, THERE, COAP_CON, COAP_GET, 7, 'x', 'a'));
	cr_expect(is(&peer, HERE, COAP_ACK, COAP_CONTENT, 7, 'x', 0));
	cr_expect_not(is(&peer, THERE, COAP_CON, COAP_GET, 8, 'y', 'b'));
	cr_expect_not(is(&peer, HERE, COAP_ACK, COAP_CONTENT, 8, 'y', 0));
	cr_expect_not(is(&other, HERE, COAP_ACK, COAP_CONTENT, 7, 'x', 0));
}

Test(ctl_match, a_separate_response_and_its_acknowledgement)
{
	cr_expect(is(&peer, THERE, COAP_CON, COAP_GET, 7, 'x', 'a'));
	cr_expect(is(&peer, HERE, COAP_ACK, 0, 7, 0, 0));
	cr_expect(is(&peer, HERE, COAP_CON, COAP_CONTENT, 100, 'x', 0));
	cr_expect(is(&peer, THERE, COAP_ACK, 0, 100, 0, 0));
	cr_expect_not(is(&peer, THERE, COAP_ACK, 0, 101, 0, 0));
	cr_expect(is(&peer, HERE, COAP_CON, COAP_CONTENT, 102, 'x', 0), "a notification");
	cr_expect(is(&peer, THERE, COAP_RST, 0, 102, 0, 0));
}

Test(ctl_match, what_is_no_message_belongs_to_nothing)
{
	cr_expect_not(ctl_match(&t, &peer, true, span_str("x")));
}

Test(ctl_match, old_requests_are_forgotten)
{
	cr_expect(is(&peer, THERE, COAP_CON, COAP_GET, 7, 'x', 'a'));
	for (unsigned i = 0; i < CTL_MATCHES; i++)
		is(&other, THERE, COAP_CON, COAP_GET, (uint16_t)i, 'z', 'a');
	cr_expect_not(is(&peer, HERE, COAP_ACK, COAP_CONTENT, 7, 'x', 0));
}
