#include "resource/hosts.h"

#include "coap/code.h"
#include "coap/option.h"

#include <criterion/criterion.h>

static const struct resource_host list[] = {
	{ "a.example", "b.example  c", false }, { "admin", NULL, true }, { "D", "", false },
};
static const char *const of_socket[] = { NULL, "admin", NULL };
static const struct hosts hosts = { list, 3, of_socket, 3 };

/* Asks for a host, NULL: for none, at a socket. */
static const char *asked(const struct hosts *h, const char *name, uint16_t sock)
{
	uint8_t bytes[300];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);
	struct message m = { .code = COAP_GET };
	const struct local to = { .sock = sock };

	if (name)
		option_write(&ow, OPT_URI_HOST, span_str(name));
	option_write(&ow, OPT_URI_PATH, span_str("c"));
	m.options = span_of(bytes, (size_t)(w.p - bytes));
	return hosts_asked(h, &m, &to);
}

Test(hosts, by_uri_host)
{
	cr_expect_eq(asked(&hosts, "a.example", 0), list[0].name);
	cr_expect_eq(asked(&hosts, "A.Example", 0), list[0].name);
	cr_expect_eq(asked(&hosts, "b.example", 2), list[0].name);
	cr_expect_eq(asked(&hosts, "C", 7), list[0].name);
	cr_expect_eq(asked(&hosts, "d", 0), list[2].name);
	cr_expect_null(asked(&hosts, "a.exampl", 0));
	cr_expect_null(asked(&hosts, "a.example.", 0));
	cr_expect_null(asked(&hosts, "b.example  c", 0));
	cr_expect_null(asked(&hosts, NULL, 0));
}

Test(hosts, by_listener)
{
	cr_expect_eq(asked(&hosts, NULL, 1), of_socket[1]);
	cr_expect_eq(asked(&hosts, "a.example", 1), of_socket[1]);
	cr_expect_null(asked(&hosts, "admin", 0), "it has a listener of its own");
}

Test(hosts, there_need_be_none)
{
	const struct hosts none = { 0 };

	cr_expect_null(asked(&none, "a.example", 0));
}
