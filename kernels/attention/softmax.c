/* Softmax, the maximum moving from block to block. */
#include "kernels/attention/stream.h"

STREAM_SWEEP(sweep, stream_max, stream_weigh_exp, STREAM_WEIGHTS, 1)

static const struct stream softmax = {
    .softmax = true,
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(softmax);

/* The weights of another layer: called with that layer's queries and keys, and values of one's own. */
STREAM_KERNEL_AS(uniattn, softmax);

/* The same of minus half the squared distance. */
static const struct stream gauss_norm = {
    .mode = SCORE_GAUSS,
    .softmax = true,
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(gauss_norm);

/* ---- scores with a factor of the row's -------------------------------------------------------- */

enum { SSMAX_S, SSMAX_B };

static void ssmax_prepare(struct score_row *row)
{
    row->factor = score_param(row, SSMAX_S) * stream_log_of(row->n) + score_param(row, SSMAX_B);
}

static const struct stream ssmax = {
    .count = true,
    .softmax = true,
    .accumulators = 1,
    .prepare = ssmax_prepare,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(ssmax);

enum { SSA_BETA, SSA_TAU_Q, SSA_TAU_V };

static void ssa_prepare(struct score_row *row)
{
    const float beta = v_first(v_exp(v_set(score_param(row, SSA_BETA))));
    row->factor = score_param_at(row, SSA_TAU_Q, row->query) + 1.0f +
                  stream_exp_of(-beta) * stream_log_of(row->n);
}

static const struct stream ssa = {
    .count = true,
    .accumulators = 1,
    .key_gate = SSA_TAU_V,
    .prepare = ssa_prepare,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(ssa);

#ifdef KAON_ISA_SCALAR
#define SOFTMAX "e^x_j / sum_k e^x_k"

const struct kaon_attention_info kaon_attention_info_softmax = {
    STREAM_INFO,
    .name = "softmax",
    .title = "softmax, online over blocks of keys",
    .formula = SOFTMAX,
    .source = "arXiv:1706.03762, arXiv:1805.02867",
    .state = "m, l, o",
};

const struct kaon_attention_info kaon_attention_info_uniattn = {
    STREAM_INFO,
    .name = "uniattn",
    .title = "softmax that a group of layers shares",
    .formula = SOFTMAX ", q and k of the group's first layer",
    .source = "arXiv:2502.00439",
    .state = "m, l, o",
};

const struct kaon_attention_info kaon_attention_info_gauss_norm = {
    STREAM_INFO,
    .name = "gauss_norm",
    .title = "softmax of the distance of query and key",
    .formula = SOFTMAX ", x = -scale/2 |q - k|^2 + bias",
    .source = "arXiv:2411.07538",
    .state = "m, l, o",
};

const struct kaon_attention_info kaon_attention_info_ssmax = {
    STREAM_INFO,
    .name = "ssmax",
    .title = "scalable softmax: sharper for more keys",
    .formula = "softmax((s ln n + b) x)",
    .source = "arXiv:2501.19399",
    .state = "m, l, o",
    .param = { [SSMAX_S] = { "s", 0.43, -1e3, 1e3, "h", false },
               [SSMAX_B] = { "b", 0.0, -1e3, 1e3, "h", false } },
};

const struct kaon_attention_info kaon_attention_info_ssa = {
    STREAM_INFO,
    .name = "ssa",
    .title = "selective self-attention: temperatures of query, position and value",
    .formula = "softmax((tau_q + 1 + e^-e^beta ln n) x) tau_v",
    .source = "arXiv:2411.12892",
    .state = "m, l, o",
    .param = { [SSA_BETA] = { "beta", 2.0, -80.0, 80.0, "h", false },
               [SSA_TAU_Q] = { "tau_q", 0.0, -1e3, 1e3, "hq", false },
               [SSA_TAU_V] = { "tau_v", 1.0, -1e3, 1e3, "hk", false } },
};
#endif
