/* Softmax, the maximum moving from block to block. */
#include "kernels/attention/stream.h"

ALWAYS void weigh(vf *x, vf *x2, vf *sum, vf ref, const struct score_row *row, int count)
{
    (void)x2, (void)row;
    stream_exp(x, stream_shift(ref), count);
    V_FOR (k, count)
        sum[0] = v_add(sum[0], x[k]);
}

static void sweep(struct stream_part *part, const struct score_row *row, float *x, float *x2,
                  size_t rows, size_t n, size_t stride)
{
    stream_sweep(part, row, x, x2, rows, n, stride, stream_max, weigh, STREAM_WEIGHTS);
}

static const struct stream softmax = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(softmax);

#ifdef KAON_ISA_SCALAR
extern const struct kaon_attention_info kaon_attention_info_softmax;
const struct kaon_attention_info kaon_attention_info_softmax = {
    .name = "softmax",
    .title = "softmax, online over blocks of keys",
    .formula = "e^x_j / sum_k e^x_k",
    .source = "arXiv:1706.03762; arXiv:1805.02867",
    .state = "m, l, o",
    .family = KAON_ATTENTION_STREAM,
    .softcap = true,
    .bias = true,
    .mask = true,
    .window = true,
    .slopes = true,
    .bidirectional = true,
    .causal = true,
};
#endif
