/* Weights that are 0 below a threshold: sparsemax, 1.5-entmax and entmax of any alpha.
 *
 * Only scores less than r below the maximum can have a weight, r = 1, 2 or 1 / (alpha - 1): these candidates are
 * gathered once, and the threshold is sought among them, without sorting. */
#include "kernels/attention/row.h"
#include "kernels/isa.h"
#include "kernels/real.h"
#include "kernels/vmath.h"

enum { ALPHA };
enum { MOST_STEPS = 64 };

static size_t room(size_t n)
{
    return (n + VLEN - 1) / VLEN * VLEN;
}

static float largest(const float *x, size_t n)
{
    vf max = v_set(-INFINITY);
    for (size_t i = 0; i < n; i += VLEN)
        max = v_max(max, v_load_fill(x + i, n - i, v_set(-INFINITY)));
    return v_reduce(max, v_max);
}

/* z = factor (x - max), for those z above -1; how many there are. */
static size_t gather(float *z, const float *x, size_t n, float max, float factor)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const float value = factor * (x[i] - max);
        z[found] = value;
        found += value > -1.0f;
    }
    return found;
}

/* Sums over z > tau of (z - tau)^p, p = 0, 1, 2. In double: the step is a small difference of them. */
struct powers {
    double zero, one, two;
};

static struct powers sum_powers(const float *z, size_t n, double tau)
{
    struct powers sum = { 0, 0, 0 };
    for (size_t i = 0; i < n; i++) {
        const double u = (double)z[i] - tau;
        if (u > 0) {
            sum.zero += 1;
            sum.one += u;
            sum.two += u * u;
        }
    }
    return sum;
}

/* Newton from the left end, where the functions are convex and decreasing: tau only grows, and stops growing after
 * a finite number of steps (sparsemax) or at the precision of double. */
static double threshold(const float *z, size_t n, bool square)
{
    double tau = -1.0;
    for (int step = 0; step < MOST_STEPS; step++) {
        const struct powers sum = sum_powers(z, n, tau);
        const double next =
            square ? tau + (sum.two - 1.0) / (2.0 * sum.one) : tau + (sum.one - 1.0) / sum.zero;
        if (!(next > tau))
            break;
        tau = next;
    }
    return tau;
}

/* x = max(factor (x - max) - tau, 0), or its square */
ALWAYS void cut(float *x, size_t n, float max, float factor, float tau, bool square)
{
    for (size_t i = 0; i < n; i += VLEN) {
        const vf z = v_mul(v_sub(v_load_n(x + i, n - i), v_set(max)), v_set(factor));
        const vf u = v_max(v_set(0.0f), v_sub(z, v_set(tau)));
        v_store_n(x + i, square ? v_mul(u, u) : u, n - i);
    }
}

static void weigh_sparsemax(float *x, size_t n, float *z)
{
    const float max = largest(x, n);
    const size_t found = gather(z, x, n, max, 1.0f);
    cut(x, n, max, 1.0f, (float)threshold(z, found, false), false);
}

static void weigh_entmax15(float *x, size_t n, float *z)
{
    const float max = largest(x, n);
    const size_t found = gather(z, x, n, max, 0.5f);
    cut(x, n, max, 0.5f, (float)threshold(z, found, true), true);
}

static void sparsemax_row(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                          size_t query, float *z)
{
    (void)c, (void)head, (void)query;
    weigh_sparsemax(x, n, z);
}

static void entmax15_row(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                         size_t query, float *z)
{
    (void)c, (void)head, (void)query;
    weigh_entmax15(x, n, z);
}

/* ---- any alpha -------------------------------------------------------------------------------- */

static void divide(float *x, size_t n, float by)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(x + i, v_div(v_load_n(x + i, n - i), v_set(by)), n - i);
}

static void weigh_softmax(float *x, size_t n)
{
    const vf max = v_set(largest(x, n));
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf e = v_exp_negative(v_sub(v_load_fill(x + i, n - i, v_set(-INFINITY)), max));
        sum = v_add(sum, e);
        v_store_n(x + i, e, n - i);
    }
    divide(x, n, v_sum(sum));
}

/* Of candidates z and their weights' sum at tau, in double: the sum and its slope. */
static double step_of(const float *z, size_t n, double tau, double p)
{
    double sum = 0, slope = 0;
    for (size_t i = 0; i < n; i++) {
        const double u = (double)z[i] - tau;
        if (u > 0) {
            const double w = real_exp(p * real_log(u));
            sum += w;
            slope += p * w / u;
        }
    }
    return slope > 0 ? (sum - 1.0) / slope : 0.0;
}

/* Convex as above where p >= 1, alpha <= 2. Beyond, the slope is infinite where a term leaves: halving. */
static double power_threshold(const float *z, size_t n, double p)
{
    double low = -1.0, high = 0.0;
    for (int step = 0; step < MOST_STEPS; step++) {
        const double tau = p >= 1.0 ? low : 0.5 * (low + high);
        const double move = step_of(z, n, tau, p);
        if (p >= 1.0) {
            if (!(move > 1e-16))
                break;
            low += move;
        } else if (move >= 0) {
            low = tau;
        } else {
            high = tau;
        }
    }
    return low;
}

/* Weights in double for the candidates: with a large power the digits of the score count p-fold. */
static void weigh_power(float *x, size_t n, double a, float *z)
{
    const float max = largest(x, n);
    const size_t found = gather(z, x, n, max, (float)a);
    const double tau = power_threshold(z, found, 1.0 / a);
    double sum = 0;
    for (size_t i = 0; i < found; i++) {
        const double u = (double)z[i] - tau;
        sum += u > 0 ? real_exp(real_log(u) / a) : 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        const double u = (double)((float)a * (x[i] - max)) - tau;
        x[i] = u > 0 ? (float)(real_exp(real_log(u) / a) / sum) : 0.0f;
    }
}

static void entmax_row(float *x, size_t n, const struct kaon_attention_call *c, size_t head,
                       size_t query, float *z)
{
    const struct kaon_attention_param *p = &c->param[ALPHA];
    const float alpha = p->at ? p->at[head * p->head] : p->number;
    (void)query;
    if (alpha <= 1.001f)
        weigh_softmax(x, n);
    else if (alpha == 1.5f)
        weigh_entmax15(x, n, z);
    else if (alpha == 2.0f)
        weigh_sparsemax(x, n, z);
    else
        weigh_power(x, n, (double)alpha - 1.0, z);
}

static const struct row_kind sparsemax = { .weigh = sparsemax_row, .room = room };
ROW_KERNEL(sparsemax);

static const struct row_kind entmax15 = { .weigh = entmax15_row, .room = room };
ROW_KERNEL(entmax15);

static const struct row_kind entmax = { .weigh = entmax_row, .room = room };
ROW_KERNEL(entmax);

#ifdef KAON_ISA_SCALAR
const struct kaon_attention_info kaon_attention_info_sparsemax = {
    ROW_INFO,
    .name = "sparsemax",
    .title = "nearest point of the simplex",
    .formula = "max(x_j - tau, 0), tau such that they sum to 1",
    .source = "arXiv:1602.02068",
};

const struct kaon_attention_info kaon_attention_info_entmax15 = {
    ROW_INFO,
    .name = "entmax15",
    .title = "between softmax and sparsemax, alpha = 1.5",
    .formula = "max(x_j / 2 - tau, 0)^2, tau such that they sum to 1",
    .source = "arXiv:1905.05702",
};

const struct kaon_attention_info kaon_attention_info_entmax = {
    ROW_INFO,
    .name = "entmax",
    .title = "from softmax (alpha 1) to sparsemax (2) and beyond, alpha a head",
    .formula = "max((alpha - 1) x_j - tau, 0)^(1/(alpha - 1)), tau such that they sum to 1",
    .source = "arXiv:1909.00015",
    .param = { [ALPHA] = { "alpha", 1.5, 1.0, 16.0, "h", false } },
};
#endif
