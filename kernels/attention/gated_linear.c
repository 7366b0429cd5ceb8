/* Linear attention with a decay a feature and token, and the same as a dynamical system (DSF). */
#include "kernels/attention/state.h"

enum { DECAY, GAIN, NORM, ETA, SKIP };
enum { NORM_NONE, NORM_SUM, NORM_ETA };

static void keys(struct state_rows *r)
{
    const struct kaon_attention_call *c = r->call;
    const float *g = state_array(c, DECAY, r->kv);
    for (size_t t = 0; t < r->n; t++) {
        const vf gain = v_set(state_param(c, GAIN, r->kv, r->index[t]));
        for (size_t i = 0; i < c->size; i += VLEN) {
            const size_t at = t * r->stride + i, n = c->size - i;
            const vf log =
                g ? v_load_n(g + r->index[t] * c->size + i, n) : v_set(state_number(c, DECAY));
            v_store_n(r->decay + at, v_exp(log), n);
            v_store_n(r->f + at, v_mul(gain, v_load_n(r->x[t] + i, n)), n);
        }
    }
}

static void queries(struct state_rows *r)
{
    state_map(r, state_same);
}

/* out += skip v of the query's own token */
static void add_own(float *out, const struct state_read *r)
{
    const struct kaon_attention_call *c = r->call;
    const int64_t p = (int64_t)r->query + c->offset;
    const float *skip = state_array(c, SKIP, r->head);
    if (p < 0 || p >= (int64_t)c->keys || (c->key_mask && !c->key_mask[p]))
        return;
    const float *v = c->v.at + r->kv * c->v.head + (size_t)p * c->v.row;
    for (size_t i = 0; i < c->value_size; i += VLEN) {
        const size_t n = c->value_size - i;
        const vf by = skip ? v_load_n(skip + i, n) : v_set(state_number(c, SKIP));
        v_store_n(out + i, v_fma(by, v_load_n(v + i, n), v_load_n(out + i, n)), n);
    }
}

static void finish(float *out, const struct state_read *r)
{
    const struct kaon_attention_call *c = r->call;
    const float scale = isnan(c->scale) ? 1.0f / sqrtf((float)c->size) : c->scale;
    const int norm = (int)state_number(c, NORM);
    state_scale_out(out, r,
                    norm == NORM_SUM   ? state_ratio(scale, scale * r->z)
                    : norm == NORM_ETA ? scale / state_param(c, ETA, r->head, r->query)
                                       : scale);
    if (c->param[SKIP].at || state_number(c, SKIP) != 0.0f)
        add_own(out, r);
}

static const struct state_kind gated_linear = {
    .always_causal = true,
    .decays = true,
    .normaliser = true,
    .features = state_size,
    .keys = keys,
    .queries = queries,
    .finish = finish,
};
STATE_KERNEL(gated_linear);

static const struct state_kind dsf = {
    .always_causal = true,
    .decays = true,
    .normaliser = true,
    .features = state_size,
    .keys = keys,
    .queries = queries,
    .finish = finish,
};
STATE_KERNEL(dsf);

#ifdef KAON_ISA_SCALAR
#define FORMULA "scale q^T diag(e^(sum_(j<r<=i) g_r)) k_j b_j"

const struct kaon_attention_info kaon_attention_info_gated_linear = {
    .name = "gated_linear",
    .title = "gated linear attention; norm 0 none, 1 by the sum of the weights",
    .formula = FORMULA,
    .source = "arXiv:2312.06635",
    .state = "S, z",
    .family = KAON_ATTENTION_STATE,
    .causal = true,
    .param = { [DECAY] = { "g", 0.0, -1e4, 0.0, "gkd", true },
               [GAIN] = { "b", 1.0, -1e4, 1e4, "gk", false },
               [NORM] = { "norm", NORM_NONE, NORM_NONE, NORM_SUM, "", false } },
};

const struct kaon_attention_info kaon_attention_info_dsf = {
    .name = "dsf",
    .title = "dynamical system: decays, input gain, output divided by eta, skip; norm 0 none, 1 "
             "sum, 2 eta",
    .formula = FORMULA " / eta_i, plus skip v_i",
    .source = "arXiv:2405.15731",
    .state = "S, z",
    .family = KAON_ATTENTION_STATE,
    .causal = true,
    .param = { [DECAY] = { "g", 0.0, -1e4, 0.0, "gkd", true },
               [GAIN] = { "b", 1.0, -1e4, 1e4, "gk", false },
               [NORM] = { "norm", NORM_ETA, NORM_NONE, NORM_ETA, "", false },
               [ETA] = { "eta", 1.0, -1e6, 1e6, "hq", false },
               [SKIP] = { "skip", 0.0, -1e4, 1e4, "hv", false } },
};
#endif
