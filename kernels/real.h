/* Elementary functions in double, an element at a time, for the kernels that are too rare to
 * deserve a vector form. Plain C without a call into libm other than sqrt, fabs, floor and rint,
 * which are exact: libm's exp or sin differ between machines, these do not.
 *
 * All series are the Taylor or Gregory series of the function, cut where the next term lies below
 * 1e-13 of the result after the range reduction named at each; the rounding to float that follows
 * is then within 0.51 ulp of the true value. */
#ifndef KAON_KERNELS_REAL_H
#define KAON_KERNELS_REAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define REAL_PI_2 0x1.921fb54442d18p+0
#define REAL_LN2 0x1.62e42fefa39efp-1

/* 2^n for n in -1022 .. 1023 */
static inline double real_pow2(int n)
{
    const uint64_t bits = (uint64_t)(n + 1023) << 52;
    double r;
    memcpy(&r, &bits, sizeof r);
    return r;
}

/* x (1 + x/2 (1 + x/3 (...))): exp(x) - 1, for |x| <= 0.35 */
static inline double real_expm1_series(double x)
{
    double p = 1.0;
    for (int k = 12; k >= 2; k--)
        p = 1.0 + x * p / k;
    return x * p;
}

/* exp(x), clamped outside -700 .. 700, far beyond float */
static inline double real_exp(double x)
{
    if (x != x)
        return x;
    x = x > 700.0 ? 700.0 : x < -700.0 ? -700.0 : x;
    const double n = rint(x * (1.0 / REAL_LN2));
    return (1.0 + real_expm1_series(x - n * REAL_LN2)) * real_pow2((int)n);
}

/* log(x) = e ln 2 + 2 artanh((m-1)/(m+1)), m in sqrt(1/2) .. sqrt(2): |s| <= 0.172, s^20/21 <
 * 1e-16. x must not be a double denormal; 0, negatives, inf and NaN as C has them. */
static inline double real_log(double x)
{
    if (!(x > 0.0))
        return x == 0.0 ? -INFINITY : NAN;
    if (x == INFINITY)
        return x;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits -= 0x3fe6a09e667f3bcd; /* sqrt(1/2), so that m lies around 1 */
    const int e = (int)((int64_t)bits >> 52);
    bits = (bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd;
    double m;
    memcpy(&m, &bits, sizeof m);
    const double s = (m - 1.0) / (m + 1.0), s2 = s * s;
    double p = 0.0;
    for (int k = 19; k >= 1; k -= 2)
        p = p * s2 + 1.0 / k;
    return e * REAL_LN2 + 2.0 * s * p;
}

/* |x| <= pi/4: the terms past x^15 and x^16 are below 1e-15 */
static inline double real_sin_series(double x)
{
    const double s = -x * x;
    double p = 1.0;
    for (int k = 14; k >= 2; k -= 2)
        p = 1.0 + s * p / (k * (k + 1));
    return x * p;
}

static inline double real_cos_series(double x)
{
    const double s = -x * x;
    double p = 1.0;
    for (int k = 15; k >= 1; k -= 2)
        p = 1.0 + s * p / (k * (k + 1));
    return p;
}

/* x minus the nearest multiple of pi/2, and that multiple modulo 4, for any finite float.
 *
 * Up to 1e5: Cody and Waite with pi/2 in three parts, the first two of 33 bits, so that their
 * products with the multiple are exact. Beyond: Payne and Hanek, ACM SIGNUM 18 (1983): x = m 2^e
 * with a 24-bit m, and of 2/pi only the 96 bits are taken whose products with m do not vanish
 * modulo 4. The remainder is exact to 2^-70, no float comes closer than 2^-32 to a multiple of
 * pi/2. */
static inline double real_reduce(float x, unsigned *quadrant)
{
    /* 2/pi: 32 bits a word, one zero word before the point */
    static const uint32_t two_over_pi[] = { 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                            0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab };
    if (fabsf(x) <= 1e5f) {
        const double n = rint(x / REAL_PI_2);
        *quadrant = (unsigned)(int)n & 3;
        return ((double)x - n * 0x1.921fb544p+0 - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
    }
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t m = (bits & 0x007fffff) | 0x00800000;
    /* The window starts two bits before the point of 2/pi * 2^e: the bits worth 2 and 1. */
    const unsigned start = 30 + (bits >> 23 & 255) - 150;
    const unsigned word = start / 32, shift = start % 32;
    const unsigned __int128 window =
        ((unsigned __int128)two_over_pi[word] << 96 |
         (unsigned __int128)two_over_pi[word + 1] << 64 |
         (unsigned __int128)two_over_pi[word + 2] << 32 | two_over_pi[word + 3])
        << shift;
    /* 2^-126 is the unit of the window; the product wraps modulo 4 = 2^128 units. */
    const unsigned __int128 product = window * m;
    const unsigned __int128 nearest = (product + ((unsigned __int128)1 << 125)) >> 126;
    const __int128 rest = (__int128)(product - (nearest << 126));
    const unsigned q = (unsigned)nearest & 3;
    const double r = (double)(int64_t)(rest >> 64) * 0x1.0p-62 * REAL_PI_2;
    *quadrant = bits >> 31 ? (4 - q) & 3 : q;
    return bits >> 31 ? -r : r;
}

/* sin(x + turn * pi/2); NaN for inf and NaN */
static inline double real_sin_turned(float x, unsigned turn)
{
    unsigned q;
    if (!(fabsf(x) < INFINITY))
        return NAN;
    const double r = real_reduce(x, &q);
    q += turn;
    const double s = q & 1 ? real_cos_series(r) : real_sin_series(r);
    return q & 2 ? -s : s;
}

/* atan(x), any x. |x| > 1 by pi/2 - atan(1/x); above tan(pi/12) by rotation through pi/6, so that
 * the series sees |t| <= tan(pi/12) = 0.268. */
static inline double real_atan(double x)
{
    const double a = fabs(x), sqrt3 = 0x1.bb67ae8584caap+0;
    const int inverse = a > 1.0;
    double t = inverse ? 1.0 / a : a;
    const int turned = t > 0x1.126145e9ecd56p-2; /* tan(pi/12) */
    if (turned)
        t = (t * sqrt3 - 1.0) / (sqrt3 + t);
    const double s = -t * t;
    double p = 0.0;
    for (int k = 25; k >= 1; k -= 2)
        p = p * s + 1.0 / k;
    double r = t * p + (turned ? REAL_PI_2 / 3.0 : 0.0);
    r = inverse ? REAL_PI_2 - r : r;
    return x < 0.0 ? -r : x == 0.0 ? x : r;
}

static inline double real_asin(double x)
{
    return real_atan(x / sqrt((1.0 - x) * (1.0 + x)));
}

static inline double real_acos(double x)
{
    return 2.0 * real_atan(sqrt((1.0 - x) / (1.0 + x)));
}

/* Below 0.3 the difference of exponentials would cancel; there expm1's series does not. */
static inline double real_sinh(double x)
{
    if (fabs(x) < 0.3) {
        const double p = real_expm1_series(x);
        return 0.5 * (p + p / (1.0 + p));
    }
    return 0.5 * (real_exp(x) - real_exp(-x));
}

static inline double real_cosh(double x)
{
    return 0.5 * (real_exp(x) + real_exp(-x));
}

/* Below 1e-3 three terms of the series are exact to 1e-18, and log would lose digits. */
static inline double real_asinh(double x)
{
    const double a = fabs(x), s = x * x;
    if (a < 1e-3)
        return x * (1.0 - s * (1.0 / 6.0 - s * (3.0 / 40.0)));
    const double r = real_log(a + sqrt(s + 1.0));
    return x < 0.0 ? -r : r;
}

static inline double real_acosh(double x)
{
    const double t = x - 1.0; /* exact near 1 */
    return x < 1.0 ? NAN : real_log(1.0 + (t + sqrt(t * (x + 1.0))));
}

static inline double real_atanh(double x)
{
    const double s = x * x;
    if (fabs(x) < 1e-3)
        return x * (1.0 + s * (1.0 / 3.0 + s * (1.0 / 5.0)));
    return 0.5 * real_log((1.0 + x) / (1.0 - x));
}

/* pow as C defines it (F.10.4.4), for floats: |y log x| < 2^8 wherever the result is finite, so
 * double carries the logarithm with 2^-44 to spare. Exact cases come out of the selected short
 * forms. */
static inline float real_powf(float x, float y)
{
    if (y == 0.0f || x == 1.0f)
        return 1.0f;
    if (x != x || y != y)
        return NAN;
    if (y == 1.0f)
        return x;
    if (y == 2.0f)
        return x * x;
    if (y == 3.0f)
        return x * x * x;
    if (y == -1.0f)
        return 1.0f / x;
    const float a = fabsf(x);
    if (y == 0.5f)
        return x == -INFINITY ? INFINITY : sqrtf(x + 0.0f); /* -0 counts as 0 */
    const int whole = rintf(y) == y, odd = whole && fabsf(y) < 0x1.0p24f && ((int)y & 1);
    if (x < 0.0f && !whole && a < INFINITY && fabsf(y) < INFINITY)
        return NAN;
    float r;
    if (a == 1.0f)
        r = 1.0f;
    else if (fabsf(y) == INFINITY)
        r = (a > 1.0f) == (y > 0.0f) ? INFINITY : 0.0f;
    else if (a == 0.0f || a == INFINITY)
        r = (a == INFINITY) == (y > 0.0f) ? INFINITY : 0.0f;
    else
        r = (float)real_exp((double)y * real_log((double)a));
    return odd && signbit(x) ? -r : r;
}

#endif
