/* Fuzz target: diagnostic notation that is taken becomes CBOR that is well-formed and
 * fits the room for it; any other has a sentence about it.  The first byte says whether
 * it may be a sequence. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

#include "client/diag.h"
#include "client/edn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int null = -1;
	bool sequence;
	struct err err = { "" };
	struct writer w;
	struct pour out;
	uint8_t *cbor;
	size_t n;

	if (null < 0)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (size < 1)
		return 0;
	sequence = data[0] & 1;
	cbor = malloc(edn_room(size - 1));
	assert(cbor && null >= 0);
	w = writer_of(cbor, edn_room(size - 1));
	if (edn_encode(&w, span_of(data + 1, size - 1), sequence, &err)) {
		assert(err.text[0] && !w.full);
		free(cbor);
		return 0;
	}
	n = (size_t)(w.p - cbor);
	pour_begin(&out, null);
	assert(n || sequence);
	assert(n == 0 || diag_write(&out, span_of(cbor, n), sequence, false));
	assert(pour_end(&out) == 0);
	free(cbor);
	return 0;
}
