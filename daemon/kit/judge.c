#include "kit/judge.h"

#include "coap/describe.h"
#include "config/value.h"

#include <stdio.h>

#define SHOWN 60u               /* bytes of a payload */

static void say(struct writer *w, const char *text)
{
	write_span(w, span_str(text));
}

bool judge_like(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.n) {
		bool plain = p + 1 < pattern.n && pattern.p[p] == '\\';

		if (p < pattern.n && !plain && pattern.p[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.n && ((!plain && pattern.p[p] == '?') ||
					     pattern.p[p + plain] == text.p[t])) {
			p += 1 + plain;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* --- options --------------------------------------------------------------------------- */

static void say_option(struct writer *why, uint8_t code, uint16_t number, struct span value)
{
	struct option o = { number, value };

	describe_option(why, code, 0, &o, NULL);
}

static void say_name(struct writer *why, uint16_t number)
{
	const struct option_def *def = option_def(number);
	char text[16];

	snprintf(text, sizeof text, "%u", number);
	say(why, def ? def->name : text);
}

/* Whether one of that number has the value. */
static bool has(const struct message *m, const struct script_option *o, struct span *first)
{
	struct span value;
	unsigned n = 0;

	for (; message_option(m, o->number, n, &value); n++) {
		if (n == 0)
			*first = value;
		if (o->any || o->absent || span_eq(value, o->value))
			return true;
	}
	return false;
}

static bool judge_option(const struct message *m, const struct script_option *o,
			 struct writer *why)
{
	struct span first = { NULL, 0 };
	bool found = has(m, o, &first);

	if (found != o->absent)
		return true;
	say(why, "expected ");
	if (o->absent || o->any) {
		say(why, o->absent ? "no " : "an option ");
		say_name(why, o->number);
	} else {
		say_option(why, m->code, o->number, o->value);
	}
	if (first.p) {
		say(why, ", got ");
		say_option(why, m->code, o->number, first);
	} else {
		say(why, ", which is not there");
	}
	return false;
}

/* --- payload --------------------------------------------------------------------------- */

static void say_payload(struct writer *why, struct span p)
{
	char text[32];

	if (p.n)
		describe_payload(why, span_of(p.p, p.n < SHOWN ? p.n : SHOWN), -1, NULL);
	snprintf(text, sizeof text, " (%zu bytes)", p.n);
	say(why, p.n ? text : "no payload");
}

static size_t first_difference(struct span a, struct span b)
{
	size_t i = 0;

	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	return i;
}

static bool judge_payload(const struct command *c, struct span got, struct writer *why)
{
	bool fine = c->how == PAYLOAD_ANY ||
		    (c->how == PAYLOAD_LIKE && judge_like(c->payload, got)) ||
		    (c->how == PAYLOAD_EQUAL && span_eq(c->payload, got));
	size_t at = first_difference(c->payload, got);
	char text[64];

	if (fine)
		return true;
	say(why, c->how == PAYLOAD_LIKE ? "expected a payload like " : "expected ");
	say_payload(why, c->payload);
	say(why, ", got ");
	say_payload(why, got);
	if (c->how == PAYLOAD_EQUAL && at > SHOWN / 2) {
		snprintf(text, sizeof text, "; they differ from byte %zu on", at);
		say(why, text);
	}
	return false;
}

/* --- the rest ---------------------------------------------------------------------------- */

static bool judge_code(const struct command *c, const struct peer_answer *a,
		       struct writer *why)
{
	char wanted[CODE_TEXT], got[CODE_TEXT];

	if (c->code == a->code)
		return true;
	say(why, "expected ");
	say(why, code_print(c->code, wanted));
	say(why, ", got ");
	say(why, code_print(a->code, got));
	if (a->payload.n) {
		say(why, " ");
		say_payload(why, a->payload);
	}
	return false;
}

static bool judge_way(const struct command *c, const struct peer_answer *a, struct writer *why)
{
	bool piggybacked = a->type == COAP_ACK;

	if (c->way == WAY_ANY || (c->way == WAY_PIGGYBACKED) == piggybacked)
		return true;
	say(why, piggybacked ? "expected a separate response, got a piggybacked one" :
	    "expected a piggybacked response, got a separate one");
	return false;
}

static bool judge_time(const struct command *c, const struct peer_request *r,
		       const struct peer_answer *a, struct writer *why)
{
	char wanted[VALUE_TEXT], got[VALUE_TEXT];
	uint64_t took = a->at - r->asked;

	if (c->after_ms == SCRIPT_NEVER || c->after_ms == took)
		return true;
	value_print(&value_duration, c->after_ms, wanted);
	value_print(&value_duration, took, got);
	say(why, "expected a response after ");
	say(why, wanted);
	say(why, ", it came after ");
	say(why, got);
	return false;
}

bool judge_answer(const struct command *c, const struct peer_request *r,
		  const struct peer_answer *a, struct writer *why)
{
	struct message m = peers_message(a);

	if (!judge_code(c, a, why))
		return false;
	for (size_t i = 0; i < c->noptions; i++)
		if (!judge_option(&m, &c->option[i], why))
			return false;
	return judge_payload(c, a->payload, why) && judge_way(c, a, why) &&
	       judge_time(c, r, a, why);
}

bool judge_repeats(const struct peer_answer *before, const struct peer_answer *a)
{
	struct message m = peers_message(a);
	struct span value;

	return message_option(&m, OPT_OBSERVE, 0, &value) && a->code == before->code &&
	       span_eq(a->payload, before->payload);
}
