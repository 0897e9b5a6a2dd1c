#include "control/volume.h"

bool volume_step(struct inquiry *a, struct record *line)
{
	unsigned part = a->part++;

	if (part == 0 && a->level >= 0)
		a->desk->set_log(a->desk->arg, a->log_part, (enum log_level)a->level);
	if (part == LOG_PARTS_N) {
		record_bool(line, "end", true);
		return false;
	}
	record_text(line, "part", log_part_name((enum log_part)part));
	record_text(line, "level", log_level_name(log_level_of((enum log_part)part)));
	return true;
}
