/* errand_rig.h - for tests of errands: one of them, whose partner answers as the test says, and how
 * often it told what. */
#ifndef UNIT_ERRAND_RIG_H
#define UNIT_ERRAND_RIG_H

#include "partner.h"

#include <criterion/criterion.h>
#include <string.h>

static struct partner_stage s;
static struct errand *const e = &s.errand;
static unsigned answers, parts, overs;
static uint64_t have, total;

static inline void on_answer(struct errand *of, const struct answer *a)
{
	cr_assert_eq(of, e);
	cr_assert_eq(a, &e->answer);
	answers++;
}

static inline void on_part(struct errand *of, uint64_t n, uint64_t of_n)
{
	cr_assert_eq(of, e);
	parts++;
	have = n;
	total = of_n;
}

static inline void on_over(struct errand *of)
{
	cr_assert_eq(of, e);
	cr_assert(e->over);
	overs++;
}

static const struct errand_ops ops = { on_answer, on_part, on_over };

#define open_line(...) open_stage((const char *[]){ "coap", "coap://[::1]/x", ##__VA_ARGS__, NULL })

static inline void open_stage(const char *const *argv)
{
	struct err err;

	partner_stage_open(&s, argv);
	cr_assert_eq(source_open(&s.tool.source, &s.args, -1, &err), 0, "%s", err.text);
	cr_assert_eq(tool_net(&s.tool, 1, &err), 0, "%s", err.text);
}

static inline void run(enum errand_kind kind, const char *uri, const char *output)
{
	cr_assert_eq(errand_open(e, &s.tool, kind, uri, output, &ops), 0, "%s",
		     e->outcome.err.text);
	errand_start(e);
	cr_assert_eq(overs, 0, "nothing is told from within");
	tool_run(&s.tool);
}

static inline void done(void)
{
	errand_free(e);
	partner_stage_close(&s);
}

static inline bool body_is(const char *text)
{
	return span_eq(spool_span(e->answer.body), span_str(text));
}

static inline bool says(const char *what)
{
	return strstr(e->outcome.err.text, what);
}

static inline void hello(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_CONTENT, span_str("\xc0"), span_str("hello"));
}

#endif
