/* Element-wise functions of one argument: each a function of a vector, one loop for all. */
#include "kernels/unary.h"

#include "kernels/isa.h"
#include "kernels/real.h"
#include "kernels/vmath.h"

typedef vf unary_op(vf x, vf a, vf b);

/* `op` is a constant in every call below, so it is inlined: one loop a function after all. */
static inline __attribute__((always_inline)) void map(float *y, const float *x, size_t n, float a,
                                                      float b, unary_op *op)
{
    const vf va = v_set(a), vb = v_set(b);
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN)
        v_store(y + i, op(v_load(x + i), va, vb));
    if (i < n)
        v_store_n(y + i, op(v_load_n(x + i, n - i), va, vb), n - i);
}

static vf op_abs(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_abs(x);
}

static vf op_neg(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_neg(x);
}

static vf op_relu(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_max(v_set(0.0f), x);
}

static vf op_exp(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_exp(x);
}

static vf op_log(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_log(x);
}

static vf op_sqrt(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_sqrt(x);
}

static vf op_reciprocal(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_div(v_set(1.0f), x);
}

static vf op_rsqrt(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_div(v_set(1.0f), v_sqrt(x));
}

static vf op_erf(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_erf(x);
}

static vf op_tanh(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_tanh(x);
}

static vf op_sigmoid(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_sigmoid(x);
}

static vf op_softplus(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_softplus(x);
}

static vf op_softsign(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_div(x, v_add(v_set(1.0f), v_abs(x)));
}

static vf op_gelu_erf(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    const vf erf = v_erf(v_mul(x, v_set(0x1.6a09e6p-1f))); /* 1 / sqrt(2) */
    return v_mul(v_mul(v_set(0.5f), x), v_add(v_set(1.0f), erf));
}

/* max(x, 0) - |x| Phi(-|x|), the second from a table in steps of 1/32 up to 5.5 with straight lines
 * between: Edge-MoE, arXiv:2305.18691. Entry i is 2^22 t erfc(t / sqrt 2) / 2, t = i/32, rounded. */
static vf op_gelu_table(vf x, vf a, vf b)
{
    static const float table[] = {
        0,      63902,  124540, 181923, 236067, 286994, 334732, 379317, 420787, 459189, 494574,
        527000, 556527, 583222, 607157, 628407, 647050, 663170, 676853, 688187, 697265, 704180,
        709027, 711903, 712908, 712140, 709698, 705682, 700191, 693325, 685182, 675858, 665448,
        654048, 641748, 628639, 614807, 600337, 585312, 569811, 553909, 537680, 521192, 504513,
        487705, 470827, 453935, 437081, 420315, 403680, 387220, 370973, 354973, 339252, 323839,
        308759, 294035, 279687, 265730, 252180, 239047, 226341, 214068, 202235, 190842, 179892,
        169382, 159312, 149677, 140472, 131690, 123323, 115365, 107804, 100631, 93836,  87407,
        81332,  75600,  70197,  65113,  60334,  55847,  51640,  47700,  44016,  40574,  37362,
        34370,  31584,  28995,  26590,  24360,  22294,  20383,  18616,  16986,  15482,  14097,
        12823,  11653,  10578,  9593,   8691,   7866,   7112,   6423,   5796,   5225,   4705,
        4232,   3804,   3415,   3063,   2744,   2457,   2197,   1962,   1751,   1561,   1391,
        1237,   1100,   977,    866,    768,    680,    601,    531,    469,    414,    364,
        321,    282,    248,    217,    191,    167,    146,    128,    111,    97,     85,
        74,     64,     56,     48,     42,     36,     31,     27,     23,     20,     17,
        15,     13,     11,     10,     8,      7,      6,      5,      4,      4,      3,
        3,      2,      2,      2,      1,      1,      1,      1,      1,      1,      1,
        0,
    };
    const vf t = v_mul(v_abs(x), v_set(32.0f));
    const vf at = v_min(v_floor(t), v_set(175.0f)), from = v_gather(table, v_max(at, v_set(0.0f)));
    const vf to = v_gather(table + 1, v_max(at, v_set(0.0f)));
    const vf delta = v_mul(v_fma(v_sub(t, at), v_sub(to, from), from), v_set(0x1.0p-22f));
    (void)a;
    (void)b;
    return v_sub(v_max(v_set(0.0f), x), v_keep(v_lt(t, v_set(176.0f)), delta));
}

/* (1 + tanh(u)) / 2 is sigmoid(2u), which loses nothing for large negative u. */
static vf op_gelu_tanh(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    const vf cubic = v_fma(v_mul(v_mul(x, x), x), v_set(0.044715f), x);
    const vf u = v_mul(cubic, v_set(0x1.988454p+0f)); /* 2 sqrt(2 / pi) */
    return v_mul(x, v_sigmoid(u));
}

static vf op_silu(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_mul(x, v_sigmoid(x));
}

/* tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2). At 40 the quotient is 1 and n far from
 * overflow. */
static vf op_mish(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    const vf e = v_exp_negative(v_min(v_set(40.0f), x));
    const vf n = v_mul(e, v_add(e, v_set(2.0f)));
    return v_mul(x, v_div(n, v_add(n, v_set(2.0f))));
}

static vf op_hard_swish(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    const vf t = v_add(v_div(x, v_set(6.0f)), v_set(0.5f));
    return v_mul(x, v_max(v_set(0.0f), v_min(v_set(1.0f), t)));
}

static vf op_hard_sigmoid(vf x, vf a, vf b)
{
    const vf t = v_add(v_mul(a, x), b);
    return v_max(v_set(0.0f), v_min(v_set(1.0f), t));
}

static vf op_leaky_relu(vf x, vf a, vf b)
{
    (void)b;
    return v_select(v_lt(x, v_set(0.0f)), v_mul(a, x), x);
}

static vf op_elu(vf x, vf a, vf b)
{
    (void)b;
    const vf zero = v_set(0.0f);
    return v_select(v_lt(x, zero), v_mul(a, v_expm1_negative(v_min(zero, x))), x);
}

static vf op_selu(vf x, vf a, vf b)
{
    const vf zero = v_set(0.0f);
    return v_mul(b, v_select(v_lt(x, zero), v_mul(a, v_expm1_negative(v_min(zero, x))), x));
}

static vf op_celu(vf x, vf a, vf b)
{
    (void)b;
    const vf zero = v_set(0.0f), t = v_min(zero, v_div(x, a));
    return v_select(v_lt(x, zero), v_mul(a, v_expm1_negative(t)), x);
}

static vf op_thresholded_relu(vf x, vf a, vf b)
{
    (void)b;
    return v_select(v_lt(a, x), x, v_select(v_is_nan(x), x, v_set(0.0f)));
}

/* NaN, in second place, passes both. */
static vf op_clip(vf x, vf a, vf b)
{
    return v_min(b, v_max(a, x));
}

static vf op_sign(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    const vf zero = v_set(0.0f);
    const vf sign =
        v_select(v_lt(x, zero), v_set(-1.0f), v_select(v_lt(zero, x), v_set(1.0f), zero));
    return v_select(v_is_nan(x), x, sign);
}

static vf op_floor(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_floor(x);
}

static vf op_ceil(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_ceil(x);
}

static vf op_round(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_round(x);
}

static vf op_square(vf x, vf a, vf b)
{
    (void)a;
    (void)b;
    return v_mul(x, x);
}

static vf op_affine(vf x, vf a, vf b)
{
    return v_add(v_mul(a, x), b);
}

static vf op_swish(vf x, vf a, vf b)
{
    (void)b;
    return v_mul(x, v_sigmoid(v_mul(a, x)));
}

static void KAON_K(abs)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_abs);
}

static void KAON_K(neg)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_neg);
}

static void KAON_K(relu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_relu);
}

static void KAON_K(exp)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_exp);
}

static void KAON_K(log)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_log);
}

static void KAON_K(sqrt)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_sqrt);
}

static void KAON_K(reciprocal)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_reciprocal);
}

static void KAON_K(rsqrt)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_rsqrt);
}

static void KAON_K(erf)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_erf);
}

static void KAON_K(tanh)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_tanh);
}

static void KAON_K(sigmoid)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_sigmoid);
}

static void KAON_K(softplus)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_softplus);
}

static void KAON_K(softsign)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_softsign);
}

static void KAON_K(gelu_erf)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_gelu_erf);
}

static void KAON_K(gelu_table)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_gelu_table);
}

static void KAON_K(gelu_tanh)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_gelu_tanh);
}

static void KAON_K(silu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_silu);
}

static void KAON_K(mish)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_mish);
}

static void KAON_K(hard_swish)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_hard_swish);
}

static void KAON_K(hard_sigmoid)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_hard_sigmoid);
}

static void KAON_K(leaky_relu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_leaky_relu);
}

static void KAON_K(elu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_elu);
}

static void KAON_K(selu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_selu);
}

static void KAON_K(celu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_celu);
}

static void KAON_K(thresholded_relu)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_thresholded_relu);
}

static void KAON_K(clip)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_clip);
}

static void KAON_K(sign)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_sign);
}

static void KAON_K(floor)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_floor);
}

static void KAON_K(ceil)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_ceil);
}

static void KAON_K(round)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_round);
}

static void KAON_K(square)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_square);
}

static void KAON_K(affine)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_affine);
}

static void KAON_K(swish)(float *y, const float *x, size_t n, float a, float b)
{
    map(y, x, n, a, b, op_swish);
}

/* The rare ones, an element at a time in double. */
static inline __attribute__((always_inline)) void map_real(float *y, const float *x, size_t n,
                                                           double (*op)(double))
{
    for (size_t i = 0; i < n; i++)
        y[i] = (float)op((double)x[i]);
}

static void KAON_K(sin)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    for (size_t i = 0; i < n; i++)
        y[i] = (float)real_sin_turned(x[i], 0);
}

static void KAON_K(cos)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    for (size_t i = 0; i < n; i++)
        y[i] = (float)real_sin_turned(x[i], 1);
}

static void KAON_K(tan)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(real_sin_turned(x[i], 0) / real_sin_turned(x[i], 1));
}

static void KAON_K(asin)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_asin);
}

static void KAON_K(acos)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_acos);
}

static void KAON_K(atan)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_atan);
}

static void KAON_K(sinh)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_sinh);
}

static void KAON_K(cosh)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_cosh);
}

static void KAON_K(asinh)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_asinh);
}

static void KAON_K(acosh)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_acosh);
}

static void KAON_K(atanh)(float *y, const float *x, size_t n, float a, float b)
{
    (void)a;
    (void)b;
    map_real(y, x, n, real_atanh);
}

kaon_unary_fn *const KAON_K(kaon_unary)[KAON_UNARY_COUNT] = {
    [KAON_UNARY_ABS] = KAON_K(abs),
    [KAON_UNARY_NEG] = KAON_K(neg),
    [KAON_UNARY_RELU] = KAON_K(relu),
    [KAON_UNARY_EXP] = KAON_K(exp),
    [KAON_UNARY_LOG] = KAON_K(log),
    [KAON_UNARY_SQRT] = KAON_K(sqrt),
    [KAON_UNARY_RECIPROCAL] = KAON_K(reciprocal),
    [KAON_UNARY_RSQRT] = KAON_K(rsqrt),
    [KAON_UNARY_ERF] = KAON_K(erf),
    [KAON_UNARY_TANH] = KAON_K(tanh),
    [KAON_UNARY_SIGMOID] = KAON_K(sigmoid),
    [KAON_UNARY_SOFTPLUS] = KAON_K(softplus),
    [KAON_UNARY_SOFTSIGN] = KAON_K(softsign),
    [KAON_UNARY_GELU_ERF] = KAON_K(gelu_erf),
    [KAON_UNARY_GELU_TANH] = KAON_K(gelu_tanh),
    [KAON_UNARY_SILU] = KAON_K(silu),
    [KAON_UNARY_MISH] = KAON_K(mish),
    [KAON_UNARY_HARD_SWISH] = KAON_K(hard_swish),
    [KAON_UNARY_HARD_SIGMOID] = KAON_K(hard_sigmoid),
    [KAON_UNARY_LEAKY_RELU] = KAON_K(leaky_relu),
    [KAON_UNARY_ELU] = KAON_K(elu),
    [KAON_UNARY_SELU] = KAON_K(selu),
    [KAON_UNARY_CELU] = KAON_K(celu),
    [KAON_UNARY_THRESHOLDED_RELU] = KAON_K(thresholded_relu),
    [KAON_UNARY_CLIP] = KAON_K(clip),
    [KAON_UNARY_SIGN] = KAON_K(sign),
    [KAON_UNARY_FLOOR] = KAON_K(floor),
    [KAON_UNARY_CEIL] = KAON_K(ceil),
    [KAON_UNARY_ROUND] = KAON_K(round),
    [KAON_UNARY_SIN] = KAON_K(sin),
    [KAON_UNARY_COS] = KAON_K(cos),
    [KAON_UNARY_TAN] = KAON_K(tan),
    [KAON_UNARY_ASIN] = KAON_K(asin),
    [KAON_UNARY_ACOS] = KAON_K(acos),
    [KAON_UNARY_ATAN] = KAON_K(atan),
    [KAON_UNARY_SINH] = KAON_K(sinh),
    [KAON_UNARY_COSH] = KAON_K(cosh),
    [KAON_UNARY_ASINH] = KAON_K(asinh),
    [KAON_UNARY_ACOSH] = KAON_K(acosh),
    [KAON_UNARY_ATANH] = KAON_K(atanh),
    [KAON_UNARY_SQUARE] = KAON_K(square),
    [KAON_UNARY_AFFINE] = KAON_K(affine),
    [KAON_UNARY_SWISH] = KAON_K(swish),
    [KAON_UNARY_GELU_TABLE] = KAON_K(gelu_table),
};
