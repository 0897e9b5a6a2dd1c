#include "coap/code.h"

#include <stddef.h>

static const char *const names[256] = {
#define X(id, class, detail, name) [COAP_##id] = name,
	CODE_TABLE(X)
#undef X
};

const char *code_name(uint8_t code)
{
	return names[code];
}

const char *code_print(uint8_t code, char out[CODE_TEXT])
{
	out[0] = (char)('0' + code_class(code));
	out[1] = '.';
	out[2] = (char)('0' + code_detail(code) / 10);
	out[3] = (char)('0' + code_detail(code) % 10);
	out[4] = '\0';
	return out;
}
