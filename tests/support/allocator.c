#include "tests/support/support.h"

/* A header before each block remembers its size; 64 bytes, so that alignment is kept. */
enum { HEADER = 64 };

static void *alloc(void *user, size_t bytes, size_t align)
{
    struct test_allocator *a = user;
    if (++a->calls == a->fail_at || align > HEADER ||
        (a->most_bytes && bytes > a->most_bytes - a->bytes)) {
        a->failed = true;
        return NULL;
    }
    char *block = aligned_alloc(HEADER, HEADER + ((bytes + HEADER - 1) & ~(size_t)(HEADER - 1)));
    if (!block)
        return NULL;
    memcpy(block, &bytes, sizeof bytes);
    a->blocks++;
    a->bytes += bytes;
    return block + HEADER;
}

static void release(void *user, void *memory)
{
    struct test_allocator *a = user;
    size_t bytes;
    if (!memory)
        return;
    char *block = (char *)memory - HEADER;
    memcpy(&bytes, block, sizeof bytes);
    a->blocks--;
    a->bytes -= bytes;
    free(block);
}

void test_allocator_open(struct test_allocator *a, size_t fail_at, size_t most_bytes)
{
    *a = (struct test_allocator){
        .self = { alloc, release, a },
        .fail_at = fail_at,
        .most_bytes = most_bytes,
    };
}
