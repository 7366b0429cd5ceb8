#include "engine/base/arena.h"

#include "engine/base/size.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

enum { ALIGN = 64 };

struct kaon_arena_chunk {
    struct kaon_arena_chunk *next;
    size_t room, used; /* of data */
    _Alignas(ALIGN) char data[];
};

static void *default_alloc(void *user, size_t bytes, size_t align)
{
    (void)user;
    size_t whole;
    if (!kaon_add(&whole, bytes, align - 1))
        return NULL;
    return aligned_alloc(align, whole & ~(align - 1));
}

static void default_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

const struct kaon_allocator kaon_allocator_default = { default_alloc, default_free, NULL };

void kaon_arena_open(struct kaon_arena *arena, const struct kaon_allocator *allocator,
                     size_t chunk_bytes)
{
    *arena = (struct kaon_arena){ .allocator = allocator, .chunk_bytes = chunk_bytes };
}

void kaon_arena_close(struct kaon_arena *arena)
{
    for (struct kaon_arena_chunk *c = arena->first; c;) {
        struct kaon_arena_chunk *next = c->next;
        ASAN_UNPOISON_MEMORY_REGION(c->data, c->room);
        arena->allocator->free(arena->allocator->user, c);
        c = next;
    }
    arena->first = arena->current = NULL;
    arena->before = 0;
}

/* Appends a chunk with room for `bytes` after the current one and makes it current. */
static bool add_chunk(struct kaon_arena *arena, size_t bytes)
{
    size_t room = bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes, whole;
    if (!kaon_add(&whole, room, sizeof(struct kaon_arena_chunk)))
        return false;
    struct kaon_arena_chunk *c = arena->allocator->alloc(arena->allocator->user, whole, ALIGN);
    if (!c)
        return false;
    *c = (struct kaon_arena_chunk){ .room = room };
    ASAN_POISON_MEMORY_REGION(c->data, c->room);
    if (arena->current) {
        c->next = arena->current->next;
        arena->current->next = c;
    } else {
        arena->first = c;
    }
    arena->current = c;
    if (arena->chunk_bytes < ((size_t)64 << 20))
        arena->chunk_bytes *= 2;
    return true;
}

/* Makes a chunk current that has room for `bytes`: this one, the next ones that were kept, or new. */
static bool find_chunk(struct kaon_arena *arena, size_t bytes)
{
    struct kaon_arena_chunk *c = arena->current;
    if (c && c->room - c->used >= bytes)
        return true;
    while (c && c->next) {
        arena->before += c->used;
        c = arena->current = c->next;
        c->used = 0;
        if (c->room >= bytes)
            return true;
    }
    arena->before += c ? c->used : 0;
    if (add_chunk(arena, bytes))
        return true;
    arena->before -= c ? c->used : 0;
    return false;
}

void *kaon_arena_push(struct kaon_arena *arena, size_t bytes)
{
    size_t whole;
    if (!kaon_add(&whole, bytes ? bytes : 1, ALIGN - 1))
        return NULL;
    whole &= ~(size_t)(ALIGN - 1);
    if (!find_chunk(arena, whole))
        return NULL;
    struct kaon_arena_chunk *c = arena->current;
    void *p = c->data + c->used;
    c->used += whole;
    if (arena->before + c->used > arena->peak)
        arena->peak = arena->before + c->used;
    ASAN_UNPOISON_MEMORY_REGION(p, bytes);
    return p;
}

void *kaon_arena_push_zero(struct kaon_arena *arena, size_t n, size_t size)
{
    size_t bytes;
    if (!kaon_mul(&bytes, n, size))
        return NULL;
    void *p = kaon_arena_push(arena, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

char *kaon_arena_push_text(struct kaon_arena *arena, const char *text, size_t bytes)
{
    char *p = kaon_arena_push(arena, bytes + 1);
    if (p) {
        if (bytes) /* the text of an empty field may be NULL */
            memcpy(p, text, bytes);
        p[bytes] = 0;
    }
    return p;
}

bool kaon_arena_reserve(struct kaon_arena *arena, size_t bytes)
{
    const struct kaon_arena_mark mark = kaon_arena_mark(arena);
    if (!kaon_arena_push(arena, bytes))
        return false;
    kaon_arena_release(arena, mark);
    return true;
}

struct kaon_arena_mark kaon_arena_mark(const struct kaon_arena *arena)
{
    return (struct kaon_arena_mark){ arena->current, arena->current ? arena->current->used : 0 };
}

void kaon_arena_release(struct kaon_arena *arena, struct kaon_arena_mark mark)
{
    struct kaon_arena_chunk *c = mark.chunk ? mark.chunk : arena->first;
    if (!c)
        return;
    c->used = mark.used;
    arena->current = c;
    arena->before = 0;
    for (const struct kaon_arena_chunk *p = arena->first; p != c; p = p->next)
        arena->before += p->used;
    ASAN_POISON_MEMORY_REGION(c->data + c->used, c->room - c->used);
    for (c = c->next; c; c = c->next) {
        c->used = 0;
        ASAN_POISON_MEMORY_REGION(c->data, c->room);
    }
}

void kaon_arena_reset(struct kaon_arena *arena)
{
    kaon_arena_release(arena, (struct kaon_arena_mark){ NULL, 0 });
}

size_t kaon_arena_bytes(const struct kaon_arena *arena)
{
    size_t bytes = 0;
    for (const struct kaon_arena_chunk *c = arena->first; c; c = c->next)
        bytes += c->room + sizeof *c;
    return bytes;
}

size_t kaon_arena_used(const struct kaon_arena *arena)
{
    return arena->current ? arena->before + arena->current->used : 0;
}
