/* accessline.h - one answer to a peer's request as a line of the access log.
 *
 * Bytes of the peer's are percent-encoded where a URI would have them so, thus no line can
 * be forged; queries and payloads are never told, as they may hold secrets.  Pure. */
#ifndef WORKER_ACCESSLINE_H
#define WORKER_ACCESSLINE_H

#include "base/addr.h"
#include "coap/message.h"

#include <time.h>

#define ACCESSLINE_PATH 256     /* longer ones are cut, with three dots */

struct accessline {
	struct timespec at;     /* of the answer */
	struct addr peer;
	uint8_t method, code;
	char path[ACCESSLINE_PATH];
	uint64_t received;      /* bytes of the request's payload; of all its blocks, where they
				 * were put together */
	uint64_t bytes;         /* of the answer's payload */
	uint32_t block;         /* of a body in blocks: which one this is, from 1; 0: of none */
	uint32_t retransmissions;       /* of the answer, if that was separate */
	uint64_t us;            /* from the request's arrival until the answer was made */
};

/* The path that a request asks for. */
void accessline_path(const struct message *request, char out[ACCESSLINE_PATH]);

/* Writes the line, its end included.  Returns its bytes. */
#define ACCESSLINE_MAX 1024
size_t accessline_text(const struct accessline *l, char out[ACCESSLINE_MAX]);
size_t accessline_json(const struct accessline *l, char out[ACCESSLINE_MAX]);

#endif
