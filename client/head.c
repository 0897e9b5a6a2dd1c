#include "client/head.h"

#include "client/option_list.h"

#include <errno.h>

/* The stages write these themselves (RFC 7959, RFC 7641, RFC 9175, RFC 9177). */
static bool of_a_stage(const struct option_list *l)
{
	static const uint16_t numbers[] = { OPT_OBSERVE, OPT_Q_BLOCK1, OPT_BLOCK2, OPT_BLOCK1,
					    OPT_Q_BLOCK2, OPT_SIZE1, OPT_REQUEST_TAG };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (option_list_has(l, numbers[i]))
			return true;
	return false;
}

static int add_own(struct option_list *l, const struct arguments *a, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < a->option.n; i++)
		rc = option_list_parse(l, a->option.v[i], err);
	return rc;
}

bool head_is_raw(const struct arguments *args)
{
	struct option_list l;

	option_list_init(&l);
	return add_own(&l, args, NULL) == 0 && of_a_stage(&l);
}

static void add_tags(struct option_list *l, uint32_t number, const struct tags *t)
{
	for (unsigned i = 0; i < t->n; i++)
		option_list_add(l, number, span_of(t->v[i].bytes, t->v[i].n));
}

static void add_number(struct option_list *l, uint32_t number, int64_t v)
{
	if (v >= 0)
		option_list_add_uint(l, number, (uint64_t)v);
}

static void add_arguments(struct option_list *l, const struct head *h)
{
	const struct arguments *a = h->args;

	add_tags(l, OPT_IF_MATCH, &a->if_match);
	add_tags(l, OPT_ETAG, &a->etag);
	if (a->if_none_match)
		option_list_add(l, OPT_IF_NONE_MATCH, span_of(NULL, 0));
	add_number(l, OPT_CONTENT_FORMAT, a->content_format);
	add_number(l, OPT_ACCEPT, a->accept);
	add_number(l, OPT_NO_RESPONSE, a->no_response);
}

/* Host and port that the user gives as options replace what the URI says. */
static void add_parts(struct option_list *l, struct span options, bool host)
{
	bool port = !option_list_has(l, OPT_URI_PORT);
	struct option_iter it = option_iter(options);
	struct option o;

	while (option_next(&it, &o))
		if (o.number == OPT_URI_HOST ? host : o.number != OPT_URI_PORT || port)
			option_list_add(l, o.number, o.value);
}

/* What the URI says.  A proxy is told the scheme, and all of the rest as options
 * (RFC 7252 section 5.10.2); of a URI that we cannot take apart, all of it at once. */
static void add_uri(struct option_list *l, const struct head *h, const struct addr *destination)
{
	uint8_t bytes[OPTION_LIST_BYTES];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	if (!h->uri) {
		option_list_add(l, OPT_PROXY_URI, span_str(h->text));
		return;
	}
	uri_write_authority(h->uri, destination, &ow);
	uri_write_path(h->uri, &ow);
	uri_write_query(h->uri, &ow);
	l->full |= w.full;
	add_parts(l, span_of(bytes, (size_t)(w.p - bytes)),
		  (h->proxy || h->args->set_hostname >= 0) && !option_list_has(l, OPT_URI_HOST));
	if (h->proxy)
		option_list_add(l, OPT_PROXY_SCHEME,
				span_str(uri_scheme_name((enum uri_scheme)h->uri->scheme)));
}

int head_write(const struct head *h, const struct addr *destination, struct writer *w,
	       struct err *err)
{
	struct option_list l;
	int rc;

	option_list_init(&l);
	rc = add_own(&l, h->args, err);
	if (rc)
		return rc;
	add_uri(&l, h, destination);
	add_arguments(&l, h);
	option_list_add_all(&l, h->extra);
	if (option_list_write(&l, w))
		return 0;
	return err_set(err, -EMSGSIZE, "the options do not fit in a message");
}
