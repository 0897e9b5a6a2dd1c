#include "exchange/send.h"

#include "coap/frame_udp.h"

void send_empty(struct engine *e, const struct addr *to, const struct local *from,
		uint8_t type, uint16_t mid)
{
	struct writer w = send_begin(e, to, from);

	frame_udp_empty(&w, type, mid);
	send_end(e, &w);
}
