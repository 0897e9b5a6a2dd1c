/* The functions of coapd/module.h, found here by the modules that are loaded. */
#include "resource/call.h"
#include "resource/condition.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static coapd_span lend(struct span s)
{
	return (coapd_span){ s.p, s.n };
}

/* --- reading the request -------------------------------------------------------- */

const coapd_msg *coapd_request(const coapd_task *task)
{
	return task->request ? (const coapd_msg *)&task->request->msg : NULL;
}

uint8_t coapd_code(const coapd_msg *msg)
{
	return msg ? msg->message.code : 0;
}

bool coapd_opt(const coapd_msg *msg, uint16_t number, unsigned nth, coapd_span *value)
{
	struct span found;

	if (!msg || !message_option(&msg->message, number, nth, &found))
		return false;
	if (value)
		*value = lend(found);
	return true;
}

bool coapd_opt_uint(const coapd_msg *msg, uint16_t number, uint64_t *value)
{
	return msg && message_option_uint(&msg->message, number, value);
}

coapd_span coapd_payload(const coapd_msg *msg)
{
	return msg ? lend(msg->message.payload) : (coapd_span){ NULL, 0 };
}

bool coapd_path(const coapd_task *task, unsigned nth, coapd_span *segment)
{
	unsigned mount = (unsigned)task->mount->spec.nsegments;

	return nth < UINT16_MAX &&
	       coapd_opt(coapd_request(task), OPT_URI_PATH, mount + nth, segment);
}

bool coapd_query(const coapd_task *task, const char *name, coapd_span *value)
{
	struct message_walk walk;
	struct span wanted = span_str(name), q;

	if (!task->request)
		return false;
	walk = message_walk(&task->request->msg, OPT_URI_QUERY);
	while (message_walk_next(&walk, &q)) {
		if (q.n < wanted.n || !span_eq(span_of(q.p, wanted.n), wanted) ||
		    (q.n > wanted.n && q.p[wanted.n] != '='))
			continue;
		if (value)
			*value = q.n > wanted.n ?
				(coapd_span){ q.p + wanted.n + 1, q.n - wanted.n - 1 } :
				(coapd_span){ q.p + q.n, 0 };
		return true;
	}
	return false;
}

/* --- what most requests are asked first ------------------------------------------- */

bool coapd_allow(coapd_task *task, unsigned methods)
{
	uint8_t code = coapd_code(coapd_request(task));

	if (code_is_known_method(code) && methods >> code & 1)
		return true;
	coapd_reply(task, COAP_METHOD_NOT_ALLOWED);
	return false;
}

/* Whether the option is absent or says what we can do; else the reply is made. */
static bool format_is(coapd_task *task, uint16_t option, uint16_t format, uint8_t otherwise)
{
	uint64_t v;

	if (!coapd_opt_uint(coapd_request(task), option, &v) || v == format)
		return true;
	coapd_reply(task, otherwise);
	return false;
}

bool coapd_offer(coapd_task *task, uint16_t format)
{
	return format_is(task, OPT_ACCEPT, format, COAP_NOT_ACCEPTABLE);
}

bool coapd_take(coapd_task *task, uint16_t format)
{
	return format_is(task, OPT_CONTENT_FORMAT, format, COAP_UNSUPPORTED_FORMAT);
}

bool coapd_current(coapd_task *task, bool exists, coapd_span etag)
{
	struct span tag = span_of(etag.p, etag.n);

	if (!task->request)
		return true;
	switch (condition_of(&task->request->msg, exists, tag)) {
	case CONDITION_MET:
		return true;
	case CONDITION_VALID:
		coapd_reply(task, COAP_VALID);
		reply_add(&task->reply, OPT_ETAG, tag);
		return false;
	case CONDITION_FAILED:
		break;
	}
	coapd_reply(task, COAP_PRECONDITION_FAILED);
	return false;
}

/* --- the reply ---------------------------------------------------------------------- */

void coapd_reply(coapd_task *task, uint8_t code)
{
	/* A hook that reads a part may see that it cannot: the reply is wrong then. */
	if (task->reply.reading)
		return reply_wrong(&task->reply, "begun anew while it was read");
	reply_begin(&task->reply, code);
}

/* Options that carry the protocol itself (RFC 7641, 7959, 8613, 9177). */
static bool is_of_core(uint16_t number)
{
	return number == OPT_OBSERVE || number == OPT_BLOCK1 || number == OPT_BLOCK2 ||
	       number == OPT_Q_BLOCK1 || number == OPT_Q_BLOCK2 || number == OPT_OSCORE;
}

void coapd_add(coapd_task *task, uint16_t number, coapd_span value)
{
	if (is_of_core(number))
		return reply_wrong(&task->reply, "option %s is not the module's to set",
				   option_def(number)->name);
	reply_add(&task->reply, number, span_of(value.p, value.n));
}

void coapd_add_uint(coapd_task *task, uint16_t number, uint64_t value)
{
	uint8_t bytes[8];

	coapd_add(task, number, (coapd_span){ bytes, option_uint_encode(value, bytes) });
}

void coapd_reply_data(coapd_task *task, coapd_span data)
{
	reply_data(&task->reply, span_of(data.p, data.n));
}

void coapd_reply_body(coapd_task *task, uint64_t size, coapd_span etag)
{
	reply_body(&task->reply, size, span_of(etag.p, etag.n));
}

/* --- the task -------------------------------------------------------------------------- */

void *coapd_scratch(coapd_task *task, size_t n)
{
	task->used = true;
	return n <= COAPD_SCRATCH ? task->scratch : NULL;
}

coapd_id coapd_task_id(coapd_task *task)
{
	const struct slab *b = engine_slab(task->engine, TASK_SLAB);
	const struct task *t = call_reserve(task);

	if (!t)
		return 0;
	task->named = true;
	return task->live ? slab_ref(&task->engine->space, b, t) :
			    slab_ref_next(&task->engine->space, b, t);
}

int coapd_after(coapd_task *task, uint8_t tag, uint32_t ms)
{
	uint64_t at = task->engine->now + ms;

	if (tag >= COAPD_TAGS)
		return -EINVAL;
	if (!call_reserve(task))
		return -EAGAIN;
	task->at[tag] = at ? at : 1;
	task->awaits[tag] = 0;
	return 0;
}

void coapd_cancel(coapd_task *task, uint8_t tag)
{
	if (tag < COAPD_TAGS)
		task->at[tag] = task->awaits[tag] = 0;
}

/* --- the mount --------------------------------------------------------------------------- */

coapd_mount *coapd_task_mount(const coapd_task *task)
{
	return task->mount;
}

#define LOG_BURST 20u

void coapd_log(coapd_mount *mount, int level, const char *format, ...)
{
	const struct log_field fields[] = { { "path", mount->spec.shown },
					    { "module", mount->desc->name } };
	char text[512];
	va_list args;

	if (level < LOG_ERROR || level > LOG_DEBUG)
		level = LOG_NOTICE;
	if ((int)log_level_of(LOG_PART_MODULE) < level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	veil_text(mount->spec.veils, mount->spec.nveils, text, sizeof text);
	log_limited_record(LOG_PART_MODULE, &mount->limit, mount->now, LOG_BURST,
			   (enum log_level)level, (struct log_fields){ fields, 2 }, "%s: %s",
			   mount->spec.shown, text);
}
