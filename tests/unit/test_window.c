/* Windows of message IDs, against a model. */
#include <criterion/criterion.h>

#include "base/hash.h"
#include "exchange/window.h"

#include <string.h>

#define NOW 5000u
#define LIFETIME 247u

Test(window, E12_against_a_model)
{
	static uint8_t seen[65536];
	struct hash_key key = { { 7, 9 } };
	struct window w = { 0 };
	int hi = -1;

	for (unsigned i = 0; i < 100000; i++) {
		uint64_t h = hash_words(&key, i, 0);
		int step = h % 100 < 90 ? 1 : h % 100 < 97 ? -(int)(h >> 8) % 300 :
			   (int)(h >> 8) % 400;
		uint16_t mid = (uint16_t)(hi < 0 ? (h >> 16) : (unsigned)(hi + step));
		int ahead = hi < 0 ? 1 : (int16_t)(mid - hi);
		enum window_state is = window_state(&w, NOW, LIFETIME, mid);

		if (ahead > 0)
			cr_assert_eq(is, WINDOW_FRESH);
		else if (ahead <= -(int)WINDOW_BITS)
			cr_assert_eq(is, WINDOW_BEHIND);
		else
			cr_assert_eq(is, seen[mid] ? WINDOW_SEEN : WINDOW_UNSEEN);
		if (window_is_next(&w, mid))
			cr_assert_eq(is, WINDOW_FRESH);
		window_mark(&w, NOW, LIFETIME, mid, false);
		/* The model forgets what falls out of the window. */
		for (int k = 1; hi >= 0 && k <= ahead; k++)
			seen[(uint16_t)(hi + k)] = 0;
		if (ahead > -(int)WINDOW_BITS)
			seen[mid] = 1;
		if (ahead > 0)
			hi = mid;
	}
}

Test(window, E12_a_mark_is_known_for_one_lifetime_and_no_longer_than_two)
{
	struct window w = { 0 };
	uint32_t last = NOW + LIFETIME;

	window_mark(&w, NOW, LIFETIME, 100, false);
	window_mark(&w, last, LIFETIME, 90, false);
	cr_expect_eq(window_state(&w, last + LIFETIME, LIFETIME, 90), WINDOW_SEEN);
	window_mark(&w, last + 1, LIFETIME, 80, false);
	for (unsigned mid = 80; mid <= 100; mid += 10)
		cr_expect_eq(window_state(&w, last + 1 + LIFETIME, LIFETIME, (uint16_t)mid),
			     WINDOW_SEEN, "%u", mid);
	window_mark(&w, last + 2 + LIFETIME, LIFETIME, 70, false);
	cr_expect_eq(window_state(&w, last + 2 + LIFETIME, LIFETIME, 100), WINDOW_UNSEEN);
	cr_expect_eq(window_state(&w, last + 2 + LIFETIME, LIFETIME, 80), WINDOW_SEEN);
	cr_expect_eq(window_state(&w, last + 2 + 4 * LIFETIME, LIFETIME, 80), WINDOW_FRESH);
}

Test(window, begins_anew_where_it_is_told_to)
{
	struct window w = { 0 };

	window_mark(&w, NOW, LIFETIME, 60000, false);
	window_mark(&w, NOW, LIFETIME, 100, false);
	cr_expect_eq(w.hi, MID_VALID | 100u, "ahead, round the end");
	window_mark(&w, NOW, LIFETIME, 40000, false);
	cr_expect_eq(w.hi, MID_VALID | 100u, "too far behind");
	window_mark(&w, NOW, LIFETIME, 40000, true);
	cr_expect_eq(w.hi, MID_VALID | 40000u);
	cr_expect_eq(window_state(&w, NOW, LIFETIME, 40000), WINDOW_SEEN);
	cr_expect_eq(window_state(&w, NOW, LIFETIME, 39999), WINDOW_UNSEEN);
}

/* A peer that has used three quarters of its IDs may repeat the first of them. */
Test(window, E9_most_ids_are_behind_the_newest)
{
	for (unsigned hi = 0; hi < 65536; hi += 4099) {
		struct window w = { 0 };

		window_mark(&w, NOW, LIFETIME, (uint16_t)hi, false);
		cr_expect_eq(window_state(&w, NOW, LIFETIME, (uint16_t)(hi + WINDOW_AHEAD)), WINDOW_FRESH);
		cr_expect_eq(window_state(&w, NOW, LIFETIME, (uint16_t)(hi + WINDOW_AHEAD + 1)), WINDOW_BEHIND);
		cr_expect_eq(window_state(&w, NOW, LIFETIME, (uint16_t)(hi - 49151)), WINDOW_BEHIND);
		window_mark(&w, NOW, LIFETIME, (uint16_t)(hi - 49151), false);
		cr_expect_eq(w.hi, MID_VALID | hi);
	}
}
