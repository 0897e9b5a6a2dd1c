/* kit_host.h - a host with modules of the build mounted, for the tests of daemon/kit. */
#ifndef UNIT_KIT_HOST_H
#define UNIT_KIT_HOST_H

#include "coap/frame_udp.h"
#include "kit/host.h"
#include "kit/setting.h"
#include "kit_script.h"

static struct host host;
static struct script *host_script;
static struct site *host_site;

/* text is a script of mount and site lines. */
static inline void host_begin(const char *text, const char *modules, struct death death)
{
	struct err err;

	host_script = kit_script(text);
	host_site = setting_make(host_script, kit_modules(modules), "/tmp", &kit_errors);
	cr_assert(host_site, "%s", kit_errors.text[0]);
	cr_assert(host_open(&host, host_site, death, &err) == 0, "%s", err.text);
}

static inline void host_end(void)
{
	host_close(&host);
	site_free(host_site);
	script_free(host_script);
}

/* A confirmable request for a path of one segment. */
static inline struct guest_dgram host_request(uint8_t code, uint16_t mid, const char *path)
{
	struct guest_dgram d = { .peer = { .ip = { [15] = 1 }, .port = 4000 } };
	struct writer w = writer_of(d.data, sizeof d.data);
	struct option_writer ow = option_writer(&w);

	frame_udp_head(&w, COAP_CON, code, mid, span_str("t"));
	option_write(&ow, OPT_URI_PATH, span_str(path));
	d.len = (uint32_t)(w.p - d.data);
	return d;
}

/* "ACK 2.05 pay=x" of what was said in the last step. */
static inline const char *host_said(unsigned i)
{
	static char text[256];
	const struct guest_dgram *d = &host.shared->tx[i];
	char code[CODE_TEXT];
	struct message m;

	cr_assert(i < host.shared->tx_n, "nothing was said");
	cr_assert_eq(frame_udp_parse(span_of(d->data, d->len), &m), FRAME_OK);
	snprintf(text, sizeof text, "%s %s pay=%.*s", message_type_name(m.type),
		 code_print(m.code, code), (int)m.payload.n, (const char *)m.payload.p);
	return text;
}

#endif
