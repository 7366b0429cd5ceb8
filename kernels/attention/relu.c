/* ReLU in place of softmax, divided by the length or normalised. */
#include "kernels/attention/stream.h"

enum { RELU_GAMMA, RELU_EPS, RELU_GAIN, RELU_SHIFT };

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)x2, (void)sum, (void)ref, (void)row;
    V_FOR (k, count)
        x[k] = v_max(v_set(0.0f), x[k]);
}

STREAM_SWEEP(sweep, NULL, weigh, STREAM_WEIGHTS, 0)

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    (void)second, (void)part;
    stream_scale_out(out, values, n, stream_length_factor(row->n, score_param(row, RELU_GAMMA)));
}

static const struct stream relu = {
    .count = true,
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish,
};
STREAM_KERNEL(relu);

/* Layer norm of the head's output. */
static void finish_norm(float *out, const float *values, const float *second, size_t n,
                        const struct stream_part *part, const struct score_row *row)
{
    const struct kaon_attention_param *p = row->call->param;
    vf sum = v_set(0.0f), squares = v_set(0.0f);
    finish(out, values, second, n, part, row);
    for (size_t i = 0; i < n; i += VLEN)
        sum = v_add(sum, v_load_n(out + i, n - i));
    const vf mean = v_set(v_sum(sum) / (float)n);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf d = v_sub(v_load_fill(out + i, n - i, mean), mean);
        squares = v_fma(d, d, squares);
    }
    const vf factor = v_set(1.0f / sqrtf(v_sum(squares) / (float)n + p[RELU_EPS].number));
    for (size_t i = 0; i < n; i += VLEN) {
        const vf gain =
            p[RELU_GAIN].at ? v_load_n(p[RELU_GAIN].at + i, n - i) : v_set(p[RELU_GAIN].number);
        const vf shift =
            p[RELU_SHIFT].at ? v_load_n(p[RELU_SHIFT].at + i, n - i) : v_set(p[RELU_SHIFT].number);
        const vf y = v_mul(v_sub(v_load_n(out + i, n - i), mean), factor);
        v_store_n(out + i, v_fma(y, gain, shift), n - i);
    }
}

static const struct stream relu_ln = {
    .count = true,
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish_norm,
};
STREAM_KERNEL(relu_ln);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_relu = {
    STREAM_INFO,
    .name = "relu",
    .title = "ReLU attention",
    .formula = "relu(x_j) / n^gamma",
    .source = "arXiv:2309.08586",
    .state = "o",
    .param = { [RELU_GAMMA] = { "gamma", 1.0, -8.0, 8.0, "", false } },
};

const struct kaon_attention_info kaon_attention_info_relu_ln = {
    STREAM_INFO,
    .name = "relu_ln",
    .title = "ReLU attention with layer norm of the head",
    .formula = "LN(sum_j relu(x_j) v_j / n^gamma)",
    .source = "arXiv:2309.10713",
    .state = "o",
    .param = { [RELU_GAMMA] = { "gamma", 0.0, -8.0, 8.0, "", false },
               [RELU_EPS] = { "eps", 1e-6, 0.0, 1.0, "", false },
               [RELU_GAIN] = { "ln_g", 1.0, -1e6, 1e6, "v", false },
               [RELU_SHIFT] = { "ln_b", 0.0, -1e6, 1e6, "v", false } },
};
#endif
