/* Length-scaled softplus attention, and its re-weighted form. */
#include "kernels/attention/stream.h"

enum { LSSA_EPS, LSSAR_P };

/* Step 3 takes ln D ln n in place of the scale. */
static void prepare(struct score_row *row)
{
    row->scale = stream_log_of((float)row->call->size) * stream_log_of(row->n);
}

ALWAYS void to_softplus(vf *x, int count)
{
    V_FOR (k, count)
        x[k] = stream_shown(x[k], v_softplus(x[k]));
}

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)x2, (void)ref, (void)row;
    to_softplus(x, count);
    V_FOR (k, count)
        sum[0] = v_add(sum[0], x[k]);
}

STREAM_SWEEP(sweep, NULL, weigh, STREAM_WEIGHTS, 1)
STREAM_SWEEP(sum_sweep, NULL, weigh, STREAM_ONLY_SUMS, 1)

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    (void)second;
    stream_scale_out(out, values, n, 1.0f / (part->sum[0] + score_param(row, LSSA_EPS)));
}

static const struct stream lssa = {
    .mode = SCORE_COSINE,
    .count = true,
    .accumulators = 1,
    .prepare = prepare,
    .sweep = sweep,
    .merge = stream_add,
    .finish = finish,
};
STREAM_KERNEL(lssa);

/* ---- re-weighted ------------------------------------------------------------------------------ */

/* own: n / (l + eps), and what is subtracted. */
static void between(struct score_row *row, const struct stream_part *part)
{
    row->own[0] = row->n / (part->sum[0] + score_param(row, LSSA_EPS));
    row->own[1] = row->n <= 3.0f ? 0.0f : 1.0f;
}

/* Replaces the scores by u = relu(A n - o), 0 where a key is not visible; the reference is the largest. */
ALWAYS void rectify(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    vf most = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        vf u = v_load(x + i);
        to_softplus(&u, 1);
        u = v_max(v_set(0.0f), v_sub(v_mul(u, v_set(row->own[0])), v_set(row->own[1])));
        most = v_max(most, u);
        v_store(x + i, u);
    }
    ref[0] = v_fold(most, v_max);
    ref[1] = v_set(v_first(ref[0]) > 0.0f ? v_first(ref[0]) : 1.0f);
}

ALWAYS void reweigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    const int p = (int)score_param(row, LSSAR_P);
    (void)x2;
    V_FOR (k, count) {
        x[k] = stream_power(v_div(v_max(v_set(0.0f), x[k]), ref[1]), p);
        sum[0] = v_add(sum[0], x[k]);
    }
}

STREAM_SWEEP(power_sweep, rectify, reweigh, STREAM_WEIGHTS, 1)

static struct stream_factors power_merge(struct stream_part *a, const struct stream_part *b,
                                         const struct score_row *row)
{
    return stream_merge_power(a, b, (int)score_param(row, LSSAR_P));
}

static void power_finish(float *out, const float *values, const float *second, size_t n,
                         const struct stream_part *part, const struct score_row *row)
{
    const vf inverse = v_set(1.0f / part->ref[0]);
    const float most = v_first(stream_power(inverse, (int)score_param(row, LSSAR_P)));
    const float sum = part->sum[0] + score_param(row, LSSA_EPS) * most;
    (void)second;
    stream_scale_out(out, values, n, part->ref[0] > 0.0f ? 1.0f / sum : 0.0f);
}

static const struct stream lssar = {
    .mode = SCORE_COSINE,
    .count = true,
    .accumulators = 1,
    .prepare = prepare,
    .first_sweep = sum_sweep,
    .first_merge = stream_add,
    .between = between,
    .sweep = power_sweep,
    .merge = power_merge,
    .finish = power_finish,
};
STREAM_KERNEL(lssar);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_lssa = {
    STREAM_INFO,
    .name = "lssa",
    .title = "length-scaled softplus attention",
    .formula = "softplus(x_j) / (sum_k softplus(x_k) + eps), x = ln D ln n cos(q, k)",
    .source = "arXiv:2501.13428",
    .state = "l, o",
    .param = { [LSSA_EPS] = { "eps", 1e-8, 0.0, 1.0, "", false } },
};

const struct kaon_attention_info kaon_attention_info_lssar = {
    STREAM_INFO,
    .name = "lssar",
    .title = "length-scaled softplus attention, re-weighted",
    .formula = "u_j^p / (sum_k u_k^p + eps), u = relu(n lssa - o), o = 1 from n = 4 on",
    .source = "arXiv:2501.13428",
    .state = "l; then U, s, o",
    .param = { [LSSA_EPS] = { "eps", 1e-8, 0.0, 1.0, "", false },
               [LSSAR_P] = { "p", 15.0, 1.0, 64.0, "", false } },
};
#endif
