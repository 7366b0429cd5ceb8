/* Transformers are RNNs. */
#include "kernels/attention/state.h"

enum { EPS };

static void rows(struct state_rows *r)
{
    state_map(r, state_elu1);
}

static void finish(float *out, const struct state_read *r)
{
    state_scale_out(out, r, state_ratio(1.0f, r->z + state_number(r->call, EPS)));
}

static const struct state_kind linear_elu = {
    .normaliser = true,
    .features = state_size,
    .keys = rows,
    .queries = rows,
    .finish = finish,
};
STATE_KERNEL(linear_elu);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_linear_elu = {
    .name = "linear_elu",
    .title = "linear attention with the features elu + 1",
    .formula = "phi(q).phi(k_j) / (sum_k phi(q).phi(k_k) + eps), phi = elu + 1",
    .source = "arXiv:2006.16236",
    .state = "S, z",
    .family = KAON_ATTENTION_STATE,
    .bidirectional = true,
    .causal = true,
    .param = { [EPS] = { "eps", 1e-6, 0.0, 1.0, "", false } },
};
#endif
