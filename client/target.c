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

/* Whether it would be a URI with a scheme before it. */
static bool lacks_scheme(const char *text)
{
	char longer[URI_MAX + 1];
	struct uri u;

	return strlen(text) < sizeof longer - 8 && !strstr(text, "://") &&
	       uri_parse(span_str(strcat(strcpy(longer, "coap://"), text)), &u, NULL) == 0;
}

static int read_uri(struct target *t, const char *text, struct uri *out, struct err *err)
{
	int rc = uri_parse(span_str(text), out, err);

	if (rc == 0)
		return 0;
	if (lacks_scheme(text))
		return err_set(err, rc, "\"%.160s\" is no URI; did you mean coap://%.160s?", text,
			       text);
	t->wrong = text;
	t->wrong_at = out->wrong;
	return rc;
}

/* One that datagrams can be sent to. */
static int read_server(struct target *t, const char *text, struct uri *out, struct err *err)
{
	int rc = read_uri(t, text, out, err);

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
		return read_server(t, text, &t->uri, err);
	rc = read_server(t, proxy, &t->proxy, err);
	if (rc)
		return rc;
	t->foreign = is_foreign(text);
	return t->foreign ? 0 : read_uri(t, text, &t->uri, err);
}
