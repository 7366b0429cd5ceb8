/* Entmax: between softmax and sparsemax. */
#include "kernels/attention/threshold.h"

/* alpha = 1.5: Newton's method from the left, as for sparsemax. */
static void weigh_15(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                     size_t query, float *room)
{
    const float most = v_first(threshold_max(x, n));
    const size_t count = threshold_candidates(room, x, n, most, 0.5f);
    float tau = -1.0f;
    (void)c, (void)head, (void)query;
    for (int step = 0; step < THRESHOLD_STEPS; step++) {
        const float above = v_first(threshold_sum(room, count, v_set(tau), threshold_square));
        const float slope = v_first(threshold_sum(room, count, v_set(tau), threshold_identity));
        const float next = tau + 0.5f * (above - 1.0f) / slope;
        if (!(next > tau))
            break;
        tau = next;
    }
    threshold_weights(x, n, most, 0.5f, tau, threshold_square);
}

static const struct row_kind entmax15 = { .weigh = weigh_15, .room = threshold_room };
ROW_KERNEL(entmax15);

/* ---- any alpha -------------------------------------------------------------------------------- */

enum { ENTMAX_ALPHA };

/* u^power for 0 <= u <= 1. */
ALWAYS vf to_power(vf u, vf power)
{
    const vf y = v_exp_negative(v_mul(power, v_log(u)));
    return v_select(v_lt(v_set(0.0f), u), y, v_set(0.0f));
}

ALWAYS vf power_sum(const float *z, size_t n, vf tau, vf power)
{
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_fill(z + i, n - i, v_set(-INFINITY));
        sum = v_add(sum, to_power(v_max(v_set(0.0f), v_sub(v, tau)), power));
    }
    return v_fold(sum, v_add);
}

/* Bisection: at -1 the largest term alone is 1, at -n^-a no term exceeds 1 / n. The left end is kept, and the
 * weights are divided by their sum. */
static void weigh_any(float *x, size_t n, float a, float *room)
{
    enum { STEPS = 30 };
    const float most = v_first(threshold_max(x, n));
    const size_t count = threshold_candidates(room, x, n, most, a);
    const vf power = v_set(1.0f / a);
    float low = -1.0f;
    float high = -v_first(v_exp(v_set(-a * v_first(v_log(v_set((float)count))))));
    for (int step = 0; step < STEPS; step++) {
        const float middle = 0.5f * (low + high);
        if (v_first(power_sum(room, count, v_set(middle), power)) >= 1.0f)
            low = middle;
        else
            high = middle;
    }
    const vf factor = v_set(1.0f / v_first(power_sum(room, count, v_set(low), power)));
    for (size_t i = 0; i < n; i += VLEN) {
        const vf z = v_mul(v_set(a), v_sub(v_load_n(x + i, n - i), v_set(most)));
        const vf u = v_max(v_set(0.0f), v_sub(z, v_set(low)));
        v_store_n(x + i, v_mul(factor, to_power(u, power)), n - i);
    }
}

/* -inf is 0; there is a larger one. */
static void weigh_softmax(float *x, size_t n)
{
    const vf most = threshold_max(x, n);
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf e = v_exp_negative(v_sub(v_load_fill(x + i, n - i, v_set(-INFINITY)), most));
        sum = v_add(sum, e);
        v_store_n(x + i, e, n - i);
    }
    const vf factor = v_set(1.0f / v_sum(sum));
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(x + i, v_mul(factor, v_load_n(x + i, n - i)), n - i);
}

/* From here down the difference to softmax is below what the powers lose. */
#define LIKE_SOFTMAX 1.001f

static void weigh(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                  size_t query, float *room)
{
    const float alpha = row_param(c, ENTMAX_ALPHA, head);
    if (alpha <= LIKE_SOFTMAX)
        weigh_softmax(x, n);
    else if (alpha == 1.5f)
        weigh_15(x, n, c, head, query, room);
    else
        weigh_any(x, n, alpha - 1.0f, room);
}

static const struct row_kind entmax = { .weigh = weigh, .room = threshold_room };
ROW_KERNEL(entmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_entmax15 = {
    ROW_INFO,
    .name = "entmax15",
    .title = "entmax of alpha 1.5",
    .formula = "max(x_j / 2 - tau, 0)^2, tau so that they sum to 1",
    .source = "arXiv:1905.05702",
    .state = "max, candidates",
};

const struct kaon_attention_info kaon_attention_info_entmax = {
    ROW_INFO,
    .name = "entmax",
    .title = "entmax of an alpha a head: 1 softmax, 2 sparsemax",
    .formula = "max((alpha - 1) x_j - tau, 0)^(1 / (alpha - 1)), tau so that they sum to 1",
    .source = "arXiv:1909.00015",
    .state = "max, candidates",
    .param = { [ENTMAX_ALPHA] = { "alpha", 1.5, 1.0, 16.0, "h", false } },
};
#endif
