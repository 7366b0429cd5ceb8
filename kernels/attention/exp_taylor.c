/* The exponential's Taylor polynomial, as softmax uses the exponential. */
#include "kernels/attention/stream.h"

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    const int order = (int)score_param(row, 0);
    const vf one = v_set(1.0f);
    vf t[V_SIDE], shown[V_SIDE];
    (void)x2, (void)ref;
    V_FOR (k, count) {
        t[k] = one;
        shown[k] = stream_one(x[k]);
        x[k] = stream_shown(x[k], x[k]);
    }
    for (int i = order; i > 0; i--)
        V_FOR (k, count)
            t[k] = v_fma(t[k], v_mul(x[k], v_set(1.0f / (float)i)), one);
    V_FOR (k, count) {
        x[k] = v_mul(shown[k], t[k]);
        sum[0] = v_add(sum[0], x[k]);
    }
}

STREAM_SWEEP(sweep, NULL, weigh, STREAM_WEIGHTS, 1)

static const struct stream exp_taylor = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_add,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(exp_taylor);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_exp_taylor = {
    STREAM_INFO,
    .name = "exp_taylor",
    .title = "softmax of the exponential's Taylor polynomial",
    .formula = "T(x_j) / sum_k T(x_k), T(x) = sum_p x^p / p! up to the order",
    .source = "arXiv:2507.23632",
    .state = "l, o",
    .param = { { "order", 4.0, 1.0, 64.0, "", false } },
};
#endif
