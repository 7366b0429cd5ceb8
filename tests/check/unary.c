/* Every unary function: one row of the table below each. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/check/check.h"

struct spec {
    const char *name;
    double (*exact)(double x, double a, double b);
    float lo, hi;      /* the range random numbers are drawn from */
    float a, b;        /* parameters */
    double ulp;        /* the bound, as kernels/unary.h has it: ulp, */
    double relative_x; /* or this times |x|, */
    double absolute;   /* or this */
};

static double exact_abs(double x, double a, double b)
{
    (void)a;
    (void)b;
    return fabs(x);
}

static double exact_neg(double x, double a, double b)
{
    (void)a;
    (void)b;
    return -x;
}

static double exact_relu(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x < 0 ? 0 : x;
}

static double exact_exp(double x, double a, double b)
{
    (void)a;
    (void)b;
    return exp(x);
}

static double exact_log(double x, double a, double b)
{
    (void)a;
    (void)b;
    return log(x);
}

static double exact_sqrt(double x, double a, double b)
{
    (void)a;
    (void)b;
    return sqrt(x);
}

static double exact_reciprocal(double x, double a, double b)
{
    (void)a;
    (void)b;
    return 1 / x;
}

static double exact_rsqrt(double x, double a, double b)
{
    (void)a;
    (void)b;
    return 1 / sqrt(x);
}

static double exact_erf(double x, double a, double b)
{
    (void)a;
    (void)b;
    return erf(x);
}

static double exact_tanh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return tanh(x);
}

static double exact_sigmoid(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double exact_softplus(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x != x ? x : fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double exact_softsign(double x, double a, double b)
{
    (void)a;
    (void)b;
    return fabs(x) == INFINITY ? NAN : x / (1 + fabs(x));
}

static double exact_gelu_erf(double x, double a, double b)
{
    (void)a;
    (void)b;
    return 0.5 * x * (1 + erf(x * M_SQRT1_2));
}

static double exact_gelu_tanh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/* From the definition of the table; between its entries GELU itself is 1e-4 away. */
static double exact_gelu_table(double x, double a, double b)
{
    const double t = fabs(x) * 32.0, i = fmin(floor(t), 175.0), top = 0x1.0p22;
    const double from = rint(top * i / 64.0 * erfc(i / 32.0 * M_SQRT1_2)) / top;
    const double to = rint(top * (i + 1.0) / 64.0 * erfc((i + 1.0) / 32.0 * M_SQRT1_2)) / top;
    (void)a;
    (void)b;
    return x != x ? x : fmax(x, 0) - (t < 176.0 ? from + (t - i) * (to - from) : 0.0);
}

static double exact_silu(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x / (1 + exp(-x));
}

static double exact_mish(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x * tanh(log1p(exp(x)));
}

static double exact_hard_swish(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x != x ? x : x * fmax(0, fmin(1, x / 6 + 0.5));
}

static double exact_hard_sigmoid(double x, double a, double b)
{
    return x != x ? x : fmax(0, fmin(1, a * x + b));
}

static double exact_leaky_relu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * x : x;
}

static double exact_elu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * expm1(x) : x;
}

static double exact_selu(double x, double a, double b)
{
    return b * (x < 0 ? a * expm1(x) : x);
}

static double exact_celu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * expm1(x / a) : x;
}

static double exact_thresholded_relu(double x, double a, double b)
{
    (void)b;
    return x != x || x > a ? x : 0;
}

static double exact_clip(double x, double a, double b)
{
    return x < a ? a : x > b ? b : x;
}

static double exact_sign(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x < 0 ? -1 : x > 0 ? 1 : x == 0 ? 0 : x;
}

static double exact_floor(double x, double a, double b)
{
    (void)a;
    (void)b;
    return floor(x);
}

static double exact_ceil(double x, double a, double b)
{
    (void)a;
    (void)b;
    return ceil(x);
}

static double exact_round(double x, double a, double b)
{
    (void)a;
    (void)b;
    return rint(x);
}

static double exact_sin(double x, double a, double b)
{
    (void)a;
    (void)b;
    return sin(x);
}

static double exact_cos(double x, double a, double b)
{
    (void)a;
    (void)b;
    return cos(x);
}

static double exact_tan(double x, double a, double b)
{
    (void)a;
    (void)b;
    return tan(x);
}

static double exact_asin(double x, double a, double b)
{
    (void)a;
    (void)b;
    return asin(x);
}

static double exact_acos(double x, double a, double b)
{
    (void)a;
    (void)b;
    return acos(x);
}

static double exact_atan(double x, double a, double b)
{
    (void)a;
    (void)b;
    return atan(x);
}

static double exact_sinh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return sinh(x);
}

static double exact_cosh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return cosh(x);
}

static double exact_asinh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return asinh(x);
}

static double exact_acosh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return acosh(x);
}

static double exact_atanh(double x, double a, double b)
{
    (void)a;
    (void)b;
    return atanh(x);
}

static double exact_square(double x, double a, double b)
{
    (void)a;
    (void)b;
    return x * x;
}

static double exact_affine(double x, double a, double b)
{
    return a * x + b;
}

static double exact_swish(double x, double a, double b)
{
    (void)b;
    return x / (1 + exp(-a * x));
}

static const struct spec specs[KAON_UNARY_COUNT] = {
    [KAON_UNARY_ABS] = { "abs", exact_abs, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_NEG] = { "neg", exact_neg, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_RELU] = { "relu", exact_relu, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_EXP] = { "exp", exact_exp, -104.0f, 89.0f, 0.0f, 0.0f, 1.0, 0.0, 0.0 },
    [KAON_UNARY_LOG] = { "log", exact_log, 0.0f, 100.0f, 0.0f, 0.0f, 1.0, 0.0, 0.0 },
    [KAON_UNARY_SQRT] = { "sqrt", exact_sqrt, 0.0f, 100.0f, 0.0f, 0.0f, 0.5, 0.0, 0.0 },
    [KAON_UNARY_RECIPROCAL] = { "reciprocal", exact_reciprocal, -9.0f, 9.0f, 0.0f, 0.0f, 0.5, 0.0,
                                0.0 },
    [KAON_UNARY_RSQRT] = { "rsqrt", exact_rsqrt, 0.0f, 100.0f, 0.0f, 0.0f, 1.5, 0.0, 0.0 },
    [KAON_UNARY_ERF] = { "erf", exact_erf, -5.0f, 5.0f, 0.0f, 0.0f, 2.0, 0.0, 0.0 },
    [KAON_UNARY_TANH] = { "tanh", exact_tanh, -10.0f, 10.0f, 0.0f, 0.0f, 2.5, 0.0, 0.0 },
    [KAON_UNARY_SIGMOID] = { "sigmoid", exact_sigmoid, -105.0f, 30.0f, 0.0f, 0.0f, 2.5, 0.0, 0.0 },
    [KAON_UNARY_SOFTPLUS] = { "softplus", exact_softplus, -105.0f, 40.0f, 0.0f, 0.0f, 2.5, 0.0,
                              0.0 },
    [KAON_UNARY_SOFTSIGN] = { "softsign", exact_softsign, -9.0f, 9.0f, 0.0f, 0.0f, 1.5, 0.0, 0.0 },
    [KAON_UNARY_GELU_ERF] = { "gelu_erf", exact_gelu_erf, -7.0f, 7.0f, 0.0f, 0.0f, 4.0, 1.2e-07,
                              0.0 },
    [KAON_UNARY_GELU_TANH] = { "gelu_tanh", exact_gelu_tanh, -9.0f, 9.0f, 0.0f, 0.0f, 4.0, 5e-07,
                               0.0 },
    [KAON_UNARY_GELU_TABLE] = { "gelu_table", exact_gelu_table, -7.0f, 7.0f, 0.0f, 0.0f, 2.0, 0.0,
                                3e-8 },
    [KAON_UNARY_SILU] = { "silu", exact_silu, -80.0f, 30.0f, 0.0f, 0.0f, 3.5, 0.0, 1e-37 },
    [KAON_UNARY_MISH] = { "mish", exact_mish, -80.0f, 40.0f, 0.0f, 0.0f, 6.0, 0.0, 1e-37 },
    [KAON_UNARY_HARD_SWISH] = { "hard_swish", exact_hard_swish, -9.0f, 9.0f, 0.0f, 0.0f, 2.0,
                                1.2e-07, 0.0 },
    [KAON_UNARY_HARD_SIGMOID] = { "hard_sigmoid", exact_hard_sigmoid, -9.0f, 9.0f, 0.2f, 0.5f, 2.0,
                                  0.0, 1.2e-07 },
    [KAON_UNARY_LEAKY_RELU] = { "leaky_relu", exact_leaky_relu, -9.0f, 9.0f, 0.01f, 0.0f, 0.5, 0.0,
                                0.0 },
    [KAON_UNARY_ELU] = { "elu", exact_elu, -20.0f, 9.0f, 1.3f, 0.0f, 2.5, 0.0, 0.0 },
    [KAON_UNARY_SELU] = { "selu", exact_selu, -20.0f, 9.0f, 1.67326f, 1.0507f, 3.0, 0.0, 0.0 },
    [KAON_UNARY_CELU] = { "celu", exact_celu, -20.0f, 9.0f, 1.7f, 0.0f, 3.5, 0.0, 0.0 },
    [KAON_UNARY_THRESHOLDED_RELU] = { "thresholded_relu", exact_thresholded_relu, -9.0f, 9.0f, 1.0f,
                                      0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_CLIP] = { "clip", exact_clip, -9.0f, 9.0f, -3.0f, 4.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_SIGN] = { "sign", exact_sign, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_FLOOR] = { "floor", exact_floor, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_CEIL] = { "ceil", exact_ceil, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_ROUND] = { "round", exact_round, -9.0f, 9.0f, 0.0f, 0.0f, 0.0, 0.0, 0.0 },
    [KAON_UNARY_SIN] = { "sin", exact_sin, -100000.0f, 100000.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_COS] = { "cos", exact_cos, -100000.0f, 100000.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_TAN] = { "tan", exact_tan, -1000.0f, 1000.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_ASIN] = { "asin", exact_asin, -1.0f, 1.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_ACOS] = { "acos", exact_acos, -1.0f, 1.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_ATAN] = { "atan", exact_atan, -9.0f, 9.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_SINH] = { "sinh", exact_sinh, -89.0f, 89.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_COSH] = { "cosh", exact_cosh, -89.0f, 89.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_ASINH] = { "asinh", exact_asinh, -9.0f, 9.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_ACOSH] = { "acosh", exact_acosh, 1.0f, 9.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_ATANH] = { "atanh", exact_atanh, -1.0f, 1.0f, 0.0f, 0.0f, 0.51, 0.0, 0.0 },
    [KAON_UNARY_SQUARE] = { "square", exact_square, -9.0f, 9.0f, 0.0f, 0.0f, 0.5, 0.0, 0.0 },
    [KAON_UNARY_AFFINE] = { "affine", exact_affine, -9.0f, 9.0f, 0.7f, -0.3f, 1.0, 1e-07, 0.0 },
    [KAON_UNARY_SWISH] = { "swish", exact_swish, -40.0f, 20.0f, 1.702f, 0.0f, 3.5, 8e-06, 1e-37 },
};

static void compare(struct check *c, const struct spec *s, kaon_unary_fn *now, kaon_unary_fn *ref,
                    size_t n, unsigned pattern)
{
    float *x = check_floats(c, n), *want = check_floats(c, n), *got = check_floats(c, n);
    check_pattern(c, pattern, x, n, s->lo, s->hi);
    now(got, x, n, s->a, s->b);
    ref(want, x, n, s->a, s->b);
    check_same_floats(c, want, got, n);
    for (size_t i = 0; i < n && c->scalar; i++) {
        const double exact = s->exact((double)x[i], (double)s->a, (double)s->b);
        const double bound = fmax(s->absolute, s->relative_x * fabs((double)x[i]));
        check_near(c, &exact, &got[i], 1, s->ulp, bound < INFINITY ? bound : 0.0);
        if (c->failed) {
            check_note(c, "x = %.9g (%a)", (double)x[i], (double)x[i]);
            break;
        }
    }
    now(x, x, n, s->a, s->b); /* in place */
    check_same_floats(c, want, x, n);
}

struct timed {
    float *y, *x;
    size_t n;
    const struct spec *spec;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->unary[t->spec - specs](t->y, t->x, t->n, t->spec->a, t->spec->b);
}

static void bench(struct check *c, const struct spec *s)
{
    if (!c->bench || c->scalar || !check_begin(c, &c->now->unary, "%s", s->name))
        return;
    struct timed t = { .n = 2048, .spec = s };
    t.x = check_scratch(c, t.n);
    t.y = check_scratch(c, t.n);
    check_pattern(c, CHECK_RANDOM, t.x, t.n, fmaxf(s->lo, -80.0f), s->hi); /* no denormal results */
    check_time(c, (double)t.n, 0, run_timed, &t);
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* What softmax relies on. */
static void exp_exact(struct check *c)
{
    static const uint32_t x[] = { 0, 0x80000000u, 0xff800000u, 0x7f800000u }; /* 0, -0, -inf, inf */
    static const float want[] = { 1.0f, 1.0f, 0.0f, INFINITY };
    float *in = check_floats(c, CHECK_COUNT(x)), *got = check_floats(c, CHECK_COUNT(x));
    memcpy(in, x, sizeof x);
    c->now->unary[KAON_UNARY_EXP](got, in, CHECK_COUNT(x), 0.0f, 0.0f);
    check_same_floats(c, want, got, CHECK_COUNT(x));
}

/* Every `step`-th float from the bits `first` to `last`: the same as scalar, and within the bound. Prints
 * the largest error, which is what a bound is set by. */
static void sweep(struct check *c, const struct spec *s, uint32_t first, uint32_t last,
                  uint32_t step)
{
    enum { CHUNK = 1 << 16 };
    const size_t f = (size_t)(s - specs);
    float *x = check_floats(c, CHUNK), *got = check_floats(c, CHUNK),
          *want = check_floats(c, CHUNK);
    double worst = 0.0;
    float at = 0.0f;
    for (uint64_t bits = first; bits <= last && !c->failed; bits += (uint64_t)step * CHUNK) {
        for (uint64_t i = 0; i < CHUNK; i++) {
            const uint64_t b = bits + i * step;
            x[i] = float_of(b <= last ? (uint32_t)b : last);
        }
        c->now->unary[f](got, x, CHUNK, s->a, s->b);
        if (!c->scalar) {
            c->ref->unary[f](want, x, CHUNK, s->a, s->b);
            check_same_floats(c, want, got, CHUNK);
            continue;
        }
        for (size_t i = 0; i < CHUNK && !c->failed; i++) {
            const double exact = s->exact((double)x[i], (double)s->a, (double)s->b);
            const double off = check_ulp(exact, got[i]);
            check_near(c, &exact, &got[i], 1, s->ulp, s->absolute);
            if (off > worst) {
                worst = off;
                at = x[i];
            }
        }
    }
    if (c->scalar)
        printf("%s: at most %.4f ulp, at %a\n", c->name, worst, (double)at);
}

static void sweeps(struct check *c)
{
    static const struct {
        enum kaon_unary f;
        uint32_t first, last, step;
    } ranges[] = {
        { KAON_UNARY_EXP, 0x80000000u, 0xc2d00000u, 1 }, /* -0 .. -104: that of softmax, whole */
        { KAON_UNARY_EXP, 0, 0x42b20000u, 7 },           /* 0 .. 89 */
        { KAON_UNARY_LOG, 0, 0x7f7fffffu, 7 },           { KAON_UNARY_ERF, 0, 0x7f7fffffu, 7 },
        { KAON_UNARY_TANH, 0, 0x7f7fffffu, 7 },          { KAON_UNARY_SIGMOID, 0, 0xff7fffffu, 13 },
        { KAON_UNARY_SOFTPLUS, 0, 0xff7fffffu, 13 },
    };
    for (size_t i = 0; i < CHECK_COUNT(ranges); i++)
        if (check_begin(c, &c->now->unary, "%s sweep from %08x", specs[ranges[i].f].name,
                        ranges[i].first))
            sweep(c, &specs[ranges[i].f], ranges[i].first, ranges[i].last, ranges[i].step);
}

void check_unary(struct check *c)
{
    static const size_t widths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 100 };
    for (size_t f = 0; f < KAON_UNARY_COUNT; f++) {
        const struct spec *s = &specs[f];
        kaon_unary_fn *now = c->now->unary[f], *ref = c->ref->unary[f];
        if (!s->name || !now) {
            if (check_begin(c, &c->now->unary, "unary %zu", f))
                check_fail(c, "no check or no function");
            continue;
        }
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            for (size_t w = 0; w < CHECK_COUNT(widths); w++)
                if (check_begin(c, &c->now->unary, "%s_%zu pattern %u", s->name, widths[w], p))
                    compare(c, s, now, ref, widths[w], p);
        /* long ones, where rare errors show */
        if (check_begin(c, &c->now->unary, "%s_long random", s->name))
            compare(c, s, now, ref, 100003, CHECK_RANDOM);
        if (check_begin(c, &c->now->unary, "%s_long any bits", s->name))
            compare(c, s, now, ref, 100003, CHECK_ANY_BITS);
        bench(c, s);
    }
    if (check_begin(c, &c->now->unary, "exp_exact"))
        exp_exact(c);
    if (c->exhaustive)
        sweeps(c);
}
