#include "client/verb.h"

#include "coap/code.h"

#include <stddef.h>

const struct verb verbs[VERBS] = {
#define X(id, name, code, run, operand, summary) { name, code, run, operand, summary },
	VERB_TABLE(X)
#undef X
};
