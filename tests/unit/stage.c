#include "stage.h"

#include "coap/frame_udp.h"
#include "exchange/obs.h"
#include "exchange/representation.h"
#include "resource/background.h"
#include "resource/notices.h"
#include "resource/resources.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf death;
static struct stage *current;

void stage_note(const struct coapd_event *event)
{
	current->runs++;
	current->last_attempt = event->attempt;
	current->seen_where = current->rig->e.space.ctl->where;
	if (current->deaths) {
		current->deaths--;
		longjmp(death, 1);
	}
}

enum coapd_verdict stage_say(coapd_task *task, const char *name)
{
	coapd_span segment;

	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_data(task, coapd_text(name));
	for (unsigned i = 0; coapd_path(task, i, &segment); i++) {
		coapd_reply_data(task, coapd_text("|"));
		coapd_reply_data(task, segment);
	}
	return COAPD_DONE;
}

struct resource_mount_spec stage_spec(const char *path, const struct coapd_module *desc)
{
	struct resource_mount_spec spec = { .path = path };
	const char **segments = calloc(8, sizeof *segments);
	char *copy = strdup(path), *save = NULL;

	for (char *p = strtok_r(copy, "/", &save); p; p = strtok_r(NULL, "/", &save))
		segments[spec.nsegments++] = p;
	spec.segments = segments;
	spec.module = calloc(1, sizeof *spec.module);
	spec.module->desc = *desc;
	if (desc->conf_size)
		spec.conf = calloc(1, desc->conf_size);
	return spec;
}

/* Room for bodies. */
static void furnish(struct stage *s)
{
	struct engine_conf *conf = &s->rig->conf;

	s->windows = body_windows(conf->limits.small_bodies, conf->limits.bodies, 1 << 17);
	s->used = &engine_root(&s->rig->e)->body_pages;
	s->budget = (struct body_budget){ .pages = 1000, .n = 1, .used = &s->used };
	s->bodies = (struct bodies){
		.windows = { aligned_alloc(WINDOWS_PAGE, windows_size(&s->windows)),
			     &s->windows },
		.budget = &s->budget };
	conf->bodies = &s->bodies;
	conf->assembly_ms = 60000;
	s->rig->e.conf = *conf;
}

static int look_up(void *arg, ref_t fetch, const char *host, const char *zone, uint16_t port)
{
	struct stage *s = arg;

	snprintf(s->name, sizeof s->name, "%.40s%s:%u", host, zone, port);
	s->looked_up = fetch;
	return 0;
}

static int find_way(void *arg, const struct addr *to)
{
	struct stage *s = arg;

	(void)to;
	if (!s->ways)
		return 0;
	s->ways--;
	return -ENETUNREACH;
}

static void adopt(struct engine *e)
{
	e->source = &current->source;
	task_adopt(e);
	background_adopt(current->R, e);
	fetch_adopt(e);
}

struct stage *stage_new(const struct resource_mount_spec *specs, size_t n)
{
	struct stage *s = calloc(1, sizeof *s);
	struct engine_limits limits = rig_limits();
	struct space_def tasks = { .nslabs = TASK_SLAB };
	struct err err;

	limits.small_bodies = limits.assemblies = limits.assemblies_per_endpoint = 4;
	limits.bodies = 1;
	limits.observers = limits.observers_per_endpoint = limits.representations = 8;
	limits.tasks = STAGE_BACKGROUND;
	task_layout(&tasks, STAGE_TASKS + STAGE_BACKGROUND);
	fetch_layout(&tasks, STAGE_FETCHES);
	s->rig = rig_new_above(&limits, &tasks.slab[TASK_SLAB], adopt);
	s->source = (struct xfer_source){ .read = fetch_read, .arg = &s->rig->e };
	s->rig->e.source = &s->source;
	s->outside = (struct outside){ .lookup = look_up, .way = find_way, .arg = s,
				       .client_sock = STAGE_CLIENT };
	s->rig->e.conf.observe_con_every = s->rig->conf.observe_con_every = 4;
	furnish(s);
	s->R = resources_new(specs, n, &err);
	current = s;
	if (s->R)
		return s;
	fprintf(stderr, "%s\n", err.text);
	abort();
}

void stage_free(struct stage *s)
{
	resources_free(s->R);
	rig_free(s->rig);
	free(s->bodies.windows.at);
	free(s);
}

static void serve(struct stage *s, unsigned rx)
{
	struct engine *e = &s->rig->e;

	s->died = setjmp(death) != 0;
	if (s->died)
		return;
	resource_request(s->R, e, &s->rig->in.request, rx);
	engine_commit(e, rx + 1);
	resource_committed(s->R);
}

void stage_ask_type(struct stage *s, uint8_t type, uint8_t method, uint16_t mid,
		    const char *options)
{
	s->died = false;
	if (rig_msg(s->rig, 1, type, method, mid, "t", options) == INPUT_REQUEST)
		serve(s, 0);
	else
		rig_commit(s->rig);
}

void stage_ask(struct stage *s, uint8_t method, uint16_t mid, const char *options)
{
	stage_ask_type(s, COAP_CON, method, mid, options);
}

void stage_send(struct stage *s, unsigned peer, uint8_t method, uint16_t mid,
		const char *options, const char *payload)
{
	uint8_t bytes[DGRAM_RX_MAX];
	size_t n = rig_build(bytes, sizeof bytes, COAP_CON, method, mid, "t", options, payload);

	s->died = false;
	if (rig_in(s->rig, peer, bytes, n) == INPUT_REQUEST)
		serve(s, 0);
	else
		rig_commit(s->rig);
}

void stage_begin(struct stage *s)
{
	while (background_begin(s->R, &s->rig->e))
		rig_commit(s->rig);
}

static void respond(struct stage *s, unsigned rx)
{
	struct engine *e = &s->rig->e;

	s->died = setjmp(death) != 0;
	if (s->died)
		return;
	fetch_respond(s->R, e, &s->outside, &s->rig->in.response);
	engine_commit(e, rx + 1);
}

static void take(struct stage *s, unsigned rx)
{
	switch (input_datagram(&s->rig->e, rx, &s->rig->in)) {
	case INPUT_REQUEST:
		serve(s, rx);
		break;
	case INPUT_RESPONSE:
	case INPUT_FAILED:
		respond(s, rx);
		break;
	case INPUT_WITHDRAWN:
		resource_withdrawn(s->R, &s->rig->e, s->rig->in.response.owner);
		engine_commit(&s->rig->e, rx + 1);
		break;
	case INPUT_DONE:
		engine_commit(&s->rig->e, rx + 1);
	}
}

void stage_reset(struct stage *s, uint16_t mid)
{
	if (rig_msg(s->rig, 1, COAP_RST, COAP_EMPTY, mid, NULL, NULL) == INPUT_WITHDRAWN)
		resource_withdrawn(s->R, &s->rig->e, s->rig->in.response.owner);
	rig_commit(s->rig);
}

void stage_reply(struct stage *s, uint8_t type, uint8_t code, const char *options,
		 const char *payload)
{
	struct engine *e = &s->rig->e;
	struct rx_dgram *rx = batch_of(&e->space)->rx;
	uint8_t body[DGRAM_RX_MAX];
	size_t n = rig_build(body, sizeof body, type, code, 0, NULL, options, payload);
	struct writer w = writer_of(rx->data, sizeof rx->data);
	bool empty = code == COAP_EMPTY;

	s->rig->taken = 0;
	engine_flushed(e, 0);
	frame_udp_head(&w, type, code,
		       type == COAP_ACK || empty ? s->last.m.mid : ++s->mid,
		       span_of(s->token, empty ? 0 : s->last.m.token.n));
	write_bytes(&w, body + 4, n - 4);
	rx->from = addr_to_sin6(&s->last.to);
	rx->to = s->last.from;
	rx->tries = 0;
	rx->len = (uint32_t)(w.p - rx->data);
	batch_of(&e->space)->rx_n = 1;
	take(s, 0);
}

/* One thing that is due; false when nothing is. */
static bool due(struct stage *s)
{
	struct engine *e = &s->rig->e;
	struct expired x;

	s->died = setjmp(death) != 0;
	if (s->died)
		return false;
	switch (expire_next(e, &x)) {
	case EXPIRE_NOTHING:
		if (!resource_other(s->R, e))
			return false;
		break;
	case EXPIRE_OTHER:
		if (x.slab == FETCH_SLAB)
			fetch_due(s->R, e, &s->outside, x.obj);
		else if (x.slab == SLAB_REPRESENTATION)
			notices_due(s->R, e, x.obj);
		else if (x.slab == TASK_SLAB)
			resource_due(s->R, e, x.obj);
		else
			obs_due(e, x.obj, &(struct obs_event){ .obs = 0 });
		break;
	case EXPIRE_FAILED:
		fetch_respond(s->R, e, &s->outside, &x.response);
		break;
	default:
		break;
	}
	rig_commit(s->rig);
	resource_committed(s->R);
	return true;
}

void stage_wait(struct stage *s, uint64_t ms)
{
	s->rig->e.now += ms;
	s->rig->taken = 0;
	engine_flushed(&s->rig->e, space_rx_next(&s->rig->e.space));
	for (unsigned n = 0; n < 100 && due(s); n++)
		;
}

void stage_crash(struct stage *s)
{
	struct engine *e = &s->rig->e;
	unsigned n, i, rx;
	struct request r;
	ref_t waiting;

	n = rig_crash(s->rig);
	rx = space_rx_next(&e->space);
	if (request_lost(e, &r, &waiting)) {
		resource_lost(s->R, e, &r, waiting);
		engine_commit(e, waiting ? rx : rx + 1);
	}
	s->died = false;
	for (i = space_rx_next(&e->space); i < n && !s->died; i++)
		take(s, i);
}

static void print_options(const struct message *m, char *out, size_t cap)
{
	struct option_iter it = option_iter(m->options);
	struct option o = { 0 };
	size_t n = 0;

	out[0] = 0;
	while (option_next(&it, &o) && n + 8 < cap) {
		n += (size_t)snprintf(out + n, cap - n, " %u=#", o.number);
		for (size_t i = 0; i < o.value.n && n + 3 < cap; i++)
			n += (size_t)snprintf(out + n, cap - n, "%02x", o.value.p[i]);
	}
}

const char *stage_next(struct stage *s)
{
	static char text[3000];
	char code[CODE_TEXT], options[1024];
	struct rig_sent sent;

	if (!rig_take(s->rig, &sent))
		return "nothing";
	s->last = sent;
	if (sent.m.token.n <= sizeof s->token && sent.m.token.n)
		memcpy(s->token, sent.m.token.p, sent.m.token.n);
	print_options(&sent.m, options, sizeof options);
	snprintf(text, sizeof text, "%s %s%s pay=%.*s", message_type_name(sent.m.type),
		 code_print(sent.m.code, code), options, (int)sent.m.payload.n,
		 (const char *)sent.m.payload.p);
	return text;
}

const char *stage_get(struct stage *s, const char *options)
{
	static uint16_t mid = 100;

	stage_ask(s, COAP_GET, ++mid, options);
	return stage_next(s);
}

struct stage *stage_one(const char *path, const struct coapd_module *desc)
{
	struct resource_mount_spec spec = stage_spec(path, desc);

	return stage_new(&spec, 1);
}

uint64_t stage_counter(const struct stage *s, enum counter c)
{
	return rig_counter(s->rig, c);
}

uint32_t stage_tasks(const struct stage *s)
{
	return s->rig->e.space.ctl->live[TASK_SLAB];
}

enum coapd_verdict stage_leaf(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	return stage_say(task, "leaf");
}
