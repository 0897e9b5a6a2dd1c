#include "base/veil.h"

#include <string.h>

/* Everything from p on makes room for, or closes up to, what it becomes. */
static void replace(char *text, size_t cap, char *p, size_t n, const char *by)
{
	size_t most = cap - 1 - (size_t)(p - text), len = strlen(by), rest = strlen(p + n);

	len = len < most ? len : most;
	rest = rest < most - len ? rest : most - len;
	memmove(p + len, p + n, rest);
	memcpy(p, by, len);
	p[len + rest] = '\0';
}

/* The longest end of the text that a value begins with. */
static void cut_beginning(const char *value, char *text, size_t length)
{
	size_t n = strlen(value);

	for (size_t k = n < length ? n : length; k; k--)
		if (memcmp(text + length - k, value, k) == 0) {
			text[length - k] = '\0';
			return;
		}
}

void veil_text(const struct veil *list, size_t n, char *text, size_t cap)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < n && length + 1 == cap; i++)
		cut_beginning(list[i].value, text, strlen(text));
	for (size_t i = 0; i < n; i++) {
		char *p = text;

		while (*list[i].value && (p = strstr(p, list[i].value))) {
			replace(text, cap, p, strlen(list[i].value), list[i].by);
			p += strnlen(list[i].by, strlen(p));
		}
	}
}
