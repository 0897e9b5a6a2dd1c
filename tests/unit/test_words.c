#include "kit/words.h"

#include <criterion/criterion.h>

static struct config_errors errors;

static struct words words_of(const char *line)
{
	errors_begin(&errors, "t");
	return (struct words){ .pool = pool_new(), .errors = &errors, .line = line, .at = line,
			       .end = line + strlen(line), .number = 7 };
}

static void expect_word(struct words *w, const char *text, unsigned column)
{
	struct word word;

	cr_assert(words_next(w, &word), "%s", text);
	cr_expect_str_eq(word.text, text);
	cr_expect_eq(word.column, column, "%s at %u", text, word.column);
}

Test(words, stand_between_blanks)
{
	struct words w = words_of("  get \t/a x=\"b c\"d # remark");
	struct word word;

	expect_word(&w, "get", 3);
	expect_word(&w, "/a", 8);
	expect_word(&w, "x=b cd", 11);
	cr_expect_not(words_next(&w, &word));
	cr_expect_eq(errors.count, 0);
	pool_free(w.pool);
}

Test(words, quotes_and_escapes)
{
	struct words w = words_of("\"a\\n\\x00\\\"\\\\#\" \"ab\"*3 \"\"");
	struct word word;

	cr_assert(words_next(&w, &word));
	cr_expect(word.quoted);
	cr_expect(span_eq(span_of(word.text, word.n), span_of("a\n\0\"\\#", 6)));
	expect_word(&w, "ababab", 16);
	cr_assert(words_next(&w, &word));
	cr_expect_eq(word.n, 0);
	cr_expect(word.quoted);
	pool_free(w.pool);
}

Test(words, rest_is_left_alone)
{
	struct words w = words_of("mount  { a: \"# }  ");
	unsigned column;
	struct span rest;

	expect_word(&w, "mount", 1);
	rest = words_rest(&w, &column);
	cr_expect(span_eq(rest, span_str("{ a: \"# }")));
	cr_expect_eq(column, 8);
	pool_free(w.pool);
}

static void refused(const char *line, const char *message)
{
	struct words w = words_of(line);
	struct word word;

	while (words_next(&w, &word))
		;
	cr_assert_eq(errors.count, 1, "%s", line);
	cr_expect_str_eq(errors.text[0], message);
	pool_free(w.pool);
}

Test(words, what_is_wrong_has_its_place)
{
	refused("a \"b", "t:7:3: the quote is not closed; expected a \" before the end of the line");
	refused("a \"b\\", "t:7:5: this is no escape; expected \\n, \\r, \\t, \\\", \\\\ or \\xNN");
	refused("\"\\x1\"", "t:7:2: this is no escape; expected \\n, \\r, \\t, \\\", \\\\ or \\xNN");
	refused("\"a\"b", "t:7:4: expected a blank behind the quote");
	refused("\"ab\"*524289", "t:7:5: expected how often the text is meant, so that it has "
		"from 1 to 1048576 bytes");
	refused("\"ab\"*0", "t:7:5: expected how often the text is meant, so that it has from 1 "
		"to 1048576 bytes");
}

Test(words, repetition_is_bounded_in_all)
{
	struct words w = words_of("\"abcd\"*262144 ");
	struct word word;

	for (unsigned i = 0; i < WORDS_LITERALS / WORDS_LITERAL; i++) {
		w.at = w.line;
		cr_assert(words_next(&w, &word));
	}
	w.at = w.line;
	cr_expect_not(words_next(&w, &word));
	cr_expect_eq(errors.count, 1);
	pool_free(w.pool);
}
