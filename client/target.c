#include "client/target.h"

#include <errno.h>

/* Whether text begins like a URI of a scheme that is not ours (RFC 3986 section 3.1). */
static bool is_foreign(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789+-.");

	return n && text[n] == ':' && strncasecmp(text, "coap", 4) != 0 &&
	       text[strcspn(text, " \t\r\n")] == 0;
}

/* One that datagrams can be sent to. */
static int read_server(const char *text, struct uri *out, struct err *err)
{
	int rc = uri_parse(span_str(text), out, err);

	if (rc || out->scheme == SCHEME_COAP)
		return rc;
	return err_set(err, -EPROTONOSUPPORT, "%.160s: %s is not built yet; coap speaks UDP, as "
		       "in coap://...", text, uri_scheme_name((enum uri_scheme)out->scheme));
}

int target_read(struct target *t, const char *text, const char *proxy, struct err *err)
{
	int rc;

	*t = (struct target){ .proxied = proxy != NULL };
	if (!proxy)
		return read_server(text, &t->uri, err);
	rc = read_server(proxy, &t->proxy, err);
	if (rc)
		return rc;
	t->foreign = is_foreign(text);
	return t->foreign ? 0 : uri_parse(span_str(text), &t->uri, err);
}
