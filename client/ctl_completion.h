/* ctl_completion.h - what bash completes on the command line of coapctl. */
#ifndef CLIENT_CTL_COMPLETION_H
#define CLIENT_CTL_COMPLETION_H

#include <stdio.h>

/* Prints the script that bash-completion loads. */
void ctl_completion_bash(FILE *out);

#endif
