#include "kit/script.h"

#include "kit_script.h"

#include <unistd.h>

Test(script, lines_become_commands_in_their_order)
{
	struct script *s = kit_script("get /a\n\n# remark\nexpect 2.05");

	cr_assert_eq(s->n, 2);
	cr_expect_eq(s->command[0].line, 1);
	cr_expect_eq(s->command[1].line, 4);
	cr_expect(span_eq(s->command[1].text, span_str("expect 2.05")));
	cr_expect_str_eq(s->file, "t");
	script_free(s);
	s = kit_script("");
	cr_expect_eq(s->n, 0);
	script_free(s);
}

Test(script, requests_come_before_what_speaks_of_them)
{
	kit_refused("expect 2.05\nget /", "t:1:1: expected a request before this line");
	kit_refused("a: get /\nexpect b 2.05", "t:2:1: no request above is named \"b\"; "
		    "expected \"b: get ...\" before");
	script_free(kit_script("a: get /\nget /\nexpect a 2.05\nrepeat a"));
}

Test(script, every_mistake_is_told)
{
	cr_expect_null(kit_read("x\ny\nget /\nz"));
	cr_expect_eq(kit_errors.count, 3);
}

Test(script, lines_and_commands_are_bounded)
{
	char *text = malloc(SCRIPT_LINE + 2);

	memset(text, '#', SCRIPT_LINE + 1);
	text[SCRIPT_LINE + 1] = 0;
	kit_refused(text, "t:1:4097: the line is too long; expected at most 4096 bytes");
	text[SCRIPT_LINE] = 0;
	script_free(kit_script(text));
	free(text);
	text = malloc((SCRIPT_COMMANDS + 1) * 6 + 1);
	for (unsigned i = 0; i <= SCRIPT_COMMANDS; i++)
		memcpy(text + 6 * i, "crash\n", 7);
	kit_refused(text, "t:10001:1: more than 10000 commands");
	text[6 * SCRIPT_COMMANDS] = 0;
	script_free(kit_script(text));
	free(text);
}

Test(script, files_are_read_or_not)
{
	char path[] = "/tmp/coapd-script-XXXXXX";
	int fd = mkstemp(path);
	struct script *s;

	cr_assert(write(fd, "crash\n", 6) == 6);
	close(fd);
	s = script_load(path, &kit_errors);
	cr_assert(s);
	cr_expect_eq(s->n, 1);
	script_free(s);
	unlink(path);
	cr_expect_null(script_load(path, &kit_errors));
	cr_expect(strstr(kit_errors.text[0], "cannot be read: No such file"));
}
