/* cosFormer: relu features turned by an angle of the position's. */
#include "kernels/attention/state.h"
#include "kernels/real.h"

enum { LENGTH, EPS };

static size_t features(const struct kaon_attention_call *c)
{
    return 2 * c->size;
}

/* The length that the angles refer to: it changes all features of a cache, so a decoder gives it. */
static double length(const struct kaon_attention_call *c)
{
    const float m = state_number(c, LENGTH);
    return !isnan(m) ? (double)m : (double)(c->queries > c->keys ? c->queries : c->keys);
}

/* sin and cos of x quarters of a turn. */
static void turn(double x, float *sine, float *cosine)
{
    const double n = rint(x), r = (x - n) * REAL_PI_2;
    const double s = real_sin_series(r), c = real_cos_series(r);
    const unsigned quarter = (unsigned)(int64_t)n & 3;
    const double at[4] = { s, c, -s, -c };
    *sine = (float)at[quarter];
    *cosine = (float)at[(quarter + 1) & 3];
}

static void rows(struct state_rows *r, double offset)
{
    const size_t n = r->call->size;
    for (size_t t = 0; t < r->n; t++) {
        float sine, cosine;
        float *f = r->f + t * r->stride;
        turn(((double)r->index[t] + offset + 1.0) / length(r->call), &sine, &cosine);
        for (size_t i = 0; i < n; i += VLEN) {
            const vf x = v_max(v_set(0.0f), v_load_n(r->x[t] + i, n - i));
            v_store_n(f + i, v_mul(x, v_set(sine)), n - i);
            v_store_n(f + n + i, v_mul(x, v_set(cosine)), n - i);
        }
    }
}

static void keys(struct state_rows *r)
{
    rows(r, r->before);
}

static void queries(struct state_rows *r)
{
    rows(r, r->call->causal ? r->before + (double)r->call->offset : 0.0);
}

static void finish(float *out, const struct state_read *r)
{
    const float eps = state_number(r->call, EPS);
    state_scale_out(out, r, state_ratio(1.0f, r->z > eps ? r->z : eps));
}

static const struct state_kind cosformer = {
    .normaliser = true,
    .features = features,
    .keys = keys,
    .queries = queries,
    .finish = finish,
};
STATE_KERNEL(cosformer);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_cosformer = {
    .name = "cosformer",
    .title = "relu features, weighted by the cosine of the distance",
    .formula = "s_j / max(sum s, eps), s_j = relu(q).relu(k_j) cos(pi/2 (i - j) / m)",
    .source = "arXiv:2202.08791",
    .state = "S, z",
    .family = KAON_ATTENTION_STATE,
    .bidirectional = true,
    .causal = true,
    .param = { [LENGTH] = { "m", NAN, 1.0, 1e9, "", false },
               [EPS] = { "eps", 1e-6, 0.0, 1.0, "", false } },
};
#endif
