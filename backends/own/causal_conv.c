/* CausalConvWithState: a row a channel, its past in front. */
#include "backends/own/wide.h"

#include <string.h>

struct causal {
    struct kaon_wide wide; /* first */
    size_t rows, channels, n, state;
};

/* y[t] += w * (past, x)[t + j]: the past ends where x begins. */
static void add_tap(const struct causal *p, float *y, const float *x, const float *past, float w,
                    size_t j)
{
    const size_t old = p->state - j < p->n ? p->state - j : p->n;
    for (size_t t = 0; past && t < old; t++)
        y[t] += w * past[t + j];
    for (size_t t = old; t < p->n; t++)
        y[t] += w * x[t + j - p->state];
}

static void keep_state(const struct causal *p, float *present, const float *x, const float *past)
{
    for (size_t i = 0; i < p->state; i++) {
        const size_t at = p->n + i;
        present[i] = at >= p->state ? x[at - p->state] : past ? past[at] : 0.0f;
    }
}

static enum kaon_status run_causal(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct causal *p = step->args;
    const struct kaon_causal_conv *a = step->call.attr;
    const float *bias = step->call.n_in > 2 ? in[2] : NULL,
                *all_past = step->call.n_in > 3 ? in[3] : NULL;
    float *all_present = step->call.n_out > 1 ? out[1] : NULL;
    (void)scratch;
    (void)msg;
    for (size_t row = 0; row < p->rows; row++) {
        const size_t c = row % p->channels;
        const float *x = in[0] + row * p->n, *past = all_past ? all_past + row * p->state : NULL;
        float *y = out[0] ? out[0] + row * p->n : NULL;
        for (size_t t = 0; y && t < p->n; t++)
            y[t] = bias ? bias[c] : 0.0f;
        for (size_t j = 0; y && j <= p->state; j++)
            add_tap(p, y, x, past, in[1][c * (p->state + 1) + j], j);
        if (all_present)
            keep_state(p, all_present + row * p->state, x, past);
    }
    if (a->silu && out[0])
        step->call.kernels->unary[KAON_UNARY_SWISH](out[0], out[0], p->rows * p->n, 1.0f, 0.0f);
    return KAON_OK;
}

static enum kaon_status prepare_causal(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *w = step->call.in[1];
    struct causal *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->channels = (size_t)x->dims[1];
    p->rows = (size_t)x->dims[0] * p->channels;
    p->n = (size_t)x->dims[2];
    p->state = (size_t)w->dims[2] - 1;
    step->macs = (uint64_t)p->rows * p->n * (p->state + 1);
    return kaon_wide_prepare(step, &p->wide, run_causal, 0, msg);
}

const struct kaon_own kaon_own_causal_conv_with_state = { .prepare = prepare_causal };
