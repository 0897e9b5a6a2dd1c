#include "coap/code.h"
#include "vectors.h"

Test(code, every_registered_code_has_its_name)
{
	FILE *f = fopen(vectors_path("codes.csv"), "r");
	char line[512], text[CODE_TEXT], *field[5];
	unsigned rows = 0, named = 0;

	cr_assert(f);
	cr_assert(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		uint8_t code;

		cr_assert_eq(csv_split(line, field, 5), 5);
		if (strstr(field[0], "xx"))
			continue;
		code = (uint8_t)strtoul(field[1], NULL, 16);
		cr_assert_str_eq(code_print(code, text), field[0]);
		cr_assert_not_null(code_name(code), "%s", field[0]);
		cr_assert_str_eq(code_name(code), field[2]);
		rows++;
	}
	fclose(f);
	for (unsigned c = 0; c < 256; c++)
		named += code_name((uint8_t)c) != NULL;
	cr_assert_eq(named, rows);
	cr_assert_eq(rows, 40);
}

Test(code, numbers_are_those_of_the_wire)
{
	cr_assert_eq(COAP_GET, 0x01);
	cr_assert_eq(COAP_IPATCH, 0x07);
	cr_assert_eq(COAP_CREATED, 0x41);
	cr_assert_eq(COAP_CONTINUE, 0x5f);
	cr_assert_eq(COAP_BAD_OPTION, 0x82);
	cr_assert_eq(COAP_TOO_MANY_REQUESTS, 0x9d);
	cr_assert_eq(COAP_HOP_LIMIT, 0xa8);
	cr_assert_eq(COAP_ABORT, 0xe5);
}

/* Every code is one of the four kinds and of one only. */
Test(code, E7_reserved_classes)
{
	for (unsigned c = 0; c < 256; c++) {
		unsigned class = c >> 5;
		bool reserved = class == 1 || class == 3 || class == 6 || class == 7;

		cr_assert_eq(code_is_reserved_class((uint8_t)c), reserved, "%02x", c);
		cr_assert_eq(code_is_request((uint8_t)c), class == 0 && c != 0, "%02x", c);
		cr_assert_eq(code_is_response((uint8_t)c),
			     class == 2 || class == 4 || class == 5, "%02x", c);
		cr_assert_eq(code_class((uint8_t)c), class);
		cr_assert_eq(code_detail((uint8_t)c), c & 31);
	}
}

Test(code, E39_methods_known_and_safe)
{
	cr_assert(!code_is_known_method(COAP_EMPTY));
	cr_assert(code_is_known_method(COAP_GET));
	cr_assert(code_is_known_method(COAP_IPATCH));
	cr_assert(!code_is_known_method(8));
	cr_assert(!code_is_known_method(COAP_CONTENT));
	cr_assert(code_is_safe(COAP_GET) && code_is_safe(COAP_FETCH));
	cr_assert(!code_is_safe(COAP_POST) && !code_is_safe(COAP_IPATCH));
	for (unsigned c = COAP_GET; c < 32; c++)
		cr_assert_eq(code_is_idempotent((uint8_t)c), c == COAP_GET || c == COAP_PUT ||
			     c == COAP_DELETE || c == COAP_FETCH || c == COAP_IPATCH);
}
