/* Softmax sharpened where its entropy is high. The entropy comes from a first sweep. */
#include "kernels/attention/stream.h"

/* sum[0] = l, sum[1] = a = sum e^(x-m) (x-m). */
ALWAYS void weigh_entropy(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row,
                          int count)
{
    const vf shift = stream_shift(ref[0]);
    vf d[V_SIDE];
    (void)x2, (void)row;
    V_FOR (k, count)
        d[k] = v_max(v_set(-1e3f), v_sub(x[k], shift)); /* times 0, and not inf times 0 */
    stream_exp(x, shift, count);
    V_FOR (k, count) {
        sum[0] = v_add(sum[0], x[k]);
        sum[1] = v_fma(x[k], d[k], sum[1]);
    }
}

STREAM_SWEEP(entropy_sweep, stream_max, weigh_entropy, STREAM_ONLY_SUMS, 2)

/* Moving m to m' with d = m - m': l' = l e^d, a' = e^d (a + d l). */
static struct stream_factors merge_entropy(struct stream_part *a, const struct stream_part *b,
                                           const struct score_row *row)
{
    const float was = a->ref[0];
    struct stream_part other = *b;
    const struct stream_factors f = stream_to_larger(a, b);
    (void)row;
    if (f.a > 0.0f)
        a->sum[1] += (was - a->ref[0]) * a->sum[0];
    if (f.b > 0.0f)
        other.sum[1] += (b->ref[0] - a->ref[0]) * b->sum[0];
    stream_add_scaled(a, &other, &f);
    return f;
}

/* The published polynomial of the entropy; arXiv:2410.01104. */
static void temperature(struct score_row *row, const struct stream_part *part)
{
    const float l = part->sum[0];
    const float h = l > 0.0f ? v_first(v_log(v_set(l))) - part->sum[1] / l : 0.0f;
    const float beta = (((-0.037f * h + 0.481f) * h - 2.3f) * h + 4.917f) * h - 1.791f;
    row->factor = h > 0.5f && beta > 1.0f ? beta : 1.0f;
}

STREAM_SWEEP(sweep, stream_max, stream_weigh_exp, STREAM_WEIGHTS, 1)

static const struct stream adaptive_temp = {
    .accumulators = 1,
    .first_sweep = entropy_sweep,
    .first_merge = merge_entropy,
    .between = temperature,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(adaptive_temp);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_adaptive_temp = {
    STREAM_INFO,
    .name = "adaptive_temp",
    .title = "softmax with a temperature from its entropy",
    .formula = "softmax(max(1, P(H)) x), H the entropy of softmax(x)",
    .source = "arXiv:2410.01104",
    .state = "m, l, a; then m, l, o",
};
#endif
