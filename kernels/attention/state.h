/* Attention through a matrix a head in place of scores: the driver of the state family, and what a variant gives
 * it. With phi the features of a query or key, M of them,
 *
 *   S_t = diag(a_t) S_(t-1) + phi(k_t) v_t^T       z_t = a_t z_(t-1) + phi(k_t)       o_i = phi(q_i) S
 *
 * A query reads the state behind the last key that it sees; without causal order all queries read the last state.
 * Keys that the key mask hides are no tokens: they neither enter nor decay nor count.
 *
 * The cost is linear in the tokens, a constant each. Chunks of tokens run through a few rows of S that stay in
 * registers, which takes fewer operations than products of matrices within the chunk and leaves each element of S
 * and of o one chain of operations in the order of the tokens and features. So the bits are the same whether the
 * tokens come at once or one by one through past and present. S is summed in plain floats: over n tokens
 * of like sign its rounding grows as 2^-25 sqrt(n), at most as 2^-24 n. */
#ifndef KAON_KERNELS_ATTENTION_STATE_H
#define KAON_KERNELS_ATTENTION_STATE_H

#include "kernels/attention/attention.h"
#include "kernels/isa.h"
#include "kernels/kernels.h"
#include "kernels/vmath.h"

enum { STATE_CHUNK = 32 }; /* keys, and queries, that go through the state together */

/* Some tokens: rows of keys, or of the queries of one head. */
struct state_rows {
    const struct kaon_attention_call *call;
    const struct kaon_kernels *kernels;
    size_t kv, head; /* head: of the queries */
    size_t n;
    const float *x[STATE_CHUNK];
    size_t index[STATE_CHUNK]; /* the row in the call */
    double before;             /* tokens of earlier calls: what index 0 is the position of */
    float *f;                  /* features, [n][stride], zeros */
    size_t stride;
    /* Of keys only. */
    float *decay;  /* a, [n][stride], ones */
    float *values; /* [n][width], v and zeros up to the width */
    size_t width;  /* a multiple of VLEN */
    float *ref; /* [n + 1]: a number that goes with the state; [0] before the first of these keys */
    float *room; /* the variant's own */
};

/* What a query found. */
struct state_read {
    const struct kaon_attention_call *call;
    size_t kv, head, query;
    const float *f; /* its features */
    const float *o; /* phi(q) S */
    float z;        /* phi(q) . z */
    const float *v; /* sum of the values so far */
    float n, ref;   /* keys so far, at least one; the number that goes with the state */
};

struct state_kind {
    bool always_causal;
    bool decays;      /* else a = 1 */
    bool normaliser;  /* z is wanted */
    bool sums_values; /* v is wanted */
    size_t (*features)(const struct kaon_attention_call *c);
    void (*begin)(
        struct state_rows *r); /* before all others, with room and no rows; NULL: nothing to do */
    void (*keys)(struct state_rows *r);
    void (*queries)(struct state_rows *r);
    void (*finish)(float *out, const struct state_read *r);
    size_t (*room)(const struct kaon_attention_call *c); /* NULL: none */
};

/* Items: key and value heads. */
size_t KAON_K(kaon_state_items)(const struct kaon_attention_call *c);
size_t KAON_K(kaon_state_scratch)(const struct kaon_attention_call *c,
                                  const struct state_kind *kind);
size_t KAON_K(kaon_state_floats)(const struct kaon_attention_call *c,
                                 const struct state_kind *kind);
void KAON_K(kaon_state_run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                            const struct state_kind *kind, size_t from, size_t to, float *scratch);

/* Defines the kernel of a variant from a struct state_kind of that name. */
#define STATE_KERNEL(id)                                                                           \
    static size_t id##_scratch(const struct kaon_attention_call *c)                                \
    {                                                                                              \
        return KAON_K(kaon_state_scratch)(c, &id);                                                 \
    }                                                                                              \
    static size_t id##_state(const struct kaon_attention_call *c)                                  \
    {                                                                                              \
        return KAON_K(kaon_state_floats)(c, &id);                                                  \
    }                                                                                              \
    static void id##_run(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,  \
                         size_t from, size_t to, float *scratch)                                   \
    {                                                                                              \
        KAON_K(kaon_state_run)(c, kernels, &id, from, to, scratch);                                \
    }                                                                                              \
    const struct kaon_attention_kernel KAON_K(kaon_attention_##id) = {                             \
        .items = KAON_K(kaon_state_items),                                                         \
        .scratch = id##_scratch,                                                                   \
        .run = id##_run,                                                                           \
        .state = id##_state,                                                                       \
    }

/* ---- rows ------------------------------------------------------------------------------------- */

/* As many features as the head has elements. */
static inline size_t state_size(const struct kaon_attention_call *c)
{
    return c->size;
}

/* The features of each row element by element. */
ALWAYS void state_map(struct state_rows *r, v_op1 *f)
{
    for (size_t t = 0; t < r->n; t++)
        for (size_t i = 0; i < r->call->size; i += VLEN)
            v_store_n(r->f + t * r->stride + i, f(v_load_n(r->x[t] + i, r->call->size - i)),
                      r->call->size - i);
}

ALWAYS vf state_same(vf x)
{
    return x;
}

/* elu(x) + 1 */
ALWAYS vf state_elu1(vf x)
{
    const vf zero = v_set(0.0f);
    return v_select(v_lt(zero, x), v_add(x, v_set(1.0f)), v_exp_negative(v_min(zero, x)));
}

/* y = (x - mean) / sqrt(var + eps) g + b */
static inline void state_layer_norm(float *y, const float *x, size_t n, const float *g,
                                    const float *b, float eps)
{
    vf sum = v_set(0.0f), square = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN)
        sum = v_add(sum, v_load_n(x + i, n - i));
    const vf mean = v_set(v_sum(sum) / (float)n);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf d = v_sub(v_load_fill(x + i, n - i, mean), mean);
        square = v_fma(d, d, square);
    }
    const vf factor = v_set(1.0f / sqrtf(v_sum(square) / (float)n + eps));
    for (size_t i = 0; i < n; i += VLEN) {
        const vf d = v_mul(v_sub(v_load_n(x + i, n - i), mean), factor);
        const vf gain = g ? v_load_n(g + i, n - i) : v_set(1.0f);
        const vf shift = b ? v_load_n(b + i, n - i) : v_set(0.0f);
        v_store_n(y + i, v_fma(d, gain, shift), n - i);
    }
}

/* ---- parameters ------------------------------------------------------------------------------- */

static inline float state_number(const struct kaon_attention_call *c, int i)
{
    return c->param[i].number;
}

/* Element `index` of what a head has of a parameter. */
static inline float state_param(const struct kaon_attention_call *c, int i, size_t head,
                                size_t index)
{
    const struct kaon_attention_param *p = &c->param[i];
    return p->at ? p->at[head * p->head + index] : p->number;
}

/* What a head has of a parameter; NULL if it is not an array. */
static inline const float *state_array(const struct kaon_attention_call *c, int i, size_t head)
{
    const struct kaon_attention_param *p = &c->param[i];
    return p->at ? p->at + head * p->head : NULL;
}

/* ---- finishing -------------------------------------------------------------------------------- */

static inline float state_ratio(float a, float b)
{
    return b != 0.0f ? a / b : 0.0f;
}

/* out = factor o */
static inline void state_scale_out(float *out, const struct state_read *r, float factor)
{
    const size_t n = r->call->value_size;
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(out + i, v_mul(v_load_n(r->o + i, n - i), v_set(factor)), n - i);
}

/* out = a o + b v */
static inline void state_mix_out(float *out, const struct state_read *r, float a, float b)
{
    const size_t n = r->call->value_size;
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(
            out + i,
            v_fma(v_set(b), v_load_n(r->v + i, n - i), v_mul(v_set(a), v_load_n(r->o + i, n - i))),
            n - i);
}

#endif
