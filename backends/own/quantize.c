/* QuantizeLinear: round(x / scale) + zero point, halves to even, saturated to the type;
 * DequantizeLinear: (x - zero point) scale. One scale for all, for each slice of an axis, or for each
 * block of an axis. Scales divide and multiply in float32. */
#include "backends/own/convert.h"

#include <math.h>

struct quantize {
    size_t outer, n, inner; /* around the axis */
    size_t block;           /* elements of the axis that share a scale; n: all */
    size_t scales, step;    /* scales along the axis; elements of `inner` each has: 0 or 1 */
};

/* Ends of the integer types that take part. */
static bool ends(enum kaon_type type, double *low, double *high)
{
    static const struct {
        enum kaon_type type;
        double low, high;
    } table[] = {
        { KAON_U8, 0.0, 255.0 },
        { KAON_I8, -128.0, 127.0 },
        { KAON_U16, 0.0, 65535.0 },
        { KAON_I16, -32768.0, 32767.0 },
        { KAON_I32, -0x1p31, 0x1p31 - 1 },
        { KAON_U4, 0.0, 15.0 },
        { KAON_I4, -8.0, 7.0 },
        { KAON_U2, 0.0, 3.0 },
        { KAON_I2, -2.0, 1.0 },
    };
    for (size_t i = 0; i < KAON_COUNT(table); i++)
        if (table[i].type == type) {
            *low = table[i].low;
            *high = table[i].high;
            return true;
        }
    return false;
}

/* Index of the scale of element i. */
static size_t scale_of(const struct quantize *q, size_t i)
{
    if (q->scales == 1 && !q->step)
        return 0;
    const size_t o = i / (q->n * q->inner), k = i / q->inner % q->n, j = i % q->inner;
    return q->step ? (o * q->scales + k / q->block) * q->inner + j : k;
}

static enum kaon_status run_quantize(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct quantize *q = step->args;
    const struct kaon_quantize *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *s = step->call.in[1],
                             *z = kaon_own_in(&step->call, 2), *y = step->call.out[0];
    const size_t n = kaon_own_count(x);
    double low = 0.0, high = 0.0;
    const bool integer = ends(y->type, &low, &high);
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const int64_t at = (int64_t)scale_of(q, i);
        const float v = (float)kaon_element_double(x->type, x->data, (int64_t)i) /
                        (float)kaon_element_double(s->type, s->data, at);
        const double zero = z ? kaon_element_double(z->type, z->data, at) : 0.0;
        if (!integer) {
            const float wide = v + (float)zero;
            kaon_convert(y->type, (char *)y->data + i, KAON_F32, &wide, 1, a->saturate);
            continue;
        }
        const double r = rint((double)v) + zero;
        kaon_put_double(y->type, y->data, i, r < low ? low : r > high ? high : r);
    }
    return KAON_OK;
}

static enum kaon_status run_dequantize(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct quantize *q = step->args;
    const struct kaon_tensor *x = step->call.in[0], *s = step->call.in[1],
                             *z = kaon_own_in(&step->call, 2), *y = step->call.out[0];
    const size_t n = kaon_own_count(x);
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const int64_t at = (int64_t)scale_of(q, i);
        const double zero = z ? kaon_element_double(z->type, z->data, at) : 0.0;
        const float v = (float)(kaon_element_double(x->type, x->data, (int64_t)i) - zero) *
                        (float)kaon_element_double(s->type, s->data, at);
        kaon_put_double(y->type, y->data, i, (double)v);
    }
    return KAON_OK;
}

static bool takes_part(enum kaon_type type)
{
    double low, high;
    return ends(type, &low, &high) || (kaon_type_is_float(type) && kaon_type_bytes(type) == 1);
}

static enum kaon_status prepare_quantize(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    const struct kaon_quantize *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *s = step->call.in[1], *y = step->call.out[0];
    const struct kaon_tensor *z = kaon_own_in(&step->call, 2);
    const bool back = step->call.op->kind == KAON_OP_dequantize_linear;
    struct quantize *q = kaon_own_args(step, memory, sizeof *q, msg);
    if (!q)
        return KAON_NO_MEMORY;
    if (!takes_part(back ? x->type : y->type))
        return kaon_own_no_type(&step->call, back ? x->type : y->type, msg);
    if (z && kaon_own_count(z) != kaon_own_count(s))
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "%zu zero points for %zu scales",
                             kaon_own_count(z), kaon_own_count(s));
    q->outer = q->n = q->inner = q->scales = q->block = 1;
    if (a->block || kaon_own_count(s) > 1) {
        const int32_t axis = kaon_own_axis(a->axis, x->rank);
        q->outer = kaon_own_product(x, 0, axis);
        q->n = (size_t)x->dims[axis];
        q->inner = kaon_own_product(x, axis + 1, x->rank);
        q->scales = a->block ? (size_t)s->dims[axis] : q->n;
        q->block = a->block ? (size_t)a->block : 1;
        q->step = a->block != 0;
        if (a->block &&
            (q->scales * q->block < q->n || kaon_own_count(s) != q->outer * q->scales * q->inner))
            return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL,
                                 "scales do not fit blocks of %zu", q->block);
    }
    step->run = back ? run_dequantize : run_quantize;
    return KAON_OK;
}

const struct kaon_own kaon_own_quantize_linear = { .prepare = prepare_quantize };
const struct kaon_own kaon_own_dequantize_linear = { .prepare = prepare_quantize };
