#include "module_test.h"

#include <dirent.h>

TestSuite(block, .fini = unmount);

#define IDLE 60000u

static uint16_t mid;

/* A block of 16 bytes, or a last one of 4. */
static const char *put(unsigned num, bool more, const char *others)
{
	char options[100];

	snprintf(options, sizeof options, "11=b 27=#%02x%s", num << 4 | more << 3, others);
	stage_send(s, 1, COAP_PUT, ++mid, options, more ? "0123456789abcdef" : "last");
	return stage_next(s);
}

static const char *ask(uint8_t method, const char *options, const char *payload)
{
	stage_send(s, 1, method, ++mid, options, payload);
	return stage_next(s);
}

#define expect_put(num, more, text) cr_assert_str_eq(put(num, more, ""), text)
#define expect_ask(method, options, payload, text) \
	cr_assert_str_eq(ask(method, options, payload), text)

/* Files in the directory of the mount. */
static unsigned files(void)
{
	const char *path = runtime_sub();
	DIR *d = opendir(path);
	unsigned n = 0;

	cr_assert(d);
	for (const struct dirent *f; (f = readdir(d)); )
		n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

static bool has_payload(const char *answer, const char *payload)
{
	const char *p = strstr(answer, " pay=");

	return p && strcmp(p + 5, payload) == 0;
}

Test(block, keeps_what_is_put)
{
	mount_it("  /b: block");
	expect_get("11=b", "ACK 4.04 pay=");
	expect_ask(COAP_PUT, "11=b 12=#32", "{}", "ACK 2.01 pay=");
	cr_assert(strstr(stage_get(s, "11=b"), " 12=#32 pay={}"));
	expect_get("11=b 17=#3c", "ACK 4.06 pay=");
	expect_ask(COAP_POST, "11=b", "text", "ACK 2.04 pay=");
	cr_assert(has_payload(stage_get(s, "11=b"), "text"));
	expect_ask(COAP_DELETE, "11=b", NULL, "ACK 2.02 pay=");
	expect_get("11=b", "ACK 4.04 pay=");
	expect_ask(COAP_FETCH, "11=b", NULL, "ACK 4.05 pay=");
	cr_assert_eq(files(), 0);
}

Test(block, shows_a_body_when_it_is_whole)
{
	mount_it("  /b: block");
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
	expect_put(1, true, "ACK 2.31 27=#18 pay=");
	expect_get("11=b", "ACK 4.04 pay=");
	expect_put(2, false, "ACK 2.01 27=#20 pay=");
	expect_put(2, false, "ACK 2.01 27=#20 pay=");
	cr_assert(has_payload(stage_get(s, "11=b"), "0123456789abcdef0123456789abcdeflast"));
	cr_assert(has_payload(stage_get(s, "11=b 23=#20"), "last"));
	cr_assert_eq(files(), 1);
}

Test(block, forgets_what_is_given_up)
{
	mount_it("  /b: block");
	ask(COAP_PUT, "11=b", "old");
	put(0, true, "");
	cr_assert_eq(files(), 2);
	stage_wait(s, IDLE);
	cr_assert_eq(files(), 1);
	put(0, true, "");
	put(0, true, "");
	cr_assert_eq(files(), 2);
	stage_wait(s, IDLE);
	cr_assert(has_payload(stage_get(s, "11=b"), "old"));
}

Test(block, E47_keeps_nothing_of_what_is_too_large)
{
	mount_it("  /b: block");
	cr_assert(strstr(put(0, true, " 60=#7fffffff"), "4.13"));
	cr_assert_eq(files(), 0);
}

Test(block, judges_conditions)
{
	char options[80];
	const char *etag;

	mount_it("  /b: block");
	expect_ask(COAP_PUT, "1= 11=b", "x", "ACK 4.12 pay=");
	expect_ask(COAP_PUT, "5= 11=b", "x", "ACK 2.01 pay=");
	expect_ask(COAP_PUT, "5= 11=b", "y", "ACK 4.12 pay=");
	etag = strstr(stage_get(s, "11=b"), " 4=#");
	cr_assert(etag);
	snprintf(options, sizeof options, "4=%.17s 11=b", etag + 3);
	cr_assert(strstr(stage_get(s, options), "2.03"));
	options[0] = '1';
	expect_ask(COAP_PUT, options, "z", "ACK 2.04 pay=");
	expect_ask(COAP_PUT, options, "w", "ACK 4.12 pay=");
	cr_assert(strstr(ask(COAP_PUT, "5= 11=b 27=#08", "0123456789abcdef"), "4.12"));
	cr_assert_eq(files(), 1);
}

Test(block, goes_on_after_a_crash)
{
	mount_it("  /b: block");
	put(0, true, "");
	stage_crash(s);
	expect_put(1, false, "ACK 2.01 27=#10 pay=");
	cr_assert(has_payload(stage_get(s, "11=b"), "0123456789abcdeflast"));
}
