/* arguments_rows.h - the options of coap: parsing, --help, the page coap(1) and the
 * completion all come from these rows.
 *
 * Field of struct arguments, kind, names, letters, value, least and most, where it
 * may be given, whether --help only names it, and its line of help.  The names are
 * those of aiocoap-client where that has the option, the letters curl's. */
#ifndef CLIENT_ARGUMENTS_ROWS_H
#define CLIENT_ARGUMENTS_ROWS_H

#define V(id) (1u << VERB_##id)
#define V_BODY (V(POST) | V(PUT) | V(FETCH) | V(PATCH) | V(IPATCH))
#define V_METHOD (V_BODY | V(GET) | V(DELETE))
#define V_SEE (V_METHOD | V(OBSERVE))
#define V_ANY ((1u << VERBS) - 1)

#define FEW false
#define RARE true

#define ARGUMENT_ROWS(X) \
	X(payload, TEXT, "payload data", "d", "TEXT", 0, 0, V_BODY | V(OBSERVE) | V(BENCH), FEW, \
	  "the body; @FILE: a file, @-: standard input") \
	X(upload, TEXT, "upload-file", "T", "FILE", 0, 0, V_BODY | V(OBSERVE), FEW, \
	  "the body is this file; - is standard input") \
	X(content_format, FORMAT, "content-format", "", "FORMAT", 0, 65535, \
	  V_BODY | V(OBSERVE) | V(BENCH), FEW, "what the body is, by name or number") \
	X(accept, FORMAT, "accept", "", "FORMAT", 0, 65535, V_ANY & ~V(PING), FEW, \
	  "what the answer should be, by name or number") \
	X(output, TEXTS, "output", "o", "FILE", 0, 0, V_METHOD, FEW, \
	  "write the answer to FILE, if it is complete") \
	X(json, ON, "json", "", NULL, 0, 0, V_ANY, FEW, \
	  "print a JSON object for each answer") \
	X(count, NUMBER, "count", "", "N", 1, UINT32_MAX, V(OBSERVE) | V(PING), FEW, \
	  "stop after so many answers") \
	X(for_ms, SECONDS, "for", "", "SECONDS", 1, UINT32_MAX, V(OBSERVE), FEW, \
	  "stop after this time") \
	X(exec, TEXT, "observe-exec", "", "COMMAND", 0, 0, V(OBSERVE), FEW, \
	  "run COMMAND for each state, its standard input") \
	X(interval_ms, SECONDS, "interval", "", "SECONDS", 1, UINT32_MAX, V(PING), FEW, \
	  "wait this long between two") \
	X(multicast, MAYBE, "multicast", "", "IFACE", 0, 0, V(DISCOVER), FEW, \
	  "ask all around, on one interface or on each") \
	X(rt, TEXT, "rt", "", "TYPE", 0, 0, V(DISCOVER), FEW, \
	  "only links of this resource type (light.*)") \
	X(interface, TEXT, "if", "", "IF", 0, 0, V(DISCOVER), FEW, \
	  "only with this interface description") \
	X(ct, TEXT, "ct", "", "FORMAT", 0, 0, V(DISCOVER), FEW, \
	  "only with this content format") \
	X(href, TEXT, "href", "", "PATH", 0, 0, V(DISCOVER), FEW, \
	  "only with this target") \
	X(title, TEXT, "title", "", "TEXT", 0, 0, V(DISCOVER), FEW, \
	  "only with this title") \
	X(filter, TEXTS, "filter", "", "NAME=VALUE", 0, 0, V(DISCOVER), FEW, \
	  "only with this value of another attribute") \
	X(non, ON, "non", "", NULL, 0, 0, V_ANY & ~V(PING), FEW, \
	  "send non-confirmable messages") \
	X(if_match, TAGS, "if-match", "", "HEX", 0, 8, V_METHOD, FEW, \
	  "only if this is its ETag; \"\": if it exists") \
	X(if_none_match, ON, "if-none-match", "", NULL, 0, 0, V_METHOD & ~(V(GET) | V(FETCH)), FEW, \
	  "only if there is no such resource") \
	X(etag, TAGS, "etag", "", "HEX", 1, 8, V(GET) | V(FETCH), FEW, \
	  "of what you have: 2.03 if that is still right") \
	X(no_response, NUMBER, "no-response", "", "N", 0, 127, V_METHOD, RARE, \
	  "answers not wanted: sum of 2 (2.xx), 8 (4.xx), 16 (5.xx)") \
	X(option, TEXTS, "option", "", "NUMBER=VALUE", 0, 0, V_SEE | V(DISCOVER), FEW, \
	  "any option; VALUE is text, a number or 0xHEX") \
	X(token, TAG, "token", "", "HEX", 1, 8, V_METHOD | V(OBSERVE), RARE, \
	  "the token of the first message, 1 to 8 bytes") \
	X(method, METHOD, "method request", "mX", "METHOD", 1, 31, V_SEE | V(BENCH), RARE, \
	  "the method, by name or number, instead of a verb") \
	X(observe, ON, "observe", "", NULL, 0, 0, V(OBSERVE), RARE, \
	  "the same as the verb observe") \
	X(szx, BLOCK, "block-size", "", "BYTES", 16, 1024, V_ANY & ~V(PING), FEW, \
	  "of the largest block: 16, 32, 64 ... 1024") \
	X(szx, NUMBER, "payload-initial-szx", "", "N", 0, 6, V_ANY & ~V(PING), RARE, \
	  "the same as a size exponent: 0 means 16 bytes, 6 means 1024") \
	X(proxy, TEXT, "proxy", "", "URI", 0, 0, V_SEE, FEW, \
	  "send the request to this forward-proxy") \
	X(set_hostname, OFF, "no-set-hostname", "", NULL, 0, 0, V_ANY & ~V(PING), RARE, \
	  "leave out Uri-Host, though the URI has a name") \
	X(set_hostname, ON, "set-hostname", "", NULL, 0, 0, V_ANY & ~V(PING), RARE, \
	  "send Uri-Host if the URI has a name; that is the default") \
	X(timeout_ms, SECONDS, "timeout max-time", "", "SECONDS", 1, UINT32_MAX, V_ANY, FEW, \
	  "give up after this time") \
	X(loss_permille, PERCENT, "loss", "", "PERCENT", 0, 1000, V_ANY, RARE, \
	  "lose datagrams on purpose, in both directions") \
	X(verbose, MORE, "verbose", "v", NULL, 0, 0, V_ANY, FEW, \
	  "show each message; twice: also its bytes") \
	X(quiet, ON, "quiet silent", "qs", NULL, 0, 0, V_ANY, FEW, \
	  "no remarks, only the answer and errors") \
	X(color, ON, "color", "", NULL, 0, 0, V_ANY, RARE, \
	  "colour even if this is no terminal") \
	X(color, OFF, "no-color", "", NULL, 0, 0, V_ANY, RARE, \
	  "no colour") \
	X(pretty, ON, "pretty-print", "", NULL, 0, 0, V_SEE, RARE, \
	  "arrange JSON and links for reading even if this is no terminal") \
	X(pretty, OFF, "no-pretty-print", "", NULL, 0, 0, V_SEE, RARE, \
	  "the answer as it came, also on a terminal") \
	X(absent, ABSENT, "credentials", "", "FILE", 0, 0, V_ANY, RARE, \
	  "there are no secure transports yet, so there is nothing to authenticate") \
	X(absent, ABSENT, "interactive", "", NULL, 0, 0, V_ANY, RARE, \
	  "there is no interactive mode: start coap once for each request") \
	X(help, ON, "help", "h", NULL, 0, 0, V_ANY, FEW, \
	  "print this; more in coap(1)") \
	X(version, ON, "version", "V", NULL, 0, 0, V_ANY, RARE, \
	  "print the version")

#endif
