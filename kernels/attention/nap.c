/* Normalised attention: scores less their mean, over their deviation. */
#include "kernels/attention/stream.h"

enum { NAP_GAIN, NAP_BIAS, NAP_EPS };

ALWAYS vf shown_score(vf x)
{
    return stream_shown(x, x);
}

/* ref: the mean and the number of visible keys. */
ALWAYS void reference(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    (void)row;
    ref[1] = stream_fold(x, n, 0.0f, stream_one, v_add);
    const float count = v_first(ref[1]);
    ref[0] =
        v_set(count > 0.0f ? v_first(stream_fold(x, n, 0.0f, shown_score, v_add)) / count : 0.0f);
}

/* sum[0]: squares of the deviations. */
ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)row;
    V_FOR (k, count) {
        x2[k] = stream_one(x[k]);
        x[k] = stream_shown(x[k], v_sub(x[k], ref[0]));
        sum[0] = v_fma(x[k], x[k], sum[0]);
    }
}

STREAM_SWEEP(sweep, reference, weigh, STREAM_BOTH, 1)

/* T. F. Chan, G. H. Golub, R. J. LeVeque, Updating formulae and a pairwise algorithm, 1979. */
static struct stream_factors merge(struct stream_part *a, const struct stream_part *b,
                                   const struct score_row *row)
{
    const float n = a->ref[1] + b->ref[1], d = b->ref[0] - a->ref[0];
    struct stream_factors f = { .a = 1.0f, .b = 1.0f };
    (void)row;
    if (n > 0.0f) {
        const float mean = a->ref[0] + d * (b->ref[1] / n);
        f.a_second = a->ref[0] - mean;
        f.b_second = b->ref[0] - mean;
        a->sum[0] += b->sum[0] + d * d * (a->ref[1] * b->ref[1] / n);
        a->ref[0] = mean;
        a->ref[1] = n;
    }
    return f;
}

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    const float deviation = sqrtf(part->sum[0] / part->ref[1]) + score_param(row, NAP_EPS);
    const vf gain = v_set(score_param(row, NAP_GAIN) / deviation);
    const vf bias = v_set(score_param(row, NAP_BIAS));
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(
            out + i,
            v_fma(gain, v_load_n(values + i, n - i), v_mul(bias, v_load_n(second + i, n - i))),
            n - i);
}

static const struct stream nap = {
    .count = true,
    .accumulators = 2,
    .second_counts = true,
    .sweep = sweep,
    .merge = merge,
    .finish = finish,
};
STREAM_KERNEL(nap);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_nap = {
    STREAM_INFO,
    .name = "nap",
    .title = "normalised attention without probability cage",
    .formula = "gain (x_j - mean x) / (deviation of x + eps) + bias",
    .source = "arXiv:2005.09561",
    .state = "n, mean, M2, o1, o0",
    .param = { [NAP_GAIN] = { "gain", 1.0, -1e6, 1e6, "h", false },
               [NAP_BIAS] = { "bias", 0.0, -1e6, 1e6, "h", false },
               [NAP_EPS] = { "eps", 1e-3, 0.0, 1e3, "", false } },
};
#endif
