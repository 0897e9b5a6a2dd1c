#include "config/listeners.h"
#include "site_help.h"

Test(listeners, default_is_for_who_names_none)
{
	struct site *s = help_site("workers: 2\n");

	cr_assert_eq(s->nlisteners, 1);
	cr_expect_eq(s->listeners[0].addr.port, 5683);
	cr_expect_eq(s->listeners[0].at.line, 0);
	site_free(s);
}

Test(listeners, number_has_a_limit)
{
	char text[SITE_LISTENERS_MAX * 40 + 100] = "listen:\n";

	for (unsigned i = 0; i < SITE_LISTENERS_MAX; i++)
		strcat(text, "  - coap://[::1]:0\n");
	site_free(help_site(text));
	strcat(text, "  - coap://[::1]:0\n");
	REFUSED(text, "t.yaml:17:5: listen: more than 15 are not possible; [::] stands for all "
		"addresses");
}
