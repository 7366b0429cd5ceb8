/* Self-adjust softmax, both forms. */
#include "kernels/attention/stream.h"

ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    vf score[V_SIDE];
    (void)x2, (void)row;
    V_FOR (k, count)
        score[k] = stream_shown(x[k], x[k]);
    stream_exp(x, stream_shift(ref[0]), count);
    V_FOR (k, count) {
        sum[0] = v_add(sum[0], x[k]);
        x[k] = v_mul(x[k], score[k]);
    }
}

STREAM_SWEEP(sweep, stream_max, weigh, STREAM_WEIGHTS, 1)

static const struct stream sa_softmax = {
    .accumulators = 1,
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = stream_finish_ratio,
};
STREAM_KERNEL(sa_softmax);

/* ---- the normalised form ---------------------------------------------------------------------- */

enum { REF_MAX, REF_LOW, REF_HIGH };

ALWAYS vf shown_score(vf x)
{
    return stream_shown(x, x);
}

/* ref: maximum, min(0, least), max(0, greatest). */
ALWAYS void norm_reference(vf ref[STREAM_REFS], float *x, size_t n, const struct score_row *row)
{
    stream_max(ref, x, n, row);
    ref[REF_LOW] = stream_fold(x, n, 0.0f, shown_score, v_min);
    ref[REF_HIGH] = v_max(v_set(0.0f), ref[REF_MAX]);
}

/* Weights (x - a) e^(x-m), second ones e^(x-m): what the first need when a moves. */
ALWAYS void norm_weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row,
                       int count)
{
    vf score[V_SIDE];
    (void)row;
    V_FOR (k, count)
        score[k] = stream_shown(x[k], v_sub(x[k], ref[REF_LOW]));
    stream_exp(x, stream_shift(ref[REF_MAX]), count);
    V_FOR (k, count) {
        sum[0] = v_add(sum[0], x[k]);
        x2[k] = x[k];
        x[k] = v_mul(x[k], score[k]);
    }
}

STREAM_SWEEP(norm_sweep, norm_reference, norm_weigh, STREAM_BOTH, 1)

static struct stream_factors norm_merge(struct stream_part *a, const struct stream_part *b,
                                        const struct score_row *row)
{
    const float low = fminf(a->ref[REF_LOW], b->ref[REF_LOW]);
    struct stream_factors f = stream_to_larger(a, b);
    (void)row;
    f.a_second = f.a * (a->ref[REF_LOW] - low);
    f.b_second = f.b * (b->ref[REF_LOW] - low);
    a->ref[REF_LOW] = low;
    a->ref[REF_HIGH] = fmaxf(a->ref[REF_HIGH], b->ref[REF_HIGH]);
    stream_add_scaled(a, b, &f);
    return f;
}

static void norm_finish(float *out, const float *values, const float *second, size_t n,
                        const struct stream_part *part, const struct score_row *row)
{
    const float sum =
        part->sum[0] * (part->ref[REF_HIGH] - part->ref[REF_LOW] + score_param(row, 0));
    (void)second;
    stream_scale_out(out, values, n, sum > 0.0f ? 1.0f / sum : 0.0f);
}

static const struct stream sa_softmax_norm = {
    .accumulators = 2,
    .sweep = norm_sweep,
    .merge = norm_merge,
    .finish = norm_finish,
};
STREAM_KERNEL(sa_softmax_norm);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_sa_softmax = {
    STREAM_INFO,
    .name = "sa_softmax",
    .title = "self-adjust softmax",
    .formula = "x_j softmax(x)_j",
    .source = "arXiv:2502.18277",
    .state = "m, l, o",
};

const struct kaon_attention_info kaon_attention_info_sa_softmax_norm = {
    STREAM_INFO,
    .name = "sa_softmax_norm",
    .title = "self-adjust softmax, normalised",
    .formula = "(x_j - a) / (b - a + eps) softmax(x)_j, a = min(0, min x), b = max(0, max x)",
    .source = "arXiv:2502.18277",
    .state = "m, a, b, l, o1, o0",
    .param = { { "eps", 1e-10, 0.0, 1.0, "", false } },
};
#endif
