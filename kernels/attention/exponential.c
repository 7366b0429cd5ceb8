/* Exponentials without softmax's sum: divided by the length, with RMS or L2 norm; and the Gaussian kernel. */
#include "kernels/attention/stream.h"

enum { EXP_CLAMP, EXP_EPS, EXP_GAIN };
#define GAUSS_CLAMP 80.0f /* only a positive bias goes beyond */

ALWAYS void weigh_clamped(vf *x, vf clamp, int count)
{
    V_FOR (k, count)
        x[k] = v_min(clamp, x[k]);
    v_exp_negative_many(x, NULL, count);
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)x2, (void)sum, (void)ref;
    weigh_clamped(x, v_set(score_param(row, EXP_CLAMP)), count);
}

STREAM_SWEEP(sweep, NULL, weigh, STREAM_WEIGHTS, 0)

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    (void)second, (void)part;
    stream_scale_out(out, values, n, 1.0f / row->n);
}

static const struct stream exp_n = {
    .count = true,
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish,
};
STREAM_KERNEL(exp_n);

/* ---- norms of the output ---------------------------------------------------------------------- */

static float square_sum(const float *x, size_t n)
{
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_n(x + i, n - i);
        sum = v_fma(v, v, sum);
    }
    return v_sum(sum);
}

static void finish_rms(float *out, const float *values, const float *second, size_t n,
                       const struct stream_part *part, const struct score_row *row)
{
    const struct kaon_attention_param *p = row->call->param;
    finish(out, values, second, n, part, row);
    const vf factor =
        v_set(1.0f / sqrtf(square_sum(out, n) / (float)n + score_param(row, EXP_EPS)));
    for (size_t i = 0; i < n; i += VLEN) {
        const vf gain =
            p[EXP_GAIN].at ? v_load_n(p[EXP_GAIN].at + i, n - i) : v_set(p[EXP_GAIN].number);
        v_store_n(out + i, v_mul(v_mul(v_load_n(out + i, n - i), factor), gain), n - i);
    }
}

static const struct stream exp_rms = {
    .count = true,
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish_rms,
};
STREAM_KERNEL(exp_rms);

ALWAYS void weigh_max(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)x2, (void)sum, (void)row;
    stream_exp(x, stream_shift(ref[0]), count);
}

STREAM_SWEEP(max_sweep, stream_max, weigh_max, STREAM_WEIGHTS, 0)

/* The reference cancels. */
static void finish_l2(float *out, const float *values, const float *second, size_t n,
                      const struct stream_part *part, const struct score_row *row)
{
    const float length = sqrtf(square_sum(values, n));
    (void)second, (void)part, (void)row;
    stream_scale_out(out, values, n, length > 0.0f ? 1.0f / length : 0.0f);
}

static const struct stream exp_l2 = {
    .accumulators = 1,
    .sweep = max_sweep,
    .merge = stream_merge_max,
    .finish = finish_l2,
};
STREAM_KERNEL(exp_l2);

/* ---- Gaussian --------------------------------------------------------------------------------- */

ALWAYS void weigh_gauss(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row,
                        int count)
{
    (void)x2, (void)sum, (void)ref, (void)row;
    weigh_clamped(x, v_set(GAUSS_CLAMP), count);
}

STREAM_SWEEP(gauss_sweep, NULL, weigh_gauss, STREAM_WEIGHTS, 0)

static const struct stream gauss = {
    .mode = SCORE_GAUSS,
    .accumulators = 1,
    .sweep = gauss_sweep,
    .merge = stream_add,
    .finish = stream_finish_plain,
};
STREAM_KERNEL(gauss);

#ifdef KAON_ISA_SCALAR
#define SOURCE "arXiv:2507.23632"
#define CLAMP                                                                                      \
    {                                                                                              \
        "clamp", 5.0, -80.0, 80.0, "", false                                                       \
    }

const struct kaon_attention_info kaon_attention_info_exp_n = {
    STREAM_INFO,
    .name = "exp_n",
    .title = "exponentials divided by the length",
    .formula = "e^min(x_j, clamp) / n",
    .source = SOURCE,
    .state = "o",
    .param = { [EXP_CLAMP] = CLAMP },
};

const struct kaon_attention_info kaon_attention_info_exp_rms = {
    STREAM_INFO,
    .name = "exp_rms",
    .title = "exponentials with RMS norm of the head",
    .formula = "RMS(sum_j e^min(x_j, clamp) v_j / n) g",
    .source = SOURCE,
    .state = "o",
    .param = { [EXP_CLAMP] = CLAMP,
               [EXP_EPS] = { "eps", 0x1p-23, 0.0, 1.0, "", false },
               [EXP_GAIN] = { "g", 1.0, -1e6, 1e6, "v", false } },
};

const struct kaon_attention_info kaon_attention_info_exp_l2 = {
    STREAM_INFO,
    .name = "exp_l2",
    .title = "exponentials with L2 norm of the head",
    .formula = "o / |o|, o = sum_j e^x_j v_j",
    .source = SOURCE,
    .state = "m, o",
};

const struct kaon_attention_info kaon_attention_info_gauss = {
    STREAM_INFO,
    .name = "gauss",
    .title = "Gaussian kernel of query and key",
    .formula = "e^x_j, x = -scale/2 |q - k|^2 + bias",
    .source = "arXiv:2411.07538",
    .state = "o",
};
#endif
