/* json_out.h - an answer, or the lack of one, as a JSON object on a line of its own.
 *
 *	{"uri":"coap://h/x","peer":"[::1]:5683","type":"ACK","code":"2.05",
 *	 "name":"Content","token":"0x01ab","options":[{"number":12,
 *	 "name":"Content-Format","value":0}],"content_format":0,
 *	 "media_type":"text/plain;charset=utf-8","size":5,"payload":"hello",
 *	 "duration_ms":1.250,"retransmissions":0}
 *
 * A payload that is not text is in "payload_base64"; one that went to a file is in
 * neither.  Without an answer there are "uri" and
 * "error", or "uri" alone if none was wanted. */
#ifndef CLIENT_JSON_OUT_H
#define CLIENT_JSON_OUT_H

#include "client/errand.h"

/* 0, or a negative errno. */
int json_out_answer(const struct errand *e, const struct answer *a, int fd);
int json_out_failure(const struct errand *e, int fd);

#endif
