/* Softmax, the identity added and the mean taken off. */
#include "kernels/attention/stream.h"

enum { SHAPED_ALPHA, SHAPED_BETA, SHAPED_GAMMA };

/* Second weights 1: the sum of the values. */
ALWAYS void weigh(vf *x, vf *x2, vf *sum, const vf *ref, const struct score_row *row, int count)
{
    (void)row;
    V_FOR (k, count)
        x2[k] = stream_one(x[k]);
    stream_exp(x, stream_shift(ref[0]), count);
    V_FOR (k, count)
        sum[0] = v_add(sum[0], x[k]);
}

STREAM_SWEEP(sweep, stream_max, weigh, STREAM_BOTH, 1)

/* The query's own value; NULL if it is not visible. */
static const float *own_value(const struct score_row *row)
{
    const struct kaon_attention_call *c = row->call;
    const int64_t p = row->position;
    if (p < 0 || p >= (int64_t)c->keys || !KAON_K(kaon_score_visible)(row, (size_t)p))
        return NULL;
    return c->v.at + row->head / (c->heads / c->kv_heads) * c->v.head + (size_t)p * c->v.row;
}

static void finish(float *out, const float *values, const float *second, size_t n,
                   const struct stream_part *part, const struct score_row *row)
{
    const vf alpha = v_set(score_param(row, SHAPED_ALPHA));
    const vf beta = v_set(score_param(row, SHAPED_BETA) / part->sum[0]);
    const vf gamma = v_set(score_param(row, SHAPED_GAMMA) / row->n);
    const float *own = own_value(row);
    for (size_t i = 0; i < n; i += VLEN) {
        vf y = v_mul(beta, v_load_n(values + i, n - i));
        y = v_fnma(gamma, v_load_n(second + i, n - i), y);
        if (own)
            y = v_fma(alpha, v_load_n(own + i, n - i), y);
        v_store_n(out + i, y, n - i);
    }
}

static const struct stream shaped = {
    .count = true,
    .accumulators = 2,
    .second_counts = true,
    .second_adds = true, /* no maximum scales it */
    .sweep = sweep,
    .merge = stream_merge_max,
    .finish = finish,
};
STREAM_KERNEL(shaped);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_shaped = {
    STREAM_INFO,
    .name = "shaped",
    .title = "shaped attention: near the identity at the start of training",
    .formula = "alpha [j = i] + beta softmax(x)_j - gamma / n",
    .source = "arXiv:2306.17759",
    .state = "m, l, o, sum v",
    .param = { [SHAPED_ALPHA] = { "alpha", 1.0, -1e6, 1e6, "h", false },
               [SHAPED_BETA] = { "beta", 1.0, -1e6, 1e6, "h", false },
               [SHAPED_GAMMA] = { "gamma", 1.0, -1e6, 1e6, "h", false } },
};
#endif
