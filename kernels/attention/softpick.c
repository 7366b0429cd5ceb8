/* Rectified softmax that may attend to nothing.
 *
 * With e^-M = c, e^x = 2^n (1 + p):  e^(x-M) - e^-M = c 2^n p + (c 2^n - c), which loses nothing where x is
 * small (n = 0) and needs one exponential. c is kept as a mantissa and an exponent: for M > 87 it is no float. */
#include "kernels/attention/stream.h"

#define LEAST (-0x1p22f)

/* ref: M = max(0, max x), and the pair of c. */
ALWAYS void reference(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    stream_max(ref, x, n, row);
    ref[0] = v_max(v_set(0.0f), ref[0]);
    vf c = v_neg(ref[0]);
    v_exp_parts_many(&c, &ref[2], 1);
    ref[1] = v_add(c, v_set(1.0f));
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    const vf zero = v_set(0.0f), c = v_shrink(ref[1], ref[2]);
    vf n[V_SIDE], shown[V_SIDE];
    (void)x2, (void)row;
    V_FOR (k, count) {
        shown[k] = stream_one(x[k]);
        x[k] = v_max(v_set(LEAST), x[k]);
    }
    v_exp_parts_many(x, n, count);
    V_FOR (k, count) {
        const vf scaled = v_shrink(ref[1], v_add(n[k], ref[2]));
        const vf e = v_mul(shown[k], v_fma(scaled, x[k], v_sub(scaled, c)));
        sum[0] = v_add(sum[0], v_abs(e));
        x[k] = v_max(zero, e);
    }
}

STREAM_SWEEP(sweep, reference, weigh, STREAM_WEIGHTS, 1)

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    const float sum = part->sum[0] + score_param(row, 0);
    (void)second;
    stream_scale_out(out, values, n, sum > 0.0f ? 1.0f / sum : 0.0f);
}

static const struct stream softpick = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = finish,
};
STREAM_KERNEL(softpick);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_softpick = {
    STREAM_INFO,
    .name = "softpick",
    .title = "rectified softmax without sinks",
    .formula = "relu(e^x_j - 1) / (sum_k |e^x_k - 1| + eps)",
    .source = "arXiv:2504.20966",
    .state = "M, d, o",
    .param = { { "eps", 1e-8, 0.0, 1.0, "", false } },
};
#endif
