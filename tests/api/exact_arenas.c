/* Linked with --wrap=kaon_arena_open: chunks of arenas are as large as what is pushed, so that each
 * push is an allocation, which can fail and whose ends a sanitizer guards. */
#include "engine/base/arena.h"

void __real_kaon_arena_open(struct kaon_arena *arena, const struct kaon_allocator *allocator,
                            size_t chunk_bytes);
void __wrap_kaon_arena_open(struct kaon_arena *arena, const struct kaon_allocator *allocator,
                            size_t chunk_bytes);

void __wrap_kaon_arena_open(struct kaon_arena *arena, const struct kaon_allocator *allocator,
                            size_t chunk_bytes)
{
    (void)chunk_bytes;
    __real_kaon_arena_open(arena, allocator, 0);
}
