/* The functions that modules call to read a request; the others are shown by
 * what comes of them, in test_resource and test_reply. */
#include <criterion/criterion.h>

#include "stage.h"

static void (*probe)(coapd_task *task);
static struct stage *s;

static enum coapd_verdict probe_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	(void)event;
	probe(task);
	coapd_reply(task, COAPD_204_CHANGED);
	return COAPD_DONE;
}

static const struct coapd_module probed = {
	.abi = COAPD_ABI, .size = sizeof probed, .name = "probed", .handle = probe_hook,
	.flags = COAPD_F_TREE,
};

static void run(void (*f)(coapd_task *), const char *path, const char *options)
{
	struct resource_mount_spec spec = stage_spec(path, &probed);

	s = stage_new(&spec, 1);
	probe = f;
	cr_assert_str_eq(stage_get(s, options), "ACK 2.04 pay=");
	stage_free(s);
}

static bool is(coapd_span span, const char *text)
{
	return span_eq(span_of(span.p, span.n), span_str(text));
}

static void read_options(coapd_task *task)
{
	const coapd_msg *m = coapd_request(task);
	coapd_span v;
	uint64_t n;

	cr_assert_eq(coapd_code(m), COAPD_GET);
	cr_assert(coapd_opt(m, COAPD_OPT_URI_HOST, 0, &v) && is(v, "host"));
	cr_assert(coapd_opt(m, COAPD_OPT_URI_QUERY, 0, &v) && is(v, "a=1"));
	cr_assert(coapd_opt(m, COAPD_OPT_URI_QUERY, 1, &v) && is(v, "b"));
	cr_assert(!coapd_opt(m, COAPD_OPT_URI_QUERY, 2, &v));
	cr_assert(coapd_opt(m, COAPD_OPT_URI_QUERY, 0, NULL));
	cr_assert(coapd_opt_uint(m, COAPD_OPT_ACCEPT, &n));
	cr_assert_eq(n, 258);
	cr_assert(!coapd_opt_uint(m, COAPD_OPT_MAX_AGE, &n));
	cr_assert_eq(coapd_payload(m).n, 0);
}

Test(api, options)
{
	run(read_options, "/", "3=host 15=a=1 15=b 17=#0102");
}

static void read_path(coapd_task *task)
{
	coapd_span v;

	cr_assert(coapd_path(task, 0, &v) && is(v, "c/d"));
	cr_assert(coapd_path(task, 1, &v) && is(v, ""));
	cr_assert(!coapd_path(task, 2, &v));
	cr_assert(!coapd_path(task, UINT32_MAX - 1, &v));
	cr_assert(coapd_path(task, 0, NULL));
}

Test(api, E31_path_below_the_mount)
{
	run(read_path, "/a/b", "11=a 11=b 11=c/d 11=");
}

static void read_query(coapd_task *task)
{
	coapd_span v;

	cr_assert(coapd_query(task, "a", &v) && is(v, "1"));
	cr_assert(coapd_query(task, "ab", &v) && is(v, "=2"));
	cr_assert(coapd_query(task, "bare", &v) && v.n == 0);
	cr_assert(coapd_query(task, "empty", &v) && v.n == 0);
	cr_assert(coapd_query(task, "bare", NULL));
	cr_assert(!coapd_query(task, "b", &v));
	cr_assert(!coapd_query(task, "bar", &v));
	cr_assert(!coapd_query(task, "", &v));
}

Test(api, query)
{
	run(read_query, "/", "15=abc=0 15=ab==2 15=a=1 15=a=3 15=bare 15=empty=");
}

static void use_scratch(coapd_task *task)
{
	uint8_t *p = coapd_scratch(task, COAPD_SCRATCH);

	cr_assert_not_null(p);
	cr_assert_eq((uintptr_t)p % 8, 0);
	for (unsigned i = 0; i < COAPD_SCRATCH; i++)
		cr_assert_eq(p[i], 0);
	memset(p, 0xff, COAPD_SCRATCH);
	cr_assert_eq(coapd_scratch(task, 1), p);
	cr_assert_null(coapd_scratch(task, COAPD_SCRATCH + 1));
}

Test(api, scratch_is_zero_at_first_and_bounded)
{
	run(use_scratch, "/", NULL);
	run(use_scratch, "/", NULL);
}

static void reserve(coapd_task *task)
{
	coapd_id id = coapd_task_id(task);

	cr_assert_neq(id, 0);
	cr_assert_eq(coapd_task_id(task), id);
	cr_assert_eq(coapd_after(task, 0, 1000), 0);
	cr_assert_eq(coapd_task_id(task), id);
}

Test(api, a_task_reserved_in_vain_is_given_back)
{
	struct resource_mount_spec spec = stage_spec("/", &probed);

	s = stage_new(&spec, 1);
	probe = reserve;
	for (unsigned i = 0; i < 3 * STAGE_TASKS; i++)
		cr_assert_str_eq(stage_get(s, NULL), "ACK 2.04 pay=");
	cr_assert_eq(rig_counter(s->rig, COUNT_FULL_WAITING), 0);
	stage_free(s);
}
