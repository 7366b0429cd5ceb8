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

/* (1 + v)^power for v in -1 .. 0, else 0. Near 0 the logarithm is taken of v itself: a large power counts every
 * digit that 1 + v would lose. */
ALWAYS vf to_power(vf v, vf power)
{
    const vf u = v_add(v_set(1.0f), v), near = v_log_parts(v, v_set(0.0f));
    const vf log = v_select(v_lt(v_set(-0.28f), v), near, v_log(u));
    return v_select(v_lt(v_set(0.0f), u), v_exp_negative(v_mul(power, log)), v_set(0.0f));
}

struct power_sums {
    float weight,
        slope; /* sum of u^power, u = 1 + z - shift, and power times that of u^(power - 1) */
};

static struct power_sums sum_powers(const float *z, size_t n, float shift, float power)
{
    vf weight = v_set(0.0f), slope = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_sub(v_load_fill(z + i, n - i, v_set(-INFINITY)), v_set(shift));
        const vf w = to_power(v, v_set(power)), u = v_add(v_set(1.0f), v);
        weight = v_add(weight, w);
        slope = v_add(slope, v_select(v_lt(v_set(0.0f), w), v_div(w, u), v_set(0.0f)));
    }
    return (struct power_sums){ v_sum(weight), power * v_sum(slope) };
}

/* By Newton's method from the left, where the function is convex: alpha <= 2. */
static float shift_by_newton(const float *z, size_t n, float power)
{
    float shift = 0.0f;
    for (int step = 0; step < THRESHOLD_STEPS; step++) {
        const struct power_sums sum = sum_powers(z, n, shift, power);
        const float next = shift + (sum.weight - 1.0f) / sum.slope;
        if (!(next > shift))
            break;
        shift = next;
    }
    return shift;
}

/* By halves: at 0 the largest term alone is 1, at 1 - n^-a no term exceeds 1 / n. The left end is kept. */
static float shift_by_halves(const float *z, size_t n, float a, float power)
{
    enum { STEPS = 30 };
    float low = 0.0f, high = 1.0f - v_first(v_exp(v_set(-a * v_first(v_log(v_set((float)n))))));
    for (int step = 0; step < STEPS; step++) {
        const float middle = 0.5f * (low + high);
        if (sum_powers(z, n, middle, power).weight >= 1.0f)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The threshold is shift - 1; the weights are divided by their sum. */
static void weigh_any(float *x, size_t n, float a, float *room)
{
    const float most = v_first(threshold_max(x, n)), power = 1.0f / a;
    const size_t count = threshold_candidates(room, x, n, most, a);
    const float shift = power >= 1.0f ? shift_by_newton(room, count, power)
                                      : shift_by_halves(room, count, a, power);
    const vf factor = v_set(1.0f / sum_powers(room, count, shift, power).weight);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf z = v_mul(v_set(a), v_sub(v_load_n(x + i, n - i), v_set(most)));
        const vf w = to_power(v_sub(z, v_set(shift)), v_set(power));
        v_store_n(x + i, v_mul(factor, w), n - i);
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
