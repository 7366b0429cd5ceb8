/* Attention without softmax, with layer norms of keys and values (Galerkin) or of queries and keys (Fourier). */
#include "kernels/attention/state.h"

enum { GK, BK, GV, BV, GALERKIN_EPS };
enum { GQ, BQ, FOURIER_GK, FOURIER_BK, FOURIER_EPS };

static void normalise_rows(struct state_rows *r, size_t head, int gain, int shift, float eps)
{
    const struct kaon_attention_call *c = r->call;
    for (size_t t = 0; t < r->n; t++)
        state_layer_norm(r->f + t * r->stride, r->x[t], c->size, state_array(c, gain, head),
                         state_array(c, shift, head), eps);
}

static void galerkin_keys(struct state_rows *r)
{
    const struct kaon_attention_call *c = r->call;
    const float eps = state_number(c, GALERKIN_EPS);
    normalise_rows(r, r->kv, GK, BK, eps);
    for (size_t t = 0; t < r->n; t++) {
        float *v = r->values + t * r->width;
        state_layer_norm(v, v, c->value_size, state_array(c, GV, r->kv), state_array(c, BV, r->kv),
                         eps);
    }
}

static void galerkin_queries(struct state_rows *r)
{
    state_map(r, state_same);
}

static void galerkin_finish(float *out, const struct state_read *r)
{
    state_scale_out(out, r, 1.0f / r->n);
}

static const struct state_kind galerkin = {
    .features = state_size,
    .keys = galerkin_keys,
    .queries = galerkin_queries,
    .finish = galerkin_finish,
};
STATE_KERNEL(galerkin);

static void fourier_keys(struct state_rows *r)
{
    normalise_rows(r, r->kv, FOURIER_GK, FOURIER_BK, state_number(r->call, FOURIER_EPS));
}

static void fourier_queries(struct state_rows *r)
{
    normalise_rows(r, r->head, GQ, BQ, state_number(r->call, FOURIER_EPS));
}

static void fourier_finish(float *out, const struct state_read *r)
{
    state_scale_out(out, r, 1.0f / (sqrtf((float)r->call->size) * r->n));
}

static const struct state_kind fourier = {
    .features = state_size,
    .keys = fourier_keys,
    .queries = fourier_queries,
    .finish = fourier_finish,
};
STATE_KERNEL(fourier);

#ifdef KAON_ISA_SCALAR
#define COMMON                                                                                     \
    .source = "arXiv:2105.14995", .state = "S, n", .family = KAON_ATTENTION_STATE,                 \
    .bidirectional = true, .causal = true
#define GAIN(name, shape)                                                                          \
    {                                                                                              \
        name, 1.0, -1e3, 1e3, shape, false                                                         \
    }
#define SHIFT(name, shape)                                                                         \
    {                                                                                              \
        name, 0.0, -1e3, 1e3, shape, false                                                         \
    }

const struct kaon_attention_info kaon_attention_info_galerkin = {
    COMMON,
    .name = "galerkin",
    .title = "Galerkin type: layer norm of keys and values, no softmax",
    .formula = "q.LN(k_j) / n, of LN(v_j)",
    .param = { [GK] = GAIN("gk", "gd"),
               [BK] = SHIFT("bk", "gd"),
               [GV] = GAIN("gv", "gv"),
               [BV] = SHIFT("bv", "gv"),
               [GALERKIN_EPS] = { "eps", 1e-5, 0.0, 1.0, "", false } },
};

const struct kaon_attention_info kaon_attention_info_fourier = {
    COMMON,
    .name = "fourier",
    .title = "Fourier type: layer norm of queries and keys, no softmax",
    .formula = "LN(q).LN(k_j) / (n sqrt D)",
    .param = { [GQ] = GAIN("gq", "hd"),
               [BQ] = SHIFT("bq", "hd"),
               [FOURIER_GK] = GAIN("gk", "gd"),
               [FOURIER_BK] = SHIFT("bk", "gd"),
               [FOURIER_EPS] = { "eps", 1e-5, 0.0, 1.0, "", false } },
};
#endif
