/* slot_stub.h - for tests of daemon/supervisor without a worker: slots that are a few pages,
 * and of one layout whatever the site says. */
#ifndef UNIT_SLOT_STUB_H
#define UNIT_SLOT_STUB_H

#include "worker/slot.h"

#define SLOT_STUB_SIZE 65536u

/* What a slot asks for; whether memory can go on as it is. */
static size_t slot_stub_size = SLOT_STUB_SIZE;
static bool slot_stub_same = true;

void slot_def(const struct site *site, struct space_def *def)
{
	(void)site;
	*def = (struct space_def){ .windows = { .class = { { 1, WINDOWS_PAGE, 0 },
							  { 1, WINDOWS_PAGE, 0 } } } };
}

size_t slot_def_size(const struct space_def *def)
{
	(void)def;
	return slot_stub_size;
}

int slot_hold(struct space_def *def, const void *old, size_t n, uint64_t size, struct err *err)
{
	(void)def, (void)old, (void)n, (void)size, (void)err;
	return 0;
}

bool slot_same(const struct space_def *def, const void *old, uint64_t size)
{
	(void)def, (void)old, (void)size;
	return slot_stub_same;
}

uint64_t slot_counter(const void *mem, enum counter c)
{
	return ((const struct space_ctl *)mem)->counter[c];
}

uint32_t slot_peers(const void *mem)
{
	(void)mem;
	return 0;
}

uint32_t slot_observers(const void *mem)
{
	(void)mem;
	return 0;
}

#endif
