/* Sigmoid in place of softmax: no reference, no sum. */
#include "kernels/attention/stream.h"

enum { SIGMOID_B, SIGMOID_GAMMA };

static void prepare(struct score_row *row)
{
    const float b = score_param(row, SIGMOID_B);
    row->own[0] = isnan(b) ? -stream_log_of(row->n) : b;
    row->own[1] = stream_length_factor(row->n, score_param(row, SIGMOID_GAMMA));
}

/* 1 / (1 + e^-z); e^-z of less than -88 is beyond FLT_MAX only where the weight is 0 in any case. */
ALWAYS void to_sigmoid(vf *x, int count)
{
    const vf one = v_set(1.0f), zero = v_set(0.0f);
    vf z[V_SIDE];
    V_FOR (k, count)
        z[k] = v_neg(v_abs(x[k]));
    v_exp_negative_many(z, NULL, count);
    V_FOR (k, count)
        x[k] = v_div(v_select(v_lt(x[k], zero), z[k], one), v_add(one, z[k]));
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)x2, (void)sum, (void)ref;
    V_FOR (k, count)
        x[k] = v_add(x[k], v_set(row->own[0]));
    to_sigmoid(x, count);
}

STREAM_SWEEP(sweep, NULL, weigh, STREAM_WEIGHTS, 0)

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    (void)second, (void)part;
    stream_scale_out(out, values, n, row->own[1]);
}

static const struct stream sigmoid = {
    .count = true,
    .accumulators = 1,
    .prepare = prepare,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish,
};
STREAM_KERNEL(sigmoid);

/* ---- swat ------------------------------------------------------------------------------------- */

static void prepare_swat(struct score_row *row)
{
    row->own[0] = 0.0f;
    row->own[1] = 1.0f;
}

static const struct stream swat = {
    .accumulators = 1,
    .prepare = prepare_swat,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish,
};
STREAM_KERNEL(swat);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_sigmoid = {
    STREAM_INFO,
    .name = "sigmoid",
    .title = "sigmoid attention",
    .formula = "sigma(x_j + b) / n^gamma, b = -ln n unless given",
    .source = "arXiv:2409.04431",
    .state = "o",
    .param = { [SIGMOID_B] = { "b", NAN, -1e4, 1e4, "h", false },
               [SIGMOID_GAMMA] = { "gamma", 0.0, -8.0, 8.0, "", false } },
};

const struct kaon_attention_info kaon_attention_info_swat = {
    STREAM_INFO,
    .name = "swat",
    .title = "sliding-window sigmoid with rotated queries and keys and balanced slopes",
    .formula = "sigma(x_j)",
    .source = "arXiv:2502.18845",
    .state = "o",
};
#endif
