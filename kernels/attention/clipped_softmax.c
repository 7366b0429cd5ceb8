/* Softmax stretched and cut off: exact zeros and ones. Maximum and sum come from a first sweep. */
#include "kernels/attention/stream.h"

enum { CLIPPED_ZETA, CLIPPED_GAMMA, CLIPPED_ALPHA };

STREAM_SWEEP(first_sweep, stream_max, stream_weigh_exp, STREAM_ONLY_SUMS, 1)

/* own: maximum, (zeta - gamma) / l, gamma. */
static void between(struct score_row *row, const struct stream_part *part)
{
    const float alpha = score_param(row, CLIPPED_ALPHA), gamma = score_param(row, CLIPPED_GAMMA);
    const float low = isnan(alpha) ? gamma : -alpha / (row->n > 1.0f ? row->n : 1.0f);
    row->own[0] = part->ref[0] > -INFINITY ? part->ref[0] : 0.0f;
    row->own[1] =
        part->sum[0] > 0.0f ? (score_param(row, CLIPPED_ZETA) - low) / part->sum[0] : 0.0f;
    row->own[2] = low;
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    const vf zero = v_set(0.0f), one = v_set(1.0f);
    vf shown[V_SIDE];
    (void)x2, (void)sum, (void)ref;
    V_FOR (k, count)
        shown[k] = stream_one(x[k]);
    stream_exp(x, v_set(row->own[0]), count);
    V_FOR (k, count) {
        const vf w = v_fma(x[k], v_set(row->own[1]), v_set(row->own[2]));
        x[k] = v_mul(shown[k], v_min(one, v_max(zero, w)));
    }
}

STREAM_SWEEP(sweep, NULL, weigh, STREAM_WEIGHTS, 0)

static const struct stream clipped_softmax = {
    .count = true,
    .accumulators = 1,
    .first_sweep = first_sweep,
    .first_merge = stream_merge_max,
    .between = between,
    .sweep = sweep,
    .merge = stream_add,
    .finish = stream_finish_plain,
};
STREAM_KERNEL(clipped_softmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_clipped_softmax = {
    STREAM_INFO,
    .name = "clipped_softmax",
    .title = "softmax stretched and clipped",
    .formula = "clip((zeta - g) softmax(x)_j + g, 0, 1), g = -alpha / n or gamma",
    .source = "arXiv:2306.12929",
    .state = "m, l; then o",
    .param = { [CLIPPED_ZETA] = { "zeta", 1.0, 1.0, 1e3, "", false },
               [CLIPPED_GAMMA] = { "gamma", 0.0, -1e3, 0.0, "", false },
               [CLIPPED_ALPHA] = { "alpha", NAN, 0.0, 1e6, "", false } },
};
#endif
