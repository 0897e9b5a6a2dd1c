/* The resources: a row each, and the ways that only one of them has. */
#include "plugtest.h"

#define XML 41u                 /* application/xml */

/* CORE_18 */
static enum coapd_verdict
create_location(struct call *c)
{
	int status = keep(c, "location1.location2.location3");

	if (status)
		return fail(c, status);
	coapd_reply(c->task, COAPD_201_CREATED);
	add_location(c, "location1/location2/location3");
	return COAPD_DONE;
}

/* CORE_19 */
static enum coapd_verdict
create_query(struct call *c)
{
	int status = keep(c, c->name);

	if (status)
		return fail(c, status);
	coapd_reply(c->task, COAPD_201_CREATED);
	add_location(c, "location-query");
	coapd_add(c->task, COAPD_OPT_LOCATION_QUERY, coapd_text("first=1"));
	coapd_add(c->task, COAPD_OPT_LOCATION_QUERY, coapd_text("second=2"));
	return COAPD_DONE;
}

/* CORE_11, 16, 17: later. */
static enum coapd_verdict
wait(struct call *c)
{
	coapd_after(c->task, TIMER, (uint32_t)c->p->conf->delay);
	return COAPD_WAIT;
}

/* CORE_14; each is found from the first option on, and a peer chooses how many there
 * are. */
#define ARGUMENTS 32u

static enum coapd_verdict
echo_query(struct call *c)
{
	coapd_span argument;

	if (!coapd_offer(c->task, COAPD_TEXT_PLAIN))
		return COAPD_DONE;
	coapd_reply(c->task, COAPD_205_CONTENT);
	coapd_add_uint(c->task, COAPD_OPT_CONTENT_FORMAT, COAPD_TEXT_PLAIN);
	coapd_reply_data(c->task, coapd_text("Uri-Query:\n"));
	for (unsigned i = 0; i < ARGUMENTS &&
	     coapd_opt(c->request, COAPD_OPT_URI_QUERY, i, &argument); i++) {
		coapd_reply_data(c->task, argument);
		coapd_reply_data(c->task, coapd_text("\n"));
	}
	return COAPD_DONE;
}

/* CORE_20 */
static enum coapd_verdict
choose_format(struct call *c)
{
	uint64_t accept = COAPD_TEXT_PLAIN;

	coapd_opt_uint(c->request, COAPD_OPT_ACCEPT, &accept);
	if (accept != COAPD_TEXT_PLAIN && accept != XML)
		return say(c, COAPD_406_NOT_ACCEPTABLE);
	coapd_reply(c->task, COAPD_205_CONTENT);
	coapd_add_uint(c->task, COAPD_OPT_CONTENT_FORMAT, accept);
	coapd_reply_data(c->task, coapd_text(accept == XML ? "<msg>two formats</msg>" :
					     c->resource->text));
	return COAPD_DONE;
}

/* BLOCK_05: what comes goes back. */
static enum coapd_verdict
send_back(struct call *c)
{
	uint64_t format;

	coapd_reply(c->task, COAPD_204_CHANGED);
	if (coapd_opt_uint(c->request, COAPD_OPT_CONTENT_FORMAT, &format))
		coapd_add_uint(c->task, COAPD_OPT_CONTENT_FORMAT, format);
	coapd_reply_data(c->task, coapd_payload(c->request));
	return COAPD_DONE;
}

/* OBS: whoever says the word has the observable resources as they were at first. */
static enum coapd_verdict
reset(struct call *c)
{
	static const char *const names[] = { "obs", "obs-non", "obs-large" };
	coapd_span word = coapd_payload(c->request);

	if (word.n != 6 || memcmp(word.p, "sesame", 6) != 0)
		return say(c, COAPD_403_FORBIDDEN);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		store_remove(&c->p->store, names[i]);
	for (size_t i = 0; i < nresources; i++)
		tell_observers(c->p, &resources[i]);
	return say(c, COAPD_204_CHANGED);
}

/* --- the table ---------------------------------------------------------------------- */

#define GET COAPD_ALLOW_GET
#define POST COAPD_ALLOW_POST
#define PUT COAPD_ALLOW_PUT
#define DELETE COAPD_ALLOW_DELETE
#define ALL (GET | POST | PUT | DELETE)

const struct resource resources[] = {
	{ "", GET, has_text, "CoAP plugtest resources; their links are in /.well-known/core\n",
	  give, NULL, NULL },
	{ "test", ALL, has_text, "a test resource", give, create_location,
	  "title=\"Default test resource\";ct=0" },
	{ "seg1", GET, has_text, "one segment", give, NULL, "title=\"A short path\";ct=0" },
	{ "seg1/seg2", GET, has_text, "two segments", give, NULL, "title=\"A longer path\";ct=0" },
	{ "seg1/seg2/seg3", GET, has_text, "three segments", give, NULL,
	  "title=\"A long path\";ct=0" },
	{ "location1/location2/location3", GET | PUT | DELETE, NULL, NULL, give, NULL, NULL },
	{ "query", GET, has_text, "query", echo_query, NULL,
	  "title=\"Says which query came\";ct=0" },
	{ "location-query", GET | POST, has_text, "nothing was created yet", give, create_query,
	  "title=\"Creates a resource with a query\";ct=0" },
	{ "multi-format", GET, has_text, "two formats", choose_format, NULL,
	  "title=\"In two formats\";ct=\"0 41\"" },
	{ "separate", GET, has_text, "that took a while", wait, NULL,
	  "title=\"Answers late\";ct=0" },
	{ "validate", GET | PUT | DELETE, has_text, "to be validated", give, NULL,
	  "title=\"Varies over time, has ETags\";ct=0" },
	{ "create1", GET | PUT | DELETE, NULL, NULL, give, NULL, NULL },
	{ "create2", GET | PUT | DELETE, NULL, NULL, give, NULL, NULL },
	{ "create3", GET | PUT | DELETE, NULL, NULL, give, NULL, NULL },
	{ "large", GET, is_large, "a large resource", give, NULL,
	  "title=\"Large\";rt=\"block\";ct=0;sz=2048" },
	{ "large-update", GET | PUT | DELETE, is_large, "to be replaced by PUT", give, NULL,
	  "title=\"Large, for PUT\";rt=\"block\";sz=65536" },
	{ "large-create", GET | POST, has_text, "links", list_created, create,
	  "title=\"Creates large ones, by POST\";rt=\"block\";ct=40" },
	{ "large-post", POST, has_text, "to be sent", NULL, send_back,
	  "title=\"Sends back what was POSTed\";rt=\"block\"" },
	{ "obs", GET | PUT | DELETE, ticks, NULL, give, NULL,
	  "title=\"Changes by itself\";rt=\"observe\";obs;ct=0" },
	{ "obs-non", GET | PUT | DELETE, ticks, NULL, give, NULL,
	  "title=\"Changes by itself, told without acknowledgements\";rt=\"observe\";obs;ct=0" },
	{ "obs-large", GET | PUT | DELETE, ticks_at_large, "changes", give, NULL,
	  "title=\"Large, changes by itself\";rt=\"observe\";obs;ct=0;sz=2560" },
	{ "obs-pumping", GET, ticks, NULL, give, NULL,
	  "title=\"Changes by itself\";rt=\"observe\";obs;ct=0" },
	{ "obs-pumping-non", GET, ticks, NULL, give, NULL,
	  "title=\"Changes by itself, told without acknowledgements\";rt=\"observe\";obs;ct=0" },
	{ "obs-reset", POST, has_text, "reset", NULL, reset, "title=\"Resets the observable ones\"" },
	{ "path", GET, has_text, "links", list_path, NULL,
	  "title=\"Links to those below\";ct=40" },
	{ "path/sub1", GET, has_text, "/path/sub1", give, NULL, NULL },
	{ "path/sub2", GET, has_text, "/path/sub2", give, NULL, NULL },
	{ "path/sub3", GET, has_text, "/path/sub3", give, NULL, NULL },
	{ "link1", GET, has_text, "link 1", give, NULL, "rt=\"Type1 Type2\";if=\"If1\"" },
	{ "link2", GET, has_text, "link 2", give, NULL, "rt=\"Type2 Type3\";if=\"If2\"" },
	{ "link3", GET, has_text, "link 3", give, NULL, "rt=\"Type1 Type3\";if=\"foo\"" },
	{ "alternate", GET, has_text, "another way to say it", give, NULL,
	  "rel=\"alternate\";ct=0" },
};

const size_t nresources = sizeof resources / sizeof *resources;

const struct resource created = {
	"large-create/", GET | DELETE, NULL, NULL, give, NULL, NULL
};
