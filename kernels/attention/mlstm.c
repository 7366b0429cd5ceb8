/* The matrix memory of xLSTM: exponential input gates and forget gates, one number a token each. */
#include "kernels/attention/state.h"
#include "kernels/real.h"

enum { INPUT, FORGET, EPS };

static double log_sigmoid(double z)
{
    const double tail = real_log(1.0 + real_exp(-fabs(z)));
    return (z < 0.0 ? z : 0.0) - tail;
}

/* The state stands for itself times e^ref. Gates are worked out in double: the reference moves by little at a
 * time, and in floats its rounding would add up. */
static void keys(struct state_rows *r)
{
    const struct kaon_attention_call *c = r->call;
    const vf scale = v_set(1.0f / sqrtf((float)c->size));
    for (size_t t = 0; t < r->n; t++) {
        const double in = (double)state_param(c, INPUT, r->kv, r->index[t]);
        const double kept =
            log_sigmoid((double)state_param(c, FORGET, r->kv, r->index[t])) + (double)r->ref[t];
        r->ref[t + 1] = (float)(kept > in ? kept : in);
        const float decay =
            r->ref[t] == -INFINITY ? 0.0f : (float)real_exp(kept - (double)r->ref[t + 1]);
        const vf gate = v_mul(v_set((float)real_exp(in - (double)r->ref[t + 1])), scale);
        for (size_t i = 0; i < c->size; i += VLEN) {
            const size_t at = t * r->stride + i, n = c->size - i;
            v_store_n(r->decay + at, v_set(decay), n);
            v_store_n(r->f + at, v_mul(gate, v_load_n(r->x[t] + i, n)), n);
        }
    }
}

static void queries(struct state_rows *r)
{
    state_map(r, state_same);
}

/* o / (max(|z|, e^-m) + eps); for m < 0 both sides times e^m, since e^-m may overflow. */
static void finish(float *out, const struct state_read *r)
{
    const float m = r->ref, eps = state_number(r->call, EPS), z = fabsf(r->z);
    const float e = (float)real_exp(m < 0.0f ? (double)m : -(double)m);
    const float shown = m < 0.0f ? z * e : z, least = m < 0.0f ? 1.0f : e;
    const float most = shown > least ? shown : least;
    state_scale_out(out, r, m < 0.0f ? e / (most + eps * e) : 1.0f / (most + eps));
}

static const struct state_kind mlstm = {
    .always_causal = true,
    .decays = true,
    .normaliser = true,
    .features = state_size,
    .keys = keys,
    .queries = queries,
    .finish = finish,
};
STATE_KERNEL(mlstm);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_mlstm = {
    .name = "mlstm",
    .title = "matrix memory of xLSTM, the recurrent layer of SWAX",
    .formula =
        "s_j / (max(|sum s|, e^-m) + eps), s_j = q.k_j / sqrt(D) e^(sum_(j<r<=i) ln sigma(f_r) "
        "+ i_j - m)",
    .source = "arXiv:2405.04517, arXiv:2509.24552",
    .state = "m, C, n",
    .family = KAON_ATTENTION_STATE,
    .causal = true,
    .param = { [INPUT] = { "i", 0.0, -1e4, 1e4, "gk", true },
               [FORGET] = { "f", 0.0, -1e4, 1e4, "gk", true },
               [EPS] = { "eps", 1e-6, 0.0, 1.0, "", false } },
};
#endif
