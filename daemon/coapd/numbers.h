/* coapd/numbers.h - the numbers of the protocol that modules meet: methods, response
 * codes, options, content formats.
 *
 * Included by coapd/module.h; constants alone.  Others of the registries work as well. */
#ifndef COAPD_NUMBERS_H
#define COAPD_NUMBERS_H

/* Methods (RFC 7252, 5.8; RFC 8132) as coapd_code() tells them. */
enum {
	COAPD_GET = 1, COAPD_POST, COAPD_PUT, COAPD_DELETE,
	COAPD_FETCH, COAPD_PATCH, COAPD_IPATCH
};

/* Sets of methods, for coapd_allow(). */
enum {
	COAPD_ALLOW_GET = 1 << COAPD_GET,
	COAPD_ALLOW_POST = 1 << COAPD_POST,
	COAPD_ALLOW_PUT = 1 << COAPD_PUT,
	COAPD_ALLOW_DELETE = 1 << COAPD_DELETE,
	COAPD_ALLOW_FETCH = 1 << COAPD_FETCH,
	COAPD_ALLOW_PATCH = 1 << COAPD_PATCH,
	COAPD_ALLOW_IPATCH = 1 << COAPD_IPATCH
};

/* Response codes (RFC 7252, 5.9; RFC 7959, 2.9; RFC 8132, 3; RFC 8516). */
#define COAPD_CODE(class, detail) ((class) << 5 | (detail))
enum {
	COAPD_201_CREATED = COAPD_CODE(2, 1),
	COAPD_202_DELETED = COAPD_CODE(2, 2),
	COAPD_203_VALID = COAPD_CODE(2, 3),
	COAPD_204_CHANGED = COAPD_CODE(2, 4),
	COAPD_205_CONTENT = COAPD_CODE(2, 5),
	COAPD_400_BAD_REQUEST = COAPD_CODE(4, 0),
	COAPD_401_UNAUTHORIZED = COAPD_CODE(4, 1),
	COAPD_402_BAD_OPTION = COAPD_CODE(4, 2),
	COAPD_403_FORBIDDEN = COAPD_CODE(4, 3),
	COAPD_404_NOT_FOUND = COAPD_CODE(4, 4),
	COAPD_405_METHOD_NOT_ALLOWED = COAPD_CODE(4, 5),
	COAPD_406_NOT_ACCEPTABLE = COAPD_CODE(4, 6),
	COAPD_409_CONFLICT = COAPD_CODE(4, 9),
	COAPD_412_PRECONDITION_FAILED = COAPD_CODE(4, 12),
	COAPD_413_TOO_LARGE = COAPD_CODE(4, 13),
	COAPD_415_UNSUPPORTED_FORMAT = COAPD_CODE(4, 15),
	COAPD_422_UNPROCESSABLE = COAPD_CODE(4, 22),
	COAPD_429_TOO_MANY_REQUESTS = COAPD_CODE(4, 29),
	COAPD_500_INTERNAL_ERROR = COAPD_CODE(5, 0),
	COAPD_501_NOT_IMPLEMENTED = COAPD_CODE(5, 1),
	COAPD_502_BAD_GATEWAY = COAPD_CODE(5, 2),
	COAPD_503_UNAVAILABLE = COAPD_CODE(5, 3),
	COAPD_504_GATEWAY_TIMEOUT = COAPD_CODE(5, 4)
};

/* Options a module may meet or make (RFC 7252, 5.10); any other elective
 * one works as well.  A request with a critical option that is not listed here
 * never comes to a module, it is answered 4.02 (5.4.1).  Those that carry the
 * protocol itself are the core's to read and to set: Observe, Block1, Block2,
 * Q-Block1, Q-Block2 and OSCORE. */
enum {
	COAPD_OPT_IF_MATCH = 1,
	COAPD_OPT_URI_HOST = 3,
	COAPD_OPT_ETAG = 4,
	COAPD_OPT_IF_NONE_MATCH = 5,
	COAPD_OPT_URI_PORT = 7,
	COAPD_OPT_LOCATION_PATH = 8,
	COAPD_OPT_URI_PATH = 11,
	COAPD_OPT_CONTENT_FORMAT = 12,
	COAPD_OPT_MAX_AGE = 14,
	COAPD_OPT_URI_QUERY = 15,
	COAPD_OPT_ACCEPT = 17,
	COAPD_OPT_LOCATION_QUERY = 20,
	COAPD_OPT_SIZE2 = 28,
	COAPD_OPT_SIZE1 = 60
};

/* Some content formats (RFC 7252, 12.3 and the registry it made). */
enum {
	COAPD_TEXT_PLAIN = 0,           /* text/plain;charset=utf-8 */
	COAPD_LINK_FORMAT = 40,         /* application/link-format */
	COAPD_OCTET_STREAM = 42,        /* application/octet-stream */
	COAPD_JSON = 50,                /* application/json */
	COAPD_CBOR = 60                 /* application/cbor */
};

#endif
