/* Softmax with powers of two as references: every e^x is a pair p 2^n, and moving a reference is exact.
 * M. Dukhan and A. Ablavatski, arXiv:2001.04438, in blocks. */
#include "kernels/attention/stream.h"

/* Beyond this no exponential is told from 0, and the reduction would leave its range. */
#define LEAST (-0x1p22f)

/* The exponent of the largest: rounding is monotonous. */
ALWAYS void reference(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    vf exponent;
    stream_max(ref, x, n, row);
    v_exp_parts(v_max(v_set(LEAST), ref[0]), &exponent);
    ref[0] = v_select(v_eq(ref[0], v_set(-INFINITY)), ref[0], exponent);
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    const vf e = stream_shift(ref[0]);
    vf n[V_SIDE], shown[V_SIDE];
    (void)x2, (void)row;
    V_FOR (k, count) {
        shown[k] = stream_one(x[k]);
        x[k] = v_max(v_set(LEAST), x[k]);
    }
    v_exp_parts_many(x, n, count);
    V_FOR (k, count) {
        x[k] = v_mul(shown[k], v_shrink(v_add(x[k], v_set(1.0f)), v_sub(n[k], e)));
        sum[0] = v_add(sum[0], x[k]);
    }
}

STREAM_SWEEP(sweep, reference, weigh, STREAM_WEIGHTS, 1)

static float power_of_two(float n)
{
    return v_first(v_shrink(v_set(1.0f), v_set(n)));
}

static struct stream_factors merge(struct stream_part *a, const struct stream_part *b,
                                   const struct score_row *row)
{
    struct stream_factors f = { .a = 1.0f, .b = 1.0f };
    (void)row;
    if (a->ref[0] < b->ref[0]) {
        f.a = power_of_two(a->ref[0] - b->ref[0]);
        a->ref[0] = b->ref[0];
    } else if (b->ref[0] < a->ref[0]) {
        f.b = power_of_two(b->ref[0] - a->ref[0]);
    }
    stream_add_scaled(a, b, &f);
    return f;
}

static const struct stream softmax_2pass = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = merge,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(softmax_2pass);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_softmax_2pass = {
    STREAM_INFO,
    .name = "softmax_2pass",
    .title = "softmax in pairs of mantissa and exponent",
    .formula = "e^x_j / sum_k e^x_k, e^x = p 2^n",
    .source = "arXiv:2001.04438",
    .state = "e, mu, o",
};
#endif
