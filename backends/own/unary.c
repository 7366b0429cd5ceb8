/* Elementwise operators of one input. float32 through the kernels, narrow floats by way of float32.
 * float64 uses the C library: its results may differ in the last bit between C libraries. */
#include "backends/own/convert.h"
#include "backends/own/elementwise.h"
#include "backends/own/split.h"

#include <math.h>
#include <string.h>

/* ---- float64 --------------------------------------------------------------------------------- */

typedef double real_fn(double x, double a, double b);

static double real_abs(double x, double a, double b)
{
    (void)a, (void)b;
    return fabs(x);
}

static double real_neg(double x, double a, double b)
{
    (void)a, (void)b;
    return -x;
}

static double real_relu(double x, double a, double b)
{
    (void)a, (void)b;
    return x < 0.0 ? 0.0 : x;
}

static double real_exp(double x, double a, double b)
{
    (void)a, (void)b;
    return exp(x);
}

static double real_log(double x, double a, double b)
{
    (void)a, (void)b;
    return log(x);
}

static double real_sqrt(double x, double a, double b)
{
    (void)a, (void)b;
    return sqrt(x);
}

static double real_reciprocal(double x, double a, double b)
{
    (void)a, (void)b;
    return 1.0 / x;
}

static double real_erf(double x, double a, double b)
{
    (void)a, (void)b;
    return erf(x);
}

static double real_tanh(double x, double a, double b)
{
    (void)a, (void)b;
    return tanh(x);
}

static double real_sigmoid(double x, double a, double b)
{
    (void)a, (void)b;
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

static double real_softplus(double x, double a, double b)
{
    (void)a, (void)b;
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double real_softsign(double x, double a, double b)
{
    (void)a, (void)b;
    return x / (1.0 + fabs(x));
}

static double real_gelu_erf(double x, double a, double b)
{
    (void)a, (void)b;
    return 0.5 * x * (1.0 + erf(x * M_SQRT1_2));
}

static double real_gelu_tanh(double x, double a, double b)
{
    (void)a, (void)b;
    return 0.5 * x * (1.0 + tanh(sqrt(M_2_PI) * (x + 0.044715 * x * x * x)));
}

static double real_mish(double x, double a, double b)
{
    return x * tanh(real_softplus(x, a, b));
}

static double real_swish(double x, double a, double b)
{
    return x * real_sigmoid(a * x, a, b);
}

static double real_hard_sigmoid(double x, double a, double b)
{
    const double v = a * x + b;
    return v < 0.0 ? 0.0 : v > 1.0 ? 1.0 : v;
}

static double real_hard_swish(double x, double a, double b)
{
    (void)a, (void)b;
    return x * real_hard_sigmoid(x, 1.0 / 6.0, 0.5);
}

static double real_leaky_relu(double x, double a, double b)
{
    (void)b;
    return x < 0.0 ? a * x : x;
}

static double real_elu(double x, double a, double b)
{
    (void)b;
    return x < 0.0 ? a * expm1(x) : x;
}

static double real_selu(double x, double a, double b)
{
    return b * (x < 0.0 ? a * expm1(x) : x);
}

static double real_celu(double x, double a, double b)
{
    (void)b;
    return x < 0.0 ? a * expm1(x / a) : x;
}

static double real_thresholded_relu(double x, double a, double b)
{
    (void)b;
    return x > a ? x : 0.0;
}

static double real_clip(double x, double a, double b)
{
    const double v = x < a ? a : x;
    return v > b ? b : v;
}

static double real_shrink(double x, double a, double b)
{
    return x < -b ? x + a : x > b ? x - a : 0.0;
}

static double real_sign(double x, double a, double b)
{
    (void)a, (void)b;
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}

static double real_floor(double x, double a, double b)
{
    (void)a, (void)b;
    return floor(x);
}

static double real_ceil(double x, double a, double b)
{
    (void)a, (void)b;
    return ceil(x);
}

static double real_round(double x, double a, double b)
{
    (void)a, (void)b;
    return rint(x);
}

static double real_sin(double x, double a, double b)
{
    (void)a, (void)b;
    return sin(x);
}

static double real_cos(double x, double a, double b)
{
    (void)a, (void)b;
    return cos(x);
}

static double real_tan(double x, double a, double b)
{
    (void)a, (void)b;
    return tan(x);
}

static double real_asin(double x, double a, double b)
{
    (void)a, (void)b;
    return asin(x);
}

static double real_acos(double x, double a, double b)
{
    (void)a, (void)b;
    return acos(x);
}

static double real_atan(double x, double a, double b)
{
    (void)a, (void)b;
    return atan(x);
}

static double real_sinh(double x, double a, double b)
{
    (void)a, (void)b;
    return sinh(x);
}

static double real_cosh(double x, double a, double b)
{
    (void)a, (void)b;
    return cosh(x);
}

static double real_asinh(double x, double a, double b)
{
    (void)a, (void)b;
    return asinh(x);
}

static double real_acosh(double x, double a, double b)
{
    (void)a, (void)b;
    return acosh(x);
}

static double real_atanh(double x, double a, double b)
{
    (void)a, (void)b;
    return atanh(x);
}

/* ---- the operators --------------------------------------------------------------------------- */

/* KAON_UNARY_COUNT: no kernel; KAON_INTEGER_COUNT: no form for integers. */

static const struct form {
    enum kaon_unary kernel;
    real_fn *real;
    enum kaon_integer integer;
} forms[KAON_OP_COUNT] = {
    [KAON_OP_abs] = { KAON_UNARY_ABS, real_abs, KAON_INTEGER_ABS },
    [KAON_OP_neg] = { KAON_UNARY_NEG, real_neg, KAON_INTEGER_NEG },
    [KAON_OP_relu] = { KAON_UNARY_RELU, real_relu, KAON_INTEGER_RELU },
    [KAON_OP_exp] = { KAON_UNARY_EXP, real_exp, KAON_INTEGER_COUNT },
    [KAON_OP_log] = { KAON_UNARY_LOG, real_log, KAON_INTEGER_COUNT },
    [KAON_OP_sqrt] = { KAON_UNARY_SQRT, real_sqrt, KAON_INTEGER_COUNT },
    [KAON_OP_reciprocal] = { KAON_UNARY_RECIPROCAL, real_reciprocal, KAON_INTEGER_COUNT },
    [KAON_OP_erf] = { KAON_UNARY_ERF, real_erf, KAON_INTEGER_COUNT },
    [KAON_OP_tanh] = { KAON_UNARY_TANH, real_tanh, KAON_INTEGER_COUNT },
    [KAON_OP_sigmoid] = { KAON_UNARY_SIGMOID, real_sigmoid, KAON_INTEGER_COUNT },
    [KAON_OP_softplus] = { KAON_UNARY_SOFTPLUS, real_softplus, KAON_INTEGER_COUNT },
    [KAON_OP_softsign] = { KAON_UNARY_SOFTSIGN, real_softsign, KAON_INTEGER_COUNT },
    [KAON_OP_gelu] = { KAON_UNARY_GELU_ERF, real_gelu_erf, KAON_INTEGER_COUNT },
    [KAON_OP_contrib_gelu] = { KAON_UNARY_GELU_ERF, real_gelu_erf, KAON_INTEGER_COUNT },
    [KAON_OP_mish] = { KAON_UNARY_MISH, real_mish, KAON_INTEGER_COUNT },
    [KAON_OP_swish] = { KAON_UNARY_SWISH, real_swish, KAON_INTEGER_COUNT },
    [KAON_OP_hardswish] = { KAON_UNARY_HARD_SWISH, real_hard_swish, KAON_INTEGER_COUNT },
    [KAON_OP_hardsigmoid] = { KAON_UNARY_HARD_SIGMOID, real_hard_sigmoid, KAON_INTEGER_COUNT },
    [KAON_OP_leaky_relu] = { KAON_UNARY_LEAKY_RELU, real_leaky_relu, KAON_INTEGER_COUNT },
    [KAON_OP_elu] = { KAON_UNARY_ELU, real_elu, KAON_INTEGER_COUNT },
    [KAON_OP_selu] = { KAON_UNARY_SELU, real_selu, KAON_INTEGER_COUNT },
    [KAON_OP_celu] = { KAON_UNARY_CELU, real_celu, KAON_INTEGER_COUNT },
    [KAON_OP_thresholded_relu] = { KAON_UNARY_THRESHOLDED_RELU, real_thresholded_relu,
                                   KAON_INTEGER_COUNT },
    [KAON_OP_shrink] = { KAON_UNARY_COUNT, real_shrink, KAON_INTEGER_COUNT },
    [KAON_OP_sign] = { KAON_UNARY_SIGN, real_sign, KAON_INTEGER_SIGN },
    [KAON_OP_floor] = { KAON_UNARY_FLOOR, real_floor, KAON_INTEGER_COUNT },
    [KAON_OP_ceil] = { KAON_UNARY_CEIL, real_ceil, KAON_INTEGER_COUNT },
    [KAON_OP_round] = { KAON_UNARY_ROUND, real_round, KAON_INTEGER_COUNT },
    [KAON_OP_sin] = { KAON_UNARY_SIN, real_sin, KAON_INTEGER_COUNT },
    [KAON_OP_cos] = { KAON_UNARY_COS, real_cos, KAON_INTEGER_COUNT },
    [KAON_OP_tan] = { KAON_UNARY_TAN, real_tan, KAON_INTEGER_COUNT },
    [KAON_OP_asin] = { KAON_UNARY_ASIN, real_asin, KAON_INTEGER_COUNT },
    [KAON_OP_acos] = { KAON_UNARY_ACOS, real_acos, KAON_INTEGER_COUNT },
    [KAON_OP_atan] = { KAON_UNARY_ATAN, real_atan, KAON_INTEGER_COUNT },
    [KAON_OP_sinh] = { KAON_UNARY_SINH, real_sinh, KAON_INTEGER_COUNT },
    [KAON_OP_cosh] = { KAON_UNARY_COSH, real_cosh, KAON_INTEGER_COUNT },
    [KAON_OP_asinh] = { KAON_UNARY_ASINH, real_asinh, KAON_INTEGER_COUNT },
    [KAON_OP_acosh] = { KAON_UNARY_ACOSH, real_acosh, KAON_INTEGER_COUNT },
    [KAON_OP_atanh] = { KAON_UNARY_ATANH, real_atanh, KAON_INTEGER_COUNT },
    [KAON_OP_bitwise_not] = { KAON_UNARY_COUNT, NULL, KAON_INTEGER_NOT },
};

enum kaon_unary kaon_own_unary_kernel(enum kaon_op_kind kind)
{
    return forms[kind].kernel;
}

/* Shrink has only additions and comparisons: plain C gives the same bits everywhere. */
static bool shrink_f32(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                       size_t n)
{
    const float *v = x[0];
    (void)step;
    for (size_t i = 0; i < n; i++)
        ((float *)y)[i] = v[i] < -l->b ? v[i] + l->a : v[i] > l->b ? v[i] - l->a : 0.0f;
    return true;
}

/* Integers and bytes of Shrink, in double. */
static bool shrink_other(const struct kaon_line *l, void *y, const void *const *x,
                         const size_t *step, size_t n)
{
    const size_t bytes = kaon_type_bytes(l->type);
    (void)step;
    for (size_t i = 0; i < n; i++) {
        double v;
        kaon_convert(KAON_F64, &v, l->type, (const char *)x[0] + i * bytes, 1, false);
        kaon_put_double(l->type, y, i, real_shrink(v, l->real_a, l->real_b));
    }
    return true;
}

struct real_line {
    struct kaon_line line; /* first: the line function finds the rest behind it */
    real_fn *fn;
};

static bool real_lines(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                       size_t n)
{
    real_fn *f = ((const struct real_line *)l)->fn;
    const double *v = x[0];
    (void)step;
    for (size_t i = 0; i < n; i++)
        ((double *)y)[i] = f(v[i], l->real_a, l->real_b);
    return true;
}

struct unary {
    struct real_line line;
    struct kaon_lines lines;
};

static enum kaon_status run_unary(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct unary *u = step->args;
    const void *x[] = { step->call.in[0]->data, NULL, NULL };
    (void)msg;
    kaon_lines_run(&u->lines, &u->line.line, step->call.out[0]->data, x);
    return KAON_OK;
}

static void part_of_unary(const struct kaon_step *step, size_t i)
{
    const struct unary *u = step->args;
    const void *x[] = { step->call.in[0]->data, NULL, NULL };
    kaon_lines_part(&u->lines, &u->line.line, step->call.out[0]->data, x, i, step->n_parts);
}

/* The form for the element type; false if there is none. */
static bool choose(struct real_line *r, enum kaon_op_kind kind, enum kaon_type type)
{
    const struct form *f = &forms[kind];
    struct kaon_line *l = &r->line;
    kaon_line_fn *single = f->kernel != KAON_UNARY_COUNT ? kaon_line_unary_kernel
                           : kind == KAON_OP_shrink      ? shrink_f32
                                                         : NULL;
    l->kernel = f->kernel;
    l->type = type;
    l->n_in = 1;
    l->keeps_type = true;
    l->wide = single;
    r->fn = f->real;
    if (type == KAON_F32)
        l->fn = single;
    else if (type == KAON_F16 || type == KAON_BF16)
        l->fn = single ? kaon_line_narrow : NULL;
    else if (type == KAON_F64)
        l->fn = f->real ? real_lines : NULL;
    else if (kaon_type_is_integer(type) && kind == KAON_OP_shrink)
        l->fn = shrink_other;
    else if (kaon_type_is_integer(type) && f->integer != KAON_INTEGER_COUNT)
        l->fn = kaon_line_integer[f->integer][type];
    return l->fn;
}

static enum kaon_status prepare_unary(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_unary_attr *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    struct unary *u = kaon_own_args(step, memory, sizeof *u, msg);
    if (!u)
        return KAON_NO_MEMORY;
    if (!choose(&u->line, step->call.op->kind, x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    if (a) {
        u->line.line.a = a->a;
        u->line.line.b = a->b;
        u->line.line.real_a = (double)a->a;
        u->line.line.real_b = (double)a->b;
        if (a->tanh) {
            u->line.line.kernel = KAON_UNARY_GELU_TANH;
            u->line.fn = real_gelu_tanh;
        }
    }
    u->line.line.kernels = step->call.kernels;
    kaon_lines_plan(&u->lines, step->call.out[0], &x, 1);
    step->run = run_unary;
    if (step->call.parallel) {
        step->n_parts = kaon_parts(kaon_own_count(x), KAON_PART_ELEMENTS, (size_t)u->lines.dims[0]);
        step->part = part_of_unary;
    }
    return KAON_OK;
}

const struct kaon_own kaon_own_abs = { .prepare = prepare_unary };
const struct kaon_own kaon_own_neg = { .prepare = prepare_unary };
const struct kaon_own kaon_own_relu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_exp = { .prepare = prepare_unary };
const struct kaon_own kaon_own_log = { .prepare = prepare_unary };
const struct kaon_own kaon_own_sqrt = { .prepare = prepare_unary };
const struct kaon_own kaon_own_reciprocal = { .prepare = prepare_unary };
const struct kaon_own kaon_own_erf = { .prepare = prepare_unary };
const struct kaon_own kaon_own_tanh = { .prepare = prepare_unary };
const struct kaon_own kaon_own_sigmoid = { .prepare = prepare_unary };
const struct kaon_own kaon_own_softplus = { .prepare = prepare_unary };
const struct kaon_own kaon_own_softsign = { .prepare = prepare_unary };
const struct kaon_own kaon_own_gelu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_contrib_gelu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_mish = { .prepare = prepare_unary };
const struct kaon_own kaon_own_swish = { .prepare = prepare_unary };
const struct kaon_own kaon_own_hardswish = { .prepare = prepare_unary };
const struct kaon_own kaon_own_hardsigmoid = { .prepare = prepare_unary };
const struct kaon_own kaon_own_leaky_relu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_elu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_selu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_celu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_thresholded_relu = { .prepare = prepare_unary };
const struct kaon_own kaon_own_shrink = { .prepare = prepare_unary };
const struct kaon_own kaon_own_sign = { .prepare = prepare_unary };
const struct kaon_own kaon_own_floor = { .prepare = prepare_unary };
const struct kaon_own kaon_own_ceil = { .prepare = prepare_unary };
const struct kaon_own kaon_own_round = { .prepare = prepare_unary };
const struct kaon_own kaon_own_sin = { .prepare = prepare_unary };
const struct kaon_own kaon_own_cos = { .prepare = prepare_unary };
const struct kaon_own kaon_own_tan = { .prepare = prepare_unary };
const struct kaon_own kaon_own_asin = { .prepare = prepare_unary };
const struct kaon_own kaon_own_acos = { .prepare = prepare_unary };
const struct kaon_own kaon_own_atan = { .prepare = prepare_unary };
const struct kaon_own kaon_own_sinh = { .prepare = prepare_unary };
const struct kaon_own kaon_own_cosh = { .prepare = prepare_unary };
const struct kaon_own kaon_own_asinh = { .prepare = prepare_unary };
const struct kaon_own kaon_own_acosh = { .prepare = prepare_unary };
const struct kaon_own kaon_own_atanh = { .prepare = prepare_unary };
const struct kaon_own kaon_own_bitwise_not = { .prepare = prepare_unary };

/* ---- Clip ------------------------------------------------------------------------------------ */

/* Bounds may be inputs, so they are read at every run. NaN stays NaN; a minimum above the maximum
 * gives the maximum. Integers are clipped as int64, or uint64 where that is the type. */
static bool clip_whole(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                       size_t n)
{
    const size_t bytes = kaon_type_bytes(l->type);
    (void)step;
    for (size_t i = 0; i < n; i++) {
        int64_t v;
        kaon_convert(KAON_I64, &v, l->type, (const char *)x[0] + i * bytes, 1, false);
        if (l->type == KAON_U64) {
            const uint64_t u = (uint64_t)v, low = (uint64_t)l->whole_a, high = (uint64_t)l->whole_b;
            v = (int64_t)(u < low && low < high ? low : u > high || low >= high ? high : u);
        } else {
            v = v < l->whole_a ? l->whole_a : v;
            v = v > l->whole_b ? l->whole_b : v;
        }
        kaon_put_int(l->type, y, i, v);
    }
    return true;
}

/* A bound of the same type as the data, as double and integer. */
static void bound(const struct kaon_tensor *t, double *real, int64_t *whole)
{
    if (!t || kaon_own_count(t) == 0)
        return;
    *real = kaon_element_double(t->type, t->data, 0);
    if (!kaon_type_is_float(t->type))
        kaon_convert(KAON_I64, whole, t->type, t->data, 1, false);
}

static enum kaon_status run_clip(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_unary_attr *a = step->call.attr;
    const struct unary *u = step->args;
    struct real_line now = u->line;
    struct kaon_line *l = &now.line;
    const void *x[] = { step->call.in[0]->data, NULL, NULL };
    (void)msg;
    l->real_a = a->has_a ? (double)a->a : (double)-INFINITY;
    l->real_b = a->has_b ? (double)a->b : (double)INFINITY;
    l->whole_a = l->type == KAON_U64 ? 0 : INT64_MIN;
    l->whole_b = l->type == KAON_U64 ? -1 : INT64_MAX;
    bound(kaon_own_in(&step->call, 1), &l->real_a, &l->whole_a);
    bound(kaon_own_in(&step->call, 2), &l->real_b, &l->whole_b);
    l->a = (float)l->real_a;
    l->b = (float)l->real_b;
    kaon_lines_run(&u->lines, l, step->call.out[0]->data, x);
    return KAON_OK;
}

static enum kaon_status prepare_clip(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    struct unary *u = kaon_own_args(step, memory, sizeof *u, msg);
    if (!u)
        return KAON_NO_MEMORY;
    u->line.fn = real_clip;
    u->line.line = (struct kaon_line){
        .fn = x->type == KAON_F32                           ? kaon_line_unary_kernel
              : x->type == KAON_F16 || x->type == KAON_BF16 ? kaon_line_narrow
              : x->type == KAON_F64                         ? real_lines
              : kaon_type_is_integer(x->type)               ? clip_whole
                                                            : NULL,
        .wide = kaon_line_unary_kernel,
        .kernel = KAON_UNARY_CLIP,
        .type = x->type,
        .n_in = 1,
        .keeps_type = true,
        .kernels = step->call.kernels,
    };
    if (!u->line.line.fn)
        return kaon_own_no_type(&step->call, x->type, msg);
    kaon_lines_plan(&u->lines, step->call.out[0], &x, 1);
    step->run = run_clip;
    return KAON_OK;
}

const struct kaon_own kaon_own_clip = { .prepare = prepare_clip };

/* ---- Not, IsNaN, IsInf ----------------------------------------------------------------------- */

static bool not_bool(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                     size_t n)
{
    (void)l;
    (void)step;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = !((const uint8_t *)x[0])[i];
    return true;
}

static bool is_nan_f32(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                       size_t n)
{
    const float *from = x[0];
    (void)l;
    (void)step;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = from[i] != from[i];
    return true;
}

/* Floats of any width by way of double. */
static bool is_nan(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                   size_t n)
{
    (void)step;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = isnan(kaon_element_double(l->type, x[0], (int64_t)i)) != 0;
    return true;
}

static bool is_inf(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                   size_t n)
{
    (void)step;
    for (size_t i = 0; i < n; i++) {
        const double v = kaon_element_double(l->type, x[0], (int64_t)i);
        ((uint8_t *)y)[i] = isinf(v) && (v > 0.0 ? l->flag : l->other_flag);
    }
    return true;
}

static enum kaon_status prepare_test(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const struct kaon_unary_attr *a = step->call.attr;
    const enum kaon_type type = step->call.in[0]->type;
    const enum kaon_op_kind kind = step->call.op->kind;
    const struct kaon_line line = {
        .fn = kind == KAON_OP_not      ? not_bool
              : kind == KAON_OP_is_inf ? is_inf
              : type == KAON_F32       ? is_nan_f32
                                       : is_nan,
        .type = type,
        .n_in = 1,
        .flag = a && a->positive,
        .other_flag = a && a->negative,
    };
    if (kind == KAON_OP_not ? type != KAON_BOOL : !kaon_type_is_float(type))
        return kaon_own_no_type(&step->call, type, msg);
    return kaon_lines_prepare(step, memory, &line, step->call.in, 1, msg);
}

const struct kaon_own kaon_own_not = { .prepare = prepare_test };
const struct kaon_own kaon_own_is_nan = { .prepare = prepare_test };
const struct kaon_own kaon_own_is_inf = { .prepare = prepare_test };
