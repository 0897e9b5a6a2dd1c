/* listing.h - a directory as link-format (RFC 6690): what is in it, with content
 * format and size. */
#ifndef FILES_LISTING_H
#define FILES_LISTING_H

#include "tree.h"

/* Replies with what is in a directory that is open for reading.  False: it is too much
 * for one reply. */
bool listing_reply(coapd_task *task, int directory);

/* Stands for what such a reply says now. */
uint64_t listing_sum(int directory);

/* Has the kernel read what both need; for any thread. */
void listing_warm(int directory);

/* The content format that a name's suffix speaks of. */
uint16_t listing_format(const char *name);

#endif
