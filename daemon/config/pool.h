/* pool.h - memory that is taken piece by piece and given back in one go.
 *
 * Owned by a site; used only while a site is loaded, so running out of memory
 * ends the process with a message: there is nothing yet that could be lost. */
#ifndef CONFIG_POOL_H
#define CONFIG_POOL_H

#include <stddef.h>

struct pool;

struct pool *pool_new(void);

/* Takes the pool and all that came from it; NULL is fine. */
void pool_free(struct pool *pool);

/* n zeroed bytes, aligned for anything; never NULL. */
void *pool_get(struct pool *pool, size_t n);

/* count zeroed elements of size bytes. */
void *pool_array(struct pool *pool, size_t count, size_t size);

/* Copies n bytes and ends them with a zero byte. */
char *pool_copy(struct pool *pool, const void *p, size_t n);

#endif
