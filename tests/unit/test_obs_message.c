/* Messages of an observation: what they have in common and what not. */
#include <criterion/criterion.h>

#include "coap/block.h"
#include "coap/observe.h"
#include "exchange/obs_message.h"
#include "rig.h"

static uint8_t out[256];

/* Options and payload of what is made of these options and this payload. */
static struct span made(const char *options, const char *payload, const struct obs_own *own)
{
	uint8_t buf[256];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_GET, 0, NULL, options, NULL);
	struct writer w = writer_of(out, sizeof out);

	obs_write(&w, span_of(buf + 4, n - 4), span_str(payload), own);
	cr_assert_not(w.full);
	return span_of(out, (size_t)(w.p - out));
}

static void expect_like(const char *options, const char *payload, struct span have)
{
	uint8_t buf[256];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_GET, 0, NULL, options,
			     *payload ? payload : NULL);

	cr_assert(span_eq(have, span_of(buf + 4, n - 4)), "%s", options);
}

Test(obs_message, a_registration_has_its_options_in_their_places)
{
	struct obs_own own = { .observe = true, .szx = 6 };

	expect_like("4=e 6= 11=r 17=#32", "", made("4=e 11=r 17=#32", "", &own));
	expect_like("6=", "", made("", "", &own));
	own.szx = 2;
	expect_like("6= 11=r 23=#02 35=p", "", made("11=r 35=p", "", &own));
	own.echo = span_str("echo");
	expect_like("6= 11=r 23=#02 252=echo 258=#02", "body",
		    made("11=r 258=#02", "body", &own));
}

Test(obs_message, what_an_earlier_one_had_is_replaced)
{
	struct obs_own own = { .observe = true, .value = OBSERVE_DEREGISTER, .szx = 3 };

	expect_like("6=#01 11=r 23=#03", "x", made("6= 11=r 23=#02 252=echo", "x", &own));
}

Test(obs_message, the_rest_has_neither_observe_nor_blocks_nor_echo_nor_etags)
{
	struct obs_own own = { .observe = false, .szx = 2 };

	expect_like("3=h 11=r 15=q 17=#32", "", made("3=h 4=a 4=b 6= 11=r 15=q 17=#32 23=#02 252=e",
						     "", &own));
}

Test(obs_message, what_does_not_fit_is_told)
{
	struct obs_own own = { .observe = true, .echo = span_str("0123456789") };
	struct writer w = writer_of(out, 8);

	obs_write(&w, span_of("\xb1r", 2), span_of(NULL, 0), &own);
	cr_assert(w.full);
}
