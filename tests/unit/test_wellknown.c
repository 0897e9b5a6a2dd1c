/* The list of links. */
#include <criterion/criterion.h>

#include "stage.h"

#include <stdio.h>

#define CORE "11=.well-known 11=core"

static struct stage *s;

static enum coapd_verdict silent_hook(void *self, coapd_task *task,
				      const struct coapd_event *event)
{
	(void)self;
	(void)event;
	coapd_reply(task, COAPD_205_CONTENT);
	return COAPD_DONE;
}

static const struct coapd_module silent = {
	.abi = COAPD_ABI, .size = sizeof silent, .name = "silent", .handle = silent_hook,
	.flags = COAPD_F_TREE,
};

static void setup(void)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/", &silent), stage_spec("/temp", &silent),
		stage_spec("/a%20b", &silent), stage_spec("/log", &silent),
	};

	specs[1].link = (struct resource_link){ .title = "It's \"warm\"", .rt = "temperature sensor",
						.iface = "core.s", .ct = "0 50", .sz = "4",
						.obs = true };
	specs[2].link = (struct resource_link){ .title = "", .rt = "light", .ct = "40" };
	s = stage_new(specs, 4);
}

static void teardown(void)
{
	stage_free(s);
}

TestSuite(wellknown, .init = setup, .fini = teardown);

#define TEMP "</temp>;title=\"It's \\\"warm\\\"\";rt=\"temperature sensor\";if=\"core.s\";" \
	     "ct=\"0 50\";sz=4;obs"
#define SPACE "</a%20b>;rt=\"light\";ct=40"

/* The payload of what was sent next; code and options checked by find. */
static const char *payload_of(const char *answer)
{
	const char *p = strstr(answer, "pay=");

	return p ? p + 4 : "?";
}

static const char *list(const char *options)
{
	char all[256];

	snprintf(all, sizeof all, CORE " %s", options);
	return stage_get(s, all);
}

Test(wellknown, lists_all_mounts_in_their_order)
{
	const char *a = list("");

	cr_assert(strstr(a, "ACK 2.05 4=#"));
	cr_assert(strstr(a, " 12=#28 pay="), "%s", a);
	cr_assert_str_eq(payload_of(a), "</>," TEMP "," SPACE ",</log>");
}

Test(wellknown, filters)
{
	cr_assert_str_eq(payload_of(list("15=rt=light")), SPACE);
	cr_assert_str_eq(payload_of(list("15=rt=sensor")), TEMP);
	cr_assert_str_eq(payload_of(list("15=rt=*")), TEMP "," SPACE);
	cr_assert_str_eq(payload_of(list("15=href=/l*")), "</log>");
	cr_assert_str_eq(payload_of(list("15=ct=50")), TEMP);
	cr_assert_str_eq(payload_of(list("15=obs=*")), TEMP);
	cr_assert_str_eq(payload_of(list("15=rt=nothing")), "");
	/* One more narrows it further. */
	cr_assert_str_eq(payload_of(list("15=rt=* 15=ct=40")), SPACE);
}

Test(wellknown, filters_are_four_at_most)
{
	cr_assert_str_eq(payload_of(list("15=rt=* 15=rt=* 15=rt=* 15=rt=light")), SPACE);
	cr_assert_str_eq(list("15=rt=* 15=rt=* 15=rt=* 15=rt=* 15=rt=light"), "ACK 4.00 pay=");
}

Test(wellknown, path_as_a_number)
{
	cr_assert_str_eq(payload_of(stage_get(s, "13=# 15=rt=light")), SPACE);
	/* Another well-known path that is not here, and a number that is nobody's. */
	cr_assert_str_eq(stage_get(s, "13=#02"), "ACK 2.05 pay=");
	cr_assert(strstr(stage_get(s, "13=#03"), "ACK 4.02"));
	cr_assert(strstr(stage_get(s, CORE " 13=#"), "ACK 4.02"));
}

Test(wellknown, E34_accept)
{
	cr_assert(strstr(list("17=#28"), "ACK 2.05"));
	cr_assert_str_eq(list("17=#29"), "ACK 4.06 pay=");
	cr_assert(strstr(list("17=#40"), "ACK 2.05"), "CBOR by its number in the draft");
	cr_assert_str_eq(list("17=#"), "ACK 4.06 pay=");
}

#define JSON "[{\"href\":\"/temp\",\"title\":\"It's \\\"warm\\\"\",\"rt\":\"temperature sensor\"," \
	     "\"if\":\"core.s\",\"ct\":\"0 50\",\"sz\":\"4\",\"obs\":true}," \
	     "{\"href\":\"/a%20b\",\"rt\":\"light\",\"ct\":\"40\"}]"

Test(wellknown, as_json)
{
	const char *a = list("15=rt=* 17=#01f8");

	cr_assert_str_eq(payload_of(a), JSON);
	cr_assert(strstr(a, " 12=#01f8 "), "%s", a);
	a = list("15=rt=* 17=#32");
	cr_assert_str_eq(payload_of(a), JSON);
	cr_assert(strstr(a, " 12=#32 "), "%s", a);
	cr_assert_str_eq(payload_of(list("15=rt=none 17=#32")), "[]");
}

Test(wellknown, as_cbor)
{
	const char *a = list("15=rt=light 17=#3c");

	cr_assert_str_eq(payload_of(a), "\x81\xa3\x01\x66/a%20b\x09\x65light\x0c\x62""40");
	cr_assert(strstr(a, " 12=#3c "), "%s", a);
	cr_assert_str_eq(payload_of(list("15=rt=none 17=#3c")), "\x80");
}

Test(wellknown, E39_only_get)
{
	for (uint8_t code = COAP_POST; code <= COAP_IPATCH; code++) {
		stage_ask(s, code, code, CORE);
		cr_assert_str_eq(stage_next(s), "ACK 4.05 pay=");
	}
}

Test(wellknown, is_a_leaf_and_wins_over_the_root)
{
	cr_assert(strstr(stage_get(s, CORE), " 12=#28 "));
	/* Below and above it the root answers. */
	cr_assert_str_eq(stage_get(s, CORE " 11=x"), "ACK 2.05 pay=");
	cr_assert_str_eq(stage_get(s, "11=.well-known"), "ACK 2.05 pay=");
}

/* Fetches block after block of 16 << szx bytes. */
static void fetch(unsigned szx, const char *query, char *out)
{
	char options[64];
	unsigned num = 0;
	const char *a;

	do {
		char expected[32];

		snprintf(options, sizeof options, "%s 23=#%04x", query, num << 4 | szx);
		a = list(options);
		snprintf(expected, sizeof expected, " 23=#%0*x", num < 16 ? 2 : 4,
			 num << 4 | 8 | szx);
		strcat(out, payload_of(a));
		num++;
		if (!strstr(a, expected))
			break;
		cr_assert_eq(strlen(payload_of(a)), 16u << szx);
	} while (num < 100);
}

Test(wellknown, block_by_block)
{
	for (unsigned szx = 0; szx < 6; szx++) {
		char all[600] = "";

		fetch(szx, "", all);
		cr_assert_str_eq(all, "</>," TEMP "," SPACE ",</log>", "%u: %s", szx, all);
	}
}

Test(wellknown, json_block_by_block)
{
	char all[600] = "";

	fetch(1, "15=rt=* 17=#32", all);
	cr_assert_str_eq(all, JSON);
}

Test(wellknown, filtered_block_by_block)
{
	char all[600] = "";

	fetch(0, "15=rt=*", all);
	cr_assert_str_eq(all, TEMP "," SPACE);
}

Test(wellknown, first_block_tells_the_size)
{
	size_t n = strlen("</>," TEMP "," SPACE ",</log>");
	char expected[64];
	const char *a = list("23=#");

	snprintf(expected, sizeof expected, " 23=#08 28=#%02zx pay=</>,</temp>", n);
	cr_assert(strstr(a, expected), "%s", a);
	cr_assert_null(strstr(list("23=#10"), " 28=#"));
}

Test(wellknown, E42_E43_E45_blocks)
{
	cr_assert_str_eq(list("23=#07"), "ACK 4.00 pay=");
	/* The M bit means nothing. */
	cr_assert_str_eq(payload_of(list("23=#0c")), payload_of(list("23=#04")));
	cr_assert_str_eq(list("23=#f0"), "ACK 4.00 pay=");
	cr_assert_str_eq(list("23=#fffff6"), "ACK 4.00 pay=");
}

/* The ETag of an answer, as hex. */
static void etag_of(const char *answer, char out[17])
{
	const char *p = strstr(answer, " 4=#");

	cr_assert_not_null(p, "%s", answer);
	snprintf(out, 17, "%.16s", p + 4);
}

Test(wellknown, E38_known_etag_is_valid)
{
	char etag[17], options[64], expected[64];

	etag_of(list(""), etag);
	snprintf(options, sizeof options, "4=#0102 4=#%s", etag);
	snprintf(expected, sizeof expected, "ACK 2.03 4=#%s pay=", etag);
	/* ETag goes before Uri-Path. */
	strcat(options, " " CORE);
	cr_assert_str_eq(stage_get(s, options), expected);
	cr_assert(strstr(stage_get(s, "4=#0102 " CORE), "ACK 2.05"));
}

Test(wellknown, E38_each_format_has_its_own_etag)
{
	static const char *const accept[] = { "17=#28", "17=#32", "17=#3c", "17=#01f8" };
	char etag[4][17], options[64];

	for (unsigned i = 0; i < 4; i++) {
		etag_of(list(accept[i]), etag[i]);
		for (unsigned k = 0; k < i; k++)
			cr_assert_str_neq(etag[i], etag[k]);
	}
	snprintf(options, sizeof options, "4=#%s " CORE " %s", etag[0], accept[1]);
	cr_assert(strstr(stage_get(s, options), "ACK 2.05"));
}

Test(wellknown, tells_what_it_is)
{
	char before[17], after[17];

	etag_of(list(""), before);
	resources_about(s->R, "");
	cr_assert_str_eq(payload_of(list("15=rel=impl-info")), "");
	resources_about(s->R, "urn:x");
	cr_assert_str_eq(payload_of(list("15=rel=impl-info")), "<urn:x>;rel=\"impl-info\"");
	cr_assert_str_eq(payload_of(list("15=href=/log*")), "</log>");
	etag_of(list(""), after);
	cr_assert_str_neq(before, after);
}

/* --- links of modules ---------------------------------------------------------------- */

static int open_with_links(coapd_mount *mount, const void *conf, void **self)
{
	(void)conf;
	(void)self;
	cr_assert_eq(coapd_link(mount, coapd_text("temp"), "rt=\"t\";obs"), 0);
	cr_assert_eq(coapd_link(mount, coapd_text("x/y%20z"), NULL), 0);
	cr_assert_eq(coapd_link(mount, coapd_text("log"), "rt=never"), 0);
	return 0;
}

static const struct coapd_module linking = {
	.abi = COAPD_ABI, .size = sizeof linking, .name = "linking", .handle = silent_hook,
	.open = open_with_links, .flags = COAPD_F_TREE,
};

Test(wellknown, has_the_links_of_modules)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/", &linking), stage_spec("/log", &silent), stage_spec("/b", &linking),
	};

	stage_free(s);
	s = stage_new(specs, 3);
	/* A mount answers for itself, whatever those above it say. */
	cr_assert_str_eq(payload_of(list("")),
			 "</>,</temp>;rt=\"t\";obs,</x/y%20z>,</log>,"
			 "</b>,</b/temp>;rt=\"t\";obs,</b/x/y%20z>,</b/log>;rt=never");
}

Test(wellknown, E52_etag_changes_with_the_links)
{
	struct resource_mount_spec spec = stage_spec("/other", &silent);
	char first[17], second[17];

	etag_of(list(""), first);
	stage_free(s);
	s = stage_new(&spec, 1);
	etag_of(list(""), second);
	cr_assert_str_neq(first, second);
	/* And only with them. */
	stage_free(s);
	spec = stage_spec("/other", &silent);
	s = stage_new(&spec, 1);
	etag_of(list(""), first);
	cr_assert_str_eq(first, second);
}

Test(wellknown, a_long_list_is_cut_into_blocks_unasked)
{
	static struct resource_mount_spec specs[60];
	static char paths[60][40];
	const char *a;

	for (unsigned i = 0; i < 60; i++) {
		snprintf(paths[i], sizeof paths[i], "/a-rather-long-name-%u", i);
		specs[i] = stage_spec(paths[i], &silent);
	}
	stage_free(s);
	s = stage_new(specs, 60);
	a = stage_get(s, CORE);
	cr_assert_eq(strlen(payload_of(a)), 1024);
	cr_assert(strstr(a, " 23=#0e 28=#"));
	a = list("23=#16");
	cr_assert(strstr(a, " 23=#16 "));
	cr_assert_str_eq(a + strlen(a) - 4, "-59>");
}
