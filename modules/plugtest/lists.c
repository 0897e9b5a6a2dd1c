#include "plugtest.h"

#include <stdio.h>
#include <stdlib.h>

static void
put_segment(coapd_task *task, coapd_span s)
{
	char text[8];

	for (size_t i = 0; i < s.n; i++) {
		bool plain = s.p[i] > ' ' && s.p[i] < 0x7f && !strchr("<>\"\\^`{|}%/?#[]", s.p[i]);

		snprintf(text, sizeof text, plain ? "%c" : "%%%02X", s.p[i]);
		coapd_reply_data(task, coapd_text(text));
	}
}

static void
put_link(struct call *c, const char *path, bool first)
{
	unsigned above = segments_above(c);
	coapd_span segment;

	coapd_reply_data(c->task, coapd_text(first ? "<" : ",<"));
	for (unsigned i = 0; i < above; i++) {
		coapd_reply_data(c->task, coapd_text("/"));
		if (coapd_opt(c->request, COAPD_OPT_URI_PATH, i, &segment))
			put_segment(c->task, segment);
	}
	coapd_reply_data(c->task, coapd_text("/"));
	coapd_reply_data(c->task, coapd_text(path));
	coapd_reply_data(c->task, coapd_text(">"));
}

static bool
begin_links(struct call *c)
{
	if (!coapd_offer(c->task, COAPD_LINK_FORMAT))
		return false;
	coapd_reply(c->task, COAPD_205_CONTENT);
	coapd_add_uint(c->task, COAPD_OPT_CONTENT_FORMAT, COAPD_LINK_FORMAT);
	return true;
}

/* LINK_09 */
enum coapd_verdict
list_path(struct call *c)
{
	if (begin_links(c)) {
		put_link(c, "path/sub1", true);
		put_link(c, "path/sub2", false);
		put_link(c, "path/sub3", false);
	}
	return COAPD_DONE;
}

/* --- /large-create (BLOCK_04) ------------------------------------------------------ */

void
name_created(char name[48], unsigned long number)
{
	snprintf(name, 48, "large-create.%lu", number);
}

enum coapd_verdict
list_created(struct call *c)
{
	bool first = true;
	char name[48];

	if (!begin_links(c))
		return COAPD_DONE;
	for (uint32_t i = 1; i <= c->p->conf->created; i++) {
		name_created(name, i);
		if (!store_has(&c->p->store, name))
			continue;
		snprintf(name, sizeof name, "large-create/%u", i);
		put_link(c, name, first);
		first = false;
	}
	return COAPD_DONE;
}

/* The one that comes after the last that was made, and around in a circle. */
static unsigned long
next_number(struct call *c, int *status)
{
	static const char count[] = "large-create.last";
	struct item *last = &c->p->now;
	unsigned long number;
	char text[24] = "";

	*status = store_read(&c->p->store, count, last);
	if (last->exists && last->n < sizeof text)
		memcpy(text, last->data, last->n);
	number = strtoul(text, NULL, 10) % c->p->conf->created + 1;
	snprintf(text, sizeof text, "%lu", number);
	if (!*status)
		*status = store_write(&c->p->store, count, COAPD_TEXT_PLAIN, (uint8_t *)text,
				      strlen(text));
	return number;
}

enum coapd_verdict
create(struct call *c)
{
	int status;
	unsigned long number = next_number(c, &status);
	char name[48];

	name_created(name, number);
	if (!status)
		status = keep(c, name);
	if (status)
		return fail(c, status);
	coapd_reply(c->task, COAPD_201_CREATED);
	snprintf(name, sizeof name, "large-create/%lu", number);
	add_location(c, name);
	return COAPD_DONE;
}
