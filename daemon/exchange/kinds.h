/* kinds.h - what the structs are made of that the engine keeps in slot memory
 * (base/kind.h): a field that is added to one gets its row here.
 *
 * What is derived has a row as well, so that no byte is without one; an adoption makes it
 * anew whatever it was. */
#ifndef EXCHANGE_KINDS_H
#define EXCHANGE_KINDS_H

#include "base/kind.h"

extern const struct mem_kind endpoint_kind, dealings_kind, dedup_kind, exchange_kind, blob_kind, xfer_kind,
	obs_kind, body_kind, assembly_kind, representation_kind, observer_kind;
extern const struct mem_kind engine_root_kind;

/* Of struct addr and struct local, for structs of the layers above. */
extern const struct mem_kind addr_kind, local_kind;

/* Of struct batch. */
extern const struct mem_kind batch_kind;

#endif
