#include "supervisor/statistics.h"

#include <inttypes.h>

static void log_mount(const struct counts *c, const struct site *site, size_t mount)
{
	const struct site_mount *m = &site->mounts[mount];
	struct count count;

	for (unsigned i = 0; counts_read(c, mount, i, &count); i++)
		log_notice("counter %s %s %" PRIu64 " (module %s)", site_mount_shown(m), count.name,
			   count.value, m->module);
}

void statistics_log(const struct memory *m, const struct counts *c, const struct site *site)
{
	for (enum counter i = 0; i < COUNTERS_N; i++)
		log_notice("counter %s %" PRIu64 " (%s)", counter_name(i),
			   memory_counter(m, i), counter_text(i));
	for (size_t i = 0; i < site->nmounts; i++)
		log_mount(c, site, i);
	log_notice("counters end");
}
