#include "engine/onnx/names.h"

#include <string.h>

struct kaon_onnx_name {
    struct kaon_onnx_name *next;  /* in the slot */
    struct kaon_onnx_name *older; /* in order of adding */
    const char *name;
    struct kaon_value *value;
    uint32_t hash, depth;
};

void kaon_onnx_names_open(struct kaon_onnx_names *names, struct kaon_arena *arena)
{
    *names = (struct kaon_onnx_names){ .arena = arena };
}

static uint32_t hash_of(const char *name) /* FNV-1a */
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

static bool grow(struct kaon_onnx_names *names)
{
    const size_t n = names->n_slots ? 2 * names->n_slots : 256;
    struct kaon_onnx_name **slots = kaon_arena_push_zero(names->arena, n, sizeof(void *));
    if (!slots)
        return false;
    /* Oldest entries must end up last in their slots: walk from the newest and append. */
    for (struct kaon_onnx_name *e = names->newest; e; e = e->older) {
        struct kaon_onnx_name **at = &slots[e->hash & (n - 1)];
        while (*at)
            at = &(*at)->next;
        *at = e;
        e->next = NULL;
    }
    names->slots = slots;
    names->n_slots = n;
    return true;
}

void kaon_onnx_names_enter(struct kaon_onnx_names *names)
{
    names->depth++;
}

void kaon_onnx_names_leave(struct kaon_onnx_names *names)
{
    while (names->newest && names->newest->depth == names->depth) {
        struct kaon_onnx_name *e = names->newest;
        names->slots[e->hash & (names->n_slots - 1)] = e->next; /* newest of all, so first there */
        names->newest = e->older;
        names->n--;
    }
    names->depth--;
}

static struct kaon_onnx_name *find(const struct kaon_onnx_names *names, const char *name)
{
    if (!names->n_slots)
        return NULL;
    const uint32_t h = hash_of(name);
    struct kaon_onnx_name *e = names->slots[h & (names->n_slots - 1)];
    while (e && (e->hash != h || strcmp(e->name, name)))
        e = e->next;
    return e;
}

bool kaon_onnx_names_here(const struct kaon_onnx_names *names, const char *name)
{
    const struct kaon_onnx_name *e = find(names, name);
    return e && e->depth == names->depth;
}

struct kaon_value *kaon_onnx_names_find(const struct kaon_onnx_names *names, const char *name)
{
    const struct kaon_onnx_name *e = find(names, name);
    return e ? e->value : NULL;
}

enum kaon_status kaon_onnx_names_add(struct kaon_onnx_names *names, const char *name,
                                     struct kaon_value *value, struct kaon_msg *msg)
{
    if (kaon_onnx_names_here(names, name))
        return kaon_fail(msg, KAON_BAD_MODEL, "the name '%s' is made twice", name);
    struct kaon_onnx_name *e = kaon_arena_push_zero(names->arena, 1, sizeof *e);
    if (!e || (names->n >= names->n_slots && !grow(names)))
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for names");
    e->name = name;
    e->value = value;
    e->hash = hash_of(name);
    e->depth = names->depth;
    struct kaon_onnx_name **slot = &names->slots[e->hash & (names->n_slots - 1)];
    e->next = *slot;
    *slot = e;
    e->older = names->newest;
    names->newest = e;
    names->n++;
    return KAON_OK;
}
