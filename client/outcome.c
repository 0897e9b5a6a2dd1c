#include "client/outcome.h"

#include "coap/code.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define URI_SHOWN 160

int outcome_worse(int a, int b)
{
	return a > b ? a : b;
}

/* What happened, before and behind the name of the peer, and what to try. */
static const struct {
	int status;
	const char *before, *behind, *hint;
} network[] = {
	{ -ECONNREFUSED, "nobody listens at ", " (ICMP says unreachable)",
	  "is the server running, and is this its port?" },
	{ -ECONNRESET, "", " rejected the message (Reset)",
	  "does it speak CoAP? -v shows the messages" },
	{ -ETIMEDOUT, "no answer from ", "",
	  "is it running, and does no firewall stand between? -v shows the messages" },
	{ -ETIME, "the answer of ", " was not whole", "--timeout can be longer" },
	{ -ESTALE, "the representation at ", " kept changing while it was fetched",
	  "try again, with larger blocks if --block-size was given" },
	{ -EPROTO, "what ", " answers is not to be understood: blocks that do not fit together, or "
	  "a critical option that is unknown", "-v shows the messages" },
	{ -EMSGSIZE, "the request to ", " is too large",
	  "the options must leave room in a message, and a body has at most 1048576 blocks" },
	{ -ENETUNREACH, "no route to ", "", "is the network up?" },
	{ -EHOSTUNREACH, "no way to ", "", "is the network up?" },
	{ -EACCES, "the system does not let us send to ", "",
	  "is it a broadcast address, or does a firewall forbid it?" },
	{ -EPERM, "the system does not let us send to ", "", "does a firewall forbid it?" },
	{ -EEXIST, "the token is in use with ", "", "leave out --token, or give each its own" },
	{ -EAGAIN, "too many requests to ", " at once", "give fewer URIs" },
};

void outcome_network(struct outcome *o, const char *uri, const struct addr *peer, int status,
		     double waited)
{
	char who[ADDR_TEXT], what[256], after[32] = "";
	const char *hint = NULL;

	addr_print(peer, who, sizeof who);
	snprintf(what, sizeof what, "%s: %s", who, strerror(-status));
	for (size_t i = 0; i < sizeof network / sizeof *network; i++)
		if (network[i].status == status) {
			snprintf(what, sizeof what, "%s%s%s", network[i].before, who,
				 network[i].behind);
			hint = network[i].hint;
		}
	if (status == -ETIMEDOUT || status == -ETIME)
		snprintf(after, sizeof after, " within %.3g s", waited);
	*o = (struct outcome){ .exit = OUTCOME_FAILED };
	err_set(&o->err, status, "%.*s: %s%s%s%s", URI_SHOWN, uri, what, after,
		hint ? "; " : "", hint ? hint : "");
}

static const char *hint_of(uint8_t code)
{
	switch (code) {
	case COAP_BAD_OPTION:
		return "-v shows the options that were sent";
	case COAP_NOT_FOUND:
		return "coap discover shows what there is";
	case COAP_METHOD_NOT_ALLOWED:
		return "the resource takes other methods";
	case COAP_NOT_ACCEPTABLE:
		return "it cannot be had as --accept asks";
	case COAP_PRECONDITION_FAILED:
		return "--if-match or --if-none-match does not hold";
	case COAP_UNSUPPORTED_FORMAT:
		return "--content-format says what a body is";
	case COAP_TOO_MANY_REQUESTS:
	case COAP_UNAVAILABLE:
		return "try again later";
	case COAP_PROXYING_NOT_SUPPORTED:
		return "the server is no proxy";
	}
	return NULL;
}

void outcome_response(struct outcome *o, const char *uri, uint8_t code, const char *diagnostic)
{
	const char *name = code_name(code), *hint = hint_of(code);
	char text[CODE_TEXT];

	*o = (struct outcome){ .exit = OUTCOME_FAILED };
	err_set(&o->err, -EPROTO, "%.*s: %s %s%s%s%s%s", URI_SHOWN, uri, code_print(code, text),
		name ? name : "(unknown code)", diagnostic ? ": " : "",
		diagnostic ? diagnostic : "", hint ? "; " : "", hint ? hint : "");
}

void outcome_error(struct outcome *o, const char *about, int code, const struct err *err)
{
	struct err line;

	o->wrong = NULL;
	o->exit = code == -EINVAL ? OUTCOME_USAGE : OUTCOME_FAILED;
	if (code == -EINTR)
		o->exit = OUTCOME_INTERRUPTED;
	if (about)
		err_set(&line, code, "%.*s: %s", URI_SHOWN, about, err->text);
	else
		line = *err;
	o->err = line;
}
