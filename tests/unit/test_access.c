/* The call site of the access rules. */
#include <criterion/criterion.h>

#include "resource/access.h"

Test(access, everybody_may_ask_for_everything)
{
	struct request r = { .rx = 0 };

	for (unsigned code = COAP_GET; code <= COAP_IPATCH; code++) {
		r.msg.code = (uint8_t)code;
		cr_assert_eq(access_check(&r), 0);
	}
}
