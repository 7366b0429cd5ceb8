/* QONNX's quantisation: q = round(clamp(x / scale + zero)), y = (q - zero) scale, in float32 step by
 * step as its definition has it. Every input broadcasts. */
#include "backends/own/own.h"

#include <math.h>

enum { INPUTS = 6 };

/* Elements from one output element to the next along an axis, for each input. */
struct broadcast {
    size_t step[INPUTS][KAON_MAX_RANK];
};

typedef float quantize_fn(const struct kaon_bits *a, const float *in);

static float to_integer(enum kaon_rounding rounding, float v)
{
    switch (rounding) {
    case KAON_BITS_EVEN:
        return rintf(v);
    case KAON_BITS_CEIL:
        return ceilf(v);
    case KAON_BITS_FLOOR:
        return floorf(v);
    case KAON_BITS_UP:
        return copysignf(ceilf(fabsf(v)), v);
    case KAON_BITS_DOWN:
        return truncf(v);
    case KAON_BITS_HALF_UP:
        return roundf(v);
    case KAON_BITS_HALF_DOWN: /* truncating first keeps halves exact */
        return truncf(v) + (fabsf(v - truncf(v)) > 0.5f ? copysignf(1.0f, v) : 0.0f);
    }
    return v;
}

/* To what `bits` bits hold, which may be a fraction of one. */
static float clamp(const struct kaon_bits *a, float bits, float v)
{
    const float all = (float)exp2((double)bits), half = (float)exp2((double)bits - 1.0);
    const float narrow = a->narrow ? 1.0f : 0.0f;
    const float most = a->is_signed ? half - 1.0f : all - 1.0f - narrow;
    const float least = a->is_signed ? narrow - half : 0.0f;
    v = v > most ? most : v;
    return v < least ? least : v;
}

/* in: x, scale, zero, bits */
static float quant(const struct kaon_bits *a, const float *in)
{
    const float v = in[0] / in[1] + in[2];
    const bool bipolar = in[3] == 1.0f && a->is_signed;
    const float q =
        bipolar ? (v >= 0.0f ? 1.0f : -1.0f) : to_integer(a->rounding, clamp(a, in[3], v));
    return (q - in[2]) * in[1];
}

/* in: x, scale */
static float bipolar(const struct kaon_bits *a, const float *in)
{
    (void)a;
    return in[0] / in[1] >= 0.0f ? in[1] : -in[1];
}

/* in: x, scale, zero, bits before, bits after */
static float trunc_bits(const struct kaon_bits *a, const float *in)
{
    const float factor = (float)exp2((double)in[3] - (double)in[4]);
    const float q = rintf(in[0] / in[1] + in[2]) / factor;
    return (to_integer(a->rounding, q) - in[2]) * in[1];
}

/* in: x, scale, zero, bits before, scale after, bits after; scales differ by a power of two */
static float trunc_scale(const struct kaon_bits *a, const float *in)
{
    const float factor = (float)exp2(rint(log2((double)(in[4] / in[1]))));
    const float q = rintf(in[0] / in[1] + in[2]) / factor;
    return (to_integer(a->rounding, clamp(a, in[5], q)) - in[2] / factor) * in[4];
}

static enum kaon_status run_each(const struct kaon_step *step, quantize_fn *fn)
{
    const struct broadcast *b = step->args;
    const struct kaon_tensor *y = step->call.out[0];
    const size_t n = kaon_own_count(y), inputs = step->call.n_in;
    int64_t index[KAON_MAX_RANK] = { 0 };
    size_t at[INPUTS] = { 0 };
    for (size_t i = 0; i < n; i++) {
        float in[INPUTS];
        for (size_t k = 0; k < inputs; k++) {
            const struct kaon_tensor *x = step->call.in[k];
            in[k] = x->type == KAON_F32
                        ? ((const float *)x->data)[at[k]]
                        : (float)kaon_element_double(x->type, x->data, (int64_t)at[k]);
        }
        ((float *)y->data)[i] = fn(step->call.attr, in);
        for (int32_t axis = y->rank - 1; axis >= 0; axis--) {
            const bool wraps = ++index[axis] == y->dims[axis];
            for (size_t k = 0; k < inputs; k++)
                at[k] = wraps ? at[k] - (size_t)(index[axis] - 1) * b->step[k][axis]
                              : at[k] + b->step[k][axis];
            if (!wraps)
                break;
            index[axis] = 0;
        }
    }
    return KAON_OK;
}

static enum kaon_status run_quant(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    return run_each(step, quant);
}

static enum kaon_status run_bipolar(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    return run_each(step, bipolar);
}

static enum kaon_status run_trunc(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    return run_each(step, step->call.n_in == 5 ? trunc_bits : trunc_scale);
}

static enum kaon_status prepare(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg)
{
    const struct kaon_tensor *y = step->call.out[0];
    struct broadcast *b = kaon_own_args(step, memory, sizeof *b, msg);
    if (!b)
        return KAON_NO_MEMORY;
    if (y->type != KAON_F32)
        return kaon_own_no_type(&step->call, y->type, msg);
    for (size_t k = 0; k < step->call.n_in; k++) {
        const struct kaon_tensor *x = step->call.in[k];
        size_t stride = 1;
        if (!kaon_type_is_float(x->type) && !kaon_type_is_integer(x->type))
            return kaon_own_no_type(&step->call, x->type, msg);
        for (int32_t i = x->rank - 1; i >= 0; i--) {
            b->step[k][i + y->rank - x->rank] = x->dims[i] == 1 ? 0 : stride;
            stride *= (size_t)x->dims[i];
        }
    }
    step->run = step->call.op->kind == KAON_OP_trunc           ? run_trunc
                : step->call.op->kind == KAON_OP_bipolar_quant ? run_bipolar
                                                               : run_quant;
    return KAON_OK;
}

const struct kaon_own kaon_own_int_quant = { .prepare = prepare };
const struct kaon_own kaon_own_quant = { .prepare = prepare };
const struct kaon_own kaon_own_bipolar_quant = { .prepare = prepare };
const struct kaon_own kaon_own_trunc = { .prepare = prepare };
