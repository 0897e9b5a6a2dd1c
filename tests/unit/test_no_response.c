#include "coap/no_response.h"
#include "coap/option.h"
#include "vectors.h"

/* Whether the list of a vector names the class. */
static bool names_class(json_t *list, unsigned class)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
		if ((unsigned)(json_string_value(entry)[0] - '0') == class)
			return true;
	return false;
}

static void replay(json_t *v)
{
	json_t *suppressed = json_object_get(v, "suppressed");
	struct blob bytes;
	uint64_t value;

	hex_decode(vectors_text(v, "hex"), &bytes);
	cr_assert(option_uint(blob_span(&bytes), &value));
	cr_assert_eq((long long)value, vectors_number(v, "value"));
	for (unsigned code = 0; code < 256; code++) {
		bool want = code_is_response((uint8_t)code) &&
			    names_class(suppressed, code >> 5);

		cr_assert_eq(no_response_suppresses(value, (uint8_t)code), want);
	}
}

Test(no_response, E40_suppression_by_class)
{
	json_t *root = vectors_load("misc_examples.json"), *example, *v;
	unsigned rows = 0;
	size_t i, k;

	json_array_foreach(vectors_list(root, "examples"), i, example) {
		if (strcmp(vectors_text(example, "name"), "No-Response values") != 0)
			continue;
		json_array_foreach(vectors_list(example, "values"), k, v) {
			replay(v);
			rows++;
		}
	}
	cr_assert_eq(rows, 8);
	json_decref(root);
}
