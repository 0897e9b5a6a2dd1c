/* sum.c - answers with length and checksum of what it is sent, for tests alone.
 *
 * FNV-1a over 64 bits: no two of the bodies that tests send share it. */
#include <coapd/module.h>

#include <stdio.h>

static uint64_t fnv(coapd_span s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return h;
}

static enum coapd_verdict
sum_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	coapd_span body = coapd_payload(coapd_request(task));
	char text[64];

	(void)self;
	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_POST | COAPD_ALLOW_PUT | COAPD_ALLOW_FETCH) ||
	    !coapd_take(task, COAPD_OCTET_STREAM))
		return COAPD_DONE;
	coapd_reply(task, coapd_code(coapd_request(task)) == COAPD_FETCH ?
		    COAPD_205_CONTENT : COAPD_204_CHANGED);
	snprintf(text, sizeof text, "%zu %016llx", body.n, (unsigned long long)fnv(body));
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "sum",
	.version = "1",
	.summary = "tells length and checksum of a body",
	.flags = COAPD_F_RETRY,
	.handle = sum_handle,
};
