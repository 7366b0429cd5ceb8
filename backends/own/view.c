/* Operators that change the shape alone, and Shape and Size. The planner lets the output share the
 * input's memory where it can; this runs where it cannot. */
#include "backends/own/own.h"

#include <string.h>

static enum kaon_status run_copy(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    struct kaon_tensor *y = step->call.out[0];
    (void)msg;
    const size_t bytes = kaon_own_count(x) * kaon_type_bytes(x->type);
    if (y && bytes && y->data != x->data)
        memcpy(y->data, x->data, bytes);
    return KAON_OK;
}

static enum kaon_status prepare_copy(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    (void)memory;
    if (!kaon_type_bytes(x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    if (kaon_own_count(x) != kaon_own_count(step->call.out[0]))
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "%zu elements cannot become %zu",
                             kaon_own_count(x), kaon_own_count(step->call.out[0]));
    step->run = run_copy;
    step->kernel = "copy";
    return KAON_OK;
}

const struct kaon_own kaon_own_reshape = { .prepare = prepare_copy };
const struct kaon_own kaon_own_flatten = { .prepare = prepare_copy };
const struct kaon_own kaon_own_squeeze = { .prepare = prepare_copy };
const struct kaon_own kaon_own_unsqueeze = { .prepare = prepare_copy };
const struct kaon_own kaon_own_bit_cast = { .prepare = prepare_copy };
const struct kaon_own kaon_own_identity = { .prepare = prepare_copy };

/* ---- Shape, Size ----------------------------------------------------------------------------- */

static enum kaon_status run_shape(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_shape_range *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const struct kaon_tensor *y = step->call.out[0];
    int64_t start = a->start < 0 ? a->start + x->rank : a->start;
    (void)msg;
    start = kaon_max_i64(0, kaon_min_i64(x->rank, start));
    for (int64_t i = 0; y && i < y->dims[0]; i++)
        ((int64_t *)y->data)[i] = x->dims[start + i];
    return KAON_OK;
}

static enum kaon_status prepare_shape(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    (void)memory;
    (void)msg;
    step->run = run_shape;
    return KAON_OK;
}

const struct kaon_own kaon_own_shape = { .prepare = prepare_shape };

static enum kaon_status run_size(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    if (step->call.out[0])
        *(int64_t *)step->call.out[0]->data = (int64_t)kaon_own_count(step->call.in[0]);
    return KAON_OK;
}

static enum kaon_status prepare_size(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    (void)memory;
    (void)msg;
    step->run = run_size;
    return KAON_OK;
}

const struct kaon_own kaon_own_size = { .prepare = prepare_size };
