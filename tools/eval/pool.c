#include "tools/eval/pool.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct eval_pool_block {
    struct eval_pool_block *before;
    alignas(max_align_t) unsigned char data[];
};

void *kaon_eval_pool_take(struct eval_pool *pool, size_t count, size_t bytes)
{
    if (bytes && count > (SIZE_MAX - sizeof(struct eval_pool_block)) / bytes)
        return NULL;
    struct eval_pool_block *block = calloc(1, sizeof *block + count * bytes);
    if (!block)
        return NULL;
    block->before = pool->last;
    pool->last = block;
    return block->data;
}

char *kaon_eval_pool_text(struct eval_pool *pool, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = kaon_eval_pool_take(pool, bytes, 1);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

char *kaon_eval_pool_format(struct eval_pool *pool, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : kaon_eval_pool_take(pool, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void kaon_eval_pool_close(struct eval_pool *pool)
{
    while (pool->last) {
        struct eval_pool_block *block = pool->last;
        pool->last = block->before;
        free(block);
    }
}
