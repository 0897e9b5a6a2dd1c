#include "desk_help.h"

#include <jansson.h>

TestSuite(report, .init = help_open_engine, .fini = help_close);

static struct space_ctl *ctl(unsigned slot)
{
	return help_mem[slot];
}

/* The lines of the answer, each as an object; the last one is the end. */
static json_t *lines(void)
{
	char *text = strdup(help_ask("{\"do\":\"status\"}")), *line = text, *end;
	json_t *all = json_array();

	for (; (end = strchr(line, '\n')); line = end + 1) {
		char *object;

		*end = 0;
		cr_assert_geq(asprintf(&object, "{%s}", line), 0);
		cr_assert_eq(json_array_append_new(all, json_loads(object, 0, NULL)), 0, "%s",
			     object);
		free(object);
	}
	free(text);
	return all;
}

static json_int_t number(json_t *o, const char *first, const char *second)
{
	return json_integer_value(json_object_get(json_object_get(o, first), second));
}

Test(report, there_is_a_line_for_the_daemon_each_worker_and_each_slot)
{
	json_t *all = lines(), *w;

	cr_assert_eq(json_array_size(all), 1 + 2 + 2 + 1);
	cr_expect_eq(number(json_array_get(all, 0), "daemon", "up_ms"), 3000);
	cr_expect_eq(number(json_array_get(all, 0), "daemon", "resources"), 3);
	w = json_array_get(all, 1);
	cr_expect_eq(number(w, "worker", "pid"), 77);
	w = json_object_get(json_array_get(all, 2), "worker");
	cr_expect_null(json_object_get(w, "pid"), "it has no process");
	cr_expect_str_eq(json_string_value(json_object_get(w, "state")), "back-off");
	cr_expect_eq(number(json_array_get(all, 4), "slot", "number"), 1);
	cr_expect_eq(number(json_array_get(all, 4), "slot", "worker"), 1);
	cr_expect(json_is_true(json_object_get(json_array_get(all, 5), "end")));
	json_decref(all);
}

Test(report, a_slot_has_all_that_is_counted)
{
	json_t *all, *slot;

	ctl(1)->counter[COUNT_RX] = 12;
	ctl(1)->code[0x45] = 9;
	ctl(1)->live[SLAB_DEDUP] = 3;
	ctl(1)->hwm[SLAB_DEDUP] = 5;
	durations_add(&ctl(1)->served, 1500, 2);
	durations_add(&ctl(1)->waited, 700, 1);
	all = lines();
	slot = json_object_get(json_array_get(all, 4), "slot");
	cr_expect_eq(number(slot, "counters", "rx"), 12);
	cr_expect_eq(json_object_size(json_object_get(slot, "counters")), COUNTERS_N);
	cr_expect_eq(number(slot, "codes", "2.05"), 9);
	cr_expect_eq(json_object_size(json_object_get(slot, "codes")), 1);
	slot = json_object_get(slot, "slabs");
	cr_expect_eq(number(slot, "dedup", "live"), 3);
	cr_expect_eq(number(slot, "dedup", "used"), 5);
	cr_expect_eq(number(slot, "dedup", "capacity"), 8);
	slot = json_object_get(json_object_get(json_array_get(all, 4), "slot"), "served");
	cr_expect_eq(json_integer_value(json_object_get(slot, "sum_ns")), 3000);
	slot = json_object_get(slot, "count");
	cr_expect_eq(json_array_size(slot), DURATIONS);
	cr_expect_eq(json_integer_value(json_array_get(slot, 1)), 2);
	slot = json_object_get(json_object_get(json_array_get(all, 4), "slot"), "waited");
	cr_expect_eq(json_integer_value(json_object_get(slot, "sum_ns")), 700);
	json_decref(all);
}

Test(report, what_modules_count_has_lines_of_its_own)
{
	static const char *const names[] = { "stored", "lost" };
	json_t *all, *resource;

	counts_add(counts_begin(&help_counts, 0, 1, names, 2), 0, 5);
	counts_add(counts_begin(&help_counts, 1, 1, names, 2), 0, 6);
	help_mounts[1].host = 1;
	all = lines();
	cr_assert_eq(json_array_size(all), 1 + 2 + 2 + 1 + 1);
	resource = json_object_get(json_array_get(all, 5), "resource");
	cr_expect_str_eq(json_string_value(json_object_get(resource, "path")), "/b");
	cr_expect_str_eq(json_string_value(json_object_get(resource, "host")), "example.org");
	cr_expect_str_eq(json_string_value(json_object_get(resource, "module")), "two");
	cr_expect_eq(number(resource, "counters", "stored"), 11);
	cr_expect_eq(number(resource, "counters", "lost"), 0);
	json_decref(all);
}

Test(report, a_resource_that_workers_died_in_has_a_line)
{
	json_t *all, *resource;

	help_trouble[2] = (struct desk_trouble){ .deaths = 6, .closings = 1, .closed_ms = 900 };
	all = lines();
	cr_assert_eq(json_array_size(all), 1 + 2 + 2 + 1 + 1);
	resource = json_array_get(all, 5);
	cr_expect_str_eq(json_string_value(json_object_get(json_object_get(resource, "resource"),
							   "path")), "/c");
	cr_expect_eq(number(resource, "resource", "deaths"), 6);
	cr_expect_eq(number(resource, "resource", "closings"), 1);
	cr_expect_eq(number(resource, "resource", "closed_ms"), 900);
	json_decref(all);
}

Test(report, damaged_memory_is_still_a_report)
{
	json_t *all, *slot;

	memset(help_mem[0], 0xff, sizeof(struct space_ctl));
	all = lines();
	cr_assert_eq(json_array_size(all), 6);
	slot = json_object_get(json_object_get(json_array_get(all, 3), "slot"), "slabs");
	cr_expect_eq(number(slot, "dedup", "live"), 8, "never more than there are");
	json_decref(all);
}
