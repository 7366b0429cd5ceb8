/* MatMulInteger, QLinearMatMul, MatMulIntegerToFloat, DynamicQuantizeMatMul, DynamicQuantizeLinear: sums of
 * products of bytes are exact, and what follows is written with each operator. */
#include "backends/own/bytes.h"
#include "engine/base/batches.h"

#include <math.h>
#include <string.h>

/* ---- bytes ----------------------------------------------------------------------------------- */

void kaon_bytes_unsigned(uint8_t *y, const void *x, enum kaon_type type, size_t n)
{
    const uint8_t flip = type == KAON_I8 ? 0x80 : 0, *from = x;
    for (size_t i = 0; i < n; i++)
        y[i] = from[i] ^ flip;
}

void kaon_bytes_signed(int8_t *y, const void *x, enum kaon_type type, size_t n)
{
    const uint8_t flip = type == KAON_U8 ? 0x80 : 0, *from = x;
    for (size_t i = 0; i < n; i++)
        y[i] = (int8_t)(from[i] ^ flip);
}

static int32_t zero_at(const struct kaon_tensor *zero, size_t i)
{
    return zero ? (int32_t)kaon_element_int(zero->type, zero->data,
                                            kaon_own_count(zero) == 1 ? 0 : (int64_t)i)
                : 0;
}

int32_t kaon_bytes_zero_unsigned(const struct kaon_tensor *zero, size_t i, enum kaon_type type)
{
    return zero_at(zero, i) + (type == KAON_I8 ? 128 : 0);
}

int32_t kaon_bytes_zero_signed(const struct kaon_tensor *zero, size_t i, enum kaon_type type)
{
    return zero_at(zero, i) - (type == KAON_U8 ? 128 : 0);
}

void kaon_bytes_put(enum kaon_type type, void *y, size_t i, float x, int32_t zero)
{
    const float low = type == KAON_I8 ? -128.0f : 0.0f, high = type == KAON_I8 ? 127.0f : 255.0f;
    const float v = rintf(x) + (float)zero;
    const int32_t q = (int32_t)(v > high ? high : v >= low ? v : low);
    ((uint8_t *)y)[i] = (uint8_t)q;
}

float kaon_bytes_scale(const struct kaon_tensor *scale, size_t i)
{
    return (float)kaon_element_double(scale->type, scale->data,
                                      kaon_own_count(scale) == 1 ? 0 : (int64_t)i);
}

/* ---- DynamicQuantizeLinear ------------------------------------------------------------------- */

/* Scale and zero point of 0 .. 255 for the range of x, 0 included. */
static void find_scale(const float *x, size_t n, float *scale, uint8_t *zero)
{
    float least = 0.0f, most = 0.0f;
    for (size_t i = 0; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *scale = (most - least) / 255.0f;
    const float at = *scale == 0.0f ? 0.0f : rintf((0.0f - least) / *scale);
    *zero = (uint8_t)(!(at > 0.0f) ? 0 : at > 255.0f ? 255 : (int)at);
}

static void quantize(uint8_t *y, const float *x, size_t n, float scale, uint8_t zero)
{
    for (size_t i = 0; i < n; i++)
        kaon_bytes_put(KAON_U8, y, i, scale == 0.0f ? 0.0f : x[i] / scale, zero);
}

static enum kaon_status run_dynamic(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    struct kaon_tensor *const *out = step->call.out;
    float scale;
    uint8_t zero;
    (void)msg;
    find_scale(x->data, kaon_own_count(x), &scale, &zero);
    if (out[0])
        quantize(out[0]->data, x->data, kaon_own_count(x), scale, zero);
    if (out[1])
        *(float *)out[1]->data = scale;
    if (out[2])
        *(uint8_t *)out[2]->data = zero;
    return KAON_OK;
}

static enum kaon_status prepare_dynamic(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    (void)memory;
    if (step->call.in[0]->type != KAON_F32)
        return kaon_own_no_type(&step->call, step->call.in[0]->type, msg);
    step->run = run_dynamic;
    return KAON_OK;
}

const struct kaon_own kaon_own_dynamic_quantize_linear = { .prepare = prepare_dynamic };

/* ---- products -------------------------------------------------------------------------------- */

/* Which input is what; -1: there is none. */
struct roles {
    int8_t a, b, a_zero, b_zero, a_scale, b_scale, bias, y_scale, y_zero;
};

static const struct roles roles_of[KAON_OP_COUNT] = {
    [KAON_OP_matmul_integer] = { 0, 1, 2, 3, -1, -1, -1, -1, -1 },
    [KAON_OP_qlinear_matmul] = { 0, 3, 2, 5, 1, 4, -1, 6, 7 },
    [KAON_OP_matmul_integer_to_float] = { 0, 1, 4, 5, 2, 3, 6, -1, -1 },
    [KAON_OP_dynamic_quantize_matmul] = { 0, 1, -1, 3, -1, 2, 4, -1, -1 },
};

struct integer {
    struct kaon_batches shape;
    struct roles in;
    size_t sums, a, b, rows, a_zeros, b_zeros,
        one; /* places in scratch; bytes of a packed matrix */
};

static const struct kaon_tensor *input(const struct kaon_call *call, int8_t i)
{
    return i < 0 ? NULL : kaon_own_in(call, (size_t)i);
}

/* Float32 left-hand sides are made bytes first: one scale for all. */
static enum kaon_type left_bytes(const struct kaon_step *step, uint8_t *a, size_t n, float *scale,
                                 uint8_t *zero)
{
    const struct integer *p = step->args;
    const struct kaon_tensor *t = input(&step->call, p->in.a);
    if (t->type != KAON_F32) {
        kaon_bytes_unsigned(a, t->data, t->type, n);
        return t->type;
    }
    find_scale(t->data, n, scale, zero);
    quantize(a, t->data, n, *scale, *zero);
    return KAON_U8;
}

/* What becomes of the sums of a product whose rows begin at row `first` of all. */
static void finish(const struct kaon_step *step, const int32_t *sums, size_t i, size_t first,
                   float own_scale)
{
    const struct integer *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *y = call->out[0], *a_scale = input(call, p->in.a_scale),
                             *b_scale = input(call, p->in.b_scale), *bias = input(call, p->in.bias),
                             *y_scale = input(call, p->in.y_scale),
                             *y_zero = input(call, p->in.y_zero);
    const size_t m = p->shape.m, n = p->shape.n;
    if (!b_scale) {
        if (m > 0 && n > 0)
            memcpy((int32_t *)y->data + i * m * n, sums, m * n * sizeof *sums);
        return;
    }
    for (size_t r = 0; r < m; r++)
        for (size_t j = 0; j < n; j++) {
            const size_t at = (i * m + r) * n + j;
            const float by = (a_scale ? kaon_bytes_scale(a_scale, first + r) : own_scale) *
                             kaon_bytes_scale(b_scale, j);
            if (y_scale) {
                kaon_bytes_put(y->type, y->data, at,
                               (float)sums[r * n + j] * (by / kaon_bytes_scale(y_scale, first + r)),
                               zero_at(y_zero, first + r));
                continue;
            }
            const float v = (float)sums[r * n + j] * by;
            ((float *)y->data)[at] =
                bias ? v + (float)kaon_element_double(bias->type, bias->data, (int64_t)j) : v;
        }
}

static enum kaon_status run_integer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct integer *p = step->args;
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *a = input(call, p->in.a), *b = input(call, p->in.b);
    const size_t m = p->shape.m, n = p->shape.n, k = p->shape.k;
    char *room = step->scratch;
    uint8_t *left = (uint8_t *)room + p->a, own_zero = 0;
    int32_t *sums = (int32_t *)(void *)(room + p->sums);
    int32_t *a_zero = (int32_t *)(void *)(room + p->a_zeros),
            *b_zero = (int32_t *)(void *)(room + p->b_zeros);
    float own_scale = 1.0f;
    const enum kaon_type type = left_bytes(step, left, kaon_own_count(a), &own_scale, &own_zero);
    const struct kaon_byte_zeros zeros = {
        .a = a_zero, .a_step = 1, .b = b_zero, .row_sums = (int32_t *)(void *)(room + p->rows)
    };
    (void)msg;
    for (size_t j = 0; j < n; j++)
        b_zero[j] = kaon_bytes_zero_signed(input(call, p->in.b_zero), j, b->type);
    for (size_t i = 0; i < p->shape.batches; i++) {
        size_t at_a, at_b;
        kaon_batches_pick(&p->shape, i, &at_a, &at_b);
        const int8_t *packed =
            call->packed ? (const int8_t *)call->packed + at_b * p->one : (int8_t *)room + p->b;
        if (!call->packed) {
            int8_t *plain = (int8_t *)room + p->b + p->one;
            kaon_bytes_signed(plain, (const int8_t *)b->data + at_b * k * n, b->type, k * n);
            call->kernels->gemm_pack_s8((int8_t *)room + p->b, plain, (ptrdiff_t)n, 1, k, n);
        }
        for (size_t r = 0; r < m; r++)
            a_zero[r] = p->in.a_zero < 0 ? own_zero
                                         : kaon_bytes_zero_unsigned(input(call, p->in.a_zero),
                                                                    at_a * m + r, type);
        call->kernels->gemm_u8s8(sums, n, left + at_a * m * k, k, packed, m, n, k, &zeros);
        finish(step, sums, i, at_a * m, own_scale);
    }
    return KAON_OK;
}

/* True if a list has one entry, or as many as wanted. */
static bool fits(const struct kaon_tensor *t, size_t n)
{
    return !t || kaon_own_count(t) == 1 || kaon_own_count(t) == n;
}

static bool reserve(size_t *at, size_t *place, size_t n, size_t size)
{
    size_t bytes;
    *place = *at;
    return kaon_mul(&bytes, n, size) && kaon_add(at, *at, bytes) && kaon_add(at, *at, 63) &&
           (*at &= ~(size_t)63, true);
}

static enum kaon_status prepare_integer(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    struct integer *p = kaon_own_args(step, memory, sizeof *p, msg);
    size_t at = 0, b_bytes;
    if (!p)
        return KAON_NO_MEMORY;
    p->in = roles_of[call->op->kind];
    const struct kaon_tensor *a = input(call, p->in.a), *b = input(call, p->in.b),
                             *bias = input(call, p->in.bias);
    kaon_batches_place(&p->shape, a, b);
    const size_t m = p->shape.m, n = p->shape.n, k = p->shape.k;
    const size_t rows = k ? kaon_own_count(a) / k : 0;
    step->macs = (uint64_t)p->shape.batches * m * n * k;
    if (a->type != KAON_U8 && a->type != KAON_I8 && !(a->type == KAON_F32 && p->in.a_zero < 0))
        return kaon_own_no_type(call, a->type, msg);
    if (p->in.b_scale >= 0 && p->in.y_scale < 0 && call->out[0]->type != KAON_F32)
        return kaon_own_no_type(call, call->out[0]->type, msg);
    if (!fits(input(call, p->in.a_zero), rows) || !fits(input(call, p->in.b_zero), n) ||
        !fits(input(call, p->in.a_scale), rows) || !fits(input(call, p->in.b_scale), n) ||
        !fits(input(call, p->in.y_scale), rows) || !fits(input(call, p->in.y_zero), rows) ||
        (bias && kaon_own_count(bias) != n))
        return kaon_own_fail(call, msg, KAON_UNSUPPORTED,
                             "scales or zero points that are neither one, nor one a row of A or a "
                             "column of B");
    p->one = (kaon_gemm_packed_bytes(k, n) + 63) / 64 * 64;
    if (!kaon_mul(&b_bytes, k, n) || !kaon_add(&b_bytes, b_bytes, p->one) ||
        !reserve(&at, &p->sums, m * n, sizeof(int32_t)) ||
        !reserve(&at, &p->rows, m, sizeof(int32_t)) ||
        !reserve(&at, &p->a_zeros, m, sizeof(int32_t)) ||
        !reserve(&at, &p->b_zeros, n, sizeof(int32_t)) ||
        !reserve(&at, &p->a, kaon_own_count(a), 1) ||
        !reserve(&at, &p->b, call->packed ? 0 : b_bytes, 1))
        return kaon_own_fail(call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    step->run = run_integer;
    return kaon_own_scratch(step, at, 1, msg);
}

static enum kaon_status pack_integer(const struct kaon_call *call, struct kaon_arena *memory,
                                     const void **packed, struct kaon_msg *msg)
{
    const int8_t at = roles_of[call->op->kind].b;
    const struct kaon_tensor *b = call->in[at];
    if (!call->constant[at] || b->rank < 1 || (b->type != KAON_U8 && b->type != KAON_I8))
        return KAON_OK;
    const size_t k = (size_t)b->dims[b->rank > 1 ? b->rank - 2 : 0];
    const size_t n = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1;
    const size_t matrices = b->rank > 2 ? kaon_own_product(b, 0, b->rank - 2) : 1;
    const size_t one = (kaon_gemm_packed_bytes(k, n) + 63) / 64 * 64;
    int8_t *p = kaon_arena_push_zero(memory, matrices, one);
    const struct kaon_arena_mark mark = kaon_arena_mark(memory);
    int8_t *room = kaon_arena_push_zero(memory, k, n);
    if (!p || !room)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for packed weights");
    for (size_t i = 0; i < matrices; i++) {
        kaon_bytes_signed(room, (const int8_t *)b->data + i * k * n, b->type, k * n);
        call->kernels->gemm_pack_s8(p + i * one, room, (ptrdiff_t)n, 1, k, n);
    }
    kaon_arena_release(memory, mark);
    *packed = p;
    return KAON_OK;
}

const struct kaon_own kaon_own_matmul_integer = { .prepare = prepare_integer,
                                                  .pack = pack_integer };
const struct kaon_own kaon_own_qlinear_matmul = { .prepare = prepare_integer,
                                                  .pack = pack_integer };
const struct kaon_own kaon_own_matmul_integer_to_float = { .prepare = prepare_integer,
                                                           .pack = pack_integer };
const struct kaon_own kaon_own_dynamic_quantize_matmul = { .prepare = prepare_integer,
                                                           .pack = pack_integer };
