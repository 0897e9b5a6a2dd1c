/* poison.h - tells AddressSanitizer which slab memory is not to be touched.
 *
 * Slab objects are reused by index, so malloc's red zones never see them; these
 * marks stand in.  Empty in other builds.  Every process. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define POISON_ACTIVE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ACTIVE 1
#endif
#endif

#ifndef POISON_ACTIVE
#define POISON_ACTIVE 0
#endif

#if POISON_ACTIVE
#include <sanitizer/asan_interface.h>
#define poison(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define unpoison(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define poison(p, n) ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

#endif
