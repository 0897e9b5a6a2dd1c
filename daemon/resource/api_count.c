/* The function of coapd/module.h that counts. */
#include "base/counts.h"
#include "resource/mount.h"

void coapd_count(coapd_mount *mount, unsigned counter, uint64_t n)
{
	if (mount->spec.counts && counter < mount->desc->ncounters)
		counts_add(mount->spec.counts, counter, n);
}
