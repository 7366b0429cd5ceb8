/* Searches along one axis: ArgMax, ArgMin, TopK, CumSum, CumProd.
 *
 * Elements are compared as int64 or double, which keep the order of every type but uint64's upper half;
 * that one is handled by its bits. NaN counts as larger than everything (NumPy's order), in ArgMin as
 * the smallest, so that a NaN is always found. */
#include "backends/own/convert.h"
#include "backends/own/own.h"

#include <math.h>
#include <string.h>

/* (outer, n, inner) around an axis. */
struct line {
    size_t outer, n, inner;
};

static struct line around(const struct kaon_tensor *x, int64_t at)
{
    const int32_t axis = x->rank ? kaon_own_axis(at, x->rank) : 0;
    if (x->rank == 0)
        return (struct line){ 1, 1, 1 };
    return (struct line){ kaon_own_product(x, 0, axis), (size_t)x->dims[axis],
                          kaon_own_product(x, axis + 1, x->rank) };
}

/* For float32 by its own bits. */
static inline int64_t key_f32(float v)
{
    int32_t bits;
    if (v != v)
        return INT64_MAX;
    v = v == 0.0f ? 0.0f : v;
    memcpy(&bits, &v, sizeof bits);
    return bits < 0 ? bits ^ INT32_MAX : bits;
}

/* A key whose order as int64 is the elements' order, NaN last. */
static inline int64_t key_of(enum kaon_type type, const void *data, size_t i)
{
    int64_t bits;
    if (type == KAON_F32)
        return key_f32(((const float *)data)[i]);
    if (!kaon_type_is_float(type)) {
        if (type == KAON_U64)
            return (int64_t)(((const uint64_t *)data)[i] ^ (uint64_t)1 << 63);
        return kaon_element_int(type, data, (int64_t)i);
    }
    double v = kaon_element_double(type, data, (int64_t)i);
    if (isnan(v))
        return INT64_MAX;
    v = v == 0.0 ? 0.0 : v; /* -0 and 0 are equal */
    memcpy(&bits, &v, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static bool comparable(enum kaon_type type)
{
    return kaon_type_is_float(type) || kaon_type_is_integer(type) || type == KAON_BOOL;
}

/* ---- ArgMax, ArgMin -------------------------------------------------------------------------- */

static enum kaon_status run_arg(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_arg *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const struct line l = around(x, a->axis);
    const bool least = step->call.op->kind == KAON_OP_arg_min;
    int64_t *y = step->call.out[0]->data;
    (void)msg;
    for (size_t o = 0; o < l.outer; o++)
        for (size_t j = 0; j < l.inner; j++) {
            int64_t best = 0, at = 0;
            for (size_t i = 0; i < l.n; i++) {
                int64_t key = key_of(x->type, x->data, (o * l.n + i) * l.inner + j);
                if (least) /* all bits turned: the order reversed; NaN stays the first choice */
                    key = key == INT64_MAX && kaon_type_is_float(x->type) ? key : ~key;
                if (i == 0 || key > best || (a->last && key == best)) {
                    best = key;
                    at = (int64_t)i;
                }
            }
            y[o * l.inner + j] = at;
        }
    return KAON_OK;
}

static enum kaon_status prepare_arg(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    (void)memory;
    if (!comparable(step->call.in[0]->type))
        return kaon_own_no_type(&step->call, step->call.in[0]->type, msg);
    step->run = run_arg;
    return KAON_OK;
}

const struct kaon_own kaon_own_arg_max = { .prepare = prepare_arg };
const struct kaon_own kaon_own_arg_min = { .prepare = prepare_arg };

/* ---- TopK ------------------------------------------------------------------------------------ */

/* Keys are turned so that the smallest come first; ties go to the lower index. */
struct pair {
    int64_t key, at;
};

static bool before(const struct pair *a, const struct pair *b)
{
    return a->key < b->key || (a->key == b->key && a->at < b->at);
}

/* Moves the pair at i down a heap of n whose largest stands first. */
static void sink(struct pair *heap, size_t n, size_t i)
{
    const struct pair p = heap[i];
    for (size_t child = 2 * i + 1; child < n; i = child, child = 2 * i + 1) {
        if (child + 1 < n && before(&heap[child], &heap[child + 1]))
            child++;
        if (!before(&p, &heap[child]))
            break;
        heap[i] = heap[child];
        heap[child] = p;
    }
}

/* The k first of n pairs, in order: a heap of k, the largest of them on top. */
static void select_first(struct pair *pairs, size_t n, size_t k)
{
    if (k == 0)
        return;
    for (size_t i = k / 2; i-- > 0;)
        sink(pairs, k, i);
    for (size_t i = k; i < n; i++)
        if (before(&pairs[i], &pairs[0])) {
            pairs[0] = pairs[i];
            sink(pairs, k, 0);
        }
    for (size_t m = k; m-- > 1;) {
        const struct pair p = pairs[0];
        pairs[0] = pairs[m];
        pairs[m] = p;
        sink(pairs, m, 0);
    }
}

static enum kaon_status run_top_k(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_top_k *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    const struct kaon_tensor *values = step->call.out[0], *indices = kaon_own_out(&step->call, 1);
    const struct kaon_tensor *some = values ? values : indices;
    const struct line l = around(x, a->axis);
    const size_t k = (size_t)some->dims[kaon_own_axis(a->axis, x->rank)];
    const size_t bytes = kaon_type_bytes(x->type);
    struct pair *pairs = step->scratch;
    (void)msg;
    for (size_t o = 0; o < l.outer; o++)
        for (size_t j = 0; j < l.inner; j++) {
            const size_t from = o * l.n * l.inner + j, to = o * k * l.inner + j;
            for (size_t i = 0; i < l.n; i++) {
                const int64_t key = key_of(x->type, x->data, from + i * l.inner);
                pairs[i] = (struct pair){ a->largest ? ~key : key, (int64_t)i };
            }
            select_first(pairs, l.n, k);
            for (size_t i = 0; i < k; i++) {
                const size_t at = (size_t)pairs[i].at;
                if (values)
                    memcpy((char *)values->data + (to + i * l.inner) * bytes,
                           (const char *)x->data + (from + at * l.inner) * bytes, bytes);
                if (indices)
                    ((int64_t *)indices->data)[to + i * l.inner] = (int64_t)at;
            }
        }
    return KAON_OK;
}

static enum kaon_status prepare_top_k(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    const struct kaon_top_k *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    (void)memory;
    if (!comparable(x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    step->run = run_top_k;
    return kaon_own_scratch(step, around(x, a->axis).n, sizeof(struct pair), msg);
}

const struct kaon_own kaon_own_top_k = { .prepare = prepare_top_k };

/* ---- CumSum, CumProd ------------------------------------------------------------------------- */

/* Sums run from one end to the other, in the element type; 16-bit floats are summed in float32. */
#define T float
#define NAME cumulate_f32
#define WIDE float
#include "backends/own/cumulate_body.inc"
#define T double
#define NAME cumulate_f64
#define WIDE double
#include "backends/own/cumulate_body.inc"
#define T int32_t
#define NAME cumulate_i32
#define WIDE uint64_t
#include "backends/own/cumulate_body.inc"
#define T int64_t
#define NAME cumulate_i64
#define WIDE uint64_t
#include "backends/own/cumulate_body.inc"
#define T uint32_t
#define NAME cumulate_u32
#define WIDE uint64_t
#include "backends/own/cumulate_body.inc"
#define T uint64_t
#define NAME cumulate_u64
#define WIDE uint64_t
#include "backends/own/cumulate_body.inc"

typedef void cumulate_fn(void *y, const void *x, struct line l, bool product, bool exclusive,
                         bool reverse);

static cumulate_fn *const cumulate[KAON_OWN_TYPES] = {
    [KAON_F32] = cumulate_f32, [KAON_F64] = cumulate_f64,  [KAON_I32] = cumulate_i32,
    [KAON_I64] = cumulate_i64, [KAON_U32] = cumulate_u32,  [KAON_U64] = cumulate_u64,
    [KAON_F16] = cumulate_f32, [KAON_BF16] = cumulate_f32,
};

static enum kaon_status run_cumulate(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_cumulate *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *axis = step->call.in[1];
    const struct kaon_tensor *y = step->call.out[0];
    const int64_t at = kaon_element_int(axis->type, axis->data, 0);
    const bool narrow = x->type == KAON_F16 || x->type == KAON_BF16;
    const size_t n = kaon_own_count(x);
    float *wide = step->scratch;
    if (at < -(int64_t)x->rank || at >= (x->rank ? x->rank : 1))
        return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "axis %lld is outside rank %d",
                             (long long)at, (int)x->rank);
    if (narrow)
        kaon_convert(KAON_F32, wide, x->type, x->data, n, false);
    cumulate[x->type](narrow ? (void *)wide : y->data, narrow ? (void *)wide : x->data,
                      around(x, at), step->call.op->kind == KAON_OP_cum_prod, a->exclusive,
                      a->reverse);
    if (narrow)
        kaon_convert(y->type, y->data, KAON_F32, wide, n, false);
    return KAON_OK;
}

static enum kaon_status prepare_cumulate(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    (void)memory;
    if ((unsigned)x->type >= KAON_OWN_TYPES || !cumulate[x->type])
        return kaon_own_no_type(&step->call, x->type, msg);
    if (kaon_own_count(step->call.in[1]) != 1)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "the axis is not one number");
    step->run = run_cumulate;
    return kaon_own_scratch(step, kaon_type_bytes(x->type) == 2 ? kaon_own_count(x) : 0,
                            sizeof(float), msg);
}

const struct kaon_own kaon_own_cum_sum = { .prepare = prepare_cumulate };
const struct kaon_own kaon_own_cum_prod = { .prepare = prepare_cumulate };
