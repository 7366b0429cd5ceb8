/* Even powers in place of exponentials. */
#include "kernels/attention/stream.h"

enum { POWER_P, POWER_EPS };

ALWAYS vf magnitude(vf x)
{
    return stream_shown(x, v_abs(x));
}

/* ref: the largest |x|, and its inverse, 0 of nothing. */
ALWAYS void reference(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    (void)row;
    ref[0] = stream_fold(x, n, 0.0f, magnitude, v_max);
    const float most = v_first(ref[0]);
    ref[1] = v_set(most > 0.0f ? most : 1.0f);
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    const int p = (int)score_param(row, POWER_P);
    (void)x2;
    V_FOR (k, count) {
        x[k] = stream_power(v_div(stream_shown(x[k], x[k]), ref[1]), p);
        sum[0] = v_add(sum[0], x[k]);
    }
}

STREAM_SWEEP(sweep, reference, weigh, STREAM_WEIGHTS, 1)

static struct stream_factors merge(struct stream_part *a, const struct stream_part *b,
                                   const struct score_row *row)
{
    return stream_merge_power(a, b, (int)score_param(row, POWER_P));
}

/* eps in units of the largest power. */
static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    const float eps = score_param(row, POWER_EPS);
    const vf inverse = v_set(1.0f / part->ref[0]);
    float sum = part->sum[0];
    (void)second;
    if (eps > 0.0f && sum > 0.0f)
        sum += eps * v_first(stream_power(inverse, (int)score_param(row, POWER_P)));
    stream_scale_out(out, values, n, sum > 0.0f ? 1.0f / sum : 0.0f);
}

static const struct stream power_softmax = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = merge,
    .finish = finish,
};
STREAM_KERNEL(power_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_power_softmax = {
    STREAM_INFO,
    .name = "power_softmax",
    .title = "powers in place of exponentials",
    .formula = "x_j^p / (sum_k x_k^p + eps), p even",
    .source = "arXiv:2410.09457",
    .state = "m, l, o",
    .param = { [POWER_P] = { "p", 4.0, 2.0, 64.0, "", false },
               [POWER_EPS] = { "eps", 0.0, 0.0, 1e9, "", false } },
};
#endif
