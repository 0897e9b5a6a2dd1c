/* Fuzz target: a payload that is arranged for reading is arranged so that arranging it
 * again changes nothing, and says no command to a terminal; CBOR that is shown as text
 * is the same CBOR again, but for the length of its heads.  The first byte says what the
 * payload is taken for. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/diag.h"
#include "client/edn.h"
#include "client/pretty.h"

#define ARRANGED (1u << 20)      /* bytes that are looked at */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	uint8_t first[ARRANGED], second[ARRANGED], cbor[5 * ARRANGED];
} *room;

/* What comes of it, in out; the length, 0 if it stays as it is, or is too much. */
static size_t arrange(enum content_kind kind, struct span body, bool color, uint8_t *out)
{
	static int fd = -1;
	struct pour p;
	ssize_t n;

	if (fd < 0)
		fd = memfd_create("arranged", MFD_CLOEXEC);
	assert(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	pour_begin(&p, fd);
	if (!pretty_write(&p, kind, body, color)) {
		assert(p.n == 0 && lseek(fd, 0, SEEK_CUR) == 0);
		return 0;
	}
	assert(pour_end(&p) == 0);
	n = pread(fd, out, ARRANGED, 0);
	assert(n > 0);
	return n < (ssize_t)ARRANGED ? (size_t)n : 0;
}

static void obeys_nobody(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert((text[i] >= 0x20 || text[i] == '\n') && text[i] != 0x7f);
		assert(text[i] != 0xc2 || i + 1 == n || text[i + 1] >= 0xa0);
	}
}

/* Text that was made of CBOR is CBOR's notation, unless it has what edn.h has not. */
static void reads_back(const uint8_t *text, size_t n, bool sequence)
{
	struct writer w = writer_of(room->cbor, sizeof room->cbor);
	size_t again;

	if (memchr(text, '_', n) || edn_encode(&w, span_of(text, n), sequence, NULL))
		return;
	again = arrange(sequence ? CONTENT_CBOR_SEQ : CONTENT_CBOR,
			span_of(room->cbor, (size_t)(w.p - room->cbor)), false, room->second);
	assert(again == n && memcmp(room->second, text, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum content_kind kinds[] = { CONTENT_JSON, CONTENT_LINKS, CONTENT_CBOR,
						   CONTENT_CBOR_SEQ };
	enum content_kind kind;
	struct span body;
	size_t n, again;

	if (!room)
		room = mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(room != MAP_FAILED);
	if (size < 1)
		return 0;
	kind = kinds[data[0] % 4];
	body = span_of(data + 1, size - 1);
	arrange(kind, body, true, room->first);
	n = arrange(kind, body, false, room->first);
	if (n == 0)
		return 0;
	if (kind != CONTENT_LINKS)
		obeys_nobody(room->first, n);
	if (kind == CONTENT_CBOR || kind == CONTENT_CBOR_SEQ) {
		reads_back(room->first, n, kind == CONTENT_CBOR_SEQ);
		return 0;
	}
	again = arrange(kind, span_of(room->first, n), false, room->second);
	assert(again == n && memcmp(room->first, room->second, n) == 0);
	return 0;
}
