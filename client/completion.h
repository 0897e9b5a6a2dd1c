/* completion.h - what bash completes on the command line of coap. */
#ifndef CLIENT_COMPLETION_H
#define CLIENT_COMPLETION_H

#include <stdio.h>

/* Prints the script that bash-completion loads. */
void completion_bash(FILE *out);

#endif
