/* Softmax with n further keys of score 0 and value 0. They enter once, at the end. */
#include "kernels/attention/stream.h"

STREAM_SWEEP(sweep, stream_max, stream_weigh_exp, STREAM_WEIGHTS, 1)

/* The virtual key has score ln n: brought to the larger maximum, as any part. */
static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    struct stream_part whole = *part;
    const float keys = score_param(row, 0);
    const struct stream_part virtual = { { keys > 0.0f ? v_first(v_log(v_set(keys))) : -INFINITY },
                                         { keys > 0.0f ? 1.0f : 0.0f } };
    const struct stream_factors f = stream_merge_max(&whole, &virtual, row);
    (void)second;
    stream_scale_out(out, values, n, whole.sum[0] != 0.0f ? f.a / whole.sum[0] : 0.0f);
}

static const struct stream softmax_n = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = finish,
};
STREAM_KERNEL(softmax_n);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_softmax_n = {
    STREAM_INFO,
    .name = "softmax_n",
    .title = "softmax that may attend to nothing",
    .formula = "e^x_j / (n + sum_k e^x_k)",
    .source = "arXiv:2404.03828",
    .state = "m, l, o",
    .param = { { "n", 1.0, 0.0, 1e9, "h", false } },
};
#endif
