/* Fuzz target: an option that is taken as somebody typed it is one that servers
 * take, and is described; any other has a sentence about it.  The same text as a
 * content format. */
#include <assert.h>

#include "coap/content_format.h"
#include "coap/describe.h"
#include "coap/option_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_into(const struct option_text *text)
{
	const struct option_def *def = option_def(text->number);
	struct option o = { text->number, option_text_value(text) };
	uint8_t code = def && !(def->use & USE_REQUEST) ? COAP_CONTENT : COAP_GET;
	uint8_t line[DESCRIBE_LINE * 2];
	struct writer w = writer_of(line, sizeof line);

	assert(text->n <= OPTION_TEXT_MAX);
	assert(!def || option_flaw(def, code, 0, o.value) == FLAW_NONE);
	describe_option(&w, code, 0, &o, NULL);
	assert(!w.full && w.p > line + 4 && memcmp(w.p - 4, " ...", 4) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[4097];
	struct option_text option;
	struct err e = { "" };
	uint16_t number;

	if (size > sizeof text - 1)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (option_text_parse(text, &option, &e) == 0)
		look_into(&option);
	else
		assert(e.text[0]);
	e.text[0] = '\0';
	assert(content_format_find(text, &number, &e) == 0 || e.text[0]);
	return 0;
}
