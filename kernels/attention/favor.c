/* FAVOR+: exponential features of random projections, which approach softmax. */
#include "kernels/attention/state.h"

enum { OMEGA, EPS };

static size_t features(const struct kaon_attention_call *c)
{
    return c->param[OMEGA].rows;
}

/* Projections in panels, and scaled rows of a chunk. */
static size_t panels(const struct kaon_attention_call *c)
{
    return (kaon_gemm_packed_floats(c->size, features(c)) + VLEN - 1) / VLEN * VLEN;
}

static size_t room(const struct kaon_attention_call *c)
{
    return panels(c) + STATE_CHUNK * c->size;
}

static void begin(struct state_rows *r)
{
    const size_t n = r->call->size;
    r->kernels->gemm_pack(r->room, r->call->param[OMEGA].at, 1, (ptrdiff_t)n, n, features(r->call));
}

/* f = y = omega x D^-1/4; half[t] = |x|^2 D^-1/2 / 2 */
static void project(struct state_rows *r, float *half)
{
    const size_t n = r->call->size;
    const vf scale = v_set(1.0f / sqrtf(sqrtf((float)n)));
    float *y = r->room + panels(r->call);
    for (size_t t = 0; t < r->n; t++) {
        vf sum = v_set(0.0f);
        for (size_t i = 0; i < n; i += VLEN) {
            const vf x = v_mul(v_load_n(r->x[t] + i, n - i), scale);
            sum = v_fma(x, x, sum);
            v_store_n(y + t * n + i, x, n - i);
        }
        half[t] = 0.5f * v_sum(sum);
    }
    r->kernels->gemm(r->f, r->stride, y, n, r->room, r->n, features(r->call), n, NULL);
}

static float largest(const float *x, size_t n)
{
    vf max = v_set(-INFINITY);
    for (size_t i = 0; i < n; i += VLEN)
        max = v_max(max, v_load_fill(x + i, n - i, v_set(-INFINITY)));
    return v_reduce(max, v_max);
}

/* f = e^(y - shift) + eps, times factor */
static void exponentials(float *f, size_t n, float half, float shift, float eps, float factor)
{
    for (size_t i = 0; i < n; i += VLEN) {
        const vf y = v_sub(v_sub(v_load_n(f + i, n - i), v_set(shift)), v_set(half));
        v_store_n(f + i, v_mul(v_add(v_exp_negative(y), v_set(eps)), v_set(factor)), n - i);
    }
}

/* The largest projection so far is the reference of the state. */
static void keys(struct state_rows *r)
{
    const size_t m = features(r->call);
    float half[STATE_CHUNK];
    project(r, half);
    for (size_t t = 0; t < r->n; t++) {
        float *f = r->f + t * r->stride, *a = r->decay + t * r->stride;
        const float before = r->ref[t], most = largest(f, m);
        r->ref[t + 1] = most > before ? most : before;
        const vf decay = v_exp_negative(v_set(before - r->ref[t + 1]));
        for (size_t i = 0; i < m; i += VLEN)
            v_store_n(a + i, decay, m - i);
        exponentials(f, m, half[t], r->ref[t + 1], 0.0f, 1.0f);
    }
}

/* In causal order the maximum over all keys, which eps is measured by, would be one over later keys too. */
static float epsilon(const struct kaon_attention_call *c)
{
    return c->causal ? 0.0f : state_number(c, EPS);
}

/* Both factors M^-1/2 are in the query's. */
static void queries(struct state_rows *r)
{
    const size_t m = features(r->call);
    float half[STATE_CHUNK];
    project(r, half);
    for (size_t t = 0; t < r->n; t++) {
        float *f = r->f + t * r->stride;
        exponentials(f, m, half[t], largest(f, m), epsilon(r->call), 1.0f / (float)m);
    }
}

static void finish(float *out, const struct state_read *r)
{
    const size_t m = features(r->call);
    const float eps = epsilon(r->call);
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < m; i += VLEN)
        sum = v_add(sum, v_load_n(r->f + i, m - i));
    const float all = eps * v_sum(sum);
    float z = r->z + all * r->n;
    z += fabsf(z) <= eps ? 2.0f * eps : 0.0f;
    const float factor = state_ratio(1.0f, z);
    state_mix_out(out, r, factor, factor * all);
}

static const struct state_kind favor = {
    .decays = true,
    .normaliser = true,
    .sums_values = true,
    .features = features,
    .begin = begin,
    .keys = keys,
    .queries = queries,
    .finish = finish,
    .room = room,
};
STATE_KERNEL(favor);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_favor = {
    .name = "favor",
    .title = "Performer: positive random features (FAVOR+)",
    .formula =
        "phi(q).phi(k_j) / sum_k phi(q).phi(k_k), phi(x) = e^(omega y - |y|^2/2 - max) + eps, "
        "y = x D^-1/4",
    .source = "arXiv:2009.14794",
    .state = "c, S, z, sum v, n",
    .family = KAON_ATTENTION_STATE,
    .bidirectional = true,
    .causal = true,
    .param = { [OMEGA] = { "omega", 0.0, -1e3, 1e3, "md", true },
               [EPS] = { "eps", 1e-6, 0.0, 1.0, "", false } },
};
#endif
