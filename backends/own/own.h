/* The own backend from inside: one struct kaon_own an operator, found by kind. */
#ifndef KAON_BACKENDS_OWN_OWN_H
#define KAON_BACKENDS_OWN_OWN_H

#include "backends/backend.h"
#include "engine/base/attrs.h"
#include "engine/base/fact.h"
#include "engine/base/half.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"
#include "kernels/kernels.h"

struct kaon_own {
    enum kaon_status (*prepare)(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg);
    enum kaon_status (*pack)(const struct kaon_call *call, struct kaon_arena *memory,
                             const void **packed, struct kaon_msg *msg); /* NULL: nothing */
};

#define KAON_OP(id, name, domain) extern const struct kaon_own kaon_own_##id;
#define KAON_OP_CONTROL(id, name, domain)
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL

/* Tables of functions by element type have this many entries. */
enum { KAON_OWN_TYPES = KAON_I2 + 1 };

/* Refuses a call whose element type has no form here. */
enum kaon_status kaon_own_no_type(const struct kaon_call *call, enum kaon_type type,
                                  struct kaon_msg *msg);

/* Fails unless all inputs that are given have the first one's type. */
enum kaon_status kaon_own_same_types(const struct kaon_call *call, struct kaon_msg *msg);

/* True if `t` broadcasts to the shape of `to`, as it is. */
bool kaon_own_broadcasts(const struct kaon_tensor *t, const struct kaon_tensor *to);

/* Memory for arguments, cleared; sets the message if there is none. step->args points to it. */
void *kaon_own_args(struct kaon_step *step, struct kaon_arena *memory, size_t bytes,
                    struct kaon_msg *msg);

/* Fails with "node 'x' (Op): " and the text in front. */
__attribute__((format(printf, 4, 5))) enum kaon_status kaon_own_fail(const struct kaon_call *call,
                                                                     struct kaon_msg *msg,
                                                                     enum kaon_status status,
                                                                     const char *format, ...);

/* scratch_bytes for n elements of `size` bytes; fails if that overflows. */
enum kaon_status kaon_own_scratch(struct kaon_step *step, size_t n, size_t size,
                                  struct kaon_msg *msg);

/* Input or output i, NULL if it is not given or wanted. */
static inline const struct kaon_tensor *kaon_own_in(const struct kaon_call *call, size_t i)
{
    return i < call->n_in ? call->in[i] : NULL;
}

static inline struct kaon_tensor *kaon_own_out(const struct kaon_call *call, size_t i)
{
    return i < call->n_out ? call->out[i] : NULL;
}

/* An axis that inference has checked, made non-negative. */
static inline int32_t kaon_own_axis(int64_t axis, int32_t rank)
{
    return (int32_t)(axis < 0 ? axis + rank : axis);
}

/* Product of the lengths of axes from .. to - 1. */
static inline size_t kaon_own_product(const struct kaon_tensor *t, int32_t from, int32_t to)
{
    size_t n = 1;
    for (int32_t i = from; i < to; i++)
        n *= (size_t)t->dims[i];
    return n;
}

static inline size_t kaon_own_count(const struct kaon_tensor *t)
{
    return kaon_own_product(t, 0, t->rank);
}

#endif
