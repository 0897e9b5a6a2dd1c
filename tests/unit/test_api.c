/* The functions that modules call to read a request; the others are shown by
 * what comes of them, in test_resource and test_reply. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "base/log.h"
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

static void log_much(coapd_task *task)
{
	coapd_mount *m = coapd_task_mount(task);

	coapd_log(m, COAPD_LOG_DEBUG, "not shown");
	for (unsigned i = 0; i < 25; i++)
		coapd_log(m, COAPD_LOG_WARN, "line %u", i);
}

Test(api, log_lines_name_the_mount_and_are_limited)
{
	char text[4096];
	size_t n;

	cr_redirect_stderr();
	log_setup(LOG_NOTICE, "test");
	run(log_much, "/a", "11=a");
	fflush(stderr);
	n = fread(text, 1, sizeof text - 1, cr_get_redirected_stderr());
	text[n] = 0;
	cr_assert(strstr(text, "warn"), "%s", text);
	cr_assert(strstr(text, "/a: line 0\n"), "%s", text);
	cr_assert(strstr(text, "/a: line 19\n"));
	cr_assert_null(strstr(text, "line 20"));
	cr_assert_null(strstr(text, "not shown"));
}

/* The header says in its own words what the core knows. */
Test(api, numbers_are_those_of_the_protocol)
{
	static const struct { unsigned ours, core; } pairs[] = {
		{ COAPD_GET, COAP_GET }, { COAPD_POST, COAP_POST }, { COAPD_PUT, COAP_PUT },
		{ COAPD_DELETE, COAP_DELETE }, { COAPD_FETCH, COAP_FETCH },
		{ COAPD_PATCH, COAP_PATCH }, { COAPD_IPATCH, COAP_IPATCH },
		{ COAPD_201_CREATED, COAP_CREATED }, { COAPD_202_DELETED, COAP_DELETED },
		{ COAPD_203_VALID, COAP_VALID }, { COAPD_204_CHANGED, COAP_CHANGED },
		{ COAPD_205_CONTENT, COAP_CONTENT },
		{ COAPD_400_BAD_REQUEST, COAP_BAD_REQUEST },
		{ COAPD_401_UNAUTHORIZED, COAP_UNAUTHORIZED },
		{ COAPD_402_BAD_OPTION, COAP_BAD_OPTION },
		{ COAPD_403_FORBIDDEN, COAP_FORBIDDEN },
		{ COAPD_404_NOT_FOUND, COAP_NOT_FOUND },
		{ COAPD_405_METHOD_NOT_ALLOWED, COAP_METHOD_NOT_ALLOWED },
		{ COAPD_406_NOT_ACCEPTABLE, COAP_NOT_ACCEPTABLE },
		{ COAPD_409_CONFLICT, COAP_CONFLICT },
		{ COAPD_412_PRECONDITION_FAILED, COAP_PRECONDITION_FAILED },
		{ COAPD_413_TOO_LARGE, COAP_TOO_LARGE },
		{ COAPD_415_UNSUPPORTED_FORMAT, COAP_UNSUPPORTED_FORMAT },
		{ COAPD_422_UNPROCESSABLE, COAP_UNPROCESSABLE },
		{ COAPD_429_TOO_MANY_REQUESTS, COAP_TOO_MANY_REQUESTS },
		{ COAPD_500_INTERNAL_ERROR, COAP_INTERNAL_ERROR },
		{ COAPD_501_NOT_IMPLEMENTED, COAP_NOT_IMPLEMENTED },
		{ COAPD_502_BAD_GATEWAY, COAP_BAD_GATEWAY },
		{ COAPD_503_UNAVAILABLE, COAP_UNAVAILABLE },
		{ COAPD_504_GATEWAY_TIMEOUT, COAP_GATEWAY_TIMEOUT },
		{ COAPD_OPT_URI_HOST, OPT_URI_HOST }, { COAPD_OPT_ETAG, OPT_ETAG },
		{ COAPD_OPT_URI_PORT, OPT_URI_PORT },
		{ COAPD_OPT_LOCATION_PATH, OPT_LOCATION_PATH },
		{ COAPD_OPT_URI_PATH, OPT_URI_PATH },
		{ COAPD_OPT_CONTENT_FORMAT, OPT_CONTENT_FORMAT },
		{ COAPD_OPT_MAX_AGE, OPT_MAX_AGE }, { COAPD_OPT_URI_QUERY, OPT_URI_QUERY },
		{ COAPD_OPT_ACCEPT, OPT_ACCEPT },
		{ COAPD_OPT_LOCATION_QUERY, OPT_LOCATION_QUERY },
		{ COAPD_OPT_SIZE2, OPT_SIZE2 }, { COAPD_OPT_SIZE1, OPT_SIZE1 },
		{ COAPD_LOG_ERROR, LOG_ERROR }, { COAPD_LOG_WARN, LOG_WARN },
		{ COAPD_LOG_NOTICE, LOG_NOTICE }, { COAPD_LOG_INFO, LOG_INFO },
		{ COAPD_LOG_DEBUG, LOG_DEBUG },
		/* The core gives up a datagram only after its module has been. */
		{ COAPD_ATTEMPTS + 1, DGRAM_TRIES },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		cr_assert_eq(pairs[i].ours, pairs[i].core, "pair %zu", i);
}
