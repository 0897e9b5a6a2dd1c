#include "client/ctl_status.h"

#include "ctl_help.h"

TestSuite(ctl_status, .fini = help_end);

static char *page(const struct ctl_figures *f, const struct ctl_figures *before)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ctl_status_print(f, before, 2, out);
	fclose(out);
	return text;
}

static void has(const char *text, const char *what)
{
	cr_expect(strstr(text, what), "\"%s\" is not in\n%s", what, text);
}

Test(ctl_status, a_page_has_everything)
{
	struct ctl_figures f = help_figures();
	char *text = page(&f, NULL);

	has(text, "coapd 1.2, process 42, serving for 1d 1:01:01: /etc/s.yaml\n");
	has(text, "0       running        50  0:00:01       1         7     6     1     0\n");
	has(text, "1       back-off        0  0:00:00       4         3     0     0     3\n");
	has(text, "all                                               10     6     1     3\n");
	has(text, "codes     GET 7  POST 3  2.05 6  4.04 1  5.00 3\n");
	has(text, "times     of 8 requests: half of them within more");
	has(text, "2 us  ################ 2\n");
	has(text, "waited    1 requests: half of them within 2 us, 90 % 2 us, 99 % 2 us\n");
	has(text, "small bodies           4        5       20  1.2 KiB\n");
	has(text, "bytes of bodies");
	has(text, "rx        1,234  datagrams received\n");
	has(text, "odd-one       2  \n");
	has(text, "h/b       block   stored  11\n");
	has(text, "/bad      lock         7         2     0:01:05\n");
	cr_expect(!strstr(text, "h/b       block        0"), "nobody died there");
	free(text);
	ctl_figures_end(&f);
}

Test(ctl_status, rates_are_of_the_time_between)
{
	struct ctl_figures f = help_figures(), before = help_figures();
	json_t *slot = json_array_get(before.slots, 0);
	char *text;

	json_object_set_new(json_object_get(slot, "counters"), "requests", json_integer(1));
	text = page(&f, &before);
	has(text, "requests  a second");
	has(text, "7         3     6     1     0\n");
	free(text);
	ctl_figures_end(&f);
	ctl_figures_end(&before);
}

Test(ctl_status, a_coapd_that_tells_nothing_is_a_page_too)
{
	help_daemon("{\"end\":true}\n", false);
	has(help_run(CTL_OK, "status", NULL, NULL), "coapd ?, process 0");
}

Test(ctl_status, of_a_coapd)
{
	help_daemon(HELP_STATUS, false);
	has(help_run(CTL_OK, "status", NULL, NULL), "coapd 1.2, process 42");
}
