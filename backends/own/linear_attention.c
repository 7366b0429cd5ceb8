/* LinearAttention, token by token: a state [size, values] a key and value head, which is decayed, corrected,
 * written and read. The state is kept in float32, whatever the type. */
#include "backends/own/wide.h"

#include <math.h>
#include <string.h>

enum { Q, K, V, PAST, DECAY, BETA };

struct linear_attention {
    struct kaon_wide wide; /* first */
    size_t batch, tokens, heads, kv_heads, size, values;
    size_t decays, betas; /* of a token: all heads together */
    float scale;
};

/* What one head keeps. */
struct head {
    float *state;  /* [size, values] */
    float *change; /* [values] */
    float *decay;  /* [size] */
};

static void decay(const struct kaon_step *step, const struct head *h, const float *by, bool one)
{
    const struct linear_attention *p = step->args;
    if (one) /* a number a head */
        for (size_t d = 0; d < p->size; d++)
            h->decay[d] = *by;
    else
        memcpy(h->decay, by, p->size * sizeof *by);
    step->call.kernels->unary[KAON_UNARY_EXP](h->decay, h->decay, p->size, 0.0f, 0.0f);
    for (size_t d = 0; d < p->size; d++)
        for (size_t m = 0; m < p->values; m++)
            h->state[d * p->values + m] *= h->decay[d];
}

/* change = beta (v - state^T k) */
static void correct(const struct linear_attention *p, const struct head *h, const float *k,
                    const float *v, float beta)
{
    memset(h->change, 0, p->values * sizeof *h->change);
    for (size_t d = 0; d < p->size; d++)
        for (size_t m = 0; m < p->values; m++)
            h->change[m] += h->state[d * p->values + m] * k[d];
    for (size_t m = 0; m < p->values; m++)
        h->change[m] = beta * (v[m] - h->change[m]);
}

static void add_outer(const struct linear_attention *p, const struct head *h, const float *k)
{
    for (size_t d = 0; d < p->size; d++)
        for (size_t m = 0; m < p->values; m++)
            h->state[d * p->values + m] += k[d] * h->change[m];
}

static void read_state(const struct linear_attention *p, const struct head *h, const float *q,
                       float *y)
{
    memset(y, 0, p->values * sizeof *y);
    for (size_t d = 0; d < p->size; d++)
        for (size_t m = 0; m < p->values; m++)
            y[m] += h->state[d * p->values + m] * q[d];
    for (size_t m = 0; m < p->values; m++)
        y[m] *= p->scale;
}

/* One token of key and value head g, `token` counted through the batch. */
static void advance(const struct kaon_step *step, const struct head *h, const float *const *in,
                    float *y, size_t token, size_t g)
{
    const struct linear_attention *p = step->args;
    const size_t shared = p->heads / p->kv_heads;
    const float *k = in[K] + (token * p->kv_heads + g) * p->size;
    const float *v = in[V] + (token * p->kv_heads + g) * p->values;
    const size_t decays = p->decays / p->kv_heads;
    if (in[DECAY])
        decay(step, h, in[DECAY] + token * p->decays + g * decays, decays == 1);
    if (in[BETA])
        correct(p, h, k, v, in[BETA][token * p->betas + (p->betas == 1 ? 0 : g)]);
    else
        memcpy(h->change, v, p->values * sizeof *v);
    add_outer(p, h, k);
    for (size_t i = g * shared; y && i < (g + 1) * shared; i++)
        read_state(p, h, in[Q] + (token * p->heads + i) * p->size,
                   y + (token * p->heads + i) * p->values);
}

static enum kaon_status run_linear(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct linear_attention *p = step->args;
    const size_t one = p->size * p->values;
    struct head h = { .state = scratch };
    (void)msg;
    h.change = h.state + one;
    h.decay = h.change + p->values;
    for (size_t b = 0; b < p->batch; b++)
        for (size_t g = 0; g < p->kv_heads; g++) {
            const size_t at = (b * p->kv_heads + g) * one;
            if (in[PAST])
                memcpy(h.state, in[PAST] + at, one * sizeof *h.state);
            else
                memset(h.state, 0, one * sizeof *h.state);
            for (size_t t = 0; t < p->tokens; t++)
                advance(step, &h, in, out[0], b * p->tokens + t, g);
            if (out[1])
                memcpy(out[1] + at, h.state, one * sizeof *h.state);
        }
    return KAON_OK;
}

static size_t last_length(const struct kaon_call *call, size_t i)
{
    const struct kaon_tensor *t = kaon_own_in(call, i);
    return t ? (size_t)t->dims[2] : 0;
}

static enum kaon_status prepare_linear(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_linear_attention *attr = call->attr;
    const struct kaon_tensor *q = call->in[Q], *v = call->in[V];
    struct linear_attention *p = kaon_own_args(step, memory, sizeof *p, msg);
    size_t floats;
    if (!p)
        return KAON_NO_MEMORY;
    p->batch = (size_t)q->dims[0];
    p->tokens = (size_t)q->dims[1];
    p->heads = (size_t)attr->heads;
    p->kv_heads = (size_t)attr->kv_heads;
    p->size = (size_t)q->dims[2] / p->heads;
    p->values = (size_t)v->dims[2] / p->kv_heads;
    p->decays = last_length(call, DECAY);
    p->betas = last_length(call, BETA);
    p->scale = attr->scale != 0.0f ? attr->scale : 1.0f / sqrtf((float)p->size);
    step->macs = 3 * (uint64_t)p->batch * p->tokens * p->heads * p->size * p->values;
    if (!kaon_mul(&floats, p->size + 1, p->values) || !kaon_add(&floats, floats, p->size) ||
        !kaon_mul(&floats, floats, sizeof(float)))
        return kaon_own_fail(call, msg, KAON_OVER_LIMIT, "its state is too large");
    return kaon_wide_prepare(step, &p->wide, run_linear, floats, msg);
}

const struct kaon_own kaon_own_linear_attention = { .prepare = prepare_linear };
const struct kaon_own kaon_own_contrib_linear_attention = { .prepare = prepare_linear };
