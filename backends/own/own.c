/* The own backend: every operator of op.inc on any x86 CPU, through the kernel table or plain C. */
#include "backends/own/own.h"

#include <stdarg.h>
#include <stdio.h>

static const struct kaon_own *const table[KAON_OP_COUNT] = {
#define KAON_OP(id, name, domain) [KAON_OP_##id] = &kaon_own_##id,
#define KAON_OP_CONTROL(id, name, domain)
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL
};

enum kaon_status kaon_own_fail(const struct kaon_call *call, struct kaon_msg *msg,
                               enum kaon_status status, const char *format, ...)
{
    char text[320];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return kaon_fail(msg, status, "node '%.100s' (%s): %s", call->node ? call->node : "",
                     call->op->name, text);
}

enum kaon_status kaon_own_no_type(const struct kaon_call *call, enum kaon_type type,
                                  struct kaon_msg *msg)
{
    return kaon_own_fail(call, msg, KAON_UNSUPPORTED, "element type %s", kaon_type_name(type));
}

enum kaon_status kaon_own_same_types(const struct kaon_call *call, struct kaon_msg *msg)
{
    for (size_t i = 1; i < call->n_in; i++)
        if (call->in[i] && call->in[i]->type != call->in[0]->type)
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "input %zu is %s, wanted %s", i,
                                 kaon_type_name(call->in[i]->type),
                                 kaon_type_name(call->in[0]->type));
    return KAON_OK;
}

bool kaon_own_broadcasts(const struct kaon_tensor *t, const struct kaon_tensor *to)
{
    if (t->rank > to->rank)
        return false;
    for (int32_t i = 0; i < t->rank; i++)
        if (t->dims[i] != 1 && t->dims[i] != to->dims[to->rank - t->rank + i])
            return false;
    return true;
}

void *kaon_own_args(struct kaon_step *step, struct kaon_arena *memory, size_t bytes,
                    struct kaon_msg *msg)
{
    void *args = kaon_arena_push_zero(memory, 1, bytes);
    if (!args)
        kaon_own_fail(&step->call, msg, KAON_NO_MEMORY, "no memory for %zu bytes of arguments",
                      bytes);
    step->args = args;
    return args;
}

enum kaon_status kaon_own_scratch(struct kaon_step *step, size_t n, size_t size,
                                  struct kaon_msg *msg)
{
    if (kaon_mul(&step->scratch_bytes, n, size))
        return KAON_OK;
    return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "%zu elements of scratch are too many",
                         n);
}

static enum kaon_status pack(const struct kaon_call *call, struct kaon_arena *memory,
                             const void **packed, struct kaon_msg *msg)
{
    const struct kaon_own *own = table[call->op->kind];
    *packed = NULL;
    return own && own->pack ? own->pack(call, memory, packed, msg) : KAON_OK;
}

static enum kaon_status prepare(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg)
{
    return table[step->call.op->kind]->prepare(step, memory, msg);
}

const struct kaon_backend kaon_backend_own = {
    .name = "own",
    .pack = pack,
    .prepare = prepare,
};
