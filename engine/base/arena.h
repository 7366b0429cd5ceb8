/* Memory that is given back all at once.
 *
 *     chunk 0                      chunk 1 (twice as large)
 *     +--------+-----+-------+     +------+-----------------+
 *     | header | a   | b ... |---->| head | c    | free     |
 *     +--------+-----+-------+     +------+-----------------+
 *
 * An arena never moves what it has handed out. Chunks are kept by reset and release, so a second
 * round of the same size allocates nothing. */
#ifndef KAON_BASE_ARENA_H
#define KAON_BASE_ARENA_H

#include "engine/kaon.h"

#include <stdbool.h>

struct kaon_arena_chunk;

struct kaon_arena {
    const struct kaon_allocator *allocator; /* outlives the arena */
    struct kaon_arena_chunk *first, *current;
    size_t chunk_bytes; /* size of the next chunk at least */
    size_t before;      /* handed out by the chunks before the current one */
    size_t peak;        /* most ever handed out at a time */
};

struct kaon_arena_mark {
    struct kaon_arena_chunk *chunk;
    size_t used;
};

/* No memory is taken until the first push. */
void kaon_arena_open(struct kaon_arena *arena, const struct kaon_allocator *allocator,
                     size_t chunk_bytes);
void kaon_arena_close(struct kaon_arena *arena);

/* `bytes` bytes aligned to 64, not cleared; NULL if there is no memory. 0 bytes give a pointer. */
void *kaon_arena_push(struct kaon_arena *arena, size_t bytes);

/* n elements of `size` bytes, cleared; NULL also when the product overflows. */
void *kaon_arena_push_zero(struct kaon_arena *arena, size_t n, size_t size);

/* Copy of a byte string with a terminating 0. */
char *kaon_arena_push_text(struct kaon_arena *arena, const char *text, size_t bytes);

/* Makes sure that `bytes` more can be pushed, in one piece, without the allocator. */
bool kaon_arena_reserve(struct kaon_arena *arena, size_t bytes);

struct kaon_arena_mark kaon_arena_mark(const struct kaon_arena *arena);
void kaon_arena_release(struct kaon_arena *arena, struct kaon_arena_mark mark);
void kaon_arena_reset(struct kaon_arena *arena);

/* Bytes taken from the allocator, and handed out; arena->peak is the most of the latter. */
size_t kaon_arena_bytes(const struct kaon_arena *arena);
size_t kaon_arena_used(const struct kaon_arena *arena);

/* The default allocator: aligned_alloc and free. */
extern const struct kaon_allocator kaon_allocator_default;

#endif
