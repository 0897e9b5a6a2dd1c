/* arguments_rows.h - the options of coap: parsing, --help, the page coap(1) and the
 * completion all come from these rows.
 *
 * Field of struct arguments, kind, names, letters, value, least and most, where it
 * may be given, whether --help only names it, its line of help, and what coap(1) says
 * besides.  The names are those of aiocoap-client where that has the option, the letters
 * curl's. */
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
	  "the body; @FILE: a file, @-: standard input", \
	  "Where --content-format is one of CBOR, TEXT is its diagnostic notation (RFC " \
	  "8949, section 8), of which JSON is a part, and CBOR is sent.  What comes from " \
	  "a file is sent as it is.  Without a verb, this option means post.") \
	X(upload, TEXT, "upload-file", "T", "FILE", 0, 0, V_BODY | V(OBSERVE), FEW, \
	  "the body is this file; - is standard input", \
	  "Without a verb, this option means put.") \
	X(content_format, FORMAT, "content-format", "", "FORMAT", 0, 65535, \
	  V_BODY | V(OBSERVE) | V(BENCH), FEW, "what the body is, by name or number", \
	  "A name is a media type such as application/json, or what stands behind its " \
	  "slash if that is clear.") \
	X(accept, FORMAT, "accept", "", "FORMAT", 0, 65535, V_ANY & ~V(PING), FEW, \
	  "what the answer should be, by name or number", "") \
	X(output, TEXTS, "output", "o", "FILE", 0, 0, V_METHOD, FEW, \
	  "write the answer to FILE, if it is complete", \
	  "The file has its name once it is whole: on an error an old one stays as it " \
	  "was.  Given several times, the first FILE is for the first URI, and so on.") \
	X(json, ON, "json", "", NULL, 0, 0, V_ANY, FEW, \
	  "print a JSON object for each answer", \
	  "On a line of its own, with the keys uri, peer, type, code, name, token, " \
	  "options, content_format, media_type, size, payload or payload_base64 or file, " \
	  "duration_ms and retransmissions; uri and error where there is no answer.") \
	X(count, NUMBER, "count", "", "N", 1, UINT32_MAX, V(OBSERVE) | V(PING) | V(BENCH), FEW, \
	  "stop after so many answers", "") \
	X(for_ms, SECONDS, "for", "", "SECONDS", 1, UINT32_MAX, V(OBSERVE), FEW, \
	  "stop after this time", "") \
	X(exec, TEXT, "observe-exec", "", "COMMAND", 0, 0, V(OBSERVE), FEW, \
	  "run COMMAND for each state, its standard input", \
	  "COMMAND is run by the shell.") \
	X(interval_ms, SECONDS, "interval", "", "SECONDS", 1, UINT32_MAX, V(PING), FEW, \
	  "wait this long between two", "") \
	X(endpoints, NUMBER, "endpoints", "c", "N", 1, 1000000, V(BENCH), FEW, \
	  "so many endpoints, a socket each (10)", \
	  "The limit of open files is raised as far as the system allows.") \
	X(window, NUMBER, "window", "w", "N", 1, 4096, V(BENCH), FEW, \
	  "requests that each has under way (1)", "") \
	X(rate, NUMBER, "rate", "", "N", 1, 10000000, V(BENCH), FEW, \
	  "requests a second in all, whether answered or not", \
	  "Latency then counts from when a request was to leave.  Without it the next request " \
	  "leaves when one is answered.") \
	X(duration_ms, SECONDS, "duration", "", "SECONDS", 1, UINT32_MAX, V(BENCH), FEW, \
	  "measure for this time (5)", "") \
	X(warmup_ms, SECONDS, "warmup", "", "SECONDS", 0, UINT32_MAX, V(BENCH), RARE, \
	  "and begin this long before (0.5)", "") \
	X(size, NUMBER, "payload-size", "", "BYTES", 1, 1024, V(BENCH), RARE, \
	  "a payload of so many bytes", "") \
	X(expect, TEXT, "expect", "", "CODE", 0, 0, V(BENCH), RARE, \
	  "the right response code, like 2.05; else any of success", "") \
	X(pids, TEXT, "pid", "", "PID[,PID]", 0, 0, V(BENCH), FEW, \
	  "the server: what it uses for a request", \
	  "CPU time and memory of these processes and their children, as /proc tells them.") \
	X(trigger, TEXT, "trigger", "", "URI", 0, 0, V(BENCH), RARE, \
	  "with --observe: what to PUT for the next state", \
	  "The payload is a text with the number of the round, n00000001 and so on; a round is " \
	  "over when every observer has been told this very text.") \
	X(trigger_method, METHOD, "trigger-method", "", "METHOD", 1, 31, V(BENCH), RARE, \
	  "use this method for --trigger instead of PUT", "") \
	X(processes, NUMBER, "processes", "", "N", 1, 64, V(BENCH), FEW, \
	  "share the endpoints among so many processes (1)", "") \
	X(source, TEXTS, "source", "", "ADDRESS", 0, 0, V(BENCH), RARE, \
	  "send from here; several take turns", \
	  "One address has as many ports as net.ipv4.ip_local_port_range says.  To a server " \
	  "on the IPv4 loopback, many endpoints use 127.1.0.1 and those that follow by " \
	  "themselves.") \
	X(cpu, NUMBER, "cpu", "", "N", 0, 1023, V(BENCH), RARE, \
	  "run on this processor, other processes on those behind", "") \
	X(busy, ON, "busy", "", NULL, 0, 0, V(BENCH), RARE, \
	  "never sleep: latency without the time it takes to wake up", "") \
	X(segments, OFF, "no-segments", "", NULL, 0, 0, V(BENCH), RARE, \
	  "send datagrams one by one, not several in a piece (UDP_SEGMENT)", "") \
	X(reuse_mids, ON, "reuse-mids", "", NULL, 0, 0, V(BENCH), RARE, \
	  "use message IDs again without regard to their lifetime", \
	  "A client must not (RFC 7252 section 4.4), so an endpoint whose message IDs are used up " \
	  "moves to another port; most load generators do not.") \
	X(multicast, MAYBE, "multicast", "", "IFACE", 0, 0, V(DISCOVER), FEW, \
	  "ask all around, on one interface or on each", \
	  "IFACE is the name of a network interface, as in --multicast=eth0.") \
	X(rt, TEXT, "rt", "", "TYPE", 0, 0, V(DISCOVER), FEW, \
	  "only links of this resource type (light.*)", "") \
	X(interface, TEXT, "if", "", "IF", 0, 0, V(DISCOVER), FEW, \
	  "only with this interface description", "") \
	X(ct, TEXT, "ct", "", "FORMAT", 0, 0, V(DISCOVER), FEW, \
	  "only with this content format", "") \
	X(href, TEXT, "href", "", "PATH", 0, 0, V(DISCOVER), FEW, \
	  "only with this target", "") \
	X(title, TEXT, "title", "", "TEXT", 0, 0, V(DISCOVER), FEW, \
	  "only with this title", "") \
	X(filter, TEXTS, "filter", "", "NAME=VALUE", 0, 0, V(DISCOVER), FEW, \
	  "only with this value of another attribute", \
	  "May be given several times.") \
	X(non, ON, "non", "", NULL, 0, 0, V_ANY & ~V(PING), FEW, \
	  "send non-confirmable messages", "") \
	X(if_match, TAGS, "if-match", "", "HEX", 0, 8, V_METHOD, FEW, \
	  "only if this is its ETag; \"\": if it exists", \
	  "May be given several times: one of them must match (RFC 7252, section " \
	  "5.10.8.1).") \
	X(if_none_match, ON, "if-none-match", "", NULL, 0, 0, \
	  V_METHOD & ~(V(GET) | V(FETCH)), FEW, "only if there is no such resource", "") \
	X(etag, TAGS, "etag", "", "HEX", 1, 8, V(GET) | V(FETCH), FEW, \
	  "of what you have: 2.03 if that is still right", \
	  "May be given several times.") \
	X(no_response, NUMBER, "no-response", "", "N", 0, 127, V_METHOD, RARE, \
	  "answers not wanted: sum of 2 (2.xx), 8 (4.xx), 16 (5.xx)", \
	  "What is left out is not waited for long (RFC 7967).") \
	X(option, TEXTS, "option", "", "NUMBER=VALUE", 0, 0, V_SEE | V(DISCOVER), FEW, \
	  "any option; VALUE is text, a number or 0xHEX", \
	  "NUMBER may be a name, as in Hop-Limit=16; --option replaces what the URI says " \
	  "of Uri-Host and Uri-Port.  With options that belong to block-wise transfer or " \
	  "observation, the request goes out in one message as it is, and what answers it " \
	  "is all there is.") \
	X(token, TAG, "token", "", "HEX", 1, 8, V_METHOD | V(OBSERVE), RARE, \
	  "the token of the first message, 1 to 8 bytes", "") \
	X(method, METHOD, "method request", "mX", "METHOD", 1, 31, V_SEE | V(BENCH), RARE, \
	  "the method, by name or number, instead of a verb", \
	  "A method that is not known by name goes by its number, from 1 to 31.") \
	X(observe, ON, "observe", "", NULL, 0, 0, V(OBSERVE) | V(BENCH), RARE, \
	  "the same as the verb observe", "") \
	X(szx, BLOCK, "block-size", "", "BYTES", 16, 1024, V_SEE | V(DISCOVER), FEW, \
	  "of the largest block: 16, 32, 64 ... 1024", \
	  "A server may answer with smaller ones.") \
	X(szx, NUMBER, "payload-initial-szx", "", "N", 0, 6, V_SEE | V(DISCOVER), RARE, \
	  "the same as a size exponent: 0 means 16 bytes, 6 means 1024", "") \
	X(proxy, TEXT, "proxy", "", "URI", 0, 0, V_SEE, FEW, \
	  "send the request to this forward-proxy", \
	  "CoAP URIs are taken apart for it (Proxy-Scheme); any other goes as it is " \
	  "(Proxy-Uri), so URI may be one of HTTP.") \
	X(set_hostname, OFF, "no-set-hostname", "", NULL, 0, 0, V_ANY & ~V(PING), RARE, \
	  "leave out Uri-Host, though the URI has a name", "") \
	X(set_hostname, ON, "set-hostname", "", NULL, 0, 0, V_ANY & ~V(PING), RARE, \
	  "send Uri-Host if the URI has a name; that is the default", "") \
	X(timeout_ms, SECONDS, "timeout max-time", "", "SECONDS", 1, UINT32_MAX, V_ANY, FEW, \
	  "give up after this time", \
	  "Of an observation: after this time without a first answer.  Without this " \
	  "option requests are given up as RFC 7252 says, after 93 seconds at most.") \
	X(loss_permille, PERCENT, "loss", "", "PERCENT", 0, 1000, V_ANY, RARE, \
	  "lose datagrams on purpose, in both directions", \
	  "To see how client and server take it.  What is lost is in the trace of " \
	  "--verbose.") \
	X(verbose, MORE, "verbose", "v", NULL, 0, 0, V_ANY & ~V(BENCH), FEW, \
	  "show each message; twice: also its bytes", \
	  "Each line has the seconds since the start, the direction, the peer, and the " \
	  "message with all its options; (again N) marks a retransmission.") \
	X(quiet, ON, "quiet silent", "qs", NULL, 0, 0, V_ANY, FEW, \
	  "no remarks, only the answer and errors", "") \
	X(color, ON, "color", "", NULL, 0, 0, V_ANY, RARE, \
	  "colour even if this is no terminal", \
	  "Colours are for terminals unless NO_COLOR is in the environment.") \
	X(color, OFF, "no-color", "", NULL, 0, 0, V_ANY, RARE, \
	  "no colour", "") \
	X(pretty, ON, "pretty-print", "", NULL, 0, 0, V_SEE, RARE, \
	  "arrange JSON and links for reading even if this is no terminal", \
	  "On a terminal that is so without this option.") \
	X(pretty, OFF, "no-pretty-print", "", NULL, 0, 0, V_SEE, RARE, \
	  "the answer as it came, also on a terminal", "") \
	X(absent, ABSENT, "credentials", "", "FILE", 0, 0, V_ANY, RARE, \
	  "there are no secure transports yet, so there is nothing to authenticate", "") \
	X(absent, ABSENT, "interactive", "", NULL, 0, 0, V_ANY, RARE, \
	  "there is no interactive mode: start coap once for each request", "") \
	X(help, ON, "help", "h", NULL, 0, 0, V_ANY, FEW, \
	  "print this; more in coap(1)", "") \
	X(version, ON, "version", "V", NULL, 0, 0, V_ANY, RARE, \
	  "print the version", "")

#endif
