#include "tools/eval/mathd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two pieces: products of the first with a whole number up to 2^11 are exact. */
static const double ln2_high = 0x1.62e42fefa3800p-1, ln2_low = 0x1.ef35793c76730p-45;

/* A number as the unevaluated sum of two doubles. */
struct pair {
    double high, low;
};

static struct pair two_sum(double a, double b)
{
    const double sum = a + b, part = sum - a;
    return (struct pair){ sum, (a - (sum - part)) + (b - part) };
}

/* Dekker's product: exact where nothing overflows. */
static struct pair two_product(double a, double b)
{
    const double split = 0x1p27 + 1;
    const double ca = split * a, cb = split * b;
    const double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh;
    const double p = a * b;
    return (struct pair){ p, ((ah * bh - p) + ah * bl + al * bh) + al * bl };
}

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* x = m 2^k with m in [sqrt(1/2), sqrt(2)); s = (m - 1) / (m + 1); ln m = 2 (s + s^3/3 + s^5/5 ...).
 * |s| < 0.1716, so that what follows s is a hundredth of it and its rounding does not matter; s
 * itself and k ln 2 are carried in two pieces. */
double kaon_eval_log(double x)
{
    int k = 0;
    if (!(x > 0))
        return x < 0 || isnan(x) ? NAN : -INFINITY;
    if (isinf(x))
        return x;
    if (x < 0x1p-1022) /* subnormal */
        x *= 0x1p54, k = -54;
    uint64_t bits = to_bits(x);
    k += (int)(bits >> 52) - 1023;
    double m = from_bits((bits & 0xfffffffffffffu) | ((uint64_t)1023 << 52));
    if (m > 0x1.6a09e667f3bcdp+0)
        m /= 2, k++;
    const double top = m - 1; /* exact */
    const struct pair under = two_sum(m, 1);
    const double s = top / under.high;
    const struct pair back = two_product(s, under.high);
    const double s_low = ((top - back.high) - back.low - s * under.low) / under.high;
    const double z = s * s;
    double series = 0;
    for (int odd = 25; odd >= 3; odd -= 2)
        series = z * (1.0 / odd + series);
    const struct pair sum = two_sum(k * ln2_high, 2 * s);
    return sum.high + (sum.low + (2 * (s * series + s_low) + k * ln2_low));
}

static double times_two_to(double x, int k)
{
    if (k < -1022)
        return x * from_bits((uint64_t)(k + 1023 + 200) << 52) * 0x1p-200;
    if (k > 1023)
        return x * 0x1p1023 * from_bits((uint64_t)(k - 1023 + 1023) << 52);
    return x * from_bits((uint64_t)(k + 1023) << 52);
}

/* x = k ln 2 + r; e^r = 1 + r + r^2 (1/2 + r/6 + ...), r in two pieces. */
double kaon_eval_exp(double x)
{
    if (isnan(x) || x > 710 || x < -746)
        return isnan(x) ? x : x > 0 ? INFINITY : 0;
    const int k = (int)(x * 0x1.71547652b82fep+0 + (x < 0 ? -0.5 : 0.5));
    const struct pair r = two_sum(x - k * ln2_high, -k * ln2_low);
    double series = 0;
    for (int n = 14; n >= 3; n--)
        series = r.high / n * (1 + series);
    const double square = r.high * r.high / 2;
    const struct pair sum = two_sum(1, r.high);
    const double value = sum.high + (sum.low + (square + (r.low * (1 + r.high) + square * series)));
    return times_two_to(value, k);
}

/* ---- functions of statistics ----------------------------------------------------------------- */

/* Stirling's series beyond 15; below, ln Gamma(x) = ln Gamma(x + 1) - ln x. */
double kaon_eval_log_gamma(double x)
{
    static const double term[] = { 1.0 / 12,   -1.0 / 360,        1.0 / 1260,  -1.0 / 1680,
                                   1.0 / 1188, -691.0 / 360360.0, 1.0 / 156.0, -3617.0 / 122400.0 };
    double product = 1, series = 0;
    for (; x < 15; x++)
        product *= x;
    const double inverse = 1 / x, square = inverse * inverse;
    for (int i = sizeof term / sizeof *term; i-- > 0;)
        series = series * square + term[i];
    return (x - 0.5) * kaon_eval_log(x) - x + 0x1.d67f1c864beb5p-1 + series * inverse -
           kaon_eval_log(product);
}

/* Lentz's evaluation of the continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
    enum { MOST = 100000 };
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int i = 1; i < MOST; i++) {
        const double m = i, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double change = 1;
        for (int part = 0; part < 2; part++) {
            const double by = part ? odd : even;
            d = 1 + by * d;
            c = 1 + by / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = d * c;
            h *= change;
        }
        if (fabs(change - 1) < 1e-15)
            break;
    }
    return h;
}

double kaon_eval_beta(double a, double b, double x)
{
    if (!(x > 0) || !(x < 1))
        return x > 0 ? 1 : 0;
    const double front =
        kaon_eval_exp(kaon_eval_log_gamma(a + b) - kaon_eval_log_gamma(a) - kaon_eval_log_gamma(b) +
                      a * kaon_eval_log(x) + b * kaon_eval_log(1 - x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* By halving: the function rises, and 100 halvings leave nothing between two doubles. */
double kaon_eval_beta_inverse(double a, double b, double share)
{
    double low = 0, high = 1;
    for (int i = 0; i < 100; i++) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (kaon_eval_beta(a, b, middle) < share)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

/* erfc(z / sqrt 2): its series near 0, its continued fraction further out. */
double kaon_eval_normal_two_sided(double z)
{
    const double x = fabs(z) * 0x1.6a09e667f3bcdp-1, two_over_root_pi = 0x1.20dd750429b6dp+0;
    if (!(x < 30))
        return isnan(z) ? NAN : 0;
    if (x < 2) {
        double term = x, sum = x;
        for (int n = 1; n < 200 && fabs(term) > 1e-18 * fabs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 1 - two_over_root_pi * kaon_eval_exp(-x * x) * sum;
    }
    double fraction = 0;
    for (int n = 200; n > 0; n--)
        fraction = n / 2.0 / (x + fraction);
    return kaon_eval_exp(-x * x) / (x + fraction) * two_over_root_pi / 2;
}
