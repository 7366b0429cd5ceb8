/* Linear attention that knows the length of the query (MALA), as the paper and as its code scale it. */
#include "kernels/attention/state.h"

enum { EPS };

static void rows(struct state_rows *r)
{
    state_map(r, state_elu1);
}

ALWAYS void finish(float *out, const struct state_read *r, bool code)
{
    const float c = code ? 1.0f / (sqrtf((float)r->call->size) * r->n) : 1.0f;
    const float z = c * r->z;
    const float factor = 1.0f + state_ratio(1.0f, z + state_number(r->call, EPS));
    state_mix_out(out, r, factor * c, -(z / r->n));
}

static void finish_paper(float *out, const struct state_read *r)
{
    finish(out, r, false);
}

static void finish_code(float *out, const struct state_read *r)
{
    finish(out, r, true);
}

static const struct state_kind mala_paper = {
    .normaliser = true,
    .sums_values = true,
    .features = state_size,
    .keys = rows,
    .queries = rows,
    .finish = finish_paper,
};
STATE_KERNEL(mala_paper);

static const struct state_kind mala_code = {
    .normaliser = true,
    .sums_values = true,
    .features = state_size,
    .keys = rows,
    .queries = rows,
    .finish = finish_code,
};
STATE_KERNEL(mala_code);

#ifdef KAON_ISA_SCALAR
#define COMMON                                                                                     \
    .source = "arXiv:2507.00698", .state = "S, z, sum v, n", .family = KAON_ATTENTION_STATE,       \
    .bidirectional = true, .causal = true

const struct kaon_attention_info kaon_attention_info_mala_paper = {
    COMMON,
    .name = "mala_paper",
    .title = "magnitude-aware linear attention, scaled as in the paper",
    .formula = "(1 + 1/(Z + eps)) s_j - Z/n, s_j = phi(q).phi(k_j), Z = sum s, phi = elu + 1",
    .param = { [EPS] = { "eps", 0.0, 0.0, 1.0, "", false } },
};

const struct kaon_attention_info kaon_attention_info_mala_code = {
    COMMON,
    .name = "mala_code",
    .title = "magnitude-aware linear attention, scaled as in its code",
    .formula = "(1 + 1/(Z + eps)) c s_j - Z/n, c = 1/(n sqrt D), Z = c sum s",
    .param = { [EPS] = { "eps", 1e-6, 0.0, 1.0, "", false } },
};
#endif
