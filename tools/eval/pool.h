/* Memory that lives as long as one evaluation: taken in pieces, given back at once. */
#ifndef KAON_TOOLS_EVAL_POOL_H
#define KAON_TOOLS_EVAL_POOL_H

#include <stddef.h>

struct eval_pool_block;

struct eval_pool {
    struct eval_pool_block *last; /* zero-initialise */
};

/* `count` elements of `bytes` bytes, zeroed; NULL without memory or if the product overflows. */
void *kaon_eval_pool_take(struct eval_pool *pool, size_t count, size_t bytes);

/* A copy of a text, NULL without memory. */
char *kaon_eval_pool_text(struct eval_pool *pool, const char *text);

/* A formatted text, NULL without memory. */
char *kaon_eval_pool_format(struct eval_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void kaon_eval_pool_close(struct eval_pool *pool);

#endif
