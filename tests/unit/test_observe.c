#include "coap/observe.h"
#include "vectors.h"

Test(observe, E64_order_of_sequence_numbers)
{
	json_t *root = vectors_load("format_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "observe_ordering"), i, v) {
		bool newer = observe_is_newer(
			(uint32_t)vectors_number(v, "v1"),
			1000 * (uint64_t)vectors_number(v, "t1"),
			(uint32_t)vectors_number(v, "v2"),
			1000 * (uint64_t)vectors_number(v, "t2"));

		cr_assert_eq(newer, json_is_true(json_object_get(v, "v2_is_newer")),
			     "vector %zu", i);
	}
	json_decref(root);
}
