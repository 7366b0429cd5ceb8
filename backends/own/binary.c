/* Elementwise operators of two inputs and more. float32 goes through the kernels (NaN from either side
 * wins in Max and Min), narrow floats by way of float32, the rest is plain C. float64 uses the C
 * library's pow and fmod: float64 results may differ in the last bit between C libraries. */
#include "backends/own/convert.h"
#include "backends/own/elementwise.h"
#include "backends/own/text.h"

#include <math.h>
#include <string.h>

#define T int8_t
#define NAME(f) f##_i8
#include "backends/own/integer_body.inc"
#define T int16_t
#define NAME(f) f##_i16
#include "backends/own/integer_body.inc"
#define T int32_t
#define NAME(f) f##_i32
#include "backends/own/integer_body.inc"
#define T int64_t
#define NAME(f) f##_i64
#include "backends/own/integer_body.inc"
#define T uint8_t
#define NAME(f) f##_u8
#include "backends/own/integer_body.inc"
#define T uint16_t
#define NAME(f) f##_u16
#include "backends/own/integer_body.inc"
#define T uint32_t
#define NAME(f) f##_u32
#include "backends/own/integer_body.inc"
#define T uint64_t
#define NAME(f) f##_u64
#include "backends/own/integer_body.inc"

#define T int8_t
#define NAME(f) f##_i8
#include "backends/own/compare_body.inc"
#define T int16_t
#define NAME(f) f##_i16
#include "backends/own/compare_body.inc"
#define T int32_t
#define NAME(f) f##_i32
#include "backends/own/compare_body.inc"
#define T int64_t
#define NAME(f) f##_i64
#include "backends/own/compare_body.inc"
#define T uint8_t
#define NAME(f) f##_u8
#include "backends/own/compare_body.inc"
#define T uint16_t
#define NAME(f) f##_u16
#include "backends/own/compare_body.inc"
#define T uint32_t
#define NAME(f) f##_u32
#include "backends/own/compare_body.inc"
#define T uint64_t
#define NAME(f) f##_u64
#include "backends/own/compare_body.inc"
#define T float
#define NAME(f) f##_f32
#include "backends/own/compare_body.inc"
#define T double
#define NAME(f) f##_f64
#include "backends/own/compare_body.inc"

/* ---- float64 --------------------------------------------------------------------------------- */

static double add_real(double a, double b)
{
    return a + b;
}

static double sub_real(double a, double b)
{
    return a - b;
}

static double mul_real(double a, double b)
{
    return a * b;
}

static double div_real(double a, double b)
{
    return a / b;
}

static double max_real(double a, double b)
{
    return isnan(a) || a > b ? a : b;
}

static double min_real(double a, double b)
{
    return isnan(a) || a < b ? a : b;
}

static double prelu_real(double a, double b)
{
    return a < 0.0 ? a * b : a;
}

/* Python's sign. */
static double mod_real(double a, double b)
{
    const double r = fmod(a, b);
    return r != 0.0 && (r < 0.0) != (b < 0.0) ? r + b : r;
}

typedef double real_fn(double a, double b);

static inline __attribute__((always_inline)) bool
real_line(real_fn *f, double *y, const void *const *x, const size_t *step, size_t n)
{
    const double *a = x[0], *b = x[1];
    for (size_t i = 0; i < n; i++)
        y[i] = f(a[i * step[0]], b[i * step[1]]);
    return true;
}

static bool add_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(add_real, y, x, step, n);
}

static bool sub_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(sub_real, y, x, step, n);
}

static bool mul_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(mul_real, y, x, step, n);
}

static bool div_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(div_real, y, x, step, n);
}

static bool max_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(max_real, y, x, step, n);
}

static bool min_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(min_real, y, x, step, n);
}

static bool pow_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    (void)l;
    return real_line(pow, y, x, step, n);
}

static bool prelu_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                      size_t n)
{
    (void)l;
    return real_line(prelu_real, y, x, step, n);
}

static bool mod_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    return real_line(l->flag ? fmod : mod_real, y, x, step, n);
}

static bool over_f64(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                     size_t n)
{
    const double *a = x[0];
    (void)step;
    for (size_t i = 0; i < n; i++)
        ((double *)y)[i] = a[i] / l->real_a;
    return true;
}

/* The kernel's remainder has the dividend's sign; without l->flag the divisor's is wanted. */
static bool mod_f32(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                    size_t n)
{
    const float *a = x[0], *b = x[1];
    enum { CHUNK = 128 };
    float r[CHUNK];
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        l->kernels->binary[KAON_BINARY_MOD](r, a + i * step[0], step[0], b + i * step[1], step[1],
                                            m);
        for (size_t k = 0; k < m && !l->flag; k++) {
            const float q = b[(i + k) * step[1]];
            if (r[k] != 0.0f && (r[k] < 0.0f) != (q < 0.0f))
                r[k] += q;
        }
        memcpy((float *)y + i, r, m * sizeof *r);
    }
    return true;
}

static bool over_f32(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                     size_t n)
{
    (void)step;
    l->kernels->binary[KAON_BINARY_DIV](y, x[0], 1, &l->a, 0, n);
    return true;
}

/* ---- which function for which type ----------------------------------------------------------- */

#define INTEGERS(f)                                                                                \
    [KAON_I8] = f##_i8, [KAON_I16] = f##_i16, [KAON_I32] = f##_i32, [KAON_I64] = f##_i64,          \
    [KAON_U8] = f##_u8, [KAON_U16] = f##_u16, [KAON_U32] = f##_u32, [KAON_U64] = f##_u64
#define NUMBERS(f) INTEGERS(f), [KAON_F32] = kaon_line_binary_kernel, [KAON_F64] = f##_f64
#define COMPARES(f) INTEGERS(f), [KAON_F32] = f##_f32, [KAON_F64] = f##_f64, [KAON_BOOL] = f##_u8

struct row {
    unsigned kernel;
    kaon_line_fn *by_type[KAON_OWN_TYPES];
};

static const struct row add = { KAON_BINARY_ADD, { NUMBERS(add) } };
static const struct row sub = { KAON_BINARY_SUB, { NUMBERS(sub) } };
static const struct row mul = { KAON_BINARY_MUL, { NUMBERS(mul) } };
static const struct row divide = { KAON_BINARY_DIV, { NUMBERS(div) } };
static const struct row power = { KAON_BINARY_POW, { NUMBERS(pow) } };
static const struct row max = { KAON_BINARY_MAX, { NUMBERS(max) } };
static const struct row min = { KAON_BINARY_MIN, { NUMBERS(min) } };
static const struct row prelu = { KAON_BINARY_PRELU, { NUMBERS(prelu) } };
static const struct row mod = { 0, { INTEGERS(mod), [KAON_F32] = mod_f32, [KAON_F64] = mod_f64 } };
static const struct row over = { 0,
                                 { INTEGERS(over), [KAON_F32] = over_f32, [KAON_F64] = over_f64 } };
static const struct row shift = { 0, { INTEGERS(shift) } };
static const struct row bits_and = { 0, { INTEGERS(and) } };
static const struct row bits_or = { 0, { INTEGERS(or) } };
static const struct row bits_xor = { 0, { INTEGERS(xor) } };
static const struct row logic_and = { 0, { [KAON_BOOL] = and_u8 } };
static const struct row logic_or = { 0, { [KAON_BOOL] = or_u8 } };
static const struct row logic_xor = { 0, { [KAON_BOOL] = xor_u8 } };
static const struct row equal = { 0, { COMPARES(equal) } };
static const struct row greater = { 0, { COMPARES(greater) } };
static const struct row greater_or_equal = { 0, { COMPARES(greater_or_equal) } };
static const struct row less = { 0, { COMPARES(less) } };
static const struct row less_or_equal = { 0, { COMPARES(less_or_equal) } };

/* Fills fn (and wide) for elements of `type`; false if there is no form. */
static bool choose(struct kaon_line *l, const struct row *row, enum kaon_type type, size_t n_in,
                   bool keeps_type)
{
    if ((unsigned)type >= KAON_OWN_TYPES)
        return false;
    l->kernel = row->kernel;
    l->n_in = n_in;
    l->keeps_type = keeps_type;
    l->type = type;
    l->fn = row->by_type[type];
    if (type == KAON_F16 || type == KAON_BF16) {
        l->wide = row->by_type[KAON_F32];
        l->fn = l->wide ? kaon_line_narrow : NULL;
    }
    return l->fn;
}

bool kaon_line_pair(struct kaon_line *l, enum kaon_pair pair, enum kaon_type type,
                    const struct kaon_kernels *kernels)
{
    static const struct row *const rows[] = {
        [KAON_PAIR_ADD] = &add,
        [KAON_PAIR_MUL] = &mul,
        [KAON_PAIR_MIN] = &min,
        [KAON_PAIR_MAX] = &max,
    };
    const struct row *row = rows[pair];
    l->kernels = kernels;
    if (type == KAON_BOOL) /* sum and maximum are "or", product and minimum "and" */
        row = pair == KAON_PAIR_ADD || pair == KAON_PAIR_MAX ? &logic_or : &logic_and;
    return choose(l, row, type, 2, true);
}

/* ---- two inputs ------------------------------------------------------------------------------ */

/* Before opset 7 the second input's axes stand at `axis` of the first's: ones follow them. */
static struct kaon_tensor aligned(const struct kaon_call *call)
{
    const struct kaon_binary_attr *a = call->attr;
    const struct kaon_tensor *x = call->in[0];
    struct kaon_tensor b = *call->in[1];
    if (!a->legacy || !a->broadcast)
        return b;
    if (b.rank <= 1 && kaon_own_count(&b) == 1)
        return b;
    const int32_t rank = x->rank - kaon_legacy_axis(a, x->rank, b.rank);
    while (b.rank < rank)
        b.dims[b.rank++] = 1;
    return b;
}

static enum kaon_status prepare_row(struct kaon_step *step, struct kaon_arena *memory,
                                    const struct row *row, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_binary_attr *a = call->attr;
    const struct kaon_tensor b = aligned(call), *y = call->out[0];
    const struct kaon_tensor *in[] = { call->in[0], &b };
    struct kaon_line line = { 0 };
    if (b.type != in[0]->type)
        return kaon_own_fail(call, msg, KAON_BAD_MODEL, "inputs are %s and %s",
                             kaon_type_name(in[0]->type), kaon_type_name(b.type));
    if (!choose(&line, row, b.type, 2, y->type == b.type))
        return kaon_own_no_type(call, b.type, msg);
    line.flag = call->op->kind == KAON_OP_bit_shift ? a->left : a->fmod;
    return kaon_lines_prepare(step, memory, &line, in, 2, msg);
}

static enum kaon_status prepare_binary(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    static const struct row *const rows[KAON_OP_COUNT] = {
        [KAON_OP_add] = &add,
        [KAON_OP_sub] = &sub,
        [KAON_OP_mul] = &mul,
        [KAON_OP_div] = &divide,
        [KAON_OP_mod] = &mod,
        [KAON_OP_prelu] = &prelu,
        [KAON_OP_and] = &logic_and,
        [KAON_OP_or] = &logic_or,
        [KAON_OP_xor] = &logic_xor,
        [KAON_OP_equal] = &equal,
        [KAON_OP_greater] = &greater,
        [KAON_OP_greater_or_equal] = &greater_or_equal,
        [KAON_OP_less] = &less,
        [KAON_OP_less_or_equal] = &less_or_equal,
        [KAON_OP_bit_shift] = &shift,
        [KAON_OP_bitwise_and] = &bits_and,
        [KAON_OP_bitwise_or] = &bits_or,
        [KAON_OP_bitwise_xor] = &bits_xor,
    };
    return prepare_row(step, memory, rows[step->call.op->kind], msg);
}

const struct kaon_own kaon_own_add = { .prepare = prepare_binary };
const struct kaon_own kaon_own_sub = { .prepare = prepare_binary };
const struct kaon_own kaon_own_mul = { .prepare = prepare_binary };
const struct kaon_own kaon_own_div = { .prepare = prepare_binary };
const struct kaon_own kaon_own_mod = { .prepare = prepare_binary };
const struct kaon_own kaon_own_prelu = { .prepare = prepare_binary };
const struct kaon_own kaon_own_and = { .prepare = prepare_binary };
const struct kaon_own kaon_own_or = { .prepare = prepare_binary };
const struct kaon_own kaon_own_xor = { .prepare = prepare_binary };
static enum kaon_status prepare_equal(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    if (step->call.in[0]->type == KAON_STRING)
        return kaon_text_equal_prepare(step, msg);
    return prepare_binary(step, memory, msg);
}

const struct kaon_own kaon_own_equal = { .prepare = prepare_equal };
const struct kaon_own kaon_own_greater = { .prepare = prepare_binary };
const struct kaon_own kaon_own_greater_or_equal = { .prepare = prepare_binary };
const struct kaon_own kaon_own_less = { .prepare = prepare_binary };
const struct kaon_own kaon_own_less_or_equal = { .prepare = prepare_binary };
const struct kaon_own kaon_own_bit_shift = { .prepare = prepare_binary };
const struct kaon_own kaon_own_bitwise_and = { .prepare = prepare_binary };
const struct kaon_own kaon_own_bitwise_or = { .prepare = prepare_binary };
const struct kaon_own kaon_own_bitwise_xor = { .prepare = prepare_binary };

/* ---- Pow: the exponent may have another type ------------------------------------------------- */

/* Integers to a power that is a float: in double, as NumPy has it. */
static bool pow_mixed(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                      size_t n)
{
    const size_t in = kaon_type_bytes(l->type), by = (size_t)l->whole_a;
    for (size_t i = 0; i < n; i++) {
        double a, b;
        kaon_convert(KAON_F64, &a, l->type, (const char *)x[0] + i * step[0] * in, 1, false);
        kaon_convert(KAON_F64, &b, (enum kaon_type)l->whole_b,
                     (const char *)x[1] + i * step[1] * by, 1, false);
        kaon_put_double(l->type, y, i, pow(a, b));
    }
    return true;
}

/* Floats: the exponent made one of the same width, in pieces. */
static bool pow_converted(const struct kaon_line *l, void *y, const void *const *x,
                          const size_t *step, size_t n)
{
    enum { CHUNK = 128 };
    const size_t in = kaon_type_bytes(l->type), by = (size_t)l->whole_a;
    struct kaon_line plain = *l;
    double exponent[CHUNK];
    if (!choose(&plain, &power, l->type, 2, true))
        return false;
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        const void *both[] = { (const char *)x[0] + i * step[0] * in, exponent, NULL };
        kaon_convert(l->type, exponent, (enum kaon_type)l->whole_b,
                     (const char *)x[1] + i * step[1] * by, step[1] ? m : 1, false);
        plain.fn(&plain, (char *)y + i * in, both, step, m);
    }
    return true;
}

static enum kaon_status prepare_pow(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor b = aligned(call);
    const struct kaon_tensor *in[] = { call->in[0], &b };
    const enum kaon_type base = in[0]->type;
    if (b.type == base)
        return prepare_row(step, memory, &power, msg);
    if (!kaon_convert_can(base, b.type) || base == KAON_BOOL ||
        (kaon_type_is_float(base) && kaon_type_bytes(base) == 1))
        return kaon_own_no_type(call, base, msg);
    const struct kaon_line line = {
        .fn = kaon_type_is_float(base) ? pow_converted : pow_mixed,
        .type = base,
        .n_in = 2,
        .whole_a = (int64_t)kaon_type_bytes(b.type),
        .whole_b = b.type,
    };
    return kaon_lines_prepare(step, memory, &line, in, 2, msg);
}

const struct kaon_own kaon_own_pow = { .prepare = prepare_pow };

/* ---- several inputs -------------------------------------------------------------------------- */

/* y = f(.. f(f(x0, x1), x2) ..), then Mean's division. */
struct many {
    struct kaon_lines *lines; /* n_in - 1 of them (1 for one input) */
    struct kaon_lines last;
    struct kaon_line line, divide;
    bool mean;
};

static enum kaon_status run_many(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct many *p = step->args;
    const struct kaon_call *call = &step->call;
    void *y = call->out[0]->data;
    (void)msg;
    if (call->n_in == 1) {
        const size_t bytes = kaon_own_count(call->out[0]) * kaon_type_bytes(call->out[0]->type);
        if (bytes)
            memcpy(y, call->in[0]->data, bytes);
        return KAON_OK;
    }
    for (size_t i = 1; i < call->n_in; i++) {
        const void *x[] = { i == 1 ? call->in[0]->data : y, call->in[i]->data, NULL };
        kaon_lines_run(&p->lines[i - 1], &p->line, y, x);
    }
    if (p->mean) {
        const void *x[] = { y, NULL, NULL };
        kaon_lines_run(&p->last, &p->divide, y, x);
    }
    return KAON_OK;
}

static enum kaon_status prepare_many(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    static const struct row *const rows[KAON_OP_COUNT] = {
        [KAON_OP_max] = &max,
        [KAON_OP_min] = &min,
        [KAON_OP_sum] = &add,
        [KAON_OP_mean] = &add,
    };
    const struct kaon_call *call = &step->call;
    const struct row *row = rows[call->op->kind];
    const struct kaon_tensor *y = call->out[0];
    struct many *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->lines = kaon_arena_push_zero(memory, call->n_in, sizeof *p->lines);
    if (!p->lines)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for %zu inputs", call->n_in);
    for (size_t i = 0; i < call->n_in; i++)
        if (call->in[i]->type != y->type)
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "input %zu is %s, wanted %s", i,
                                 kaon_type_name(call->in[i]->type), kaon_type_name(y->type));
    if (!choose(&p->line, row, y->type, 2, true) || !choose(&p->divide, &over, y->type, 1, true))
        return kaon_own_no_type(call, y->type, msg);
    p->mean = call->op->kind == KAON_OP_mean;
    p->line.kernels = p->divide.kernels = call->kernels;
    p->divide.a = (float)call->n_in;
    p->divide.real_a = (double)call->n_in;
    p->divide.whole_a = (int64_t)call->n_in;
    kaon_lines_plan(&p->last, y, &y, 1);
    for (size_t i = 1; i < call->n_in; i++) {
        const struct kaon_tensor *in[] = { i == 1 ? call->in[0] : y, call->in[i] };
        kaon_lines_plan(&p->lines[i - 1], y, in, 2);
    }
    step->run = run_many;
    return KAON_OK;
}

const struct kaon_own kaon_own_max = { .prepare = prepare_many };
const struct kaon_own kaon_own_min = { .prepare = prepare_many };
const struct kaon_own kaon_own_sum = { .prepare = prepare_many };
const struct kaon_own kaon_own_mean = { .prepare = prepare_many };

/* ---- Where ----------------------------------------------------------------------------------- */

#define T uint8_t
#define LINE where_1
#include "backends/own/where_body.inc"
#define T uint16_t
#define LINE where_2
#include "backends/own/where_body.inc"
#define T uint32_t
#define LINE where_4
#include "backends/own/where_body.inc"
#define T uint64_t
#define LINE where_8
#include "backends/own/where_body.inc"

static enum kaon_status prepare_where(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    static kaon_line_fn *const by_bytes[9] = {
        [1] = where_1, [2] = where_2, [4] = where_4, [8] = where_8
    };
    const struct kaon_call *call = &step->call;
    const size_t bytes = kaon_type_bytes(call->out[0]->type);
    const struct kaon_line line = { .fn = bytes <= 8 ? by_bytes[bytes] : NULL, .n_in = 3 };
    if (!line.fn || call->in[0]->type != KAON_BOOL || call->in[1]->type != call->in[2]->type)
        return kaon_own_no_type(call, call->in[line.fn ? 0 : 1]->type, msg);
    return kaon_lines_prepare(step, memory, &line, step->call.in, 3, msg);
}

const struct kaon_own kaon_own_where = { .prepare = prepare_where };

/* ---- integers of one input ------------------------------------------------------------------- */

static kaon_line_fn *const integer_abs[KAON_OWN_TYPES] = { INTEGERS(abs) };
static kaon_line_fn *const integer_neg[KAON_OWN_TYPES] = { INTEGERS(neg) };
static kaon_line_fn *const integer_not[KAON_OWN_TYPES] = { INTEGERS(not ) };
static kaon_line_fn *const integer_sign[KAON_OWN_TYPES] = { INTEGERS(sign) };
static kaon_line_fn *const integer_relu[KAON_OWN_TYPES] = { INTEGERS(relu) };

kaon_line_fn *const *const kaon_line_integer[KAON_INTEGER_COUNT] = {
    [KAON_INTEGER_ABS] = integer_abs,   [KAON_INTEGER_NEG] = integer_neg,
    [KAON_INTEGER_NOT] = integer_not,   [KAON_INTEGER_SIGN] = integer_sign,
    [KAON_INTEGER_RELU] = integer_relu,
};
