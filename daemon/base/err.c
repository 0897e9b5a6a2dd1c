#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	char text[sizeof e->text];      /* an argument may be e->text itself */
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	memcpy(e->text, text, strlen(text) + 1);
	return code;
}
