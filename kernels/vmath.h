/* exp, log, erf, tanh and their kin on a vector. The same operations in the same order on every
 * ISA, so the same bits; the activations of gemm and the unary kernels both call these.
 *
 * The polynomials are our own fits, made and printed by kernels/fit_polynomials.py (near-minimax in
 * relative error, coefficients rounded to float with refitting). The range reductions are the
 * textbook ones: Cody and Waite, Software Manual for the Elementary Functions, 1980. Error bounds
 * stand in kernels/unary.h; tests/check/unary.c holds the functions to them. */
#ifndef KAON_KERNELS_VMATH_H
#define KAON_KERNELS_VMATH_H

#include "kernels/isa.h"

/* For k = 0 .. count - 1, unrolled; count, a constant, is V_SIDE at most. */
#define V_FOR(k, count) _Pragma("GCC unroll 4") for (int k = 0; k < (count); k++)
#if defined(KAON_ISA_AVX512)
enum { V_SIDE = 4 }; /* vectors side by side that the registers hold */
#elif defined(KAON_ISA_AVX2)
enum { V_SIDE = 2 };
#else
enum { V_SIDE = 1 };
#endif
/* Whether to look if all results are normal, which are scaled in 3 operations in place of 10. */
#if defined(KAON_ISA_AVX2)
enum { V_LOOKS_FOR_NORMAL = 1 };
#else
enum { V_LOOKS_FOR_NORMAL = 0 };
#endif

/* Horner's rule, highest degree first; the loop unrolls, `count` is a constant in every call. */
static inline __attribute__((always_inline)) vf v_poly(vf x, const float *coef, int count)
{
    vf p = v_set(coef[count - 1]);
    for (int i = count - 2; i >= 0; i--)
        p = v_fma(p, x, v_set(coef[i]));
    return p;
}

/* exp(x) = 2^n * (1 + p), for x in -104 .. 89, of `count` vectors side by side, step by step: a chain
 * of fourteen dependent operations fills no pipeline alone, and the CPU looks ahead only so far.
 * p, expm1 of the reduced argument, replaces x.
 *
 * Adding 1.5 * 2^23 rounds x / ln 2 to the integer n. The upper part of ln 2 has 16 bits, so n
 * times it is exact. (e^r - 1 - r) / r^2 on |r| <= ln2/2: error 2^-32. */
ALWAYS void v_exp_parts_many(vf *x, vf *n, int count)
{
    static const float coef[] = { 0x1.0p-1f,      0x1.55555p-3f,  0x1.5554e4p-5f,
                                  0x1.111868p-7f, 0x1.6d515p-10f, 0x1.9715f8p-13f };
    const vf magic = v_set(0x1.8p23f);
    vf p[V_SIDE];
    V_FOR (k, count)
        n[k] = v_fma(x[k], v_set(0x1.715476p+0f), magic); /* log2(e) */
    V_FOR (k, count)
        n[k] = v_sub(n[k], magic);
    V_FOR (k, count)
        x[k] = v_fnma(n[k], v_set(0x1.62e4p-1f), x[k]); /* ln 2, upper */
    V_FOR (k, count)
        x[k] = v_fnma(n[k], v_set(0x1.7f7d1cp-20f), x[k]); /* ln 2, rest */
    V_FOR (k, count)
        p[k] = v_fma(v_set(coef[5]), x[k], v_set(coef[4]));
#pragma GCC unroll 4
    for (int i = 3; i >= 0; i--)
        V_FOR (k, count)
            p[k] = v_fma(p[k], x[k], v_set(coef[i]));
    V_FOR (k, count)
        x[k] = v_fma(v_mul(x[k], x[k]), p[k], x[k]);
}

static inline vf v_exp_parts(vf x, vf *n)
{
    v_exp_parts_many(&x, n, 1);
    return x;
}

#define EXP_LOW (-103.98f) /* 2^-150, half of the least denormal, is at -103.972 */

/* The exponentials of x >= EXP_NORMAL, which need no care, or NaN. */
#define EXP_NORMAL (-87.0f)
ALWAYS void v_exp_normal_many(vf *x, int count)
{
    vf n[V_SIDE];
    v_exp_parts_many(x, n, count);
    V_FOR (k, count)
        x[k] = v_scale_normal(v_add(x[k], v_set(1.0f)), n[k]);
}

/* Whether that holds for every lane. */
ALWAYS bool v_all_normal(const vf *x, int count)
{
    bool all = true;
    V_FOR (k, count)
        all &= v_none_lt(x[k], v_set(EXP_NORMAL));
    return all;
}

/* x = exp(x), and 0 in the lanes outside `lanes` (NULL: none), which may hold anything. For x <= 0 or NaN; larger x only up to 89. What rounds to 0 is kept away from
 * the scaling: an underflow there costs some processors a microcode assist of 100 cycles and more,
 * and masked scores and the lanes past the end of a row are -inf. */
ALWAYS void v_exp_negative_many(vf *x, const vm *lanes, int count)
{
    vf n[V_SIDE];
    vm m[V_SIDE];
    if (V_LOOKS_FOR_NORMAL) {
        V_FOR (k, count)
            x[k] = lanes ? v_keep(*lanes, x[k]) : x[k];
        if (v_all_normal(x, count)) {
            v_exp_normal_many(x, count);
            V_FOR (k, count)
                x[k] = lanes ? v_keep(*lanes, x[k]) : x[k];
            return;
        }
    }
    V_FOR (k, count)
        m[k] = lanes ? v_not_lt_if(*lanes, x[k], v_set(EXP_LOW)) : v_not_lt(x[k], v_set(EXP_LOW));
    v_exp_parts_many(x, n, count);
    V_FOR (k, count)
        x[k] = v_scale_if(m[k], v_add(x[k], v_set(1.0f)), n[k]);
}

static inline vf v_exp_negative(vf x)
{
    vf n;
    const vm stays = v_not_lt(x, v_set(EXP_LOW));
    const vf p = v_exp_parts(x, &n);
    return v_scale_if(stays, v_add(p, v_set(1.0f)), n);
}

static inline vf v_exp(vf x)
{
    return v_exp_negative(v_min(v_set(89.0f), x)); /* exp(88.73) is beyond FLT_MAX */
}

/* exp(x) - 1 without cancellation, for x <= 0 or NaN. */
static inline vf v_expm1_negative(vf x)
{
    vf n;
    const vf p = v_exp_parts(v_max(v_set(-30.0f), x), &n);
    const vf scale = v_scale(v_set(1.0f), n);
    return v_fma(p, scale, v_sub(scale, v_set(1.0f)));
}

/* log(1 + f) + e * ln 2 for 1 + f in sqrt(1/2) .. sqrt(2) and whole e in -200 .. 200.
 * (log1p(f) - f + f^2/2) / f^3: error 2^-30. The upper part of ln 2 has 16 bits: e times it is
 * exact. */
static inline vf v_log_parts(vf f, vf e)
{
    static const float coef[] = { 0x1.555548p-2f,  -0x1.000008p-2f, 0x1.99a478p-3f,
                                  -0x1.555b90p-3f, 0x1.233afap-3f,  -0x1.fc3d62p-4f,
                                  0x1.e6dbe4p-4f,  -0x1.dd9ecap-4f, 0x1.13c88ep-4f };
    const vf f2 = v_mul(f, f);
    vf r = v_mul(v_mul(f2, f), v_poly(f, coef, 9));
    r = v_fma(e, v_set(0x1.7f7d1cp-20f), r);
    r = v_fnma(v_set(0.5f), f2, r);
    return v_fma(e, v_set(0x1.62e4p-1f), v_add(f, r));
}

/* log(x): 0 gives -inf, negative or NaN gives NaN, inf gives inf. */
static inline vf v_log(vf x)
{
    const vf tiny = v_set(0x1.0p-126f), inf = v_set(INFINITY);
    const vm denormal = v_lt(x, tiny);
    const vf scaled = v_select(denormal, v_mul(x, v_set(0x1.0p+24f)), x);
    /* Subtracting the bits of sqrt(1/2) makes the exponent step there rather than at 1. */
    const vi bits = i_sub(v_as_i(scaled), i_set(0x3f3504f3));
    const vf shift = v_select(denormal, v_set(-24.0f), v_set(0.0f));
    const vf e = v_add(v_from_i(i_sar23(bits)), shift);
    const vf m = i_as_v(i_add(i_and(bits, i_set(0x007fffff)), i_set(0x3f3504f3)));
    vf r = v_log_parts(v_sub(m, v_set(1.0f)), e);
    r = v_select(v_eq(x, inf), inf, r);
    r = v_select(v_eq(x, v_set(0.0f)), v_set(-INFINITY), r);
    r = v_select(v_lt(x, v_set(0.0f)), v_set(NAN), r);
    return v_select(v_is_nan(x), x, r);
}

/* log(1 + z) for z in 0 .. 1 or NaN. Past sqrt(2) - 1 the argument is halved: 1 + z = 2 (1 +
 * (z-1)/2), and z - 1 is exact there. Below 2^-25 the result is z; its square might underflow,
 * which is slow. */
static inline vf v_log1p_unit(vf z)
{
    const vm small = v_lt(z, v_set(0x1.a8279ap-2f)), tiny = v_lt(z, v_set(0x1.0p-25f));
    const vf zero = v_set(0.0f), one = v_set(1.0f);
    const vf f = v_select(small, v_select(tiny, zero, z), v_mul(v_set(0.5f), v_sub(z, one)));
    return v_select(tiny, z, v_log_parts(f, v_select(small, zero, one)));
}

/* erf: x + x P(x^2) below 0.92, 1 - exp(Q(|x|)) above; errors 2^-30 and 2^-34. From 3.92 on it
 * is 1. */
static inline vf v_erf(vf x)
{
    static const float small[] = { 0x1.06eba8p-3f,  -0x1.812742p-2f, 0x1.ce2df0p-4f,
                                   -0x1.b80d70p-6f, 0x1.54c2b4p-8f,  -0x1.aa3268p-11f,
                                   0x1.5cfc0ep-14f };
    static const float large[] = { 0x1.6e6736p-13f, -0x1.2127e6p+0f, -0x1.444606p-1f,
                                   -0x1.bb83fap-4f, 0x1.9b8e4ap-6f,  -0x1.1159b2p-8f,
                                   0x1.c78a52p-12f, -0x1.61dc08p-16f };
    const vf magnitude = v_abs(x), a = v_min(v_set(4.0f), magnitude);
    const vf near = v_fma(x, v_poly(v_mul(a, a), small, 7), x);
    const vf far = v_sub(v_set(1.0f), v_exp_negative(v_poly(a, large, 8)));
    return v_select(v_lt(magnitude, v_set(0.92f)), near, v_with_sign(far, x));
}

/* tanh = t / (t + 2) with t = exp(2 |x|) - 1, which has no cancellation where it is small. From 9.02 on it
 * is 1. */
static inline vf v_tanh(vf x)
{
    const vf one = v_set(1.0f), a = v_min(v_set(10.0f), v_abs(x));
    vf n;
    const vf p = v_exp_parts(v_add(a, a), &n), scale = v_scale(one, n);
    const vf t = v_fma(p, scale, v_sub(scale, one));
    return v_with_sign(v_div(t, v_add(t, v_set(2.0f))), x);
}

/* 1 / (1 + exp(-x)), as z / (1 + z) with z = exp(x) where x < 0: no overflow, denormals as they
 * should. */
static inline vf v_sigmoid(vf x)
{
    const vf one = v_set(1.0f), z = v_exp_negative(v_neg(v_abs(x)));
    return v_div(v_select(v_lt(x, v_set(0.0f)), z, one), v_add(one, z));
}

/* log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)) */
static inline vf v_softplus(vf x)
{
    return v_add(v_max(v_set(0.0f), x), v_log1p_unit(v_exp_negative(v_neg(v_abs(x)))));
}

#endif
