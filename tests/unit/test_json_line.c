#include "client/json_line.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

static struct json_line j;
static FILE *f;
static char text[8192];

static void begin(void)
{
	f = tmpfile();
	json_line_open(&j, fileno(f));
}

TestSuite(json_line, .init = begin);

static const char *written(void)
{
	cr_assert_eq(json_line_close(&j), 0);
	rewind(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	return text;
}

Test(json_line, values_are_parted_by_commas_and_named_in_objects)
{
	json_line_begin(&j, NULL, '{');
	json_line_uint(&j, "a", 1);
	json_line_begin(&j, "b", '[');
	json_line_bool(&j, NULL, true);
	json_line_null(&j, NULL);
	json_line_begin(&j, NULL, '{');
	json_line_end(&j, '}');
	json_line_real(&j, NULL, 1.25, 1);
	json_line_end(&j, ']');
	json_line_string(&j, "c", span_str("d"));
	json_line_hex(&j, "e", span_of("\0\xff", 2));
	json_line_end(&j, '}');
	cr_expect_str_eq(written(), "{\"a\":1,\"b\":[true,null,{},1.2],\"c\":\"d\",\"e\":\"0x00ff\"}\n");
}

Test(json_line, any_text_comes_back_from_a_reader)
{
	static const char odd[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0 \xc3\xa4\xf0\x9f\x98\x80";
	json_t *root;

	json_line_begin(&j, NULL, '[');
	json_line_string(&j, NULL, span_of(odd, sizeof odd));
	json_line_string(&j, NULL, span_str("a\xff" "b\xc3"));
	json_line_end(&j, ']');
	root = json_loads(written(), JSON_ALLOW_NUL, NULL);
	cr_assert(root, "%s", text);
	cr_expect_eq(json_string_length(json_array_get(root, 0)), sizeof odd);
	cr_expect_eq(memcmp(json_string_value(json_array_get(root, 0)), odd, sizeof odd), 0);
	cr_expect_str_eq(json_string_value(json_array_get(root, 1)),
			 "a\xef\xbf\xbd" "b\xef\xbf\xbd");
	cr_expect_null(strchr(text, 0x7f));
	cr_expect_null(strstr(text, "\xc2\x9b"), "what begins a terminal's commands");
	json_decref(root);
}

Test(json_line, base64_of_every_length)      /* RFC 4648 section 10 */
{
	static const char *const vectors[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	char want[256] = "[";

	json_line_begin(&j, NULL, '[');
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		json_line_base64(&j, NULL, span_str(vectors[i][0]));
		sprintf(want + strlen(want), "%s\"%s\"", i ? "," : "", vectors[i][1]);
	}
	json_line_base64(&j, NULL, span_of("\xfb\xff\xfe", 3));
	json_line_end(&j, ']');
	cr_expect_str_eq(written(), strcat(want, ",\"+//+\"]\n"));
}

Test(json_line, numbers_are_numbers)
{
	json_line_begin(&j, NULL, '[');
	json_line_uint(&j, NULL, UINT64_MAX);
	json_line_real(&j, NULL, NAN, 3);
	json_line_real(&j, NULL, INFINITY, 3);
	json_line_real(&j, NULL, -0.0005, 3);
	json_line_real(&j, NULL, 1e300, 0);
	json_line_end(&j, ']');
	cr_expect_eq(strncmp(written(), "[18446744073709551615,null,null,-0.001,1", 40), 0, "%s", text);
}

Test(json_line, what_cannot_be_written_is_told)
{
	json_line_open(&j, open("/dev/full", O_WRONLY));
	json_line_string(&j, NULL, span_str("x"));
	cr_expect_eq(json_line_close(&j), -ENOSPC);
}
