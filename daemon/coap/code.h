/* code.h - the Code field of a message: methods, response codes, signaling.
 *
 * A code is one byte, class in the upper three bits and detail in the lower
 * five, written "c.dd" (RFC 7252 section 3).  Pure; used in every process. */
#ifndef COAP_CODE_H
#define COAP_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* One row per registered code: identifier, class, detail, name in the registry. */
#define CODE_TABLE(X) \
	X(EMPTY, 0, 0, "Empty") \
	X(GET, 0, 1, "GET") \
	X(POST, 0, 2, "POST") \
	X(PUT, 0, 3, "PUT") \
	X(DELETE, 0, 4, "DELETE") \
	X(FETCH, 0, 5, "FETCH") \
	X(PATCH, 0, 6, "PATCH") \
	X(IPATCH, 0, 7, "iPATCH") \
	X(CREATED, 2, 1, "Created") \
	X(DELETED, 2, 2, "Deleted") \
	X(VALID, 2, 3, "Valid") \
	X(CHANGED, 2, 4, "Changed") \
	X(CONTENT, 2, 5, "Content") \
	X(CONTINUE, 2, 31, "Continue") \
	X(BAD_REQUEST, 4, 0, "Bad Request") \
	X(UNAUTHORIZED, 4, 1, "Unauthorized") \
	X(BAD_OPTION, 4, 2, "Bad Option") \
	X(FORBIDDEN, 4, 3, "Forbidden") \
	X(NOT_FOUND, 4, 4, "Not Found") \
	X(METHOD_NOT_ALLOWED, 4, 5, "Method Not Allowed") \
	X(NOT_ACCEPTABLE, 4, 6, "Not Acceptable") \
	X(INCOMPLETE, 4, 8, "Request Entity Incomplete") \
	X(CONFLICT, 4, 9, "Conflict") \
	X(PRECONDITION_FAILED, 4, 12, "Precondition Failed") \
	X(TOO_LARGE, 4, 13, "Request Entity Too Large") \
	X(UNSUPPORTED_FORMAT, 4, 15, "Unsupported Content-Format") \
	X(UNPROCESSABLE, 4, 22, "Unprocessable Entity") \
	X(TOO_MANY_REQUESTS, 4, 29, "Too Many Requests") \
	X(INTERNAL_ERROR, 5, 0, "Internal Server Error") \
	X(NOT_IMPLEMENTED, 5, 1, "Not Implemented") \
	X(BAD_GATEWAY, 5, 2, "Bad Gateway") \
	X(UNAVAILABLE, 5, 3, "Service Unavailable") \
	X(GATEWAY_TIMEOUT, 5, 4, "Gateway Timeout") \
	X(PROXYING_NOT_SUPPORTED, 5, 5, "Proxying Not Supported") \
	X(HOP_LIMIT, 5, 8, "Hop Limit Reached") \
	X(CSM, 7, 1, "CSM") \
	X(PING, 7, 2, "Ping") \
	X(PONG, 7, 3, "Pong") \
	X(RELEASE, 7, 4, "Release") \
	X(ABORT, 7, 5, "Abort")

#define CODE(class, detail) ((class) << 5 | (detail))

enum code {
#define X(id, class, detail, name) COAP_##id = CODE(class, detail),
	CODE_TABLE(X)
#undef X
};

static inline unsigned code_class(uint8_t code)
{
	return code >> 5;
}

static inline unsigned code_detail(uint8_t code)
{
	return code & 0x1f;
}

/* Every code is exactly one of: 0.00 (Empty), request, response, reserved. */

static inline bool code_is_request(uint8_t code)
{
	return code > COAP_EMPTY && code < CODE(1, 0);
}

static inline bool code_is_response(uint8_t code)
{
	return 1u << code_class(code) & (1u << 2 | 1u << 4 | 1u << 5);
}

/* Classes that mean nothing over UDP: 1, 6 and 7 (RFC 7252 sections 4.2 and
 * 4.3), and 3, which section 12.1 reserves as well. */
static inline bool code_is_reserved_class(uint8_t code)
{
	return 1u << code_class(code) & (1u << 1 | 1u << 3 | 1u << 6 | 1u << 7);
}

/* Methods that change nothing at the server (RFC 7252 section 5.1, RFC 8132
 * section 2). */
static inline bool code_is_safe(uint8_t code)
{
	return code == COAP_GET || code == COAP_FETCH;
}

/* Methods that may be asked for twice; of those that have no name nobody knows (RFC
 * 7252 section 5.1, RFC 8132 section 2). */
static inline bool code_is_idempotent(uint8_t code)
{
	return code_is_safe(code) || code == COAP_PUT || code == COAP_DELETE ||
	       code == COAP_IPATCH;
}

static inline bool code_is_known_method(uint8_t code)
{
	return code >= COAP_GET && code <= COAP_IPATCH;
}

/* Name in the registry ("Not Found"), or NULL for a code not registered. */
const char *code_name(uint8_t code);

/* Writes "2.05" with its terminating zero into out and returns out. */
#define CODE_TEXT 5
const char *code_print(uint8_t code, char out[CODE_TEXT]);

#endif
