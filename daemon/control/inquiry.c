#include "control/inquiry.h"

#include "control/ejection.h"
#include "control/renewal.h"
#include "control/report.h"
#include "control/roster.h"
#include "control/tail.h"
#include "control/volume.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

static bool say_error(struct inquiry *a, struct record *line)
{
	record_text(line, "error", a->error);
	return false;
}

static bool wrong(struct inquiry *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool wrong(struct inquiry *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(a->error, sizeof a->error, fmt, args);
	va_end(args);
	a->step = say_error;
	return false;
}

/* --- what can be asked for ---------------------------------------------------------- */

static bool stop(struct inquiry *a, struct record *line)
{
	record_bool(line, "stopping", true);
	a->desk->stop(a->desk->arg);
	return false;
}

enum { PEER = 1, NEEDS_PEER = 2, LOG = 4 };     /* members that a request may or must have */

static const struct row {
	const char *name;
	bool (*step)(struct inquiry *a, struct record *line);
	unsigned members;
} rows[] = {
	{ "status", report_step, 0 },
	{ "peers", roster_peers, PEER },
	{ "observers", roster_observers, PEER },
	{ "kick", ejection_step, PEER | NEEDS_PEER },
	{ "log", volume_step, LOG },
	{ "reload", renewal_step, 0 },
	{ "upgrade", renewal_upgrade, 0 },
	{ "stop", stop, 0 },
	{ "trace", tail_step, PEER },
};

static const struct row *row_of(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* --- reading it --------------------------------------------------------------------- */

static bool read_peer(struct inquiry *a, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || addr_parse(text, &a->whom.peer))
		return wrong(a, "\"peer\" is no address: write it as \"192.0.2.1:5683\" or "
			     "\"[2001:db8::1]:5683\", without a port for all of them");
	a->whom.all = 0;
	return true;
}

static bool read_part(struct inquiry *a, const json_t *value)
{
	const char *text = json_string_value(value);
	unsigned part = 0;

	while (text && part < LOG_PARTS_N && strcmp(text, log_part_name((enum log_part)part)))
		part++;
	a->log_part = part;
	if (text && (part < LOG_PARTS_N || strcmp(text, "all") == 0))
		return true;
	return wrong(a, "coapd has no such part; \"log\" alone lists them, and \"all\" are all");
}

static bool read_level(struct inquiry *a, const json_t *value)
{
	const char *text = json_string_value(value);

	a->level = text ? log_level_parse(text) : -1;
	return a->level >= 0 ||
	       wrong(a, "there is no such level; they are error, warn, notice, info and debug");
}

static const struct {
	const char *name;
	unsigned of;            /* rows that know it */
	bool (*read)(struct inquiry *a, const json_t *value);
} members[] = {
	{ "peer", PEER, read_peer },
	{ "part", LOG, read_part },
	{ "level", LOG, read_level },
};

static bool read_member(struct inquiry *a, const struct row *row, const char *key,
			const json_t *value)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(key, members[i].name) == 0 && row->members & members[i].of)
			return members[i].read(a, value);
	return wrong(a, "%s knows no \"%.64s\"", row->name, key);
}

static bool read_members(struct inquiry *a, json_t *request, const struct row *row)
{
	const char *key;
	json_t *value;

	json_object_foreach(request, key, value)
		if (strcmp(key, "do") != 0 && !read_member(a, row, key, value))
			return false;
	return true;
}

static bool read_request(struct inquiry *a, json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "do"));
	const struct row *row = what ? row_of(what) : NULL;

	if (!what)
		return wrong(a, "a request is an object with \"do\" in it, as in "
			     "{\"do\":\"status\"}");
	if (!row)
		return wrong(a, "this coapd cannot do \"%.64s\"", what);
	a->step = row->step;
	if (!read_members(a, request, row))
		return false;
	if (row->members & NEEDS_PEER && a->whom.all)
		return wrong(a, "%s needs a \"peer\"", row->name);
	return true;
}

bool inquiry_begin(struct inquiry *a, const struct desk *desk, struct span line)
{
	json_error_t error;
	json_t *request = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES,
				     &error);
	bool fine;

	*a = (struct inquiry){ .desk = desk, .wait = -1, .whom.all = 1,
			       .log_part = LOG_PARTS_N, .level = -1 };
	if (request)
		fine = read_request(a, request);
	else
		fine = wrong(a, "that is no JSON: %s", error.text);
	json_decref(request);
	return fine;
}
