/* veil.h - texts that others made, without what must not be seen in them.
 *
 * Pure; used where a module's words are shown. */
#ifndef BASE_VEIL_H
#define BASE_VEIL_H

#include <stddef.h>

struct veil {
	const char *value;      /* not to be seen; "" is nothing */
	const char *by;         /* what stands there instead */
};

/* Replaces all of the values in a text for which cap bytes are there; what does not fit any
 * more is cut off, and so is the beginning of a value at the end of a text that fills its
 * room, as it was cut itself. */
void veil_text(const struct veil *list, size_t n, char *text, size_t cap);

#endif
