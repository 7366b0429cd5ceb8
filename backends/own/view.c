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

/* ---- Dropout --------------------------------------------------------------------------------- */

/* A mask of the data's type (before opset 10) is made of ones of that type. */
static void fill_ones(struct kaon_tensor *mask)
{
    const size_t n = kaon_own_count(mask);
    for (size_t i = 0; i < n; i++) {
        if (mask->type == KAON_F32)
            ((float *)mask->data)[i] = 1.0f;
        else if (mask->type == KAON_F64)
            ((double *)mask->data)[i] = 1.0;
        else if (mask->type == KAON_F16)
            ((uint16_t *)mask->data)[i] = 0x3c00;
        else
            ((uint8_t *)mask->data)[i] = 1;
    }
}

static enum kaon_status run_dropout(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *ratio = kaon_own_in(&step->call, 1),
                             *training = kaon_own_in(&step->call, 2);
    struct kaon_tensor *mask = kaon_own_out(&step->call, 1);
    if (training && kaon_element_int(training->type, training->data, 0) &&
        !(ratio && kaon_element_double(ratio->type, ratio->data, 0) == 0.0))
        return kaon_own_fail(&step->call, msg, KAON_UNSUPPORTED, "training mode is on");
    if (mask)
        fill_ones(mask);
    return run_copy(step, msg);
}

static enum kaon_status prepare_dropout(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (type != KAON_F32 && type != KAON_F64 && type != KAON_F16 && type != KAON_BF16 &&
        kaon_type_bytes(type) != 1)
        return kaon_own_no_type(&step->call, type, msg);
    for (size_t i = 1; i < step->call.n_in; i++)
        if (step->call.in[i] && kaon_own_count(step->call.in[i]) != 1)
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "input %zu is not one number",
                                 i);
    step->run = run_dropout;
    return KAON_OK;
}

const struct kaon_own kaon_own_dropout = { .prepare = prepare_dropout };

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
