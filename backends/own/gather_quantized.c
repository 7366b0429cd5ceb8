/* GatherBlockQuantized: rows of a matrix of few bits, made floats as they are gathered. */
#include "backends/own/convert.h"
#include "backends/own/index.h"

struct gather_quantized {
    int32_t axis, along;
    int64_t packed; /* numbers in a byte along the last axis */
    int64_t dims[KAON_MAX_RANK];
};

/* Number i of numbers that lie one behind the other, `packed` a byte. */
static int64_t number(const struct kaon_tensor *t, int64_t packed, int64_t i)
{
    if (packed == 1)
        return kaon_element_int(t->type, t->data, i);
    return ((const uint8_t *)t->data)[i / packed] >> i % packed * (8 / packed) &
           ((1 << 8 / packed) - 1);
}

/* The element of the data at `at`. */
static double dequantized(const struct kaon_step *step, const int64_t *at)
{
    const struct gather_quantized *g = step->args;
    const struct kaon_gather_quantized *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *scale = step->call.in[2],
                             *zero = kaon_own_in(&step->call, 3);
    int64_t element = 0, block = 0, zero_row = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        const int64_t b = i == g->along ? at[i] / a->block : at[i];
        element = element * g->dims[i] + at[i];
        block = block * scale->dims[i] + b;
        if (zero)
            zero_row =
                zero_row * (i == x->rank - 1 ? zero->dims[i] * g->packed : zero->dims[i]) + b;
    }
    const double none = x->type == KAON_U8 ? (double)(1 << (a->bits - 1)) : 0.0;
    const double z = zero ? (double)number(zero, g->packed, zero_row) : none;
    return ((double)number(x, g->packed, element) - z) *
           kaon_element_double(scale->type, scale->data, block);
}

static enum kaon_status run_gather(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct gather_quantized *g = step->args;
    const struct kaon_tensor *x = step->call.in[0], *index = step->call.in[1],
                             *y = step->call.out[0];
    const size_t indices = kaon_own_count(index);
    size_t outer = 1, inner = 1, to = 0;
    int64_t at[KAON_MAX_RANK];
    for (int32_t i = 0; i < x->rank; i++)
        *(i < g->axis ? &outer : &inner) *= i == g->axis ? 1 : (size_t)g->dims[i];
    for (size_t o = 0; o < outer; o++)
        for (size_t k = 0; k < indices; k++) {
            const enum kaon_status st =
                kaon_index_read(&step->call, 1, k, 1, g->dims[g->axis], &at[g->axis], msg);
            if (st != KAON_OK)
                return st;
            for (size_t i = 0; i < inner; i++, to++) {
                size_t rest = i, before = o;
                for (int32_t d = x->rank - 1; d > g->axis; d--) {
                    at[d] = (int64_t)(rest % (size_t)g->dims[d]);
                    rest /= (size_t)g->dims[d];
                }
                for (int32_t d = g->axis - 1; d >= 0; d--) {
                    at[d] = (int64_t)(before % (size_t)g->dims[d]);
                    before /= (size_t)g->dims[d];
                }
                kaon_put_double(y->type, y->data, to, dequantized(step, at));
            }
        }
    return KAON_OK;
}

static bool takes(enum kaon_type type)
{
    return type == KAON_U8 || type == KAON_U4 || type == KAON_I4;
}

static enum kaon_status prepare_gather(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_gather_quantized *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *scale = call->in[2], *zero = kaon_own_in(call, 3);
    struct gather_quantized *g = kaon_own_args(step, memory, sizeof *g, msg);
    if (!g)
        return KAON_NO_MEMORY;
    if (!takes(x->type) || (zero && zero->type != x->type))
        return kaon_own_no_type(call, takes(x->type) ? zero->type : x->type, msg);
    if (call->in[1]->type != KAON_I32 && call->in[1]->type != KAON_I64)
        return kaon_own_no_type(call, call->in[1]->type, msg);
    g->packed = x->type == KAON_U8 ? 8 / a->bits : 1;
    g->axis = kaon_own_axis(a->axis, x->rank);
    g->along = kaon_own_axis(a->quantize_axis, x->rank);
    for (int32_t i = 0; i < x->rank; i++) {
        g->dims[i] = x->dims[i] * (i == x->rank - 1 ? g->packed : 1);
        const int64_t wanted =
            i == x->rank - 1 ? (scale->dims[i] + g->packed - 1) / g->packed : scale->dims[i];
        if (zero && (zero->rank != x->rank || zero->dims[i] != wanted))
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "zero points do not fit the scales");
    }
    step->run = run_gather;
    return KAON_OK;
}

const struct kaon_own kaon_own_gather_block_quantized = { .prepare = prepare_gather };
