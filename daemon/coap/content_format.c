#include "coap/content_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/nearest.h"

/* The registry, in the order of the numbers. */
static const struct content_format rows[] = {
	{ 0, CONTENT_TEXT, "text/plain;charset=utf-8" },
	{ 16, CONTENT_CBOR, "application/cose;cose-type=\"cose-encrypt0\"" },
	{ 17, CONTENT_CBOR, "application/cose;cose-type=\"cose-mac0\"" },
	{ 18, CONTENT_CBOR, "application/cose;cose-type=\"cose-sign1\"" },
	{ 19, CONTENT_CBOR, "application/ace+cbor" },
	{ 21, CONTENT_OPAQUE, "image/gif" },
	{ 22, CONTENT_OPAQUE, "image/jpeg" },
	{ 23, CONTENT_OPAQUE, "image/png" },
	{ 40, CONTENT_LINKS, "application/link-format" },
	{ 41, CONTENT_XML, "application/xml" },
	{ 42, CONTENT_OPAQUE, "application/octet-stream" },
	{ 47, CONTENT_OPAQUE, "application/exi" },
	{ 50, CONTENT_JSON, "application/json" },
	{ 51, CONTENT_JSON, "application/json-patch+json" },
	{ 52, CONTENT_JSON, "application/merge-patch+json" },
	{ 60, CONTENT_CBOR, "application/cbor" },
	{ 61, CONTENT_CBOR, "application/cwt" },
	{ 62, CONTENT_CBOR, "application/multipart-core" },
	{ 63, CONTENT_CBOR_SEQ, "application/cbor-seq" },
	{ 64, CONTENT_CBOR_SEQ, "application/edhoc+cbor-seq" },
	{ 65, CONTENT_CBOR_SEQ, "application/cid-edhoc+cbor-seq" },
	{ 96, CONTENT_CBOR, "application/cose;cose-type=\"cose-encrypt\"" },
	{ 97, CONTENT_CBOR, "application/cose;cose-type=\"cose-mac\"" },
	{ 98, CONTENT_CBOR, "application/cose;cose-type=\"cose-sign\"" },
	{ 101, CONTENT_CBOR, "application/cose-key" },
	{ 102, CONTENT_CBOR, "application/cose-key-set" },
	{ 110, CONTENT_JSON, "application/senml+json" },
	{ 111, CONTENT_JSON, "application/sensml+json" },
	{ 112, CONTENT_CBOR, "application/senml+cbor" },
	{ 113, CONTENT_CBOR, "application/sensml+cbor" },
	{ 114, CONTENT_OPAQUE, "application/senml-exi" },
	{ 115, CONTENT_OPAQUE, "application/sensml-exi" },
	{ 140, CONTENT_CBOR, "application/yang-data+cbor;id=sid" },
	{ 256, CONTENT_JSON, "application/coap-group+json" },
	{ 257, CONTENT_CBOR, "application/concise-problem-details+cbor" },
	{ 258, CONTENT_CBOR, "application/swid+cbor" },
	{ 259, CONTENT_OPAQUE, "application/pkixcmp" },
	{ 260, CONTENT_JSON, "application/yang-sid+json" },
	{ 261, CONTENT_CBOR, "application/ace-groupcomm+cbor" },
	{ 262, CONTENT_CBOR, "application/ace-trl+cbor" },
	{ 263, CONTENT_CBOR, "application/eat+cwt" },
	{ 264, CONTENT_TEXT, "application/eat+jwt" },
	{ 265, CONTENT_CBOR, "application/eat-bun+cbor" },
	{ 266, CONTENT_JSON, "application/eat-bun+json" },
	{ 267, CONTENT_CBOR, "application/eat-ucs+cbor" },
	{ 268, CONTENT_JSON, "application/eat-ucs+json" },
	{ 269, CONTENT_OPAQUE, "application/coap-eap" },
	{ 270, CONTENT_CBOR, "application/suit-report+cose" },
	{ 271, CONTENT_CBOR, "application/dots+cbor" },
	{ 272, CONTENT_CBOR_SEQ, "application/missing-blocks+cbor-seq" },
	{ 273, CONTENT_CBOR, "application/cmw+cbor" },
	{ 274, CONTENT_JSON, "application/cmw+json" },
	{ 275, CONTENT_CBOR, "application/cmw+cose" },
	{ 276, CONTENT_TEXT, "application/cmw+jws" },
	{ 277, CONTENT_CBOR, "application/scitt-statement+cose" },
	{ 278, CONTENT_CBOR, "application/scitt-receipt+cose" },
	{ 279, CONTENT_CBOR, "application/statuslist+cwt" },
	{ 280, CONTENT_OPAQUE, "application/pkcs7-mime;smime-type=server-generated-key" },
	{ 281, CONTENT_OPAQUE, "application/pkcs7-mime;smime-type=certs-only" },
	{ 284, CONTENT_OPAQUE, "application/pkcs8" },
	{ 285, CONTENT_OPAQUE, "application/csrattrs" },
	{ 286, CONTENT_OPAQUE, "application/pkcs10" },
	{ 287, CONTENT_OPAQUE, "application/pkix-cert" },
	{ 290, CONTENT_CBOR, "application/aif+cbor" },
	{ 291, CONTENT_JSON, "application/aif+json" },
	{ 292, CONTENT_CBOR, "application/aif+cbor;toid=CRI-local-part" },
	{ 293, CONTENT_CBOR, "application/sd-cwt" },
	{ 294, CONTENT_CBOR, "application/kb+cwt" },
	{ 295, CONTENT_CBOR, "application/measured-component+cbor" },
	{ 296, CONTENT_JSON, "application/measured-component+json" },
	{ 297, CONTENT_CBOR, "application/aif+cbor;toid=oscore-gname;tperm=oscore-gperm" },
	{ 298, CONTENT_JSON, "application/aif+json;toid=oscore-gname;tperm=oscore-gperm" },
	{ 310, CONTENT_XML, "application/senml+xml" },
	{ 311, CONTENT_XML, "application/sensml+xml" },
	{ 320, CONTENT_JSON, "application/senml-etch+json" },
	{ 322, CONTENT_CBOR, "application/senml-etch+cbor" },
	{ 340, CONTENT_CBOR, "application/yang-data+cbor" },
	{ 341, CONTENT_CBOR, "application/yang-data+cbor;id=name" },
	{ 432, CONTENT_JSON, "application/td+json" },
	{ 433, CONTENT_JSON, "application/tm+json" },
	{ 434, CONTENT_JSON, "application/sdf+json" },
	{ 553, CONTENT_OPAQUE, "application/dns-message" },
	{ 601, CONTENT_CBOR, "application/uccs+cbor" },
	{ 836, CONTENT_CBOR, "application/voucher+cose" },
	{ 10000, CONTENT_CBOR, "application/vnd.ocf+cbor" },
	{ 10001, CONTENT_OPAQUE, "application/oscore" },
	{ 10002, CONTENT_TEXT, "application/javascript" },
	{ 10003, CONTENT_CBOR, "application/eat+cwt;eat_profile=\"tag:psacertified.org,2023:psa#tfm\"" },
	{ 10004, CONTENT_CBOR, "application/eat+cwt;eat_profile=\"tag:psacertified.org,2019:psa#legacy\"" },
	{ 10005, CONTENT_CBOR, "application/eat+cwt;eat_profile=2.16.840.1.113741.1.16.1" },
	{ 10006, CONTENT_CBOR, "application/vnd.oms.cellular-cose-content+cbor" },
	{ 10007, CONTENT_OPAQUE, "application/syslog-msg" },
	{ 10570, CONTENT_CBOR, "application/toc+cbor" },
	{ 10571, CONTENT_CBOR, "application/ce+cbor" },
	{ 10572, CONTENT_CBOR, "application/toc+cbor;profile=2.16.840.1.113741.1.16.1" },
	{ 10573, CONTENT_CBOR, "application/ce+cbor;profile=2.16.840.1.113741.1.16.1" },
	{ 11050, CONTENT_OPAQUE, "application/json@deflate" },
	{ 11060, CONTENT_OPAQUE, "application/cbor@deflate" },
	{ 11542, CONTENT_OPAQUE, "application/vnd.oma.lwm2m+tlv" },
	{ 11543, CONTENT_JSON, "application/vnd.oma.lwm2m+json" },
	{ 11544, CONTENT_CBOR, "application/vnd.oma.lwm2m+cbor" },
	{ 12000, CONTENT_OPAQUE, "text/plain;charset=utf-8@zstd" },
	{ 12041, CONTENT_OPAQUE, "application/xml@zstd" },
	{ 12050, CONTENT_OPAQUE, "application/json@zstd" },
	{ 20000, CONTENT_TEXT, "text/css" },
	{ 20001, CONTENT_JSON, "application/vnd.as207960.vas.config+jer" },
	{ 20002, CONTENT_OPAQUE, "application/vnd.as207960.vas.config+uper" },
	{ 20003, CONTENT_JSON, "application/vnd.as207960.vas.tap+jer" },
	{ 20004, CONTENT_OPAQUE, "application/vnd.as207960.vas.tap+uper" },
	{ 30000, CONTENT_XML, "image/svg+xml" },
};

#define ROWS (sizeof rows / sizeof *rows)

/* --- by number --------------------------------------------------------------- */

static int by_number(const void *key, const void *row)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct content_format *)row)->number;

	return (a > b) - (a < b);
}

const struct content_format *content_format(uint32_t number)
{
	return bsearch(&number, rows, ROWS, sizeof *rows, by_number);
}

const struct content_format *content_format_row(size_t nth)
{
	return nth < ROWS ? &rows[nth] : NULL;
}

enum content_kind content_format_kind(uint32_t number)
{
	const struct content_format *row = content_format(number);

	return row ? row->kind : CONTENT_OPAQUE;
}

/* --- by name ----------------------------------------------------------------- */

/* Takes the next character that tells names apart; 0 at the end. */
static uint8_t next(struct span *s)
{
	while (s->n && strchr(" \t\"", *s->p))
		*s = span_of(s->p + 1, s->n - 1);
	if (!s->n)
		return 0;
	*s = span_of(s->p + 1, s->n - 1);
	return ascii_lower(s->p[-1]);
}

static bool same(struct span a, struct span b)
{
	uint8_t c;

	do
		if ((c = next(&a)) != next(&b))
			return false;
	while (c);
	return true;
}

/* What of a row's name is compared: all of it or only what follows the slash,
 * as the wanted one has a slash or not; with or without its parameters. */
static struct span part(const struct content_format *row, bool slash, bool parameters)
{
	const char *start = slash ? row->name : strchr(row->name, '/') + 1;

	return span_of(start, parameters ? strlen(start) : strcspn(start, ";"));
}

/* The row of that name, or NULL. */
static const struct content_format *whole(struct span wanted, bool slash)
{
	for (size_t i = 0; i < ROWS; i++)
		if (same(part(&rows[i], slash, true), wanted))
			return &rows[i];
	return NULL;
}

/* Calls off the rows of that name whatever their parameters, from *at on. */
static const struct content_format *next_of(struct span wanted, bool slash, size_t *at)
{
	while (*at < ROWS) {
		const struct content_format *row = &rows[(*at)++];

		if (!strchr(row->name, '@') && same(part(row, slash, false), wanted))
			return row;
	}
	return NULL;
}

static int ambiguous(const char *text, bool slash, struct err *e)
{
	const struct content_format *row;
	const char *before = " may be";
	struct err list = { "" };
	size_t at = 0;

	while ((row = next_of(span_str(text), slash, &at))) {
		err_set(&list, 0, "%s%s %s (%u)", list.text, before, row->name, row->number);
		before = ",";
	}
	return err_set(e, -EINVAL, "content format \"%s\"%s; which one?", text, list.text);
}

/* What people say that is no name of a row. */
static const char *const plain_text[] = { "text", "text/plain" };

static int unknown(const char *text, struct err *e)
{
	struct nearest n = { .wanted = text, .any_case = true };

	for (size_t i = 0; i < ROWS; i++) {
		nearest_offer(&n, rows[i].name);
		nearest_offer(&n, strchr(rows[i].name, '/') + 1);
	}
	for (size_t i = 0; i < sizeof plain_text / sizeof *plain_text; i++)
		nearest_offer(&n, plain_text[i]);
	if (n.best)
		return err_set(e, -EINVAL, "content format \"%s\" is not known; "
			       "did you mean %s?", text, n.best);
	return err_set(e, -EINVAL, "content format \"%s\" is not known; "
		       "any number up to 65535 will do as well", text);
}

static int find_name(const char *text, uint16_t *number, struct err *e)
{
	bool slash = strchr(text, '/');
	const struct content_format *row = whole(span_str(text), slash);
	size_t at = 0;

	if (same(span_str(text), span_str(plain_text[0])))
		row = content_format(CONTENT_FORMAT_TEXT);
	if (!row) {
		row = next_of(span_str(text), slash, &at);
		if (!row)
			return unknown(text, e);
		if (next_of(span_str(text), slash, &at))
			return ambiguous(text, slash, e);
	}
	*number = row->number;
	return 0;
}

int content_format_find(const char *text, uint16_t *number, struct err *e)
{
	unsigned long v;

	if (!*text || text[strspn(text, "0123456789")])
		return find_name(text, number, e);
	v = strlen(text) > 9 ? UINT32_MAX : strtoul(text, NULL, 10);
	if (v > UINT16_MAX)
		return err_set(e, -EINVAL, "content format %s is above 65535", text);
	*number = (uint16_t)v;
	return 0;
}
