/* ctl_list.h - the verbs of coapctl that list what coapd keeps: peers, observers. */
#ifndef CLIENT_CTL_LIST_H
#define CLIENT_CTL_LIST_H

#include "coap/message.h"

#include <stdbool.h>

/* The path that a request asks for, "/a/b?c", as far as it fits; false if digits are no
 * message in hexadecimal.  Nothing in it commands a terminal. */
bool ctl_list_path(const char *digits, char *out, size_t cap);

/* The same of a message. */
void ctl_list_message_path(const struct message *m, char *out, size_t cap);

/* Whether a path is the one that is wanted or below it. */
bool ctl_list_is_below(const char *path, const char *wanted);

#endif
